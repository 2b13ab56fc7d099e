//! Applying what requests want of the repository: removals first, and many at once.
//!
//! What a change came to is said by the forge alone: one that waits leaves its request where it is, to be asked about again.
//! Not here: what a change holds ([`super::render_grant`]), and what base holds by itself ([`super::observe_base`]).

use std::collections::BTreeMap;

use jiff::Timestamp;
use p0_access::cluster::MergeMode;
use p0_access::request::{Desired, Event, Granted, Request, RequestId, State};

mod additions;
mod removals;

use super::{Problem, Reconciler, problem, render_grant};
use crate::forge::{HostedRepository, ReviewSupport};
use crate::repository::ChangeRequest;
use crate::workflow::policy_context::PolicyContext;
use crate::workflow::{Result, WorkflowError, clusters_of, evidence};

/// What became of applying requests: those that are applied, those that the forge makes wait, and what went wrong with the
/// others.
#[derive(Default)]
pub(super) struct Applied {
    pub(super) done: Vec<RequestId>,
    pub(super) waiting: BTreeMap<RequestId, String>,
    pub(super) failed: BTreeMap<RequestId, String>,
}

/// The requests of one repository.
struct Batch {
    repository: HostedRepository,
    removals: Vec<Request>,
    additions: Vec<Addition>,
}

/// A request whose grants are to come to base.
struct Addition {
    request: Request,
    number: u32,
    change: ChangeRequest,
    merge: Merge,
}

/// Who merges an addition.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Merge {
    /// This program.
    Here,
    /// A person; the change is only opened.
    ByPerson,
}

impl Reconciler {
    /// Applies what requests want as far as it can.
    pub(super) async fn apply_desired(
        &self,
        ids: &[RequestId],
        now: Timestamp,
        problems: &mut Vec<Problem>,
    ) -> Applied {
        let mut applied = Applied::default();
        let mut batches: BTreeMap<String, Batch> = BTreeMap::new();
        for id in ids {
            match self.sort(id, &mut batches, now).await {
                Ok(true) => {}
                Ok(false) => applied.done.push(id.clone()),
                Err(error) => {
                    problem(problems, id.as_str(), &error);
                    applied.failed.insert(id.clone(), error.sentence());
                }
            }
        }
        for (place, batch) in batches {
            let ids = batch.ids();
            if let Err(error) = self.apply_batch(batch, now, &mut applied).await {
                problem(problems, &place, &error);
                let open = ids.into_iter().filter(|id| !applied.is_settled(id));
                let open: Vec<_> = open.map(|id| (id, error.sentence())).collect();
                applied.failed.extend(open);
            }
        }
        applied
    }

    /// Puts a request where it belongs in its repository's batch; `false` where there is nothing to do.
    async fn sort(
        &self,
        id: &RequestId,
        batches: &mut BTreeMap<String, Batch>,
        now: Timestamp,
    ) -> Result<bool> {
        let request = self.workflow.find(id, now).await?;
        let (repository, known) = match request.state() {
            State::Merged(_) | State::Active(_) => return Ok(false),
            State::Extending(extending) if extending.extension.granted.is_none() => return Ok(false),
            // Taking away needs nothing of base but the repository itself.
            _ if request.desired() == Desired::Nothing => {
                let repository = self.workflow.repository_of(&clusters_of(&request)).await?;
                batch(batches, repository).removals.push(request);
                return Ok(true);
            }
            _ => self.workflow.known(&clusters_of(&request)).await?,
        };
        match self.prepared(&request, &known, now).await {
            Ok((change, number)) => {
                let merge = who_merges(&request, known.merge_mode(), repository.forge.reviews());
                batch(batches, repository).additions.push(Addition { request, number, change, merge });
                Ok(true)
            }
            Err(WorkflowError::Changed) => {
                let why = "the role or the policy on base changed since it was approved".to_owned();
                self.send_back(&request, why, &known, now).await.map(|()| false)
            }
            Err(WorkflowError::Unproved(why)) => {
                tracing::error!(%id, why, "an approval in the store is not proved, and nothing is signed");
                self.send_back(&request, why, &known, now).await.map(|()| false)
            }
            // The catalogue or the settings make no such grant any more: that does not get better by waiting.
            Err(error @ (WorkflowError::Plan(_) | WorkflowError::NotThere(_) | WorkflowError::Render(_))) => {
                let findings = vec![error.sentence()];
                self.post(&request, Event::Refused { findings }, now).await.map(|()| false)
            }
            Err(error) => Err(error),
        }
    }

