//! `verify`: the judgement of a change, for CI, hooks and people.

use std::collections::BTreeSet;

use jiff::Timestamp;
use p0_access::verifier::{Finding, Judgement};
use p0_grant::name::GrantId;
use serde::Serialize;

use super::args::identity;
use super::output::{Outcome, finding_line, plain, structured};
use crate::git::{BaseBranch, CommitId, Credentials, Remote};
use crate::repository::Repository;

/// Judge a change: may it land on base?
///
/// Signers, cluster files and catalogues are read from base only. Every added grant is made anew from them and must be
/// equal byte for byte, signed by an allowed key, in time, and with an id that base never had. Deletions of grants pass.
/// Ends with 0 where the change passes, 2 where it is refused.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  p0-gitops verify --base main --head p0/grant/vpl5aqzpwnnqmnkrzze2
  p0-gitops verify --repo ./access.git --base HEAD^1 --head HEAD --format json
  p0-gitops verify --base \"$OLD\" --head \"$NEW\"      (in a pre-receive hook)
  p0-gitops verify --base main --push \"$OLD\" \"$NEW\"  (after a push: takes out what must not stand there)")]
pub(super) struct Args {
    /// The repository; without it, the one this runs in.
    #[arg(long, value_name = "PATH", env = "P0_REPO")]
    repo: Option<String>,

    /// The base: a branch, a commit, or any of Git's spellings.
    #[arg(long, value_name = "REF", default_value = "main", env = "P0_BASE")]
    base: String,

    /// The head of the change.
    #[arg(long, value_name = "REF", default_value = "HEAD")]
    head: String,

    /// Judge what moved base from one commit to another instead, and take out of base what must not stand there.
    #[arg(long, num_args = 2, value_names = ["OLD", "NEW"], conflicts_with = "head")]
    push: Vec<String>,

    /// How to print the judgement.
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: JudgementFormat,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum JudgementFormat {
    /// For people.
    Text,
    /// A documented contract.
    Json,
    /// GitHub's workflow commands, shown beside the lines of a pull request.
    Github,
}

/// The documented answer.
#[derive(Default, Serialize)]
struct Answer {
    verdict: &'static str,
    added: Vec<String>,
    extended: Vec<String>,
    shortened: Vec<String>,
    removed: Vec<String>,
    findings: Vec<Told>,
}

#[derive(Serialize)]
struct Told {
    path: String,
    code: &'static str,
    message: String,
}

pub(super) fn run(args: &Args, now: Timestamp) -> anyhow::Result<Outcome> {
    let remote = match &args.repo {
        Some(path) => Remote::open(path, Credentials::default(), std::path::Path::new(""))?,
        None => Remote::open_here()?,
    };
    if let [old, new] = args.push.as_slice() {
        let (old, new) = (remote.resolve(old)?, remote.resolve(new)?);
        return after_push(
            args,
            &Repository::new(BaseBranch::new(remote, args.base.as_str())),
            old,
            new,
            now,
        );
    }
    let (base, head) = (remote.resolve(&args.base)?, remote.resolve(&args.head)?);
    let judgement = Repository::new(BaseBranch::new(remote, args.base.as_str())).verify(base, head, now)?;
    tell(args.format, &judgement)?;
    Ok(match judgement {
        Judgement::Passed { .. } => Outcome::Done,
        Judgement::Refused(_) => Outcome::Refused,
    })
}

fn tell(format: JudgementFormat, judgement: &Judgement) -> anyhow::Result<()> {
    match format {
        JudgementFormat::Text => text(judgement),
        JudgementFormat::Json => structured(&answer(judgement), super::output::Format::Json)?,
        JudgementFormat::Github => github(judgement),
    }
    Ok(())
}

/// What is on base already is taken out, and that is an alarm.
fn after_push(
    args: &Args,
    repository: &Repository,
    old: CommitId,
    new: CommitId,
    now: Timestamp,
) -> anyhow::Result<Outcome> {
    let pushed = repository.verify_push(old, new, now)?;
    if pushed.rewritten {
        anstream::eprintln!("alarm: base was rewritten: {old} is not behind {new}");
    }
    if pushed.findings.is_empty() {
        anstream::println!("passed: what was pushed may stand");
        return Ok(if pushed.rewritten { Outcome::Refused } else { Outcome::Done });
    }
    tell(args.format, &Judgement::Refused(pushed.findings.clone()))?;
    match repository.undo(&pushed, &identity(now), now)? {
        Some(commit) => anstream::eprintln!("alarm: taken out of {} again ({commit})", args.base),
        None => anstream::eprintln!("alarm: nothing of it could be taken out; somebody must look at it now"),
    }
    Ok(Outcome::Refused)
}

fn text(judgement: &Judgement) {
    match judgement {
        Judgement::Passed { added, extended, shortened, removed } => {
            let kinds = [
                (added, '+', "added"),
                (extended, '>', "extended"),
                (shortened, '<', "shortened"),
                (removed, '-', "removed"),
            ];
            let told = kinds.iter().filter(|(ids, _, _)| !ids.is_empty());
            let told = told.map(|(ids, _, word)| format!("{} grant(s) {word}", ids.len()));
            let told = told.collect::<Vec<_>>().join(", ");
            anstream::println!("passed: {}", if told.is_empty() { "no grant is touched" } else { &told });
            for (ids, sign, _) in kinds {
                ids.iter().for_each(|id| anstream::println!("  {sign} {id}"));
            }
        }
        Judgement::Refused(findings) => {
            anstream::println!("refused: {} finding(s)", findings.len());
            findings.iter().for_each(|finding| anstream::println!("  {}", finding_line(finding)));
        }
    }
}

fn answer(judgement: &Judgement) -> Answer {
    let tell = |finding: &Finding| Told {
        path: finding.path.clone(),
        code: finding.refusal.code(),
        message: finding.refusal.sentence(),
    };
    let ids = |ids: &BTreeSet<GrantId>| ids.iter().map(ToString::to_string).collect();
    match judgement {
        Judgement::Passed { added, extended, shortened, removed } => Answer {
            verdict: "passed",
            added: ids(added),
            extended: ids(extended),
            shortened: ids(shortened),
            removed: ids(removed),
            findings: Vec::new(),
        },
        Judgement::Refused(findings) => {
            Answer { verdict: "refused", findings: findings.iter().map(tell).collect(), ..Answer::default() }
        }
    }
}

/// <https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands#setting-an-error-message>.
fn github(judgement: &Judgement) {
    text(judgement);
    if let Judgement::Refused(findings) = judgement {
        for Finding { path, refusal } in findings {
            anstream::println!(
                "::error file={},title={}::{}",
                property(path),
                refusal.code(),
                data(&refusal.sentence())
            );
        }
    }
}

/// A value cannot end its command.
fn data(text: &str) -> String {
    plain(text).replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
