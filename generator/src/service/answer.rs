//! Answering: yes and no, to a request or to an extension.
//!
//! A yes is to what was shown: the digest of that comes along, what it gives is made anew from base, and policy is asked
//! again. A person who signs with their own key signs exactly what will stand in the grant.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;
use p0_access::duration::Lifetime;
use p0_access::name::PersonName;
use p0_access::policy::{Given, Reason};
use p0_access::request::{Event, EventName, Evidence, Refused, Request, RequestId, State, Tally, Vote};
use p0_grant::digest::SubsetDigest;
use p0_grant::name::GrantId;
use p0_grant::plan::PlanReport;
use p0_grant::signature::{Purpose, Signature};
use p0_grant::statement::Statement;

use super::revokers::{Ending, check_may_end};
use super::{Service, approval};
use crate::signing::SigningKey;
use crate::workflow::actor::{Actor, Claim, SlackUser, check_fresh};
use crate::workflow::judged::{Judged, approvers, context, counted, members};
use crate::workflow::policy_context::{PlannedGrant, PolicyContext};
use crate::workflow::{Result, WorkflowError, clusters_of, evidence};

/// A request as an approver sees it, and what they would sign.
pub struct Preview {
    /// The request.
    pub request: Request,
    /// The digest of what is shown.
    pub digest: String,
    /// For how long a yes would be.
    pub lifetime: Lifetime,
    /// When.
    pub at: Timestamp,
    /// What is signed, by grant.
    pub statements: BTreeMap<GrantId, Statement>,
    /// What it gives, and what is said about that.
    pub findings: Vec<PlanReport>,
    /// Who may still approve it; nothing where policy refuses it, and no approval helps.
    pub may_approve: Option<BTreeSet<PersonName>>,
}

/// An approval of what was shown.
pub struct Approval {
    /// The digest of what was shown.
    pub shown: String,
    /// For how long: never longer than asked.
    pub lifetime: Lifetime,
    /// When it was signed.
    pub at: Timestamp,
    /// Signatures over the statements, or a name.
    pub proof: Proof,
}

/// What proves an approval.
pub enum Proof {
    /// Signatures over what was shown, by grant.
    Signed(BTreeMap<GrantId, Signature>),
    /// A name.
    Named(PersonName),
    /// A click in Slack, which the bot seals with its key.
    Clicked {
        /// Whose.
        by: SlackUser,
        /// The key that seals it.
        key: Arc<SigningKey>,
    },
}

impl Preview {
    /// The yes of `actor` to what is shown.
    ///
    /// # Errors
    /// [`WorkflowError::Signing`].
    pub fn approval(&self, actor: &Actor) -> Result<Approval> {
        let proof = match actor {
            Actor::Name(person) => Proof::Named(person.clone()),
            Actor::Key(key) => {
                let sign = |(id, statement): (&GrantId, &Statement)| {
                    Ok((id.clone(), key.sign(Purpose::Approval, statement.text().as_bytes())?))
                };
                Proof::Signed(self.statements.iter().map(sign).collect::<Result<_>>()?)
            }
        };
        Ok(Approval { shown: self.digest.clone(), lifetime: self.lifetime, at: self.at, proof })
    }
}

impl Service {
    /// Shows a request as it is now, for a yes of at most `lifetime`.
    ///
    /// # Errors
    /// [`WorkflowError`].
    pub async fn show(&self, id: &RequestId, lifetime: Option<Lifetime>, now: Timestamp) -> Result<Preview> {
        let request = self.workflow.find(id, now).await?;
        let (_, known) = self.workflow.known(&clusters_of(&request)).await?;
        let lifetime = lifetime.unwrap_or(asked_lifetime(&request));
        let statements = shown_statements(&known, &request, lifetime, now)?;
        let findings =
            members(&known, &request)?.iter().map(|member| member.planned.plan.report().clone()).collect();
        let may_approve = still(&known, &request, now).ok();
        Ok(Preview { digest: request.shown(), lifetime, at: now, statements, findings, may_approve, request })
    }

