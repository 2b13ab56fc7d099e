//! What a rule matches: an allow rule what lies inside its pattern, a deny rule what it touches.
//!
//! "All namespaces" lies inside no pattern but `*`, and touches each. Not here: rules that hold a part of what is asked
//! (`matching/overlap.rs`), and what follows from a match.

use std::collections::BTreeMap;

use p0_grant::alias::alias_group;
use p0_grant::danger::Class;
use p0_grant::group::is_shipped;
use p0_grant::name::ObjectName;
use p0_grant::resource::ApiResource;
use p0_grant::selection::{Selection, Target};

use super::Policy;
use super::question::Question;
use super::resolve::UnknownResource;
use super::rule::{Effect, Requestor, Rule};
use crate::glob::Glob;
use crate::identity::Person;
use crate::name::{GroupName, RuleName};

mod overlap;

pub(super) use overlap::overlaps;

/// Something in which a rule and a question differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Miss {
    /// It is for others.
    Requestor,
    /// It is for other clusters.
    Cluster,
    /// It is for other roles.
    Role,
    /// It is for other resources.
    Resource,
    /// It is for other namespaces.
    Namespace,
    /// It is for other names.
    Name,
    /// It is for other subresources.
    Subresource,
    /// It is for less danger.
    Danger,
    /// It is not for what is privileged.
    Privileged,
    /// It is not for subjects that belong to no person.
    SharedSubject,
}

/// All in which they differ: none where the rule matches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Misses(u16);

/// A question as rules are held to it, made once for all rules.
pub(super) struct MatchInput<'a> {
    pub(super) requester: &'a Person,
    pub(super) owner: Option<&'a Person>,
    cluster: &'a str,
    role: String,
    resource: String,
    /// The same objects under their other group.
    alias: Option<Alias>,
    inside: Where<'a>,
    touched: Where<'a>,
    name: Option<&'a ObjectName>,
    selection: &'a Selection,
    worst: Option<Class>,
    privileged: bool,
    /// Deny rules that name a resource which no catalogue has: they touch every resource.
    unresolved: &'a BTreeMap<RuleName, UnknownResource>,
}

/// The other group of the same objects.
struct Alias {
    group: &'static str,
    /// The resource there, as a pattern is compared with it.
    text: String,
}

/// Which namespaces are meant.
#[derive(Clone, Copy)]
enum Where<'a> {
    Nowhere,
    One(&'a str),
    All,
}

impl<'a> MatchInput<'a> {
    pub(super) fn new(
        policy: &'a Policy,
        question: &Question<'a>,
        requester: &'a Person,
        owner: Option<&'a Person>,
    ) -> Self {
        let selection = question.selection;
        let resource = selection.resource();
        let alias = alias_group(resource.group(), resource.plural());
        let (inside, touched) = places(selection);
        Self {
            requester,
            owner,
            cluster: question.cluster.as_str(),
            role: question.role.to_string(),
            resource: resource.to_string(),
            alias: alias.map(|group| {
                let text = match group {
                    "" => resource.plural().to_owned(),
                    group => format!("{}.{group}", resource.plural()),
                };
                Alias { group, text }
            }),
            inside,
            touched,
            name: selection.target().name(),
            selection,
            worst: question.risk.worst,
            privileged: question.risk.privileged,
            unresolved: &policy.unresolved,
        }
    }

    /// Who gets access, or asks where the subject is shared.
    pub(super) fn getting(&self) -> &'a Person {
        self.owner.unwrap_or(self.requester)
    }
}

/// Where a selection lies, and where it reaches: a Namespace object reaches what is in it.
fn places(selection: &Selection) -> (Where<'_>, Where<'_>) {
    let resource = selection.resource();
    let is_namespaces = resource.group().is_empty() && resource.plural() == "namespaces";
    match selection.target() {
        Target::Object { namespace, .. } | Target::Kind { namespace } => {
            (Where::One(namespace.as_str()), Where::One(namespace.as_str()))
        }
        Target::KindEverywhere => (Where::All, Where::All),
        Target::ClusterObject { name } if is_namespaces => (Where::Nowhere, Where::One(name.as_str())),
        Target::ClusterKind if is_namespaces => (Where::Nowhere, Where::All),
        Target::ClusterObject { .. } | Target::ClusterKind => (Where::Nowhere, Where::Nowhere),
    }
}

