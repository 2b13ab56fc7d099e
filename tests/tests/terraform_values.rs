//! The plugin library's values against Terraform's own library: both encodings, both ways.

use std::collections::{BTreeMap, BTreeSet};

use p0_tests::terraform::Cty;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use tfplugin::value::json::Attributes;
use tfplugin::value::{Refinements, Type, Value, json, msgpack};

const CASES: usize = 2_000;

#[derive(Clone, Copy, PartialEq)]
enum Knowledge {
    Whole,
    Partial,
}

fn types() -> impl Strategy<Value = Type> {
    let leaf = prop_oneof![Just(Type::Bool), Just(Type::String), Just(Type::Number), Just(Type::Dynamic)];
    leaf.prop_recursive(3, 24, 4, |inner| {
        let names = || prop::sample::select(vec!["a", "b_1", "é", "id"]);
        prop_oneof![
            closed().prop_map(Type::list),
            closed().prop_map(Type::set),
            closed().prop_map(|of| Type::Map(Box::new(of))),
            prop::collection::vec((names(), inner.clone()), 0..4).prop_map(Type::object),
            prop::collection::vec(inner, 0..3).prop_map(Type::Tuple),
        ]
    })
}

/// What may be an element whatever its values are. Terraform lets no collection hold values of several types, which an open
/// type would allow.
fn closed() -> impl Strategy<Value = Type> {
    let leaf = prop_oneof![Just(Type::Bool), Just(Type::String), Just(Type::Number)];
    leaf.prop_recursive(1, 4, 3, |inner| {
        prop_oneof![
            inner.clone().prop_map(Type::list),
            prop::collection::vec((prop::sample::select(vec!["x", "y"]), inner), 1..3).prop_map(Type::object)
        ]
    })
}

fn values(of: Type, knowledge: Knowledge) -> BoxedStrategy<Value> {
    let known = known(of.clone(), knowledge);
    match knowledge {
        Knowledge::Whole => prop_oneof![8 => known, 1 => Just(Value::Null)].boxed(),
        Knowledge::Partial => prop_oneof![
            8 => known,
            1 => Just(Value::Null),
            1 => unknown(&of).prop_map(Value::Unknown),
        ]
        .boxed(),
    }
}

fn known(of: Type, knowledge: Knowledge) -> BoxedStrategy<Value> {
    let within = move |of: &Type| values(of.clone(), knowledge);
    match of {
        Type::Bool => any::<bool>().prop_map(Value::Bool).boxed(),
        Type::String => "\\PC{0,6}".prop_map(Value::string).boxed(),
        Type::Number => {
            let text = prop_oneof![
                any::<i64>().prop_map(|number| number.to_string()),
                any::<u64>().prop_map(|number| number.to_string()),
                "-?[1-9][0-9]{0,30}\\.[0-9]{1,20}",
                "0\\.[0-9]{1,8}",
            ];
            text.prop_map(|text| Value::Number(text.parse().expect("a number"))).boxed()
        }
        // Terraform knows no null of an open type's own type in JSON, and no open type within one.
        Type::Dynamic => closed()
            .prop_flat_map(move |own| {
                let value = known(own.clone(), Knowledge::Whole);
                value.prop_map(move |value| Value::Dynamic(own.clone(), Box::new(value)))
            })
            .boxed(),
        Type::List(element) => prop::collection::vec(within(&element), 0..4).prop_map(Value::List).boxed(),
        // A set with something unknown in it is unknown itself, says Terraform.
        Type::Set(element) => prop::collection::vec(values(*element, Knowledge::Whole), 0..4)
            .prop_map(|items| Value::Set(BTreeSet::from_iter(items)))
            .boxed(),
        Type::Map(element) => {
            prop::collection::btree_map("[a-zé]{0,3}", within(&element), 0..3).prop_map(Value::Map).boxed()
        }
        Type::Object(attributes) => {
            let parts: Vec<_> =
                attributes.iter().map(|(name, of)| (Just(name.clone()), within(of))).collect();
            parts.prop_map(|parts| Value::Object(BTreeMap::from_iter(parts))).boxed()
        }
        Type::Tuple(types) => types.iter().map(within).collect::<Vec<_>>().prop_map(Value::List).boxed(),
    }
}