    /// Who may still approve a request that waits; none where that is not known.
    pub async fn may_approve(&self, request: &Request, now: Timestamp) -> BTreeSet<PersonName> {
        if !waits(request) {
            return BTreeSet::new();
        }
        let known = self.workflow.known(&clusters_of(request)).await;
        known.and_then(|(_, known)| still(&known, request, now)).unwrap_or_default()
    }

    /// Tells a person who may not approve so, before anything is shown or signed.
    ///
    /// # Errors
    /// [`WorkflowError::NotAmong`] with those who may; [`WorkflowError::Who`]; [`WorkflowError::Refused`] where no approval is waited
    /// for, or it would be for too long.
    pub async fn check_may_approve(&self, preview: &Preview, actor: &Actor) -> Result<()> {
        if !waits(&preview.request) {
            let state = preview.request.state().name();
            return Err(Refused::NotNow { state, event: EventName::Approve }.into());
        }
        if preview.lifetime > asked_lifetime(&preview.request) {
            return Err(Refused::Longer.into());
        }
        let (_, known) = self.workflow.known(&clusters_of(&preview.request)).await?;
        let person = known.people.person(actor)?;
        match &preview.may_approve {
            Some(may) if !may.contains(&person) && !preview.request.approved_by().contains(&person) => {
                let may = may.iter().map(ToString::to_string).collect();
                Err(WorkflowError::NotAmong { who: person.to_string(), what: "approve it".to_owned(), may })
            }
            _ => Ok(()),
        }
    }

    /// Says approval.
    ///
    /// # Errors
    /// [`WorkflowError`]; what is refused leaves the request as it was, but for what it gives having changed: then it is back
    /// at the approvers.
    pub async fn approve(&self, id: &RequestId, approval: &Approval, now: Timestamp) -> Result<Request> {
        check_fresh(approval.at, now)?;
        let request = self.workflow.find(id, now).await?;
        let (_, known) = self.workflow.known(&clusters_of(&request)).await?;
        let person = known.whose(approval, &request)?;
        let decide = |request: &Request| {
            if !matches!(request.state(), State::Pending(_) | State::Extending(_)) {
                let event = p0_access::request::EventName::Approve;
                return Err(Refused::NotNow { state: request.state().name(), event }.into());
            }
            if let Some(event) = changed(&known, request)? {
                return Ok(event);
            }
            if request.shown() != approval.shown {
                return Err(WorkflowError::Stale(request.id().clone()));
            }
            verdict(&known, request, vote(&person, approval, request)?, now)
        };
        let moved = self.workflow.advance(id, now, decide).await?;
        match moved.state() {
            State::Pending(pending) if pending.returned.is_some() && pending.votes.is_empty() => {
                Err(WorkflowError::Changed)
            }
            State::Merged(_) | State::Active(_) => Err(WorkflowError::Changed),
            _ => Ok(moved),
        }
    }

    /// Says no.
    ///
    /// # Errors
    /// [`WorkflowError`].
    pub async fn deny(
        &self,
        id: &RequestId,
        reason: Option<String>,
        claim: &Claim,
        now: Timestamp,
    ) -> Result<Request> {
        let request = self.workflow.find(id, now).await?;
        let (base, by) = self.acting(&request, claim, "deny", id.as_str(), now).await?;
        if request.spec().concerns(&by) && !request.approved_by().contains(&by) {
            let why = "it is their own request; `cancel` takes it back".to_owned();
            return Err(WorkflowError::NotAllowed { who: by.to_string(), what: "deny it", why });
        }
        check_may_end(&base, &request, &by, Ending::Deny, now)?;
        self.workflow.advance(id, now, |_| Ok(Event::Deny { by: by.clone(), reason: reason.clone() })).await
    }
}

impl PolicyContext {
    /// Whose yes it is: all signatures are by one person's key, over exactly these statements.
    fn whose(&self, approval: &Approval, request: &Request) -> Result<PersonName> {
        let signatures = match &approval.proof {
            Proof::Named(person) => return self.people.named(person),
            Proof::Clicked { by, .. } => return self.people.clicked(by),
            Proof::Signed(signatures) => signatures,
        };
        let statements = shown_statements(self, request, approval.lifetime, approval.at)?;
        evidence::signer(self, &statements, signatures)
    }
}

