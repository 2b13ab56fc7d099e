//! Names of live objects in memory, so that a form completes them as somebody types. They are a help: an object that is not here can
//! be typed all the same, and a request is judged on base.
//!
//! Not here: following a cluster ([`super::follow`]).

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;
use std::sync::{PoisonError, RwLock};

use p0_access::layout::ClusterName;
use p0_cluster::{NameChange, ObjectName};
use serde::{Deserialize, Serialize};

/// How many names are kept of one kind in one cluster.
const MOST: usize = 100_000;

/// A kind whose objects are followed: a plural, with its group where it has one, as in `deployments.apps`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct FollowedKind {
    group: String,
    plural: String,
}

/// A kind that is not followed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FollowedKindError {
    /// Not as it is written.
    #[error(
        "`{0}` is no kind to follow: write the plural and the group in small letters, as `deployments.apps` or `pods`"
    )]
    Unwritten(String),
    /// Who may list them may read what is in them.
    #[error(
        "`secrets` are not followed: Kubernetes lets who may list their names read what they hold. The names of secrets are typed"
    )]
    Secrets,
}

/// The names of the objects of clusters.
#[derive(Debug, Default)]
pub struct ObjectNames(RwLock<BTreeMap<ClusterName, BTreeMap<FollowedKind, BTreeSet<ObjectName>>>>);

impl FollowedKind {
    /// The kinds of a plural and its group; the core group is empty. `None` where they are not followed.
    pub fn new(group: &str, plural: &str) -> Option<Self> {
        let text = if group.is_empty() { plural.to_owned() } else { format!("{plural}.{group}") };
        text.parse().ok()
    }

    /// The API group.
    pub fn group(&self) -> &str {
        &self.group
    }

    /// The plural.
    pub fn plural(&self) -> &str {
        &self.plural
    }
}

impl FromStr for FollowedKind {
    type Err = FollowedKindError;

    fn from_str(text: &str) -> Result<Self, FollowedKindError> {
        let (plural, group) = text.split_once('.').unwrap_or((text, ""));
        let is_word = |text: &str| {
            text.bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-".contains(&byte))
        };
        if plural.is_empty() || !is_word(plural) || !is_word(group) || text.ends_with('.') {
            return Err(FollowedKindError::Unwritten(text.to_owned()));
        }
        if (plural, group) == ("secrets", "") {
            return Err(FollowedKindError::Secrets);
        }
        Ok(Self { group: group.to_owned(), plural: plural.to_owned() })
    }
}

impl TryFrom<String> for FollowedKind {
    type Error = FollowedKindError;

    fn try_from(text: String) -> Result<Self, FollowedKindError> {
        text.parse()
    }
}

impl From<FollowedKind> for String {
    fn from(kind: FollowedKind) -> Self {
        kind.to_string()
    }
}

impl fmt::Display for FollowedKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.group.as_str() {
            "" => f.write_str(&self.plural),
            group => write!(f, "{}.{group}", self.plural),
        }
    }
}

impl ObjectNames {
    /// Takes over a change. Of a kind with too many objects the first ones are kept.
    pub fn hear(&self, cluster: &ClusterName, kind: &FollowedKind, change: NameChange) {
        let mut clusters = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let names = clusters.entry(cluster.clone()).or_default().entry(kind.clone()).or_default();
        match change {
            NameChange::All(all) => {
                let count = all.len();
                *names = all.into_iter().take(MOST).collect();
                tracing::info!(%cluster, %kind, count, "the names of objects are known");
                if count > MOST {
                    tracing::warn!(%cluster, %kind, count, most = MOST, "too many objects: the others have to be typed");
                }
            }
            NameChange::There(name) if names.len() < MOST => {
                names.insert(name);
            }
            NameChange::There(_) => {}
            NameChange::Gone(name) => {
                names.remove(&name);
            }
        }
    }

    /// How many names there are.
    pub fn count(&self) -> usize {
        let clusters = self.0.read().unwrap_or_else(PoisonError::into_inner);
        clusters.values().flat_map(BTreeMap::values).map(BTreeSet::len).sum()
    }

