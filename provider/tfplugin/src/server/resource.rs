//! Resources. Here is what Terraform asks about what exists; [`plan`] and [`apply`] are what changes it, and `state` is how
//! things come into Terraform's state.

use crate::conform;
use crate::diagnostics::Diagnostic;
use crate::provider::{Call, Outcome, Resource, Stored};
use crate::value::Value;
use crate::wire::tfplugin6 as wire;
use crate::wire::tfplugin6::{read_resource, validate_resource_config};

use super::{Core, Kind, convert, find};

mod apply;
mod plan;
mod state;

pub(super) use apply::apply;
pub(super) use plan::plan;
pub(super) use state::{adopt, import, upgrade, upgrade_identity};

impl Kind<dyn Resource> {
    /// What Terraform keeps of an object; `None` where it keeps nothing.
    fn stored(
        &self,
        state: Option<&wire::DynamicValue>,
        private: Vec<u8>,
        identity: Option<&wire::ResourceIdentityData>,
    ) -> Outcome<Option<Stored>> {
        let state = convert::value(state, &self.value_type)?;
        let identity = convert::identity(identity, self.identity_type.as_ref())?;
        Ok((!state.is_null()).then_some(Stored { state, private, identity }))
    }

    /// The same in the form of the wire. What is write-only is not among it.
    fn sent(&self, stored: Stored) -> Outcome<Sent> {
        let state = conform::without_write_only(&self.schema, stored.state);
        Ok(Sent {
            state: convert::dynamic(&state, &self.value_type)?,
            private: stored.private,
            identity: convert::identity_data(stored.identity.as_ref(), self.identity_type.as_ref())?,
        })
    }

    fn nothing(&self) -> Outcome<wire::DynamicValue> {
        convert::dynamic(&Value::Null, &self.value_type)
    }
}

/// What Terraform is to keep.
struct Sent {
    state: wire::DynamicValue,
    private: Vec<u8>,
    identity: Option<wire::ResourceIdentityData>,
}

pub(super) async fn validate(
    core: &Core,
    call: &mut Call,
    request: validate_resource_config::Request,
) -> Outcome<validate_resource_config::Response> {
    let kind = find(&core.resources, &request.type_name)?;
    let config = convert::value(request.config.as_ref(), &kind.value_type)?;
    let capabilities = request.client_capabilities;
    if !capabilities.is_some_and(|client| client.write_only_attributes_allowed) {
        let used = conform::write_only_paths(&kind.schema, &config);
        let detail =
            "This version of Terraform would keep the value in its state. Use Terraform 1.11 or later.";
        let refuse = |path| Diagnostic::error("A write-only attribute is not possible", detail).at(path);
        call.diagnostics.extend(used.into_iter().map(refuse));
    }
    kind.of.validate(call, config).await?;
    Ok(validate_resource_config::Response::default())
}

pub(super) async fn read(
    core: &Core,
    call: &mut Call,
    request: read_resource::Request,
) -> Outcome<read_resource::Response> {
    let kind = find(&core.resources, &request.type_name)?;
    let identity = request.current_identity.as_ref();
    let Some(current) = kind.stored(request.current_state.as_ref(), request.private, identity)? else {
        return Ok(read_resource::Response { new_state: Some(kind.nothing()?), ..Default::default() });
    };
    call.allow_deferral(convert::may_defer(request.client_capabilities.as_ref()));
    let before = current.identity.clone();
    let Some(found) = kind.of.read(call, current).await? else {
        return Ok(read_resource::Response { new_state: Some(kind.nothing()?), ..Default::default() });
    };
    conform::refuse(|| conform::stored(&kind.schema, &found.state))?;
    conform::demand(&conform::identity(kind.identity.as_ref(), before.as_ref(), found.identity.as_ref()))?;
    let sent = kind.sent(found)?;
    Ok(read_resource::Response {
        new_state: Some(sent.state),
        private: sent.private,
        new_identity: sent.identity,
        deferred: convert::deferred(call, core.is_half_configured()),
        diagnostics: Vec::new(),
    })
}
