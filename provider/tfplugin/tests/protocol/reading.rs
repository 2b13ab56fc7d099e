//! State and identity: read, migrated, imported, moved.

use tfplugin::diagnostics::Diagnostic;
use tfplugin::provider::{ImportBy, Stored};
use tfplugin::value::Value;
use tfplugin::wire::tfplugin6 as wire;

use super::odd::{Thing, thing, with};
use crate::{errors, of, refused};

#[tokio::test]
async fn what_is_gone_is_null_and_what_cannot_be_read_is_an_error() {
    let prior = Thing::made(&thing("a"), "1");
    let mut gone = of(Thing { read: |_, _| Ok(None), ..Thing::default() }).await;
    assert_eq!(gone.read("odd_thing", &prior).await.unwrap().stored, None);
    let mut unknown = of(Thing {
        read: |_, _| Err(Diagnostic::error("The server does not answer", "Look at the network.").into()),
        ..Thing::default()
    })
    .await;
    let read = unknown.read("odd_thing", &prior).await.unwrap();
    assert_eq!(read.stored, Some(prior));
    refused(&read.diagnostics, "Look at the network.");
}

#[tokio::test]
async fn state_of_the_same_version_is_migrated_and_of_a_newer_one_refused() {
    let mut core =
        of(Thing { upgrade: |version, _| Ok(with(&format!("from {version}"), &[])), ..Thing::default() })
            .await;
    let (same, told) = core.upgrade("odd_thing", 1, r#"{"name":"a","dropped":[1]}"#).await.unwrap();
    assert_eq!((same, errors(&told)), (with("a", &[]), Vec::new()));
    let (older, _) = core.upgrade("odd_thing", 0, r#"{"whatever":1}"#).await.unwrap();
    assert_eq!(older, with("from 0", &[]));
    let (_, told) = core.upgrade("odd_thing", 2, "{}").await.unwrap();
    refused(&told, "version 2 of the schema; this version of the provider knows versions up to 1");
    let (_, told) = core.upgrade("odd_thing", 1, r#"{"name":[]}"#).await.unwrap();
    refused(&told, "`name`: it is not a string");
}

#[tokio::test]
async fn state_of_terraform_0_11_is_refused() {
    let mut core = of(Thing::default()).await;
    let flatmap = [("name".to_owned(), "a".to_owned())].into();
    let request = wire::upgrade_resource_state::Request {
        type_name: "odd_thing".to_owned(),
        version: 1,
        raw_state: Some(wire::RawState { json: Vec::new(), flatmap }),
    };
    let answer = core.client().upgrade_resource_state(request).await.unwrap().into_inner();
    assert_eq!(answer.diagnostics[0].summary, "The state is too old");
}

#[tokio::test]
async fn an_identity_is_given_and_stays() {
    let prior = Thing::made(&thing("a"), "1");
    let mut changing =
        of(Thing { read: |_, _| Ok(Some(Thing::made(&thing("a"), "2"))), ..Thing::default() }).await;
    refused(&changing.read("odd_thing", &prior).await.unwrap().diagnostics, "the identity has changed");
    let mut missing = of(Thing {
        create: |_, change| Some(Stored { identity: None, ..Thing::made(&change.config, "1") }),
        read: |_, current| Ok(Some(Stored { identity: None, ..current })),
        ..Thing::default()
    })
    .await;
    refused(&missing.read("odd_thing", &prior).await.unwrap().diagnostics, "the identity is missing");
    let made = missing.change("odd_thing", None, &thing("a")).await.unwrap();
    refused(&made.diagnostics, "the identity is missing");
    assert!(made.stored.is_some(), "and what was made is not forgotten");
}

#[tokio::test]
async fn a_terraform_that_keeps_no_identity_goes_on_without() {
    let mut core = of(Thing::default()).await;
    let prior = Stored { identity: None, ..Thing::made(&thing("a"), "1") };
    let changed = core.change("odd_thing", Some(&prior), &thing("b")).await.unwrap();
    assert_eq!(errors(&changed.diagnostics), Vec::<String>::new());
    let read = core.read("odd_thing", &Thing::made(&thing("a"), "1")).await.unwrap();
    assert!(read.stored.unwrap().identity.is_some());
}

#[tokio::test]
async fn things_are_imported_by_id_and_by_identity() {
    let mut core = of(Thing {
        import: |_, by| {
            let id = match by {
                ImportBy::Id(id) => format!("id {id}"),
                ImportBy::Identity(identity) => {
                    format!("identity {}", identity.attribute("id").unwrap().as_str().unwrap())
                }
            };
            Ok(Thing::made(&thing("a"), &id))
        },
        ..Thing::default()
    })
    .await;
    let identity = Value::object([("id", Value::string("7"))]);
    for (by, id) in [(ImportBy::Id("7".to_owned()), "id 7"), (ImportBy::Identity(identity), "identity 7")] {
        let imported = core.import("odd_thing", &by).await.unwrap();
        assert_eq!(imported.stored, Some(Thing::made(&thing("a"), id)));
    }
}

#[tokio::test]
async fn an_identity_of_an_older_version_is_taken() {
    let mut core = of(Thing::default()).await;
    let schemas =
        core.client().get_resource_identity_schemas(wire::get_resource_identity_schemas::Request {});
    let schemas = schemas.await.unwrap().into_inner().identity_schemas;
    assert!(schemas["odd_thing"].identity_attributes[0].required_for_import);
    for (version, taken) in [(0, true), (1, false)] {
        let raw = wire::RawState { json: br#"{"id":"1","old":true}"#.to_vec(), flatmap: Default::default() };
        let request = wire::upgrade_resource_identity::Request {
            type_name: "odd_thing".to_owned(),
            version,
            raw_identity: Some(raw),
        };
        let answer = core.client().upgrade_resource_identity(request).await.unwrap().into_inner();
        assert_eq!(answer.diagnostics.is_empty(), taken);
        assert_eq!(answer.upgraded_identity.is_some(), taken);
    }
}

fn moving() -> wire::move_resource_state::Request {
    wire::move_resource_state::Request {
        source_provider_address: "registry.terraform.io/other/other".to_owned(),
        source_type_name: "other_thing".to_owned(),
        source_schema_version: 3,
        source_state: Some(wire::RawState {
            json: br#"{"title":"a"}"#.to_vec(),
            flatmap: Default::default(),
        }),
        target_type_name: "odd_thing".to_owned(),
        ..Default::default()
    }
}

#[tokio::test]
async fn state_of_another_resource_moves() {
    let mut core = of(Thing {
        adopt: |_, moved| {
            assert_eq!((moved.provider.as_str(), moved.version), ("registry.terraform.io/other/other", 3));
            assert_eq!(moved.resource, "other_thing");
            let state: serde_json::Value = serde_json::from_slice(&moved.state).unwrap();
            Ok(Thing::made(&thing(state["title"].as_str().unwrap()), "1"))
        },
        ..Thing::default()
    })
    .await;
    let answer = core.client().move_resource_state(moving()).await.unwrap().into_inner();
    assert!(
        answer.diagnostics.is_empty() && answer.target_state.is_some() && answer.target_identity.is_some()
    );
    let mut none = of(Thing::default()).await;
    let answer = none.client().move_resource_state(moving()).await.unwrap().into_inner();
    assert_eq!(answer.diagnostics[0].summary, "Move is not possible");
}

/// An object whose id is not known.
fn open() -> Stored {
    Stored { state: with("a", &[("id", Value::UNKNOWN)]), ..Thing::made(&thing("a"), "1") }
}

#[tokio::test]
async fn what_is_kept_is_known_wherever_it_comes_from() {
    let mut core = of(Thing {
        read: |_, _| Ok(Some(open())),
        import: |_, _| Ok(open()),
        upgrade: |_, _| Ok(open().state),
        adopt: |_, _| Ok(open()),
        ..Thing::default()
    })
    .await;
    let said = "`id` is still unknown";
    let prior = Thing::made(&thing("a"), "1");
    refused(&core.read("odd_thing", &prior).await.unwrap().diagnostics, said);
    let by = ImportBy::Id("1".to_owned());
    refused(&core.import("odd_thing", &by).await.unwrap().diagnostics, said);
    refused(&core.upgrade("odd_thing", 0, "{}").await.unwrap().1, said);
    let moved = core.client().move_resource_state(moving()).await.unwrap().into_inner();
    assert!(moved.diagnostics[0].detail.contains(said), "{:?}", moved.diagnostics);
}

#[tokio::test]
async fn what_is_write_only_does_not_come_with_a_move() {
    let mut core = of(Thing {
        adopt: |_, _| Ok(Thing::made(&with("a", &[("once", Value::string("secret"))]), "1")),
        ..Thing::default()
    })
    .await;
    let moved = core.client().move_resource_state(moving()).await.unwrap().into_inner();
    let said = "`once` is kept although it is write-only";
    assert!(moved.diagnostics[0].detail.contains(said), "{:?}", moved.diagnostics);
}
