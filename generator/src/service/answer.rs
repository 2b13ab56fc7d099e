//! Answering: yes and no, to a request or to an extension.
//!
//! A yes is to what was shown: the digest of that comes along, what it gives is made anew from base, and policy is asked
//! again. Whoever signs with their own key signs exactly what will stand in the grant.

use std::collections::BTreeMap;

use jiff::Timestamp;
use p0_access::duration::Lifetime;
use p0_access::policy::{Given, Reason, Term};
use p0_access::request::{Event, Refused, Request, RequestId, Span, State, Tally, Vote};
use p0_grant::approval::Statement;
use p0_grant::digest::SubsetDigest;
use p0_grant::name::GrantId;
use p0_grant::plan::PlanReport;
use p0_grant::signature::{Purpose, Signature};

use super::{Judged, Service, approval, counted, members};
use crate::workflow::actor::{Acting, Actor, Claim};
use crate::workflow::policy_context::{PlannedGrant, PolicyContext, QueryContext};
use crate::workflow::{Result, WorkflowError, clusters_of};
use crate::workflow::{reason_of, recorded_reason};

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
}

/// A approval.
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

/// What proves a approval.
pub enum Proof {
    /// Signatures over what was shown, by grant.
    Signed(BTreeMap<GrantId, Signature>),
    /// A name.
    Named(p0_access::name::PersonName),
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
        let request = self.workflow.find(id).await?;
        let (_, known) = self.workflow.known(&clusters_of(&request)).await?;
        let lifetime = lifetime.unwrap_or(asked_lifetime(&request));
        let statements = statements(&known, &request, lifetime, now)?;
        let findings =
            members(&known, &request)?.iter().map(|member| member.planned.plan.report().clone()).collect();
        Ok(Preview { digest: request.shown(), lifetime, at: now, statements, findings, request })
    }

    /// Says approval.
    ///
    /// # Errors
    /// [`WorkflowError`]; what is refused leaves the request as it was, but for what it gives having changed: then it is back
    /// at the approvers.
    pub async fn approve(&self, id: &RequestId, approval: &Approval, now: Timestamp) -> Result<Request> {
        let request = self.workflow.find(id).await?;
        let (_, known) = self.workflow.known(&clusters_of(&request)).await?;
        let acting = known.whose(approval, &request)?;
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
            verdict(&known, request, vote(&acting, approval), now)
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
        let request = self.workflow.find(id).await?;
        let (_, known) = self.workflow.known(&clusters_of(&request)).await?;
        let by = known.people.who(claim, "deny", id.as_str(), now)?.person;
        let found = members(&known, &request)?;
        let may = Judged::of(&known, &found, &context(&request, now)?)?.may_approve(&by);
        if !may {
            let why = "only whoever could approve it can deny it; whoever asked can `cancel`".to_owned();
            return Err(WorkflowError::NotAllowed { who: by.to_string(), why });
        }
        self.workflow.advance(id, now, |_| Ok(Event::Deny { by: by.clone(), reason: reason.clone() })).await
    }
}

impl PolicyContext {
    /// Whose yes it is: all signatures are by one person's key, over exactly these statements.
    fn whose(&self, approval: &Approval, request: &Request) -> Result<Acting> {
        let signatures = match &approval.proof {
            Proof::Named(person) => return self.people.named(person),
            Proof::Signed(signatures) => signatures,
        };
        let mut acting: Option<Acting> = None;
        for (id, statement) in statements(self, request, approval.lifetime, approval.at)? {
            let wrong = |problem: String| WorkflowError::Proof(problem);
            let signature = signatures.get(&id).ok_or_else(|| wrong(format!("`{id}` is not signed")))?;
            let key = signature.signer(Purpose::Approval, statement.text().as_bytes());
            let key = key.map_err(|refused| wrong(refused.to_string()))?;
            let person = self.people.identities.by_key(&key).map_err(WorkflowError::Who)?.name.clone();
            match &acting {
                Some(first) if first.person != person => return Err(wrong("two persons signed".to_owned())),
                _ => acting = Some(Acting { person, channel: p0_access::request::Channel::Cli }),
            }
        }
        acting.ok_or_else(|| WorkflowError::Proof("nothing is signed".to_owned()))
    }
}

