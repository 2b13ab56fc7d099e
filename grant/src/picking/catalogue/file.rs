//! A catalogue's file as any strict YAML reader sees it.
//!
//! The exporter's own bytes are read by [`super::lines`], which is many times faster; whatever is written otherwise (by
//! hand, by a formatter) comes here and means the same.

use serde::Deserialize;

use super::entry::Entry;
use super::{Catalogue, CatalogueError, lines};
use crate::name::Namespace;
use crate::resource::ApiResource;
use crate::role::Role;
use crate::yaml::{self, Limits};

/// Reads a catalogue, quickly where it can be.
pub(super) fn read(text: &str) -> Result<Catalogue, CatalogueError> {
    read_quickly(text).map_or_else(|| read_strictly(text), Ok)
}

/// Reads a file that has not been edited since it was written.
///
/// The quick reader need not be strict: what it understood counts only if writing it gives the very bytes that were read,
/// and the strict reader gives the same catalogue for those (a property test).
pub(super) fn read_quickly(text: &str) -> Option<Catalogue> {
    lines::read(text).filter(|catalogue| catalogue.write().as_deref() == Ok(text))
}

/// Whether `text` calls itself a catalogue.
pub(super) fn is_catalogue(text: &str) -> bool {
    #[derive(Deserialize)]
    struct Head {
        kind: String,
    }
    yaml::read::<Head>(text, Limits::CLUSTER).is_ok_and(|head| head.kind == "Catalogue")
}

