//! Functions: what can be said without a cluster, a clock or a configuration.
//!
//! Kubernetes' own resources are known; custom ones are taken as `plural.group`.

use std::sync::Arc;

use tfplugin::provider::{Function, FunctionError};
use tfplugin::schema::Parameter;
use tfplugin::value::Type;

use crate::text::chain;

mod fields;
mod grant_manifest;
mod offline;
mod parse_locator;
mod subset_rules;

/// All of them by name.
pub fn all() -> Vec<(&'static str, Arc<dyn Function>)> {
    vec![
        ("grant_manifest", Arc::new(grant_manifest::GrantManifest)),
        ("parse_locator", Arc::new(parse_locator::ParseLocator)),
        ("subset_rules", Arc::new(subset_rules::SubsetRules)),
    ]
}

/// An error about an argument that says what lies behind it too.
fn about(argument: usize, error: &(dyn std::error::Error + 'static)) -> FunctionError {
    FunctionError::about(argument, chain(error))
}

/// Terraform has counted the arguments; a wrong number is a fault of this provider.
fn broken() -> FunctionError {
    FunctionError {
        text: "the call has another number of arguments than the signature".to_owned(),
        argument: None,
    }
}

/// The first parameter of those that take a role.
fn role_parameter() -> Parameter {
    Parameter::new(
        "role",
        Type::Dynamic,
        "A ClusterRole or Role as a decoded manifest (`yamldecode(file(\"role.yaml\"))`), or `source` of \
         `data.p0_k8s_role_subset`. An aggregated role must have its rules filled in.",
    )
}
