//! The laws of manifests, P10 and P11 of the RBAC reference, over grants full of awkward strings.
//!
//! That Kubernetes and Go's YAML readers agree is tried against them, in the test package.
#![expect(clippy::unwrap_used, reason = "a grant without a manifest is a failed test")]

use p0_grant::manifest::{GRANT, MANAGED_BY, Manifest};
use p0_grant::rule::ALL;
use p0_grant::signature::{Purpose, Signature};
use p0_grant::yaml::{Limits, read_all};
use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde_json::Value;

#[path = "strategies/grants.rs"]
mod strategies;

use strategies::grants;

fn manifests() -> impl Strategy<Value = Manifest> {
    grants().prop_map(|grant| Manifest::of(&grant).unwrap())
}

fn keys(value: &Value) -> Vec<&str> {
    value.as_object().map(|map| map.keys().map(String::as_str).collect()).unwrap_or_default()
}

proptest! {
    /// P11.
    #[test]
    fn what_is_written_reads_back_equal(manifest in manifests()) {
        let text = manifest.to_yaml().unwrap();
        prop_assert_eq!(&Manifest::read(&text).unwrap(), &manifest);
        prop_assert_eq!(Manifest::read_strictly(&text).unwrap(), manifest);
    }

    #[test]
    fn a_signature_is_read_back_and_is_no_part_of_what_is_signed(manifest in manifests(), seed: [u8; 32]) {
        let key = ssh_key::PrivateKey::from(ssh_key::private::Ed25519Keypair::from_seed(&seed));
        let unsigned = manifest.to_yaml().unwrap();
        let signed = manifest.with_signature(Signature::make(Purpose::Grant, &key, unsigned.as_bytes()).unwrap()).unwrap();
        prop_assert_eq!(&signed.signed_text().unwrap(), &unsigned);
        prop_assert_eq!(&Manifest::read(&signed.to_yaml().unwrap()).unwrap(), &signed);
        prop_assert_eq!(Manifest::read_strictly(&signed.to_yaml().unwrap()).unwrap(), signed);
    }

    /// P10: what could make a grant more than its rules is never there.
    #[test]
    fn objects_carry_two_labels_their_own_annotations_and_literal_rules(manifest in manifests()) {
        let objects: Vec<Value> = read_all(&manifest.to_yaml().unwrap(), Limits::FILE).unwrap();
        prop_assert_eq!(objects.len(), 2);
        for object in &objects {
            let metadata = &object["metadata"];
            prop_assert_eq!(keys(&metadata["labels"]), [MANAGED_BY, GRANT]);
            for key in keys(&metadata["annotations"]) {
                prop_assert!(key.starts_with("p0.dev/") || key == "kustomize.toolkit.fluxcd.io/substitute");
            }
            prop_assert_eq!(&metadata["annotations"]["kustomize.toolkit.fluxcd.io/substitute"], "disabled");
        }
        for rule in &manifest.claims().rules {
            let rule = rule.as_resource().unwrap();
            prop_assert!(!rule.api_groups().iter().chain(rule.resources()).any(|entry| entry.contains(ALL)));
            if let Some(name) = manifest.claims().selection.target.name() {
                prop_assert_eq!(rule.resource_names(), [name.as_str()]);
            }
        }
    }

    /// The reader answers to any text, and what it takes has one spelling.
    #[test]
    fn whatever_is_read_is_canonical(
        manifest in manifests(),
        changes in prop::collection::vec((any::<Index>(), 0..4usize, select(SPOILS)), 1..3),
    ) {
        let mut letters: Vec<char> = manifest.to_yaml().unwrap().chars().collect();
        for (at, cut, put) in changes {
            let at = at.index(letters.len() + 1);
            letters.splice(at..(at + cut).min(letters.len()), put.chars());
        }
        let text: String = letters.into_iter().collect();
        let read = Manifest::read(&text);
        if let Ok(read) = &read {
            prop_assert_eq!(&read.to_yaml().unwrap(), &text);
        }
        prop_assert_eq!(read, Manifest::read_strictly(&text));
    }

    #[test]
    fn the_reader_answers_to_any_text(text in any::<String>()) {
        prop_assert!(Manifest::read(&text).is_err());
    }
}

const SPOILS: &[&str] = &[
    "", " ", "\n", "a", "0", "no", "\"", "'", "*", "&a ", "!t ", "---\n", ": ", "# ", "\r", "\u{feff}", "é",
    "${",
];
