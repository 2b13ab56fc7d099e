//! `completions`: what a shell needs to complete commands and options.

use clap_complete::Shell;

use super::output::Outcome;

/// Print shell completions.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  p0-gitops completions bash > ~/.local/share/bash-completion/completions/p0-gitops
  p0-gitops completions zsh > ~/.zfunc/_p0-gitops
  p0-gitops completions fish > ~/.config/fish/completions/p0-gitops.fish")]
pub(super) struct Args {
    /// For which shell.
    shell: Shell,
}

pub(super) fn run(args: &Args) -> anyhow::Result<Outcome> {
    clap_complete::generate(args.shell, &mut super::command(), "p0-gitops", &mut std::io::stdout());
    Ok(Outcome::Done)
}
