//! `demo`: one grant from role to revert, and one attack, on an empty machine.
//!
//! Each step runs the very command that it prints, so what is shown is what a reader gets by hand.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anstyle::{AnsiColor, Style};
use anyhow::{Context, ensure};
use jiff::Timestamp;
use p0_grant::manifest::Manifest;

use super::args::new_id;
use super::output::Outcome;
use crate::signing::make_key;

/// Play one grant from role to revert, and one attack, with no cluster and no account.
///
/// Makes a bare GitOps repository and a signing key under a folder, takes Kubernetes' own roles, and runs: subset, propose,
/// verify, merge, revert; then the same file with one verb more, which is refused. Every step prints its command.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  p0-gitops demo
  p0-gitops demo ./demo")]
pub(super) struct Args {
    /// The folder; without it, a fresh one, which is printed.
    folder: Option<PathBuf>,
}

/// The play: where it is, and who plays.
struct Demo {
    folder: PathBuf,
    program: PathBuf,
    called: String,
}

const ROLE: &str = "view";
const LOCATOR: &str = "deployment / default / nginx-deployment";

pub(super) fn run(args: &Args, _now: Timestamp) -> anyhow::Result<Outcome> {
    let demo = Demo::at(args.folder.as_deref())?;
    let (grant, attack) = (new_id()?, new_id()?);
    demo.say(&format!("Everything is under {}", demo.folder.display()));
    demo.prepare()?;
    demo.step("What the role gives on one object", &["subset", "--role", ROLE, "--locator", LOCATOR])?;
    demo.propose("Propose it: one signed file on a branch", grant.as_str())?;
    demo.git("What would land", &["diff", &format!("main...p0/grant/{grant}")])?;
    demo.verify("May it land?", &format!("p0/grant/{grant}"), 0)?;
    demo.land("Merge: this grants", "merge", grant.as_str())?;
    demo.git("Live grants on the main branch", &["ls-tree", "--name-only", "main", "clusters/demo/grants/"])?;
    demo.land("Revert: this takes it away", "revert", grant.as_str())?;
    demo.git("The revert is the exact inverse", &["diff", "main~1", "main"])?;
    demo.attack(attack.as_str())?;
    demo.say(
        "\nGo on by hand: every line behind a `$` above can be pasted. `p0-gitops --help` has the rest.",
    );
    Ok(Outcome::Done)
}

impl Demo {
    fn at(folder: Option<&Path>) -> anyhow::Result<Self> {
        let folder = match folder {
            Some(folder) => {
                std::fs::create_dir_all(folder)
                    .with_context(|| format!("cannot make `{}`", folder.display()))?;
                folder.to_owned()
            }
            None => tempfile::Builder::new().prefix("p0-demo-").tempdir()?.keep(),
        };
        let program = std::env::current_exe().context("cannot find this program's own file")?;
        Ok(Self { folder, program, called: super::program() })
    }

    fn path(&self, name: &str) -> String {
        self.folder.join(name).display().to_string()
    }

    fn repository(&self) -> String {
        self.path("access.git")
    }

    /// A key and a repository, or those of the last run.
    fn prepare(&self) -> anyhow::Result<()> {
        let key = self.path("bot_key");
        if !Path::new(&key).exists() {
            self.show(
                "A key to sign grants with",
                "ssh-keygen",
                &["-q", "-t", "ed25519", "-N", "", "-f", &key],
            );
            make_key(Path::new(&key))?;
        }
        self.step(
            "A GitOps repository",
            &["init", &self.repository(), "--bare", "--cluster", "demo", "--key", &key],
        )
    }

    fn propose(&self, heading: &str, id: &str) -> anyhow::Result<()> {
        let (repository, key) = (self.repository(), self.path("bot_key"));
        let place = ["propose", "--repo", &repository, "--cluster", "demo", "--key", &key, "--id", id];
        let what = [
            "--role",
            ROLE,
            "--locator",
            LOCATOR,
            "--to",
            "alice@example.com",
            "--reason",
            "the rollout hangs",
        ];
        self.step(heading, &[&place[..], &what[..]].concat())
    }

