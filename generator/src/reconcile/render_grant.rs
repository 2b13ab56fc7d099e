//! The grant files that a request's approval makes: signed, and the same bytes however often they are made.

use p0_access::cluster::MergeMode;
use p0_access::planned::GrantTerms;
use p0_access::policy::Accepted;
use p0_access::request::{Granted, Request, RequestedGrant, State};
use p0_grant::approval::ApproverSignature;
use p0_grant::grant::Workflow;
use p0_grant::manifest::Manifest;
use p0_grant::signature::{Purpose, Signature};

use super::describe_change;
use crate::git::Message;
use crate::repository::{ChangeRequest, Content, GrantFile, GrantMessage, ReviewNeed, grant_branch};
use crate::signing::SigningKey;
use crate::workflow::policy_context::{PlannedGrant, PolicyContext};
use crate::workflow::{Result, WorkflowError, reason_of, recorded_reason};

/// The change request that brings `granted` to base.
pub(super) fn change_request(
    request: &Request,
    granted: &Granted,
    known: &PolicyContext,
    key: &SigningKey,
) -> Result<ChangeRequest> {
    let mut files = Vec::with_capacity(request.spec().grants.len());
    for (index, want) in request.spec().grants.iter().enumerate() {
        let bytes = file(request, granted, index, want, known, key)?;
        files.push(GrantFile { cluster: want.cluster.clone(), id: want.grant.clone(), bytes });
    }
    Ok(ChangeRequest {
        branch: branch(request, granted),
        message: message(request, granted),
        content: Content::Grants(files),
        review: review(request, known),
        page: Some(describe_change::page(request, granted, known)?),
    })
}

/// In the mode `review` a person looks at what others approved. Where the review is the approval, policy says whose counts.
fn review(request: &Request, known: &PolicyContext) -> ReviewNeed {
    let is_approved_by_it = matches!(request.state(), State::AwaitingReview(_));
    match known.merge_mode() {
        MergeMode::Review if !is_approved_by_it => {
            let asked = request.spec();
            ReviewNeed::ByAnother {
                not: std::iter::once(&asked.requester).chain(&asked.owner).cloned().collect(),
            }
        }
        MergeMode::Auto | MergeMode::Review | MergeMode::Manual => ReviewNeed::None,
    }
}

/// The branch that proposes `granted`.
pub(super) fn branch(request: &Request, granted: &Granted) -> String {
    match granted.number {
        0 => grant_branch(request.id().grant()),
        number => format!("p0/extend/{}/{number}", request.id()),
    }
}

fn file(
    request: &Request,
    granted: &Granted,
    index: usize,
    want: &RequestedGrant,
    known: &PolicyContext,
    key: &SigningKey,
) -> Result<Vec<u8>> {
    let member = known.want(want)?;
    if member.digest() != want.digest {
        return Err(WorkflowError::Changed);
    }
    let subject = &request.spec().subject;
    let iam = member.iam(known, subject)?;
    if iam.as_ref().map(ToString::to_string) != want.iam_arn {
        let changed =
            format!("the IAM identity of `{subject}` has changed since it was asked for; ask again");
        return Err(WorkflowError::Render(changed));
    }
    let workflow = workflow(request, granted, (index, want), &member, known)?;
    let unwritable = |error: &dyn std::error::Error| WorkflowError::Render(error.to_string());
    let terms = GrantTerms {
        id: want.grant.clone(),
        subject: subject.clone(),
        iam,
        created_at: granted.at,
        expires_at: granted.expires_at,
        workflow: Some(workflow),
    };
    let grant = member.planned.grant(terms, &member.settings.grants);
    let unsigned =
        Manifest::of(&grant.map_err(|error| unwritable(&error))?).map_err(|error| unwritable(&error))?;
    let text = unsigned.signed_text().map_err(|error| unwritable(&error))?;
    let signed = unsigned.with_signature(key.sign(Purpose::Grant, text.as_bytes())?);
    let yaml = signed.and_then(|signed| signed.to_yaml()).map_err(|error| unwritable(&error))?;
    Ok(yaml.into_bytes())
}

fn workflow(
    request: &Request,
    granted: &Granted,
    (index, want): (usize, &RequestedGrant),
    member: &PlannedGrant,
    known: &PolicyContext,
) -> Result<Workflow> {
    let accepted = granted.approval.accepted.get(index);
    let accepted =
        accepted.ok_or_else(|| WorkflowError::Render("it has no approval of its own".to_owned()))?;
    Ok(Workflow {
        cluster: want.cluster.to_string(),
        repository: known.repository.as_ref().map(ToString::to_string),
        requester: request.spec().requester.to_string(),
        approval: Some(accepted.kind()),
        approvers: accepted.approvers().into_iter().map(ToString::to_string).collect(),
        approver_signatures: signatures(granted, index, want)?,
        policy_rule: Some(accepted.rule.to_string()),
        policy_sha256: Some(granted.approval.policy.clone()),
        merge_before: Some(granted.merge_before),
        request_url: None,
        reason: recorded_reason(reason_of(request), member.settings.grants.reason),
        preapproval: accepted.preapproval().map(ToString::to_string),
        previous: granted.previous.get(&want.grant).cloned(),
        on_call: accepted.on_call_evidence(),
    })
}

/// The own signatures of those whose approval counted.
fn signatures(granted: &Granted, index: usize, want: &RequestedGrant) -> Result<Vec<ApproverSignature>> {
    let approvers = granted.approval.accepted.get(index).map(Accepted::approvers).unwrap_or_default();
    let counts = |person| approvers.contains(person);
    let votes = granted.approval.votes.iter().filter(|vote| counts(&vote.person));
    let own = votes.filter_map(|vote| Some((vote, vote.evidence.signature_of(&want.grant)?)));
    own.map(|(vote, armor)| {
        let signature = Signature::read(armor).map_err(|error| WorkflowError::Render(error.to_string()))?;
        Ok(ApproverSignature { at: vote.at, lifetime: vote.lifetime.duration(), signature })
    })
    .collect()
}

fn message(request: &Request, granted: &Granted) -> Message {
    let asked = request.spec();
    let mut rules: Vec<String> =
        granted.approval.accepted.iter().map(|accepted| accepted.rule.to_string()).collect();
    rules.dedup();
    let message = GrantMessage {
        verb: if granted.number == 0 { "Grant" } else { "Extend" },
        summary: asked.summary(),
        subject: asked.subject.to_string(),
        ids: asked.grants.iter().map(|want| want.grant.to_string()).collect(),
        requester: Some(asked.requester.to_string()),
        approvers: granted.approval.approvers().into_iter().map(ToString::to_string).collect(),
        rules,
        expires_at: granted.expires_at.to_string(),
    };
    message.message()
}
