//! Rules as the file has them: requestor, resource, approval, options. Not here: which rules are sound, and what they match.

use jiff::civil::Date;
use p0_grant::danger::Class;
use p0_grant::on_call::DutyId;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::notify::Notify;
use crate::duration::Lifetime;
use crate::glob::Glob;
use crate::grant_schema::ClassSchema;
use crate::name::{GroupName, PersonName, RuleName};

/// One rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Rule {
    /// What it is called, in grants and in the audit.
    pub name: RuleName,
    /// Leave the rule out, as if it were not there.
    #[serde(default, skip_serializing_if = "is_default")]
    pub disabled: bool,
    /// Who gets access.
    pub requestor: Requestor,
    /// To what.
    pub resource: Resource,
    /// Who may approve: any one of these suffices. `deny` stands alone.
    pub approval: Vec<Approval>,
    /// On which conditions.
    #[serde(default, skip_serializing_if = "is_default")]
    pub options: Options,
    /// Where its approvers are asked and when again, where that is not as for the site.
    #[serde(default, skip_serializing_if = "is_default")]
    pub notify: Notify,
}

/// Who gets access.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Requestor {
    /// Every person.
    Any,
    /// These persons.
    User(Vec<PersonName>),
    /// Members of groups, or everybody else.
    Group {
        /// Which groups; one suffices.
        names: Vec<GroupName>,
        /// Members, or everybody else.
        #[serde(default)]
        effect: Effect,
    },
}

/// What being a member does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Effect {
    /// Members are meant.
    #[default]
    Keep,
    /// Members are not meant, and everybody else is.
    Remove,
}

/// To what.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Resource {
    /// Everything.
    Any,
    /// A part of what clusters hold.
    K8s(Pattern),
}

/// A part of what clusters hold. What is left out is everything; all that is given must fit.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Pattern {
    /// Names of clusters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clusters: Option<Vec<Glob>>,
    /// Roles: `ClusterRole/view`, `Role/shop/*`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub roles: Option<Vec<Glob>>,
    /// Resources as in a locator: kind, plural, singular or short name, alone or as `plural.group`; or a pattern on
    /// `plural.group` such as `*.apps`. Alone, an allow rule means Kubernetes' own resource and a deny rule every one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resources: Option<Vec<Glob>>,
    /// Namespaces. Given, what lives in no namespace does not lie inside.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespaces: Option<Vec<Glob>>,
    /// Names of objects. Given, all objects of a kind lie inside only where a pattern is `*`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub names: Option<Vec<Glob>>,
    /// Subresources besides the resource itself: `log`, `exec`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subresources: Option<Vec<Glob>>,
}

/// Who or what may approve.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Approval {
    /// No approval: what the rule touches is refused.
    Deny,
    /// Persons.
    Reviewers(Reviewers),
    /// The manager of the person who gets access.
    Manager,
    /// Being on call.
    Auto(Auto),
    /// The review of the change on the forge, by these persons.
    Git(Reviewers),
    /// Persons, for access until a date at which it is reviewed.
    Persistent(Persistent),
}

/// Persons of whom some must approve.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Reviewers {
    /// By name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub persons: Vec<PersonName>,
    /// By membership; the policy must list the group under `trustedGroups`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<GroupName>,
    /// How many different ones.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    #[schemars(range(min = 1))]
    pub count: usize,
}

/// Being on call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Auto {
    /// Where it is asked who is.
    #[serde(default, skip_serializing_if = "is_default")]
    pub integration: Integration,
    /// Schedules that count, by id.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub schedules: Vec<DutyId>,
    /// Escalation policies that count, by id.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub escalation_policies: Vec<DutyId>,
    /// The last level of an escalation policy that counts; the last of all is often everybody.
    #[serde(default = "first_level")]
    #[schemars(range(min = 1))]
    pub max_level: u32,
    /// How long such a grant lives at most.
    #[serde(default = "one_hour")]
    pub duration: Lifetime,
    /// The worst danger that no person needs to approve.
    #[serde(default = "high")]
    #[schemars(with = "ClassSchema")]
    pub max_danger: Class,
}

/// Where it is asked who is on call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Integration {
    /// PagerDuty.
    #[default]
    Pagerduty,
}

/// Access that does not end with an incident, until somebody looks at it again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Persistent {
    /// The last day, in UTC.
    #[schemars(with = "String")]
    pub review_by: Date,
    /// By name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub persons: Vec<PersonName>,
    /// By membership; the policy must list the group under `trustedGroups`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<GroupName>,
    /// How many different ones.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    #[schemars(range(min = 1))]
    pub count: usize,
}

/// On which conditions.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Options {
    /// Who asks or gets access may approve, where they are among the approvers.
    #[serde(skip_serializing_if = "is_default")]
    pub allow_one_party: bool,
    /// A reason must be given.
    #[serde(skip_serializing_if = "is_default")]
    pub require_reason: bool,
    /// What the reason must look like, as a pattern for the whole of it: `OPS-*`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason_pattern: Option<Glob>,
    /// Who asks must say for how long.
    #[serde(skip_serializing_if = "is_default")]
    pub require_duration: bool,
    /// How long where the request does not say it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default_duration: Option<Lifetime>,
    /// The longest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_duration: Option<Lifetime>,
    /// The longest with extensions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_total_duration: Option<Lifetime>,
    /// The rule also stands for what the cluster file opens under `allowPrivileged`.
    #[serde(skip_serializing_if = "is_default")]
    pub allow_privileged: bool,
    /// The rule also stands for groups and for service accounts that belong to no person.
    #[serde(skip_serializing_if = "is_default")]
    pub allow_shared_subject: bool,
    /// The worst danger that the rule stands for; CRITICAL, or BLOCK with `allowPrivileged`, where nothing is said.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<ClassSchema>")]
    pub max_danger: Option<Class>,
    /// From this danger on, the bot's word is not enough. Only earlier than the policy's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<ClassSchema>")]
    pub second_channel: Option<Class>,
}

impl Rule {
    /// Whether it refuses what it touches.
    pub fn denies(&self) -> bool {
        self.approval.contains(&Approval::Deny)
    }
}

impl Resource {
    /// The part; of everything, the pattern that leaves everything out.
    pub fn pattern(&self) -> &Pattern {
        static EVERYTHING: Pattern = Pattern {
            clusters: None,
            roles: None,
            resources: None,
            namespaces: None,
            names: None,
            subresources: None,
        };
        match self {
            Self::Any => &EVERYTHING,
            Self::K8s(pattern) => pattern,
        }
    }
}

impl Options {
    /// The worst danger that the rule stands for.
    pub fn worst_danger(&self) -> Class {
        self.max_danger.unwrap_or(if self.allow_privileged { Class::Block } else { Class::Critical })
    }
}

impl Persistent {
    /// Who must approve it.
    pub fn reviewers(&self) -> Reviewers {
        Reviewers { persons: self.persons.clone(), groups: self.groups.clone(), count: self.count }
    }
}

fn one() -> usize {
    1
}

fn first_level() -> u32 {
    1
}

fn one_hour() -> Lifetime {
    Lifetime::hours(1)
}

fn high() -> Class {
    Class::High
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_one(count: &usize) -> bool {
    *count == 1
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}
