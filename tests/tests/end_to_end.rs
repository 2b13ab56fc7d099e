//! From a role on a real API server to a merged grant that is used there, and back to nothing.

use p0_tests::program::run;
use p0_tests::site::Site;
use p0_tests::{ControlPlane, eventually};
use serde_json::{Value, json};

const DEPLOYMENTS: &str = "/apis/apps/v1/namespaces/default/deployments";
const NGINX: &str = "deployment / default / nginx-deployment";

fn deployment(namespace: &str, name: &str) -> Value {
    let labels = json!({ "app": name });
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": { "name": name, "namespace": namespace },
        "spec": { "selector": { "matchLabels": labels }, "template": {
            "metadata": { "labels": labels },
            "spec": { "containers": [{ "name": "nginx", "image": "nginx" }] },
        }},
    })
}

/// A repository with the catalogue that the program exports from the server.
fn site(plane: &ControlPlane) -> Site {
    site_with(plane, &[])
}

/// The same once these kinds are in the catalogue: the server learns to discover a new kind after it is defined.
fn site_with(plane: &ControlPlane, plurals: &[&str]) -> Site {
    let folder = tempfile::tempdir().unwrap();
    let (file, kubeconfig) = (folder.path().join("catalogue.yaml"), plane.kubeconfig());
    let (file_text, kubeconfig) = (file.to_str().unwrap(), kubeconfig.to_str().unwrap());
    eventually(&format!("{plurals:?} in the catalogue"), || {
        run(&["catalogue", "export", "--kubeconfig", kubeconfig, "--file", file_text]).done();
        let catalogue = std::fs::read_to_string(&file).unwrap();
        plurals.iter().all(|plural| catalogue.contains(plural))
    });
    Site::new(Some(&file))
}

/// Proposes, judges and merges a grant, and applies the repository.
fn grant(plane: &ControlPlane, site: &Site, id: &str, rest: &[&str]) {
    site.propose(id, rest).done();
    site.verify(&format!("p0/grant/{id}")).done();
    site.merge(id).done();
    assert_eq!(plane.admin().sync(&site.manifests()), []);
}

#[test]
fn view_on_one_deployment_is_granted_used_and_taken_away() {
    let plane = ControlPlane::start();
    for name in ["nginx-deployment", "other"] {
        plane.admin().must_create(&deployment("default", name));
    }
    let site = site(&plane);
    let alice = plane.as_user("alice@example.com");
    let nginx = format!("{DEPLOYMENTS}/nginx-deployment");
    assert_eq!(alice.get(&nginx), 403);

    let id = "aaaaaaaaaaaaaaaaaaaa";
    grant(&plane, &site, id, &["--role", "view", "--locator", NGINX, "--to", "alice@example.com"]);
    assert_eq!(alice.get(&nginx), 200);
    assert_eq!(alice.get(&format!("{DEPLOYMENTS}?fieldSelector=metadata.name%3Dnginx-deployment")), 200);
    for (method, path) in [
        ("GET", DEPLOYMENTS.to_owned()),
        ("GET", format!("{DEPLOYMENTS}/other")),
        ("DELETE", nginx.clone()),
        ("GET", format!("{nginx}/scale")),
    ] {
        assert_eq!(alice.call(method, &path).0, 403, "{method} {path}");
    }

    // The rules are those of the documentation's own example, `extensions` included.
    let (_, role) = plane
        .admin()
        .call("GET", &format!("/apis/rbac.authorization.k8s.io/v1/clusterroles/p0-view-Deployments-{id}"));
    let rule = |group: &str| json!({ "apiGroups": [group], "resourceNames": ["nginx-deployment"], "resources": ["deployments"], "verbs": ["get", "list", "watch"] });
    assert_eq!(role["rules"], json!([rule("apps"), rule("extensions")]));

    site.revert(id).done();
    assert_eq!(plane.admin().sync(&site.manifests()), []);
    assert_eq!(alice.get(&nginx), 403);
}

