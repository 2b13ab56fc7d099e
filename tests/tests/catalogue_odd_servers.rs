//! Exports from servers that no test machine has: old, slow, broken in part. The real one is asked in `catalogue.rs`.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use p0_gitops::cluster::{Access, Cluster, ClusterError, ExportError, Progress, export};
use p0_grant::catalogue::Catalogue;
use p0_grant::name::Namespace;
use p0_grant::resource::{ApiResource, Scope};
use p0_tests::program::Run;
use serde_json::{Value, json};

/// A server from before aggregated discovery that keeps the state of a list for a while only.
struct OldServer {
    /// How many more second pages answer that the list has expired.
    expiring: AtomicUsize,
}

/// The way to a server that answers with `routes`.
async fn serve(routes: Router) -> (Access, tempfile::TempDir) {
    let (file, folder) = p0_tests::http_server::serve(routes).await;
    (Access::Kubeconfig { file: Some(file), context: None }, folder)
}

fn old_server(expiring: usize) -> Router {
    let roles = |names: &[&str]| -> Vec<Value> {
        names.iter().map(|name| json!({"metadata": {"name": name}})).collect()
    };
    let core = json!({"groupVersion": "v1", "resources": [
        {"name": "pods/log", "kind": "Pod", "singularName": "", "namespaced": true, "verbs": ["get"]},
        {"name": "pods", "kind": "Pod", "singularName": "pod", "namespaced": true, "verbs": ["get"], "shortNames": ["po"]},
    ]});
    let groups = json!({"kind": "APIGroupList", "groups": [
        {
            "name": "example.com",
            "versions": [{"groupVersion": "example.com/v1", "version": "v1"}, {"groupVersion": "example.com/v2", "version": "v2"}],
            "preferredVersion": {"groupVersion": "example.com/v2", "version": "v2"},
        },
        {"name": "broken.io", "versions": [{"groupVersion": "broken.io/v1", "version": "v1"}]},
    ]});
    let foos = |kind: &str, subresource: &str| {
        json!({"groupVersion": "", "resources": [
            {"name": "foos", "kind": kind, "singularName": "foo", "namespaced": false, "verbs": ["get"]},
            {"name": subresource, "kind": kind, "singularName": "", "namespaced": false, "verbs": ["get"]},
        ]})
    };
    let list = |items: Vec<Value>| json!({"metadata": {}, "items": items});
    Router::new()
        .route("/version", fixed(json!({
            "major": "1", "minor": "25", "gitVersion": "v1.25.0", "gitCommit": "", "gitTreeState": "", "buildDate": "",
            "goVersion": "", "compiler": "", "platform": "",
        })))
        .route("/api", fixed(json!({"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": []})))
        .route("/api/v1", fixed(core))
        .route("/apis", fixed(groups))
        .route("/apis/example.com/v1", fixed(foos("OldFoo", "foos/scale")))
        .route("/apis/example.com/v2", fixed(foos("Foo", "foos/status")))
        .route("/apis/broken.io/v1", get(|| async { (StatusCode::SERVICE_UNAVAILABLE, "no endpoints") }))
        .route("/apis/rbac.authorization.k8s.io/v1/clusterroles", get(cluster_roles))
        .route("/apis/rbac.authorization.k8s.io/v1/roles", fixed(list(Vec::new())))
        .route("/api/v1/namespaces", fixed(list(roles(&["default"]))))
        .with_state(Arc::new(OldServer { expiring: AtomicUsize::new(expiring) }))
}

fn fixed(answer: Value) -> axum::routing::MethodRouter<Arc<OldServer>> {
    get(move || async move { Json(answer) })
}

/// Two pages. `*` is a name that Kubernetes allows and no locator can say.
async fn cluster_roles(
    State(server): State<Arc<OldServer>>,
    Query(query): Query<std::collections::BTreeMap<String, String>>,
) -> Response {
    assert_eq!(query["limit"], "500");
    let expires = |left: usize| left.checked_sub(1);
    if !query.contains_key("continue") {
        let items = json!([{"metadata": {"name": "a"}}, {"metadata": {"name": "*"}}]);
        return Json(json!({"metadata": {"continue": "page 2", "remainingItemCount": 1}, "items": items}))
            .into_response();
    }
    if server.expiring.fetch_update(Ordering::SeqCst, Ordering::SeqCst, expires).is_ok() {
        let status = json!({"kind": "Status", "status": "Failure", "reason": "Expired", "code": 410, "message": "too old"});
        return (StatusCode::GONE, Json(status)).into_response();
    }
    Json(json!({"metadata": {}, "items": [{"metadata": {"name": "b"}}]})).into_response()
}

