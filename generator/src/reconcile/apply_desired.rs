//! Settling: the repository is made to hold what requests want of it, removals first and many at once.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use p0_access::digest::sha256;
use p0_access::layout::ClusterName;
use p0_access::request::{EndReason as Ends, Event, Granted, Request, RequestId, State};
use p0_access::verifier::Finding;
use p0_grant::name::GrantId;

use super::{Problem, Reconciler, git_witness, problem, render_grant};
use crate::forge::Forge;
use crate::repository::{MergeOutcome, Proposal, RemovalReason};
use crate::workflow::policy_context::PolicyContext;
use crate::workflow::{Result, WorkflowError, blocking, clusters_of};

/// What became of settling requests: those that are applied, and what went wrong with the others.
#[derive(Default)]
pub(super) struct Applied {
    pub(super) done: Vec<RequestId>,
    pub(super) failed: BTreeMap<RequestId, String>,
}

/// The requests of one repository.
struct Batch {
    forge: Arc<dyn Forge>,
    gone: Vec<Request>,
    landing: Vec<(Request, Proposal, u32)>,
    review: Vec<(Request, Proposal)>,
}

impl Reconciler {
    /// Settles requests as far as it can.
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
            match self.apply_batch(batch, now).await {
                Ok(()) => applied.done.extend(ids),
                Err(error) => {
                    problem(problems, &place, &error);
                    applied.failed.extend(ids.into_iter().map(|id| (id, error.sentence())));
                }
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
        let request = self.workflow.find(id).await?;
        let (forge, known) = match request.state() {
            State::Merged(_) | State::Active(_) => return Ok(false),
            State::Extending(extending) if extending.extension.granted.is_none() => return Ok(false),
            // Taking away needs nothing of base but the repository itself.
            _ if request.desired() == p0_access::request::Desired::Nothing => {
                let forge = self.workflow.forge_of(&clusters_of(&request)).await?;
                batch(batches, forge).gone.push(request);
                return Ok(true);
            }
            _ => self.workflow.known(&clusters_of(&request)).await?,
        };
        match self.prepared(&request, &known) {
            Ok((proposal, number)) => {
                let batch = batch(batches, forge);
                match request.state() {
                    State::AwaitingReview(_) => batch.review.push((request, proposal)),
                    _ => batch.landing.push((request, proposal, number)),
                }
                Ok(true)
            }
            Err(WorkflowError::Changed) => self.send_back(&request, &known, now).await.map(|()| false),
            // The catalogue or the settings make no such grant any more: that does not get better by waiting.
            Err(error @ (WorkflowError::Plan(_) | WorkflowError::NotThere(_) | WorkflowError::Render(_))) => {
                let findings = vec![error.sentence()];
                self.post(&request, Event::Refused { findings }, now).await.map(|()| false)
            }
            Err(error) => Err(error),
        }
    }

    fn prepared(&self, request: &Request, known: &PolicyContext) -> Result<(Proposal, u32)> {
        let key = self.key.as_ref().ok_or(crate::signing::SigningError::NoKey)?;
        let granted = to_land(request).ok_or(WorkflowError::Changed)?;
        // The verifier goes by the policy on base; what another one approved is asked about again.
        if granted.approval.policy != known.policy.digest() {
            return Err(WorkflowError::Changed);
        }
        Ok((render_grant::proposal(request, granted, known, key)?, granted.number))
    }

    /// What it gives changed after the approval: back to the approvers with what it gives now.
    async fn send_back(&self, request: &Request, known: &PolicyContext, now: Timestamp) -> Result<()> {
        let mut digests = BTreeMap::new();
        for want in &request.spec().grants {
            digests.insert(want.grant.clone(), known.want(want)?.digest());
        }
        let why = "the role or the policy on base changed since it was approved".to_owned();
        if matches!(request.state(), State::AwaitingReview(_)) {
            return self.post(request, Event::Refused { findings: vec![why] }, now).await;
        }
        self.post(request, Event::Return { why, digests }, now).await
    }

