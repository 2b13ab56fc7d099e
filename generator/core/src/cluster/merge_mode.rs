//! Who merges the changes that grant access. Removals are merged at once in every mode.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Who merges a change that grants access, the least careful first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum MergeMode {
    /// The program, as soon as the request is approved and the verifier passes the change.
    #[default]
    Auto,
    /// A person who reviewed it on the forge. A plain Git remote has no reviews: there a person merges it by hand.
    Review,
    /// A person, by hand.
    Manual,
}

impl MergeMode {
    pub(super) fn is_default(&self) -> bool {
        *self == Self::default()
    }
}
