//! `policy replay`: grants that base's history has had, held to a policy of today.

use std::collections::BTreeMap;

use anyhow::Context;
use jiff::Timestamp;
use p0_access::layout::ClusterName;
use p0_access::policy_test::recorded;
use serde::Serialize;

use super::live::{Row, print};
use super::source::{Ground, Source, SourceArgs};
use crate::cli::args::Moment;
use crate::cli::output::{Format, Outcome, structured};

/// Hold the past to a policy: what would it have said to the grants that landed?
///
/// Every grant that landed on base since then is asked for again, by the same person, with the approvals that its file names,
/// under the policy and the persons of today (or of the files that are given). Shown is what would be otherwise.
/// Ends with 0 where all would be granted again, 2 where one would not.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  p0-gitops policy replay --repo ./access.git --policy p0/policy.yaml --since 90d
  p0-gitops policy replay --repo ./access.git --since 30d --all -o json")]
pub(super) struct Args {
    #[command(flatten)]
    source: SourceArgs,

    /// Since when: a time, a day, or how long ago.
    #[arg(long, value_name = "WHEN", default_value = "90d")]
    since: Moment,

    /// Also what would be the same.
    #[arg(long)]
    all: bool,

    /// How to print it.
    #[arg(short, long, value_name = "FORMAT", default_value = "table")]
    output: Format,
}

/// The documented answer.
#[derive(Serialize)]
struct Answer {
    since: Timestamp,
    grants: usize,
    counts: BTreeMap<&'static str, usize>,
    unreadable: usize,
    rows: Vec<Row>,
}

pub(super) fn run(args: &Args, now: Timestamp) -> anyhow::Result<Outcome> {
    let source = args.source.read()?;
    let repository = source.repository.as_ref().context("the past is in a repository: give `--repo`")?;
    let since = args.since.at(now);
    let audit = repository.audit(&[], now)?;
    let landed = audit.between(since, now)?;
    let landed = landed.iter().filter(|one| one.version.landed.at >= since);
    let mut grounds = BTreeMap::new();
    let mut answer = Answer { since, grants: 0, counts: BTreeMap::new(), unreadable: 0, rows: Vec::new() };
    for one in landed {
        answer.grants += 1;
        let (cluster, Some(claims)) = (&one.version.cluster, &one.claims) else {
            answer.unreadable += 1;
            continue;
        };
        let recorded = recorded(claims, cluster, source.inputs(ground(&source, cluster, &mut grounds)?));
        let row = Row::of(claims, cluster, recorded);
        *answer.counts.entry(row.now()).or_default() += 1;
        answer.rows.extend(Some(row).filter(|row| args.all || row.now() != "same"));
    }
    match args.output {
        Format::Table | Format::Wide => tell(&answer),
        format => structured(&answer, format)?,
    }
    Ok(if answer.is_no() { Outcome::Refused } else { Outcome::Done })
}

impl Answer {
    /// Whether something would not be granted again, as far as can be said.
    fn is_no(&self) -> bool {
        self.unreadable > 0 || self.counts.keys().any(|word| !matches!(*word, "same" | "other-rule"))
    }
}

/// A cluster's roles and settings, read once.
fn ground<'g>(
    source: &Source,
    cluster: &ClusterName,
    grounds: &'g mut BTreeMap<ClusterName, Ground>,
) -> anyhow::Result<&'g Ground> {
    use std::collections::btree_map::Entry;
    Ok(match grounds.entry(cluster.clone()) {
        Entry::Occupied(known) => known.into_mut(),
        Entry::Vacant(place) => place.insert(source.ground(cluster)?),
    })
}

fn tell(answer: &Answer) {
    if !answer.rows.is_empty() {
        print(&answer.rows);
    }
    let counts: Vec<String> = answer.counts.iter().map(|(word, count)| format!("{count} {word}")).collect();
    outln!("{} grant(s) since {}: {}", answer.grants, answer.since, counts.join(", "));
    if answer.unreadable > 0 {
        outln!("{} file(s) cannot be read as grants", answer.unreadable);
    }
}
