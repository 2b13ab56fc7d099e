//! `doctor`: everything that the server needs, read, and what is missing said with its remedy. Not here: looking ([`examine`]).

use std::path::PathBuf;

use anstyle::{AnsiColor, Style};
use anyhow::Context;
use jiff::Timestamp;
use serde::Serialize;

use super::args::SigningArgs;
use super::configured::hosted::open_all;
use super::output::{Format, Outcome, plain, section, structured, table};
use crate::doctor::{Examination, Examinations, Verdict};
use crate::serve::Settings;

mod examine;
mod repository;
mod services;

pub(super) use examine::examine;

/// Read everything that the server needs, and say what is missing and what to do.
///
/// Each line says `passed`, `failed` or `not checked`: settings, store, signing key, and for each repository its forge (tokens and their
/// rights, branch protection, webhook, clocks), policy, persons, clusters and the last sweep; then who knows who is on call, PagerDuty,
/// Slack, webhooks and exports. It changes nothing, and may run beside a server. It ends with 1 where a line says `failed`.
///
/// Secrets are taken from the environment, as `serve` takes them. With an administrator's token in P0_GITEA_ADMIN_TOKEN it also reads who
/// may push to the base branch past its rules.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  p0-gitops doctor --settings server.yaml --key bot_key
  P0_GITEA_ADMIN_TOKEN=… p0-gitops doctor --settings server.yaml --key bot_key
  p0-gitops doctor --settings server.yaml -o json | jq '.examinations[] | select(.verdict == \"failed\")'")]
pub(super) struct Args {
    /// The server's settings file.
    #[arg(long, value_name = "FILE", env = "P0_SETTINGS")]
    settings: PathBuf,

    #[command(flatten)]
    signing: SigningArgs,

    /// How to print it.
    #[arg(short, long, value_enum, default_value_t)]
    output: Format,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Report {
    sound: bool,
    examinations: Vec<Examination>,
}

pub(super) fn run(args: &Args, now: Timestamp) -> anyhow::Result<Outcome> {
    let (settings, mut found) = settings(args);
    if let Some(settings) = settings {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
        let opened = open_all(&settings);
        found.extend(runtime.block_on(examine(&settings, &opened, args.signing.find(), now)));
    }
    let failed = found.iter().filter(|own| own.verdict == Verdict::Failed).count();
    let report = Report { sound: failed == 0, examinations: found };
    match args.output.is_for_people() {
        true => print(&report.examinations),
        false => structured(&report, args.output)?,
    }
    match failed {
        0 => Ok(Outcome::Done),
        number => anyhow::bail!("{number} of {} failed", report.examinations.len()),
    }
}

/// The settings, and what is said of them. Without them nothing else can be looked at.
fn settings(args: &Args) -> (Option<Settings>, Vec<Examination>) {
    let path = args.settings.display();
    let read = std::fs::read_to_string(&args.settings)
        .with_context(|| format!("cannot read `{path}`"))
        .and_then(|text| Settings::read(&text).with_context(|| format!("`{path}` cannot be used")));
    let mut found = Examinations::of("settings");
    let settings = match read {
        Ok(settings) => {
            let clusters = settings.clusters().map(ToString::to_string).collect::<Vec<_>>().join(", ");
            found.passed("file", format!("`{path}` drives {clusters}"));
            Some(settings)
        }
        Err(error) => {
            found.failed("file", format!("{error:#}"));
            None
        }
    };
    (settings, found.found())
}

fn print(all: &[Examination]) {
    for group in all.chunk_by(|one, next| one.of == next.of) {
        let Some(of) = group.first().map(|own| own.of.as_str()) else { continue };
        let rows =
            group.iter().map(|own| vec![own.verdict.word().to_owned(), own.what.clone(), own.says.clone()]);
        section(&plain(of), &table(&[], rows));
    }
    let count = |verdict| all.iter().filter(|own| own.verdict == verdict).count();
    let (passed, failed, skipped) =
        (count(Verdict::Passed), count(Verdict::Failed), count(Verdict::NotChecked));
    let colour = if failed == 0 { AnsiColor::Green } else { AnsiColor::Red };
    let style = Style::new().bold().fg_color(Some(colour.into()));
    outln!("\n{style}{passed} passed, {failed} failed, {skipped} not checked{style:#}");
}
