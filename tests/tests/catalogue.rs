//! Exports from a real API server. Servers that no test machine has are in `catalogue_odd_servers.rs`.

use std::path::Path;
use std::time::Duration;

use k8s_openapi::api::rbac::v1::ClusterRole;
use kube::Client;
use kube::api::{Api, DynamicObject, ListParams, PostParams};
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::core::{ApiResource as DynamicType, GroupVersionKind};
use p0_gitops::cluster::{Access, Cluster, ClusterError, Export};
use p0_grant::catalogue::read_roles;
use p0_grant::resource::Scope;
use p0_grant::role::Role;
use p0_tests::ControlPlane;
use p0_tests::program::run;
use serde_json::{Value, json};

async fn client(kubeconfig: &Path) -> Client {
    let kubeconfig = Kubeconfig::read_from(kubeconfig).unwrap();
    let options = KubeConfigOptions::default();
    let config = kube::Config::from_custom_kubeconfig(kubeconfig, &options).await.unwrap();
    Client::try_from(config).unwrap()
}

async fn export(kubeconfig: &Path) -> Result<Export, ClusterError> {
    let access = Access::Kubeconfig { file: Some(kubeconfig.to_owned()), context: None };
    p0_gitops::cluster::export(&Cluster::connect(&access).await?, &|_| ()).await
}

/// Asks until the answer is there; the server's own machinery takes a second or two.
async fn eventually<T>(what: &str, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let found = async {
        loop {
            if let Some(answer) = ask().await {
                return answer;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), found)
        .await
        .unwrap_or_else(|_| panic!("never came: {what}"))
}

/// The live ClusterRoles as `kubectl get clusterroles -o json` prints them.
async fn listed(client: &Client) -> Value {
    let roles: Api<ClusterRole> = Api::all(client.clone());
    let items = roles.list(&ListParams::default()).await.unwrap().items;
    json!({"kind": "List", "apiVersion": "v1", "items": items})
}

/// The same as if kube-controller-manager had never run.
fn without_aggregation(mut list: Value) -> Value {
    for item in list["items"].as_array_mut().unwrap() {
        if item.get("aggregationRule").is_some() {
            item["rules"] = Value::Null;
        }
    }
    list
}

async fn create(client: &Client, object: Value) {
    let object: DynamicObject = serde_json::from_value(object).unwrap();
    let kind = GroupVersionKind::try_from(object.types.as_ref().unwrap()).unwrap();
    let api: Api<DynamicObject> = Api::all_with(client.clone(), &DynamicType::from_gvk(&kind));
    api.create(&PostParams::default(), &object).await.unwrap();
}

fn crd(group: &str, plural: &str, kind: &str, scope: &str) -> Value {
    let schema = json!({"type": "object", "x-kubernetes-preserve-unknown-fields": true});
    json!({
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": format!("{plural}.{group}")},
        "spec": {
            "group": group,
            "scope": scope,
            "names": {"plural": plural, "kind": kind, "shortNames": ["k", "ks"]},
            "versions": [
                {"name": "v1", "served": true, "storage": true, "schema": {"openAPIV3Schema": schema}},
                {
                    "name": "v1beta1", "served": true, "storage": false, "schema": {"openAPIV3Schema": schema},
                    "subresources": {"status": {}},
                },
            ],
        },
    })
}

#[tokio::test]
async fn a_fresh_server_gives_the_embedded_catalogue_and_its_own_aggregation_is_ours() {
    let server = tokio::task::spawn_blocking(ControlPlane::start).await.unwrap();
    let client = client(&server.kubeconfig()).await;
    let (live, ours) = eventually("roles aggregated by kube-controller-manager", async || {
        let list = listed(&client).await;
        let live = read_roles(&list.to_string()).unwrap().roles;
        let ours = read_roles(&without_aggregation(list).to_string()).unwrap().roles;
        let admin = |role: &&Role| role.reference().to_string() == "ClusterRole/admin";
        (live.iter().find(admin)?.rules().len() == 29).then_some((live, ours))
    })
    .await;
    assert_eq!(live, ours);

    let text = export(&server.kubeconfig()).await.unwrap().complete().unwrap().write().unwrap();
    assert_eq!(
        text,
        include_str!("../../grant/data/kubernetes-1.36.yaml"),
        "write the export over grant/data/kubernetes-1.36.yaml if the server is the one that Kubernetes 1.36 means",
    );
}

#[tokio::test]
async fn custom_resources_appear_and_a_group_that_nobody_serves_is_named() {
    let server = tokio::task::spawn_blocking(ControlPlane::start).await.unwrap();
    let client = client(&server.kubeconfig()).await;
    create(&client, crd("serving.knative.dev", "services", "Service", "Namespaced")).await;
    create(&client, crd("example.com", "clusters", "Cluster", "Cluster")).await;
    let catalogue = eventually("both custom resources in discovery", async || {
        let catalogue = export(&server.kubeconfig()).await.unwrap().complete().ok()?;
        catalogue.resource("example.com", "clusters")?;
        catalogue.resource("serving.knative.dev", "services")?;
        Some(catalogue)
    })
    .await;
    let services = catalogue.resource("serving.knative.dev", "services").unwrap();
    assert_eq!((services.kind(), services.scope()), ("Service", Scope::Namespaced));
    assert_eq!(services.short_names(), ["k", "ks"]);
    assert_eq!(services.subresources(), ["status"], "of the version that has it");
    assert_eq!(catalogue.resource("example.com", "clusters").unwrap().scope(), Scope::Cluster);
    assert_eq!(catalogue.resource("", "services").unwrap().kind(), "Service");

    create(&client, nowhere()).await;
    let partial = eventually("the group without a server, alone", async || {
        let export = export(&server.kubeconfig()).await.unwrap();
        let failed: Vec<_> =
            export.failed().iter().map(|failed| (&*failed.group, &*failed.version)).collect();
        (failed == [("metrics.k8s.io", "v1beta1")]).then_some(export)
    })
    .await;
    let error = partial.clone().complete().unwrap_err().to_string();
    assert!(error.contains("`metrics.k8s.io/v1beta1`") && error.contains("--allow-partial"), "{error}");
    assert_eq!(partial.partial(Some(&catalogue)).unwrap(), catalogue);

    let file = server.kubeconfig().display().to_string();
    tokio::task::spawn_blocking(move || what_needs_another_group_goes_on(&file)).await.unwrap();
}

/// A metrics server is down: commands that select something else work and say so, an export refuses.
fn what_needs_another_group_goes_on(kubeconfig: &str) {
    let asked = |command: &[&str]| run(&[command, &["--kubeconfig", kubeconfig]].concat());
    let select = |locator: &'static str| ["--role", "view", "--locator", locator];
    let web = select("deploy / default / web");
    for command in [
        [&["subset"], &web[..]].concat(),
        [&["generate", "--to", "alice@example.com"], &web[..]].concat(),
        [&["subset"], &select("pods / default / web")[..]].concat(),
        vec!["catalogue", "show"],
    ] {
        let answer = asked(&command);
        assert_eq!(answer.code, 0, "{command:?}: {}", answer.err);
        assert!(answer.err.contains("`metrics.k8s.io/v1beta1`"), "{command:?}: {}", answer.err);
        assert!(!answer.err.contains("--allow-partial"), "this command has no such option: {}", answer.err);
    }
    let told = asked(&[&["subset"], &select("pods.metrics.k8s.io / default / web")[..]].concat()).ended(1);
    assert!(told.contains("cannot be selected until it answers"), "{told}");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("catalogue.yaml").display().to_string();
    let told = asked(&["catalogue", "export", "--file", &file]).ended(1);
    assert!(told.contains("metrics.k8s.io") && !Path::new(&file).exists(), "{told}");
}

/// No server lists `nodes/metrics` or `nodes/finalizers`: the kubelet and admission authorize them, and a role names them.
#[test]
fn subresources_that_only_a_role_names_are_told_and_can_be_asked_for() {
    let server = ControlPlane::shared();
    let role = json!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": "node-reader"},
        "rules": [{"apiGroups": [""], "resources": ["nodes", "nodes/metrics", "*/finalizers"], "verbs": ["get"]}],
    });
    server.admin().must_create(&role);
    let kubeconfig = server.kubeconfig().display().to_string();
    let subset = |more: &[&str]| {
        let command =
            ["subset", "--role", "node-reader", "--locator", "node / n1", "--kubeconfig", &kubeconfig];
        run(&[&command[..], more].concat())
    };
    let plain = subset(&[]).done();
    let (given, left_out) = plain.split_once("Left out").expect("something is left out");
    assert!(!given.contains("nodes/"), "{plain}");
    for entry in ["nodes/metrics", "nodes/finalizers"] {
        assert!(left_out.contains(entry), "{entry}: {plain}");
    }
    let asked = subset(&["--subresource", "metrics", "--subresource", "finalizers"]).done();
    assert!(asked.contains("nodes, nodes/finalizers, nodes/metrics"), "{asked}");
    let told = subset(&["--subresource", "stats"]).ended(1);
    assert!(told.contains("no subresource `stats`"), "{told}");
}

