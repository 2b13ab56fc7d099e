//! `policy replay`: grants that base's history has had, held to a policy of today.

use std::collections::BTreeMap;

use anyhow::Context;
use jiff::Timestamp;
use p0_access::duration::Lifetime;
use p0_access::layout::ClusterName;
use p0_access::policy_test::recorded;
use serde::Serialize;

use super::live::{Row, print};
use super::source::{Ground, Source, SourceArgs};
use crate::cli::output::{Format, Outcome, structured};

/// Hold the past to a policy: what would it have said to the grants that landed?
///
/// Every grant that landed on base since then is asked for again, by the same person, with the approvals that its file names,
/// under the policy and the persons of today (or of the files that are given). Shown is what would be otherwise.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  p0-gitops policy replay --repo ./access.git --policy p0/policy.yaml --since 90d
  p0-gitops policy replay --repo ./access.git --since 30d --all -o json")]
pub(super) struct Args {
    #[command(flatten)]
    source: SourceArgs,

    /// How far back.
    #[arg(long, value_name = "TIME", default_value = "90d")]
    since: Lifetime,

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
    let since = now.checked_sub(args.since.duration())?;
    let audit = repository.audit(&[])?;
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
        Format::Table => tell(&answer),
        format => structured(&answer, format)?,
    }
    Ok(Outcome::Done)
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
    anstream::println!("{} grant(s) since {}: {}", answer.grants, answer.since, counts.join(", "));
    if answer.unreadable > 0 {
        anstream::println!("{} file(s) cannot be read as grants", answer.unreadable);
    }
}
