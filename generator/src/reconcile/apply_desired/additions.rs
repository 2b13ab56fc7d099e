//! Bringing grants to base: changes are opened, and merged where this program may merge them.

use std::collections::BTreeMap;

use jiff::Timestamp;
use p0_access::request::Event;

use super::{Addition, Applied, Merge, NO_ANSWER};
use crate::forge::{Forge, MergeOutcome};
use crate::reconcile::Reconciler;
use crate::repository::ChangeRequest;
use crate::workflow::Result;

impl Reconciler {
    /// Opens changes, and merges those that this program may merge.
    pub(super) async fn apply_additions(
        &self,
        forge: &dyn Forge,
        additions: &[Addition],
        now: Timestamp,
        applied: &mut Applied,
    ) -> Result<()> {
        for addition in additions {
            forge.ensure(&addition.change, now).await?;
        }
        let by_person = |addition: &&Addition| addition.merge == Merge::ByPerson;
        for addition in additions.iter().filter(by_person) {
            self.post(&addition.request, Event::Opened, now).await?;
            applied.done.push(addition.request.id().clone());
        }
        let here: Vec<&Addition> = additions.iter().filter(|addition| !by_person(addition)).collect();
        let changes: Vec<ChangeRequest> = here.iter().map(|addition| addition.change.clone()).collect();
        let mut outcomes = match changes.is_empty() {
            true => BTreeMap::new(),
            false => forge.merge(&changes, now).await?,
        };
        for addition in here {
            let id = addition.request.id().clone();
            match outcomes.remove(&addition.change.branch) {
                Some(MergeOutcome::Merged { commit }) => {
                    let (number, files) = (addition.number, addition.change.digests());
                    self.post(&addition.request, Event::Merged { commit, number, files }, now).await?;
                    applied.done.push(id);
                }
                Some(MergeOutcome::Waiting { why }) => {
                    self.post(&addition.request, Event::Opened, now).await?;
                    applied.waiting.insert(id, why);
                }
                Some(MergeOutcome::Refused { why: findings }) => {
                    self.refuse(forge, addition, findings, now).await?;
                    applied.done.push(id);
                }
                None => drop(applied.failed.insert(id, NO_ANSWER.to_owned())),
            }
        }
        Ok(())
    }

    /// A change that must not be merged: it is said where the change is looked at, and the change is closed.
    async fn refuse(
        &self,
        forge: &dyn Forge,
        addition: &Addition,
        findings: Vec<String>,
        now: Timestamp,
    ) -> Result<()> {
        forge.comment(&addition.change.branch, &findings.join("\n")).await?;
        forge.close(&addition.change.branch).await?;
        self.post(&addition.request, Event::Refused { findings }, now).await
    }
}