async fn connect(access: &Access) -> Cluster {
    Cluster::connect(access).await.unwrap()
}

#[tokio::test]
async fn an_old_server_is_asked_group_by_group_and_a_broken_group_is_named() {
    let (access, _folder) = serve(old_server(0)).await;
    let export = export(&connect(&access).await, &|_| ()).await.unwrap();
    let failed: Vec<String> = export.failed().iter().map(ToString::to_string).collect();
    assert_eq!(failed, ["`broken.io/v1`: the server answers 503 no endpoints"]);
    assert_eq!(export.left_out()[0].what, "ClusterRole/*");
    let error = export.clone().complete().unwrap_err();
    assert!(matches!(&error, ExportError::Incomplete { failed } if failed.len() == 1), "{error}");
    let text = export.partial(None).unwrap().write().unwrap();
    assert_eq!(
        text,
        r#"apiVersion: p0.dev/v1alpha1
kind: Catalogue
kubernetesVersion: "v1.25.0"
namespaces:
- "default"
resources:
- {"group": "", "kind": "Pod", "plural": "pods", "scope": "Namespaced", "shortNames": ["po"], "subresources": ["log"]}
- {"group": "example.com", "kind": "Foo", "plural": "foos", "scope": "Cluster", "subresources": ["scale", "status"]}
roles:
- role: "ClusterRole/a"
  rules: []
- role: "ClusterRole/b"
  rules: []
"#
    );
}

#[tokio::test]
async fn what_the_former_catalogue_has_of_a_broken_group_stays() {
    let (access, _folder) = serve(old_server(0)).await;
    let export = export(&connect(&access).await, &|_| ()).await.unwrap();
    let resource =
        |group: &str, plural: &str| ApiResource::new(group, plural, "Kind", Scope::Cluster).unwrap();
    let former =
        vec![resource("broken.io", "things"), resource("example.com", "bars"), resource("gone.io", "others")];
    let namespaces = vec![Namespace::new("old").unwrap()];
    let former = Catalogue::new("v1.24.0", namespaces, former, Vec::new()).unwrap();
    let catalogue = export.partial(Some(&former)).unwrap();
    let resources: Vec<String> = catalogue.resources().iter().map(ToString::to_string).collect();
    assert_eq!(resources, ["pods", "things.broken.io", "foos.example.com"]);
}

#[tokio::test]
async fn a_list_that_expires_between_pages_is_begun_again_and_counted_once() {
    let (access, _folder) = serve(old_server(2)).await;
    let seen = std::sync::Mutex::new(Vec::new());
    let export =
        export(&connect(&access).await, &|progress| seen.lock().unwrap().push(progress)).await.unwrap();
    assert_eq!(export.partial(None).unwrap().roles().len(), 2);
    let page = |read, remaining| Progress::Listing {
        what: "clusterroles.rbac.authorization.k8s.io",
        read,
        remaining,
    };
    let seen = seen.into_inner().unwrap();
    assert_eq!(seen[..5], [Progress::Discovering, page(2, 1), page(2, 1), page(2, 1), page(3, 0)]);
}

#[tokio::test]
async fn a_list_that_keeps_expiring_is_given_up() {
    let (access, _folder) = serve(old_server(usize::MAX)).await;
    let error = export(&connect(&access).await, &|_| ()).await.unwrap_err();
    assert!(matches!(error, ClusterError::Expired { attempts: 3, .. }), "{error}");
}

#[tokio::test]
async fn a_server_that_is_none_or_answers_otherwise_is_an_error_with_a_remedy() {
    let (access, folder) = serve(Router::new()).await;
    let error = export(&connect(&access).await, &|_| ()).await.unwrap_err();
    assert!(
        error.to_string().starts_with("cannot ask for the version: the API server answers 404"),
        "{error}"
    );

    let file = folder.path().join("kubeconfig");
    let text = std::fs::read_to_string(&file).unwrap();
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let (before, after) = text.split_once("http://").unwrap();
    let (_, after) = after.split_once('"').unwrap();
    std::fs::write(&file, format!("{before}http://{closed}\"{after}")).unwrap();
    let error = export(&connect(&access).await, &|_| ()).await.unwrap_err();
    assert!(matches!(error, ClusterError::Unreachable { .. }), "{error}");
}

