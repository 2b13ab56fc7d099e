//! How it is seen that a cluster has what base says. Not here: with whose credentials; those are never in Git.

use p0_grant::name::{Namespace, ObjectName};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::duration::Lifetime;

/// The cluster file's `confirm`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Confirmation {
    /// Where it is looked.
    pub by: Witness,
    /// How long the cluster may take to follow base before it is an alarm.
    #[serde(default = "ten_minutes")]
    pub within: Lifetime,
}

/// Who says what the cluster has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Witness {
    /// The grant's own objects, read with a credential that can read roles and bindings and nothing else.
    Objects,
    /// The status of Flux's Kustomization that applies the folder.
    Flux(Applier),
    /// The status of Argo CD's Application that applies the folder.
    ArgoCd(Applier),
}

/// The object that applies a cluster's grants folder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Applier {
    /// Its namespace.
    #[schemars(with = "String")]
    pub namespace: Namespace,
    /// Its name.
    #[schemars(with = "String")]
    pub name: ObjectName,
}

fn ten_minutes() -> Lifetime {
    Lifetime::minutes(10)
}

#[cfg(test)]
mod tests {
    use p0_grant::yaml::{self, Limits};

    use super::*;

    fn read(text: &str) -> Result<Confirmation, String> {
        yaml::read(text, Limits::FILE).map_err(|error| error.to_string())
    }

    #[test]
    fn each_witness_is_read() {
        assert_eq!(read("by: objects\n").unwrap().within.to_string(), "10m");
        let flux = read("by:\n  flux: {namespace: flux-system, name: access}\nwithin: 5m\n").unwrap();
        assert!(matches!(flux.by, Witness::Flux(applier) if applier.name.as_str() == "access"));
        assert!(read("by:\n  argo-cd: {namespace: argocd, name: access}\n").is_ok());
    }

    #[test]
    fn what_is_no_witness_is_refused() {
        for text in
            ["by: hope\n", "by: flux\n", "by:\n  flux: {name: x}\n", "within: 5m\n", "by: objects\nor: x\n"]
        {
            assert!(read(text).is_err(), "{text}");
        }
    }
}
