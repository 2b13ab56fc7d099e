use super::*;

fn text(text: &str) -> Value {
    Value::string(text)
}

fn object(parts: &[(&str, &str)]) -> Value {
    Value::object(parts.iter().map(|(name, value)| (*name, text(value))))
}

/// A configuration that is good, with other parts.
fn config(parts: &[(&str, Value)]) -> Value {
    let good = Value::object([
        ("role", object(&[("name", "view")])),
        ("locator", text("deployment / default / nginx")),
        ("subject", object(&[("kind", "User"), ("name", "alice@example.com")])),
        ("duration", text("8h")),
    ]);
    crate::grant::values::with(good, parts.iter().map(|(name, value)| (*name, value.clone())))
}

fn wrong(parts: &[(&str, Value)]) -> Vec<String> {
    let wrong = GrantConfig::read(&config(parts)).expect_err("it is wrong");
    wrong.iter().map(|one| one.path.as_ref().map_or_else(String::new, ToString::to_string)).collect()
}

#[test]
fn a_whole_configuration_is_read() {
    let grant = GrantConfig::read(&config(&[])).unwrap();
    assert_eq!(grant.role.known().unwrap().to_string(), "ClusterRole/view");
    assert_eq!(grant.subject.known().unwrap().to_string(), "User/alice@example.com");
    assert_eq!(grant.expiry, Expiry::After(Attr::Known(Lifetime::hours(8))));
    assert_eq!(grant.subresources, Attr::Known(BTreeSet::new()));
    assert_eq!(grant.timeouts.create, Duration::from_secs(60));
}

#[test]
fn a_resource_means_the_same_as_its_locator() {
    for (parts, locator) in [
        (
            &[("kind", "Deployment"), ("namespace", "default"), ("name", "web")][..],
            "Deployment / default / web",
        ),
        (&[("kind", "deploy"), ("group", "apps"), ("namespace", "default")], "deploy.apps / default / *"),
        (&[("kind", "pods"), ("group", "")], "pods. / * / *"),
        (&[("kind", "nodes"), ("name", "n1")], "nodes / n1"),
        (&[("kind", "nodes")], "nodes / *"),
    ] {
        let grant =
            GrantConfig::read(&config(&[("locator", Value::Null), ("resource", object(parts))])).unwrap();
        let same = GrantConfig::read(&config(&[("locator", text(locator))])).unwrap();
        let catalogue = p0_grant::catalogue::Catalogue::embedded().unwrap();
        let resolved = |grant: &GrantConfig| grant.locator.known().unwrap().resolve(&catalogue).unwrap();
        assert_eq!(resolved(&grant), resolved(&same), "{locator}");
    }
}

#[test]
fn bad_input_is_told_at_its_attribute() {
    let role = |parts: &[(&str, &str)]| vec![("role", object(parts))];
    let subject = |parts: &[(&str, &str)]| vec![("subject", object(parts))];
    let key = |name: &'static str, key: &str| vec![(name, Value::Map([(key.to_owned(), text("x"))].into()))];
    for (parts, path) in [
        (role(&[("name", "a/b")]), "role.name"),
        (role(&[("name", "view"), ("kind", "Group")]), "role.kind"),
        (role(&[("name", "view"), ("kind", "Role")]), "role.namespace"),
        (role(&[("name", "view"), ("namespace", "default")]), "role.namespace"),
        (vec![("locator", text("a/b/c/d"))], "locator"),
        (vec![("locator", text("* / a / b"))], "locator"),
        (vec![("locator", Value::Null)], "locator"),
        (vec![("resource", object(&[("kind", "pods")]))], "resource"),
        (subject(&[("kind", "User"), ("name", "system:admin")]), "subject.name"),
        (subject(&[("kind", "Group"), ("name", "system:masters")]), "subject.name"),
        (subject(&[("kind", "User"), ("name", "a"), ("namespace", "b")]), "subject.namespace"),
        (subject(&[("kind", "ServiceAccount"), ("name", "a")]), "subject.namespace"),
        (subject(&[("kind", "ServiceAccount"), ("name", "A"), ("namespace", "b")]), "subject.name"),
        (subject(&[("kind", "Robot"), ("name", "a")]), "subject.kind"),
        (vec![("duration", text("soon"))], "duration"),
        (vec![("duration", Value::Null)], "duration"),
        (vec![("expires_at", text("2030-01-01T00:00:00Z"))], "duration"),
        (vec![("duration", Value::Null), ("expires_at", text("tomorrow"))], "expires_at"),
        (vec![("duration", Value::Null), ("expires_at", text("2030-01-01T00:00:00.5Z"))], "expires_at"),
        (vec![("subset_sha256", text("abc"))], "subset_sha256"),
        (vec![("reason", text("${HOME}"))], "reason"),
        (vec![("reason", text(&"x".repeat(1025)))], "reason"),
        (vec![("timeouts", object(&[("create", "0s")]))], "timeouts.create"),
        (key("annotations", "p0.dev/role"), r#"annotations["p0.dev/role"]"#),
        (key("labels", "p0.dev/grant"), r#"labels["p0.dev/grant"]"#),
        (key("labels", "app.kubernetes.io/managed-by"), r#"labels["app.kubernetes.io/managed-by"]"#),
        (key("labels", "rbac.authorization.k8s.io/x"), r#"labels["rbac.authorization.k8s.io/x"]"#),
    ] {
        assert_eq!(wrong(&parts), [path], "{parts:?}");
    }
}

#[test]
fn what_is_not_known_yet_is_never_an_error() {
    let unknown_name = Value::object([("name", Value::UNKNOWN)]);
    for part in [
        ("role", Value::UNKNOWN),
        ("role", unknown_name),
        ("locator", Value::UNKNOWN),
        ("subject", Value::object([("kind", text("User")), ("name", Value::UNKNOWN)])),
        ("subresources", Value::Set([text("log"), Value::UNKNOWN].into())),
        ("reason", Value::UNKNOWN),
        ("duration", Value::UNKNOWN),
        ("expires_at", Value::UNKNOWN),
        ("subset_sha256", Value::UNKNOWN),
        ("annotations", Value::UNKNOWN),
        ("labels", Value::Map([("a".to_owned(), Value::UNKNOWN)].into())),
        ("timeouts", Value::UNKNOWN),
    ] {
        assert!(GrantConfig::read(&config(std::slice::from_ref(&part))).is_ok(), "{part:?}");
    }
    let both = [("locator", Value::Null), ("resource", Value::object([("kind", Value::UNKNOWN)]))];
    assert!(GrantConfig::read(&config(&both)).unwrap().locator.is_unknown());
}
