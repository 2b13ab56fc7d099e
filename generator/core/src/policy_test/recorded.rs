//! Grants of the past held to a policy of today: what would be otherwise. Not here: where they were recorded.

use p0_grant::approval::ApprovalKind;
use p0_grant::manifest::Claims;
use p0_grant::plan::preview;
use p0_grant::selection::Selection;

use super::query::PolicyInputs;
use crate::duration::Lifetime;
use crate::layout::ClusterName;
use crate::name::PersonName;
use crate::planned::select;
use crate::policy::{Duty, Given, OnCall, Proof, Question, Reason, Risk, Stated, Term, Vote, accept, decide};

/// A grant and what a policy says to it now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// The rule that allowed it then.
    pub rule: Option<String>,
    /// What is said now.
    pub now: Now,
}

/// What is said now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Now {
    /// The same rule, and what was given is enough.
    Same,
    /// Another rule, and what was given is enough.
    OtherRule(String),
    /// A rule, and what was given is not enough.
    Lacks {
        /// Which rule.
        rule: String,
        /// What is missing.
        reasons: Vec<Reason>,
    },
    /// Refused.
    Refused(Vec<Reason>),
    /// The cluster no longer has what it was on, or it does not say who asked.
    Unclear(String),
}

impl Now {
    /// Whether it would be granted again.
    pub fn is_allowed(&self) -> bool {
        matches!(self, Self::Same | Self::OtherRule(_))
    }
}

/// What `inputs` says to a grant on `cluster`, taken at its word about who approved.
pub fn recorded(claims: &Claims, cluster: &ClusterName, inputs: PolicyInputs<'_>) -> Recorded {
    let rule = claims.workflow.as_ref().and_then(|flow| flow.policy_rule.clone());
    let now = match now(claims, cluster, inputs, rule.as_deref()) {
        Ok(now) => now,
        Err(problem) => Now::Unclear(problem),
    };
    Recorded { rule, now }
}

fn now(
    claims: &Claims,
    cluster: &ClusterName,
    inputs: PolicyInputs<'_>,
    rule: Option<&str>,
) -> Result<Now, String> {
    let flow = claims.workflow.as_ref().ok_or("it does not say who asked")?;
    let Ok(requester) = PersonName::new(flow.requester.as_str()) else {
        return Ok(Now::Refused(vec![Reason::Unknown(format!("`{}`", flow.requester))]));
    };
    let selection = selection(claims, inputs)?;
    let question = Question {
        requester: &requester,
        subject: &claims.subject,
        cluster,
        role: &claims.role,
        selection: &selection,
        risk: risk(claims, &selection, inputs)?,
        term: term(claims)?,
        reason: flow.reason.as_deref().map_or(Stated::Hidden, Stated::Text),
    };
    let found = match decide(inputs.policy, inputs.identities, &question).matched() {
        Ok(found) => found,
        Err(reasons) => return Ok(Now::Refused(reasons)),
    };
    let given = given(claims);
    let own = found.rule.to_string();
    Ok(match accept(&found, &question, &given) {
        Ok(_) if rule == Some(own.as_str()) => Now::Same,
        Ok(_) => Now::OtherRule(own),
        Err(reasons) => Now::Lacks { rule: own, reasons },
    })
}

fn selection(claims: &Claims, inputs: PolicyInputs<'_>) -> Result<Selection, String> {
    let role = inputs.catalogue.role(&claims.role).map_err(|error| error.to_string())?;
    select(&claims.selection, &claims.subresources, role, inputs.catalogue).map_err(|error| error.to_string())
}

fn risk(claims: &Claims, selection: &Selection, inputs: PolicyInputs<'_>) -> Result<Risk, String> {
    let role = inputs.catalogue.role(&claims.role).map_err(|error| error.to_string())?;
    preview(role, selection, inputs.settings)
        .map(|findings| Risk::of(&findings))
        .map_err(|error| error.to_string())
}

fn term(claims: &Claims) -> Result<Term, String> {
    let lives = Lifetime::between(claims.created_at, claims.expires_at).ok_or("it ends before it begins")?;
    let flow = claims.workflow.as_ref();
    Ok(match flow {
        Some(flow) if flow.approval == Some(ApprovalKind::Persistent) => Term::Persistent,
        // How much the last extension added is not told; what counts is the whole.
        Some(flow) if flow.previous.is_some() => {
            Term::Extended { by: lives.min(Lifetime::hours(1)), total: lives }
        }
        _ => Term::For(Some(lives)),
    })
}

/// The file's own word: the judgement held it to the signatures when it landed.
fn given(claims: &Claims) -> Given {
    let nothing = Given::nothing(claims.created_at);
    let Some(flow) = &claims.workflow else { return nothing };
    let requester = PersonName::new(flow.requester.as_str());
    let duty = |evidence| requester.as_ref().ok().map(|person| Duty::of(person, evidence));
    let on_call = OnCall::Duties(flow.on_call.iter().filter_map(duty).collect());
    let proof = match flow.approval {
        Some(ApprovalKind::Git) => Proof::Review,
        // Preapprovals are signed by those who open them.
        Some(ApprovalKind::Preapproval) => Proof::Signature,
        _ if flow.approver_signatures.is_empty() => Proof::Bot,
        _ => Proof::Signature,
    };
    let persons = flow.approvers.iter().filter_map(|name| PersonName::new(name.as_str()).ok());
    let votes = persons.map(|person| Vote { person, proof });
    let via = flow.approval.filter(|kind| *kind != ApprovalKind::Preapproval);
    Given { via, on_call, ..nothing }.with_votes(votes)
}
