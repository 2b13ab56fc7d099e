//! How things come into Terraform's state other than by being made: older state, import, moves.

use crate::conform;
use crate::diagnostics::Diagnostic;
use crate::provider::{Call, ImportBy, Moved, Outcome, Resource};
use crate::value::json::{self, Attributes};
use crate::value::{Type, Value};
use crate::wire::tfplugin6 as wire;

use super::super::{Core, Kind, convert, find};

/// Called whenever state is loaded, whatever its version.
pub(in super::super) async fn upgrade(
    core: &Core,
    _call: &mut Call,
    request: wire::upgrade_resource_state::Request,
) -> Outcome<wire::upgrade_resource_state::Response> {
    let kind = find(&core.resources, &request.type_name)?;
    let state = upgraded(kind, request.version, json_of(request.raw_state)?.as_slice())?;
    // What an earlier version kept and this one does not is dropped with the rest that the schema does not have.
    let state = conform::without_write_only(&kind.schema, state);
    conform::refuse(|| conform::stored(&kind.schema, &state))?;
    let upgraded_state = Some(convert::dynamic(&state, &kind.value_type)?);
    Ok(wire::upgrade_resource_state::Response { upgraded_state, diagnostics: Vec::new() })
}

fn upgraded(kind: &Kind<dyn Resource>, version: i64, state: &[u8]) -> Outcome<Value> {
    let own = kind.schema.version;
    match version.cmp(&own) {
        std::cmp::Ordering::Equal => migrated(state, &kind.value_type),
        std::cmp::Ordering::Less => kind.of.upgrade(version, state),
        std::cmp::Ordering::Greater => Err(newer("state", version, own).into()),
    }
}

/// State of the schema's own version: what is missing is null, and what the schema does not know is dropped.
fn migrated(state: &[u8], of: &Type) -> Outcome<Value> {
    json::read(state, of, Attributes::Migrated).map_err(|error| {
        let detail = format!(
            "{error}. Restore the state from a backup, or remove the resource from it and import it."
        );
        Diagnostic::error("The state cannot be read", detail).into()
    })
}

fn newer(what: &str, version: i64, own: i64) -> Diagnostic {
    let detail = format!(
        "The {what} was written with version {version} of the schema; this version of the provider knows versions up to \
         {own}. Use the version of the provider that wrote it, or a later one."
    );
    Diagnostic::error(format!("The {what} is newer than the provider"), detail)
}

/// The JSON of a state. The other form was last written by Terraform 0.11.
fn json_of(raw: Option<wire::RawState>) -> Outcome<Vec<u8>> {
    let raw = raw.unwrap_or_default();
    if raw.json.is_empty() && !raw.flatmap.is_empty() {
        let detail = "It is in the form of Terraform 0.11. Apply once with Terraform 0.12 and a provider of that time.";
        return Err(Diagnostic::error("The state is too old", detail).into());
    }
    Ok(raw.json)
}

pub(in super::super) async fn upgrade_identity(
    core: &Core,
    _call: &mut Call,
    request: wire::upgrade_resource_identity::Request,
) -> Outcome<wire::upgrade_resource_identity::Response> {
    let kind = find(&core.resources, &request.type_name)?;
    let Some((schema, of)) = kind.identity.as_ref().zip(kind.identity_type.as_ref()) else {
        let detail = format!("`{}` has no identity in this version of the provider.", request.type_name);
        return Err(Diagnostic::error("There is no identity", detail).into());
    };
    if request.version > schema.version {
        return Err(newer("identity", request.version, schema.version).into());
    }
    let identity = migrated(&json_of(request.raw_identity)?, of)?;
    let upgraded_identity = convert::identity_data(Some(&identity), Some(of))?;
    Ok(wire::upgrade_resource_identity::Response { upgraded_identity, diagnostics: Vec::new() })
}

pub(in super::super) async fn import(
    core: &Core,
    call: &mut Call,
    request: wire::import_resource_state::Request,
) -> Outcome<wire::import_resource_state::Response> {
    let kind = find(&core.resources, &request.type_name)?;
    let identity = convert::identity(request.identity.as_ref(), kind.identity_type.as_ref())?;
    let by = identity.map_or(ImportBy::Id(request.id), ImportBy::Identity);
    call.allow_deferral(convert::may_defer(request.client_capabilities.as_ref()));
    let found = kind.of.import(call, by).await?;
    conform::refuse(|| conform::stored(&kind.schema, &found.state))?;
    conform::demand(&conform::identity(kind.identity.as_ref(), None, found.identity.as_ref()))?;
    let sent = kind.sent(found)?;
    let imported = wire::import_resource_state::ImportedResource {
        type_name: request.type_name,
        state: Some(sent.state),
        private: sent.private,
        identity: sent.identity,
    };
    Ok(wire::import_resource_state::Response {
        imported_resources: vec![imported],
        deferred: convert::deferred(call, core.is_half_configured()),
        diagnostics: Vec::new(),
    })
}

pub(in super::super) async fn adopt(
    core: &Core,
    call: &mut Call,
    request: wire::move_resource_state::Request,
) -> Outcome<wire::move_resource_state::Response> {
    let kind = find(&core.resources, &request.target_type_name)?;
    let moved = Moved {
        provider: request.source_provider_address,
        resource: request.source_type_name,
        version: request.source_schema_version,
        state: json_of(request.source_state)?,
        private: request.source_private,
    };
    let adopted = kind.of.adopt(call, moved).await?;
    conform::refuse(|| conform::stored(&kind.schema, &adopted.state))?;
    let sent = kind.sent(adopted)?;
    Ok(wire::move_resource_state::Response {
        target_state: Some(sent.state),
        target_private: sent.private,
        target_identity: sent.identity,
        diagnostics: Vec::new(),
    })
}
