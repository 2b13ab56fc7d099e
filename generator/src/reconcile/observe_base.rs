//! Looking: what base holds is compared with what requests say, whenever base has moved.
//!
//! A file that is gone was reverted by hand; one that is another than what was approved is an earlier version, or was
//! tampered with; one that is there after its request has ended is removed again.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;
use p0_access::request::{Event, Granted, MergedGrant, Request, State, StateName};
use p0_grant::name::GrantId;

use super::{Reconciler, git_witness, render_grant};
use crate::forge::{ChangeStatus, HostedRepository, Mirror};
use crate::repository::OnBase;
use crate::workflow::actor::People;
use crate::workflow::{Result, blocking, clusters_of, in_states};

/// The commits of base that were looked at, by repository.
#[derive(Default)]
pub(super) struct ObservedHeads(Mutex<BTreeMap<String, String>>);

impl ObservedHeads {
    fn is_new(&self, place: &str, commit: &str) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(place).is_none_or(|seen| seen != commit)
    }

    fn note(&self, place: String, commit: String) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(place, commit);
    }
}

impl Reconciler {
    /// Looks at every repository whose base has moved, and at changes that are open.
    pub(super) async fn observe_base(&self, now: Timestamp) -> Result<usize> {
        let mut moved = 0;
        for repository in &self.workflow.repositories {
            let asked = repository.mirror.clone();
            let head = blocking(move || asked.head()).await?;
            moved += match self.heads.is_new(repository.mirror.place(), &head) {
                true => self.compare(repository, now).await?,
                false => self.look_at_open(repository, now).await?,
            };
        }
        Ok(moved)
    }

    /// Compares a base that has moved with all requests that go on.
    async fn compare(&self, repository: &HostedRepository, now: Timestamp) -> Result<usize> {
        let requests = self.workflow.list(&in_states(|state| !state.is_ended()), now).await?;
        let base = base(&repository.mirror).await?;
        // No access ends because a file cannot be read.
        let people = self.workflow.people(&repository.mirror).await.ok();
        let mut moved = self.look_at(&requests, repository, &base, now).await?;
        for request in of_base(&requests, &base) {
            if let Some(reasons) = people.as_ref().and_then(|people| left(request, people)) {
                self.post(request, Event::PolicyRevoked { reasons }, now).await?;
                moved += 1;
            }
        }
        moved += self.look_for_late(&requests, repository, &base, now).await?;
        self.heads.note(repository.mirror.place().to_owned(), base.commit.to_string());
        Ok(moved)
    }

    /// A change that is open can be closed without any move of base.
    async fn look_at_open(&self, repository: &HostedRepository, now: Timestamp) -> Result<usize> {
        let requests = self.workflow.list(&in_states(is_open), now).await?;
        if requests.is_empty() {
            return Ok(0);
        }
        let base = base(&repository.mirror).await?;
        self.look_at(&requests, repository, &base, now).await
    }

    async fn look_at(
        &self,
        requests: &[Request],
        repository: &HostedRepository,
        base: &OnBase,
        now: Timestamp,
    ) -> Result<usize> {
        let mut moved = 0;
        for request in of_base(requests, base) {
            moved += usize::from(self.look(request, repository, base, now).await?);
        }
        Ok(moved)
    }

    /// Files on base whose request has ended.
    async fn look_for_late(
        &self,
        going_on: &[Request],
        repository: &HostedRepository,
        base: &OnBase,
        now: Timestamp,
    ) -> Result<usize> {
        let known: BTreeSet<&GrantId> =
            going_on.iter().flat_map(|request| &request.spec().grants).map(|want| &want.grant).collect();
        let mut moved = 0;
        for (_, id) in base.files.keys().filter(|(_, id)| !known.contains(id)) {
            if let Some(stored) = self.workflow.store.load(id.as_str()).await? {
                moved += usize::from(self.look(&stored.read()?, repository, base, now).await?);
            }
        }
        Ok(moved)
    }

    async fn look(
        &self,
        request: &Request,
        repository: &HostedRepository,
        base: &OnBase,
        now: Timestamp,
    ) -> Result<bool> {
        let there = files(request, base);
        let event = match request.state() {
            State::AwaitingReview(granted) | State::Proposed(granted) => {
                self.landing(request, granted, there, repository, base).await?
            }
            State::Merged(merged) | State::Active(merged) => live(merged, &there, base),
            State::Extending(extending) => match &extending.extension.granted {
                Some(then) if !there.is_empty() && there != extending.merged.files => {
                    self.landing(request, then, there, repository, base).await?
                }
                _ => live(&extending.merged, &there, base),
            },
            // Its effects are being carried out.
            State::Approved(_) | State::Pending(_) => None,
            State::Revoking(ending) => match (there.is_empty(), ending.off_base) {
                (true, None) => Some(absent(base)),
                (false, Some(_)) => Some(merged(base, 0, there)),
                _ => None,
            },
            _ if there.is_empty() => None,
            _ => Some(merged(base, 0, there)),
        };
        let Some(event) = event else { return Ok(false) };
        let is_absent = matches!(event, Event::Absent { .. });
        self.post(request, event, now).await?;
        if is_absent && !self.is_watched(request).await? {
            self.post(request, Event::Gone(git_witness(now)), now).await?;
        }
        Ok(true)
    }

