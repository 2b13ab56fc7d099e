//! Requests on a forge that waits, refuses, fails, loses answers, and merges by itself.
//!
//! The forge is the stateful fake of [`p0_tests::slow_forge`] over a real repository; requests, store and reconciler are ours.
#![expect(clippy::unwrap_used, reason = "what cannot be set up is a failed test")]

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use p0_gitops::reconcile::Reconciler;
use p0_tests::slow_forge::{Behaviour, Operation, SlowForge};
use p0_tests::team::{READERS, Team};

const T0: &str = "2026-11-24T10:00:00Z";
const T1: &str = "2026-11-24T10:01:00Z";

/// A team whose bot works on the slow forge.
struct Rig {
    team: Team,
    forge: Arc<SlowForge>,
    reconciler: Reconciler,
    minutes: i64,
}

impl Rig {
    async fn new() -> Self {
        let team = Team::new(READERS);
        let (forge, hosted) = SlowForge::over(team.hosted());
        let (_, reconciler) = team.bot_on(hosted).await;
        Self { team, forge, reconciler, minutes: 1 }
    }

    /// A request that Bob has approved, and that the bot has not seen.
    fn approved(&self, name: &str) -> String {
        let now = self.now().to_string();
        let id = self.team.asks(&now, name, &[]);
        self.team.acts_alone("bob", &now, &["approve", &id]).done();
        id
    }

    /// A request that is on base.
    async fn merged(&mut self, name: &str) -> String {
        let id = self.approved(name);
        self.forge.behaves(Behaviour::Merges);
        self.round().await;
        assert_eq!(self.state(&id), "merged");
        id
    }

    /// Some minutes later, so that whatever was to be tried again is due: one round; its problems.
    async fn round(&mut self) -> Vec<String> {
        self.minutes += 10;
        let report = self.reconciler.reconcile(self.now()).await;
        report.problems.into_iter().map(|problem| problem.why).collect()
    }

    fn now(&self) -> Timestamp {
        T0.parse::<Timestamp>().unwrap() + Duration::from_secs(self.minutes.unsigned_abs() * 60)
    }

    fn state(&self, id: &str) -> String {
        self.team.state(&self.now().to_string(), id)
    }

