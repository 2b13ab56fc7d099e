//! `demo`: a request from question to revert, one that expires, and one attack, on an empty machine.
//!
//! Each step runs the very command that it prints, so what is shown is what a reader gets by hand.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anstyle::{AnsiColor, Style};
use anyhow::{Context, ensure};
use jiff::Timestamp;

use super::args::new_id;
use super::output::Outcome;
use crate::signing::make_key;

mod slack;

/// Play a request from question to revert, one that expires, and one attack, with no cluster and no account.
///
/// Makes a bare GitOps repository, keys and a policy under a folder, takes Kubernetes' own roles, and runs: request, approve,
/// relinquish; then access that expires; then a live grant with verbs more, which is refused; then the audit log. Every step
/// prints its command.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  p0-gitops demo
  p0-gitops demo ./demo
  p0-gitops demo --slack")]
pub(super) struct Args {
    /// The folder; without it, a fresh one, which is printed.
    folder: Option<PathBuf>,

    /// Play it in Slack instead: a page in the browser on which you are requester, approver and clock. No account is needed.
    #[arg(long)]
    slack: bool,

    /// Where the page is.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8421", requires = "slack")]
    listen: SocketAddr,
}

impl Args {
    /// Whether it runs until it is told to stop, and has no time limit.
    pub(super) fn is_server(&self) -> bool {
        self.slack
    }
}

/// The play: where it is, and who plays.
struct Demo {
    folder: PathBuf,
    program: PathBuf,
    called: String,
}

const LOCATOR: &str = "deployment / default / nginx-deployment";
const PEOPLE: [&str; 2] = ["alice", "bob"];

/// Who may have what: anybody may read, if Bob agrees.
const POLICY: &str = "{apiVersion: p0.dev/v1alpha1, kind: Policy, rules: [{name: readers, requestor: any, \
                      resource: {k8s: {roles: [ClusterRole/view]}}, approval: [{reviewers: {persons: [bob]}}]}]}";