#[test]
fn every_kind_of_selection_is_granted_as_it_says() {
    let plane = ControlPlane::start();
    let api = "rbac.authorization.k8s.io/v1";
    plane
        .admin()
        .must_create(&json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": "shop" } }));
    plane.admin().must_create(&deployment("shop", "web"));
    plane.admin().must_create(&json!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": "settings", "namespace": "shop" } }));
    plane.admin().must_create(
        &json!({ "apiVersion": api, "kind": "Role", "metadata": { "name": "reader", "namespace": "shop" },
        "rules": [{ "apiGroups": [""], "resources": ["configmaps"], "verbs": ["get"] }] }),
    );
    plane.admin().must_create(&widgets());
    let site = site_with(&plane, &["widgets"]);
    // The server answers 429 until it has read a new kind from its store for the first time.
    eventually("widgets are served", || {
        plane.admin().get("/apis/example.com/v1/namespaces/shop/widgets") == 200
    });
    // A seat of every kind: role, locator, more; then requests that work and requests that do not.
    let seats: &[(&[&str], &[&str], &[&str])] = &[
        (
            &["--role", "cluster-admin", "--locator", "deployment / shop / web"],
            &["/apis/apps/v1/namespaces/shop/deployments/web"],
            &[
                "/apis/apps/v1/namespaces/shop/deployments",
                "/apis/apps/v1/namespaces/shop/deployments/web/scale",
                "/api/v1/namespaces/shop/configmaps/settings",
            ],
        ),
        (
            &["--role", "view", "--locator", "deployment / shop / web", "--subresource", "scale"],
            &["/apis/apps/v1/namespaces/shop/deployments/web/scale"],
            &["/apis/apps/v1/namespaces/shop/deployments/web/status"],
        ),
        (
            &["--role", "view", "--locator", "configmap / shop / *"],
            &["/api/v1/namespaces/shop/configmaps", "/api/v1/namespaces/shop/configmaps/settings"],
            &["/api/v1/configmaps", "/api/v1/namespaces/default/configmaps"],
        ),
        (
            &["--role", "cluster-admin", "--locator", "storageclass / *"],
            &["/apis/storage.k8s.io/v1/storageclasses"],
            &["/api/v1/configmaps", "/apis/storage.k8s.io/v1/csidrivers"],
        ),
        (
            &["--role", "view", "--locator", "namespace / shop"],
            &["/api/v1/namespaces/shop"],
            &["/api/v1/namespaces", "/api/v1/namespaces/default"],
        ),
        (
            &["--role", "shop/reader", "--locator", "cm / shop / settings"],
            &["/api/v1/namespaces/shop/configmaps/settings"],
            &["/api/v1/namespaces/shop/configmaps"],
        ),
        (
            &["--role", "cluster-admin", "--locator", "widgets.example.com / shop / *"],
            &["/apis/example.com/v1/namespaces/shop/widgets"],
            &["/apis/example.com/v1/widgets"],
        ),
    ];
    for (index, (what, yes, no)) in seats.iter().enumerate() {
        let (user, id) = (format!("user-{index}"), format!("{index}").repeat(20));
        grant(&plane, &site, &id, &[what, &["--to", &user][..]].concat());
        let somebody = plane.as_user(&user);
        for path in *yes {
            assert_eq!(somebody.get(path), 200, "{what:?} {path}");
        }
        for path in *no {
            assert_eq!(somebody.get(path), 403, "{what:?} {path}");
        }
    }
    for index in 0..seats.len() {
        site.revert(&format!("{index}").repeat(20)).done();
    }
    assert_eq!(plane.admin().sync(&site.manifests()), []);
    for (index, (what, yes, _)) in seats.iter().enumerate() {
        assert_eq!(plane.as_user(&format!("user-{index}")).get(yes[0]), 403, "{what:?}");
    }
}

fn widgets() -> Value {
    let schema = json!({ "type": "object", "x-kubernetes-preserve-unknown-fields": true });
    json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": { "name": "widgets.example.com" },
        "spec": { "group": "example.com", "scope": "Namespaced", "names": { "plural": "widgets", "kind": "Widget" },
            "versions": [{ "name": "v1", "served": true, "storage": true, "schema": { "openAPIV3Schema": schema } }] },
    })
}

/// The applier that `init` makes holds `view` and may hand on no more, whatever a file in the repository says.
#[test]
fn a_restricted_applier_grants_within_its_own_rights_and_no_further() {
    let plane = ControlPlane::start();
    plane.admin().must_create(
        &json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": "flux-system" } }),
    );
    let site = site(&plane);
    let rbac = site.git(&["show", "main:deploy/prod/applier-rbac.yaml"]);
    let objects: Vec<Value> = p0_grant::yaml::read_all(&rbac, p0_grant::yaml::Limits::FILE).unwrap();
    for object in &objects {
        let (status, body) = plane.admin().apply(object);
        assert!(status < 300, "{object}: {body}");
    }
    let groups = ["system:serviceaccounts", "system:serviceaccounts:flux-system", "system:authenticated"];
    let applier = plane.as_user("system:serviceaccount:flux-system:p0-applier").in_groups(&groups);
    assert_eq!(applier.get("/api/v1/namespaces/default/configmaps"), 200);

    site.propose("aaaaaaaaaaaaaaaaaaaa", &["--role", "view", "--locator", NGINX, "--to", "alice"]).done();
    site.merge("aaaaaaaaaaaaaaaaaaaa").done();
    assert_eq!(applier.sync(&site.manifests()), []);
    assert_eq!(plane.as_user("alice").get(&format!("{DEPLOYMENTS}/nginx-deployment")), 404);

    site.propose("bbbbbbbbbbbbbbbbbbbb", &["--role", "edit", "--locator", NGINX, "--to", "bob"]).done();
    site.merge("bbbbbbbbbbbbbbbbbbbb").done();
    let failed = applier.sync(&site.manifests());
    assert!(
        !failed.is_empty() && failed.iter().all(|(status, _)| *status == 403 || *status == 404),
        "{failed:?}"
    );
    assert_eq!(plane.as_user("bob").get(&format!("{DEPLOYMENTS}/nginx-deployment")), 403);
}
