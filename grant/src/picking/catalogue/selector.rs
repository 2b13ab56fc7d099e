//! Label selectors: which roles an aggregated one is put together from.
//!
//! Source:
//! <https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#resources-that-support-set-based-requirements>.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

type Labels = BTreeMap<String, String>;

/// Picks objects by their labels: all of its conditions must hold, and no condition picks everything.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Selector {
    match_labels: Labels,
    match_expressions: Vec<Requirement>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Requirement {
    key: String,
    operator: Operator,
    #[serde(default)]
    values: BTreeSet<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
enum Operator {
    In,
    NotIn,
    Exists,
    DoesNotExist,
}

impl Selector {
    pub(super) fn matches(&self, labels: &Labels) -> bool {
        let equal = |(key, value): (&String, &String)| labels.get(key) == Some(value);
        self.match_labels.iter().all(equal)
            && self.match_expressions.iter().all(|requirement| requirement.holds(labels))
    }
}

impl Requirement {
    /// A label that is absent is not in any set, so `NotIn` holds for it.
    fn holds(&self, labels: &Labels) -> bool {
        let value = labels.get(&self.key);
        let within = value.is_some_and(|value| self.values.contains(value));
        match self.operator {
            Operator::In => within,
            Operator::NotIn => !within,
            Operator::Exists => value.is_some(),
            Operator::DoesNotExist => value.is_none(),
        }
    }
}
