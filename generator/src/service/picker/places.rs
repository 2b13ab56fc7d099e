//! Every place of a cluster that can be selected, and the search among them.
//!
//! A catalogue knows kinds and namespaces. Objects are known where a cluster is followed; any other is named by the person who asks,
//! and its name is taken as it is typed.

use p0_access::layout::ClusterName;
use p0_cluster::ObjectName;
use p0_grant::catalogue::Catalogue;
use p0_grant::locator::{Locator, resource_called};
use p0_grant::offer::SystemNamespaces;
use p0_grant::resource::{ApiResource, Scope};

use super::words;
use crate::cluster::{FollowedKind, ObjectNames};

/// The places of one cluster, kinds in the order in which people look for them.
#[derive(Debug, Default)]
pub(super) struct Places {
    kinds: Vec<Kind>,
    /// Namespaces that may be asked for.
    namespaces: Vec<String>,
}

#[derive(Debug)]
struct Kind {
    /// As a locator has it: `Deployments`, or `Services.serving.knative.dev` where there are several.
    spelling: String,
    /// Everything that it answers to, in lower case.
    called: Vec<String>,
    scope: Scope,
    /// The same where objects are followed; nothing for kinds that never are.
    followed: Option<FollowedKind>,
}

/// The objects that are known of one cluster.
#[derive(Clone, Copy)]
pub(super) struct Known<'a> {
    pub(super) cluster: &'a ClusterName,
    pub(super) objects: &'a ObjectNames,
}

/// What people ask for most comes first; everything else follows, sorted.
const USUAL: [&str; 12] = [
    "deployments",
    "pods",
    "services",
    "configmaps",
    "secrets",
    "statefulsets",
    "daemonsets",
    "jobs",
    "cronjobs",
    "ingresses",
    "namespaces",
    "nodes",
];

impl Places {
    pub(super) fn of(catalogue: &Catalogue, system: &SystemNamespaces) -> Self {
        let mut resources: Vec<&ApiResource> = catalogue.resources().iter().collect();
        let usual = |resource: &ApiResource| {
            let is_own = ["", "apps", "batch", "networking.k8s.io"].contains(&resource.group());
            USUAL.iter().position(|name| is_own && *name == resource.plural()).unwrap_or(USUAL.len())
        };
        resources.sort_by_key(|resource| {
            (usual(resource), resource.plural().to_owned(), resource.group().to_owned())
        });
        let namespaces = catalogue.namespaces().iter().filter(|namespace| !system.contains(namespace));
        Self {
            kinds: resources.into_iter().map(|resource| Kind::of(resource, catalogue)).collect(),
            namespaces: namespaces.map(ToString::to_string).collect(),
        }
    }

    /// Locators for what is typed, the likeliest first.
    pub(super) fn search(
        &self,
        typed: &str,
        catalogue: &Catalogue,
        known: Known<'_>,
        most: usize,
    ) -> Vec<String> {
        let words: Vec<String> = words(typed).collect();
        let named = self.named(typed, catalogue, known);
        // What is typed comes first, but for an object that is not there while others may be meant.
        let (first, last) = match named {
            Some((locator, false)) => (None, Some(locator)),
            named => (named.map(|(locator, _)| locator), None),
        };
        let mut found: Vec<String> = first.into_iter().collect();
        let Some((first, rest)) = words.split_first() else {
            found.extend(self.kinds.iter().flat_map(|kind| kind.everywhere(&self.namespaces)).take(most));
            return found;
        };
        let mut kinds: Vec<(u8, &Kind)> =
            self.kinds.iter().filter_map(|kind| kind.fits(first).map(|rank| (rank, kind))).collect();
        // Stable: within a rank the usual ones come first.
        kinds.sort_by_key(|(rank, _)| *rank);
        for (_, kind) in &kinds {
            match rest {
                [] => {
                    found.extend(kind.places(rest, &self.namespaces));
                    found.extend(self.objects(kind, rest, known, most));
                }
                rest => {
                    found.extend(self.objects(kind, rest, known, most));
                    found.extend(kind.places(rest, &self.namespaces));
                }
            }
        }
        found.extend(last);
        // Without a kind, the words are of a name.
        if kinds.is_empty() {
            found.extend(self.kinds.iter().flat_map(|kind| self.objects(kind, &words, known, most)));
        }
        // A namespace may come first as well.
        let of_namespace = self.namespaces.iter().filter(|namespace| namespace.contains(first.as_str()));
        for namespace in of_namespace {
            let kinds = self.kinds.iter().filter(|kind| kind.scope == Scope::Namespaced);
            let kinds = kinds.filter(|kind| rest.iter().all(|word| kind.fits(word).is_some()));
            found.extend(kinds.map(|kind| format!("{} / {namespace} / *", kind.spelling)).take(most));
        }
        let mut seen = std::collections::BTreeSet::new();
        found.retain(|locator| seen.insert(locator.clone()));
        found.truncate(most);
        found
    }

