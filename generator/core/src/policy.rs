//! `p0/policy.yaml`: who may ask for what, who approves, and for how long.
//!
//! One question ([`Question`]) and one answer ([`decide`]), whether somebody asks, clicks or judges a change. The first
//! rule that matches answers; without one the answer is no. Not here: the request's life, and who is on call.

use std::collections::{BTreeMap, BTreeSet};

use p0_grant::danger::Class;
use p0_grant::yaml::YamlError;

use crate::duration::Lifetime;
use crate::name::{GroupName, RuleName};

mod accept;
mod approvers;
mod basis;
mod decide;
mod matching;
mod notify;
mod on_call;
mod question;
mod read;
mod reason;
mod resolve;
mod revoke;
mod role_glob;
mod rule;

pub use accept::{Acceptance, Given, Proof, Vote, accept, accept_all, is_begun};
pub use approvers::{Alternative, Limits, Match, Unusable, Who, strictest};
pub use basis::{Accepted, Basis};
pub use decide::{Answer, Decision, RuleOutcome, RuleTrace, decide, explain};
pub use matching::{Miss, Misses};
pub use notify::{Notify, Warning};
pub use on_call::{AcceptedDuty, Duty, OnCall, OnCallPlaces};
pub use question::{Question, Risk, Stated, Term};
pub use reason::Reason;
pub use resolve::{UnknownResource, unknown_resources};
pub use revoke::trusted_groups;
pub use rule::{
    Approval, Auto, Effect, Integration, Options, Pattern, Persistent, Requestor, Resource, Reviewers, Rule,
};

pub(crate) use read::File;

#[cfg(test)]
mod tests;

/// The path of the file.
pub const POLICY: &str = "p0/policy.yaml";

/// The whole policy. Only [`Policy::read`] makes one, so every rule in it is sound.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    digest: String,
    settings: Settings,
    rules: Vec<Rule>,
    /// Deny rules that name a resource which no catalogue has.
    unresolved: BTreeMap<RuleName, UnknownResource>,
}

/// What a policy says besides its rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// A bare name proves who acts on the command line: for trying things out.
    pub demo: bool,
    /// Nothing is granted.
    pub frozen: bool,
    /// Where approvers are asked and when again, where their rule does not say it.
    pub notify: Notify,
    /// What approvers and requesters read first.
    pub warnings: Vec<Warning>,
    /// Durations that are offered to the requester.
    pub presets: Vec<Lifetime>,
    /// How long a grant lives where neither request nor rule says otherwise.
    pub default_duration: Lifetime,
    /// The longest a grant may live.
    pub max_duration: Lifetime,
    /// The longest it may live with its extensions.
    pub max_total_duration: Lifetime,
    /// Whether being on call can approve anything.
    pub on_call: Routing,
    /// When a request without an answer ends.
    pub pending_timeout: Lifetime,
    /// How long after its approval a grant may still land.
    pub merge_within: Lifetime,
    /// From this danger on, more than the bot's word is needed: approvers' own signatures, or a review on the forge.
    pub second_channel: Class,
    /// Groups whose membership may approve; their members may revoke everything.
    pub trusted_groups: BTreeSet<GroupName>,
}

/// Whether something is asked at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Routing {
    /// It is.
    On,
    /// It is not.
    Off,
}

impl Policy {
    /// Reads the file. Resources are those that Kubernetes itself ships; [`Policy::resolved_by`] adds those of clusters.
    ///
    /// # Errors
    /// [`YamlError`] with line and column.
    ///
    /// ```
    /// let policy = p0_access::policy::Policy::read("apiVersion: p0.dev/v1alpha1\nkind: Policy\n")?;
    /// assert!(policy.rules().is_empty() && policy.digest().len() == 64);
    /// # Ok::<(), p0_grant::yaml::YamlError>(())
    /// ```
    pub fn read(text: &str) -> Result<Self, YamlError> {
        read::read(text)
    }

    /// The SHA-256 of the file's bytes, in lower-case hex.
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// What it says besides its rules.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The rules, in the order in which they are tried.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// Where being on call approves something.
    pub fn on_call_places(&self) -> OnCallPlaces {
        let mut places = OnCallPlaces::default();
        let approvals = self.rules.iter().filter(|rule| !rule.disabled).flat_map(|rule| &rule.approval);
        for approval in approvals {
            if let Approval::Auto(auto) = approval {
                places.add(auto);
            }
        }
        places
    }

    /// Where approvers of the rule called `rule` are asked, and when again. A rule that is gone leaves what the site says.
    pub fn notify_of(&self, rule: &str) -> Notify {
        let site = &self.settings.notify;
        self.rules
            .iter()
            .find(|own| own.name.as_str() == rule)
            .map_or_else(|| site.clone(), |own| own.notify.or(site))
    }

    /// Every channel that is told of requests, once.
    pub fn channels(&self) -> BTreeSet<&str> {
        let all = self.rules.iter().filter(|rule| !rule.disabled).map(|rule| &rule.notify);
        all.chain([&self.settings.notify])
            .flat_map(|notify| notify.channel.iter().chain(&notify.escalate_to))
            .map(String::as_str)
            .collect()
    }

    /// The rule called `name`.
    pub fn rule(&self, name: &RuleName) -> Option<&Rule> {
        self.rules.iter().find(|rule| rule.name == *name)
    }
}