    fn has(&self, id: &str) -> bool {
        self.team.grants().iter().any(|own| own == id)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_merge_that_waits_leaves_the_request_proposed() {
    let mut rig = Rig::new().await;
    let id = rig.approved("web");
    rig.forge.behaves(Behaviour::Waits);
    for _ in 0..2 {
        assert_eq!(rig.round().await, [] as [String; 0], "waiting is no problem");
        assert_eq!((rig.state(&id).as_str(), rig.has(&id)), ("proposed", false));
    }
    rig.forge.behaves(Behaviour::Merges);
    rig.round().await;
    assert_eq!((rig.state(&id).as_str(), rig.has(&id)), ("merged", true));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_that_the_forge_merges_by_itself_is_seen_on_base() {
    let mut rig = Rig::new().await;
    let id = rig.approved("web");
    rig.forge.behaves(Behaviour::Waits);
    rig.round().await;
    rig.forge.checks_pass(rig.now()).await.unwrap();
    rig.round().await;
    assert_eq!((rig.state(&id).as_str(), rig.forge.merges()), ("merged", 1));
}

/// The removal is asked for and not merged: the access is there, and saying "gone" would be wrong.
#[tokio::test(flavor = "multi_thread")]
async fn a_removal_that_waits_leaves_the_request_revoking() {
    let mut rig = Rig::new().await;
    let id = rig.merged("web").await;
    rig.team.acts_alone("alice", &rig.now().to_string(), &["relinquish", &id]).done();
    rig.forge.behaves(Behaviour::Waits);
    for _ in 0..2 {
        rig.round().await;
        assert_eq!((rig.state(&id).as_str(), rig.has(&id)), ("revoking", true));
    }
    rig.forge.behaves(Behaviour::Merges);
    rig.round().await;
    assert_eq!((rig.state(&id).as_str(), rig.has(&id)), ("revoked", false));
    assert_eq!(rig.forge.open().len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_is_lost_is_asked_for_again_and_nothing_happens_twice() {
    let mut rig = Rig::new().await;
    let id = rig.approved("web");
    rig.forge.behaves(Behaviour::LosesAnswers);
    assert!(!rig.round().await.is_empty());
    assert!(["approved", "merged"].contains(&rig.state(&id).as_str()), "{}", rig.state(&id));
    rig.forge.behaves(Behaviour::Merges);
    rig.round().await;
    assert_eq!((rig.state(&id).as_str(), rig.team.landings(&id)), ("merged", 1));
    rig.team.acts_alone("alice", &rig.now().to_string(), &["relinquish", &id]).done();
    rig.forge.behaves(Behaviour::LosesAnswers);
    assert!(!rig.round().await.is_empty());
    rig.forge.behaves(Behaviour::Merges);
    rig.round().await;
    assert_eq!((rig.state(&id).as_str(), rig.has(&id), rig.team.landings(&id)), ("revoked", false, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_change_is_commented_closed_and_its_request_fails() {
    let mut rig = Rig::new().await;
    let id = rig.approved("web");
    rig.forge.behaves(Behaviour::Refuses);
    rig.round().await;
    assert_eq!((rig.state(&id).as_str(), rig.has(&id)), ("failed", false));
    let branch = format!("p0/grant/{id}");
    assert_eq!(rig.forge.comments(), [(branch, "a rule of the forge forbids it".to_owned())]);
    assert!(rig.forge.open().is_empty());
}

/// A removal that is refused is tried again for ever, and told as a problem each time.
#[tokio::test(flavor = "multi_thread")]
async fn a_refused_removal_is_never_given_up() {
    let mut rig = Rig::new().await;
    let id = rig.merged("web").await;
    rig.team.acts_alone("carol", &rig.now().to_string(), &["revoke", &id]).done();
    rig.forge.behaves(Behaviour::Refuses);
    for _ in 0..3 {
        rig.round().await;
        assert_eq!(rig.state(&id), "revoking");
    }
    rig.forge.behaves(Behaviour::Merges);
    rig.round().await;
    assert_eq!((rig.state(&id).as_str(), rig.has(&id)), ("revoked", false));
}

/// A process that is killed while it waits for the forge: the next one ends what it began, once its lease is over.
#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_is_killed_in_any_operation_is_followed_by_another() {
    for operation in [Operation::Ensure, Operation::Merge, Operation::Close] {
        let mut rig = Rig::new().await;
        let kept = rig.merged("kept").await;
        let id = rig.approved("web");
        rig.team.acts_alone("alice", &rig.now().to_string(), &["relinquish", &kept]).done();
        assert_eq!(rig.state(&kept), "revoking");
        rig.forge.behaves(Behaviour::HangsIn(operation));
        // The round ends nowhere; it is dropped there, as a killed process would.
        let killed = tokio::time::timeout(Duration::from_secs(2), rig.round()).await;
        assert!(killed.is_err(), "{operation:?}");
        rig.forge.behaves(Behaviour::Merges);
        rig.round().await;
        assert_eq!((rig.state(&id).as_str(), rig.team.landings(&id)), ("merged", 1), "{operation:?}");
        assert_eq!((rig.state(&kept).as_str(), rig.has(&kept)), ("revoked", false), "{operation:?}");
    }
}

/// Any order of any behaviour, while people approve, give back and take back: once the forge is well again, base holds exactly
/// what the requests say, and nothing came to base twice.
#[tokio::test(flavor = "multi_thread")]
async fn whatever_the_forge_does_base_ends_as_the_requests_say() {
    const BEHAVIOURS: [Behaviour; 5] =
        [Behaviour::Merges, Behaviour::Waits, Behaviour::LosesAnswers, Behaviour::Fails, Behaviour::Refuses];
    let mut rig = Rig::new().await;
    let mut dice = 11_u64;
    let mut roll = move |sides: u64| {
        dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (dice >> 33) % sides
    };
    let ids: Vec<String> = (0..6).map(|number| rig.approved(&format!("web-{number}"))).collect();
    for _ in 0..20 {
        rig.forge.behaves(BEHAVIOURS[usize::try_from(roll(5)).unwrap()]);
        rig.minutes -= 9;
        rig.round().await;
        let id = &ids[usize::try_from(roll(6)).unwrap()];
        let verb = ["relinquish", "cancel", "retry", "extend"][usize::try_from(roll(4)).unwrap()];
        // Which of these is possible depends on the state: a refusal changes nothing.
        rig.team.acts_alone("alice", &rig.now().to_string(), &[verb, id]);
        if roll(4) == 0 {
            // What is open is merged by the forge, if the verifier of the repository lets it.
            let _refused = rig.forge.checks_pass(rig.now()).await;
        }
    }
    rig.forge.behaves(Behaviour::Merges);
    for _ in 0..3 {
        rig.round().await;
    }
    assert_eq!(rig.round().await, [] as [String; 0]);
    for id in &ids {
        let state = rig.state(id);
        let is_live = ["merged", "extending"].contains(&state.as_str());
        assert_eq!(rig.has(id), is_live, "{id} is {state}");
        assert!(!["revoking", "approved", "proposed"].contains(&state.as_str()), "{id} is {state}");
        assert!(rig.team.landings(id) <= 1, "{id}");
    }
}

/// `merge: review` in the cluster file: the branch waits for a person, and taking away does not.
#[test]
fn in_the_review_mode_a_person_merges_and_removals_are_merged_at_once() {
    let team = Team::new(READERS);
    let path = "clusters/prod/p0-cluster.yaml";
    let settings = team.site().git(&["show", &format!("main:{path}")]);
    team.publish(path, &format!("{}\nmerge: review\n", settings.trim_end()));
    let id = team.asks(T0, "web", &[]);
    team.acts("bob", T1, &["approve", &id]).done();
    assert_eq!((team.state(T1, &id).as_str(), team.grants().len()), ("proposed", 0));
    team.merges(&id);
    let later = "2026-11-24T10:05:00Z";
    team.bot_runs(later, &["reconcile"]).done();
    assert_eq!((team.state(later, &id).as_str(), team.grants()), ("merged", vec![id.clone()]));
    team.acts("alice", later, &["relinquish", &id]).done();
    assert_eq!((team.state(later, &id).as_str(), team.grants().len()), ("revoked", 0));
}