fn read_strictly(text: &str) -> Result<Catalogue, CatalogueError> {
    let file: File = yaml::read(text, Limits::CLUSTER)?;
    Catalogue::new(
        file.kubernetes_version,
        file.namespaces,
        file.resources,
        file.roles.into_iter().map(Role::from).collect(),
    )
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct File {
    #[serde(rename = "apiVersion")]
    _api_version: ApiVersion,
    #[serde(rename = "kind")]
    _kind: Kind,
    kubernetes_version: String,
    namespaces: Vec<Namespace>,
    resources: Vec<ApiResource>,
    roles: Vec<Entry>,
}

#[derive(Deserialize)]
enum ApiVersion {
    #[serde(rename = "p0.dev/v1alpha1")]
    V1Alpha1,
}

#[derive(Deserialize)]
enum Kind {
    Catalogue,
}

impl From<Entry> for Role {
    fn from(entry: Entry) -> Self {
        Self::new(entry.role, entry.rules).with_labels(entry.labels)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::sample::select;

    use super::*;
    use crate::resource::Scope;
    use crate::role::RoleRef;
    use crate::rule::Rule;
    use crate::rule::{ResourceRule, UrlRule};

    /// Texts that YAML readers trip over, and any others.
    fn text() -> impl Strategy<Value = String> {
        let awkward = [
            "no", "012", "1e3", "12:30:45", "null", "~", "", " x ", "a: b", "a\nb", "- a", "#", "\"", "\\",
            "\u{7f}", "\u{85}", "\u{2028}", "\u{feff}", "\u{ffff}", "é", "🦀", "\t", "\0",
        ];
        prop_oneof![select(awkward.to_vec()).prop_map(str::to_owned), any::<String>(), "[a-z]{1,8}"]
    }

    fn texts(least: usize) -> impl Strategy<Value = Vec<String>> {
        prop::collection::vec(text(), least..3)
    }

    fn namespace() -> impl Strategy<Value = Namespace> {
        "[a-z]([-a-z0-9]{0,5}[a-z0-9])?".prop_map(|name| Namespace::new(name).unwrap())
    }

    fn reference() -> impl Strategy<Value = RoleRef> {
        (prop::option::of(namespace()), text()).prop_filter_map("names a role", |(namespace, name)| {
            match namespace {
                None => RoleRef::cluster_role(name).ok(),
                Some(namespace) => RoleRef::role(namespace.as_str(), name).ok(),
            }
        })
    }

    fn rule() -> impl Strategy<Value = Rule> {
        prop_oneof![
            (texts(1), texts(1), texts(1), texts(0)).prop_map(|(verbs, groups, resources, names)| {
                ResourceRule::new(verbs, groups, resources, names).unwrap().into()
            }),
            (texts(1), texts(1)).prop_map(|(verbs, urls)| UrlRule::new(verbs, urls).unwrap().into()),
        ]
    }

    fn role() -> impl Strategy<Value = Role> {
        let labels = prop::collection::btree_map(
            select(vec![
                "kubernetes.io/bootstrapping",
                "rbac.authorization.k8s.io/aggregate-to-view",
                "noise",
            ])
            .prop_map(str::to_owned),
            text(),
            0..3,
        );
        (reference(), labels, prop::collection::vec(rule(), 0..3))
            .prop_map(|(reference, labels, rules)| Role::new(reference, rules).with_labels(labels))
    }

    /// A text that discovery could give for a name.
    fn literal() -> impl Strategy<Value = String> {
        text().prop_map(|text| {
            let spoiled = |letter: char| letter.is_whitespace() || "*/%,".contains(letter);
            format!("x{}", text.replace(spoiled, ""))
        })
    }

    fn resource() -> impl Strategy<Value = ApiResource> {
        let group = prop_oneof![Just(String::new()), literal()];
        let scope = select(vec![Scope::Namespaced, Scope::Cluster]);
        let subresources = prop::collection::vec(literal(), 0..3);
        let words = (group, literal(), literal(), scope);
        (words, text(), texts(0), subresources).prop_map(
            |((group, plural, kind, scope), singular, short_names, subresources)| {
                ApiResource::new(group, plural, kind, scope)
                    .unwrap()
                    .with_singular(singular)
                    .with_short_names(short_names)
                    .with_subresources(subresources)
                    .unwrap()
            },
        )
    }

    fn catalogue() -> impl Strategy<Value = Catalogue> {
        let namespaces = prop::collection::vec(namespace(), 0..3);
        let resources = prop::collection::vec(resource(), 0..3);
        let roles = prop::collection::vec(role(), 0..3);
        (text(), namespaces, resources, roles).prop_filter_map(
            "has nothing twice",
            |(version, namespaces, resources, roles)| {
                Catalogue::new(version, namespaces, resources, roles).ok()
            },
        )
    }

    proptest! {
        #[test]
        fn the_strict_and_the_quick_reader_both_give_what_was_written(catalogue in catalogue()) {
            let text = catalogue.write().unwrap();
            prop_assert_eq!(&read_strictly(&text).unwrap(), &catalogue, "strictly: {}", text);
            prop_assert_eq!(&lines::read(&text).unwrap(), &catalogue, "quickly: {}", text);
        }

        #[test]
        fn a_spoilt_file_is_never_read_otherwise_than_strictly(
            catalogue in catalogue(),
            at in any::<prop::sample::Index>(),
            spoil in select(vec!["", " ", "\n", "- ", "\"", "x", "#", "{", "  - ", ", ", "\\u0041"]),
            cut in 0..3usize,
        ) {
            let mut letters: Vec<char> = catalogue.write().unwrap().chars().collect();
            let at = at.index(letters.len());
            letters.splice(at..(at + cut).min(letters.len()), spoil.chars());
            let text: String = letters.into_iter().collect();
            prop_assert_eq!(read(&text).ok(), read_strictly(&text).ok(), "{}", text);
        }
    }

    #[test]
    fn a_file_is_one_line_for_each_thing() {
        let labels = [("kubernetes.io/bootstrapping", "rbac-defaults"), ("team", "red")];
        let labels = labels.map(|(key, value)| (key.to_owned(), value.to_owned()));
        let rule = ResourceRule::new(["get", "list"], [""], ["pods"], ["x"]).unwrap();
        let role = Role::new("default/dev".parse().unwrap(), vec![rule.into()]);
        let empty = Role::new("nothing".parse().unwrap(), Vec::new());
        let pods = ApiResource::new("", "pods", "Pod", Scope::Namespaced).unwrap();
        let catalogue = Catalogue::new(
            "v1.36.2",
            vec![Namespace::new("kube-system").unwrap(), Namespace::new("default").unwrap()],
            vec![pods.with_short_names(["po"]).with_subresources(["status", "log"]).unwrap()],
            vec![role.with_labels(labels.into()), empty],
        )
        .unwrap();
        assert_eq!(
            catalogue.write().unwrap(),
            r#"apiVersion: p0.dev/v1alpha1
kind: Catalogue
kubernetesVersion: "v1.36.2"
namespaces:
- "default"
- "kube-system"
resources:
- {"group": "", "kind": "Pod", "plural": "pods", "scope": "Namespaced", "shortNames": ["po"], "subresources": ["log", "status"]}
roles:
- role: "ClusterRole/nothing"
  rules: []
- role: "Role/default/dev"
  labels: {"kubernetes.io/bootstrapping": "rbac-defaults"}
  rules:
  - {"apiGroups": [""], "resourceNames": ["x"], "resources": ["pods"], "verbs": ["get", "list"]}
"#
        );
    }

    #[test]
    fn what_a_person_writes_is_read_too_and_mistakes_have_a_place() {
        let by_hand = "kind: Catalogue\napiVersion: p0.dev/v1alpha1\nkubernetesVersion: v1.36.2\nnamespaces: [b, a]\n\
            resources: []\nroles:\n- role: ClusterRole/x # mine\n  rules:\n  - apiGroups: ['']\n    resources: [pods]\n    verbs: [get]\n";
        let catalogue = read(by_hand).unwrap();
        assert_eq!(catalogue.namespaces().len(), 2);
        assert_eq!(read(&catalogue.write().unwrap()).unwrap(), catalogue);
        for (from, to, line) in [
            ("Catalogue", "Catalog", 1),
            ("p0.dev/v1alpha1", "p0.dev/v2", 2),
            ("[b, a]", "[B]", 4),
            ("ClusterRole/x", "x", 7),
            ("apiGroups", "apiGroup", 9),
            ("verbs: [get]", "verbs: []", 9),
        ] {
            let error = read(&by_hand.replace(from, to)).unwrap_err();
            match error {
                CatalogueError::Yaml(yaml::YamlError::At { line: at, .. }) => {
                    assert_eq!(at, line, "{to}: {error}");
                }
                _ => panic!("{to}: {error}"),
            }
        }
        let twice = by_hand.to_owned() + "- role: ClusterRole/x\n  rules: []\n";
        assert_eq!(read(&twice).unwrap_err().to_string(), "the catalogue has `ClusterRole/x` twice");
    }
}