/// What an approver signs for each grant.
fn statements(
    known: &PolicyContext,
    request: &Request,
    lifetime: Lifetime,
    at: Timestamp,
) -> Result<BTreeMap<GrantId, Statement>> {
    let asked = request.spec();
    let previous = match request.state() {
        State::Extending(extending) => extending.extension.previous.clone(),
        _ => BTreeMap::new(),
    };
    let statement = |want: &p0_access::request::RequestedGrant| {
        let member = known.want(want)?;
        let statement = Statement {
            grant: want.grant.to_string(),
            cluster: want.cluster.to_string(),
            requester: asked.requester.to_string(),
            subject: asked.subject.to_string(),
            role: want.role.to_string(),
            selection: want.selection.clone(),
            subresources: want.subresources.clone(),
            subset_sha256: member.digest().to_string(),
            reason: recorded_reason(reason_of(request), member.settings.grants.reason),
            previous: previous.get(&want.grant).cloned(),
            at,
            lifetime_seconds: lifetime.duration().as_secs(),
        };
        Ok((want.grant.clone(), statement))
    };
    asked.grants.iter().map(statement).collect()
}

fn vote(acting: &Acting, approval: &Approval) -> Vote {
    let signatures = match &approval.proof {
        Proof::Named(_) => BTreeMap::new(),
        Proof::Signed(signatures) => {
            signatures.iter().map(|(id, signature)| (id.clone(), signature.armor().to_owned())).collect()
        }
    };
    let Acting { person, channel } = acting.clone();
    Vote { person, channel, at: approval.at, lifetime: approval.lifetime, signatures }
}

fn asked_lifetime(request: &Request) -> Lifetime {
    match request.state() {
        State::Extending(extending) => extending.extension.lifetime,
        _ => request.spec().lifetime,
    }
}

/// What policy is asked about a request.
pub(super) fn context(request: &Request, now: Timestamp) -> Result<QueryContext<'_>> {
    let asked = request.spec();
    let term = match (request.state(), asked.span) {
        (State::Extending(extending), _) => {
            let first = extending.merged.granted.numbered(0).unwrap_or(&extending.merged.granted).at;
            let by = extending.extension.lifetime;
            let until = now.checked_add(by.duration()).map_err(|_| Refused::Overflow)?;
            let total = Lifetime::between(first, until).ok_or(Refused::Overflow)?;
            Term::Extended { by, total }
        }
        (_, Span::Persistent) => Term::Persistent,
        (_, Span::Timed) => Term::For(Some(asked.lifetime)),
    };
    Ok(QueryContext {
        requester: &asked.requester,
        subject: &asked.subject,
        term,
        reason: reason_of(request),
    })
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
    let before = match request.state() {
        State::Pending(pending) => pending.votes.as_slice(),
        State::Extending(extending) => extending.extension.votes.as_slice(),
        _ => &[],
    };
    let votes: Vec<Vote> = before.iter().chain([&vote]).cloned().collect();
    let given = Given::nothing(now).with_votes(votes.iter().map(counted));
    let shortest = votes.iter().map(|vote| vote.lifetime).min().unwrap_or(vote.lifetime);
    let verdict = match judged.accept(&given) {
        Ok(accepted) => {
            Tally::Sufficient(approval(known, accepted, shortest.min(asked_lifetime(request)), votes, None))
        }
        // It counts, and more are needed; anything else is a no to this vote.
        Err(reasons) if judged.may_approve(&vote.person) && waits(&reasons) => {
            let missing = reasons.iter().filter(|reason| matches!(reason, Reason::NotEnough { .. }));
            Tally::Insufficient { missing: missing.map(Reason::sentence).collect() }
        }
        Err(reasons) => return Err(WorkflowError::Policy(reasons)),
    };
    Ok(Event::Approve { vote: Some(vote), verdict })
}

/// Whether some approvals count already, and only their number is too small.
fn waits(reasons: &[Reason]) -> bool {
    reasons.iter().any(|reason| matches!(reason, Reason::NotEnough { have, .. } if *have > 0))
}
