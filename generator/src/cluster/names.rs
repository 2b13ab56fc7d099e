//! Names of live objects in memory, so that a form completes them as somebody types. They are a help: an object that is not here can
//! be typed all the same, and a request is judged on base.
//!
//! Not here: following a cluster ([`super::follow`]).

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;
use std::sync::{OnceLock, PoisonError, RwLock};

use memchr::memmem;
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
pub struct ObjectNames(RwLock<BTreeMap<ClusterName, BTreeMap<FollowedKind, Names>>>);

/// The names of one kind in one cluster, and the same as one text, which is searched as fast as memory is read.
#[derive(Debug, Default)]
struct Names {
    all: BTreeSet<ObjectName>,
    /// Made when somebody searches after a change.
    text: OnceLock<Text>,
}

/// A line for each object: `NAMESPACE/NAME`.
#[derive(Debug)]
struct Text {
    written: String,
    /// In small letters, where that is another text.
    folded: Option<String>,
}

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
        let followed = clusters.entry(cluster.clone()).or_default().entry(kind.clone()).or_default();
        followed.text = OnceLock::new();
        let names = &mut followed.all;
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
        clusters.values().flat_map(BTreeMap::values).map(|names| names.all.len()).sum()
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
        Some(names.all.contains(&ObjectName { namespace: namespace.into(), name: name.into() }))
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
        names.search(words, most)
    }
}

impl Names {
    fn text(&self) -> &Text {
        self.text.get_or_init(|| Text::of(&self.all))
    }

    /// Looks for the last word as a whole name, as the beginning of one, and for the longest word anywhere: each ends with enough.
    fn search(&self, words: &[String], most: usize) -> Vec<ObjectName> {
        let Some(last) = words.last() else { return self.all.iter().take(most).cloned().collect() };
        let longest = words.iter().max_by_key(|word| word.len()).unwrap_or(last);
        let text = self.text();
        // A word that is nowhere ends it before the others are looked for in every line.
        if words.iter().any(|word| memmem::find(text.folded(), word.as_bytes()).is_none()) {
            return Vec::new();
        }
        let (mut seen, mut found) = (BTreeSet::new(), Vec::new());
        for pattern in [format!("/{last}\n"), format!("/{last}"), longest.clone()] {
            for at in memmem::find_iter(text.folded(), pattern.as_bytes()) {
                if found.len() >= most {
                    return found;
                }
                let Some((_, line)) = text.line(at).filter(|(start, _)| seen.insert(*start)) else {
                    continue;
                };
                let folded = line.to_ascii_lowercase();
                if words.iter().all(|word| folded.contains(word.as_str())) {
                    let named = line
                        .split_once('/')
                        .map(|(place, name)| ObjectName { namespace: place.into(), name: name.into() });
                    found.extend(named);
                }
            }
        }
        found
    }
}

impl Text {
    fn of(all: &BTreeSet<ObjectName>) -> Self {
        let lines = all.iter().flat_map(|own| [&own.namespace, "/", &own.name, "\n"]);
        let written: String = lines.collect();
        let has_capitals = written.bytes().any(|byte| byte.is_ascii_uppercase());
        let folded = has_capitals.then(|| written.to_ascii_lowercase());
        Self { written, folded }
    }

    /// The text in small letters, byte for byte as long as the other.
    fn folded(&self) -> &[u8] {
        self.folded.as_ref().unwrap_or(&self.written).as_bytes()
    }

    /// The line that a place is in, and where it begins.
    fn line(&self, at: usize) -> Option<(usize, &str)> {
        let bytes = self.written.as_bytes();
        let start = memchr::memrchr(b'\n', bytes.get(..at)?).map_or(0, |before| before + 1);
        let end = memchr::memchr(b'\n', bytes.get(at..)?)? + at;
        self.written.get(start..end).map(|line| (start, line))
    }
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
