use p0_grant::digest::SubsetDigest;
use p0_grant::grant::NamePrefix;
use p0_grant::restrict::WildcardVerb;
use p0_grant::rule::ResourceRule;

use super::*;

const NAME: &str = "p0-view-Deployments-vpl5aqzpwnnqmnkrzze2";

fn record() -> Record {
    let rules: Vec<Rule> =
        vec![ResourceRule::new(["get"], ["apps"], ["deployments"], ["web"]).unwrap().into()];
    Record {
        iam: None,
        id: "vpl5aqzpwnnqmnkrzze2".parse().unwrap(),
        created_at: "2026-11-24T10:00:00Z".parse().unwrap(),
        expires_at: "2026-11-24T18:00:00Z".parse().unwrap(),
        role: "view".parse().unwrap(),
        subject: "alice".parse().unwrap(),
        selection: "apps/deployments default/web".parse().unwrap(),
        subresources: Default::default(),
        digest: SubsetDigest::of(&rules),
        rules,
        reason: Some("INC-1".to_owned()),
        annotations: BTreeMap::from([("example.com/team".to_owned(), "a".to_owned())]),
        labels: BTreeMap::from([("team".to_owned(), "a".to_owned())]),
        role_name: NAME.to_owned(),
        binding_name: format!("{NAME}-binding"),
        binding_kind: Kind::RoleBinding,
        expired: false,
        active: true,
    }
}

fn private(role_object: RoleObject) -> PrivateState {
    PrivateState {
        role_object,
        prefix: NamePrefix::default(),
        resources: String::new(),
        wildcard: WildcardVerb::default(),
        privileged: false,
        ended: None,
        cluster: None,
    }
}

fn objects() -> GrantObjects<DesiredObject> {
    desired(&record(), &private(RoleObject::ClusterRole)).unwrap()
}

/// The desired objects as a server would give them, after `change`.
fn live(change: impl Fn(&mut Value, &mut Value)) -> GrantObjects<Option<LiveObject>> {
    let GrantObjects { role, binding } = objects();
    let (mut role, mut binding) = (role.object, binding.object);
    for object in [&mut role, &mut binding] {
        object["metadata"]["resourceVersion"] = "7".into();
        object["metadata"]["labels"]["somebody"] = "else".into();
        object["metadata"]["managedFields"] = json!([{}]);
    }
    change(&mut role, &mut binding);
    GrantObjects {
        role: Some(LiveObject::new(role, Kind::ClusterRole)),
        binding: Some(LiveObject::new(binding, Kind::RoleBinding)),
    }
}

#[test]
fn people_s_keys_stand_beside_the_engines_own_objects() {
    let GrantObjects { role, binding } = objects();
    assert_eq!(binding.object["metadata"]["annotations"][REASON], "INC-1");
    assert_eq!(role.object["metadata"]["annotations"].get(REASON), None);
    for object in [&role.object, &binding.object] {
        assert_eq!(object["metadata"]["annotations"]["example.com/team"], "a");
        assert_eq!(object["metadata"]["labels"]["team"], "a");
        assert_eq!(object["metadata"]["labels"][GRANT], "vpl5aqzpwnnqmnkrzze2");
    }
    let in_namespace = desired(&record(), &private(RoleObject::Role)).unwrap();
    assert_eq!(in_namespace.role.reference.kind, Kind::Role);
    assert_eq!(in_namespace.role.reference.namespace.as_deref(), Some("default"));
    let references = object_refs(&record(), &private(RoleObject::Role));
    assert_eq!(
        (references.role, references.binding),
        (in_namespace.role.reference, in_namespace.binding.reference)
    );
}

#[test]
fn a_record_that_contradicts_itself_makes_no_objects() {
    let rules: Vec<Rule> = vec![ResourceRule::new(["*"], ["apps"], ["deployments"], ["web"]).unwrap().into()];
    assert!(desired(&Record { rules, ..record() }, &private(RoleObject::ClusterRole)).is_err());
    assert!(
        desired(&Record { role: "edit".parse().unwrap(), ..record() }, &private(RoleObject::ClusterRole))
            .is_err()
    );
}

