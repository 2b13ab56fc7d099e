//! The version that every file of this program names. Not here: the files' kinds, of which each has its own.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

// No doc comment: it would stand in every published schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub(crate) enum ApiVersion {
    #[serde(rename = "p0.dev/v1alpha1")]
    V1Alpha1,
}
