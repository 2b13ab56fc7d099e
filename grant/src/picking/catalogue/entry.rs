//! A role as the catalogue's file has it, in either spelling of the file. Not here: the spellings.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::role::RoleRef;
use crate::rule::Rule;

/// A role of the file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Entry {
    pub(super) role: RoleRef,
    #[serde(default)]
    pub(super) labels: BTreeMap<String, String>,
    pub(super) rules: Vec<Rule>,
}

impl Entry {
    /// A role before its labels and rules are known.
    pub(super) fn new(role: RoleRef) -> Self {
        Self { role, labels: BTreeMap::new(), rules: Vec::new() }
    }
}
