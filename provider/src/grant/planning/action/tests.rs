use jiff::Timestamp;
use p0_grant::lifetime::Lifetime;

use super::*;
use crate::grant::expiry::{Expiry, has_come, too_long};
use crate::grant::values::with;

const DIGEST: &str = "2d8fe30abd574cf46420c6f333e2ef67942b612550c0a3d17e143f503674e37b";
const OTHER_DIGEST: &str = "0000000000000000000000000000000000000000000000000000000000000000";

fn text(text: &str) -> Value {
    Value::string(text)
}

fn object(parts: &[(&str, &str)]) -> Value {
    Value::object(parts.iter().map(|(name, value)| (*name, text(value))))
}

/// What the configuration said when the grant was made at 10:00 for eight hours.
fn config() -> Value {
    let nulls = [
        "resource",
        "subresources",
        "reason",
        "expires_at",
        "subset_sha256",
        "annotations",
        "labels",
        "timeouts",
    ];
    let nulls = Value::object(nulls.map(|name| (name, Value::Null)));
    with(
        nulls,
        [
            (
                "role",
                Value::object([("name", text("view")), ("kind", Value::Null), ("namespace", Value::Null)]),
            ),
            ("locator", text("deployment / default / nginx")),
            ("subject", object(&[("kind", "User"), ("name", "alice")])),
            ("duration", text("8h")),
        ],
    )
}

fn state(expired: bool) -> Value {
    let rule = Value::object([
        ("api_groups", Value::List(vec![text("apps")])),
        ("resources", Value::List(vec![text("deployments")])),
        ("resource_names", Value::List(vec![text("nginx")])),
        ("verbs", Value::List(vec![text("get")])),
    ]);
    let role =
        Value::object([("name", text("view")), ("kind", text("ClusterRole")), ("namespace", Value::Null)]);
    with(
        config(),
        [
            ("role", role),
            ("id", text("vpl5aqzpwnnqmnkrzze2")),
            ("created_at", text("2026-11-24T10:00:00Z")),
            ("expires_at", text("2026-11-24T18:00:00Z")),
            ("selection", text("apps/deployments default/nginx")),
            ("rules", Value::List(vec![rule])),
            ("subset_sha256", text(DIGEST)),
            ("role_name", text("r")),
            ("binding_name", text("r-binding")),
            ("binding_kind", text("RoleBinding")),
            ("expired", Value::Bool(expired)),
            ("active", Value::Bool(true)),
        ],
    )
}

fn decide(expired: bool, changes: &[(&str, Value)]) -> Action {
    let prior = state(expired);
    let config = with(config(), changes.iter().map(|(name, value)| (*name, value.clone())));
    action(&prior, &Record::read(&prior).unwrap(), &config, &GrantConfig::read(&config).unwrap())
}

fn change(selection: Spelling, rules: RulesFrom) -> Action {
    Action::Change { selection, rules }
}

/// The table of the contract: what a change of each attribute does to a grant that lives.
#[test]
fn each_attribute_changes_a_living_grant_as_the_contract_says() {
    use RulesFrom::{Role, State};
    use Spelling::{Other, Same};
    let bob = object(&[("kind", "User"), ("name", "bob")]);
    let edit = object(&[("name", "edit")]);
    let said = with(object(&[("name", "view"), ("kind", "ClusterRole")]), [("namespace", Value::Null)]);
    let set = |texts: &[&str]| Value::Set(texts.iter().map(|one| text(one)).collect());
    let map = || Value::Map([("a".to_owned(), text("b"))].into());
    let expiry = |end: &str| vec![("duration", Value::Null), ("expires_at", text(end))];
    for (changes, expected) in [
        (vec![], Action::NoChange),
        (vec![("role", said)], Action::NoChange),
        (vec![("subset_sha256", text(DIGEST))], Action::NoChange),
        (vec![("role", edit)], Action::Replace(vec!["role"])),
        (vec![("role", Value::UNKNOWN)], Action::Replace(vec!["role"])),
        (vec![("subject", bob)], Action::Replace(vec!["subject"])),
        (vec![("subject", Value::UNKNOWN)], Action::Replace(vec!["subject"])),
        (vec![("locator", text("deploy/default/nginx"))], change(Other, State)),
        (vec![("locator", Value::UNKNOWN)], change(Other, State)),
        (
            vec![("locator", Value::Null), ("resource", object(&[("kind", "deploy"), ("name", "nginx")]))],
            change(Other, State),
        ),
        (vec![("subresources", set(&["scale"]))], change(Same, Role)),
        (vec![("subresources", set(&[]))], change(Same, State)),
        (vec![("subset_sha256", text(OTHER_DIGEST))], change(Same, Role)),
        (vec![("subset_sha256", Value::UNKNOWN)], change(Same, Role)),
        (vec![("reason", text("INC-1"))], change(Same, State)),
        (vec![("annotations", map())], change(Same, State)),
        (vec![("labels", map())], change(Same, State)),
        (vec![("timeouts", object(&[("create", "2m")]))], change(Same, State)),
        (vec![("duration", text("9h"))], change(Same, State)),
        (vec![("duration", text("1h"))], change(Same, State)),
        (expiry("2026-11-24T18:00:00Z"), change(Same, State)),
        (expiry("2026-11-25T18:00:00Z"), change(Same, State)),
    ] {
        assert_eq!(decide(false, &changes), expected, "{changes:?}");
    }
}