/// Whatever may be known of what is unknown of that type.
fn unknown(of: &Type) -> BoxedStrategy<Refinements> {
    let bare = prop_oneof![Just(Refinements::NONE), Just(Refinements::NOT_NULL)];
    match of {
        Type::Dynamic => Just(Refinements::NONE).boxed(),
        Type::String => prop_oneof![
            bare,
            "[a-z]{1,8}-".prop_map(|prefix| Refinements { prefix: Some(prefix), ..Refinements::NOT_NULL })
        ]
        .boxed(),
        Type::Number => prop_oneof![
            bare,
            (0_i64..9, 10_i64..99, any::<bool>()).prop_map(|(least, most, inclusive)| Refinements {
                at_least: Some((least.into(), inclusive)),
                at_most: Some((most.into(), inclusive)),
                ..Refinements::NOT_NULL
            })
        ]
        .boxed(),
        Type::List(_) | Type::Set(_) | Type::Map(_) => prop_oneof![
            bare,
            (1_u64..4, 5_u64..9).prop_map(|(least, most)| Refinements {
                min_length: Some(least),
                max_length: Some(most),
                ..Refinements::NOT_NULL
            })
        ]
        .boxed(),
        Type::Bool | Type::Object(_) | Type::Tuple(_) => bare.boxed(),
    }
}

/// The same cases in every run.
fn cases(knowledge: Knowledge) -> Vec<(Type, Value)> {
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[7; 32]);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let strategy = types().prop_flat_map(move |of| (Just(of.clone()), values(of, knowledge)));
    (0..CASES).map(|_| strategy.new_tree(&mut runner).expect("a case").current()).collect()
}

#[test]
fn terraform_reads_what_we_write_and_we_what_it_writes() {
    let mut oracle = Cty::start();
    for (of, value) in cases(Knowledge::Partial) {
        let form = serde_json::to_value(&of).unwrap();
        let bytes = msgpack::write(&value, &of).unwrap();
        let said = oracle.read_msgpack(&form, &bytes).unwrap_or_else(|error| panic!("{value:?}: {error}"));
        assert_eq!(msgpack::read(&said.msgpack, &of).as_ref(), Ok(&value), "{}", said.words);
    }
}

#[test]
fn terraform_normalises_texts_as_we_do() {
    let decomposed = Value::string("e\u{301}");
    let said = Cty::start().read_msgpack(&serde_json::json!("string"), b"\xa3e\xcc\x81").unwrap();
    assert_eq!(said.msgpack, msgpack::write(&decomposed, &Type::String).unwrap(), "{}", said.words);
}

#[test]
fn both_encodings_mean_the_same_to_terraform() {
    let mut oracle = Cty::start();
    for (of, value) in cases(Knowledge::Whole) {
        let form = serde_json::to_value(&of).unwrap();
        let by_msgpack = oracle.read_msgpack(&form, &msgpack::write(&value, &of).unwrap()).unwrap();
        let by_json = oracle.read_json(&form, &json::write(&value, &of).unwrap()).unwrap();
        assert_eq!(by_json, by_msgpack, "{value:?}");
        let text = by_json.json.expect("everything is known");
        assert_eq!(json::read(text.as_bytes(), &of, Attributes::Exact).as_ref(), Ok(&value), "{text}");
    }
}

#[test]
fn what_we_take_from_broken_bytes_terraform_takes_for_the_same() {
    let mut oracle = Cty::start();
    let mut taken = 0;
    for (number, (of, value)) in cases(Knowledge::Whole).into_iter().enumerate() {
        let form = serde_json::to_value(&of).unwrap();
        let mut bytes = msgpack::write(&value, &of).unwrap();
        let at = number % bytes.len();
        bytes[at] = bytes[at].wrapping_add(u8::try_from(number % 250 + 1).unwrap());
        let Ok(read) = msgpack::read(&bytes, &of) else { continue };
        // Every extension means something unknown, the protocol says; the library stops at those it has no code for.
        if !read.is_wholly_known() {
            continue;
        }
        taken += 1;
        let theirs = oracle.read_msgpack(&form, &bytes).unwrap_or_else(|error| panic!("{bytes:?}: {error}"));
        let ours = oracle.read_msgpack(&form, &msgpack::write(&read, &of).unwrap()).unwrap();
        assert_eq!(ours, theirs, "{bytes:?}");
    }
    assert!(taken > CASES / 20, "{taken} of {CASES} were still values");
}
