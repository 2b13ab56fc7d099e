//! Any value of any type is read as it was written, in both encodings. Terraform's own library is asked in the tests of the
//! whole project.

use proptest::prelude::*;
use tfplugin::value::json::Attributes;
use tfplugin::value::{Number, Refinements, Type, Value, json, msgpack};

/// Whether parts of a value may be unknown.
#[derive(Clone, Copy, PartialEq)]
enum Unknowns {
    None,
    Some,
}

fn types() -> impl Strategy<Value = Type> {
    let leaf = prop_oneof![Just(Type::Bool), Just(Type::Number), Just(Type::String), Just(Type::Dynamic)];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            inner.clone().prop_map(Type::list),
            inner.clone().prop_map(Type::set),
            inner.clone().prop_map(Type::map),
            prop::collection::vec(("[a-c]", inner.clone()), 0..3).prop_map(Type::object),
            prop::collection::vec(inner, 0..3).prop_map(Type::Tuple),
        ]
    })
}

fn values(of: &Type, unknowns: Unknowns) -> BoxedStrategy<Value> {
    let known = known(of, unknowns);
    match unknowns {
        Unknowns::None => prop_oneof![6 => known, 1 => Just(Value::Null)].boxed(),
        Unknowns::Some => {
            let unknown = any::<bool>()
                .prop_map(|not_null| Value::Unknown(Refinements { not_null, ..Refinements::NONE }));
            prop_oneof![6 => known, 1 => Just(Value::Null), 1 => unknown].boxed()
        }
    }
}

fn known(of: &Type, unknowns: Unknowns) -> BoxedStrategy<Value> {
    let some = |of: &Type| prop::collection::vec(values(of, unknowns), 0..4);
    match of {
        Type::Bool => any::<bool>().prop_map(Value::Bool).boxed(),
        Type::Number => numbers().prop_map(Value::Number).boxed(),
        Type::String => any::<String>().prop_map(Value::string).boxed(),
        Type::Dynamic => prop_oneof![Just(Type::Bool), Just(Type::list(Type::Number))]
            .prop_flat_map(move |own| {
                let value = known(&own, unknowns);
                (Just(own), value)
            })
            .prop_map(|(own, value)| Value::Dynamic(own, Box::new(value)))
            .boxed(),
        Type::List(of) => some(of).prop_map(Value::List).boxed(),
        Type::Set(of) => some(of).prop_map(|items| Value::Set(items.into_iter().collect())).boxed(),
        Type::Map(of) => prop::collection::btree_map("[a-zé]{0,3}", values(of, unknowns), 0..4)
            .prop_map(Value::Map)
            .boxed(),
        Type::Object(types) => {
            let all: Vec<_> =
                types.iter().map(|(name, of)| (Just(name.clone()), values(of, unknowns))).collect();
            all.prop_map(Value::object).boxed()
        }
        Type::Tuple(types) => {
            let all: Vec<_> = types.iter().map(|of| values(of, unknowns)).collect();
            all.prop_map(Value::List).boxed()
        }
    }
}

fn numbers() -> impl Strategy<Value = Number> {
    let digits = "-?[0-9]{1,40}(\\.[0-9]{1,40})?(e-?[0-9]{1,2})?";
    prop_oneof![
        any::<i64>().prop_map(Number::from),
        any::<u64>().prop_map(Number::from),
        any::<f64>().prop_filter_map("finite", Number::from_f64),
        digits.prop_filter_map("a number", |text| text.parse().ok()),
    ]
}

fn typed(unknowns: Unknowns) -> impl Strategy<Value = (Type, Value)> {
    types().prop_flat_map(move |of| {
        let value = values(&of, unknowns);
        (Just(of), value)
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn msgpack_reads_what_it_wrote((of, value) in typed(Unknowns::Some)) {
        let bytes = msgpack::write(&value, &of).expect("a value of its type");
        prop_assert_eq!(msgpack::read(&bytes, &of), Ok(value));
    }

    #[test]
    fn json_reads_what_it_wrote((of, value) in typed(Unknowns::None)) {
        let text = json::write(&value, &of).expect("a value of its type");
        for attributes in [Attributes::Exact, Attributes::Migrated] {
            prop_assert_eq!(json::read(text.as_bytes(), &of, attributes), Ok(value.clone()));
        }
    }

    #[test]
    fn types_read_back(of in types()) {
        let read: Type = serde_json::from_str(&of.to_string()).expect("its own text");
        prop_assert_eq!(read, of);
    }

    #[test]
    fn no_bytes_are_too_odd(of in types(), bytes in prop::collection::vec(any::<u8>(), 0..64)) {
        for value in [msgpack::read(&bytes, &of), json::read(&bytes, &of, Attributes::Migrated)].into_iter().flatten() {
            prop_assert!(msgpack::write(&value, &of).is_ok());
        }
    }
}