/// Each kind of drift: its name, and that one patch puts it right.
#[test]
fn every_drift_is_named_and_put_right() {
    type Change = fn(&mut Value, &mut Value);
    let cases: [(Change, &[&str]); 10] = [
        (|_, _| {}, &[]),
        (|role, _| role["metadata"]["labels"]["foreign"] = "x".into(), &[]),
        (
            |role, _| {
                let rules = role["rules"].as_array_mut().unwrap();
                rules.push(json!({ "apiGroups": [""], "resources": ["secrets"], "verbs": ["get"] }));
            },
            &["role: + get secrets"],
        ),
        (|role, _| role["rules"] = json!([]), &["role: - get deployments named web"]),
        (|_, binding| binding["subjects"][0]["name"] = "mallory".into(), &["subjects"]),
        (|role, _| role["aggregationRule"] = json!({ "clusterRoleSelectors": [] }), &["aggregationRule set"]),
        (
            |role, _| {
                role["metadata"]["labels"]["rbac.authorization.k8s.io/aggregate-to-view"] = "true".into();
            },
            &["role: label rbac.authorization.k8s.io/aggregate-to-view added"],
        ),
        (
            |_, binding| {
                binding["metadata"]["annotations"]["p0.dev/expires-at"] = "2099-01-01T00:00:00Z".into();
            },
            &["binding: annotation p0.dev/expires-at changed"],
        ),
        (
            |role, _| drop(role["metadata"]["labels"].as_object_mut().unwrap().remove("team")),
            &["role: label team removed"],
        ),
        (
            |role, _| drop(role["metadata"]["labels"].as_object_mut().unwrap().remove(MANAGED_BY)),
            &["role: label app.kubernetes.io/managed-by removed"],
        ),
    ];
    for (change, expected) in cases {
        let live = live(change);
        assert_eq!(drift(&record(), &objects(), &live), expected);
        let (desired, role, binding) = (objects(), live.role.unwrap(), live.binding.unwrap());
        let patches = [(&desired.role, role), (&desired.binding, binding)].map(|(desired, live)| {
            let patch = patch(desired, &live, &[])?;
            assert_eq!(patch["metadata"]["resourceVersion"], "7", "each write names the version it is for");
            let patched = LiveObject::new(merged(live.value().clone(), &patch), desired.reference.kind);
            assert_eq!(self::patch(desired, &patched, &[]), None, "{patch}");
            assert_eq!(patched.label("somebody"), Some("else"), "what others have added stays");
            Some(patch)
        });
        assert_eq!(patches.iter().flatten().count(), expected.len());
    }
}

/// RFC 7386, as the server does it.
fn merged(mut target: Value, patch: &Value) -> Value {
    let Some(fields) = patch.as_object() else { return patch.clone() };
    for (key, value) in fields {
        if value.is_null() {
            target.as_object_mut().unwrap().remove(key);
        } else {
            target[key] = merged(target.get(key).cloned().unwrap_or_else(|| json!({})), value);
        }
    }
    target
}

#[test]
fn what_is_missing_or_of_another_owner_is_named() {
    let none = GrantObjects { role: None, binding: None };
    assert_eq!(drift(&record(), &objects(), &none), ["role missing", "binding missing"]);
    for (label, value) in [(GRANT, "aaaaaaaaaaaaaaaaaaaa"), (MANAGED_BY, "p0-gitops")] {
        let mut foreign = live(|_, _| {});
        let mut binding = foreign.binding.take().unwrap().value().clone();
        binding["metadata"]["labels"][label] = value.into();
        foreign.binding = Some(LiveObject::new(binding, Kind::RoleBinding));
        let named = drift(&record(), &objects(), &foreign);
        assert!(named.len() == 1 && named[0].contains("another owner"), "{named:?}");
    }
    let ending = live(|_, binding| binding["metadata"]["deletionTimestamp"] = "2026-11-24T10:00:00Z".into());
    assert_eq!(drift(&record(), &objects(), &ending), ["binding is being deleted"]);
    let elsewhere = live(|_, binding| binding["roleRef"]["name"] = "cluster-admin".into());
    assert_eq!(drift(&record(), &objects(), &elsewhere), ["roleRef"]);
    assert!(refers_elsewhere(&objects().binding, elsewhere.binding.as_ref().unwrap()));
}

#[test]
fn only_keys_that_people_took_back_are_removed() {
    let live = live(|role, _| role["metadata"]["labels"]["old"] = "x".into());
    let role = live.role.unwrap();
    assert_eq!(patch(&objects().role, &role, &[]), None);
    let change = patch(&objects().role, &role, &["old", "never-there"]).unwrap();
    assert_eq!(change, json!({ "metadata": { "labels": { "old": null }, "resourceVersion": "7" } }));
}

#[test]
fn new_rules_never_meet_old_subjects() {
    let both = live(|role, binding| {
        role["rules"] = json!([]);
        binding["subjects"][0]["name"] = "mallory".into();
    });
    let (role, binding) = (both.role.unwrap(), both.binding.unwrap());
    assert!(crosses(&objects(), &role, &binding));
    assert_eq!(emptied(&binding), json!({ "metadata": { "resourceVersion": "7" }, "subjects": [] }));
    let one = live(|role, _| role["rules"] = json!([]));
    assert!(!crosses(&objects(), &one.role.unwrap(), &one.binding.unwrap()));
}
