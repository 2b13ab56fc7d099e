//! Applying: what is kept of a thing whatever happens in the middle.

use tfplugin::diagnostics::Diagnostic;
use tfplugin::provider::Stored;
use tfplugin::value::{Type, Value};

use super::odd::{Thing, thing, with};
use crate::{errors, of, refused};

#[tokio::test]
async fn an_error_in_the_middle_of_a_creation_leaves_what_was_made() {
    let mut core = of(Thing {
        create: |call, change| {
            call.add(Diagnostic::error("Half of it", "The other half is missing."));
            // Nothing more is known than was planned: the unknown id becomes null.
            Some(change.planned)
        },
        ..Thing::default()
    })
    .await;
    let made = core.change("odd_thing", None, &thing("a")).await.unwrap();
    refused(&made.diagnostics, "The other half is missing.");
    assert_eq!(made.stored.unwrap().state, with("a", &[]));
}

#[tokio::test]
async fn an_error_before_a_creation_leaves_nothing() {
    let mut core = of(Thing {
        create: |call, _| {
            call.add(Diagnostic::error("No", "Nothing was made."));
            None
        },
        ..Thing::default()
    })
    .await;
    assert_eq!(core.change("odd_thing", None, &thing("a")).await.unwrap().stored, None);
}

#[tokio::test]
async fn a_creation_that_gives_nothing_and_no_reason_is_an_error() {
    let mut core = of(Thing { create: |_, _| None, ..Thing::default() }).await;
    let made = core.change("odd_thing", None, &thing("a")).await.unwrap();
    refused(&made.diagnostics, "Nothing was created");
}

#[tokio::test]
async fn what_was_made_otherwise_than_planned_is_kept_with_an_error() {
    let mut core =
        of(Thing { create: |_, _| Some(Thing::made(&thing("other"), "1")), ..Thing::default() }).await;
    let made = core.change("odd_thing", None, &thing("a")).await.unwrap();
    refused(&made.diagnostics, "`name` differs from what was planned");
    assert_eq!(made.stored.unwrap().state, with("other", &[("id", Value::string("1"))]));
}

#[tokio::test]
async fn what_was_made_in_another_form_is_kept_as_it_was_planned() {
    let mut core = of(Thing {
        create: |_, _| Some(Stored { state: Value::Bool(true), ..Thing::made(&thing("a"), "1") }),
        ..Thing::default()
    })
    .await;
    let made = core.change("odd_thing", None, &thing("a")).await.unwrap();
    assert!(!errors(&made.diagnostics).is_empty());
    assert_eq!(made.stored.unwrap().state, with("a", &[]));
}

#[tokio::test]
async fn an_update_that_fails_leaves_what_the_provider_says() {
    let mut core = of(Thing {
        update: |call, prior, _| {
            call.add(Diagnostic::error("No", "It stays as it was."));
            prior
        },
        ..Thing::default()
    })
    .await;
    let prior = Thing::made(&thing("a"), "1");
    let kept = core.change("odd_thing", Some(&prior), &thing("b")).await.unwrap();
    assert_eq!(kept.stored, Some(prior));
}

#[tokio::test]
async fn a_deletion_that_fails_leaves_what_was_there() {
    let mut core = of(Thing {
        delete: |call, _| {
            call.add(Diagnostic::error("No", "It cannot be deleted."));
            None
        },
        ..Thing::default()
    })
    .await;
    let prior = Thing::made(&thing("a"), "1");
    let kept = core.change("odd_thing", Some(&prior), &Value::Null).await.unwrap();
    refused(&kept.diagnostics, "It cannot be deleted.");
    assert_eq!(kept.stored.unwrap().state, prior.state);
}

#[tokio::test]
async fn a_panic_is_an_error_of_its_call_alone() {
    let mut core = of(Thing {
        update: |_, _, _| panic!("a fault"),
        read: |_, _| panic!("a secret"),
        ..Thing::default()
    })
    .await;
    let prior = core.change("odd_thing", None, &thing("a")).await.unwrap().stored.unwrap();
    let read = core.read("odd_thing", &prior).await.unwrap();
    refused(&read.diagnostics, "A fault in the provider ended this operation.");
    assert!(!format!("{:?}", read.diagnostics).contains("a secret"));
    let kept = core.change("odd_thing", Some(&prior), &thing("b")).await.unwrap();
    refused(&kept.diagnostics, "A fault in the provider ended this operation.");
    assert_eq!(kept.stored.map(|kept| kept.state), Some(prior.state), "what was there is not forgotten");
    let panics = core.call("panics", &[], &Type::Bool).await.unwrap();
    assert!(panics.unwrap_err().1.contains("a fault in the provider"));
    assert!(core.plan("odd_thing", None, &thing("c")).await.is_ok(), "the provider goes on");
}

#[tokio::test]
async fn a_deletion_that_leaves_something_and_gives_no_reason_is_an_error() {
    let mut core = of(Thing { delete: |_, prior| Some(prior), ..Thing::default() }).await;
    let prior = Thing::made(&thing("a"), "1");
    let kept = core.change("odd_thing", Some(&prior), &Value::Null).await.unwrap();
    refused(&kept.diagnostics, "the provider gave no reason");
    assert_eq!(kept.stored, Some(prior));
}
