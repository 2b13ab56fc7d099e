//! What proves an approval. It is verified again before anything is signed: a person who can write into the store can make nothing of
//! that, because a row proves nothing by itself.
//!
//! A vote on the command line is proved by the person's own signatures; a vote that was given elsewhere, such as a click, by the
//! seal that the bot's key makes when it has verified it. Being on call is asked again. Not here: whether the vote is enough,
//! which policy says.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use p0_access::duration::Lifetime;
use p0_access::name::PersonName;
use p0_access::policy::{Accepted, Given, OnCall};
use p0_access::request::{Evidence, Granted, Request, RequestedGrant, State, Vote};
use p0_grant::approval::ApprovalKind;
use p0_grant::name::GrantId;
use p0_grant::signature::{Purpose, Signature};
use p0_grant::statement::Statement;
use serde::Serialize;

use super::actor::FRESH;
use super::judged::{Judged, context, counted, members};
use super::policy_context::PolicyContext;
use super::{Result, Workflow, WorkflowError, reason_of, recorded_reason};
use crate::signing::{SigningError, SigningKey};
use crate::when::written;

/// A vote that a person gave where they cannot sign, as the bot seals it.
#[derive(Serialize)]
struct Click<'a> {
    request: &'a str,
    shown: String,
    person: &'a PersonName,
    at: Timestamp,
    lifetime_seconds: i64,
}

/// The seal of the bot's `key` on a vote that it has verified itself: it binds request, what was shown, person, time and lifetime.
///
/// # Errors
/// [`SigningError`] where the key does not sign.
pub fn seal(request: &Request, vote: &Vote, key: &SigningKey) -> std::result::Result<String, SigningError> {
    let text = click(request, vote)?;
    Ok(key.sign(Purpose::Click, text.as_bytes())?.armor().to_owned())
}

fn click(request: &Request, vote: &Vote) -> std::result::Result<String, SigningError> {
    let click = Click {
        request: request.id().as_str(),
        shown: request.shown(),
        person: &vote.person,
        at: vote.at,
        lifetime_seconds: vote.lifetime.duration().as_secs(),
    };
    serde_json::to_string(&click)
        .map_err(|error| p0_grant::signature::SignatureError::Signing(error.to_string()).into())
}

