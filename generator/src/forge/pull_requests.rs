//! Change requests as pull requests, on any forge that has them: opened, judged, merged and taken back.
//!
//! Reading goes through the mirror, by Git. What the forge says is believed only after a look: a change is merged when base holds
//! it. Not here: the forge's API ([`super::Host`]), and what is proposed.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;
use p0_access::verifier::Finding;
use tokio::sync::OnceCell;

use super::host::{Account, Host, HostError, PullState};
use super::{ChangeStatus, Forge, ForgeError, MergeOutcome, Mirror, Opened, ReviewSupport, markdown};
use crate::git::Identity;
use crate::repository::{ChangeRequest, Content, Restored};

mod branches;
mod checker;
mod merging;
mod page;
mod pulls;
mod restoring;
mod reviews;

pub use checker::{Checker, VERIFY_CHECK};

/// A forge with pull requests.
pub struct PullRequestForge {
    host: Arc<dyn Host>,
    mirror: Mirror,
    /// The branch that pull requests go to.
    base: String,
    name: String,
    email: String,
    checker: Option<Checker>,
    me: OnceCell<Account>,
}

impl PullRequestForge {
    /// The repository of `mirror` at `host`, as whose user the bot acts; `name` is in the commits that it makes by itself.
    pub fn new(
        host: impl Host + 'static,
        mirror: Mirror,
        name: impl Into<String>,
        email: impl Into<String>,
    ) -> Self {
        let base = mirror.base().to_owned();
        Self {
            host: Arc::new(host),
            mirror,
            base,
            name: name.into(),
            email: email.into(),
            checker: None,
            me: OnceCell::new(),
        }
    }

    /// The same where this process posts the required check too.
    #[must_use]
    pub fn with_checker(mut self, checker: Checker) -> Self {
        self.checker = Some(checker);
        self
    }

    fn by(&self, at: Timestamp) -> Identity {
        Identity { name: self.name.clone(), email: self.email.clone(), at }
    }

    /// The bot's user.
    async fn me(&self) -> Result<&Account, ForgeError> {
        self.me.get_or_try_init(|| self.host.me()).await.map_err(|error| self.lost(error))
    }

    fn lost(&self, error: HostError) -> ForgeError {
        self.mirror.lost(error)
    }
}

#[async_trait]
impl Forge for PullRequestForge {
    fn reviews(&self) -> ReviewSupport {
        ReviewSupport::Counted
    }

    async fn ensure(&self, change: &ChangeRequest, _now: Timestamp) -> Result<Opened, ForgeError> {
        self.open(change).await
    }

    async fn status(&self, branch: &str) -> Result<ChangeStatus, ForgeError> {
        let Some(pull) = self.find(branch).await? else { return Ok(ChangeStatus::Absent) };
        Ok(match pull.state {
            PullState::Open => ChangeStatus::Open,
            PullState::Merged(Some(commit)) => ChangeStatus::Merged { commit },
            PullState::Merged(None) => ChangeStatus::Absent,
            PullState::Closed => {
                let by = self.host.closed_by(pull.number).await.map_err(|error| self.lost(error))?;
                ChangeStatus::Closed { by: by.map(|user| user.login) }
            }
        })
    }

    async fn merge(
        &self,
        changes: &[ChangeRequest],
        now: Timestamp,
    ) -> Result<BTreeMap<String, MergeOutcome>, ForgeError> {
        let is_removal = |change: &&ChangeRequest| matches!(change.content, Content::Removal(_));
        let (removals, additions): (Vec<_>, Vec<_>) = changes.iter().partition(is_removal);
        let (mut outcomes, mut failed) = (BTreeMap::new(), None);
        for change in removals.into_iter().chain(additions) {
            // One that fails keeps no other one from being merged.
            match self.merge_one(change, now).await {
                Ok(outcome) => drop(outcomes.insert(change.branch.clone(), outcome)),
                Err(error) => failed = failed.or(Some(error)),
            }
        }
        match failed {
            Some(error) if outcomes.is_empty() => Err(error),
            _ => Ok(outcomes),
        }
    }

    async fn close(&self, branch: &str) -> Result<(), ForgeError> {
        let name = branch.to_owned();
        // Without its branch no pull request stays open.
        if self.mirror.run(move |repository| Ok(repository.branch().remote().tip(&name)?)).await?.is_none() {
            return Ok(());
        }
        let done = async {
            if let Some(pull) = self.host.find(&self.base, branch).await?.filter(|pull| pull.is_open()) {
                self.host.close(pull.number).await?;
            }
            self.host.delete_branch(branch).await
        };
        done.await.map_err(|error| self.lost(error))
    }

    async fn comment(&self, branch: &str, text: &str) -> Result<(), ForgeError> {
        let Some(pull) = self.find(branch).await? else { return Ok(()) };
        self.say_once(pull.number, &markdown::block(text)).await
    }

    async fn check(&self, now: Timestamp) -> Result<(), ForgeError> {
        match &self.checker {
            Some(checker) => checker.check_all(now).await,
            None => Ok(()),
        }
    }

    async fn restore(&self, now: Timestamp) -> Result<Restored, ForgeError> {
        self.restore_by_pull(now).await
    }
}

fn sentences(findings: &[Finding]) -> Vec<String> {
    findings.iter().map(super::sentence).collect()
}
