//! Plans: which are legal, and what is said of one that is not.

use tfplugin::diagnostics::Diagnostic;
use tfplugin::provider::{Call, Change, ImportBy, Outcome, Planned, Stored};
use tfplugin::value::{Path, Value};
use tfplugin::wire::tfplugin6 as wire;

use super::odd::{Thing, thing, with};
use crate::{errors, of, refused};

#[tokio::test]
async fn an_honest_resource_lives_through_all_its_changes() {
    let mut core = of(Thing::default()).await;
    let made = core.change("odd_thing", None, &thing("a")).await.unwrap();
    assert_eq!(errors(&made.diagnostics), Vec::<String>::new());
    let stored = made.stored.unwrap();
    assert_eq!(stored.state, with("a", &[("id", Value::string("1"))]));
    let read = core.read("odd_thing", &stored).await.unwrap();
    assert_eq!(read.stored.as_ref(), Some(&stored));
    let changed = core.change("odd_thing", Some(&stored), &thing("b")).await.unwrap().stored.unwrap();
    assert_eq!(changed.state, with("b", &[("id", Value::string("1"))]));
    let gone = core.change("odd_thing", Some(&changed), &Value::Null).await.unwrap();
    assert_eq!((gone.stored, errors(&gone.diagnostics)), (None, Vec::new()));
}

#[tokio::test]
async fn an_illegal_plan_is_an_error_that_names_the_attribute() {
    let mut core = of(Thing {
        plan: |_, change| Ok(Thing::planned(&change, &[("name", Value::string("other"))])),
        ..Thing::default()
    })
    .await;
    let plan = core.plan("odd_thing", None, &thing("a")).await.unwrap();
    refused(&plan.diagnostics, "`name` is planned neither as configured nor as it was");
    let path = plan.diagnostics.iter().next().unwrap().path.clone();
    assert_eq!(path, Some(Path::attribute("name")));
}

#[tokio::test]
async fn a_plan_of_another_form_is_an_error() {
    let mut core = of(Thing {
        plan: |_, change| Ok(Thing::planned(&change, &[("stray", Value::Bool(true))])),
        ..Thing::default()
    })
    .await;
    let plan = core.plan("odd_thing", None, &thing("a")).await.unwrap();
    refused(&plan.diagnostics, "`stray`: there is no such attribute");
}

