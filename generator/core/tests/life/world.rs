//! A small world around one request. What each action does to it is in `acting.rs`.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use p0_access::duration::Lifetime;
use p0_access::layout::ClusterName;
use p0_access::name::{PersonName, RuleName};
use p0_access::policy::{Accepted, Basis};
use p0_access::request::{
    Approval, Desired, Event, Evidence, Opening, Request, RequestId, RequestSpec, RequestedGrant, Span,
    StateName, Vote, Witness, open, step,
};
use p0_grant::digest::SubsetDigest;

mod acting;

/// What the repository holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Git {
    /// Neither branch nor file.
    Nothing,
    /// A branch with a grant.
    Branch(u32),
    /// A file on base.
    Base(u32),
}

/// A worker that has read what is wanted, and has not acted, or not told, yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Job {
    Read(Wanted),
    Acted,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wanted {
    Nothing,
    Branch { number: u32, before: Timestamp },
    OnBase { number: u32, before: Timestamp },
}

/// Whatever may happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    Approve,
    Half,
    Deny,
    Forbid,
    Return,
    Cancel,
    Relinquish,
    Revoke,
    Extend,
    Retry,
    JudgeSaysNo,
    RevertByHand,
    RestoreByHand,
    MergeByHand,
    DeleteBranchByHand,
    ShortenByHand,
    Tamper,
    Read(u8),
    Act(u8),
    Tell(u8),
    Crash(u8),
    Observe,
    Live,
    Gone,
    Unsynced,
    Unapplied,
    Tick,
    Clock,
}

/// What always may happen.
const ALWAYS: &[Action] = &[
    Action::Approve,
    Action::Relinquish,
    Action::Read(0),
    Action::Act(0),
    Action::Tell(0),
    Action::Observe,
    Action::Tick,
    Action::Clock,
];

/// A story: what may happen besides. They are told one at a time, or there would be too many worlds.
pub(crate) struct Story {
    pub(crate) name: &'static str,
    /// The grant's lifetime, in the world's steps of time.
    life: i64,
    /// Nothing new is begun after this.
    latest: i64,
    review: bool,
    more: &'static [Action],
}

const fn story(name: &'static str, more: &'static [Action]) -> Story {
    Story { name, life: 2, latest: 1, review: false, more }
}

pub(crate) const STORIES: &[Story] = &[
    story(
        "people and crashes",
        &[Action::Deny, Action::Cancel, Action::Revoke, Action::Crash(0), Action::RevertByHand],
    ),
    story("two workers", &[Action::Deny, Action::Read(1), Action::Act(1), Action::Tell(1)]),
    story("second thoughts", &[Action::Half, Action::Return, Action::Forbid]),
    story("a verifier", &[Action::JudgeSaysNo, Action::Retry, Action::Cancel, Action::DeleteBranchByHand]),
    Story {
        review: true,
        ..story(
            "a review",
            &[
                Action::Deny,
                Action::Cancel,
                Action::Revoke,
                Action::MergeByHand,
                Action::DeleteBranchByHand,
                Action::JudgeSaysNo,
            ],
        )
    },
    story("hands in Git", &[Action::RevertByHand, Action::RestoreByHand, Action::Tamper, Action::Gone]),
    story("a cluster", &[Action::Live, Action::Gone, Action::Unsynced, Action::Unapplied, Action::Revoke]),
    Story { life: 4, ..story("time", &[Action::Live, Action::Extend]) },
    story("longer", &[Action::Extend, Action::Live, Action::RevertByHand, Action::Revoke, Action::Forbid]),
    story("longer, and not", &[Action::Extend, Action::Half, Action::Deny, Action::Return, Action::Live]),
    story(
        "longer, and no",
        &[Action::Extend, Action::JudgeSaysNo, Action::Cancel, Action::Unapplied, Action::Live],
    ),
    story("longer, and meddled with", &[Action::Extend, Action::Live, Action::Tamper, Action::Unsynced]),
    Story { latest: 2, ..story("longer, and back", &[Action::Extend, Action::ShortenByHand, Action::Live]) },
];

