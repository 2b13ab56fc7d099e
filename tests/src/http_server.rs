//! An API server that a test makes up, over real HTTP, and the kubeconfig that leads to it.
//!
//! Not here: the real API server ([`crate::ControlPlane`]).

use std::path::PathBuf;

use axum::Router;
use serde_json::json;

/// A server with `routes`, until the runtime ends. The kubeconfig stands in the folder.
///
/// # Panics
/// Where no port is free, or the file cannot be written.
pub async fn serve(routes: Router) -> (PathBuf, tempfile::TempDir) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move { axum::serve(listener, routes).await.expect("it serves") });
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("kubeconfig");
    let kubeconfig = json!({
        "current-context": "c",
        "clusters": [{"name": "c", "cluster": {"server": format!("http://{address}")}}],
        "users": [{"name": "c", "user": {"token": "t"}}],
        "contexts": [{"name": "c", "context": {"cluster": "c", "user": "c"}}],
    });
    std::fs::write(&file, kubeconfig.to_string()).expect("a file");
    (file, folder)
}
