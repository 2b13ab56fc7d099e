//! JSON Schemas of the files that people write, for their editors. Not here: reading them, which is stricter.

use schemars::{Schema, schema_for};

/// Every schema with the name of its file.
pub fn all() -> Vec<(&'static str, Schema)> {
    vec![
        ("cluster.json", schema_for!(crate::cluster::Cluster)),
        ("identities.json", schema_for!(crate::identity::File)),
        ("policy-test.json", schema_for!(crate::policy_test::SuiteFile)),
        ("policy.json", schema_for!(crate::policy::File)),
        ("preapproval.json", schema_for!(crate::preapproval::Preapproval)),
        ("repository.json", schema_for!(crate::repository_id::RepositoryFile)),
    ]
}
