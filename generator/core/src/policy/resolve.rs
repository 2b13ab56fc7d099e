//! Whether the resources that rules name exist on any cluster.
//!
//! A misspelt resource in an allow rule gives nothing. In a deny rule it would protect nothing, unnoticed, so a
//! deny rule whose resource cannot be resolved denies every resource that the rest of the rule touches. Patterns (`*.apps`) are
//! not looked at: they also mean what is installed later. Not here: what a rule matches.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use p0_grant::catalogue::Catalogue;
use p0_grant::group::is_shipped;
use p0_grant::locator::{LocatorError, resources_called};

use super::Policy;
use super::rule::{Resource, Rule};
use crate::name::RuleName;

/// Kubernetes' own resources, parsed once. If they could not be read, no word would resolve, and deny rules would deny.
static KUBERNETES: LazyLock<Option<Catalogue>> = LazyLock::new(|| Catalogue::embedded().ok());

/// A word of a rule for a resource that no catalogue has.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the rule `{rule}` names the resource `{word}`")]
pub struct UnknownResource {
    /// Which rule.
    pub rule: RuleName,
    /// What it says.
    pub word: String,
    /// Why it means no resource, with the nearest ones.
    #[source]
    pub why: LocatorError,
}

impl UnknownResource {
    /// Whether the word can only mean a resource that Kubernetes itself ships.
    pub fn is_of_kubernetes(&self) -> bool {
        self.word.split_once('.').is_none_or(|(_, group)| group == "core" || is_shipped(group))
    }
}

impl Policy {
    /// The same policy for clusters with these catalogues: a deny rule counts as resolved where one of them, or Kubernetes
    /// itself, has each resource that the rule names.
    #[must_use]
    pub fn resolved_by(self, catalogues: &[Arc<Catalogue>]) -> Self {
        let unresolved = unresolved(&self.rules, catalogues);
        Self { unresolved, ..self }
    }

    /// Whether a deny rule names a resource that is not Kubernetes' own, so that [`Policy::resolved_by`] has work to do.
    pub fn needs_catalogues(&self) -> bool {
        !self.unresolved.is_empty()
    }
}

/// Of each deny rule that cannot be resolved, the first word that means nothing.
pub(super) fn unresolved(
    rules: &[Rule],
    catalogues: &[Arc<Catalogue>],
) -> BTreeMap<RuleName, UnknownResource> {
    let denying = rules.iter().filter(|rule| rule.denies() && !rule.disabled);
    let first = denying.filter_map(|rule| {
        let mut unknown = words(rule).filter_map(|word| unknown(rule, word, known(catalogues)));
        Some((rule.name.clone(), unknown.next()?))
    });
    first.collect()
}

/// The resources that `policy` names and none of `catalogues` has: such a rule is for nothing.
pub fn unknown_resources(policy: &Policy, catalogues: &[Arc<Catalogue>]) -> Vec<UnknownResource> {
    let rules = policy.rules().iter().filter(|rule| !rule.disabled);
    let words = rules.flat_map(|rule| words(rule).map(move |word| (rule, word)));
    let catalogues = || catalogues.iter().map(Arc::as_ref);
    words.filter_map(|(rule, word)| unknown(rule, word, catalogues())).collect()
}

fn known(catalogues: &[Arc<Catalogue>]) -> impl Iterator<Item = &Catalogue> {
    KUBERNETES.iter().chain(catalogues.iter().map(Arc::as_ref))
}

/// What a rule names by a word; patterns are left out.
fn words(rule: &Rule) -> impl Iterator<Item = &str> {
    let pattern = match &rule.resource {
        Resource::Any => None,
        Resource::K8s(pattern) => pattern.resources.as_ref(),
    };
    pattern.into_iter().flatten().filter(|glob| glob.is_literal()).map(|glob| glob.as_str())
}

/// `word`, where none of `catalogues` has such a resource. The first catalogue says what is nearest.
fn unknown<'c>(
    rule: &Rule,
    word: &str,
    catalogues: impl Iterator<Item = &'c Catalogue>,
) -> Option<UnknownResource> {
    let mut why = None;
    for catalogue in catalogues {
        match resources_called(word, catalogue) {
            Ok(_) => return None,
            Err(error) => why = why.or(Some(error)),
        }
    }
    Some(UnknownResource { rule: rule.name.clone(), word: word.to_owned(), why: why? })
}