    fn land(&self, heading: &str, command: &str, id: &str) -> anyhow::Result<()> {
        self.step(heading, &[command, "--repo", &self.repository(), "--cluster", "demo", id])
    }

    fn verify(&self, heading: &str, head: &str, expected: i32) -> anyhow::Result<()> {
        let repository = self.repository();
        let arguments = ["verify", "--repo", &repository, "--base", "main", "--head", head];
        self.show(heading, &self.called, &arguments);
        let status = Command::new(&self.program).args(arguments).status()?;
        ensure!(status.code() == Some(expected), "`verify` ended with {status}, not {expected}");
        Ok(())
    }

    /// The file that was proposed, with one verb more, as somebody with write access to the repository would push it.
    fn attack(&self, id: &str) -> anyhow::Result<()> {
        self.propose("An attack: a grant is proposed as before …", id)?;
        let (work, branch) = (self.path(&format!("attack-{id}")), format!("p0/grant/{id}"));
        let file = format!("{work}/clusters/demo/grants/{id}.yaml");
        let repository = self.repository();
        self.run(
            "… and somebody widens it by one verb",
            "git",
            &["clone", "-q", "-b", &branch, &repository, &work],
        )?;
        let expression = "s/verbs: .*/verbs: [get, list, watch, patch]/";
        self.run("", "sed", &["-i", expression, &file])?;
        let as_somebody = ["-C", &work, "-c", "user.name=mallory", "-c", "user.email=mallory@example.com"];
        self.run(
            "",
            "git",
            &[&as_somebody[..], &["commit", "-q", "-a", "--amend", "--no-edit", "--no-gpg-sign"]].concat(),
        )?;
        self.run("", "git", &["-C", &work, "push", "-q", "--force", "origin", &branch])?;
        ensure!(
            Manifest::read(&std::fs::read_to_string(&file)?).is_err(),
            "the widened file reads as a grant"
        );
        self.verify("It is refused", &branch, 2)
    }

    fn step(&self, heading: &str, arguments: &[&str]) -> anyhow::Result<()> {
        self.show(heading, &self.called, arguments);
        let status = Command::new(&self.program).args(arguments).status()?;
        ensure!(status.success(), "`{}` ended with {status}", arguments.first().copied().unwrap_or_default());
        Ok(())
    }

    fn git(&self, heading: &str, arguments: &[&str]) -> anyhow::Result<()> {
        let repository = self.repository();
        self.run(heading, "git", &[&["--no-pager", "-C", &repository], arguments].concat())
    }

    fn run(&self, heading: &str, program: &str, arguments: &[&str]) -> anyhow::Result<()> {
        self.show(heading, program, arguments);
        let status = Command::new(program).args(arguments).stdin(Stdio::null()).status();
        let status = status.with_context(|| format!("cannot run `{program}`; is it installed?"))?;
        ensure!(status.success(), "`{program}` ended with {status}");
        Ok(())
    }

    fn say(&self, text: &str) {
        let bold = Style::new().bold();
        anstream::println!("{bold}{text}{bold:#}");
    }

    fn show(&self, heading: &str, program: &str, arguments: &[&str]) {
        let (bold, green) = (Style::new().bold(), Style::new().fg_color(Some(AnsiColor::Green.into())));
        if !heading.is_empty() {
            anstream::println!("\n{bold}# {heading}{bold:#}");
        }
        let words: Vec<String> =
            std::iter::once(program).chain(arguments.iter().copied()).map(quoted).collect();
        anstream::println!("{green}$ {}{green:#}", words.join(" "));
    }
}

/// A word as a shell reads it back.
fn quoted(word: &str) -> String {
    shlex::try_quote(word).map_or_else(|_| word.to_owned(), std::borrow::Cow::into_owned)
}
