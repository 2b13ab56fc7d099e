//! The server against Terraform's rules: a provider with a fault is found, and one without is served as the rules have it.
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test says no so")]

use std::sync::Arc;

use tfplugin::diagnostics::{Diagnostic, Severity};
use tfplugin::provider::{Deferral, ImportBy, Stored};
use tfplugin::schema::{Attribute, Mode, Nesting, Schema};
use tfplugin::server::Server;
use tfplugin::testing::{Core, Fault};
use tfplugin::value::{Path, Step, Type, Value};
use tfplugin::wire::tfplugin6 as wire;

mod protocol {
    pub(crate) mod odd;
}

use protocol::odd::{Odd, Thing, thing, with};

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
    let of = protocol::odd::schema().value_type();
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
async fn what_is_gone_is_null_and_what_cannot_be_read_is_an_error() {
    let prior = Thing::made(&thing("a"), "1");
    let mut gone = of(Thing { read: |_, _| Ok(None), ..Thing::default() }).await;
    assert_eq!(gone.read("odd_thing", &prior).await.unwrap().stored, None);
    let mut unknown = of(Thing {
        read: |_, _| Err(Diagnostic::error("Nobody answers", "Look at the network.").into()),
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

#[tokio::test]
async fn state_of_another_resource_moves() {
    let mut core = of(Thing {
        adopt: |_, moved| {
            assert_eq!((moved.provider.as_str(), moved.version), ("registry.terraform.io/other/other", 3));
            let state: serde_json::Value = serde_json::from_slice(&moved.state).unwrap();
            Ok(Thing::made(&thing(state["title"].as_str().unwrap()), "1"))
        },
        ..Thing::default()
    })
    .await;
    let request = wire::move_resource_state::Request {
        source_provider_address: "registry.terraform.io/other/other".to_owned(),
        source_type_name: "other_thing".to_owned(),
        source_schema_version: 3,
        source_state: Some(wire::RawState {
            json: br#"{"title":"a"}"#.to_vec(),
            flatmap: Default::default(),
        }),
        target_type_name: "odd_thing".to_owned(),
        ..Default::default()
    };
    let answer = core.client().move_resource_state(request.clone()).await.unwrap().into_inner();
    assert!(
        answer.diagnostics.is_empty() && answer.target_state.is_some() && answer.target_identity.is_some()
    );
    let mut none = of(Thing::default()).await;
    let answer = none.client().move_resource_state(request).await.unwrap().into_inner();
    assert_eq!(answer.diagnostics[0].summary, "Move is not possible");
}

#[tokio::test]
async fn events_of_a_list_say_what_is_to_be_said_first() {
    let mut core = core(Odd::default()).await;
    let config = Value::object([("prefix", Value::string("t"))]);
    let (all, told) = core.list("odd_thing", &config, 2).await.unwrap();
    let names: Vec<&str> = all.iter().map(|(name, ..)| name.as_str()).collect();
    assert_eq!(names, ["t1", "t2"], "no more than were wanted");
    assert_eq!(all[0].1, Value::object([("id", Value::string("1"))]));
    assert_eq!(told.iter().map(|one| one.summary.as_str()).collect::<Vec<_>>(), ["There are many"]);
    let config = Value::object([("prefix", Value::Null)]);
    let (none, told) = core.list("odd_thing", &config, 2).await.unwrap();
    assert!(none.is_empty());
    refused(&told, "Say with what they begin.");
}

#[tokio::test]
async fn functions_need_no_configuration_and_name_the_argument() {
    let mut core = core(Odd::default()).await;
    let text = |text: &str| (Value::string(text), Type::String);
    assert_eq!(core.call("join", &[text("a")], &Type::String).await.unwrap(), Ok(Value::string("a")));
    let joined = core.call("join", &[text("a"), text("b"), text("c")], &Type::String).await.unwrap();
    assert_eq!(joined, Ok(Value::string("abc")), "any number of arguments");
    for (arguments, argument, words) in [
        (vec![], None, "it takes 1 arguments and was called with 0"),
        (vec![(Value::Null, Type::String)], Some(0), "`first` must not be null"),
        (vec![text("a"), (Value::UNKNOWN, Type::String)], Some(1), "`more` must not be unknown"),
        (vec![text("a"), text("")], Some(1), "it is empty"),
    ] {
        let (number, told) = core.call("join", &arguments, &Type::String).await.unwrap().unwrap_err();
        assert_eq!((number, told.contains(words)), (argument, true), "{told}");
    }
    let unknown = core.call("nothing", &[], &Type::String).await.unwrap().unwrap_err();
    assert!(unknown.1.contains("has no function `nothing`"));
}

#[tokio::test]
async fn what_is_ephemeral_is_closed_once_by_whoever_is_left() {
    let odd = Odd::default();
    let closed = Arc::clone(&odd.closed);
    let server = Server::new(odd);
    let mut core = Core::new(server.clone()).await.unwrap();
    let mut leases = Vec::new();
    for name in ["a", "b", "c"] {
        let config = Value::object([("name", Value::string(name)), ("token", Value::Null)]);
        let (lease, told) = core.open("odd_lease", &config).await.unwrap();
        assert!(told.is_empty());
        leases.push(lease.unwrap());
    }
    assert_eq!(leases[0].result.attribute("token"), Some(&Value::string("token of a")));
    assert!(core.close("odd_lease", leases.remove(1)).await.unwrap().is_empty());
    assert_eq!(*closed.lock().unwrap(), ["b"]);
    server.end().await;
    let mut all = closed.lock().unwrap().clone();
    all.sort();
    assert_eq!(all, ["a", "b", "c"]);
    let config = Value::object([("name", Value::string("late")), ("token", Value::Null)]);
    let (none, told) = core.open("odd_lease", &config).await.unwrap();
    assert!(none.is_none());
    refused(&told, "The provider is ending");
}

#[tokio::test]
async fn a_provider_whose_configuration_is_unknown_defers_only_where_it_may() {
    let deferring = Thing {
        plan: |call, change| {
            call.defer(Deferral::ProviderConfigUnknown);
            Thing::honest_plan(call, change)
        },
        ..Thing::default()
    };
    for (url, may, expected) in [
        (Value::UNKNOWN, true, true),
        (Value::UNKNOWN, false, false),
        (Value::string("known"), true, false),
        (Value::Null, true, false),
    ] {
        let mut core = of(deferring.clone()).await;
        if may {
            core = core.deferring();
        }
        let told = core.configure(&Value::object([("url", url.clone())])).await.unwrap();
        assert!(told.is_empty(), "what is unknown is no error");
        let plan = core.plan("odd_thing", None, &thing("a")).await.unwrap();
        assert_eq!(plan.deferred, expected, "{url:?}, may: {may}");
    }
}

#[tokio::test]
async fn what_is_unknown_is_validated_and_planned() {
    let mut core = of(Thing::default()).await;
    let config = Value::object([
        ("name", Value::UNKNOWN),
        ("once", Value::Null),
        ("id", Value::Null),
        ("pets", Value::UNKNOWN),
    ]);
    assert!(core.validate("odd_thing", &config).await.unwrap().is_empty());
    let plan = core.plan("odd_thing", None, &config).await.unwrap();
    assert!(plan.state.attribute("name").unwrap().is_unknown());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_reaches_what_runs_and_the_provider_goes_on() {
    let mut core = of(Thing {
        create: |call, change| {
            // Waits on a thread of its own, which does not keep the stop from coming.
            let stop = call.stop.clone();
            tokio::task::block_in_place(|| tokio::runtime::Handle::current().block_on(stop.comes()));
            call.add(Diagnostic::error("Interrupted", "Half of it is there."));
            Some(change.planned)
        },
        ..Thing::default()
    })
    .await;
    let mut other = core.clone();
    let plan = core.plan("odd_thing", None, &thing("a")).await.unwrap();
    let running =
        tokio::spawn(async move { core.apply("odd_thing", None, &plan, &thing("a")).await.unwrap() });
    let stopped = other.client().stop_provider(wire::stop_provider::Request {}).await.unwrap().into_inner();
    assert_eq!(stopped.error, "");
    let made = running.await.unwrap();
    refused(&made.diagnostics, "Half of it is there.");
    assert!(made.stored.is_some(), "and it is recorded");
    assert!(other.read("odd_thing", &made.stored.unwrap()).await.is_ok());
}

#[tokio::test]
async fn large_values_pass() {
    let large = "x".repeat(6 << 20);
    let mut core = of(Thing::default()).await;
    let made = core.change("odd_thing", None, &thing(&large)).await.unwrap();
    assert_eq!(made.stored.unwrap().state.attribute("name"), Some(&Value::string(large)));
}

#[tokio::test]
async fn schemas_are_answered_at_any_time_and_say_what_the_server_can() {
    let mut core = core(Odd::default()).await;
    let all =
        core.client().get_provider_schema(wire::get_provider_schema::Request {}).await.unwrap().into_inner();
    let can = all.server_capabilities.unwrap();
    assert!(can.plan_destroy && can.get_provider_schema_optional && can.move_resource_state);
    assert!(!can.generate_resource_config);
    let thing = all.resource_schemas["odd_thing"].block.clone().unwrap();
    let once = thing.attributes.iter().find(|one| one.name == "once").unwrap();
    assert!(once.write_only && once.optional && !once.computed && once.r#type == br#""string""#);
    let pets = thing.attributes.iter().find(|one| one.name == "pets").unwrap();
    assert!(pets.nested_type.is_some() && pets.r#type.is_empty());
    assert!(all.provider_meta.is_none());
    let names = core.client().get_metadata(wire::get_metadata::Request {}).await.unwrap().into_inner();
    assert_eq!(names.resources[0].type_name, "odd_thing");
    let generated =
        core.client().generate_resource_config(wire::generate_resource_config::Request::default()).await;
    assert_eq!(generated.unwrap_err().code(), tonic::Code::Unimplemented);
}

#[tokio::test]
async fn a_type_that_is_not_there_is_an_error_and_no_panic() {
    let mut core = core(Odd::default()).await;
    let request =
        wire::read_data_source::Request { type_name: "odd_nothing".to_owned(), ..Default::default() };
    let answer = core.client().read_data_source(request).await.unwrap().into_inner();
    assert!(answer.diagnostics[0].detail.contains("has no `odd_nothing`"));
    assert!(matches!(core.look("odd_nothing", &Value::Null).await, Err(Fault::Missing(_))));
}

#[tokio::test]
async fn a_data_source_is_wholly_known() {
    let mut core = core(Odd::default()).await;
    let ask = |name: &str| Value::object([("name", Value::string(name)), ("found", Value::Null)]);
    let (found, told) = core.look("odd_look", &ask("a")).await.unwrap();
    assert_eq!((found.attribute("found"), told.is_empty()), (Some(&Value::Bool(true)), true));
    let (_, told) = core.look("odd_look", &ask("unknown")).await.unwrap();
    refused(&told, "`found` is still unknown");
}

#[tokio::test]
async fn a_diagnostic_says_what_it_is_about() {
    let at = Path::attribute("pets").then(Step::Index(0)).then(Step::Attribute("name".to_owned()));
    let mut core = of(Thing {
        validate: |_, _| {
            let at = Path::attribute("pets").then(Step::Index(0)).then(Step::Attribute("name".to_owned()));
            Err(Diagnostic::error("Not this name", "Choose another.").at(at).into())
        },
        ..Thing::default()
    })
    .await;
    let told = core.validate("odd_thing", &thing("a")).await.unwrap();
    assert_eq!(told.iter().next().unwrap().path, Some(at));
}

#[test]
fn nested_schemas_have_the_types_of_their_objects() {
    let pets =
        Attribute::nested(Mode::Optional, Nesting::List, [("name", Attribute::required(Type::String))]);
    let of = Schema::new("").with("pets", pets).value_type();
    assert_eq!(of, Type::object([("pets", Type::list(Type::object([("name", Type::String)])))]));
}