    /// The objects of a kind that are known and have all `words`, as locators.
    fn objects(&self, kind: &Kind, words: &[String], known: Known<'_>, most: usize) -> Vec<String> {
        let Some(followed) = &kind.followed else { return Vec::new() };
        let found = known.objects.search(known.cluster, followed, words, most);
        let may_be_asked = |own: &ObjectName| {
            kind.scope == Scope::Cluster
                || self.namespaces.iter().any(|namespace| **namespace == *own.namespace)
        };
        let locator = |own: ObjectName| match kind.scope {
            Scope::Cluster => format!("{} / {}", kind.spelling, own.name),
            Scope::Namespaced => format!("{} / {} / {}", kind.spelling, own.namespace, own.name),
        };
        found.into_iter().filter(may_be_asked).map(locator).collect()
    }

    /// The object that is typed by its name, as a locator or as words: `deploy default web`; and whether it may be there.
    fn named(&self, typed: &str, catalogue: &Catalogue, known: Known<'_>) -> Option<(String, bool)> {
        let parts: Vec<&str> = match typed.contains('/') {
            true => typed.split('/').map(str::trim).collect(),
            false => typed.split_whitespace().collect(),
        };
        let (kind, rest) = parts.split_first()?;
        let resource = resource_called(kind, catalogue).ok()?;
        let Kind { spelling, followed, .. } = Kind::of(resource, catalogue);
        let locator = match (resource.scope(), rest) {
            (Scope::Namespaced, [namespace, name]) => format!("{spelling} / {namespace} / {name}"),
            (Scope::Cluster, [name]) => format!("{spelling} / {name}"),
            _ => return None,
        };
        let selection = locator.parse::<Locator>().ok()?.resolve(catalogue).ok()?;
        let is_there =
            selection.target().namespace().is_none_or(|own| catalogue.check_namespace(own).is_ok());
        let target = selection.target();
        let (namespace, name) = (target.namespace().map(ToString::to_string), target.name()?.to_string());
        let namespace = namespace.unwrap_or_default();
        let has = followed.and_then(|kind| known.objects.has(known.cluster, &kind, &namespace, &name));
        is_there.then(|| (locator, has.unwrap_or(true)))
    }
}

impl Kind {
    fn of(resource: &ApiResource, catalogue: &Catalogue) -> Self {
        let plural = resource.capitalised_plural();
        let is_clear = resource_called(&plural, catalogue)
            .is_ok_and(|own| (own.group(), own.plural()) == (resource.group(), resource.plural()));
        let spelling = match (is_clear, resource.group()) {
            (true, _) => plural,
            (false, "") => format!("{plural}.core"),
            (false, group) => format!("{plural}.{group}"),
        };
        let mut called: Vec<String> = resource.words().map(str::to_lowercase).collect();
        called.push(spelling.to_lowercase());
        let followed = FollowedKind::new(resource.group(), resource.plural());
        Self { spelling, called, scope: resource.scope(), followed }
    }

    /// How well it answers to a word: 0 by name, 1 by the beginning of one, 2 by a part.
    fn fits(&self, word: &str) -> Option<u8> {
        match () {
            () if self.called.iter().any(|own| own == word) => Some(0),
            () if self.called.iter().any(|own| own.starts_with(word)) => Some(1),
            () if self.called.iter().any(|own| own.contains(word)) => Some(2),
            () => None,
        }
    }

    /// In each namespace that has all `words` in its name; everywhere, where there are none.
    fn places(&self, words: &[String], namespaces: &[String]) -> Vec<String> {
        match (self.scope, words) {
            (_, []) => self.everywhere(namespaces),
            (Scope::Cluster, _) => Vec::new(),
            (Scope::Namespaced, words) => {
                let fits = |namespace: &&String| words.iter().all(|word| namespace.contains(word.as_str()));
                let mut fitting: Vec<&String> = namespaces.iter().filter(fits).collect();
                fitting.sort_by_key(|namespace| !words.contains(namespace));
                fitting.iter().map(|namespace| format!("{} / {namespace} / *", self.spelling)).collect()
            }
        }
    }

