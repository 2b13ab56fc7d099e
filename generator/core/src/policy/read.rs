//! Reading a policy: the file's own fields, and what makes a rule unsound. Not here: what a sound rule means.

use std::collections::BTreeSet;

use p0_grant::danger::Class;
use p0_grant::yaml::{self, Limits, YamlError};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_saphyr::Spanned;

use super::notify::{Notify, Warning};
use super::resolve;
use super::rule::{Approval, Auto, Reviewers, Rule};
use super::{Policy, Routing, Settings};
use crate::api_version::ApiVersion;
use crate::duration::Lifetime;
use crate::grant_schema::ClassSchema;
use crate::name::GroupName;

/// The file.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(title = "p0/policy.yaml")]
pub(crate) struct File {
    #[serde(rename = "apiVersion")]
    _api_version: ApiVersion,
    #[serde(rename = "kind")]
    _kind: Kind,
    /// A bare name proves who acts on the command line: for trying things out.
    #[serde(default)]
    demo: bool,
    /// Nothing is granted until this is taken out.
    #[serde(default)]
    frozen: bool,
    /// Where approvers are asked, and when again.
    #[serde(default)]
    notify: Notify,
    /// What approvers and requesters read first.
    #[serde(default)]
    warnings: Vec<Warning>,
    /// How long grants live where no rule says otherwise.
    #[serde(default)]
    durations: Durations,
    /// Being on call.
    #[serde(default)]
    on_call: OnCall,
    /// When a request without an answer ends.
    #[serde(default = "a_week")]
    pending_timeout: Lifetime,
    /// How long after its approval a grant may still land.
    #[serde(default = "an_hour")]
    merge_within: Lifetime,
    /// From this danger on, approvers' own signatures or a review on the forge are needed.
    #[serde(default = "block")]
    #[schemars(with = "ClassSchema")]
    second_channel: Class,
    /// Groups whose membership may approve; their members may revoke everything.
    #[serde(default)]
    trusted_groups: BTreeSet<GroupName>,
    /// The rules, in the order in which they are tried.
    #[serde(default)]
    #[schemars(with = "Vec<Rule>")]
    rules: Vec<Spanned<Rule>>,
}