/// An APIService whose server does not exist.
fn nowhere() -> Value {
    json!({
        "apiVersion": "apiregistration.k8s.io/v1",
        "kind": "APIService",
        "metadata": {"name": "v1beta1.metrics.k8s.io"},
        "spec": {
            "group": "metrics.k8s.io", "version": "v1beta1", "groupPriorityMinimum": 100, "versionPriority": 100,
            "insecureSkipTLSVerify": true, "service": {"name": "nowhere", "namespace": "kube-system"},
        },
    })
}

#[tokio::test]
async fn who_may_not_list_roles_or_is_nobody_is_told_what_is_missing() {
    let server = tokio::task::spawn_blocking(ControlPlane::start).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let as_user = |change: fn(&mut Value)| {
        let kubeconfig = Kubeconfig::read_from(server.kubeconfig()).unwrap();
        let mut kubeconfig = serde_json::to_value(kubeconfig).unwrap();
        change(&mut kubeconfig["users"][0]["user"]);
        let file = folder.path().join("kubeconfig");
        std::fs::write(&file, kubeconfig.to_string()).unwrap();
        file
    };
    let alice = as_user(|user| user["as"] = json!("alice@example.com"));
    let error = export(&alice).await.unwrap_err();
    assert!(
        matches!(&error, ClusterError::Refused(refusal)
        if refusal.code == 403 && refusal.action == "list clusterroles.rbac.authorization.k8s.io"),
        "{error}"
    );
    assert!(error.to_string().contains("alice@example.com"), "{error}");

    let nobody = as_user(|user| *user = json!({"token": "expired"}));
    let error = export(&nobody).await.unwrap_err();
    assert!(error.code() == Some(401), "{error}");
}
