//! Plans: what a change would give.

use crate::conform;
use crate::provider::{Call, Change, Outcome, Planned, Resource, Stored};
use crate::value::Value;
use crate::wire::tfplugin6::plan_resource_change::{Request, Response};

use super::super::{Core, Kind, convert, find};

pub(in super::super) async fn plan(core: &Core, call: &mut Call, request: Request) -> Outcome<Response> {
    let kind = find(&core.resources, &request.type_name)?;
    let identity = request.prior_identity.as_ref();
    let prior = kind.stored(request.prior_state.as_ref(), request.prior_private, identity)?;
    let proposed = convert::value(request.proposed_new_state.as_ref(), &kind.value_type)?;
    match (prior, proposed) {
        (None, Value::Null) => Ok(Response { planned_state: Some(kind.nothing()?), ..Response::default() }),
        (Some(prior), Value::Null) => deletion(kind, call, prior).await,
        (prior, proposed) => {
            let config = convert::value(request.config.as_ref(), &kind.value_type)?;
            let proposed = conform::without_write_only(&kind.schema, proposed);
            call.allow_deferral(convert::may_defer(request.client_capabilities.as_ref()));
            let planned_private = Some(request.planned_private).filter(|private| !private.is_empty());
            change(core, kind, call, Change { prior, config, proposed, planned_private }).await
        }
    }
}

/// A deletion is planned as nothing, with what the provider needs to do it.
async fn deletion(kind: &Kind<dyn Resource>, call: &mut Call, prior: Stored) -> Outcome<Response> {
    kind.of.plan_delete(call, prior.clone()).await?;
    let sent = kind.sent(prior)?;
    Ok(Response {
        planned_state: Some(kind.nothing()?),
        planned_private: sent.private,
        planned_identity: sent.identity,
        ..Response::default()
    })
}

async fn change(
    core: &Core,
    kind: &Kind<dyn Resource>,
    call: &mut Call,
    change: Change,
) -> Outcome<Response> {
    let (prior, config) = (change.prior.clone(), change.config.clone());
    let planned = kind.of.plan(call, change).await?;
    let unknown = core.is_half_configured() || !config.is_wholly_known();
    let deferred = convert::deferred(call, unknown);
    let planned = Planned { state: conform::without_write_only(&kind.schema, planned.state), ..planned };
    let before = prior.as_ref().map(|prior| &prior.state);
    conform::refuse(|| conform::planned(&kind.schema, before, &config, &planned.state))?;
    conform::refuse(|| conform::replaced(before, &planned.state, &planned.replace))?;
    // Terraform before 1.12 keeps no identity, so that a plan may have none to go on with.
    let goes_on = prior.filter(|_| planned.replace.is_empty() && planned.identity.is_some());
    if let Some(prior) = goes_on {
        let schema = kind.identity.as_ref();
        conform::demand(&conform::identity(schema, prior.identity.as_ref(), planned.identity.as_ref()))?;
    }
    let Planned { state, private, identity, replace } = planned;
    let sent = kind.sent(Stored { state, private, identity })?;
    Ok(Response {
        planned_state: Some(sent.state),
        requires_replace: replace.iter().map(convert::path).collect(),
        planned_private: sent.private,
        planned_identity: sent.identity,
        deferred,
        ..Response::default()
    })
}
