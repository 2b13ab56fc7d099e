//! Putting the grants folders right where base is protected: through a pull request that the checker passes.

use jiff::Timestamp;

use super::PullRequestForge;
use super::merging::{PAUSE, TRIES};
use crate::forge::ForgeError;
use crate::forge::host::{MergeAnswer, NewMerge, NewPull};
use crate::repository::Restored;

/// The branch that puts base right.
const BRANCH: &str = "p0/restore";

impl PullRequestForge {
    /// Looks at base and, where something must not stand there, merges what puts it right.
    pub(super) async fn restore_by_pull(&self, now: Timestamp) -> Result<Restored, ForgeError> {
        let by = self.by(now);
        let plan = self.mirror.run(move |repository| repository.plan_restoration(&by, now)).await?;
        let Some(commit) = plan.commit else { return Ok(plan.restored) };
        self.mirror.run(move |repository| Ok(repository.branch().put_branch(BRANCH, commit)?)).await?;
        let found = self.find(BRANCH).await?.filter(|pull| pull.is_open());
        let pull = match found {
            Some(pull) => pull,
            None => {
                let new = NewPull {
                    base: self.base.clone(),
                    branch: BRANCH.to_owned(),
                    title: plan.message.subject.clone(),
                    body: "What stands in a grants folder past the verifier goes.".to_owned(),
                    labels: Vec::new(),
                };
                self.host.open(&new).await.map_err(|error| self.lost(error))?
            }
        };
        if let Some(checker) = &self.checker {
            checker.check(&pull, now).await?;
        }
        let merge = NewMerge { number: pull.number, head: commit, message: &plan.message };
        match self.merged_soon(&merge).await? {
            // Base is looked at once more before it is called good.
            MergeAnswer::Merged => {
                let head = self.mirror.run(|repository| Ok(repository.branch().head()?)).await?;
                Ok(Restored { commit: Some(head), ..plan.restored })
            }
            // It is tried again in the next round; until then what was found is a problem of each.
            MergeAnswer::Again(why) | MergeAnswer::Behind(why) | MergeAnswer::Waiting(why) => {
                tracing::error!(why, "what must not stand on base stands there until this is merged");
                Ok(plan.restored)
            }
        }
    }

    /// Each round has a commit of its own, which a forge looks at in the background first: it is given that time.
    async fn merged_soon(&self, merge: &NewMerge<'_>) -> Result<MergeAnswer, ForgeError> {
        let mut answer = self.host.merge(merge).await.map_err(|error| self.lost(error))?;
        for _ in 1..TRIES {
            if !matches!(answer, MergeAnswer::Again(_)) {
                break;
            }
            tokio::time::sleep(PAUSE).await;
            answer = self.host.merge(merge).await.map_err(|error| self.lost(error))?;
        }
        Ok(answer)
    }
}
