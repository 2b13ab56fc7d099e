//! The planned values of a grant that is to be created. Not here: where its rules come from.

use tfplugin::provider::Planned;
use tfplugin::value::Value;

use super::planned_rules::PlannedRules;
use crate::grant::config::GrantConfig;
use crate::grant::private_state::PrivateState;
use crate::grant::resolve::ResolvedGrant;
use crate::grant::values::{configured, is_set, list, role_value, with};

/// Where a new grant's binding counts.
pub(super) struct PlannedBinding {
    selection: Value,
    binding_kind: Value,
}

impl PlannedBinding {
    pub(super) const UNKNOWN: Self = Self { selection: Value::UNKNOWN, binding_kind: Value::UNKNOWN };

    pub(super) fn of(found: &ResolvedGrant) -> Self {
        let namespace = found.selection.target().namespace();
        let kind = if namespace.is_some() { "RoleBinding" } else { "ClusterRoleBinding" };
        Self { selection: Value::string(found.selection.to_string()), binding_kind: Value::string(kind) }
    }
}

pub(super) fn created(
    config: &Value,
    grant: &GrantConfig,
    private: &PrivateState,
    rules: PlannedRules,
    binding: PlannedBinding,
) -> Planned {
    let unset =
        |name: &str, value: Value| if is_set(config, name) { configured(config, name) } else { value };
    let state = with(
        config.clone(),
        [
            ("role", with_kind(config, grant)),
            ("id", Value::UNKNOWN),
            ("created_at", Value::UNKNOWN),
            ("expires_at", unset("expires_at", Value::UNKNOWN)),
            ("role_name", Value::UNKNOWN),
            ("binding_name", Value::UNKNOWN),
            ("binding_kind", binding.binding_kind),
            ("selection", binding.selection),
            ("rules", rules.rules),
            ("subset_sha256", unset("subset_sha256", rules.digest.clone())),
            ("available_subset_sha256", rules.digest),
            ("expired", private.ended.map_or(Value::UNKNOWN, Value::Bool)),
            ("active", Value::UNKNOWN),
            ("drift", list([])),
        ],
    );
    // An identity with an unknown part cannot be shown (`terraform show -json`), so there is none before there is an id.
    Planned { state, private: private.write(), identity: None, replace: Vec::new() }
}

/// The role with its default kind.
pub(super) fn with_kind(config: &Value, grant: &GrantConfig) -> Value {
    match (configured(config, "role"), grant.role.known()) {
        (role, Some(known)) if role.attribute("kind").is_some_and(Value::is_null) => {
            let kind = role_value(known).attribute("kind").cloned().unwrap_or(Value::Null);
            with(role, [("kind", kind)])
        }
        (role, None) if role.attribute("kind").is_some_and(Value::is_null) => {
            with(role, [("kind", Value::string("ClusterRole"))])
        }
        (role, _) => role,
    }
}