/// What an approver signs for each grant; `previous` has the files that an extension replaces.
pub(crate) fn statements(
    known: &PolicyContext,
    request: &Request,
    previous: &BTreeMap<GrantId, String>,
    lifetime: Lifetime,
    at: Timestamp,
) -> Result<BTreeMap<GrantId, Statement>> {
    let asked = request.spec();
    let statement = |want: &RequestedGrant| {
        let member = known.want(want)?;
        let statement = Statement {
            grant: want.grant.to_string(),
            cluster: want.cluster.to_string(),
            repository: known.repository.as_ref().map(ToString::to_string),
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

/// The one person whose keys signed all `statements`.
pub(crate) fn signer(
    known: &PolicyContext,
    statements: &BTreeMap<GrantId, Statement>,
    signatures: &BTreeMap<GrantId, Signature>,
) -> Result<PersonName> {
    let wrong = |problem: String| WorkflowError::Proof(problem);
    let mut signer: Option<PersonName> = None;
    for (id, statement) in statements {
        let signature = signatures.get(id).ok_or_else(|| wrong(format!("`{id}` is not signed")))?;
        let key = signature.signer(Purpose::Approval, statement.text().as_bytes());
        let key = key.map_err(|refused| wrong(refused.to_string()))?;
        let person = known.people.identities.by_key(&key).map_err(WorkflowError::Who)?.name.clone();
        match &signer {
            Some(first) if *first != person => return Err(wrong("two persons signed".to_owned())),
            _ => signer = Some(person),
        }
    }
    signer.ok_or_else(|| wrong("nothing is signed".to_owned()))
}

/// Whether what `granted` says of its approval is proved, and is what policy answers to it. Who is on call at `now` is asked of
/// `workflow`, and only where being on call approved it.
///
/// # Errors
/// [`WorkflowError::Unproved`] where it is not; others where that cannot be found out.
pub(crate) async fn check(
    workflow: &Workflow,
    request: &Request,
    granted: &Granted,
    known: &PolicyContext,
    bot: &SigningKey,
    now: Timestamp,
) -> Result<()> {
    let approval = &granted.approval;
    if is_reviewed_in_git(request, granted) {
        // The review of the change proves it, and no vote.
        return Ok(());
    }
    for vote in &approval.votes {
        let problem = vote_problem(request, granted, vote, known, bot)?;
        if let Some(problem) = problem {
            return Err(unproved(format!("the approval of `{}` is not proved: {problem}", vote.person)));
        }
    }
    if let Some(problem) = times_problem(granted) {
        return Err(unproved(problem));
    }
    let found = members(known, request)?;
    let judged = Judged::of(known, &found, &context(request, granted.at)?)?;
    let on_call = match approval.duty() {
        Some(_) => workflow.duties(&judged, known, &request.spec().requester, now).await,
        None => OnCall::NotAsked,
    };
    let preapproval = approval.accepted.iter().find_map(Accepted::preapproval);
    let preapproval = known.preapprovals.iter().find(|own| Some(&own.preapproval().id) == preapproval);
    let given = Given { on_call, preapproval: preapproval.cloned(), ..Given::nothing(granted.at) };
    let given = given.with_votes(approval.votes.iter().map(counted));
    let accepted = judged.accept(&given).map_err(|reasons| {
        unproved(format!("policy does not accept its approval: {}", super::error::sentences(&reasons)))
    })?;
    let lives = granted.expires_at.duration_since(granted.at);
    let is_same = accepted.len() == approval.accepted.len()
        && accepted
            .iter()
            .zip(&approval.accepted)
            .all(|(now, then)| then.is_proved_by(&now.accepted) && lives <= now.max_duration.duration());
    match is_same {
        true => Ok(()),
        false => Err(unproved("policy accepts another approval than the one that is recorded".to_owned())),
    }
}

fn unproved(problem: String) -> WorkflowError {
    WorkflowError::Unproved(problem)
}

fn is_reviewed_in_git(request: &Request, granted: &Granted) -> bool {
    let is_git = |accepted: &Accepted| accepted.kind() == ApprovalKind::Git;
    matches!(request.state(), State::AwaitingReview(_)) && granted.approval.accepted.iter().all(is_git)
}

/// What is wrong with the proof of a vote.
fn vote_problem(
    request: &Request,
    granted: &Granted,
    vote: &Vote,
    known: &PolicyContext,
    bot: &SigningKey,
) -> Result<Option<String>> {
    Ok(match &vote.evidence {
        Evidence::Signatures(armors) => {
            let statements = statements(known, request, &granted.previous, vote.lifetime, vote.at)?;
            let read = |(id, armor): (&GrantId, &String)| Some((id.clone(), Signature::read(armor).ok()?));
            let signatures = armors.iter().filter_map(read).collect();
            match signer(known, &statements, &signatures) {
                Ok(person) if person == vote.person => None,
                Ok(person) => Some(format!("`{person}` signed it")),
                Err(error) => Some(error.sentence()),
            }
        }
        Evidence::Click { seal } => {
            let text = click(request, vote)?;
            let key =
                Signature::read(seal).ok().and_then(|seal| seal.signer(Purpose::Click, text.as_bytes()).ok());
            let is_own = key.is_some_and(|key| bot.is_half_of(&key));
            (!is_own).then(|| "the seal of the bot's key is missing, or is on something else".to_owned())
        }
        Evidence::Name if known.people.demo => None,
        Evidence::Name => Some("a name alone proves nothing".to_owned()),
    })
}

/// An approval is made when its last vote is given, and lives no longer than the shortest of them says.
fn times_problem(granted: &Granted) -> Option<String> {
    let votes = &granted.approval.votes;
    let lives = granted.expires_at.duration_since(granted.at);
    let shortest = votes.iter().map(|vote| vote.lifetime.duration()).min();
    let distance = |vote: &Vote| granted.at.duration_since(vote.at).abs();
    let last: Option<SignedDuration> = votes.iter().map(distance).min();
    match () {
        () if shortest.is_some_and(|shortest| lives > shortest) => {
            Some("it lives longer than its approvers allowed".to_owned())
        }
        () if last.is_some_and(|last| last > FRESH) => {
            Some(format!("no approval was given at {}, when it was approved", written(granted.at)))
        }
        () => None,
    }
}