/// Whether the rule matches. Nothing more is compared once something differs.
pub(super) fn matches(rule: &Rule, input: &MatchInput<'_>) -> bool {
    let fits = fits(rule);
    Miss::ALL.into_iter().all(|miss| fits(rule, input, miss))
}

/// All in which the rule and the question differ.
pub(super) fn misses(rule: &Rule, input: &MatchInput<'_>) -> Misses {
    let fits = fits(rule);
    let mut misses = Misses::default();
    Miss::ALL.into_iter().filter(|miss| !fits(rule, input, *miss)).for_each(|miss| misses.add(miss));
    misses
}

fn fits(rule: &Rule) -> fn(&Rule, &MatchInput<'_>, Miss) -> bool {
    if rule.denies() { touches } else { holds }
}

/// Whether an allow rule holds all of what is asked, as far as `miss` goes.
fn holds(rule: &Rule, input: &MatchInput<'_>, miss: Miss) -> bool {
    let (pattern, options) = (rule.resource.pattern(), &rule.options);
    match miss {
        Miss::Requestor => means(&rule.requestor, input.getting()),
        Miss::Cluster => any(&pattern.clusters, |glob| glob.matches(input.cluster)),
        Miss::Role => any(&pattern.roles, |glob| glob.matches(&input.role)),
        Miss::Resource => any(&pattern.resources, |glob| is_resource(glob, input, is_shipped)),
        Miss::Namespace => any(&pattern.namespaces, |glob| match input.inside {
            Where::Nowhere => false,
            Where::One(namespace) => glob.matches(namespace),
            Where::All => glob.is_all(),
        }),
        Miss::Name => any(&pattern.names, |glob| match input.name {
            Some(name) => glob.matches(name.as_str()),
            None => glob.is_all(),
        }),
        Miss::Subresource => {
            let mut subresources = input.selection.subresources().iter();
            subresources.all(|own| any(&pattern.subresources, |glob| glob.matches(own)))
        }
        Miss::Danger => input.worst <= Some(options.worst_danger()),
        Miss::Privileged => options.allow_privileged || !input.privileged,
        Miss::SharedSubject => options.allow_shared_subject || input.owner.is_some(),
    }
}

/// Whether a deny rule holds any of what is asked, as far as `miss` goes.
fn touches(rule: &Rule, input: &MatchInput<'_>, miss: Miss) -> bool {
    let pattern = rule.resource.pattern();
    match miss {
        // The members of a shared subject are not known here: any person may be one.
        Miss::Requestor => input
            .owner
            .is_none_or(|owner| means(&rule.requestor, owner) || means(&rule.requestor, input.requester)),
        Miss::Cluster => any(&pattern.clusters, |glob| glob.matches(input.cluster)),
        Miss::Role => any(&pattern.roles, |glob| glob.matches(&input.role)),
        Miss::Resource => {
            any(&pattern.resources, |glob| is_resource(glob, input, |_| true))
                || input.unresolved.contains_key(&rule.name)
        }
        Miss::Namespace => any(&pattern.namespaces, |glob| match input.touched {
            Where::Nowhere => false,
            Where::One(namespace) => glob.matches(namespace),
            Where::All => true,
        }),
        Miss::Name => any(&pattern.names, |glob| input.name.is_none_or(|name| glob.matches(name.as_str()))),
        Miss::Subresource => {
            let subresources = input.selection.subresources();
            any(&pattern.subresources, |glob| subresources.iter().any(|own| glob.matches(own)))
        }
        Miss::Danger | Miss::Privileged | Miss::SharedSubject => true,
    }
}

/// Whether the pattern means the resource, be it under its other group: a grant on it is on the same objects there.
fn is_resource(glob: &Glob, input: &MatchInput<'_>, alone: impl Fn(&str) -> bool) -> bool {
    let resource = input.selection.resource();
    glob.matches(&input.resource)
        || names(glob, resource, resource.group(), &alone)
        || input
            .alias
            .as_ref()
            .is_some_and(|alias| glob.matches(&alias.text) || names(glob, resource, alias.group, &alone))
}

