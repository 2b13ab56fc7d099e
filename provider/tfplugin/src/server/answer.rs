//! From outcomes to answers of the protocol, and from panics to errors.

use std::future::Future;
use std::sync::Arc;

use crate::diagnostics::{Diagnostic, Diagnostics};
use crate::provider::{Call, Outcome};
use crate::wire::tfplugin6 as wire;

use super::{Core, convert};

/// An answer that has room for diagnostics.
pub(super) trait Answer: Default {
    /// That room.
    fn diagnostics(&mut self) -> &mut Vec<wire::Diagnostic>;

    /// The answer of a call that has ended.
    fn of(outcome: Outcome<Self>, call: Call) -> Self {
        let (mut answer, errors) = match outcome {
            Ok(answer) => (answer, Diagnostics::new()),
            Err(errors) => (Self::default(), errors),
        };
        let all = call.diagnostics.into_iter().chain(errors);
        answer.diagnostics().extend(all.map(convert::diagnostic));
        answer
    }
}

macro_rules! answers {
    ($($message:ident),* $(,)?) => {
        $(impl Answer for wire::$message::Response {
            fn diagnostics(&mut self) -> &mut Vec<wire::Diagnostic> {
                &mut self.diagnostics
            }
        })*
    };
}

answers! {
    get_metadata, get_provider_schema, get_resource_identity_schemas, get_functions,
    validate_provider_config, configure_provider,
    validate_resource_config, plan_resource_change, apply_resource_change, read_resource,
    upgrade_resource_state, upgrade_resource_identity, import_resource_state, move_resource_state,
    validate_data_resource_config, read_data_source,
    validate_ephemeral_resource_config, open_ephemeral_resource, renew_ephemeral_resource, close_ephemeral_resource,
    validate_list_resource_config,
}

/// Does the work of a call, unless the process is ending.
pub(super) async fn run<T: Send + 'static>(
    core: &Arc<Core>,
    work: impl Future<Output = T> + Send + 'static,
) -> Outcome<T> {
    let core = Arc::clone(core);
    let running = async move {
        let ended = core.ended.read().await;
        if *ended {
            return Err(Diagnostic::error("The provider is ending", "Terraform has told it to.").into());
        }
        Ok(work.await)
    };
    guard(running).await?
}

/// Does `work` as a task of its own: it comes to its end even where Terraform no longer waits for it, and a panic in it
/// becomes an error of this call alone.
pub(super) async fn guard<T: Send + 'static>(work: impl Future<Output = T> + Send + 'static) -> Outcome<T> {
    tokio::spawn(work).await.map_err(|_| failed())
}

/// What people are told after a panic. Its message is on standard error and not here: it may hold what it failed on.
fn failed() -> Diagnostics {
    let detail = "A fault in the provider ended this operation. Terraform prints the provider's stack trace when it ends; \
                  please report it with the provider's version.";
    Diagnostic::error("The provider has failed", detail).into()
}
