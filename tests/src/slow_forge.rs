//! A forge that behaves as hosted forges do: merges wait for checks, answers are lost, changes are merged or refused without us.
//!
//! Base and branches are those of a real Git repository, changed through the real plain Git forge. This one keeps what is open,
//! refuses to merge what was never opened, and does what a test tells it to.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use jiff::Timestamp;
use p0_gitops::forge::{ChangeStatus, Forge, ForgeError, HostedRepository, MergeOutcome, Opened};
use p0_gitops::repository::{ChangeRequest, Restored};

/// What happens to the next operations.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Behaviour {
    /// Merges happen at once.
    #[default]
    Merges,
    /// Merges wait for a check.
    Waits,
    /// Merges are refused by a rule of the forge.
    Refuses,
    /// Everything is done, and no answer arrives.
    LosesAnswers,
    /// Nothing is done, and an error arrives.
    Fails,
    /// This operation never ends: the process that waits for it is killed there.
    HangsIn(Operation),
}

/// What the forge is asked to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "they are the methods of the trait")]
pub enum Operation {
    Ensure,
    Status,
    Merge,
    Close,
    Comment,
}

/// A forge over a plain Git one.
pub struct SlowForge {
    git: Arc<dyn Forge>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    behaviour: Behaviour,
    open: BTreeMap<String, ChangeRequest>,
    merges: usize,
    comments: Vec<(String, String)>,
}

impl SlowForge {
    /// The forge of `repository`, made slow; with the repository that uses it.
    pub fn over(repository: HostedRepository) -> (Arc<Self>, HostedRepository) {
        let forge = Arc::new(Self { git: repository.forge, state: Mutex::default() });
        (forge.clone(), HostedRepository { mirror: repository.mirror, forge })
    }

    /// From now on it behaves like this.
    pub fn behaves(&self, behaviour: Behaviour) {
        self.state().behaviour = behaviour;
    }

    /// The branches of the changes that are open.
    pub fn open(&self) -> BTreeSet<String> {
        self.state().open.keys().cloned().collect()
    }

    /// How often it merged something.
    pub fn merges(&self) -> usize {
        self.state().merges
    }

    /// What was said, on which change.
    pub fn comments(&self) -> Vec<(String, String)> {
        self.state().comments.clone()
    }

    /// Checks pass: everything that is open is merged, without being asked again.
    ///
    /// # Errors
    /// The Git forge's.
    pub async fn checks_pass(&self, now: Timestamp) -> Result<(), ForgeError> {
        let open: Vec<ChangeRequest> = self.state().open.values().cloned().collect();
        self.merge_now(&open, now).await.map(drop)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn merge_now(
        &self,
        changes: &[ChangeRequest],
        now: Timestamp,
    ) -> Result<BTreeMap<String, MergeOutcome>, ForgeError> {
        let outcomes = self.git.merge(changes, now).await?;
        let mut state = self.state();
        for (branch, outcome) in &outcomes {
            if matches!(outcome, MergeOutcome::Merged { .. }) {
                state.open.remove(branch);
                state.merges += 1;
            }
        }
        Ok(outcomes)
    }

    /// How it behaves in `operation`; never returns where it hangs there.
    async fn enter(&self, operation: Operation) -> Result<Behaviour, ForgeError> {
        let behaviour = self.state().behaviour;
        match behaviour {
            Behaviour::HangsIn(here) if here == operation => std::future::pending().await,
            Behaviour::Fails => Err(lost("connection refused")),
            behaviour => Ok(behaviour),
        }
    }
}

#[async_trait]
impl Forge for SlowForge {
    async fn ensure(&self, change: &ChangeRequest, now: Timestamp) -> Result<Opened, ForgeError> {
        let behaviour = self.enter(Operation::Ensure).await?;
        let opened = self.git.ensure(change, now).await?;
        self.state().open.insert(change.branch.clone(), change.clone());
        answer(behaviour, opened)
    }

    async fn status(&self, branch: &str) -> Result<ChangeStatus, ForgeError> {
        let behaviour = self.enter(Operation::Status).await?;
        answer(behaviour, self.git.status(branch).await?)
    }

    async fn merge(
        &self,
        changes: &[ChangeRequest],
        now: Timestamp,
    ) -> Result<BTreeMap<String, MergeOutcome>, ForgeError> {
        let behaviour = self.enter(Operation::Merge).await?;
        let all = |outcome: MergeOutcome| {
            changes.iter().map(|change| (change.branch.clone(), outcome.clone())).collect()
        };
        let unknown = changes.iter().find(|change| !self.state().open.contains_key(&change.branch));
        if let Some(change) = unknown {
            return Err(lost(&format!("there is no change request `{}`", change.branch)));
        }
        match behaviour {
            Behaviour::Waits => Ok(all(MergeOutcome::Waiting { why: "a check runs".to_owned() })),
            Behaviour::Refuses => {
                Ok(all(MergeOutcome::Refused { why: vec!["a rule of the forge forbids it".to_owned()] }))
            }
            behaviour => answer(behaviour, self.merge_now(changes, now).await?),
        }
    }

    async fn close(&self, branch: &str) -> Result<(), ForgeError> {
        let behaviour = self.enter(Operation::Close).await?;
        self.git.close(branch).await?;
        self.state().open.remove(branch);
        answer(behaviour, ())
    }

    async fn comment(&self, branch: &str, text: &str) -> Result<(), ForgeError> {
        let behaviour = self.enter(Operation::Comment).await?;
        self.state().comments.push((branch.to_owned(), text.to_owned()));
        answer(behaviour, ())
    }

    async fn restore(&self, now: Timestamp) -> Result<Restored, ForgeError> {
        self.git.restore(now).await
    }
}

fn answer<T>(behaviour: Behaviour, value: T) -> Result<T, ForgeError> {
    match behaviour {
        Behaviour::LosesAnswers => Err(lost("the connection was reset")),
        _ => Ok(value),
    }
}

fn lost(why: &str) -> ForgeError {
    ForgeError { place: "the slow forge".to_owned(), source: why.to_owned().into() }
}