#[tokio::test]
async fn what_is_write_only_is_seen_in_the_configuration_and_kept_nowhere() {
    let config = with("a", &[("once", Value::string("secret"))]);
    let mut core = of(Thing {
        plan: |_, change| {
            assert_eq!(
                change.proposed.attribute("once"),
                Some(&Value::Null),
                "taken out of what is proposed"
            );
            assert_eq!(change.config.attribute("once"), Some(&Value::string("secret")));
            // A provider that plans it all the same does no harm.
            Ok(Thing::planned(&change, &[("once", Value::string("secret"))]))
        },
        create: |_, change| {
            assert_eq!(change.config.attribute("once"), Some(&Value::string("secret")));
            Some(Thing::made(&change.config, "1"))
        },
        read: |_, current| {
            Ok(Some(Thing::made(&with("a", &[("once", Value::string("read"))]), &Thing::id(&current))))
        },
        import: |_, _| Ok(Thing::made(&with("a", &[("once", Value::string("imported"))]), "1")),
        ..Thing::default()
    })
    .await;
    let made = core.change("odd_thing", None, &config).await.unwrap();
    assert_eq!(errors(&made.diagnostics), Vec::<String>::new());
    assert_eq!(made.stored.as_ref().unwrap().state.attribute("once"), Some(&Value::Null));
    let read = core.read("odd_thing", &made.stored.unwrap()).await.unwrap();
    refused(&read.diagnostics, "`once` is kept although it is write-only");
    let imported = core.import("odd_thing", &ImportBy::Id("1".to_owned())).await.unwrap();
    refused(&imported.diagnostics, "`once` is kept although it is write-only");
    let (upgraded, _) = core.upgrade("odd_thing", 1, r#"{"name":"a","once":"left"}"#).await.unwrap();
    assert_eq!(upgraded.attribute("once"), Some(&Value::Null));
}

#[tokio::test]
async fn a_client_that_would_keep_what_is_write_only_is_refused() {
    let mut core = of(Thing::default()).await;
    let config = with("a", &[("once", Value::string("secret"))]);
    let of = crate::protocol::odd::schema().value_type();
    let request = wire::validate_resource_config::Request {
        type_name: "odd_thing".to_owned(),
        config: Some(wire::DynamicValue {
            msgpack: tfplugin::value::msgpack::write(&config, &of).unwrap(),
            json: Vec::new(),
        }),
        client_capabilities: None,
    };
    let answer = core.client().validate_resource_config(request).await.unwrap().into_inner();
    assert_eq!(answer.diagnostics.len(), 1);
    assert_eq!(answer.diagnostics[0].summary, "A write-only attribute is not possible");
}

#[tokio::test]
async fn a_replacement_is_a_deletion_and_a_creation() {
    let mut core = of(Thing {
        plan: |call, change| {
            let planned = Thing::honest_plan(call, change.clone())?;
            let replace = match change.prior {
                Some(prior) if prior.state.attribute("name") != change.config.attribute("name") => {
                    vec![Path::attribute("name")]
                }
                _ => Vec::new(),
            };
            Ok(tfplugin::provider::Planned { replace, ..planned })
        },
        ..Thing::default()
    })
    .await;
    let made = core.change("odd_thing", None, &thing("a")).await.unwrap().stored.unwrap();
    let plan = core.plan("odd_thing", Some(&made), &thing("b")).await.unwrap();
    assert_eq!(plan.replace, [Path::attribute("name")]);
    let again = core.change("odd_thing", Some(&made), &thing("b")).await.unwrap();
    assert_eq!(again.stored.unwrap().state.attribute("name"), Some(&Value::string("b")));
}

#[tokio::test]
async fn a_reason_to_replace_that_does_not_exist_is_an_error() {
    let mut core = of(Thing {
        plan: |call, change| {
            let planned = Thing::honest_plan(call, change)?;
            Ok(tfplugin::provider::Planned { replace: vec![Path::attribute("other")], ..planned })
        },
        ..Thing::default()
    })
    .await;
    let plan = core.plan("odd_thing", None, &thing("a")).await.unwrap();
    refused(&plan.diagnostics, "`other` is a reason to replace and does not exist");
}

#[tokio::test]
async fn a_deletion_is_planned_as_nothing_and_knows_its_private_data() {
    let mut core = of(Thing {
        plan_delete: |call, prior| {
            assert_eq!(prior.private, b"private");
            call.add(Diagnostic::warning("It will be gone", "For good."));
            Ok(())
        },
        delete: |_, prior| {
            assert_eq!(prior.private, b"private");
            None
        },
        ..Thing::default()
    })
    .await;
    let prior = Stored { private: b"private".to_vec(), ..Thing::made(&thing("a"), "1") };
    let plan = core.plan("odd_thing", Some(&prior), &Value::Null).await.unwrap();
    assert!(plan.state.is_null() && plan.diagnostics.iter().count() == 1);
    let gone = core.apply("odd_thing", Some(&prior), &plan, &Value::Null).await.unwrap();
    assert_eq!((gone.stored, errors(&gone.diagnostics)), (None, Vec::new()));
}

fn with_identity(call: &mut Call, change: Change, id: Value, replace: Vec<Path>) -> Outcome<Planned> {
    let planned = Thing::honest_plan(call, change)?;
    Ok(Planned { identity: Some(Value::object([("id", id)])), replace, ..planned })
}

#[tokio::test]
async fn an_identity_is_unknown_only_where_a_thing_is_made() {
    let prior = Thing::made(&thing("a"), "1");
    let mut open = of(Thing {
        plan: |call, change| with_identity(call, change, Value::UNKNOWN, Vec::new()),
        ..Thing::default()
    })
    .await;
    let made = open.plan("odd_thing", None, &thing("a")).await.unwrap();
    assert!(errors(&made.diagnostics).is_empty() && !made.identity.unwrap().is_wholly_known());
    let kept = open.plan("odd_thing", Some(&prior), &thing("b")).await.unwrap();
    refused(&kept.diagnostics, "the identity is missing or unknown");
    let mut anew = of(Thing {
        plan: |call, change| with_identity(call, change, Value::UNKNOWN, vec![Path::attribute("name")]),
        ..Thing::default()
    })
    .await;
    let replaced = anew.plan("odd_thing", Some(&prior), &thing("b")).await.unwrap();
    assert_eq!(errors(&replaced.diagnostics), Vec::<String>::new());
    let mut other = of(Thing {
        plan: |call, change| with_identity(call, change, Value::string("2"), Vec::new()),
        ..Thing::default()
    })
    .await;
    let changed = other.plan("odd_thing", Some(&prior), &thing("b")).await.unwrap();
    refused(&changed.diagnostics, "the identity has changed");
}