impl Story {
    /// Everything that may happen in it.
    pub(crate) fn actions(&self) -> Vec<Action> {
        [ALWAYS, self.more].concat()
    }

    /// The world that it begins with.
    pub(crate) fn first(&self) -> World {
        match self.review {
            false => World::opened(Opening::Ask, self),
            true => {
                let review = approval(self.life, Basis::GitReview);
                let mut world = World::opened(Opening::Review(review), self);
                world.approved.insert(0);
                world
            }
        }
    }
}

#[derive(Clone, Debug)]
pub(crate) struct World {
    pub(crate) request: Request,
    pub(crate) git: Git,
    pub(crate) now: i64,
    /// The grant's lifetime.
    pub(crate) life: i64,
    latest: i64,
    /// Numbers of grants that an approval won.
    pub(crate) approved: BTreeSet<u32>,
    /// How often our own merge brought a file to a base that had none.
    pub(crate) landings: u32,
    /// Whether base had it before.
    used: bool,
    workers: BTreeMap<u8, Job>,
    /// What people did by hand, each once.
    hands: BTreeSet<&'static str>,
}

/// So many steps of ten minutes.
fn steps(count: i64) -> Lifetime {
    format!("{count}0m").parse().unwrap()
}

fn alice() -> PersonName {
    PersonName::new("alice").unwrap()
}

fn bob() -> PersonName {
    PersonName::new("bob").unwrap()
}

fn at(step: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + step * 600).unwrap()
}

fn approval(lifetime: i64, basis: fn(BTreeSet<PersonName>) -> Basis) -> Approval {
    Approval {
        policy: "0".repeat(64),
        accepted: vec![Accepted {
            rule: RuleName::new("anybody").unwrap(),
            basis: basis([bob()].into()),
            parts: Vec::new(),
        }],
        votes: Vec::new(),
        lifetime: steps(lifetime),
        merge_within: steps(1),
    }
}

fn vote(person: PersonName) -> Vote {
    Vote { person, at: at(0), lifetime: steps(1), evidence: Evidence::Name }
}

impl World {
    fn opened(opening: Opening, story: &Story) -> Self {
        let id: RequestId = "vpl5aqzpwnnqmnkrzze2".parse().unwrap();
        let want = RequestedGrant {
            grant: id.grant().clone(),
            cluster: ClusterName::new("prod").unwrap(),
            role: "ClusterRole/view".parse().unwrap(),
            selection: "pods default/*".to_owned(),
            subresources: Vec::new(),
            digest: SubsetDigest::of(&[]),
            danger: None,
            iam_arn: None,
        };
        let asked = RequestSpec {
            id,
            requester: alice(),
            subject: "alice@example.com".parse().unwrap(),
            owner: Some(alice()),
            grants: vec![want],
            lifetime: steps(story.life),
            span: Span::Timed,
            reason: None,
            rule: "anybody".to_owned(),
            at: at(0),
            answer_by: at(2),
            remind_at: Some(at(1)),
            escalate_at: None,
        };
        let request = open(asked, opening, at(0)).unwrap().request;
        Self {
            request,
            git: Git::Nothing,
            now: 0,
            life: story.life,
            latest: story.latest,
            approved: BTreeSet::new(),
            landings: 0,
            used: false,
            workers: BTreeMap::new(),
            hands: BTreeSet::new(),
        }
    }

    pub(crate) fn time(&self) -> Timestamp {
        at(self.now)
    }

    /// Two worlds with one key are one world: how many steps it took makes no difference.
    pub(crate) fn key(&self) -> String {
        let state = serde_json::to_string(self.request.state()).unwrap();
        let Self { git, now, landings, used, workers, hands, .. } = self;
        format!("{state} {git:?} {now} {landings} {used} {workers:?} {hands:?}")
    }