pub(super) fn run(args: &Args, _now: Timestamp) -> anyhow::Result<Outcome> {
    let demo = Demo::at(args.folder.as_deref())?;
    demo.say(&format!("Everything is under {}", demo.folder.display()));
    if args.slack {
        demo.prepare(slack::POLICY, slack::slack_of)?;
        return slack::run(&demo, args.listen);
    }
    demo.prepare(POLICY, |_| String::new())?;
    demo.step("What the role gives on one object", &["subset", "--role", "view", "--locator", LOCATOR])?;
    demo.life(new_id()?.as_str())?;
    demo.expiry(new_id()?.as_str())?;
    demo.attack(new_id()?.as_str())?;
    let store = demo.store();
    demo.step("All of it in one chained log", &["store", "check", "--store", &store])?;
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
        let folder = folder.canonicalize().unwrap_or(folder);
        let program = std::env::current_exe().context("cannot find this program's own file")?;
        Ok(Self { folder, program, called: super::program() })
    }

    fn path(&self, name: &str) -> String {
        self.folder.join(name).display().to_string()
    }

    fn repository(&self) -> String {
        self.path("access.git")
    }

    fn store(&self) -> String {
        format!("sqlite://{}", self.path("p0.db"))
    }

    /// Keys, a repository, persons and a policy, or those of the last run. `known_by` adds by what else a person is known.
    fn prepare(&self, policy: &str, known_by: impl Fn(&str) -> String) -> anyhow::Result<()> {
        for name in ["bot"].into_iter().chain(PEOPLE) {
            let key = self.path(&format!("{name}_key"));
            if !Path::new(&key).exists() {
                let heading =
                    if name == "bot" { "A key to sign grants with, and keys for two people" } else { "" };
                self.show(heading, "ssh-keygen", &["-q", "-t", "ed25519", "-N", "", "-f", &key]);
                let public = make_key(Path::new(&key))?.public_line();
                std::fs::write(format!("{key}.pub"), format!("{public}\n"))?;
            }
        }
        let key = self.path("bot_key");
        self.step(
            "A GitOps repository, and a store of requests",
            &["init", &self.repository(), "--bare", "--cluster", "demo", "--key", &key],
        )?;
        self.step("", &["store", "init", "--store", &self.store()])?;
        let work = self.path(&format!("settings-{}", new_id()?));
        self.run("Who is who, and who may approve what", "git", &["clone", "-q", &self.repository(), &work])?;
        self.shell(&format!("echo '{policy}' > {work}/p0/policy.yaml"))?;
        let person = |name: &str| {
            format!(
                "{{name: {name}, kubernetes: [{name}@example.com], sshKeys: ['$(cat {})']{}}}",
                self.path(&format!("{name}_key.pub")),
                known_by(name)
            )
        };
        let persons: Vec<String> = PEOPLE.iter().map(|name| person(name)).collect();
        let identities =
            format!("{{apiVersion: p0.dev/v1alpha1, kind: Identities, persons: [{}]}}", persons.join(", "));
        self.shell(&format!("echo \"{identities}\" > {work}/p0/identities.yaml"))?;
        let by = "-c user.name=admin -c user.email=admin@example.com -c commit.gpgsign=false";
        self.shell(&format!("git -C {work} add -A && git -C {work} {by} commit -q --allow-empty -m 'Policy and people' && git -C {work} push -q"))
    }

    /// Asked, refused to the one who asked, approved, had, and given back.
    fn life(&self, id: &str) -> anyhow::Result<()> {
        self.ask("Alice asks", id, "1h")?;
        self.refused("Alice approves her own request, which is refused", "alice", &["approve", id])?;
        self.act("Bob approves: this grants", "bob", &["approve", id])?;
        self.git("What landed: one signed file", &["diff", "main~1", "main"])?;
        self.step("Who has what now", &["ls", "--active", "--store", &self.store()])?;
        self.act("Alice gives it back: this takes it away", "alice", &["relinquish", id])?;
        self.git("The revert deletes exactly that file", &["diff", "--stat", "main~1", "main"])?;
        self.act("What everybody was told", "", &["show", id])
    }

    /// Access for two seconds.
    fn expiry(&self, id: &str) -> anyhow::Result<()> {
        self.ask("Access ends by itself: Alice asks for two seconds", id, "2s")?;
        self.act("", "bob", &["approve", id])?;
        self.run("", "sleep", &["2"])?;
        self.act("`reconcile` does once what `serve` does all the time", "", &["reconcile"])?;
        self.act("", "", &["show", id])
    }

    /// A live grant with verbs more, as somebody with write access to the repository would push it.
    fn attack(&self, id: &str) -> anyhow::Result<()> {
        self.ask("An attack: a grant is live …", id, "1h")?;
        self.act("", "bob", &["approve", id])?;
        let (work, repository) = (self.path(&format!("attack-{id}")), self.repository());
        let file = format!("{work}/clusters/demo/grants/{id}.yaml");
        self.run("… and somebody widens it", "git", &["clone", "-q", &repository, &work])?;
        self.run("", "sed", &["-i", "s/verbs: .*/verbs: [get, list, watch, patch]/", &file])?;
        let by = "-c user.name=mallory -c user.email=mallory@example.com -c commit.gpgsign=false";
        self.shell(&format!(
            "git -C {work} {by} commit -q -a -m 'Tidy' && git -C {work} push -q origin HEAD:tidy-{id}"
        ))?;
        let head = format!("tidy-{id}");
        let arguments = ["verify", "--repo", &repository, "--base", "main", "--head", &head];
        self.show("It is refused", &self.called, &arguments);
        let status = Command::new(&self.program).args(arguments).status()?;
        ensure!(status.code() == Some(2), "`verify` ended with {status}, not 2");
        self.act(
            "And everything is revoked at once",
            "bob",
            &["revoke", "--all", "--yes", "--reason", "tampering"],
        )
    }

    fn ask(&self, heading: &str, id: &str, duration: &str) -> anyhow::Result<()> {
        let what =
            ["request", "k8s", "resource", "view", "--cluster", "demo", "--locator", LOCATOR, "--id", id];
        let why = ["--reason", "the rollout hangs", "--duration", duration];
        self.act(heading, "alice", &[&what[..], &why].concat())
    }

    /// A verb of the service, as a person, or without one.
    fn act(&self, heading: &str, who: &str, arguments: &[&str]) -> anyhow::Result<()> {
        let words = self.service(who, arguments);
        self.step(heading, &words.iter().map(String::as_str).collect::<Vec<_>>())
    }

    fn refused(&self, heading: &str, who: &str, arguments: &[&str]) -> anyhow::Result<()> {
        let words = self.service(who, arguments);
        self.show(heading, &self.called, &words.iter().map(String::as_str).collect::<Vec<_>>());
        let status = Command::new(&self.program).args(&words).status()?;
        ensure!(status.code() == Some(2), "it ended with {status}, not 2");
        Ok(())
    }

    fn service(&self, who: &str, arguments: &[&str]) -> Vec<String> {
        let mut words: Vec<String> = arguments.iter().map(|word| (*word).to_owned()).collect();
        let place = ["--repo".to_owned(), self.repository(), "--store".to_owned(), self.store()];
        words.extend(place);
        words.extend(["--signing-key".to_owned(), self.path("bot_key")]);
        if !who.is_empty() {
            words.extend(["--key".to_owned(), self.path(&format!("{who}_key"))]);
        }
        words
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

    /// A line that a shell reads, as it stands.
    fn shell(&self, line: &str) -> anyhow::Result<()> {
        self.show_line(line);
        let status = Command::new("sh").args(["-c", line]).stdin(Stdio::null()).status()?;
        ensure!(status.success(), "`{line}` ended with {status}");
        Ok(())
    }

    fn say(&self, text: &str) {
        let bold = Style::new().bold();
        outln!("{bold}{text}{bold:#}");
    }

    fn show(&self, heading: &str, program: &str, arguments: &[&str]) {
        let bold = Style::new().bold();
        if !heading.is_empty() {
            outln!("\n{bold}# {heading}{bold:#}");
        }
        let words: Vec<String> =
            std::iter::once(program).chain(arguments.iter().copied()).map(quoted).collect();
        self.show_line(&words.join(" "));
    }

    fn show_line(&self, line: &str) {
        let green = Style::new().fg_color(Some(AnsiColor::Green.into()));
        outln!("{green}$ {line}{green:#}");
    }
}

/// A word as a shell reads it back.
fn quoted(word: &str) -> String {
    shlex::try_quote(word).map_or_else(|_| word.to_owned(), std::borrow::Cow::into_owned)
}