#[derive(Debug, Deserialize, JsonSchema)]
enum Kind {
    Policy,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct Durations {
    /// What is offered to the requester; without it, 1h, 4h and 1d as far as they are allowed.
    presets: Option<Vec<Lifetime>>,
    /// How long where neither request nor rule says it.
    default: Lifetime,
    /// The longest.
    max: Lifetime,
    /// The longest with extensions.
    max_total: Lifetime,
}

impl Default for Durations {
    fn default() -> Self {
        Self { presets: None, default: an_hour(), max: Lifetime::hours(24), max_total: a_week() }
    }
}

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct OnCall {
    /// `off`: it is not asked who is on call, and being so approves nothing.
    #[serde(default)]
    routing: RoutingField,
}

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
enum RoutingField {
    #[default]
    On,
    Off,
}

fn a_week() -> Lifetime {
    Lifetime::hours(7 * 24)
}

fn an_hour() -> Lifetime {
    Lifetime::hours(1)
}

fn block() -> Class {
    Class::Block
}

pub(super) fn read(text: &str) -> Result<Policy, YamlError> {
    let file: File = yaml::read(text, Limits::FILE)?;
    let settings = settings(&file);
    if let Some(problem) = disorder(&settings) {
        return Err(YamlError::Somewhere(problem));
    }
    let mut names = BTreeSet::new();
    let mut rules = Vec::with_capacity(file.rules.len());
    for rule in file.rules {
        let at = rule.referenced;
        let problem = match names.insert(rule.value.name.clone()) {
            true => unsound(&rule.value, &settings),
            false => Some("another rule has this name".to_owned()),
        };
        if let Some(problem) = problem {
            let message = format!("the rule `{}`: {problem}", rule.value.name);
            return Err(YamlError::At { line: at.line(), column: at.column(), message });
        }
        rules.push(rule.value);
    }
    let unresolved = resolve::unresolved(&rules, &[]);
    Ok(Policy { digest: crate::digest::sha256(text.as_bytes()), settings, rules, unresolved })
}

fn presets(durations: &Durations) -> Vec<Lifetime> {
    let usual = || [1, 4, 24].map(Lifetime::hours).into_iter().filter(|preset| *preset <= durations.max);
    durations.presets.clone().unwrap_or_else(|| usual().collect())
}

fn settings(file: &File) -> Settings {
    Settings {
        demo: file.demo,
        frozen: file.frozen,
        notify: file.notify.clone(),
        warnings: file.warnings.clone(),
        presets: presets(&file.durations),
        default_duration: file.durations.default,
        max_duration: file.durations.max,
        max_total_duration: file.durations.max_total,
        on_call: match file.on_call.routing {
            RoutingField::On => Routing::On,
            RoutingField::Off => Routing::Off,
        },
        pending_timeout: file.pending_timeout,
        merge_within: file.merge_within,
        second_channel: file.second_channel,
        trusted_groups: file.trusted_groups.clone(),
    }
}

/// Settings that contradict each other.
fn disorder(settings: &Settings) -> Option<String> {
    let Settings { default_duration, max_duration, max_total_duration, presets, .. } = settings;
    match () {
        () if default_duration > max_duration => Some(format!(
            "durations: the default {default_duration} is longer than the longest, {max_duration}"
        )),
        () if max_duration > max_total_duration => Some(format!(
            "durations: the longest, {max_duration}, is longer than it may be with extensions, {max_total_duration}"
        )),
        () => presets
            .iter()
            .find(|preset| *preset > max_duration)
            .map(|preset| {
                format!("durations: the preset {preset} is longer than the longest, {max_duration}")
            })
            .or_else(|| settings.notify.disorder(settings.pending_timeout))
            .or_else(|| settings.warnings.iter().find_map(Warning::disorder)),
    }
}

/// What makes a rule mean nothing, or something else than it seems to.
fn unsound(rule: &Rule, settings: &Settings) -> Option<String> {
    let deny = rule.denies();
    if rule.approval.is_empty() {
        return Some("it has no approval; write `deny` to refuse".to_owned());
    }
    if deny && rule.approval.len() > 1 {
        return Some("`deny` stands alone".to_owned());
    }
    if deny && rule.options != super::Options::default() {
        return Some("`deny` has no options".to_owned());
    }
    if deny && rule.notify != Notify::default() {
        return Some("`deny` asks no approver, so it has no `notify`".to_owned());
    }
    let of_approval = rule.approval.iter().find_map(|approval| unsound_approval(approval, settings));
    of_approval
        .or_else(|| unsound_requestor(rule))
        .or_else(|| unsound_pattern(rule))
        .or_else(|| unsound_options(rule, settings))
        .or_else(|| rule.notify.or(&settings.notify).disorder(settings.pending_timeout))
}

fn unsound_approval(approval: &Approval, settings: &Settings) -> Option<String> {
    match approval {
        Approval::Deny | Approval::Manager => None,
        Approval::Reviewers(reviewers) | Approval::Git(reviewers) => unsound_reviewers(reviewers, settings),
        Approval::Persistent(persistent) => unsound_reviewers(&persistent.reviewers(), settings),
        Approval::Auto(auto) => unsound_auto(auto),
    }
}

fn unsound_reviewers(reviewers: &Reviewers, settings: &Settings) -> Option<String> {
    if reviewers.persons.is_empty() && reviewers.groups.is_empty() {
        return Some("it names no approver".to_owned());
    }
    if reviewers.count == 0 {
        return Some("`count` is at least 1".to_owned());
    }
    let stranger = reviewers.groups.iter().find(|group| !settings.trusted_groups.contains(*group));
    stranger.map(|group| format!("members of `{group}` may approve only where `trustedGroups` lists it"))
}

fn unsound_auto(auto: &Auto) -> Option<String> {
    match () {
        () if auto.schedules.is_empty() && auto.escalation_policies.is_empty() => {
            Some("`auto` names the schedules or escalation policies that count".to_owned())
        }
        () if auto.max_level == 0 => Some("`maxLevel` is at least 1".to_owned()),
        () => None,
    }
}

fn unsound_requestor(rule: &Rule) -> Option<String> {
    let is_empty = match &rule.requestor {
        super::Requestor::Any => false,
        super::Requestor::User(names) => names.is_empty(),
        super::Requestor::Group { names, .. } => names.is_empty(),
    };
    is_empty.then(|| "its requestor names no person".to_owned())
}

fn unsound_pattern(rule: &Rule) -> Option<String> {
    let super::Resource::K8s(pattern) = &rule.resource else { return None };
    let fields = [
        ("clusters", &pattern.clusters),
        ("roles", &pattern.roles),
        ("resources", &pattern.resources),
        ("namespaces", &pattern.namespaces),
        ("names", &pattern.names),
        ("subresources", &pattern.subresources),
    ];
    let empty = fields.iter().find(|(_, globs)| globs.as_ref().is_some_and(Vec::is_empty));
    if let Some((field, _)) = empty {
        return Some(format!("`{field}` is an empty list: leave it out for everything"));
    }
    if let Some(problem) = super::role_glob::bare_role(pattern.roles.as_deref().unwrap_or_default()) {
        return Some(problem);
    }
    let resources = pattern.resources.iter().flatten();
    // A pattern is compared with `plural.group`, which has small letters only; a word may be a kind.
    let mut odd = resources.filter(|glob| {
        let is_upper = |letter: char| letter.is_uppercase() && !glob.is_literal();
        glob.as_str().contains(|letter: char| is_upper(letter) || letter == '/')
    });
    odd.next().map(|glob| {
        format!(
            "the resource `{glob}` has to be a kind, `plural` or `plural.group`, without a subresource, and a pattern has \
             small letters"
        )
    })
}

fn unsound_options(rule: &Rule, settings: &Settings) -> Option<String> {
    let options = &rule.options;
    let max = options.max_duration.unwrap_or(settings.max_duration);
    match () {
        () if options.default_duration.is_some_and(|default| default > max) => {
            Some(format!("`defaultDuration` is longer than the longest, {max}"))
        }
        () if options.max_total_duration.is_some_and(|total| total < max) => {
            Some(format!("`maxTotalDuration` is shorter than the longest, {max}"))
        }
        () if options.max_danger == Some(Class::Block) && !options.allow_privileged => {
            Some("`maxDanger: BLOCK` needs `allowPrivileged`".to_owned())
        }
        () if options.second_channel.is_some_and(|class| class > settings.second_channel) => Some(format!(
            "`secondChannel` may only come before the policy's own, {}",
            settings.second_channel
        )),
        () => None,
    }
}
