//! Settling: the repository is made to hold what requests want of it, removals first and many at once.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use p0_access::digest::sha256;
use p0_access::judge::Finding;
use p0_access::layout::ClusterName;
use p0_access::request::{Event, Granted, Request, RequestId, State, Why as Ends};
use p0_grant::name::GrantId;

use super::{git_witness, paper, problem};
use crate::desk::known::Known;
use crate::desk::ports::Forge;
use crate::desk::{Desk, DeskError, Result, blocking, clusters_of};
use crate::repository::{Fate, Proposal, Why};

/// What became of settling requests: those that are settled, and what went wrong with the others.
#[derive(Default)]
pub(super) struct Settled {
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

impl Desk {
    /// Settles requests as far as it can.
    pub(super) async fn settle(
        &self,
        ids: &[RequestId],
        now: Timestamp,
        problems: &mut Vec<(String, String)>,
    ) -> Settled {
        let mut settled = Settled::default();
        let mut batches: BTreeMap<String, Batch> = BTreeMap::new();
        for id in ids {
            match self.sort(id, &mut batches, now).await {
                Ok(true) => {}
                Ok(false) => settled.done.push(id.clone()),
                Err(error) => {
                    problem(problems, id.as_str(), &error);
                    settled.failed.insert(id.clone(), error.sentence());
                }
            }
        }
        for (place, batch) in batches {
            let ids = batch.ids();
            match self.settle_batch(batch, now).await {
                Ok(()) => settled.done.extend(ids),
                Err(error) => {
                    problem(problems, &place, &error);
                    settled.failed.extend(ids.into_iter().map(|id| (id, error.sentence())));
                }
            }
        }
        settled
    }

    /// Puts a request where it belongs in its repository's batch; `false` where there is nothing to do.
    async fn sort(
        &self,
        id: &RequestId,
        batches: &mut BTreeMap<String, Batch>,
        now: Timestamp,
    ) -> Result<bool> {
        let request = self.find(id).await?;
        let (forge, known) = match request.state() {
            State::Merged(_) | State::Active(_) => return Ok(false),
            State::Extending(extending) if extending.wish.granted.is_none() => return Ok(false),
            // Taking away needs nothing of base but the repository itself.
            _ if request.desired() == p0_access::request::Desired::Nothing => {
                let forge = self.forge_of(&clusters_of(&request)).await?;
                batch(batches, forge).gone.push(request);
                return Ok(true);
            }
            _ => self.known(&clusters_of(&request)).await?,
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
            Err(DeskError::Changed) => self.send_back(&request, &known, now).await.map(|()| false),
            // The catalogue or the settings make no such grant any more: that does not get better by waiting.
            Err(error @ (DeskError::Plan(_) | DeskError::NotThere(_) | DeskError::Paper(_))) => {
                let findings = vec![error.sentence()];
                self.post(&request, Event::Refused { findings }, now).await.map(|()| false)
            }
            Err(error) => Err(error),
        }
    }

    fn prepared(&self, request: &Request, known: &Known) -> Result<(Proposal, u32)> {
        let key = self.key.as_ref().ok_or(crate::signing::SigningError::NoKey)?;
        let granted = to_land(request).ok_or(DeskError::Changed)?;
        // The judge goes by the policy on base; what another one approved is asked about again.
        if granted.approval.policy != known.policy.digest() {
            return Err(DeskError::Changed);
        }
        Ok((paper::proposal(request, granted, known, key)?, granted.number))
    }

    /// What it gives changed after the approval: back to the approvers with what it gives now.
    async fn send_back(&self, request: &Request, known: &Known, now: Timestamp) -> Result<()> {
        let mut digests = BTreeMap::new();
        for want in &request.asked().wants {
            digests.insert(want.grant.clone(), known.want(want)?.digest());
        }
        let why = "the role or the policy on base changed since it was approved".to_owned();
        if matches!(request.state(), State::AwaitingReview(_)) {
            return self.post(request, Event::Refused { findings: vec![why] }, now).await;
        }
        self.post(request, Event::Return { why, digests }, now).await
    }

    async fn settle_batch(&self, batch: Batch, now: Timestamp) -> Result<()> {
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
        let fates = blocking(move || {
            reviews.iter().try_for_each(|proposal| work.open(proposal, now))?;
            if proposals.is_empty() { Ok(Vec::new()) } else { work.land(&proposals, now) }
        })
        .await?;
        for (request, _) in &review {
            self.post(request, Event::Opened, now).await?;
        }
        for ((request, proposal, number), fate) in landing.iter().zip(fates) {
            self.post(request, landed(proposal, *number, &fate), now).await?;
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
        match self.advance(request.id(), now, |_| Ok(event.clone())).await {
            Ok(_) | Err(DeskError::Refused(_)) => Ok(()),
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
        State::Extending(extending) => extending.wish.granted.as_ref(),
        _ => None,
    }
}

type Removals = BTreeMap<Why, Vec<(ClusterName, GrantId)>>;

/// The files and branches that ended requests must not have.
fn leftovers(gone: &[Request]) -> (Removals, Vec<String>) {
    let (mut removals, mut branches) = (Removals::new(), Vec::new());
    for request in gone {
        let why = match request.state() {
            State::Revoking(ending) => match ending.why {
                Ends::Expired => Why::Expired,
                Ends::Tampered | Ends::Late => Why::Tampered,
                Ends::Unapplied => Why::Unappliable,
                Ends::Relinquished | Ends::Revoked | Ends::RevertedInGit | Ends::Forbidden => Why::Revoked,
            },
            _ => Why::Revoked,
        };
        let wants = request.asked().wants.iter();
        removals.entry(why).or_default().extend(wants.map(|want| (want.cluster.clone(), want.grant.clone())));
        branches.push(crate::repository::grant_branch(request.id().grant()));
        let last = request.granted().map_or(0, |granted| granted.number) + 1;
        branches.extend((1..=last).map(|number| format!("p0/extend/{}/{number}", request.id())));
    }
    (removals, branches)
}

/// What landing came to, as an event.
fn landed(proposal: &Proposal, number: u32, fate: &Fate) -> Event {
    let files = proposal.files.iter().map(|(_, id, bytes)| (id.clone(), sha256(bytes))).collect();
    match fate {
        Fate::Merged(commit) | Fate::Before(commit) => {
            Event::Merged { commit: commit.to_string(), number, files }
        }
        Fate::Refused(findings) => Event::Refused { findings: findings.iter().map(sentence).collect() },
    }
}

fn sentence(finding: &Finding) -> String {
    format!("{} [{}]", finding.refusal.sentence(), finding.refusal.code())
}
