//! `verify`: the judgement of a change, for CI, hooks and people.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use p0_access::verifier::{Finding, Judgement};
use p0_grant::name::GrantId;
use serde::Serialize;

use super::environment::identity;
use super::output::{Format, Outcome, finding_line, plain, structured};
use crate::git::{BaseBranch, CommitId, Credentials, Remote};
use crate::repository::{Moved, Repository};

/// Judge a change: may it land on base?
///
/// Signers, owners, cluster files and catalogues are read from base only. Every added grant is made anew from them and must be
/// equal byte for byte, signed by an allowed key, in time, and with an id that base never had. Deletions of grants pass. A
/// change of the files that decide about access needs the signatures that `p0/owners` asks for.
/// Ends with 0 where the change passes, 2 where it is refused.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  p0-gitops verify --base main --head p0/grant/vpl5aqzpwnnqmnkrzze2
  p0-gitops verify --repo ./access.git --base HEAD^1 --head HEAD -o json
  p0-gitops verify --update \"$OLD\" \"$NEW\"            (in a pre-receive hook)
  p0-gitops verify --base main --push \"$OLD\" \"$NEW\"  (after a push: restores the last good state)")]
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

    /// Judge what would move base from one commit to another instead: each first-parent commit by the files of the one before it,
    /// and grants by those of the first one too. OLD must be on the first-parent line of NEW.
    #[arg(long, num_args = 2, value_names = ["OLD", "NEW"], conflicts_with_all = ["head", "push"])]
    update: Vec<String>,

    /// Judge what moved base from one commit to another instead, and restore the last good state: what was pushed past the
    /// verifier, is unsigned or foreign goes from the grants folders, and the sentinel and files that owners did not agree to come back.
    #[arg(long, num_args = 2, value_names = ["OLD", "NEW"], conflicts_with = "head")]
    push: Vec<String>,

    /// How to print the judgement.
    #[arg(short, long, value_name = "FORMAT", default_value = "table", alias = "format")]
    output: JudgementFormat,
}

/// How long ago what is judged after a push may have been pushed: whether it was in time is held to that.
const PATIENCE: SignedDuration = SignedDuration::from_hours(1);

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum JudgementFormat {
    /// For people.
    #[value(alias = "text")]
    Table,
    /// YAML.
    Yaml,
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
    findings: Vec<Finding>,
}

pub(super) fn run(args: &Args, now: Timestamp) -> anyhow::Result<Outcome> {
    let remote = match &args.repo {
        Some(path) => Remote::open(path, Credentials::default(), std::path::Path::new(""))?,
        None => Remote::open_here()?,
    };
    if let [old, new] = args.update.as_slice() {
        let span = (remote.resolve(old)?, remote.resolve(new)?);
        return before_push(args, &Repository::new(BaseBranch::new(remote, args.base.as_str())), span, now);
    }
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
    tell(args.output, &judgement)?;
    Ok(match judgement {
        Judgement::Passed { .. } => Outcome::Done,
        Judgement::Refused(_) => Outcome::Refused,
    })
}

fn tell(format: JudgementFormat, judgement: &Judgement) -> anyhow::Result<()> {
    match format {
        JudgementFormat::Table => text(judgement),
        JudgementFormat::Yaml => structured(&answer(judgement), Format::Yaml)?,
        JudgementFormat::Json => structured(&answer(judgement), Format::Json)?,
        JudgementFormat::Github => github(judgement),
    }
    Ok(())
}

/// What is asked for is refused as a whole: a server takes a push or leaves it.
fn before_push(
    args: &Args,
    repository: &Repository,
    (old, new): (CommitId, CommitId),
    now: Timestamp,
) -> anyhow::Result<Outcome> {
    let pushed = repository.verify_push((old, new), Moved::NotYet, now, now)?;
    if pushed.rewritten {
        errln!(
            "refused: {old} is not on the first-parent line of {new}; merge the change into the branch, not the branch into the change"
        );
        return Ok(Outcome::Refused);
    }
    if pushed.findings.is_empty() {
        outln!("passed: the push may land");
        return Ok(Outcome::Done);
    }
    tell(args.output, &Judgement::Refused(pushed.findings))?;
    Ok(Outcome::Refused)
}

/// What is on base already is taken out, and that is an alarm.
fn after_push(
    args: &Args,
    repository: &Repository,
    old: CommitId,
    new: CommitId,
    now: Timestamp,
) -> anyhow::Result<Outcome> {
    let landed = now.checked_sub(PATIENCE).unwrap_or(Timestamp::MIN);
    let pushed = repository.verify_push((old, new), Moved::InOnePush, landed, now)?;
    let restored = repository.put_right(&pushed, &identity(now), now)?;
    if pushed.rewritten {
        errln!("alarm: base was rewritten: {old} is not behind {new}");
    }
    if restored.findings.is_empty() {
        outln!("passed: what was pushed may stand");
        return Ok(if pushed.rewritten { Outcome::Refused } else { Outcome::Done });
    }
    tell(args.output, &Judgement::Refused(restored.findings))?;
    match restored.commit {
        Some(commit) => {
            errln!("alarm: the last good state of {} is restored ({commit})", args.base);
        }
        None => {
            errln!("alarm: nothing of it is in a grants folder of {}; look at it now", args.base);
        }
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
            outln!("passed: {}", if told.is_empty() { "no grant is touched" } else { &told });
            for (ids, sign, _) in kinds {
                ids.iter().for_each(|id| outln!("  {sign} {id}"));
            }
        }
        Judgement::Refused(findings) => {
            outln!("refused: {} finding(s)", findings.len());
            findings.iter().for_each(|finding| outln!("  {}", finding_line(finding)));
        }
    }
}

fn answer(judgement: &Judgement) -> Answer {
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
            Answer { verdict: "refused", findings: findings.clone(), ..Answer::default() }
        }
    }
}

/// <https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands#setting-an-error-message>.
fn github(judgement: &Judgement) {
    text(judgement);
    if let Judgement::Refused(findings) = judgement {
        for Finding { path, refusal } in findings {
            outln!("::error file={},title={}::{}", property(path), refusal.code(), data(&refusal.sentence()));
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
