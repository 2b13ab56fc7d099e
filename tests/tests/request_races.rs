//! A repository that moves while the service looks at it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use jiff::Timestamp;
use p0_gitops::forge::{ChangeStatus, Forge, ForgeError, HostedRepository, MergeOutcome, Opened};
use p0_gitops::repository::{ChangeRequest, Restored};
use p0_tests::team::{READERS, Team};

const T0: &str = "2026-11-24T10:00:00Z";
const T1: &str = "2026-11-24T10:01:00Z";

/// A forge where something happens just before it is asked where a change stands.
struct Moving {
    forge: Arc<dyn Forge>,
    before: Mutex<Option<Box<dyn FnOnce() + Send>>>,
}

#[async_trait]
impl Forge for Moving {
    async fn status(&self, branch: &str) -> Result<ChangeStatus, ForgeError> {
        if let Some(moves) = self.before.lock().expect("no panic").take() {
            moves();
        }
        self.forge.status(branch).await
    }

    async fn ensure(&self, change: &ChangeRequest, now: Timestamp) -> Result<Opened, ForgeError> {
        self.forge.ensure(change, now).await
    }

    async fn merge(
        &self,
        changes: &[ChangeRequest],
        now: Timestamp,
    ) -> Result<BTreeMap<String, MergeOutcome>, ForgeError> {
        self.forge.merge(changes, now).await
    }

    async fn close(&self, branch: &str) -> Result<(), ForgeError> {
        self.forge.close(branch).await
    }

    async fn comment(&self, branch: &str, text: &str) -> Result<(), ForgeError> {
        self.forge.comment(branch, text).await
    }

    async fn restore(&self, now: Timestamp) -> Result<Restored, ForgeError> {
        self.forge.restore(now).await
    }
}

/// Merged, and its branch deleted, after base was read and before the branch was looked for.
#[tokio::test(flavor = "multi_thread")]
async fn a_change_that_is_merged_while_base_is_observed_is_not_taken_for_closed() {
    let team = Arc::new(Team::new(&READERS.replace("- reviewers:", "- git:")));
    let id = team.asks(T0, "web", &[]);
    assert_eq!(team.state(T0, &id), "awaiting-review");
    let (site, branch, merged) = (Arc::clone(&team), format!("p0/grant/{id}"), id.clone());
    let moves = move || {
        site.merges(&merged);
        site.site().git(&["branch", "-q", "-D", &branch]);
    };
    let HostedRepository { mirror, forge } = team.hosted();
    let forge = Arc::new(Moving { forge, before: Mutex::new(Some(Box::new(moves))) });
    let (_, reconciler) = team.bot_on(HostedRepository { mirror, forge }).await;
    let now: Timestamp = T1.parse().expect("a time");
    for state in ["awaiting-review", "merged"] {
        assert_eq!(reconciler.reconcile(now).await.problems, []);
        assert_eq!(team.state(T1, &id), state);
    }
    assert_eq!(team.grants(), [id]);
}
