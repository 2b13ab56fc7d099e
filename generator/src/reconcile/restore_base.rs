//! The grants folders of base, put right in every round. Not here: what must not stand there (`crate::repository`).

use jiff::Timestamp;
use p0_access::verifier::Finding;

use super::{Problem, Reconciler, problem};

impl Reconciler {
    /// What stands in a grants folder past the verifier goes, and is a problem that the round reports.
    pub(super) async fn restore_base(&self, now: Timestamp, problems: &mut Vec<Problem>) -> usize {
        let mut count = 0;
        for repository in &self.workflow.repositories {
            let place = repository.mirror.place();
            let restored = match repository.forge.restore(now).await {
                Ok(restored) => restored,
                Err(error) => {
                    problem(problems, place, &error.into());
                    continue;
                }
            };
            count += usize::from(restored.commit.is_some());
            if restored.rewritten {
                let why = "base was rewritten: a head that was seen before is not on it".to_owned();
                problems.push(Problem { what: place.to_owned(), why });
            }
            for Finding { path, refusal } in restored.findings {
                tracing::error!(place, path, code = refusal.code(), "found on base, past the verifier");
                problems.push(Problem { what: path, why: refusal.sentence() });
            }
        }
        count
    }
}
