//! Every place of a cluster that can be selected, and the search among them.
//!
//! A catalogue knows kinds and namespaces; an object is named by the person who asks, and its name is taken as it is typed.

use p0_grant::catalogue::Catalogue;
use p0_grant::locator::{Locator, resource_called};
use p0_grant::offer::SystemNamespaces;
use p0_grant::resource::{ApiResource, Scope};

use super::words;

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
    pub(super) fn search(&self, typed: &str, catalogue: &Catalogue, most: usize) -> Vec<String> {
        let words: Vec<String> = words(typed).collect();
        let mut found: Vec<String> = self.named(typed, catalogue).into_iter().collect();
        let Some((first, rest)) = words.split_first() else {
            found.extend(self.kinds.iter().flat_map(|kind| kind.everywhere(&self.namespaces)).take(most));
            return found;
        };
        let mut kinds: Vec<(u8, &Kind)> =
            self.kinds.iter().filter_map(|kind| kind.fits(first).map(|rank| (rank, kind))).collect();
        // Stable: within a rank the usual ones come first.
        kinds.sort_by_key(|(rank, _)| *rank);
        for (_, kind) in kinds {
            found.extend(kind.places(rest, &self.namespaces));
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

    /// The object that is typed by its name, as a locator or as words: `deploy default web`.
    fn named(&self, typed: &str, catalogue: &Catalogue) -> Option<String> {
        let parts: Vec<&str> = match typed.contains('/') {
            true => typed.split('/').map(str::trim).collect(),
            false => typed.split_whitespace().collect(),
        };
        let (kind, rest) = parts.split_first()?;
        let resource = resource_called(kind, catalogue).ok()?;
        let spelling = Kind::of(resource, catalogue).spelling;
        let locator = match (resource.scope(), rest) {
            (Scope::Namespaced, [namespace, name]) => format!("{spelling} / {namespace} / {name}"),
            (Scope::Cluster, [name]) => format!("{spelling} / {name}"),
            _ => return None,
        };
        let selection = locator.parse::<Locator>().ok()?.resolve(catalogue).ok()?;
        let is_there =
            selection.target().namespace().is_none_or(|own| catalogue.check_namespace(own).is_ok());
        is_there.then_some(locator)
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
        Self { spelling, called, scope: resource.scope() }
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
    use p0_grant::name::Namespace;

    fn catalogue() -> Catalogue {
        let embedded = Catalogue::embedded().unwrap();
        let namespaces =
            ["default", "shop", "shop-eu", "kube-system"].map(|name| Namespace::new(name).unwrap());
        let (resources, roles) = (embedded.resources().to_vec(), embedded.roles().to_vec());
        Catalogue::new(embedded.kubernetes_version(), namespaces.to_vec(), resources, roles).unwrap()
    }

    fn search(typed: &str) -> Vec<String> {
        let catalogue = catalogue();
        Places::of(&catalogue, &SystemNamespaces::default()).search(typed, &catalogue, 5)
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
        for locator in places.search("", &catalogue, 10_000) {
            assert!(locator.parse::<Locator>().unwrap().resolve(&catalogue).is_ok(), "{locator}");
        }
    }
}
