//! `audit`: who was meant to be able to do what, from Git alone.

use jiff::Timestamp;
use p0_access::audit::{Meant, Odd, Standing};
use serde::Serialize;

use super::args::BaseArgs;
use super::output::{Outcome, section, structured, table};
use crate::repository::Audited;

mod page;

/// Tell who was meant to be able to do what, from the history of base alone.
///
/// Reads the base branch's first-parent line and the signed times in each grant: a grant counts from the commit that brought
/// it until it left base or expired. It says what was meant; whether the cluster followed is what confirmations say, and a
/// grant that stood on base past its expiry is marked. Ends with 2 where history is not as the judgement lets it be, such
/// as a rewritten base.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  p0-gitops audit --repo ./access.git
  p0-gitops audit --repo ./access.git --at 2026-11-24T12:00:00Z -o json
  p0-gitops audit --repo ./access.git --since 2026-11-01T00:00:00Z -o html > audit.html")]
pub(super) struct Args {
    #[command(flatten)]
    repository: BaseArgs,

    /// At which moment (RFC 3339); without it, now.
    #[arg(long, value_name = "TIME", conflicts_with = "since")]
    at: Option<Timestamp>,

    /// Everything that counted since then instead.
    #[arg(long, value_name = "TIME")]
    since: Option<Timestamp>,

    /// Until when.
    #[arg(long, value_name = "TIME", requires = "since")]
    until: Option<Timestamp>,

    /// A commit that somebody saw on base before; its absence is a break. May be repeated.
    #[arg(long = "seen", value_name = "COMMIT")]
    seen: Vec<String>,

    /// How to print the answer.
    #[arg(short, long, value_name = "FORMAT", default_value = "table")]
    output: AuditFormat,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum AuditFormat {
    /// For people.
    Table,
    /// A documented contract.
    Json,
    /// One page that needs nothing else.
    Html,
}

/// The documented answer.
#[derive(Serialize)]
struct Report<'a> {
    from: Timestamp,
    until: Timestamp,
    grants: Vec<Meant<'a>>,
    oddities: Vec<Odd>,
}

pub(super) fn run(args: &Args, now: Timestamp) -> anyhow::Result<Outcome> {
    let repository = args.repository.open()?;
    let seen: Vec<_> = args.seen.iter().map(|commit| (commit.clone(), "somebody".to_owned())).collect();
    let audit = repository.audit(&seen)?;
    let (from, until) = match args.since {
        Some(since) => (since, args.until.unwrap_or(now)),
        None => (args.at.unwrap_or(now), args.at.unwrap_or(now)),
    };
    let read = if args.since.is_some() { audit.between(from, until)? } else { audit.at(from)? };
    let grants = read.iter().filter_map(|Audited { version, claims }| match args.since {
        Some(_) => Meant::between(version, claims.as_ref(), from, until),
        None => Meant::at(version, claims.as_ref(), from),
    });
    let report = Report { from, until, grants: grants.collect(), oddities: audit.oddities(&read) };
    match args.output {
        AuditFormat::Table => tell(&report),
        AuditFormat::Json => structured(&report, super::output::Format::Json)?,
        AuditFormat::Html => anstream::print!("{}", page::page(&report).into_string()),
    }
    Ok(if report.oddities.is_empty() { Outcome::Done } else { Outcome::Refused })
}

fn tell(report: &Report<'_>) {
    match report.from == report.until {
        true => anstream::println!("{} grant(s) stood on base at {}", report.grants.len(), report.from),
        false => anstream::println!(
            "{} grant(s) counted between {} and {}",
            report.grants.len(),
            report.from,
            report.until
        ),
    }
    let rows = report.grants.iter().map(|meant| cells(meant).to_vec());
    section("Who was meant to be able to do what", &table(&HEADER, rows));
    let rows = report
        .oddities
        .iter()
        .map(|odd| vec![odd.at.to_string(), short(&odd.commit).to_owned(), odd.what.to_string()]);
    section("Not as the judgement lets it be", &table(&["WHEN", "COMMIT", "WHAT"], rows));
}

const HEADER: [&str; 9] =
    ["GRANT", "CLUSTER", "SUBJECT", "ROLE", "ON", "ASKED BY", "APPROVED BY", "FROM", "UNTIL"];

/// One line of the table and of the page.
fn cells(meant: &Meant<'_>) -> [String; 9] {
    let summary = meant.summary.as_ref();
    let text = |get: &dyn Fn(&p0_access::audit::GrantSummary<'_>) -> String| {
        summary.map_or_else(|| "?".to_owned(), get)
    };
    let until = meant.until.map_or_else(|| "?".to_owned(), |until| until.to_string());
    let until = match meant.standing {
        Standing::Meant => until,
        Standing::Overdue => format!("{until} (overdue on base)"),
        Standing::Unknown => "unreadable".to_owned(),
    };
    [
        meant.id.to_string(),
        meant.cluster.to_string(),
        text(&|summary| summary.subject.clone()),
        text(&|summary| summary.role.clone()),
        text(&|summary| summary.selection.clone()),
        text(&|summary| summary.requester.unwrap_or("-").to_owned()),
        text(&approved_by),
        meant.from.to_string(),
        until,
    ]
}

/// `bob, carol (reviewers, rule on-call)`.
fn approved_by(summary: &p0_access::audit::GrantSummary<'_>) -> String {
    let kind = summary.approval.map(|kind| kind.to_string());
    let rule = summary.policy_rule.map(|rule| format!("rule {rule}"));
    let how: Vec<String> = kind.into_iter().chain(rule).collect();
    let who = summary.approvers.join(", ");
    match how.is_empty() {
        true if who.is_empty() => "-".to_owned(),
        true => who,
        false => format!("{who} ({})", how.join(", ")).trim_start().to_owned(),
    }
}

fn short(commit: &str) -> &str {
    commit.get(..12).unwrap_or(commit)
}
