//! A repository that moves while the service looks at it.

use std::sync::{Arc, Mutex};

use jiff::Timestamp;
use p0_access::layout::ClusterName;
use p0_gitops::forge::{Forge, ForgeError, GitForge, Publication};
use p0_gitops::repository::{BaseSnapshot, MergeOutcome, OnBase, Proposal, RemovalReason};
use p0_grant::name::GrantId;
use p0_tests::team::{READERS, Team};

const T0: &str = "2026-11-24T10:00:00Z";
const T1: &str = "2026-11-24T10:01:00Z";

/// A forge where something happens just before somebody asks whether a change is open.
struct Moving {
    forge: GitForge,
    before: Mutex<Option<Box<dyn FnOnce() + Send>>>,
}

impl Forge for Moving {
    fn is_open(&self, branch: &str) -> Result<bool, ForgeError> {
        if let Some(moves) = self.before.lock().expect("no panic").take() {
            moves();
        }
        self.forge.is_open(branch)
    }

    fn place(&self) -> String {
        self.forge.place()
    }

    fn snapshot(&self) -> Result<Arc<BaseSnapshot>, ForgeError> {
        self.forge.snapshot()
    }

    fn on_base(&self) -> Result<OnBase, ForgeError> {
        self.forge.on_base()
    }

    fn head(&self) -> Result<String, ForgeError> {
        self.forge.head()
    }

    fn file_at(&self, commit: &str, path: &str) -> Result<Option<Vec<u8>>, ForgeError> {
        self.forge.file_at(commit, path)
    }

    fn contains(&self, revision: &str, commit: &str) -> bool {
        self.forge.contains(revision, commit)
    }

    fn open(&self, proposal: &Proposal, now: Timestamp) -> Result<(), ForgeError> {
        self.forge.open(proposal, now)
    }

    fn land(&self, proposals: &[Proposal], now: Timestamp) -> Result<Vec<MergeOutcome>, ForgeError> {
        self.forge.land(proposals, now)
    }

    fn remove(
        &self,
        grants: &[(ClusterName, GrantId)],
        why: RemovalReason,
        now: Timestamp,
    ) -> Result<(), ForgeError> {
        self.forge.remove(grants, why, now)
    }

    fn swept(&self) -> Result<Option<Timestamp>, ForgeError> {
        self.forge.swept()
    }

    fn close(&self, branch: &str) -> Result<bool, ForgeError> {
        self.forge.close(branch)
    }

    fn publish(&self, file: &Publication, now: Timestamp) -> Result<(), ForgeError> {
        self.forge.publish(file, now)
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
    let forge = Moving { forge: team.forge(), before: Mutex::new(Some(Box::new(moves))) };
    let (_, reconciler) = team.bot_on(Arc::new(forge)).await;
    let now: Timestamp = T1.parse().expect("a time");
    for state in ["awaiting-review", "merged"] {
        assert_eq!(reconciler.reconcile(now).await.problems, []);
        assert_eq!(team.state(T1, &id), state);
    }
    assert_eq!(team.grants(), [id]);
}
