//! What a subset leaves out, while it is put together. Not here: why something is left out.

use std::collections::BTreeMap;

use super::{DropReason, Dropped};

/// Drops, gathered by what and why, in the order of the reasons.
#[derive(Default)]
pub(super) struct Drops<'r>(BTreeMap<(DropReason, String), Vec<&'r String>>);

impl<'r> Drops<'r> {
    pub(super) fn add(&mut self, verbs: &'r [String], resource: &str, reason: DropReason) {
        let gathered = self.0.entry((reason, resource.to_owned())).or_default();
        verbs.iter().for_each(|verb| {
            if !gathered.contains(&verb) {
                gathered.push(verb);
            }
        });
    }

    pub(super) fn into_list(self) -> Vec<Dropped> {
        let own = |verbs: Vec<&String>| verbs.into_iter().cloned().collect();
        let drops = self.0.into_iter();
        drops.map(|((reason, resource), verbs)| Dropped { verbs: own(verbs), resource, reason }).collect()
    }
}