    async fn apply_batch(&self, batch: Batch, now: Timestamp) -> Result<()> {
        let Batch { forge, gone, landing, review } = batch;
        let (removals, branches) = leftovers(&gone);
        let proposals: Vec<Proposal> = landing.iter().map(|(_, proposal, _)| proposal.clone()).collect();
        let reviews: Vec<Proposal> = review.iter().map(|(_, proposal)| proposal.clone()).collect();
        // Revocations come before grants.
        let work = forge.clone();
        blocking(move || {
            for (why, grants) in removals {
                work.remove(&grants, why, now)?;
            }
            branches.iter().try_for_each(|branch| work.close(branch).map(drop))
        })
        .await?;
        if !gone.is_empty() {
            let work = forge.clone();
            let head = blocking(move || work.head()).await?;
            for request in &gone {
                self.left(request, &head, now).await?;
            }
        }
        let work = forge.clone();
        let outcomes = blocking(move || {
            reviews.iter().try_for_each(|proposal| work.open(proposal, now))?;
            if proposals.is_empty() { Ok(Vec::new()) } else { work.land(&proposals, now) }
        })
        .await?;
        for (request, _) in &review {
            self.post(request, Event::Opened, now).await?;
        }
        for ((request, proposal, number), outcome) in landing.iter().zip(outcomes) {
            self.post(request, merged(proposal, *number, &outcome), now).await?;
        }
        Ok(())
    }

    /// A request whose files are off base, and whose branches are closed.
    async fn left(&self, request: &Request, head: &str, now: Timestamp) -> Result<()> {
        if matches!(request.state(), State::Revoking(_)) {
            self.post(request, Event::Absent { commit: head.to_owned() }, now).await?;
            if !self.is_watched(request).await? {
                self.post(request, Event::Gone(git_witness(now)), now).await?;
            }
        }
        Ok(())
    }

    /// Makes a step with what was seen. That the request has moved on meanwhile, or knew it, is no error.
    pub(super) async fn post(&self, request: &Request, event: Event, now: Timestamp) -> Result<()> {
        match self.workflow.advance(request.id(), now, |_| Ok(event.clone())).await {
            Ok(_) | Err(WorkflowError::Refused(_)) => Ok(()),
            Err(error) => Err(error),
        }
    }
}

impl Batch {
    fn ids(&self) -> Vec<RequestId> {
        let landing = self.landing.iter().map(|(request, ..)| request);
        let review = self.review.iter().map(|(request, _)| request);
        self.gone.iter().chain(landing).chain(review).map(|request| request.id().clone()).collect()
    }
}

fn batch(batches: &mut BTreeMap<String, Batch>, forge: Arc<dyn Forge>) -> &mut Batch {
    batches.entry(forge.place()).or_insert_with(|| Batch {
        forge,
        gone: Vec::new(),
        landing: Vec::new(),
        review: Vec::new(),
    })
}

/// What is to land for a request.
fn to_land(request: &Request) -> Option<&Granted> {
    match request.state() {
        State::Approved(granted) | State::Proposed(granted) | State::AwaitingReview(granted) => Some(granted),
        State::Extending(extending) => extending.extension.granted.as_ref(),
        _ => None,
    }
}

type Removals = BTreeMap<RemovalReason, Vec<(ClusterName, GrantId)>>;

/// The files and branches that ended requests must not have.
fn leftovers(gone: &[Request]) -> (Removals, Vec<String>) {
    let (mut removals, mut branches) = (Removals::new(), Vec::new());
    for request in gone {
        let why = match request.state() {
            State::Revoking(ending) => match ending.why {
                Ends::Expired => RemovalReason::Expired,
                Ends::Tampered | Ends::Late => RemovalReason::Tampered,
                Ends::Unapplied => RemovalReason::Unappliable,
                Ends::Relinquished | Ends::Revoked | Ends::RevertedInGit | Ends::PolicyRevoked => {
                    RemovalReason::Revoked
                }
            },
            _ => RemovalReason::Revoked,
        };
        let grants = request.spec().grants.iter();
        removals
            .entry(why)
            .or_default()
            .extend(grants.map(|want| (want.cluster.clone(), want.grant.clone())));
        branches.push(crate::repository::grant_branch(request.id().grant()));
        let last = request.granted().map_or(0, |granted| granted.number) + 1;
        branches.extend((1..=last).map(|number| format!("p0/extend/{}/{number}", request.id())));
    }
    (removals, branches)
}

/// What landing came to, as an event.
fn merged(proposal: &Proposal, number: u32, outcome: &MergeOutcome) -> Event {
    let files = proposal.files.iter().map(|(_, id, bytes)| (id.clone(), sha256(bytes))).collect();
    match outcome {
        MergeOutcome::Merged(commit) | MergeOutcome::Before(commit) => {
            Event::Merged { commit: commit.to_string(), number, files }
        }
        MergeOutcome::Refused(findings) => {
            Event::Refused { findings: findings.iter().map(sentence).collect() }
        }
    }
}

fn sentence(finding: &Finding) -> String {
    format!("{} [{}]", finding.refusal.sentence(), finding.refusal.code())
}
