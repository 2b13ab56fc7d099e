//! Grants as they are found in a cluster: what labels and annotations of the objects of both products say.
//!
//! Lenient on purpose: an object that claims to be a grant and is not must be shown, too. Not here: asking the cluster, and whether
//! the rules are those that were granted.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use p0_grant::manifest::{GRANT, MANAGED_BY};
use serde_json::Value as Json;

use crate::cluster::{Kind, LiveObject, ObjectRef, granted_role};

tfplugin::model! {
    /// Whom a grant is for, as its binding says.
    #[derive(Clone, Debug, PartialEq)]
    pub struct SubjectModel {
        /// `User`, `Group` or `ServiceAccount`.
        pub kind: String,
        /// The name.
        pub name: String,
        /// A service account's namespace.
        pub namespace: Option<String>,
    }
}

tfplugin::model! {
    /// A grant that was found.
    #[derive(Clone, Debug, Default, PartialEq)]
    pub struct DiscoveredGrant {
        /// The grant's id.
        pub id: String,
        /// Which product keeps it.
        pub managed_by: String,
        /// Where its rules come from.
        pub role: Option<String>,
        /// What they are cut to.
        pub selection: Option<String>,
        /// Subresources besides the resource itself.
        pub subresources: Vec<String>,
        /// Whom it is for.
        pub subject: Option<SubjectModel>,
        /// When it was made.
        pub created_at: Option<String>,
        /// When it ends.
        pub expires_at: Option<String>,
        /// The digest of its rules.
        pub subset_sha256: Option<String>,
        /// The role object.
        pub role_name: Option<String>,
        /// The binding.
        pub binding_name: Option<String>,
        /// The binding's kind.
        pub binding_kind: Option<String>,
        /// The binding's namespace.
        pub namespace: Option<String>,
        /// Whether its end has come.
        pub expired: bool,
        /// Whether it gives anything.
        pub live: bool,
        /// What is wrong with it.
        pub problem: Option<String>,
    }
}

/// Every grant among these objects, by id, then by where its binding is. The bound roles may be among
/// them, whether they are a grant's or not: `cluster::listing` reads those, too.
pub(crate) fn discover(objects: &[LiveObject], now: Timestamp) -> Vec<DiscoveredGrant> {
    let by_reference: Vec<(ObjectRef, &LiveObject)> =
        objects.iter().filter_map(|live| Some((live.reference()?, live))).collect();
    let (roles, bindings): (BTreeMap<ObjectRef, &LiveObject>, Vec<(ObjectRef, &LiveObject)>) = {
        let (roles, bindings): (Vec<_>, Vec<_>) =
            by_reference.into_iter().partition(|(reference, _)| is_role(reference.kind));
        (roles.into_iter().collect(), bindings)
    };
    let bound: BTreeSet<ObjectRef> =
        bindings.iter().filter_map(|(reference, live)| granted_role(reference, live)).collect();
    let alone = roles.iter().filter(|(reference, _)| !bound.contains(reference));
    let mut found: Vec<DiscoveredGrant> = bindings
        .iter()
        .filter_map(|(reference, live)| of_binding(reference, live, &roles, now))
        .chain(alone.filter_map(|(reference, live)| of_role(reference, live, now)))
        .collect();
    found.sort_by(|one, other| {
        (&one.id, &one.namespace, &one.binding_name).cmp(&(&other.id, &other.namespace, &other.binding_name))
    });
    mark_twice(&mut found);
    found
}

/// An id is used once ever; where several objects carry it, it is not known which one is meant.
fn mark_twice(found: &mut [DiscoveredGrant]) {
    let mut seen = BTreeSet::new();
    let twice: BTreeSet<String> =
        found.iter().filter(|one| !seen.insert(&one.id)).map(|one| one.id.clone()).collect();
    for one in found.iter_mut().filter(|one| twice.contains(&one.id)) {
        one.problem.get_or_insert_with(|| "several objects carry this grant's id".to_owned());
    }
}

fn is_role(kind: Kind) -> bool {
    matches!(kind, Kind::ClusterRole | Kind::Role)
}

fn of_binding(
    reference: &ObjectRef,
    live: &LiveObject,
    roles: &BTreeMap<ObjectRef, &LiveObject>,
    now: Timestamp,
) -> Option<DiscoveredGrant> {
    let found = of_metadata(live, now)?;
    let given = granted_role(reference, live)?;
    let role = roles.get(&given);
    let subjects: Vec<SubjectModel> = subjects(live).collect();
    let problem = match (subjects.as_slice(), role) {
        ([], _) => Some("the binding has no subject"),
        (_, None) => Some("its role object is gone, so it gives nothing"),
        (_, Some(role)) if role.label(GRANT) != Some(found.id.as_str()) => {
            Some("the binding gives a role that is not this grant's")
        }
        ([_], _) => None,
        _ => Some("the binding names several subjects"),
    };
    let subject = subjects.into_iter().next();
    Some(DiscoveredGrant {
        live: role.is_some() && subject.is_some(),
        subject,
        role_name: Some(given.name),
        binding_name: Some(reference.name.clone()),
        binding_kind: Some(reference.kind.to_string()),
        namespace: reference.namespace.clone(),
        problem: found.problem.or_else(|| problem.map(str::to_owned)),
        ..found
    })
}

fn of_role(reference: &ObjectRef, live: &LiveObject, now: Timestamp) -> Option<DiscoveredGrant> {
    let found = of_metadata(live, now)?;
    let problem = found.problem.or_else(|| Some("it has no binding, so it gives nothing".to_owned()));
    Some(DiscoveredGrant {
        role_name: Some(reference.name.clone()),
        namespace: reference.namespace.clone(),
        problem,
        ..found
    })
}

