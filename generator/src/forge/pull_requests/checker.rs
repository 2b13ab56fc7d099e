//! The checker: it judges every open pull request against the base of now and posts the required check, with a key of its own.
//!
//! It reads the branch as data and nothing of the pull request's text. Where a forge does not pin a check to a user, every writer may
//! post one: a check by another user is posted over, and the bot never takes a check for a judgement.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use p0_access::verifier::Finding;

use super::{reviews, sentences};
use crate::forge::host::{Check, CheckAuthor, CheckState, Host, HostError, Origin, Pull};
use crate::forge::{ForgeError, Mirror, markdown};
use crate::git::Identity;
use crate::repository::{MergeJudgement, Passed};

/// The check that branch protection requires.
pub const VERIFY_CHECK: &str = "p0/verify";

/// How long a check that nothing seems to have touched is left alone.
const SETTLED: Duration = Duration::from_secs(600);
/// What the branches are called that take access away.
const REMOVALS: &str = "p0/revoke/";
/// The longest line that a check shows.
const LONGEST: usize = 200;

/// Who posts the check.
pub struct Checker {
    host: Arc<dyn Host>,
    mirror: Mirror,
    last: Mutex<Option<Last>>,
}

/// What was seen when everything was last judged.
struct Last {
    references: BTreeMap<String, String>,
    at: Instant,
    /// Whether one waited for something that no branch shows.
    waits: bool,
}

/// What is posted.
struct CheckReport {
    state: CheckState,
    line: String,
    findings: Vec<Finding>,
}

impl Checker {
    /// The checker of `mirror`'s repository at `host`, as whom it acts there; that is not the bot's user.
    pub fn new(host: impl Host + 'static, mirror: Mirror) -> Self {
        Self { host: Arc::new(host), mirror, last: Mutex::default() }
    }

    /// Judges every open pull request to base, where a branch has moved since the last time.
    pub(super) async fn check_all(&self, now: Timestamp) -> Result<(), ForgeError> {
        let references = self.mirror.run(|repository| Ok(repository.branch().remote().advertised()?)).await?;
        if self.is_settled(&references) {
            return Ok(());
        }
        let base = self.mirror.base();
        let pulls = self.host.open_pulls(base).await.map_err(|error| self.lost(error))?;
        // Opening one again that a person closed moves no branch, and what takes access away must not wait for that.
        let is_open = |branch: &str| pulls.iter().any(|pull| pull.branch == branch);
        let removals = references.keys().filter_map(|name| name.strip_prefix("refs/heads/"));
        let mut waits = removals.filter(|name| name.starts_with(REMOVALS)).any(|name| !is_open(name));
        for pull in &pulls {
            waits |= self.check(pull, now).await? == CheckState::Pending;
        }
        let last = Last { references, at: Instant::now(), waits };
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(last);
        Ok(())
    }

    fn is_settled(&self, references: &BTreeMap<String, String>) -> bool {
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        last.as_ref()
            .is_some_and(|last| !last.waits && last.references == *references && last.at.elapsed() < SETTLED)
    }

    /// Judges one pull request and posts what it says, unless that is what the check says already.
    pub(super) async fn check(&self, pull: &Pull, now: Timestamp) -> Result<CheckState, ForgeError> {
        let number = pull.number;
        // A forge brings `refs/pull/` up to date in the background, so a branch of the repository itself is read as it is.
        let own = (pull.origin == Origin::Own).then(|| pull.branch.clone());
        let tip = self.mirror.run(move |repository| match own {
            Some(branch) => Ok(repository.branch().remote().tip(&branch)?),
            None => repository.pull_head(number),
        });
        let tip = tip.await?;
        let Some(tip) = tip else { return Ok(CheckState::Pending) };
        let verdict = self.judge(number, tip, now).await?;
        let commit = tip.to_string();
        let posted = async {
            let stands = self.host.check(&commit, VERIFY_CHECK).await?;
            if stands.is_some_and(|check| {
                check.by == CheckAuthor::Me && check.state == verdict.state && check.line == verdict.line
            }) {
                return Ok(());
            }
            self.host.post_check(&commit, VERIFY_CHECK, &verdict.check()).await?;
            match verdict.findings.is_empty() {
                true => Ok(()),
                false => self.host.comment(number, &refusal(&verdict.findings)).await,
            }
        };
        posted.await.map_err(|error: HostError| self.lost(error))?;
        Ok(verdict.state)
    }

    async fn judge(
        &self,
        number: u64,
        tip: crate::git::CommitId,
        now: Timestamp,
    ) -> Result<CheckReport, ForgeError> {
        let judge = |reviews| {
            let by =
                Identity { name: "p0-gitops".to_owned(), email: "p0-gitops@localhost".to_owned(), at: now };
            self.mirror.run(move |repository| repository.judge_merge(tip, &reviews, &by, now))
        };
        let mut judgement = judge(Default::default()).await?;
        if matches!(judgement, MergeJudgement::AwaitsReview(_)) {
            let reviewed = reviews::read(self.host.as_ref(), &self.mirror, number, tip).await?;
            judgement = judge(reviewed.approved).await?;
        }
        Ok(CheckReport::of(judgement))
    }

    fn lost(&self, error: HostError) -> ForgeError {
        self.mirror.lost(error)
    }
}

impl CheckReport {
    fn check(&self) -> Check {
        let summary = match self.findings.is_empty() {
            true => self.line.clone(),
            false => refusal(&self.findings),
        };
        Check { state: self.state, line: self.line.clone(), summary }
    }

    fn of(judgement: MergeJudgement) -> Self {
        match judgement {
            MergeJudgement::Passed(passed) => {
                Self { state: CheckState::Success, line: summary(&passed), findings: Vec::new() }
            }
            MergeJudgement::AwaitsReview(findings) => {
                Self { state: CheckState::Pending, line: line(&findings), findings: Vec::new() }
            }
            MergeJudgement::Refused(findings) => {
                Self { state: CheckState::Failure, line: line(&findings), findings }
            }
            MergeJudgement::Conflicts => Self {
                state: CheckState::Failure,
                line: "it conflicts with the base branch".to_owned(),
                findings: Vec::new(),
            },
        }
    }
}

/// What a change does, from its files.
fn summary(passed: &Passed) -> String {
    let count = |what: &str, number: usize| (number > 0).then(|| format!("{what} {number} grant(s)"));
    let parts = [count("brings", passed.granted.len()), count("removes", passed.removed.len())];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    match parts.is_empty() {
        true => "touches no grant".to_owned(),
        false => parts.join(", "),
    }
}

/// The first reason, and how many there are besides.
fn line(findings: &[Finding]) -> String {
    let sentences = sentences(findings);
    let first: String =
        sentences.first().map(|text| text.chars().take(LONGEST).collect()).unwrap_or_default();
    match sentences.len() {
        0 | 1 => first,
        more => format!("{first} (and {} more)", more - 1),
    }
}

fn refusal(findings: &[Finding]) -> String {
    let lines: Vec<String> = findings
        .iter()
        .map(|finding| format!("{}: {}", finding.path, crate::forge::sentence(finding)))
        .collect();
    format!("`{VERIFY_CHECK}` refuses this change:\n\n{}", markdown::block(&lines.join("\n")))
}
