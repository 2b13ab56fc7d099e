//! List resources. The events are few and small, so they are made before the first is sent.

use crate::conform;
use crate::diagnostics::{Diagnostic, Diagnostics};
use crate::provider::{Call, Listed, Outcome, Query, Resource};
use crate::value::Value;
use crate::wire::tfplugin6 as wire;

use super::{Core, Kind, convert, find};

pub(super) async fn validate(
    core: &Core,
    call: &mut Call,
    request: wire::validate_list_resource_config::Request,
) -> Outcome<wire::validate_list_resource_config::Response> {
    let kind = find(&core.lists, &request.type_name)?;
    let config = convert::value(request.config.as_ref(), &kind.value_type)?;
    kind.of.validate(call, config).await?;
    Ok(wire::validate_list_resource_config::Response::default())
}

/// What there is, and what is to be said about it: an event without an identity, before the others.
pub(super) async fn list(
    core: &Core,
    request: wire::list_resource::Request,
) -> Vec<wire::list_resource::Event> {
    let mut call = core.call();
    let (events, errors) = match found(core, &mut call, request).await {
        Ok(events) => (events, Diagnostics::new()),
        Err(errors) => (Vec::new(), errors),
    };
    let told: Diagnostics = call.diagnostics.into_iter().chain(errors).collect();
    let first = (!told.is_empty()).then(|| self::told(told));
    first.into_iter().chain(events).collect()
}

/// An event that only says something.
pub(super) fn told(diagnostics: Diagnostics) -> wire::list_resource::Event {
    let diagnostic = diagnostics.into_iter().map(convert::diagnostic).collect();
    wire::list_resource::Event { diagnostic, ..Default::default() }
}

async fn found(
    core: &Core,
    call: &mut Call,
    request: wire::list_resource::Request,
) -> Outcome<Vec<wire::list_resource::Event>> {
    let kind = find(&core.lists, &request.type_name)?;
    let resource = find(&core.resources, &request.type_name)?;
    let config = convert::value(request.config.as_ref(), &kind.value_type)?;
    let limit = usize::try_from(request.limit).unwrap_or_default();
    let query = Query { config, with_objects: request.include_resource_object, limit };
    let mut listed = kind.of.list(call, query).await?;
    listed.truncate(limit);
    listed.iter().map(|one| event(resource, one)).collect()
}

fn event(resource: &Kind<dyn Resource>, listed: &Listed) -> Outcome<wire::list_resource::Event> {
    let Some(identity) = &resource.identity_type else {
        let detail = "A resource that can be listed needs an identity. Please report this.";
        return Err(Diagnostic::error("The provider has failed", detail).into());
    };
    Ok(wire::list_resource::Event {
        identity: convert::identity_data(Some(&listed.identity), Some(identity))?,
        display_name: listed.name.clone(),
        resource_object: listed.object.as_ref().map(|object| kept(resource, object)).transpose()?,
        diagnostic: Vec::new(),
    })
}

fn kept(resource: &Kind<dyn Resource>, object: &Value) -> Outcome<wire::DynamicValue> {
    conform::refuse(|| conform::stored(&resource.schema, object))?;
    convert::dynamic(object, &resource.value_type)
}