    /// Whether a witness looks into the request's clusters; without one, Git's word counts.
    pub(super) async fn is_watched(&self, request: &Request) -> Result<bool> {
        let (_, known) = match self.workflow.known(&clusters_of(request)).await {
            Ok(known) => known,
            // Unreadable settings name no witness; what is gone from Git is gone as far as anybody can know.
            Err(error) if !matches!(error, crate::workflow::WorkflowError::Forge(_)) => return Ok(false),
            Err(error) => return Err(error),
        };
        Ok(request.spec().grants.iter().any(|want| known.is_confirmed(&want.cluster)))
    }

    /// What is there of a change that should be open, or was merged by somebody.
    async fn landing(
        &self,
        request: &Request,
        granted: &Granted,
        there: BTreeMap<GrantId, String>,
        repository: &HostedRepository,
        base: &OnBase,
    ) -> Result<Option<Event>> {
        if there.is_empty() {
            let status = repository.forge.status(&render_grant::branch(request, granted)).await?;
            let asked = repository.mirror.clone();
            let head = blocking(move || asked.head()).await?;
            return Ok(match (status, granted.open) {
                (ChangeStatus::Open, false) => Some(Event::Opened),
                (ChangeStatus::Open, true) => None,
                // It may have been merged since base was read: the next round sees that.
                _ if head != base.commit.to_string() => None,
                (ChangeStatus::Closed { by }, _) => {
                    Some(Event::Absent { commit: base.commit.to_string(), closed_by: by })
                }
                (ChangeStatus::Absent | ChangeStatus::Merged { .. }, _) => Some(absent(base)),
            });
        }
        let Some(key) = &self.key else { return Ok(None) };
        let (_, known) = self.workflow.known(&clusters_of(request)).await?;
        let expected = render_grant::change_request(request, granted, &known, key)?.digests();
        Ok(Some(match there == expected {
            true => merged(base, granted.number, there),
            false => Event::Tampered { what: "another file than the one that was proposed".to_owned() },
        }))
    }
}

fn is_open(state: StateName) -> bool {
    matches!(state, StateName::AwaitingReview | StateName::Proposed)
}

/// What is on base. Read after the requests were read, so that it is no older than they are.
async fn base(mirror: &Mirror) -> Result<OnBase> {
    let asked = mirror.clone();
    blocking(move || asked.on_base()).await
}

/// Those of the repository's own clusters.
fn of_base<'r>(requests: &'r [Request], base: &OnBase) -> impl Iterator<Item = &'r Request> {
    requests.iter().filter(|request| clusters_of(request).is_subset(&base.clusters))
}

/// The persons of a request who are gone.
fn left(request: &Request, people: &People) -> Option<Vec<String>> {
    let asked = request.spec();
    let gone = std::iter::once(&asked.requester)
        .chain(&asked.owner)
        .filter(|name| people.identities.by_name(name).is_err());
    let mut reasons: Vec<String> =
        gone.map(|name| format!("`{name}` is not in p0/identities.yaml any more")).collect();
    reasons.dedup();
    (!reasons.is_empty()).then_some(reasons)
}

/// What is there of a live grant; nothing to say where it is as it should be.
fn live(merged: &MergedGrant, there: &BTreeMap<GrantId, String>, base: &OnBase) -> Option<Event> {
    if *there == merged.files {
        return None;
    }
    if there.is_empty() {
        return Some(absent(base));
    }
    let earlier = (0..merged.granted.number).find(|number| merged.granted.replaced(*number) == Some(there));
    Some(match earlier {
        Some(number) => Event::Shortened { number },
        None => Event::Tampered { what: "another file than the one that was approved".to_owned() },
    })
}

fn absent(base: &OnBase) -> Event {
    Event::Absent { commit: base.commit.to_string(), closed_by: None }
}

fn merged(base: &OnBase, number: u32, files: BTreeMap<GrantId, String>) -> Event {
    Event::Merged { commit: base.commit.to_string(), number, files }
}

/// The digests of a request's files on base.
fn files(request: &Request, base: &OnBase) -> BTreeMap<GrantId, String> {
    let grants = request.spec().grants.iter();
    let there = grants.filter_map(|want| {
        let digest = base.files.get(&(want.cluster.clone(), want.grant.clone()))?;
        Some((want.grant.clone(), digest.clone()))
    });
    there.collect()
}
