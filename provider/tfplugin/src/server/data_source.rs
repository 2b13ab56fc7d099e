//! Data sources.

use crate::conform;
use crate::provider::{Call, Outcome};
use crate::wire::tfplugin6::{read_data_source, validate_data_resource_config};

use super::{Core, convert, find};

pub(super) async fn validate(
    core: &Core,
    call: &mut Call,
    request: validate_data_resource_config::Request,
) -> Outcome<validate_data_resource_config::Response> {
    let kind = find(&core.data_sources, &request.type_name)?;
    let config = convert::value(request.config.as_ref(), &kind.value_type)?;
    kind.of.validate(call, config).await?;
    Ok(validate_data_resource_config::Response::default())
}

pub(super) async fn read(
    core: &Core,
    call: &mut Call,
    request: read_data_source::Request,
) -> Outcome<read_data_source::Response> {
    let kind = find(&core.data_sources, &request.type_name)?;
    let of = &kind.value_type;
    let config = convert::value(request.config.as_ref(), of)?;
    call.allow_deferral(convert::may_defer(request.client_capabilities.as_ref()));
    let unknown = core.is_half_configured() || !config.is_wholly_known();
    let state = kind.of.read(call, config).await?;
    let deferred = convert::deferred(call, unknown);
    if deferred.is_none() {
        conform::refuse(|| conform::stored(&kind.schema, &state))?;
    }
    Ok(read_data_source::Response {
        state: Some(convert::dynamic(&state, of)?),
        deferred,
        diagnostics: Vec::new(),
    })
}
