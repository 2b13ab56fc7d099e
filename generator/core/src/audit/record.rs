//! The audit's answers: one line for each version of a grant, as tables and JSON show it.

use jiff::Timestamp;
use p0_grant::approval::ApprovalKind;
use p0_grant::manifest::Claims;
use p0_grant::name::GrantId;
use serde::Serialize;

use super::Version;
use crate::layout::ClusterName;

/// What somebody was meant to be able to do.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Meant<'h> {
    /// The grant.
    pub id: &'h GrantId,
    /// Where.
    pub cluster: &'h ClusterName,
    /// Whether it counted.
    pub standing: Standing,
    /// From when: it landed on base.
    pub from: Timestamp,
    /// Until when: it left base or expired, whichever was first; nothing where neither has come.
    pub until: Option<Timestamp>,
    /// The commit that brought it.
    pub commit: &'h str,
    /// The commit that took it away.
    pub ended_by: Option<&'h str>,
    /// What the file says.
    #[serde(flatten)]
    pub summary: Option<GrantSummary<'h>>,
}

/// Whether a grant on base counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// It counted.
    Meant,
    /// Its time was over, and it stood on base still: the cluster may have had it.
    Overdue,
    /// It stood on base and cannot be read.
    Unknown,
}

/// What a grant's file says of who, what and why.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct GrantSummary<'h> {
    /// Who got access.
    pub subject: String,
    /// Which role.
    pub role: String,
    /// To what it was cut.
    pub selection: String,
    /// Subresources besides.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub subresources: &'h [String],
    /// Who asked.
    pub requester: Option<&'h str>,
    /// What the approval rested on.
    pub approval: Option<ApprovalKind>,
    /// Who approved.
    pub approvers: &'h [String],
    /// Under which rule.
    pub policy_rule: Option<&'h str>,
    /// Of which policy.
    pub policy_sha256: Option<&'h str>,
    /// Why.
    pub reason: Option<&'h str>,
    /// Where the request can be read.
    pub request_url: Option<&'h str>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was to end.
    pub expires_at: Timestamp,
}

impl<'h> Meant<'h> {
    /// What `version`, whose file says `claims`, meant at `time`; nothing where it did not stand on base.
    pub fn at<F>(version: &'h Version<F>, claims: Option<&'h Claims>, time: Timestamp) -> Option<Self> {
        version.stood_at(time).then(|| Self::of(version, claims, standing(claims, time)))
    }

    /// What `version` meant between two times; nothing where it did not count in between.
    pub fn between<F>(
        version: &'h Version<F>,
        claims: Option<&'h Claims>,
        from: Timestamp,
        until: Timestamp,
    ) -> Option<Self> {
        let counted = claims.is_none_or(|claims| claims.expires_at > from.max(version.landed.at));
        let overlaps = counted && version.stood_between(from, until);
        overlaps.then(|| Self::of(version, claims, standing(claims, from.max(version.landed.at))))
    }

    fn of<F>(version: &'h Version<F>, claims: Option<&'h Claims>, standing: Standing) -> Self {
        let left = version.left.as_ref();
        let expires = claims.map(|claims| claims.expires_at);
        Self {
            id: &version.id,
            cluster: &version.cluster,
            standing,
            from: version.landed.at,
            until: left.map(|left| left.at).into_iter().chain(expires).min(),
            commit: &version.landed.commit,
            ended_by: left.map(|left| left.commit.as_str()),
            summary: claims.map(summary),
        }
    }
}

fn standing(claims: Option<&Claims>, time: Timestamp) -> Standing {
    match claims {
        None => Standing::Unknown,
        Some(claims) if claims.expires_at <= time => Standing::Overdue,
        Some(_) => Standing::Meant,
    }
}

fn summary(claims: &Claims) -> GrantSummary<'_> {
    let flow = claims.workflow.as_ref();
    GrantSummary {
        subject: claims.subject.to_string(),
        role: claims.role.to_string(),
        selection: claims.selection.to_string(),
        subresources: &claims.subresources,
        requester: flow.map(|flow| flow.requester.as_str()),
        approval: flow.and_then(|flow| flow.approval),
        approvers: flow.map_or(&[][..], |flow| &flow.approvers),
        policy_rule: flow.and_then(|flow| flow.policy_rule.as_deref()),
        policy_sha256: flow.and_then(|flow| flow.policy_sha256.as_deref()),
        reason: flow.and_then(|flow| flow.reason.as_deref()),
        request_url: flow.and_then(|flow| flow.request_url.as_deref()),
        created_at: claims.created_at,
        expires_at: claims.expires_at,
    }
}
