//! Each rule with an answer that keeps it and one that does not.

use std::collections::BTreeMap;

use super::apply::compare;
use super::*;
use crate::schema::{Attribute, Mode, Nesting, Schema};
use crate::value::{Refinements, Type};

fn schema() -> Schema {
    let inner = [("x", Attribute::required(Type::String)), ("y", Attribute::computed(Type::String))];
    Schema::new("")
        .with("must", Attribute::required(Type::String))
        .with("may", Attribute::optional(Type::String))
        .with("either", Attribute::optional_computed(Type::String))
        .with("ours", Attribute::computed(Type::String))
        .with("once", Attribute::optional(Type::String).write_only())
        .with("nested", Attribute::nested(Mode::Optional, Nesting::List, inner))
}

fn value(changes: &[(&str, Value)]) -> Value {
    let all = ["must", "may", "either", "ours", "once", "nested"].map(|name| (name.to_owned(), Value::Null));
    let mut all: BTreeMap<String, Value> = all.into();
    all.insert("must".to_owned(), text("m"));
    all.extend(changes.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
    Value::Object(all)
}

fn text(text: &str) -> Value {
    Value::string(text)
}

fn inner(x: &str, y: Value) -> Value {
    Value::List(vec![Value::object([("x", text(x)), ("y", y)])])
}

#[test]
fn a_plan_says_what_is_configured_or_what_was() {
    let config = value(&[("may", text("new"))]);
    let prior = value(&[("may", text("NEW"))]);
    for (plan, expected) in [
        (text("new"), None),
        (text("NEW"), None),
        (text("other"), Some(Rule::Configured)),
        (Value::Null, Some(Rule::Configured)),
        (Value::UNKNOWN, Some(Rule::Configured)),
    ] {
        let found = planned(&schema(), Some(&prior), &config, &value(&[("may", plan.clone())]));
        assert_eq!(found.first().map(|one| one.rule), expected, "{plan:?}");
    }
}

#[test]
fn what_is_not_configured_is_computed_or_null() {
    for (name, plan, expected) in [
        ("may", text("x"), Some(Rule::NotComputed)),
        ("may", Value::UNKNOWN, Some(Rule::NotComputed)),
        ("either", Value::UNKNOWN, None),
        ("either", text("x"), None),
        ("ours", Value::UNKNOWN, None),
    ] {
        let found = planned(&schema(), None, &value(&[]), &value(&[(name, plan)]));
        assert_eq!(found.first().map(|one| one.rule), expected, "{name}");
    }
}

#[test]
fn nested_attributes_obey_the_same() {
    let config = value(&[("nested", inner("a", Value::Null))]);
    for (nested, expected) in [
        (inner("a", Value::UNKNOWN), None),
        (inner("b", Value::Null), Some("`nested[0].x` is planned neither as configured nor as it was")),
        (Value::List(Vec::new()), Some("`nested` is planned neither as configured nor as it was")),
        (Value::UNKNOWN, Some("`nested` is planned neither as configured nor as it was")),
    ] {
        let found = planned(&schema(), None, &config, &value(&[("nested", nested)]));
        assert_eq!(found.first().map(ToString::to_string).as_deref(), expected);
    }
}

#[test]
fn what_is_write_only_is_never_kept() {
    let config = value(&[("once", text("secret"))]);
    let rules = |found: Vec<Violation>| found.into_iter().map(|one| one.rule).collect::<Vec<_>>();
    assert_eq!(rules(planned(&schema(), None, &config, &config)), [Rule::WriteOnly]);
    assert_eq!(rules(planned(&schema(), None, &config, &value(&[]))), []);
    assert_eq!(rules(stored(&schema(), &config)), [Rule::WriteOnly]);
    assert_eq!(without_write_only(&schema(), config), value(&[]));
}

#[test]
fn apply_gives_what_was_planned() {
    let prefixed = Value::Unknown(Refinements { prefix: Some("p0-".to_owned()), ..Refinements::NOT_NULL });
    for (plan, new, expected) in [
        (text("x"), text("x"), None),
        (text("x"), text("X"), Some(Rule::Planned)),
        (Value::Null, text("x"), Some(Rule::Planned)),
        (Value::UNKNOWN, text("x"), None),
        (Value::UNKNOWN, Value::Null, None),
        (prefixed.clone(), text("p0-x"), None),
        (prefixed.clone(), text("x"), Some(Rule::Refined)),
        (prefixed, Value::Null, Some(Rule::Refined)),
        (Value::UNKNOWN, Value::UNKNOWN, Some(Rule::Known)),
    ] {
        let found = applied(&schema(), &value(&[("ours", plan)]), &value(&[("ours", new.clone())]));
        assert_eq!(found.first().map(|one| one.rule), expected, "{new:?}");
    }
}

#[test]
fn sets_do_not_grow_and_keep_their_known_elements() {
    let set = |items: &[Value]| Value::Set(items.iter().cloned().collect());
    let (a, b) = (text("a"), text("b"));
    for (plan, new, allowed) in [
        (set(&[a.clone(), Value::UNKNOWN]), set(&[a.clone(), b.clone()]), true),
        (set(&[a.clone(), Value::UNKNOWN]), set(std::slice::from_ref(&a)), true),
        (set(&[a.clone(), Value::UNKNOWN]), set(std::slice::from_ref(&b)), false),
        (set(&[Value::UNKNOWN]), set(&[a.clone(), b.clone()]), false),
        (set(std::slice::from_ref(&a)), set(&[a.clone(), b]), false),
    ] {
        let mut found = Vec::new();
        compare(&plan, &new, &Path::root(), &mut found);
        assert_eq!(found.is_empty(), allowed, "{plan:?} → {new:?}");
    }
}

#[test]
fn what_can_be_kept_of_a_plan_has_nulls_for_unknowns() {
    let plan = value(&[("ours", Value::UNKNOWN), ("nested", inner("a", Value::UNKNOWN))]);
    assert_eq!(with_nulls(plan), value(&[("nested", inner("a", Value::Null))]));
}

#[test]
fn there_are_as_many_blocks_as_are_configured() {
    let content = Schema::new("").with("x", Attribute::required(Type::String));
    let schema = Schema::new("").with_block("b", crate::schema::Block::at_most_one(content));
    let block = |x: &str| Value::List(vec![Value::object([("x", text(x))])]);
    let of = |blocks: Value| Value::object([("b", blocks)]);
    for (config, plan, expected) in [
        (block("a"), block("a"), None),
        (block("a"), block("b"), Some("`b[0].x` is planned neither as configured nor as it was")),
        (block("a"), Value::List(Vec::new()), Some("`b` holds other blocks than are configured")),
        (block("a"), Value::Null, Some("`b` holds other blocks than are configured")),
        (block("a"), Value::UNKNOWN, Some("`b` holds other blocks than are configured")),
        (Value::List(Vec::new()), Value::List(Vec::new()), None),
        (Value::UNKNOWN, block("a"), None),
    ] {
        let found = planned(&schema, None, &of(config), &of(plan.clone()));
        assert_eq!(found.first().map(ToString::to_string).as_deref(), expected, "{plan:?}");
    }
}

#[test]
fn a_bare_unknown_stands_for_a_refined_one() {
    let refined = Value::Unknown(Refinements { prefix: Some("p-".to_owned()), ..Refinements::NOT_NULL });
    let config = value(&[("may", refined)]);
    assert_eq!(planned(&schema(), None, &config, &value(&[("may", Value::UNKNOWN)])), []);
}

#[test]
fn a_plan_made_again_differs_only_where_it_was_unknown() {
    let first = value(&[("may", text("x")), ("ours", Value::UNKNOWN)]);
    for (again, expected) in [
        (value(&[("may", text("x")), ("ours", text("now known"))]), None),
        (value(&[("may", text("y")), ("ours", Value::UNKNOWN)]), Some("`may` was planned otherwise before")),
    ] {
        let found = planned_again(&first, &again);
        assert_eq!(found.first().map(ToString::to_string).as_deref(), expected);
    }
}

#[test]
fn a_reason_to_replace_exists_before_or_after() {
    let (prior, plan) = (value(&[]), value(&[("nested", inner("a", Value::Null))]));
    let inside = Path::attribute("nested").then(crate::value::index(0));
    assert_eq!(replaced(Some(&prior), &plan, &[inside.clone(), Path::attribute("must")]), []);
    assert_eq!(replaced(Some(&prior), &prior, &[inside]).len(), 1);
}

#[test]
fn an_identity_is_there_and_stays() {
    use crate::schema::{IdentityAttribute, ImportUse};
    let id = IdentityAttribute { of: Type::String, import: ImportUse::Required, about: String::new() };
    let schema = IdentitySchema { version: 0, attributes: [("id".to_owned(), id)].into() };
    let of = |id: Value| Value::object([("id", id)]);
    let (one, other, open) = (of(text("1")), of(text("2")), of(Value::UNKNOWN));
    for (before, after, expected) in [
        (None, Some(&one), None),
        (Some(&one), Some(&one), None),
        (Some(&open), Some(&one), None),
        (Some(&one), Some(&other), Some(Rule::SameIdentity)),
        (Some(&one), None, Some(Rule::Identity)),
        (None, Some(&open), Some(Rule::Identity)),
        (None, Some(&Value::Null), Some(Rule::Identity)),
    ] {
        let found = identity(Some(&schema), before, after);
        assert_eq!(found.first().map(|one| one.rule), expected, "{before:?} → {after:?}");
    }
    assert_eq!(identity(None, None, None), []);
}

#[test]
fn what_is_write_only_is_found_at_any_depth() {
    let secret = [("pin", Attribute::optional(Type::String).write_only())];
    let schema = Schema::new("").with("keys", Attribute::nested(Mode::Optional, Nesting::Set, secret));
    let keys = |pin: Value| Value::object([("keys", Value::Set([Value::object([("pin", pin)])].into()))]);
    let found = stored(&schema, &keys(text("1234")));
    assert_eq!(found, [Violation { path: Path::attribute("keys"), rule: Rule::WriteOnly }]);
    assert_eq!(without_write_only(&schema, keys(text("1234"))), keys(Value::Null));
    assert_eq!(write_only_paths(&schema, &keys(Value::Null)), []);
}
