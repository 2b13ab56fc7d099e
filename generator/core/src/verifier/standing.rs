//! What may stand in a grants folder whatever its history says: the same for what a push changes and for what a sweep finds.
//!
//! An applier reads the whole folder, so each file there is signed, or cannot grant anything. Not here: whether a grant was
//! allowed ([`super::grant`]), and when it ends.

use std::collections::{BTreeMap, BTreeSet};

use p0_grant::grant::{ManagedBy, Workflow};
use p0_grant::manifest::{Claims, Manifest, ManifestError};
use p0_grant::name::GrantId;
use p0_grant::signature::Purpose;
use p0_grant::signers::AllowedSigners;
use p0_grant::yaml::{self, Limits};
use serde_json::{Map, Value};

use super::Refusal;
use crate::layout::{ClusterName, SENTINEL_NAME, grant_file};

/// Fields of a kustomization that list files and change none of them.
const LISTING: [&str; 5] = ["apiVersion", "kind", "metadata", "resources", "sortOptions"];

/// The grant in a file that stands in a grants folder, read and held to its signature. Without usable `signers` it is enough
/// that it is signed. A key counts that was valid when the grant was made: a key that was replaced does not end what it signed.
///
/// # Errors
/// [`Refusal`] says why it must not stand there.
pub fn standing_grant(bytes: &[u8], signers: Option<&AllowedSigners>) -> Result<Manifest, Refusal> {
    let manifest = read(bytes)?;
    let claims = manifest.claims();
    let signature = claims.signature.as_ref().ok_or(Refusal::Unsigned)?;
    let text = manifest.signed_text().map_err(Refusal::Unreadable)?;
    if let Some(signers) = signers {
        let (made, at) = (claims.created_at, claims.created_at);
        signature.verify(Purpose::Grant, text.as_bytes(), signers, made, at).map_err(Refusal::Signature)?;
    }
    Ok(manifest)
}

/// Whether a grant stands where it belongs.
///
/// # Errors
/// [`Refusal`] says why not.
pub fn in_place(manifest: &Manifest, cluster: &ClusterName, id: &GrantId) -> Result<(), Refusal> {
    identity(cluster, id, manifest.claims()).into_iter().next().map_or(Ok(()), Err)
}

pub(super) fn read(bytes: &[u8]) -> Result<Manifest, Refusal> {
    let text = std::str::from_utf8(bytes).map_err(|_| Refusal::NotText)?;
    Manifest::read(text).map_err(|error| match error {
        ManifestError::Signature(error) => Refusal::Signature(error.into()),
        error => Refusal::Unreadable(error),
    })
}

/// The file's place and name, and the product.
pub(super) fn identity(cluster: &ClusterName, id: &GrantId, claims: &Claims) -> Vec<Refusal> {
    let mut findings = Vec::new();
    if claims.id != *id {
        findings.push(Refusal::FileName(claims.id.to_string()));
    }
    if claims.managed_by != ManagedBy::P0Gitops {
        findings.push(Refusal::Product);
    }
    match &claims.workflow {
        None => findings.push(Refusal::Missing("p0.dev/cluster")),
        Some(Workflow { cluster: own, .. }) if own != cluster.as_str() => {
            findings.push(Refusal::Cluster(own.clone()));
        }
        Some(_) => {}
    }
    findings
}

/// Whether a sentinel grants nothing: one Role called as `init` calls it, without rules.
pub fn is_sentinel(bytes: &[u8]) -> bool {
    let documents = text(bytes).and_then(|text| yaml::read_all::<Value>(text, Limits::FILE).ok());
    let Some([Value::Object(role)]) = documents.as_deref() else { return false };
    let Some(metadata) = role.get("metadata").and_then(Value::as_object) else { return false };
    has_only(role, &["apiVersion", "kind", "metadata", "rules"])
        && has_only(metadata, &["name", "namespace", "annotations", "labels"])
        && role.get("apiVersion").and_then(Value::as_str) == Some("rbac.authorization.k8s.io/v1")
        && role.get("kind").and_then(Value::as_str) == Some("Role")
        && role.get("rules").and_then(Value::as_array).is_some_and(Vec::is_empty)
        && metadata.get("name").and_then(Value::as_str) == Some(SENTINEL_NAME)
}

/// The grants that a kustomization lists, if it lists files of its folder and does nothing else.
pub fn listed_grants(bytes: &[u8]) -> Option<BTreeSet<GrantId>> {
    let fields: BTreeMap<String, Value> = yaml::read(text(bytes)?, Limits::FILE).ok()?;
    if !fields.keys().all(|field| LISTING.contains(&field.as_str())) {
        return None;
    }
    let Some(resources) = fields.get("resources") else { return Some(BTreeSet::new()) };
    let mut listed = BTreeSet::new();
    for file in resources.as_array()? {
        let file = file.as_str()?;
        match file.strip_suffix(".yaml").and_then(|id| GrantId::new(id).ok()) {
            Some(id) if grant_file(&id) == file => drop(listed.insert(id)),
            _ if file == "sentinel.yaml" => {}
            _ => return None,
        }
    }
    Some(listed)
}

fn text(bytes: &[u8]) -> Option<&str> {
    std::str::from_utf8(bytes).ok()
}

fn has_only(fields: &Map<String, Value>, known: &[&str]) -> bool {
    fields.keys().all(|field| known.contains(&field.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SENTINEL: &str = "apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata:\n  name: p0-grants-sentinel\n  \
                            namespace: default\nrules: []\n";

    #[test]
    fn a_sentinel_is_one_role_without_rules() {
        assert!(is_sentinel(SENTINEL.as_bytes()));
        for other in [
            String::new(),
            SENTINEL.replace("rules: []", "rules: [{apiGroups: [\"\"], resources: [secrets], verbs: [get]}]"),
            SENTINEL.replace("rules: []", ""),
            SENTINEL.replace("p0-grants-sentinel", "extension-apiserver-authentication-reader"),
            SENTINEL.replace("kind: Role", "kind: ClusterRole"),
            format!("{SENTINEL}aggregationRule: {{}}\n"),
            format!("{SENTINEL}---\nkind: ClusterRoleBinding\n"),
        ] {
            assert!(!is_sentinel(other.as_bytes()), "{other}");
        }
        assert!(!is_sentinel(&[0xff]));
    }

    #[test]
    fn a_kustomization_lists_files_of_its_folder() {
        let id = "vpl5aqzpwnnqmnkrzze2";
        let plain = format!("resources:\n- sentinel.yaml\n- {id}.yaml\n");
        assert_eq!(listed_grants(plain.as_bytes()), Some([GrantId::new(id).unwrap()].into()));
        for other in [
            "resources: [https://example.com/more]",
            "resources: [../other]",
            "resources: sentinel.yaml",
            "resources: []\npatches: []",
            "resources: []\nsecretGenerator: []",
            "- sentinel.yaml",
        ] {
            assert_eq!(listed_grants(other.as_bytes()), None, "{other}");
        }
    }
}
