//! `completions`: the script by which a shell asks this program for candidates. Not here: the candidates ([`super::complete`]).

use anyhow::Context;
use clap_complete::env::Shells;

use super::complete;
use super::output::Outcome;

/// Print the script that makes a shell complete commands, options, requests, clusters and roles.
///
/// The script asks the installed program at each completion, so it stays right after an update. Requests come from the store in
/// P0_STORE, clusters and roles from the repository in P0_REPO, where it is a folder.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  source <(p0-gitops completions bash)   in ~/.bashrc
  source <(p0-gitops completions zsh)    in ~/.zshrc, after compinit
  p0-gitops completions fish | source    in ~/.config/fish/config.fish")]
pub(super) struct Args {
    /// For which shell.
    shell: Shell,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Shell {
    Bash,
    Elvish,
    Fish,
    Powershell,
    Zsh,
}

impl Shell {
    fn name(self) -> &'static str {
        match self {
            Self::Bash => "bash",
            Self::Elvish => "elvish",
            Self::Fish => "fish",
            Self::Powershell => "powershell",
            Self::Zsh => "zsh",
        }
    }
}

pub(super) fn run(args: &Args) -> anyhow::Result<Outcome> {
    let mut script = Vec::new();
    let shells = Shells::builtins();
    let shell = shells.completer(args.shell.name()).context("there is no script for this shell")?;
    let program = "p0-gitops";
    shell.write_registration(complete::VARIABLE, program, program, program, &mut script)?;
    out!("{}", String::from_utf8_lossy(&script));
    Ok(Outcome::Done)
}
