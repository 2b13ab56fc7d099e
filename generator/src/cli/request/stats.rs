//! `stats`: how long approvals take, what is denied, and what no request uses.

use std::collections::BTreeSet;

use jiff::Timestamp;
use p0_access::policy::Accepted;
use p0_access::request::{Figures, Request, Statistics};
use serde::Serialize;

use super::args::stored;
use crate::cli::args::{Moment, StoreArgs};
use crate::cli::environment::open_repository;
use crate::cli::output::{Format, Outcome, section, structured, table};
use crate::cli::runtime::wait;
use crate::store::Filter;
use crate::when::written;

/// Say how long approvals take, how many requests are denied, and what no request used.
///
/// With a repository, rules that answered no request and open preapprovals that approved none are named. Whether a person used the
/// access that they were given, only the cluster's own audit log knows.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  p0-gitops stats --since 90d
  p0-gitops stats --repo ./access.git -o json")]
pub(in crate::cli) struct Args {
    /// Requests that were made since then: a time, a day, or how long ago.
    #[arg(long, value_name = "WHEN", default_value = "90d")]
    since: Moment,

    #[command(flatten)]
    store: StoreArgs,

    /// The GitOps repository: a path, or an `https://` or `ssh://` address.
    #[arg(long, value_name = "PATH|URL", env = "P0_REPO", help_heading = "Where")]
    repo: Option<String>,

    /// The protected branch that the cluster applies.
    #[arg(long, value_name = "BRANCH", default_value = "main", env = "P0_BASE", help_heading = "Where")]
    base: String,

    /// How to print it.
    #[arg(short, long, value_name = "FORMAT", default_value = "table")]
    output: Format,
}

/// The documented answer.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Told {
    from: Timestamp,
    until: Timestamp,
    #[serde(flatten)]
    statistics: Statistics,
    #[serde(skip_serializing_if = "Option::is_none")]
    unused: Option<Unused>,
}

/// What the repository offers and no request used.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Unused {
    rules: Vec<String>,
    preapprovals: Vec<String>,
}

pub(in crate::cli) fn run(args: &Args, now: Timestamp) -> anyhow::Result<Outcome> {
    let from = args.since.at(now);
    let requests = wait(async {
        let mut requests = stored(&args.store).await?.list(&Filter::default(), now).await?;
        requests.retain(|request| request.spec().at >= from);
        Ok(requests)
    })?;
    let unused = args.repo.as_ref().map(|repo| unused(repo, &args.base, &requests, now)).transpose()?;
    let told = Told { from, until: now, statistics: Statistics::of(&requests), unused };
    match args.output.is_for_people() {
        true => print(&told),
        false => structured(&told, args.output)?,
    }
    Ok(Outcome::Done)
}

fn unused(repo: &str, base: &str, requests: &[Request], now: Timestamp) -> anyhow::Result<Unused> {
    let snapshot = open_repository(repo, base)?.snapshot()?;
    let used: BTreeSet<&str> = requests.iter().flat_map(Request::rules).collect();
    let policy = snapshot.policy()?;
    let rules = policy.rules().iter().filter(|rule| !rule.disabled && !rule.denies());
    let rules = rules.map(|rule| rule.name.to_string()).filter(|name| !used.contains(name.as_str()));
    let accepted =
        requests.iter().filter_map(Request::granted).flat_map(|granted| &granted.approval.accepted);
    let opened: BTreeSet<_> = accepted.filter_map(Accepted::preapproval).collect();
    let open = snapshot.preapprovals().iter().filter_map(|(id, read)| Some((id, read.as_ref().ok()?)));
    let idle = open.filter(|(id, own)| now < own.preapproval().until && !opened.contains(id));
    Ok(Unused { rules: rules.collect(), preapprovals: idle.map(|(id, _)| id.to_string()).collect() })
}

fn print(told: &Told) {
    outln!("requests made between {} and {}", written(told.from), written(told.until));
    let all = std::iter::once(("all", &told.statistics.all));
    let rules = told.statistics.rules.iter().map(|(name, figures)| (name.as_str(), figures));
    let rows = all.chain(rules).map(|(name, figures)| row(name, figures));
    let header = [
        "RULE",
        "REQUESTS",
        "APPROVED",
        "NO APPROVER",
        "DENIED",
        "UNANSWERED",
        "CANCELLED",
        "WAITING",
        "HALF WITHIN",
        "9 OF 10 WITHIN",
    ];
    section("By rule", &table(&header, rows));
    let Some(unused) = &told.unused else { return };
    let named = |names: &[String]| if names.is_empty() { "none".to_owned() } else { names.join(", ") };
    outln!("\nrules that answered none of them: {}", named(&unused.rules));
    outln!("open preapprovals that approved none of them: {}", named(&unused.preapprovals));
}

fn row(name: &str, figures: &Figures) -> Vec<String> {
    let length = |length: Option<p0_access::duration::Lifetime>| {
        length.map_or_else(|| "-".to_owned(), |length| length.to_string())
    };
    let counts = [
        figures.requests,
        figures.approved,
        figures.without_approver,
        figures.denied,
        figures.unanswered,
        figures.cancelled,
        figures.waiting,
    ];
    let mut cells = vec![name.to_owned()];
    cells.extend(counts.map(|count| count.to_string()));
    cells.extend([figures.median_to_approve, figures.ninetieth_to_approve].map(length));
    cells
}
