//! Words of a rule that name nothing: a cluster, a role, a namespace or a subresource that no catalogue has. Not here: resources,
//! which are errors ([`crate::policy::unknown_resources`]), and persons.
//!
//! These are warnings and no errors, because a rule may be written before its namespace is made.

use std::sync::Arc;

use p0_grant::catalogue::Catalogue;
use p0_grant::nearest::Nearest;

use super::Warning;
use crate::glob::Glob;
use crate::layout::ClusterName;
use crate::policy::Rule;

/// What the clusters have, as far as it is known: nothing is compared with an empty list.
#[derive(Clone, Debug, Default)]
pub struct KnownNames {
    /// Every cluster.
    pub clusters: Vec<ClusterName>,
    /// The catalogues of clusters.
    pub catalogues: Vec<Arc<Catalogue>>,
}

/// One field of a rule's resource, and the names that it can mean.
struct Field<'a> {
    noun: &'static str,
    globs: &'a Option<Vec<Glob>>,
    names: Vec<String>,
}

pub(super) fn unknown(rule: &Rule, known: &KnownNames) -> Vec<Warning> {
    let pattern = rule.resource.pattern();
    let catalogues = || known.catalogues.iter();
    let roles = catalogues().flat_map(|one| one.roles()).map(|role| role.reference().to_string());
    let namespaces = catalogues().flat_map(|one| one.namespaces()).map(ToString::to_string);
    let subresources =
        catalogues().flat_map(|one| one.resources()).flat_map(|one| one.subresources()).cloned();
    // A role may name subresources that no server lists.
    let of_roles = catalogues().flat_map(|one| one.roles()).flat_map(|role| role.rules());
    let of_roles = of_roles.filter_map(|rule| rule.as_resource()).flat_map(|rule| rule.resources());
    let of_roles = of_roles.filter_map(|entry| entry.split_once('/')).map(|(_, name)| name.to_owned());
    let clusters = known.clusters.iter().map(ToString::to_string);
    let fields = [
        Field { noun: "cluster", globs: &pattern.clusters, names: clusters.collect() },
        Field { noun: "role", globs: &pattern.roles, names: roles.collect() },
        Field { noun: "namespace", globs: &pattern.namespaces, names: namespaces.collect() },
        Field {
            noun: "subresource",
            globs: &pattern.subresources,
            names: subresources.chain(of_roles).collect(),
        },
    ];
    fields.iter().flat_map(|field| field.unknown(rule)).collect()
}

impl Field<'_> {
    fn unknown(&self, rule: &Rule) -> impl Iterator<Item = Warning> {
        let globs = self.globs.iter().flatten().filter(|_| !self.names.is_empty());
        let unmatched = globs.filter(|glob| !self.names.iter().any(|name| glob.matches(name)));
        unmatched.map(|glob| Warning::Unknown {
            rule: rule.name.to_string(),
            noun: self.noun,
            word: glob.to_string(),
            nearest: Nearest::to(glob.as_str(), self.names.iter().map(String::as_str)),
        })
    }
}
