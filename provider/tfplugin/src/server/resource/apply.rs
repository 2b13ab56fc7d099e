//! Applies: making what was planned. Whatever happens, the answer says what is there now.

use std::sync::Arc;

use crate::conform;
use crate::diagnostics::Diagnostic;
use crate::provider::{Call, Outcome, PlannedChange, Resource, Stored};
use crate::value::Value;
use crate::wire::tfplugin6::apply_resource_change::{Request, Response};

use super::super::answer::guard;
use super::super::{Core, Kind, convert, find};
use super::Sent;

/// What is to be done.
enum Work {
    Create(Box<PlannedChange>),
    Update(Stored, Box<PlannedChange>),
    Delete(Stored),
}

pub(in super::super) async fn apply(core: &Core, call: &mut Call, request: Request) -> Outcome<Response> {
    let kind = find(&core.resources, &request.type_name)?;
    // Without an answer of the provider nothing is known to have changed.
    let before = Response {
        new_state: request.prior_state.clone(),
        private: request.planned_private.clone(),
        new_identity: request.planned_identity.clone(),
        ..Response::default()
    };
    match after(kind, call, request).await {
        Ok(Some(Sent { state, private, identity })) => {
            Ok(Response { new_state: Some(state), private, new_identity: identity, ..Response::default() })
        }
        Ok(None) => Ok(Response { new_state: Some(kind.nothing()?), ..Response::default() }),
        Err(errors) => {
            call.diagnostics.extend(errors);
            Ok(before)
        }
    }
}

async fn after(kind: &Kind<dyn Resource>, call: &mut Call, request: Request) -> Outcome<Option<Sent>> {
    let Request { prior_state, planned_state, planned_private, planned_identity, config, .. } = request;
    let prior = kind.stored(prior_state.as_ref(), planned_private.clone(), planned_identity.as_ref())?;
    let planned = kind.stored(planned_state.as_ref(), planned_private, planned_identity.as_ref())?;
    let config = convert::value(config.as_ref(), &kind.value_type)?;
    match (prior, planned) {
        (None, None) => Ok(None),
        (Some(prior), None) => deleted(kind, call, prior).await,
        (None, Some(planned)) => {
            let change = PlannedChange { planned: planned.clone(), config };
            let made = done(kind, call, Work::Create(Box::new(change))).await?;
            if made.is_none() && !call.diagnostics.has_errors() {
                call.add(Diagnostic::error(
                    "Nothing was created",
                    "And the provider gave no reason. Please report this.",
                ));
            }
            made.map(|made| checked(kind, call, None, &planned, made)).transpose()
        }
        (Some(prior), Some(planned)) => {
            let before = prior.identity.clone();
            let change = PlannedChange { planned: planned.clone(), config };
            let made = done(kind, call, Work::Update(prior, Box::new(change))).await?;
            made.map(|made| checked(kind, call, before.as_ref(), &planned, made)).transpose()
        }
    }
}

/// What is left after a deletion. After an error without a new state, the old state stays, because nothing newer is known.
async fn deleted(kind: &Kind<dyn Resource>, call: &mut Call, prior: Stored) -> Outcome<Option<Sent>> {
    let left = done(kind, call, Work::Delete(prior.clone())).await?;
    match (left, call.diagnostics.has_errors()) {
        (None, false) => Ok(None),
        (None, true) => kind.sent(prior).map(Some),
        (Some(left), failed) => {
            if !failed {
                call.add(Diagnostic::error(
                    "It is still there",
                    "And the provider gave no reason. Please report this.",
                ));
            }
            kind.sent(left).map(Some)
        }
    }
}

/// Lets the provider do the work, with a panic as an error.
async fn done(kind: &Kind<dyn Resource>, call: &mut Call, work: Work) -> Outcome<Option<Stored>> {
    let resource = Arc::clone(&kind.of);
    let mut own = Call::new(call.stop.clone());
    let (after, own) = guard(async move {
        let after = match work {
            Work::Create(change) => resource.create(&mut own, *change).await,
            Work::Update(prior, change) => Some(resource.update(&mut own, prior, *change).await),
            Work::Delete(prior) => resource.delete(&mut own, prior).await,
        };
        (after, own)
    })
    .await?;
    call.diagnostics.extend(own.diagnostics);
    Ok(after)
}

/// What was made, in the form of the wire. It exists, so it is told even where it is not what it should be.
fn checked(
    kind: &Kind<dyn Resource>,
    call: &mut Call,
    identity: Option<&Value>,
    planned: &Stored,
    made: Stored,
) -> Outcome<Sent> {
    let made = Stored { state: conform::without_write_only(&kind.schema, made.state), ..made };
    if !call.diagnostics.has_errors() {
        let legal = conform::refuse(|| conform::applied(&kind.schema, &planned.state, &made.state));
        let same =
            conform::demand(&conform::identity(kind.identity.as_ref(), identity, made.identity.as_ref()));
        call.diagnostics.extend(legal.and(same).err().into_iter().flatten());
    }
    let failed = call.diagnostics.has_errors();
    let made = Stored { state: if failed { conform::with_nulls(made.state) } else { made.state }, ..made };
    let private = made.private.clone();
    kind.sent(made).or_else(|errors| {
        call.diagnostics.extend(errors);
        let state = conform::with_nulls(planned.state.clone());
        kind.sent(Stored { state, private, identity: None })
    })
}
