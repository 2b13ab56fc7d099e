//! Which grants a message of an applier names. Not here: whether they are on base.

use std::collections::BTreeSet;

use p0_grant::name::GrantId;

/// The ids of all objects of grants that `message` names: each name ends with `-<id>` or `-<id>-binding`.
///
/// A message is an applier's and may quote anything; so the caller takes out only ids that base has.
pub(super) fn mentioned(message: &str) -> BTreeSet<GrantId> {
    let words = message.split(|letter: char| !(letter.is_ascii_lowercase() || letter.is_ascii_digit()));
    words.filter_map(|word| GrantId::new(word).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_objects_give_their_grants() {
        let id = "vpl5aqzpwnnqmnkrzze2";
        for message in [
            format!(
                "RoleBinding/shop/p0-view-Pods-{id}-binding dry-run failed: namespaces \"shop\" not found"
            ),
            format!("ClusterRole p0-view-Pods-{id} is invalid"),
            format!("clusters/prod/grants/{id}.yaml: bad"),
        ] {
            assert_eq!(mentioned(&message), BTreeSet::from([GrantId::new(id).unwrap()]), "{message}");
        }
        assert!(mentioned("kustomize build failed: no such file").is_empty());
    }
}