/// What an approver signs for each grant of a request as it stands.
fn shown_statements(
    known: &PolicyContext,
    request: &Request,
    lifetime: Lifetime,
    at: Timestamp,
) -> Result<BTreeMap<GrantId, Statement>> {
    let none = BTreeMap::new();
    let previous = match request.state() {
        State::Extending(extending) => &extending.extension.previous,
        _ => &none,
    };
    evidence::statements(known, request, previous, lifetime, at)
}

fn vote(person: &PersonName, approval: &Approval, request: &Request) -> Result<Vote> {
    let armor = |(id, signature): (&GrantId, &Signature)| (id.clone(), signature.armor().to_owned());
    let with =
        |evidence| Vote { person: person.clone(), at: approval.at, lifetime: approval.lifetime, evidence };
    Ok(match &approval.proof {
        Proof::Named(_) => with(Evidence::Name),
        Proof::Signed(signatures) => with(Evidence::Signatures(signatures.iter().map(armor).collect())),
        Proof::Clicked { key, .. } => {
            // The seal is over the vote without its evidence.
            let seal = evidence::seal(request, &with(Evidence::Name), key)?;
            with(Evidence::Click { seal })
        }
    })
}

/// Who may still approve: who may, and has not yet.
fn still(known: &PolicyContext, request: &Request, now: Timestamp) -> Result<BTreeSet<PersonName>> {
    let mut may = approvers(known, request, now)?;
    for vote in request.waiting_votes() {
        may.remove(&vote.person);
    }
    Ok(may)
}

/// Whether it waits for an answer.
fn waits(request: &Request) -> bool {
    match request.state() {
        State::Extending(extending) => extending.extension.granted.is_none(),
        state => matches!(state, State::Pending(_) | State::AwaitingReview(_)),
    }
}

fn asked_lifetime(request: &Request) -> Lifetime {
    match request.state() {
        State::Extending(extending) => extending.extension.lifetime,
        _ => request.spec().lifetime,
    }
}

/// The event that sends a request back, where it gives something else than when it was asked for.
fn changed(known: &PolicyContext, request: &Request) -> Result<Option<Event>> {
    let mut digests: BTreeMap<GrantId, SubsetDigest> = BTreeMap::new();
    for (want, member) in request.spec().grants.iter().zip(members(known, request)?) {
        if member.digest() != want.digest {
            digests.insert(want.grant.clone(), member.digest());
        }
    }
    if digests.is_empty() {
        return Ok(None);
    }
    Ok(Some(Event::Return { why: "the role gives something else on base now".to_owned(), digests }))
}

/// What a vote comes to, with those before it.
fn verdict(known: &PolicyContext, request: &Request, vote: Vote, now: Timestamp) -> Result<Event> {
    let found: Vec<PlannedGrant> = members(known, request)?;
    let judged = Judged::of(known, &found, &context(request, now)?)?;
    let votes: Vec<Vote> = request.waiting_votes().iter().chain([&vote]).cloned().collect();
    let given = Given::nothing(now).with_votes(votes.iter().map(counted));
    let shortest = votes.iter().map(|vote| vote.lifetime).min().unwrap_or(vote.lifetime);
    let verdict = match judged.accept(&given) {
        Ok(accepted) => {
            Tally::Sufficient(approval(known, accepted, shortest.min(asked_lifetime(request)), votes))
        }
        // It counts, and more are needed; anything else is a no to this vote.
        Err(reasons) if judged.may_approve(&vote.person) && judged.is_begun(&given) => {
            let missing = reasons.iter().filter(|reason| reason.is_missing());
            Tally::Insufficient { missing: missing.map(Reason::sentence).collect() }
        }
        Err(reasons) => return Err(WorkflowError::Policy(reasons)),
    };
    Ok(Event::Approve { vote: Some(vote), verdict })
}
