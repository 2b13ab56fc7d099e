//! What each action does to the world.

use std::collections::BTreeSet;

use jiff::Timestamp;
use p0_access::name::PersonName;
use p0_access::policy::Basis;
use p0_access::request::{Event, ExtensionRequest, Tally};

use super::{Action, Git, Job, World, alice, approval, at, bob, steps, vote};

impl World {
    pub(crate) fn act(&mut self, action: Action, rows: &mut BTreeSet<(String, String, String)>) {
        match action {
            Action::Approve => {
                let which = if self.hands.contains("approve") { "approve more" } else { "approve" };
                let verdict = Tally::Sufficient(approval(self.life, Basis::Reviewers));
                self.once(which, Event::Approve { vote: Some(vote(bob())), verdict }, rows);
            }
            Action::Half => {
                let carol = PersonName::new("carol").unwrap();
                let verdict = Tally::Insufficient { missing: vec!["one more".to_owned()] };
                self.once("half", Event::Approve { vote: Some(vote(carol)), verdict }, rows);
            }
            Action::Deny => self.post(Event::Deny { by: bob(), reason: None }, rows),
            Action::Forbid => self.post(Event::PolicyRevoked { reasons: vec!["frozen".to_owned()] }, rows),
            Action::Return => {
                self.once("return", Event::Return { why: "changed".to_owned(), digests: [].into() }, rows);
            }
            Action::Cancel => self.post(Event::Cancel { by: alice() }, rows),
            Action::Relinquish => self.post(Event::Relinquish { by: alice() }, rows),
            Action::Revoke => self.post(Event::Revoke { by: bob(), reason: None }, rows),
            Action::Extend => {
                let extension = ExtensionRequest {
                    by: alice(),
                    lifetime: steps(self.life),
                    reason: None,
                    at: at(0),
                    previous: [].into(),
                    votes: Vec::new(),
                    granted: None,
                };
                let again = self.hands.contains("extend") && self.git == Git::Base(1);
                self.once(if again { "extend more" } else { "extend" }, Event::Extend(extension), rows);
            }
            Action::Retry => self.once("retry", Event::Retry { by: alice() }, rows),
            Action::JudgeSaysNo => {
                self.once("judge", Event::Refused { findings: vec!["no".to_owned()] }, rows);
            }
            Action::RevertByHand => self.by_hand("revert", |world| {
                if matches!(world.git, Git::Base(_)) {
                    world.git = Git::Nothing;
                }
            }),
            Action::RestoreByHand => self.by_hand("restore", |world| {
                // A force push: only the file that stood there can come back.
                if world.used && world.git == Git::Nothing {
                    world.git = Git::Base(0);
                }
            }),
            Action::MergeByHand => self.by_hand("merge", |world| {
                if let Git::Branch(number) = world.git {
                    world.land(number, Timestamp::MAX);
                }
            }),
            Action::DeleteBranchByHand => self.by_hand("delete", |world| {
                if matches!(world.git, Git::Branch(_)) {
                    world.git = Git::Nothing;
                }
            }),
            Action::ShortenByHand => self.by_hand("shorten", |world| {
                if let Git::Base(1) = world.git {
                    world.git = Git::Base(0);
                }
            }),
            Action::Tamper if matches!(self.git, Git::Base(_)) => {
                self.once("tamper", Event::Tampered { what: "a verb more".to_owned() }, rows);
            }
            Action::Tamper => {}
            Action::Read(worker) => {
                let wanted = self.wanted();
                self.workers.entry(worker).or_insert(Job::Read(wanted));
            }
            Action::Act(worker) => {
                if let Some(Job::Read(wanted)) = self.workers.get(&worker).copied() {
                    // First the branch, then the merge: others may look in between.
                    if self.settle(wanted) {
                        self.workers.insert(worker, Job::Acted);
                    }
                }
            }
            Action::Tell(worker) => {
                if self.workers.get(&worker) == Some(&Job::Acted) {
                    self.workers.remove(&worker);
                    self.observe(rows);
                }
            }
            Action::Crash(worker) => drop(self.workers.remove(&worker)),
            Action::Observe => self.observe(rows),
            Action::Live if matches!(self.git, Git::Base(_)) => self.post(Event::Live(self.witness()), rows),
            Action::Live => {}
            Action::Gone => self.post(Event::Gone(self.witness()), rows),
            Action::Unsynced => self.post(Event::Unsynced { why: "late".to_owned() }, rows),
            Action::Unapplied => self.post(Event::Unapplied { why: "no namespace".to_owned() }, rows),
            Action::Tick => self.post(Event::Tick, rows),
            Action::Clock if self.now <= self.latest + self.life => self.now += 1,
            Action::Clock => {}
        }
    }
}
