//! What only the provider reads of a grant: the settings it was made with, so that another setting or a newer engine never
//! makes a difference to it. Nothing here depends on time.

use p0_grant::grant::{NamePrefix, RoleObject};
use p0_grant::plan::{self, Allowance};
use p0_grant::restrict::WildcardVerb;
use p0_grant::role::RoleRef;
use serde::{Deserialize, Serialize};
use tfplugin::diagnostics::{Diagnostic, Diagnostics};

/// A grant's private data. Terraform rewrites the whole state with every change, so defaults are left out and names are
/// short.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PrivateState {
    /// The kind of its role object.
    #[serde(default, rename = "o", skip_serializing_if = "is_default")]
    pub(crate) role_object: RoleObject,
    /// What its names begin with.
    #[serde(default, rename = "p", skip_serializing_if = "is_default")]
    pub(crate) prefix: NamePrefix,
    /// The plural of the selected kind in the kind's capitals, until the names are made of it.
    #[serde(default, rename = "k", skip_serializing_if = "is_default")]
    pub(crate) resources: String,
    /// What becomes of the verb `*`.
    #[serde(default, rename = "w", skip_serializing_if = "is_default")]
    pub(crate) wildcard: WildcardVerb,
    /// Whether privileged rules were allowed.
    #[serde(default, rename = "a", skip_serializing_if = "is_default")]
    pub(crate) privileged: bool,
    /// Whether its time had come when it was planned, until it is made.
    #[serde(default, rename = "e", skip_serializing_if = "is_default")]
    pub(crate) ended: Option<bool>,
    /// The cluster it was made in, where that could be told.
    #[serde(default, rename = "c", skip_serializing_if = "is_default")]
    pub(crate) cluster: Option<String>,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

impl PrivateState {
    /// Reads what [`PrivateState::write`] wrote.
    pub(crate) fn read(private: &[u8]) -> Result<Self, Diagnostics> {
        serde_json::from_slice(private).map_err(|error| {
            let detail = format!(
                "What the provider keeps beside the grant cannot be read ({error}). Remove the grant from the state \
                 (`terraform state rm`) and import it again by its id."
            );
            Diagnostic::error("The state is damaged", detail).into()
        })
    }

    /// As Terraform keeps it.
    pub(crate) fn write(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// The engine's settings for this grant: those it was created with, and what the provider block allows besides.
    pub(crate) fn settings(
        &self,
        current: &plan::Settings,
        role: &RoleRef,
        resource: String,
    ) -> plan::Settings {
        let mut settings = plan::Settings { wildcard: self.wildcard, ..current.clone() };
        if self.privileged {
            settings.allow_privileged.push(Allowance { role: role.clone(), resource });
        }
        settings
    }
}
