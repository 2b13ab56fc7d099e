//! The server against Terraform's rules: a provider with a fault is found, and one without is served as the rules have it.
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test says no so")]

use std::sync::Arc;

use tfplugin::diagnostics::Severity;
use tfplugin::server::Server;
use tfplugin::testing::Core;

mod protocol {
    mod applying;
    mod around;
    pub(crate) mod odd;
    mod planning;
    mod reading;
}

use protocol::odd::{Odd, Thing};

async fn core(odd: Odd) -> Core {
    Core::new(Server::new(odd)).await.unwrap()
}

async fn of(thing: Thing) -> Core {
    core(Odd { resource: Arc::new(thing), ..Odd::default() }).await
}

fn errors(diagnostics: &tfplugin::diagnostics::Diagnostics) -> Vec<String> {
    let errors = diagnostics.iter().filter(|one| one.severity == Severity::Error);
    errors.map(|one| format!("{}: {}", one.summary, one.detail)).collect()
}

/// The one error, which holds `words`.
#[track_caller]
fn refused(diagnostics: &tfplugin::diagnostics::Diagnostics, words: &str) {
    let errors = errors(diagnostics);
    assert!(errors.len() == 1 && errors[0].contains(words), "{errors:?}");
}