    /// Whether an object is there; `None` where its kind is not followed.
    pub fn has(
        &self,
        cluster: &ClusterName,
        kind: &FollowedKind,
        namespace: &str,
        name: &str,
    ) -> Option<bool> {
        let clusters = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let names = clusters.get(cluster)?.get(kind)?;
        Some(names.contains(&ObjectName { namespace: namespace.into(), name: name.into() }))
    }

    /// Objects of a kind that have every word in their namespace or name, the likeliest first, at most `most`: those whose name is
    /// the last word, then those whose name begins with it.
    pub fn search(
        &self,
        cluster: &ClusterName,
        kind: &FollowedKind,
        words: &[String],
        most: usize,
    ) -> Vec<ObjectName> {
        let clusters = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let Some(names) = clusters.get(cluster).and_then(|kinds| kinds.get(kind)) else { return Vec::new() };
        let last = words.last().map_or("", String::as_str);
        let mut ranks: [Vec<&ObjectName>; 3] = Default::default();
        for own in names {
            let fits = |word: &String| holds(&own.name, word) || own.namespace.contains(word.as_str());
            if !words.iter().all(fits) {
                continue;
            }
            let [exact, begins, holds] = &mut ranks;
            let rank = match () {
                () if *own.name == *last => exact,
                () if own.name.starts_with(last) => begins,
                () => holds,
            };
            if rank.len() < most {
                rank.push(own);
            }
        }
        ranks.into_iter().flatten().take(most).cloned().collect()
    }
}

/// Whether a name has a word in it, in whatever case: names of roles may have capitals.
fn holds(name: &str, word: &str) -> bool {
    let has_capitals = || name.bytes().any(|byte| byte.is_ascii_uppercase());
    name.contains(word) || (has_capitals() && name.to_lowercase().contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(namespace: &str, name: &str) -> ObjectName {
        ObjectName { namespace: namespace.into(), name: name.into() }
    }

    #[test]
    fn the_likeliest_object_comes_first_and_what_is_gone_is_not_found() {
        let names = ObjectNames::default();
        let (cluster, kind) = (ClusterName::new("prod").unwrap(), "pods".parse().unwrap());
        let all = [("shop", "my-web"), ("shop", "web-2"), ("shop", "web"), ("web", "api")];
        names.hear(&cluster, &kind, NameChange::All(all.map(|(place, own)| name(place, own)).into()));
        let found = |words: &[&str]| -> Vec<String> {
            let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
            names.search(&cluster, &kind, &words, 3).into_iter().map(|own| own.name.into()).collect()
        };
        assert_eq!(found(&["web"]), ["web", "web-2", "my-web"]);
        assert_eq!(found(&["shop", "2"]), ["web-2"]);
        names.hear(&cluster, &kind, NameChange::Gone(name("shop", "web")));
        names.hear(&cluster, &kind, NameChange::There(name("shop", "web-3")));
        assert_eq!(found(&["web"]), ["web-2", "web-3", "my-web"]);
        assert_eq!(names.has(&cluster, &kind, "shop", "web"), Some(false));
        assert_eq!(names.has(&cluster, &"jobs.batch".parse().unwrap(), "shop", "web"), None);
        names.hear(&cluster, &kind, NameChange::All(Vec::new()));
        assert_eq!((found(&["web"]).len(), names.count()), (0, 0));
    }

    #[test]
    fn kinds_are_plurals_and_secrets_are_none_of_them() {
        let kind: FollowedKind = "deployments.apps".parse().unwrap();
        assert_eq!(
            (kind.plural(), kind.group(), kind.to_string().as_str()),
            ("deployments", "apps", "deployments.apps")
        );
        for wrong in ["", "Pods", "pods/log", "*", ".apps", "pods."] {
            assert!(matches!(wrong.parse::<FollowedKind>(), Err(FollowedKindError::Unwritten(_))), "{wrong}");
        }
        assert_eq!("secrets".parse::<FollowedKind>(), Err(FollowedKindError::Secrets));
    }
}
