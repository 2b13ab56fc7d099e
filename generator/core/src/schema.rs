//! JSON Schemas of the files that people write, for their editors. Not here: reading them, which is stricter.

use schemars::{JsonSchema, Schema};

/// The danger classes, as `p0_grant::danger::Class` writes them.
#[derive(JsonSchema)]
#[schemars(rename = "Class", rename_all = "UPPERCASE")]
#[expect(dead_code, reason = "only its schema is used")]
pub(crate) enum ClassSchema {
    /// Worth a look.
    Note,
    /// Reaches beyond the selected object.
    High,
    /// Gives secrets, or a way into running programs.
    Critical,
    /// Gives everything, in one step or two.
    Block,
}

/// Every schema with the name of its file.
pub fn all() -> Vec<(&'static str, Schema)> {
    vec![
        ("identities.json", schemars::schema_for!(crate::identity::File)),
        ("policy-test.json", schemars::schema_for!(crate::trial::SuiteFile)),
        ("policy.json", schemars::schema_for!(crate::policy::File)),
        ("window.json", schemars::schema_for!(crate::window::Window)),
    ]
}
