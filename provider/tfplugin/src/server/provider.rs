//! The provider's own block.

use std::sync::atomic::Ordering;

use crate::provider::{Call, Outcome};
use crate::wire::tfplugin6::{configure_provider, validate_provider_config};

use super::{Core, convert};

pub(super) async fn validate(
    core: &Core,
    call: &mut Call,
    request: validate_provider_config::Request,
) -> Outcome<validate_provider_config::Response> {
    let config = convert::value(request.config.as_ref(), &core.block.value_type)?;
    core.provider.validate(call, config).await?;
    Ok(validate_provider_config::Response::default())
}

pub(super) async fn configure(
    core: &Core,
    call: &mut Call,
    request: configure_provider::Request,
) -> Outcome<configure_provider::Response> {
    // A new run begins; a process that is debugged sees several.
    core.stop.reset();
    let config = convert::value(request.config.as_ref(), &core.block.value_type)?;
    core.half_configured.store(!config.is_wholly_known(), Ordering::Relaxed);
    core.provider.configure(call, config).await?;
    Ok(configure_provider::Response::default())
}
