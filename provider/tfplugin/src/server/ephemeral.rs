//! Ephemeral resources, and those of them that are open.
//!
//! Terraform closes what it opened, but not after an error or an interruption; then [`close_all`] does, when the process ends.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::task::JoinSet;

use crate::conform;
use crate::provider::{Call, Outcome, Stop};
use crate::wire::tfplugin6::{
    close_ephemeral_resource, open_ephemeral_resource, renew_ephemeral_resource,
    validate_ephemeral_resource_config,
};

use super::answer::guard;
use super::{Core, convert, find};

/// What is open.
#[derive(Default)]
pub(super) struct Leases(Mutex<Vec<Lease>>);

/// One that is open: its kind, and what it was opened with.
#[derive(PartialEq)]
struct Lease {
    kind: String,
    private: Vec<u8>,
}

impl Leases {
    fn add(&self, lease: Lease) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(lease);
    }

    fn remove(&self, lease: &Lease) {
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(at) = open.iter().position(|one| one == lease) {
            open.swap_remove(at);
        }
    }

    fn take_all(&self) -> Vec<Lease> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

pub(super) async fn validate(
    core: &Core,
    call: &mut Call,
    request: validate_ephemeral_resource_config::Request,
) -> Outcome<validate_ephemeral_resource_config::Response> {
    let kind = find(&core.ephemerals, &request.type_name)?;
    let config = convert::value(request.config.as_ref(), &kind.value_type)?;
    kind.of.validate(call, config).await?;
    Ok(validate_ephemeral_resource_config::Response::default())
}

pub(super) async fn open(
    core: &Core,
    call: &mut Call,
    request: open_ephemeral_resource::Request,
) -> Outcome<open_ephemeral_resource::Response> {
    let kind = find(&core.ephemerals, &request.type_name)?;
    let of = &kind.value_type;
    let config = convert::value(request.config.as_ref(), of)?;
    call.allow_deferral(convert::may_defer(request.client_capabilities.as_ref()));
    let unknown = core.is_half_configured() || !config.is_wholly_known();
    let opened = kind.of.open(call, config).await?;
    let deferred = convert::deferred(call, unknown);
    if deferred.is_none() {
        // Kept before it is looked at: whatever is wrong with the answer, what was opened has to be closed.
        core.leases.add(Lease { kind: request.type_name, private: opened.private.clone() });
        conform::refuse(|| conform::stored(&kind.schema, &opened.result))?;
    }
    Ok(open_ephemeral_resource::Response {
        result: Some(convert::dynamic(&opened.result, of)?),
        private: Some(opened.private),
        renew_at: opened.renew_at.and_then(convert::timestamp),
        deferred,
        diagnostics: Vec::new(),
    })
}

pub(super) async fn renew(
    core: &Core,
    call: &mut Call,
    request: renew_ephemeral_resource::Request,
) -> Outcome<renew_ephemeral_resource::Response> {
    let kind = find(&core.ephemerals, &request.type_name)?;
    let renewed = kind.of.renew(call, request.private.unwrap_or_default()).await?;
    Ok(renew_ephemeral_resource::Response {
        renew_at: renewed.renew_at.and_then(convert::timestamp),
        private: Some(renewed.private),
        diagnostics: Vec::new(),
    })
}

pub(super) async fn close(
    core: &Core,
    call: &mut Call,
    request: close_ephemeral_resource::Request,
) -> Outcome<close_ephemeral_resource::Response> {
    let kind = find(&core.ephemerals, &request.type_name)?;
    let lease = Lease { kind: request.type_name, private: request.private.unwrap_or_default() };
    kind.of.close(call, lease.private.clone()).await?;
    // One that could not be closed is tried again when the process ends.
    core.leases.remove(&lease);
    Ok(close_ephemeral_resource::Response::default())
}

/// Closes what is open, all at once.
pub(super) async fn close_all(core: &Arc<Core>) {
    let mut closing = JoinSet::new();
    for lease in core.leases.take_all() {
        closing.spawn(close_one(Arc::clone(core), lease));
    }
    while closing.join_next().await.is_some() {}
}

async fn close_one(core: Arc<Core>, lease: Lease) {
    let kind = lease.kind.clone();
    let closed = guard(async move {
        // What interrupted the run must not keep this from being done.
        let mut call = Call::new(Stop::never());
        find(&core.ephemerals, &lease.kind)?.of.close(&mut call, lease.private).await?;
        match call.diagnostics.has_errors() {
            true => Err(call.diagnostics),
            false => Ok(()),
        }
    });
    if !matches!(closed.await, Ok(Ok(()))) {
        tracing::error!(kind, "an ephemeral resource could not be closed");
    }
}
