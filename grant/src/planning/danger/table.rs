//! The danger table: what a row is, and all rows together. The rows themselves are data: those on what Kubernetes ships
//! stand in `kubernetes.rs`, those on what others install in `ecosystem.rs`. Not here: how rows are matched.

use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use super::Class;

mod ecosystem;
mod kubernetes;

pub(super) use kubernetes::GOOD_PRACTICES;

/// One kind of danger: one of the verbs on one of the entries, in that place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Row {
    /// How dangerous. A row decides alone for its entries and verbs in an API group that Kubernetes does not ship, where a
    /// write without a row is HIGH: a site may set NOTE for its own kinds.
    pub class: Class,
    /// On what.
    pub entries: Vec<Entry>,
    /// Which verbs: exact, or a prefix that ends in `*`. The rule's own `*` always counts. With `get`, every verb whose answer
    /// holds the object counts: an update, a patch or a delete reads it too.
    pub verbs: Vec<String>,
    /// Where; everywhere unless said.
    #[serde(default)]
    pub place: RowPlace,
    /// What it means, for reading.
    pub why: String,
    /// Where this is known from.
    pub source: String,
}

/// What a row is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Entry {
    /// A resource or `resource/subresource` of a group (`""` is the core group); `*` only for rules that say `*`.
    Resource {
        /// The API group.
        group: String,
        /// The resource as rules write it.
        resource: String,
    },
    /// A URL pattern as rules write it.
    Url(String),
}

impl Entry {
    /// The entry for reading: `deployments.apps`, `pods/exec`, `/metrics`.
    pub(super) fn text(&self) -> String {
        match self {
            Self::Url(url) => url.clone(),
            Self::Resource { group, resource } if group.is_empty() => resource.clone(),
            Self::Resource { group, resource } => format!("{resource}.{group}"),
        }
    }
}

/// Where a row counts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum RowPlace {
    /// Everywhere.
    #[default]
    Anywhere,
    /// Where the selection can reach this one object.
    Object {
        /// Its namespace.
        namespace: String,
        /// Its name.
        name: String,
    },
    /// In the namespaces of the applier and of the bot.
    ApplierNamespaces,
}

/// (API group, resource) pairs.
type Pairs = &'static [(&'static str, &'static str)];
type Words = &'static [&'static str];

/// A row in the source: class, entries, verbs, why, source.
type Line = (Class, Pairs, Words, &'static str, &'static str);

/// Every verb.
const ANY: Words = &["*"];
const READ: Words = &["get"];
/// Verbs whose answer holds the object with all its fields: an update or patch answers with what is stored, and a delete
/// does where finalizers hold the object, a collection's always.
///
/// Source: <https://kubernetes.io/docs/reference/using-api/api-concepts/>; `rest.GracefulDeleter` and
/// `CollectionDeleter` in <https://github.com/kubernetes/kubernetes/blob/v1.36.2/staging/src/k8s.io/apiserver/pkg/registry/rest/rest.go>.
pub(super) const ANSWERED_WITH_THE_OBJECT: Words =
    &["get", "list", "watch", "update", "patch", "delete", "deletecollection"];
const CHANGE: Words = &["create", "update", "patch", "delete", "deletecollection"];
const CREATE: Words = &["create"];
const DELETE: Words = &["delete", "deletecollection"];
const EDIT: Words = &["update", "patch"];
const WRITE: Words = &["create", "update", "patch"];

/// The rows that hold for every cluster.
pub fn standard_rows() -> &'static [Row] {
    static ROWS: LazyLock<Vec<Row>> = LazyLock::new(|| {
        let everywhere = kubernetes::LINES.iter().chain(ecosystem::LINES);
        let mut rows: Vec<Row> = everywhere.map(|line| row(line, RowPlace::Anywhere)).collect();
        let appliers = kubernetes::IN_APPLIER_NAMESPACES.iter().chain(ecosystem::IN_APPLIER_NAMESPACES);
        rows.extend(appliers.map(|line| row(line, RowPlace::ApplierNamespaces)));
        rows.push(row(&kubernetes::AWS_AUTH, kubernetes::aws_auth()));
        rows.push(kubernetes::every_url());
        rows
    });
    &ROWS
}

/// The verbs of the HIGH row for deleting, which holds for every kind where no object is named.
pub(super) fn is_delete(verb: &str) -> bool {
    verb == "*" || DELETE.contains(&verb)
}

/// The verbs that change objects: `*` is all five.
pub(super) fn changes(verb: &str) -> &'static [&'static str] {
    if verb == "*" {
        return CHANGE;
    }
    CHANGE.iter().position(|change| *change == verb).and_then(|at| CHANGE.get(at..=at)).unwrap_or_default()
}

fn row((class, pairs, verbs, why, source): &Line, place: RowPlace) -> Row {
    let entry = |(group, resource): &(&str, &str)| Entry::Resource {
        group: (*group).to_owned(),
        resource: (*resource).to_owned(),
    };
    Row {
        class: *class,
        entries: pairs.iter().map(entry).collect(),
        verbs: verbs.iter().map(ToString::to_string).collect(),
        place,
        why: (*why).to_owned(),
        source: (*source).to_owned(),
    }
}