/// Whether the pattern names the resource as a locator does: by kind, singular, plural or short name, alone or followed by
/// `group`. Alone it names what is of a group that `alone` says: an allow rule means Kubernetes' own resource, as a custom
/// one may have the same name; a deny rule means every one.
fn names(glob: &Glob, resource: &ApiResource, group: &str, alone: impl Fn(&str) -> bool) -> bool {
    glob.is_literal()
        && match glob.as_str().split_once('.') {
            None => resource.answers_to(glob.as_str()) && alone(group),
            Some((word, "core")) => group.is_empty() && resource.answers_to(word),
            Some((word, own)) => own.eq_ignore_ascii_case(group) && resource.answers_to(word),
        }
}

/// What is left out is everything.
fn any(globs: &Option<Vec<Glob>>, fits: impl Fn(&Glob) -> bool) -> bool {
    globs.as_ref().is_none_or(|globs| globs.iter().any(fits))
}

fn means(requestor: &Requestor, person: &Person) -> bool {
    let is_member = |names: &[GroupName]| names.iter().any(|name| person.groups.contains(name));
    match requestor {
        Requestor::Any => true,
        Requestor::User(names) => names.contains(&person.name),
        Requestor::Group { names, effect: Effect::Keep } => is_member(names),
        Requestor::Group { names, effect: Effect::Remove } => !is_member(names),
    }
}

impl Misses {
    fn add(&mut self, miss: Miss) {
        self.0 |= 1 << miss as u8;
    }

    /// Whether the rule matches.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Each of them, in the order in which a rule is written.
    pub fn iter(self) -> impl Iterator<Item = Miss> {
        let mut all = Miss::ALL;
        all.sort();
        all.into_iter().filter(move |miss| self.0 & (1 << *miss as u8) != 0)
    }
}

impl Miss {
    /// What sets most rules apart comes first: roles, and whom a rule is for.
    const ALL: [Self; 10] = [
        Self::Role,
        Self::Requestor,
        Self::Namespace,
        Self::Resource,
        Self::Cluster,
        Self::Name,
        Self::Subresource,
        Self::Danger,
        Self::Privileged,
        Self::SharedSubject,
    ];

    /// A word for machines.
    pub fn code(self) -> &'static str {
        match self {
            Self::Requestor => "requestor",
            Self::Cluster => "cluster",
            Self::Role => "role",
            Self::Resource => "resource",
            Self::Namespace => "namespace",
            Self::Name => "name",
            Self::Subresource => "subresource",
            Self::Danger => "danger",
            Self::Privileged => "privileged",
            Self::SharedSubject => "shared-subject",
        }
    }

    /// What `rule` asks for there.
    pub fn sentence(self, rule: &Rule) -> String {
        let pattern = rule.resource.pattern();
        match self {
            Self::Requestor => format!("it is for {}", meant(&rule.requestor)),
            Self::Cluster => format!("it is for clusters {}", list(&pattern.clusters)),
            Self::Role => format!("it is for roles {}", list(&pattern.roles)),
            Self::Resource => format!("it is for resources {}", list(&pattern.resources)),
            Self::Namespace => format!("it is for namespaces {}", list(&pattern.namespaces)),
            Self::Name => format!("it is for objects called {}", list(&pattern.names)),
            Self::Subresource => format!("it is for subresources {}", list(&pattern.subresources)),
            Self::Danger => format!("it is for danger up to {}", rule.options.worst_danger()),
            Self::Privileged => "it has no `allowPrivileged`".to_owned(),
            Self::SharedSubject => "it has no `allowSharedSubject`".to_owned(),
        }
    }
}

fn list(globs: &Option<Vec<Glob>>) -> String {
    let globs = globs.iter().flatten().map(|glob| format!("`{glob}`"));
    globs.collect::<Vec<_>>().join(", ")
}

fn meant(requestor: &Requestor) -> String {
    let list = |names: Vec<&str>| names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    match requestor {
        Requestor::Any => "everybody".to_owned(),
        Requestor::User(names) => list(names.iter().map(|name| name.as_str()).collect()),
        Requestor::Group { names, effect } => {
            let names = list(names.iter().map(GroupName::as_str).collect());
            match effect {
                Effect::Keep => format!("members of {names}"),
                Effect::Remove => format!("everybody but members of {names}"),
            }
        }
    }
}