    fn everywhere(&self, namespaces: &[String]) -> Vec<String> {
        let all = format!("{} / *", self.spelling);
        match self.scope {
            Scope::Cluster => vec![all],
            Scope::Namespaced => {
                let each = namespaces.iter().map(|namespace| format!("{} / {namespace} / *", self.spelling));
                each.chain([all]).collect()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use p0_cluster::NameChange;
    use p0_grant::name::Namespace;

    fn catalogue() -> Catalogue {
        let embedded = Catalogue::embedded().unwrap();
        let namespaces =
            ["default", "shop", "shop-eu", "kube-system"].map(|name| Namespace::new(name).unwrap());
        let (resources, roles) = (embedded.resources().to_vec(), embedded.roles().to_vec());
        Catalogue::new(embedded.kubernetes_version(), namespaces.to_vec(), resources, roles).unwrap()
    }

    fn search(typed: &str) -> Vec<String> {
        search_with(typed, &ObjectNames::default())
    }

    fn search_with(typed: &str, objects: &ObjectNames) -> Vec<String> {
        let catalogue = catalogue();
        let known = Known { cluster: &ClusterName::new("prod").unwrap(), objects };
        Places::of(&catalogue, &SystemNamespaces::default()).search(typed, &catalogue, known, 5)
    }

    #[test]
    fn objects_that_are_known_complete_what_is_typed() {
        let objects = ObjectNames::default();
        let cluster = ClusterName::new("prod").unwrap();
        let name =
            |namespace: &str, name: &str| ObjectName { namespace: namespace.into(), name: name.into() };
        let deployments =
            vec![name("default", "nginx-deployment"), name("kube-system", "nginx"), name("shop", "web")];
        objects.hear(&cluster, &"deployments.apps".parse().unwrap(), NameChange::All(deployments));
        objects.hear(&cluster, &"nodes".parse().unwrap(), NameChange::All(vec![name("", "worker-1")]));
        for (typed, first) in [
            ("deploy default nginx", "Deployments / default / nginx-deployment"),
            ("deploy nginx", "Deployments / default / nginx-deployment"),
            ("nginx", "Deployments / default / nginx-deployment"),
            ("deploy shop web", "Deployments / shop / web"),
            ("Deployments / shop / web", "Deployments / shop / web"),
            ("node work", "Nodes / worker-1"),
            ("deploy", "Deployments / default / *"),
        ] {
            assert_eq!(search_with(typed, &objects).first().map(String::as_str), Some(first), "{typed}");
        }
        // A name that is not there yet can be typed, and what is the system's is not offered.
        assert!(
            search_with("deploy default ng", &objects).contains(&"Deployments / default / ng".to_owned())
        );
        assert!(!search_with("nginx", &objects).iter().any(|locator| locator.contains("kube-system")));
    }

    #[test]
    fn what_people_type_finds_what_they_mean_first() {
        for (typed, first) in [
            ("", "Deployments / default / *"),
            ("deploy", "Deployments / default / *"),
            ("deploy shop", "Deployments / shop / *"),
            ("deploy default nginx-deployment", "Deployments / default / nginx-deployment"),
            ("Deployments / default / nginx-deployment", "Deployments / default / nginx-deployment"),
            ("po shop-eu", "Pods / shop-eu / *"),
            ("node worker-1", "Nodes / worker-1"),
            ("no", "Nodes / *"),
            ("shop cronjob", "CronJobs / shop / *"),
        ] {
            assert_eq!(search(typed).first().map(String::as_str), Some(first), "{typed}");
        }
    }

    #[test]
    fn namespaces_of_the_system_are_not_offered_and_nonsense_finds_nothing() {
        assert!(search("pods kube").is_empty());
        assert!(search("deploymnet").is_empty());
        assert!(search("deploy nowhere web").is_empty());
    }

    #[test]
    fn each_place_resolves() {
        let catalogue = catalogue();
        let places = Places::of(&catalogue, &SystemNamespaces::default());
        let known = Known { cluster: &ClusterName::new("prod").unwrap(), objects: &ObjectNames::default() };
        for locator in places.search("", &catalogue, known, 10_000) {
            assert!(locator.parse::<Locator>().unwrap().resolve(&catalogue).is_ok(), "{locator}");
        }
    }
}
