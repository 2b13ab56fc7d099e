//! Who is told of a request besides the persons whom it concerns, when approvers are asked again, and what a site has its approvers
//! read first. Not here: sending messages, and who may approve.

use p0_grant::role::RoleRef;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::duration::Lifetime;
use crate::glob::Glob;
use crate::layout::ClusterName;

/// How long the text of a warning may be, so that it fits into a message beside everything else.
const LONGEST_WARNING: usize = 500;

/// Where approvers are asked, and when they are asked again. A rule's own settings take the place of the site's, one by one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Notify {
    /// The channel in which approvers are asked, and that is told of everything.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channel: Option<String>,
    /// How long after the request approvers are reminded, once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remind_after: Option<Lifetime>,
    /// How long after the request each approver is asked directly, and `escalateTo` is told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub escalate_after: Option<Lifetime>,
    /// The channel that is told then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub escalate_to: Option<String>,
}

/// A text that approvers and requesters read first where the request is on one of these clusters and for one of these roles.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Warning {
    /// Names of clusters; left out, all of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clusters: Option<Vec<Glob>>,
    /// Roles: `ClusterRole/edit`, `Role/shop/*`; left out, all of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub roles: Option<Vec<Glob>>,
    /// What is read.
    pub text: String,
}

impl Notify {
    /// These settings, with the site's where nothing is said.
    #[must_use]
    pub fn or(&self, site: &Self) -> Self {
        Self {
            channel: self.channel.clone().or_else(|| site.channel.clone()),
            remind_after: self.remind_after.or(site.remind_after),
            escalate_after: self.escalate_after.or(site.escalate_after),
            escalate_to: self.escalate_to.clone().or_else(|| site.escalate_to.clone()),
        }
    }

    /// What makes these settings mean nothing, for requests that end without an answer after `timeout`.
    pub(super) fn disorder(&self, timeout: Lifetime) -> Option<String> {
        let Self { remind_after, escalate_after, .. } = self;
        let late = |after: &Lifetime| *after >= timeout;
        match (remind_after, escalate_after) {
            (Some(remind), Some(escalate)) if remind >= escalate => Some(format!(
                "notify: `remindAfter` {remind} does not come before `escalateAfter` {escalate}"
            )),
            (Some(remind), _) if late(remind) => Some(format!(
                "notify: `remindAfter` {remind} is not before `pendingTimeout`, {timeout}: the request has ended by then"
            )),
            (_, Some(escalate)) if late(escalate) => Some(format!(
                "notify: `escalateAfter` {escalate} is not before `pendingTimeout`, {timeout}: the request has ended by then"
            )),
            (_, None) if self.escalate_to.is_some() => {
                Some("notify: `escalateTo` needs `escalateAfter`, which says when".to_owned())
            }
            _ => None,
        }
    }
}

impl Warning {
    /// Whether it is about `role` on `cluster`.
    pub fn is_about(&self, cluster: &ClusterName, role: &RoleRef) -> bool {
        let fits = |globs: &Option<Vec<Glob>>, text: &str| {
            globs.as_ref().is_none_or(|globs| globs.iter().any(|glob| glob.matches(text)))
        };
        fits(&self.clusters, cluster.as_str()) && fits(&self.roles, &role.to_string())
    }

    /// What makes it no warning.
    pub(super) fn disorder(&self) -> Option<String> {
        let length = self.text.chars().count();
        match () {
            () if self.text.trim().is_empty() => Some("warnings: a warning has no text".to_owned()),
            () if length > LONGEST_WARNING => Some(format!(
                "warnings: a text has {length} characters, and at most {LONGEST_WARNING} are shown"
            )),
            () => super::role_glob::bare_role(self.roles.as_deref().unwrap_or_default())
                .map(|problem| format!("warnings: {problem}")),
        }
    }
}
