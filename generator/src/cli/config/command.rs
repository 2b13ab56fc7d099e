//! `config`: see the configuration file, and choose the context that counts.

use anyhow::{Context as _, ensure};

use super::{Config, ConfigLocation};
use crate::cli::output::{Format, Outcome, structured, write_whole};

/// See the configuration file, and choose a context.
///
/// The file is `p0-gitops/config.yaml` in your configuration folder, or what P0_CONFIG names. A context names a repository, its base
/// branch, a store, keys and a cluster, so that commands need not. Options and the environment win over it.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  p0-gitops config view
  p0-gitops config use prod

The file:
  apiVersion: p0.dev/v1alpha1
  kind: Config
  context: prod
  contexts:
  - name: prod
    repo: ssh://git@git.example.com/access.git
    store: postgres://p0@db.example.com/p0
    key: ~/.ssh/id_ed25519
    cluster: prod")]
pub(in crate::cli) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Print the file, and where it is.
    #[command(after_help = "Examples:\n  p0-gitops config view -o json")]
    View {
        /// How to print it.
        #[arg(short, long, value_name = "FORMAT", default_value = "table")]
        output: Format,
    },
    /// Choose the context that counts where `--context` names none.
    #[command(after_help = "Examples:\n  p0-gitops config use prod")]
    Use {
        /// Its name in the file.
        name: String,
    },
}

pub(in crate::cli) fn run(args: &Args) -> anyhow::Result<Outcome> {
    let location = ConfigLocation::find().context("there is no home folder; name the file with P0_CONFIG")?;
    let config = Config::read(&location)?;
    match &args.command {
        Command::View { output } => view(&location, &config, *output)?,
        Command::Use { name } => choose(&location, &config, name)?,
    }
    Ok(Outcome::Done)
}

fn view(location: &ConfigLocation, config: &Config, output: Format) -> anyhow::Result<()> {
    if !output.is_for_people() {
        return structured(config, output);
    }
    if !location.path.exists() {
        outln!("there is no file yet: {}", location.path.display());
        return Ok(());
    }
    outln!("# {}", location.path.display());
    structured(config, Format::Yaml)
}

/// Changes the one line, so that comments stay.
fn choose(location: &ConfigLocation, config: &Config, name: &str) -> anyhow::Result<()> {
    let chosen = config.context(Some(name))?.map(|context| context.name.as_str()).unwrap_or_default();
    let path = &location.path;
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read `{}`", path.display()))?;
    let line = format!("context: {}", serde_json::to_string(chosen)?);
    let changed = with_line(&text, &line);
    let read: Config = p0_grant::yaml::read(&changed, p0_grant::yaml::Limits::FILE)?;
    ensure!(
        read.context.as_deref() == Some(chosen) && read.contexts == config.contexts,
        "`{}` is not written as this program can change it; set `context: {chosen}` in it by hand",
        path.display()
    );
    write_whole(path, changed.as_bytes()).with_context(|| format!("cannot write `{}`", path.display()))?;
    outln!("the context is `{chosen}` now");
    Ok(())
}

/// The text with this `context:` line in place of its own, or behind `kind:`.
fn with_line(text: &str, line: &str) -> String {
    let has_own = text.lines().any(|own| own.starts_with("context:"));
    let mut changed = String::with_capacity(text.len() + line.len());
    for own in text.lines() {
        match own {
            _ if own.starts_with("context:") => changed.push_str(line),
            _ if own.starts_with("kind:") && !has_own => {
                changed.push_str(own);
                changed.push('\n');
                changed.push_str(line);
            }
            _ => changed.push_str(own),
        }
        changed.push('\n');
    }
    changed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_changes_and_comments_stay() {
        let without = "# mine\nkind: Config\ncontexts: [] # none\n";
        let with = with_line(without, "context: \"a\"");
        assert_eq!(with, "# mine\nkind: Config\ncontext: \"a\"\ncontexts: [] # none\n");
        assert_eq!(with_line(&with, "context: \"b\""), with.replace("\"a\"", "\"b\""));
    }
}