#[tokio::test]
async fn a_kubeconfig_that_does_not_help_is_refused_before_anything_is_asked() {
    let (access, folder) = serve(Router::new()).await;
    let Access::Kubeconfig { file: Some(file), .. } = access else { panic!("made with a file") };
    let failure = async |access: &Access| Cluster::connect(access).await.err().unwrap().to_string();
    let other = Access::Kubeconfig { file: Some(file.clone()), context: Some("d".to_owned()) };
    assert_eq!(failure(&other).await, "the kubeconfig has no context `d`, it has `c`; did you mean `c`?");

    let missing = Access::Kubeconfig { file: Some(folder.path().join("none")), context: None };
    assert!(failure(&missing).await.contains("No such file or directory"));

    std::fs::write(&file, "users: [{token: hunter2\n").unwrap();
    let broken = failure(&Access::Kubeconfig { file: Some(file), context: None }).await;
    assert!(broken.contains("line ") && !broken.contains("hunter2"), "{broken}");

    assert!(failure(&Access::InCluster).await.starts_with("this does not run in a pod"));
}

/// A server that tells which `Authorization` it was sent.
async fn recording() -> (Access, tempfile::TempDir, Arc<Mutex<Vec<String>>>) {
    let sent = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&sent);
    let answer = move |headers: HeaderMap| async move {
        let header = headers.get("authorization").map(|value| value.to_str().unwrap().to_owned());
        seen.lock().unwrap().push(header.unwrap_or_default());
        Json(json!({"kind": "Namespace", "apiVersion": "v1", "metadata": {"name": "x"}}))
    };
    let (access, folder) = serve(Router::new().fallback(answer)).await;
    (access, folder, sent)
}

fn with_user(access: &Access, user: &Value) {
    let Access::Kubeconfig { file: Some(file), .. } = access else { panic!("made with a file") };
    let mut kubeconfig: Value = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    kubeconfig["users"][0]["user"] = user.clone();
    std::fs::write(file, kubeconfig.to_string()).unwrap();
}

#[tokio::test]
async fn a_token_is_sent_without_the_newline_that_files_end_with() {
    let (access, folder, sent) = recording().await;
    let file = folder.path().join("token");
    std::fs::write(&file, "of.file\n").unwrap();
    let inline = json!({"token": "of.text\n"});
    // A path beside the kubeconfig, as kubectl reads it; the file counts before the token.
    let beside = json!({"token": "of.text", "tokenFile": "token"});
    for user in [inline, beside] {
        with_user(&access, &user);
        connect(&access).await.now().await.unwrap();
    }
    assert_eq!(*sent.lock().unwrap(), ["Bearer of.text", "Bearer of.file"]);
}

#[tokio::test]
async fn a_credential_that_cannot_be_used_is_named_with_its_remedy_and_not_shown() {
    let (access, folder, sent) = recording().await;
    let pem = "-----BEGIN CERTIFICATE-----\nhunter2\n-----END CERTIFICATE-----\n";
    std::fs::write(folder.path().join("two"), "hunter2\nhunter2\n").unwrap();
    for (user, setting, remedy) in [
        (json!({"token": "hunter2\nhunter2"}), "`token`", "as one line"),
        (json!({"tokenFile": "two"}), "`tokenFile`", "as one line"),
        (json!({"tokenFile": "none"}), "`tokenFile`", "No such file"),
        (json!({"client-certificate-data": pem}), "`client-certificate-data`", "base64 -w0"),
        (json!({"client-key-data": "%hunter2"}), "`client-key-data`", "base64 -w0"),
        (json!({"client-certificate": "two"}), "`client-certificate`", "not PEM"),
    ] {
        with_user(&access, &user);
        let error = Cluster::connect(&access).await.err().unwrap().to_string();
        assert!(error.contains(setting) && error.contains(remedy), "{user}: {error}");
        assert!(!error.contains("hunter2"), "{error}");
    }
    assert!(sent.lock().unwrap().is_empty(), "nothing is sent with half a credential");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_api_group_does_not_stop_a_look_at_the_others() {
    let (access, _folder) = serve(old_server(0)).await;
    let Access::Kubeconfig { file: Some(file), .. } = access else { panic!("made with a file") };
    let run = tokio::task::spawn_blocking(move || {
        let file = file.display().to_string();
        p0_tests::program::run(&["catalogue", "show", "--output", "json", "--kubeconfig", file.as_str()])
    });
    let Run { code, out, err } = run.await.unwrap();
    assert_eq!(code, 0, "{err}");
    assert!(err.contains("broken.io/v1") && err.contains("cannot be selected"), "{err}");
    assert!(out.contains("foos"), "{out}");
}
