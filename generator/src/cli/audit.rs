//! `audit`: who was meant to be able to do what, from Git alone.

use jiff::Timestamp;
use p0_access::audit::{Meant, Odd, Reviewed};
use serde::Serialize;

use super::args::{BaseArgs, Moment};
use super::output::{Format, Outcome, structured};
use crate::repository::{Audit, Audited, Repository};

mod page;
mod table;

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
  p0-gitops audit --repo ./access.git --since 30d -o html > audit.html
  p0-gitops audit --repo ./access.git --review -o csv > access-review.csv")]
pub(super) struct Args {
    #[command(flatten)]
    repository: BaseArgs,

    /// At which moment: a time, a day, or how long ago; without it, now.
    #[arg(long, value_name = "WHEN", conflicts_with = "since")]
    at: Option<Moment>,

    /// Everything that counted since then instead: a time, a day, or how long ago.
    #[arg(long, value_name = "WHEN")]
    since: Option<Moment>,

    /// Until when.
    #[arg(long, value_name = "WHEN", requires = "since")]
    until: Option<Moment>,

    /// For an access review: who has what, since when, by whose approval, and when it was extended last.
    #[arg(long, conflicts_with = "since")]
    review: bool,

    /// A commit that somebody saw on base before; its absence is a break. May be repeated.
    #[arg(long = "seen", value_name = "COMMIT")]
    seen: Vec<String>,

    /// How to print the answer.
    #[arg(short, long, value_name = "FORMAT", default_value = "table")]
    output: AuditFormat,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum AuditFormat {
    /// For people: what fits the terminal.
    Table,
    /// For people: everything.
    Wide,
    /// YAML.
    Yaml,
    /// A documented contract.
    Json,
    /// A table for a spreadsheet.
    Csv,
    /// One page that needs nothing else, for a browser and for paper.
    Html,
}

/// The documented answer.
#[derive(Serialize)]
struct Report<'a> {
    from: Timestamp,
    until: Timestamp,
    grants: Vec<Told<'a>>,
    oddities: Vec<Odd>,
}

/// A grant, and how it left base.
#[derive(Serialize)]
struct Told<'a> {
    #[serde(flatten)]
    meant: Meant<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ended: Option<&'a str>,
}

/// The documented answer to `--review`.
#[derive(Serialize)]
struct Review<'a> {
    at: Timestamp,
    grants: Vec<Reviewed<'a>>,
    oddities: Vec<Odd>,
}

pub(super) fn run(args: &Args, now: Timestamp) -> anyhow::Result<Outcome> {
    let repository = args.repository.open()?;
    let seen: Vec<_> = args.seen.iter().map(|commit| (commit.clone(), "somebody".to_owned())).collect();
    let audit = repository.audit(&seen, now)?;
    if args.review {
        return review(args, &repository, &audit, now);
    }
    let or_now = |moment: Option<Moment>| moment.map_or(now, |moment| moment.at(now));
    let (from, until) = match args.since {
        Some(since) => (since.at(now), or_now(args.until)),
        None => (or_now(args.at), or_now(args.at)),
    };
    let read = if args.since.is_some() { audit.between(from, until)? } else { audit.at(from)? };
    let grants = read.iter().filter_map(|Audited { version, claims, ended, .. }| {
        let meant = match args.since {
            Some(_) => Meant::between(version, claims.as_ref(), from, until),
            None => Meant::at(version, claims.as_ref(), from),
        };
        meant.map(|meant| Told { meant, ended: ended.as_deref() })
    });
    let report = Report { from, until, grants: grants.collect(), oddities: audit.oddities(&read) };
    match args.output {
        AuditFormat::Table => table::tell(&report, Format::Table),
        AuditFormat::Wide => table::tell(&report, Format::Wide),
        AuditFormat::Yaml => structured(&report, Format::Yaml)?,
        AuditFormat::Json => structured(&report, Format::Json)?,
        AuditFormat::Csv => out!("{}", table::csv(&report)?),
        AuditFormat::Html => out!("{}", page::page(&report).into_string()),
    }
    Ok(if report.oddities.is_empty() { Outcome::Done } else { Outcome::Refused })
}

/// Who has what at the time that is asked about.
fn review(
    args: &Args,
    repository: &Repository,
    audit: &Audit<'_>,
    now: Timestamp,
) -> anyhow::Result<Outcome> {
    let at = args.at.map_or(now, |moment| moment.at(now));
    let read = audit.at(at)?;
    let identities = repository.snapshot()?.identities().ok();
    let reviewed = read.iter().filter_map(|Audited { version, since, claims, .. }| {
        let person = identities.as_ref().and_then(|known| known.by_subject(&claims.as_ref()?.subject).ok());
        let person = person.map(|person| person.name.to_string());
        Reviewed::at(version, claims.as_ref(), *since, person, at)
    });
    let mut grants: Vec<Reviewed<'_>> = reviewed.collect();
    grants.sort_by(|one, other| (&one.person, one.since).cmp(&(&other.person, other.since)));
    let review = Review { at, grants, oddities: audit.oddities(&read) };
    match args.output {
        AuditFormat::Table => table::tell_review(&review, Format::Table),
        AuditFormat::Wide => table::tell_review(&review, Format::Wide),
        AuditFormat::Yaml => structured(&review, Format::Yaml)?,
        AuditFormat::Json => structured(&review, Format::Json)?,
        AuditFormat::Csv => out!("{}", table::review_csv(&review)?),
        AuditFormat::Html => out!("{}", page::review(&review).into_string()),
    }
    Ok(if review.oddities.is_empty() { Outcome::Done } else { Outcome::Refused })
}

fn short(commit: &str) -> &str {
    commit.get(..12).unwrap_or(commit)
}
