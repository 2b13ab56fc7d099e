//! A request for programs.

use jiff::Timestamp;
use p0_access::request::{Request, StateName};
use p0_grant::danger::Class;
use serde::Serialize;

use super::{Persons, names, note};

/// A request as `-o json` has it: a documented contract.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct View<'r> {
    id: &'r str,
    state: StateName,
    requester: &'r str,
    subject: String,
    grants: &'r [p0_access::request::RequestedGrant],
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'r str>,
    lifetime: String,
    asked_at: Timestamp,
    rule: &'r str,
    #[serde(skip_serializing_if = "Option::is_none")]
    danger: Option<Class>,
    approvers: Vec<&'r str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
    /// Who may still approve it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    may_approve: Vec<&'r str>,
    /// What `approve --shown` takes.
    shown: String,
}

pub(super) fn view_with<'r>(request: &'r Request, may: &'r Persons) -> View<'r> {
    View { may_approve: names(may), ..view(request) }
}

pub(super) fn view(request: &Request) -> View<'_> {
    let asked = request.spec();
    let approvers = request.granted().map(|granted| granted.approval.approvers()).unwrap_or_default();
    View {
        id: request.id().as_str(),
        state: request.state().name(),
        requester: asked.requester.as_str(),
        subject: asked.subject.to_string(),
        grants: &asked.grants,
        reason: asked.reason.as_deref(),
        lifetime: asked.lifetime.to_string(),
        asked_at: asked.at,
        rule: &asked.rule,
        danger: asked.danger(),
        approvers: approvers.into_iter().map(|name| name.as_str()).collect(),
        expires_at: request.granted().map(|granted| granted.expires_at),
        note: note(request),
        may_approve: Vec::new(),
        shown: request.shown(),
    }
}
