//! The required check of open change requests, in every round of the process that has the checker's key.

use jiff::Timestamp;

use super::{Problem, Reconciler, problem};

impl Reconciler {
    /// Has every forge post what its checker says of the changes that are open.
    pub(super) async fn check_changes(&self, now: Timestamp, problems: &mut Vec<Problem>) {
        for repository in &self.workflow.repositories {
            if let Err(error) = repository.forge.check(now).await {
                problem(problems, repository.mirror.place(), &error.into());
            }
        }
    }
}