/// The table of the contract: what a change does to a grant that has ended.
#[test]
fn an_ended_grant_is_replaced_only_by_a_later_end() {
    let expiry = |end: Value| vec![("duration", Value::Null), ("expires_at", end)];
    let bob = object(&[("kind", "User"), ("name", "bob")]);
    for (changes, expected) in [
        (vec![], Action::NoChange),
        (vec![("reason", text("INC-1"))], Action::RecordOnly),
        (vec![("subject", bob)], Action::RecordOnly),
        (vec![("locator", text("pods"))], Action::RecordOnly),
        (vec![("duration", text("8h 0m 0s"))], Action::RecordOnly),
        (vec![("duration", text("1h"))], Action::RecordOnly),
        (expiry(text("2026-11-24T18:00:00Z")), Action::RecordOnly),
        (expiry(text("2026-11-24T19:00:00+01:00")), Action::RecordOnly),
        (expiry(text("2026-11-24T18:00:01Z")), Action::Replace(vec!["expires_at"])),
        (expiry(Value::UNKNOWN), Action::Replace(vec!["expires_at"])),
        (vec![("duration", text("9h"))], Action::Replace(vec!["duration"])),
        (vec![("duration", Value::UNKNOWN)], Action::Replace(vec!["duration"])),
    ] {
        assert_eq!(decide(true, &changes), expected, "{changes:?}");
    }
}

#[test]
fn a_duration_counts_from_the_creation_however_often_it_is_changed() {
    let record = Record::read(&state(false)).unwrap();
    let lasting = |text: &str| Expiry::After(Attr::Known(text.parse().unwrap()));
    assert_eq!(end(&lasting("1h"), &record).unwrap().to_string(), "2026-11-24T11:00:00Z");
    assert_eq!(end(&lasting("7d"), &record).unwrap().to_string(), "2026-12-01T10:00:00Z");
    assert_eq!(end(&Expiry::At(Attr::Unknown), &record), None);
}

#[test]
fn a_grants_time_has_come_at_the_very_second() {
    let at = |text: &str| text.parse::<Timestamp>().unwrap();
    let end = at("2026-11-24T18:00:00Z");
    assert!(!has_come(end, at("2026-11-24T17:59:59Z")));
    assert!(has_come(end, end));
    assert!(has_come(end, at("2026-11-24T18:00:01Z")));
}

#[test]
fn the_longest_is_allowed_and_a_second_more_is_not() {
    let from: Timestamp = "2026-11-24T10:00:00Z".parse().unwrap();
    let expiry = Expiry::At(Attr::Unknown);
    let refused = |end: &str| {
        let error = too_long(from, end.parse().unwrap(), Some(Lifetime::hours(8)), &expiry);
        error.map(|error| error.path.unwrap().to_string())
    };
    assert_eq!(refused("2026-11-24T18:00:00Z"), None);
    assert_eq!(refused("2026-11-24T18:00:01Z").as_deref(), Some("expires_at"));
    assert!(too_long(from, "2099-01-01T00:00:00Z".parse().unwrap(), None, &expiry).is_none());
}

#[test]
fn a_damaged_state_is_told_and_never_taken() {
    for (name, value) in [
        ("id", text("short")),
        ("id", Value::Null),
        ("created_at", text("yesterday")),
        ("expires_at", Value::Null),
        ("selection", text("pods")),
        ("rules", Value::Null),
        ("subset_sha256", text("x")),
        ("binding_kind", text("Secret")),
        ("role", object(&[("name", "a/b")])),
    ] {
        let damaged = Record::read(&with(state(false), [(name, value)])).unwrap_err();
        assert!(damaged.iter().all(|one| one.summary == "The state is damaged"), "{name}: {damaged:?}");
    }
}