fn subjects(live: &LiveObject) -> impl Iterator<Item = SubjectModel> {
    let subjects = live.value().get("subjects").and_then(Json::as_array);
    subjects.into_iter().flatten().map(|subject| {
        let text = |name: &str| subject.get(name).and_then(Json::as_str).map(str::to_owned);
        SubjectModel {
            kind: text("kind").unwrap_or_default(),
            name: text("name").unwrap_or_default(),
            namespace: text("namespace"),
        }
    })
}

/// What stands on either object. Without an id it is not a grant's.
fn of_metadata(live: &LiveObject, now: Timestamp) -> Option<DiscoveredGrant> {
    let note = |key: &str| live.annotation(&format!("p0.dev/{key}")).map(str::to_owned);
    let expires_at = note("expires-at");
    let end = expires_at.as_deref().and_then(|end| end.parse::<Timestamp>().ok());
    Some(DiscoveredGrant {
        id: live.label(GRANT)?.to_owned(),
        managed_by: live.label(MANAGED_BY).unwrap_or_default().to_owned(),
        role: note("role"),
        selection: note("selection"),
        subresources: note("subresources")
            .map(|list| list.split(',').map(str::to_owned).collect())
            .unwrap_or_default(),
        subject: None,
        created_at: note("created-at"),
        expires_at,
        subset_sha256: note("subset-sha256"),
        role_name: None,
        binding_name: None,
        binding_kind: None,
        namespace: None,
        // What has no end that can be read must not pass for what has not ended.
        expired: end.is_none_or(|end| end <= now),
        live: false,
        problem: end.is_none().then(|| "it has no end that can be read".to_owned()),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::cluster::unseen_roles;

    const ID: &str = "vpl5aqzpwnnqmnkrzze2";
    const END: Option<&str> = Some("2026-11-24T12:00:00Z");

    fn metadata(name: &str, namespace: Option<&str>, end: Option<&str>) -> Json {
        json!({
            "name": name,
            "namespace": namespace,
            "labels": {GRANT: ID, MANAGED_BY: "terraform-provider-p0"},
            "annotations": {"p0.dev/role": "ClusterRole/view", "p0.dev/expires-at": end},
        })
    }

    fn role() -> LiveObject {
        LiveObject::new(json!({"metadata": metadata("role", None, END)}), Kind::ClusterRole)
    }

    fn binding(namespace: &str, end: Option<&str>, subjects: &[&str]) -> LiveObject {
        let subjects: Vec<Json> = subjects.iter().map(|name| json!({"kind": "User", "name": name})).collect();
        let object = json!({
            "metadata": metadata("role-binding", Some(namespace), end),
            "roleRef": {"kind": "ClusterRole", "name": "role"},
            "subjects": subjects,
        });
        LiveObject::new(object, Kind::RoleBinding)
    }

    fn discover(objects: &[LiveObject]) -> Vec<DiscoveredGrant> {
        super::discover(objects, "2026-11-24T10:00:00Z".parse().unwrap())
    }

    #[test]
    fn what_is_live_and_what_has_ended_is_told() {
        let alice = &["alice"][..];
        for (end, subjects, roles, expired, live, problem) in [
            (END, alice, 1, false, true, None),
            (Some("2026-11-24T10:00:00Z"), alice, 1, true, true, None),
            (Some("soon"), alice, 1, true, true, Some("it has no end that can be read")),
            (None, alice, 1, true, true, Some("it has no end that can be read")),
            (END, &[], 1, false, false, Some("the binding has no subject")),
            (END, &["alice", "eve"], 1, false, true, Some("the binding names several subjects")),
            (END, alice, 0, false, false, Some("its role object is gone, so it gives nothing")),
        ] {
            let mut objects = vec![binding("shop", end, subjects)];
            objects.extend((0..roles).map(|_| role()));
            let all = discover(&objects);
            let [one] = all.as_slice() else { panic!("{all:?}") };
            assert_eq!((one.expired, one.live, one.problem.as_deref()), (expired, live, problem), "{end:?}");
            assert_eq!((one.id.as_str(), one.namespace.as_deref()), (ID, Some("shop")));
        }
    }

    #[test]
    fn a_role_object_without_a_binding_is_seen_and_gives_nothing() {
        let all = discover(&[role()]);
        assert_eq!(all.len(), 1);
        assert!(!all[0].live && all[0].problem.is_some() && all[0].binding_name.is_none());
    }

    #[test]
    fn what_carries_no_id_is_no_grant_and_an_id_is_used_once() {
        let foreign = json!({"metadata": {"name": "x"}, "roleRef": {"kind": "ClusterRole", "name": "view"}});
        assert_eq!(discover(&[LiveObject::new(foreign, Kind::ClusterRoleBinding)]), Vec::new());
        let all = discover(&[role(), binding("shop", END, &["alice"]), binding("lab", END, &["eve"])]);
        assert_eq!(all.len(), 2);
        assert!(
            all.iter().all(|one| one.problem.as_deref() == Some("several objects carry this grant's id"))
        );
    }

    #[test]
    fn a_binding_of_a_role_that_is_no_grants_is_live_and_a_problem() {
        let objects = vec![binding("shop", END, &["alice"])];
        let unseen = unseen_roles(&objects);
        let reference = ObjectRef { kind: Kind::ClusterRole, namespace: None, name: "role".to_owned() };
        assert_eq!(unseen, BTreeSet::from([reference]));
        let foreign = LiveObject::new(json!({"metadata": {"name": "role"}}), Kind::ClusterRole);
        let all = discover(&[objects[0].clone(), foreign]);
        assert_eq!(all.len(), 1);
        assert!(all[0].live);
        assert_eq!(all[0].problem.as_deref(), Some("the binding gives a role that is not this grant's"));
    }
}