    /// What machines do again and again: look, make it so, look, and let time count.
    pub(crate) fn sweep(&mut self) {
        let mut rows = BTreeSet::new();
        self.workers.clear();
        for _ in 0..2 {
            self.observe(&mut rows);
            self.post(Event::Tick, &mut rows);
            while !self.settle(self.wanted()) {}
            self.observe(&mut rows);
            self.post(Event::Gone(self.witness()), &mut rows);
        }
    }

    fn witness(&self) -> Witness {
        Witness { by: "test".to_owned(), at: at(0), note: None }
    }

    fn by_hand(&mut self, what: &'static str, act: impl FnOnce(&mut Self)) {
        if self.now <= self.latest && self.hands.insert(what) {
            act(self);
        }
    }

    fn once(&mut self, what: &'static str, event: Event, rows: &mut BTreeSet<(String, String, String)>) {
        if self.now <= self.latest && !self.hands.contains(what) && self.try_post(event, rows) {
            self.hands.insert(what);
        }
    }

    fn post(&mut self, event: Event, rows: &mut BTreeSet<(String, String, String)>) {
        self.try_post(event, rows);
    }

    fn try_post(&mut self, event: Event, rows: &mut BTreeSet<(String, String, String)>) -> bool {
        let Ok(step) = step(&self.request, event, self.time()) else { return false };
        let line = &step.line;
        let event = line.what.as_ref().unwrap().name().as_str().to_owned();
        rows.insert((line.from.unwrap().as_str().to_owned(), event, line.to.as_str().to_owned()));
        self.request = step.request;
        if let Desired::OnBase(granted) | Desired::Branch(granted) | Desired::Replaced { then: granted, .. } =
            self.request.desired()
        {
            self.approved.insert(granted.number);
        }
        true
    }

    fn wanted(&self) -> Wanted {
        match self.request.desired() {
            Desired::Nothing => Wanted::Nothing,
            Desired::Branch(granted) => {
                Wanted::Branch { number: granted.number, before: granted.merge_before }
            }
            Desired::OnBase(granted) | Desired::Replaced { then: granted, .. } => {
                Wanted::OnBase { number: granted.number, before: granted.merge_before }
            }
        }
    }

    /// Makes it so, as the verifier allows, one move of a branch at a time; whether that was all.
    fn settle(&mut self, wanted: Wanted) -> bool {
        match wanted {
            Wanted::Nothing => self.git = Git::Nothing,
            Wanted::Branch { number, .. } if self.git == Git::Nothing && !self.used => {
                self.git = Git::Branch(number);
            }
            Wanted::Branch { .. } => {}
            Wanted::OnBase { number: 0, .. } if self.git == Git::Nothing && !self.used => {
                self.git = Git::Branch(0);
                return false;
            }
            Wanted::OnBase { number, before } => self.land(number, before),
        }
        true
    }

    fn land(&mut self, number: u32, before: Timestamp) {
        let landing = self.request.granted().map_or(before, |granted| granted.merge_before);
        match self.git {
            // In place: an extension of exactly what stands there.
            Git::Base(there) if there + 1 == number && self.time() < before => self.git = Git::Base(number),
            Git::Base(_) => {}
            // Nothing rises again, and nothing lands late.
            Git::Nothing | Git::Branch(_)
                if number == 0 && !self.used && self.time() < before.min(landing) =>
            {
                self.git = Git::Base(number);
                self.used = true;
                self.landings += 1;
            }
            Git::Nothing | Git::Branch(_) => {}
        }
    }

    fn observe(&mut self, rows: &mut BTreeSet<(String, String, String)>) {
        let state = self.request.state().name();
        match self.git {
            Git::Base(number) => {
                let merged = Event::Merged { commit: "c".to_owned(), number, files: [].into() };
                if !self.try_post(merged, rows) {
                    self.post(Event::Shortened { number }, rows);
                }
            }
            Git::Branch(_) => self.post(Event::Opened, rows),
            // A branch that was never seen may still be coming.
            Git::Nothing if state != StateName::Approved => {
                self.post(Event::Absent { commit: "c".to_owned(), closed_by: None }, rows);
            }
            Git::Nothing => {}
        }
    }
}
