//! An expired binding whose deletion an admission webhook denies: the reaper goes on, and says so.

use std::sync::{Arc, Mutex};

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::{delete, get};
use axum::{Json, Router};
use p0_tests::http_server::serve;
use p0_tests::program::run;
use p0_tests::site::NOW;
use serde_json::{Value, json};

const DENIED: &str = "p0-view-Pods-aaaaaaaaaaaaaaaaaaaa-binding";
const ALLOWED: &str = "p0-view-Pods-bbbbbbbbbbbbbbbbbbbb-binding";
const RBAC: &str = "/apis/rbac.authorization.k8s.io/v1";

type Deleted = Arc<Mutex<Vec<String>>>;

/// A server with two expired bindings that lists no roles, and denies one deletion.
fn server(deleted: Deleted) -> Router {
    let binding = |name: &str, id: &str| {
        json!({"metadata": {
            "name": name, "uid": id, "resourceVersion": "1",
            "labels": {"app.kubernetes.io/managed-by": "p0-gitops", "p0.dev/grant": id},
            "annotations": {"p0.dev/expires-at": "2026-11-24T09:00:00Z"},
        }})
    };
    let list = |items: Value| get(move || async move { Json(json!({"metadata": {}, "items": items})) });
    let bindings = json!([binding(DENIED, &"a".repeat(20)), binding(ALLOWED, &"b".repeat(20))]);
    let forbidden = || async { (StatusCode::FORBIDDEN, status(403, "roles is forbidden")) };
    Router::new()
        .route(&format!("{RBAC}/rolebindings"), list(json!([])))
        .route(&format!("{RBAC}/clusterrolebindings"), list(bindings))
        .route(&format!("{RBAC}/clusterrolebindings/{{name}}"), delete(remove))
        .route(&format!("{RBAC}/roles"), get(forbidden))
        .route(&format!("{RBAC}/clusterroles"), list(json!([])))
        .with_state(deleted)
}

async fn remove(State(deleted): State<Deleted>, Path(name): Path<String>) -> (StatusCode, Json<Value>) {
    if name == DENIED {
        return (StatusCode::FORBIDDEN, status(403, "admission webhook \"keep\" denied the request"));
    }
    deleted.lock().unwrap().push(name);
    (StatusCode::OK, status(200, ""))
}

fn status(code: u16, message: &str) -> Json<Value> {
    let word = if code == 200 { "Success" } else { "Failure" };
    Json(
        json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": word, "code": code, "message": message}),
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn one_denied_deletion_does_not_stop_the_reaper() {
    let deleted = Deleted::default();
    let (file, _folder) = serve(server(deleted.clone())).await;
    let arguments =
        ["reap", "--kubeconfig", file.to_str().unwrap(), "-o", "json", "--now", NOW].map(str::to_owned);
    let reaped = tokio::task::spawn_blocking(move || run(&arguments)).await.unwrap();
    assert_eq!(reaped.code, 2, "{}{}", reaped.out, reaped.err);
    assert_eq!(*deleted.lock().unwrap(), [ALLOWED]);
    assert!(reaped.err.contains("alarm: 2 object(s)"), "{}", reaped.err);
    assert!(reaped.out.contains("webhook") && reaped.out.contains("Role/*"), "{}", reaped.out);
}