    async fn prepared(
        &self,
        request: &Request,
        known: &PolicyContext,
        now: Timestamp,
    ) -> Result<(ChangeRequest, u32)> {
        let key = self.key.as_ref().ok_or(crate::signing::SigningError::NoKey)?;
        let granted = to_add(request).ok_or(WorkflowError::Changed)?;
        // The verifier goes by the policy on base; what another one approved is asked about again.
        if granted.approval.policy != known.policy.digest() {
            return Err(WorkflowError::Changed);
        }
        evidence::check(&self.workflow, request, granted, known, key, now).await?;
        Ok((render_grant::change_request(request, granted, known, key)?, granted.number))
    }

    /// What it gives changed after the approval, or nothing proves that: back to the approvers with what it gives now.
    async fn send_back(
        &self,
        request: &Request,
        why: String,
        known: &PolicyContext,
        now: Timestamp,
    ) -> Result<()> {
        let mut digests = BTreeMap::new();
        for want in &request.spec().grants {
            digests.insert(want.grant.clone(), known.want(want)?.digest());
        }
        if matches!(request.state(), State::AwaitingReview(_)) {
            return self.post(request, Event::Refused { findings: vec![why] }, now).await;
        }
        self.post(request, Event::Return { why, digests }, now).await
    }

    async fn apply_batch(&self, batch: Batch, now: Timestamp, applied: &mut Applied) -> Result<()> {
        let Batch { repository, removals, additions } = batch;
        // What takes access away comes first, and an addition that fails does not undo that it is done.
        self.apply_removals(&repository, &removals, now, applied).await?;
        self.apply_additions(repository.forge.as_ref(), &additions, now, applied).await
    }

    /// Makes a step with what was seen. That the request has moved on meanwhile, or knew it, is no error.
    pub(super) async fn post(&self, request: &Request, event: Event, now: Timestamp) -> Result<()> {
        match self.workflow.advance(request.id(), now, |_| Ok(event.clone())).await {
            Ok(_) | Err(WorkflowError::Refused(_)) => Ok(()),
            Err(error) => Err(error),
        }
    }
}

/// Why a change is asked about again that the forge said nothing about.
const NO_ANSWER: &str = "the forge gives no answer about the change";

impl Batch {
    fn ids(&self) -> Vec<RequestId> {
        let additions = self.additions.iter().map(|addition| &addition.request);
        self.removals.iter().chain(additions).map(|request| request.id().clone()).collect()
    }
}

impl Applied {
    /// Whether it is known what became of a request.
    fn is_settled(&self, id: &RequestId) -> bool {
        self.done.contains(id) || self.waiting.contains_key(id) || self.failed.contains_key(id)
    }
}

fn batch(batches: &mut BTreeMap<String, Batch>, repository: HostedRepository) -> &mut Batch {
    batches.entry(repository.mirror.place().to_owned()).or_insert_with(|| Batch {
        repository,
        removals: Vec::new(),
        additions: Vec::new(),
    })
}

/// A review is waited for where the forge has reviews; elsewhere the person who reviews merges.
fn who_merges(request: &Request, mode: MergeMode, reviews: ReviewSupport) -> Merge {
    let needs_review = matches!(request.state(), State::AwaitingReview(_)) || mode == MergeMode::Review;
    match (mode, reviews) {
        (MergeMode::Manual, _) => Merge::ByPerson,
        (_, ReviewSupport::None) if needs_review => Merge::ByPerson,
        (MergeMode::Auto | MergeMode::Review, _) => Merge::Here,
    }
}

/// What is to come to base for a request.
fn to_add(request: &Request) -> Option<&Granted> {
    match request.state() {
        State::Approved(granted) | State::Proposed(granted) | State::AwaitingReview(granted) => Some(granted),
        State::Extending(extending) => extending.extension.granted.as_ref(),
        _ => None,
    }
}
