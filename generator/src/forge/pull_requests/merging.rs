//! Merging a pull request: judged first, merged by the forge under its rules, and believed when base holds it.

use std::time::Duration;

use jiff::Timestamp;

use super::{PullRequestForge, reviews, sentences};
use crate::forge::host::{HostError, HostProblem, MergeAnswer, NewMerge, OnExistingBranch, Pull};
use crate::forge::{ForgeError, MergeOutcome};
use crate::git::CommitId;
use crate::repository::{BranchContent, ChangeRequest, Content, MergeJudgement, ReviewNeed};

/// How often a merge that the forge is not ready for, or that something came before, is tried again.
pub(super) const TRIES: u32 = 12;
/// How long it gets in between: it finds out in the background whether a new pull request can be merged.
pub(super) const PAUSE: Duration = Duration::from_millis(250);

/// What to do after one try.
enum Then {
    Tell(MergeOutcome),
    TryAgain(String),
}

impl PullRequestForge {
    pub(super) async fn merge_one(
        &self,
        change: &ChangeRequest,
        now: Timestamp,
    ) -> Result<MergeOutcome, ForgeError> {
        let mut last = String::new();
        for tried in 0..TRIES {
            if tried > 0 {
                tokio::time::sleep(PAUSE).await;
            }
            match self.try_to_merge(change, now).await? {
                Then::Tell(outcome) => return Ok(outcome),
                Then::TryAgain(why) => last = why,
            }
        }
        Ok(waiting(last))
    }

    async fn try_to_merge(&self, change: &ChangeRequest, now: Timestamp) -> Result<Then, ForgeError> {
        let proposal = self.proposal(change).await?;
        if proposal.files.is_empty() {
            return Ok(Then::Tell(MergeOutcome::Merged { commit: proposal.base.to_string() }));
        }
        let pull = match self.find(&change.branch).await? {
            Some(pull) if pull.is_open() => pull,
            // It is merged, and Git has not shown that yet.
            Some(pull) if pull.is_merged() => return Ok(Then::TryAgain("it was merged just now".to_owned())),
            Some(pull) => {
                let by = self.stranger_who_closed(pull.number).await?;
                let by = by.map(|login| format!(" by {login}")).unwrap_or_default();
                return Ok(Then::Tell(waiting(format!("its pull request was closed{by}"))));
            }
            None => return Ok(Then::Tell(waiting("its pull request is not open yet".to_owned()))),
        };
        let BranchContent::Own(tip) = proposal.branch else {
            return Ok(Then::Tell(waiting("its branch holds something else, and is made anew".to_owned())));
        };
        if let Some(then) = self.objection(change, &pull, tip, now).await? {
            if matches!(then, Then::TryAgain(_)) {
                // It conflicts with what came to base meanwhile: it is made anew there.
                let made = self.write_branch(change, &proposal, OnExistingBranch::Replace).await;
                made.map_err(|error| self.lost(error))?;
            }
            return Ok(then);
        }
        if let Some(checker) = &self.checker {
            checker.check(&pull, now).await?;
        }
        self.ask_to_merge(change, &pull, tip).await
    }

    /// What speaks against merging it now. What takes access away is not judged here: it waits for nothing but the forge's own rules.
    async fn objection(
        &self,
        change: &ChangeRequest,
        pull: &Pull,
        tip: CommitId,
        now: Timestamp,
    ) -> Result<Option<Then>, ForgeError> {
        if matches!(change.content, Content::Removal(_)) {
            return Ok(None);
        }
        let by = self.by(now);
        let judge = |reviews| {
            let by = by.clone();
            self.mirror.run(move |repository| repository.judge_merge(tip, &reviews, &by, now))
        };
        let mut judgement = judge(Default::default()).await?;
        let awaits = matches!(judgement, MergeJudgement::AwaitsReview(_));
        let mut reviewed = reviews::Reviewed::default();
        if awaits || change.review != ReviewNeed::None {
            reviewed = reviews::read(self.host.as_ref(), &self.mirror, pull.number, tip).await?;
        }
        if awaits {
            judgement = judge(reviewed.approved.clone()).await?;
        }
        Ok(match judgement {
            MergeJudgement::Refused(findings) => {
                Some(Then::Tell(MergeOutcome::Refused { why: sentences(&findings) }))
            }
            MergeJudgement::Conflicts => Some(Then::TryAgain("it conflicts with base".to_owned())),
            MergeJudgement::AwaitsReview(_) => {
                Some(Then::Tell(waiting("it waits for a review on the forge".to_owned())))
            }
            MergeJudgement::Passed(_) => {
                lacking(&change.review, &reviewed).map(|why| Then::Tell(waiting(why)))
            }
        })
    }

    async fn ask_to_merge(
        &self,
        change: &ChangeRequest,
        pull: &Pull,
        tip: CommitId,
    ) -> Result<Then, ForgeError> {
        let merge = NewMerge { number: pull.number, head: tip, message: &change.message };
        match self.host.merge(&merge).await.map_err(|error| self.lost(error))? {
            // Whether base holds it is seen at the next look.
            MergeAnswer::Merged => Ok(Then::TryAgain("it was merged just now".to_owned())),
            MergeAnswer::Again(why) => Ok(Then::TryAgain(why)),
            MergeAnswer::Waiting(why) => Ok(Then::Tell(waiting(why))),
            MergeAnswer::Behind(why) => match self.host.update(pull.number).await {
                Ok(()) | Err(HostError { problem: HostProblem::Conflict, .. }) => Ok(Then::TryAgain(why)),
                Err(error) => Err(self.lost(error)),
            },
        }
    }
}

/// What the reviews lack.
fn lacking(need: &ReviewNeed, reviewed: &reviews::Reviewed) -> Option<String> {
    let ReviewNeed::ByAnother { not } = need else { return None };
    let counts = |person: &&p0_access::name::PersonName| !not.contains(*person);
    if let Some(person) = reviewed.against.iter().find(counts) {
        return Some(format!("`{person}` asks for changes on the forge"));
    }
    let approvers = reviewed.approvers();
    match approvers.iter().find(counts) {
        Some(_) => None,
        None => Some("it waits for a review on the forge by a person whom it does not concern".to_owned()),
    }
}

fn waiting(why: String) -> MergeOutcome {
    MergeOutcome::Waiting { why }
}
