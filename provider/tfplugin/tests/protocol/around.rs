//! What a provider has around its resources, and how the server takes what comes.

use std::sync::Arc;

use tfplugin::diagnostics::Diagnostic;
use tfplugin::provider::Deferral;
use tfplugin::schema::{Attribute, Mode, Nesting, Schema};
use tfplugin::server::Server;
use tfplugin::testing::{Core, Fault};
use tfplugin::value::{Path, Step, Type, Value};
use tfplugin::wire::tfplugin6 as wire;

use super::odd::{Odd, Thing, thing};
use crate::{core, of, refused};

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
async fn what_is_ephemeral_is_closed_exactly_once() {
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
    fn at() -> Path {
        Path::attribute("pets")
            .then(Step::Index(0))
            .then(Step::Attribute("tags".to_owned()))
            .then(Step::Key("colour".to_owned()))
    }
    let mut core = of(Thing {
        validate: |_, _| Err(Diagnostic::error("Not this name", "Choose another.").at(at()).into()),
        ..Thing::default()
    })
    .await;
    let told = core.validate("odd_thing", &thing("a")).await.unwrap();
    assert_eq!(told.iter().next().unwrap().path, Some(at()));
}

#[test]
fn nested_schemas_have_the_types_of_their_objects() {
    let pets =
        Attribute::nested(Mode::Optional, Nesting::List, [("name", Attribute::required(Type::String))]);
    let of = Schema::new("").with("pets", pets).value_type();
    assert_eq!(of, Type::object([("pets", Type::list(Type::object([("name", Type::String)])))]));
}

#[tokio::test]
async fn what_wants_to_be_renewed_says_when_and_is() {
    let mut core = core(Odd::default()).await;
    let type_name = "odd_lease".to_owned();
    let config = Value::object([("name", Value::string("a")), ("token", Value::Null)]);
    let of = Type::object([("name", Type::String), ("token", Type::String)]);
    let msgpack = tfplugin::value::msgpack::write(&config, &of).unwrap();
    let request = wire::open_ephemeral_resource::Request {
        type_name: type_name.clone(),
        config: Some(wire::DynamicValue { msgpack, json: Vec::new() }),
        client_capabilities: None,
    };
    let opened = core.client().open_ephemeral_resource(request).await.unwrap().into_inner();
    assert_eq!(opened.renew_at.map(|at| (at.seconds, at.nanos)), Some((1, 500_000_000)));
    let request = wire::renew_ephemeral_resource::Request { type_name, private: opened.private };
    let renewed = core.client().renew_ephemeral_resource(request).await.unwrap().into_inner();
    assert!(renewed.diagnostics.is_empty() && renewed.renew_at.is_none());
    assert_eq!(renewed.private.as_deref(), Some(&b"a again"[..]));
}

#[tokio::test]
async fn a_new_configuration_begins_a_new_run() {
    let mut core = of(Thing {
        read: |call, current| match call.stop.has_come() {
            true => Err(Diagnostic::error("Interrupted", "It was stopped.").into()),
            false => Ok(Some(current)),
        },
        ..Thing::default()
    })
    .await;
    let prior = Thing::made(&thing("a"), "1");
    core.client().stop_provider(wire::stop_provider::Request {}).await.unwrap();
    refused(&core.read("odd_thing", &prior).await.unwrap().diagnostics, "It was stopped.");
    core.configure(&Value::object([("url", Value::Null)])).await.unwrap();
    let read = core.read("odd_thing", &prior).await.unwrap();
    assert!(read.diagnostics.is_empty() && read.stored == Some(prior));
}

#[tokio::test]
async fn a_value_that_cannot_be_read_is_an_error_and_no_status() {
    let mut core = core(Odd::default()).await;
    let config = Some(wire::DynamicValue { msgpack: b"\x81\xa1x\xc0".to_vec(), json: Vec::new() });
    let request = wire::validate_data_resource_config::Request { type_name: "odd_look".to_owned(), config };
    let answer = core.client().validate_data_resource_config(request).await.unwrap().into_inner();
    assert_eq!(answer.diagnostics[0].summary, "A value cannot be read");
}
