//! Kubeconfigs with credentials of every odd form: the client is made or an error says why, and nothing panics.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops")]

use std::path::Path;
use std::sync::Once;
use std::sync::atomic::{AtomicUsize, Ordering};

use p0_cluster::{Access, ApiRequest, Cluster, ClusterError, Retry};
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Map, Value, json};

/// A word that no error may show.
const SECRET: &str = "hunter2";

/// Settings of a user with a text.
const OF_USERS: [&str; 12] = [
    "token",
    "tokenFile",
    "username",
    "password",
    "client-certificate",
    "client-certificate-data",
    "client-key",
    "client-key-data",
    "as",
    "as-uid",
    "id-token",
    "access-token",
];

/// Settings of a cluster with a text.
const OF_CLUSTERS: [&str; 5] =
    ["server", "certificate-authority", "certificate-authority-data", "proxy-url", "tls-server-name"];

static PANICS: AtomicUsize = AtomicUsize::new(0);

/// Counts the panics of every thread, those that kube's tasks hide too.
fn count_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            // A failed assertion of this file is a panic too.
            let is_ours = panic.location().is_some_and(|place| place.file().ends_with(file!()));
            PANICS.fetch_add(usize::from(!is_ours), Ordering::SeqCst);
            before(panic);
        }));
    });
}

/// Texts that people paste, and texts that are never right.
fn odd() -> impl Strategy<Value = String> {
    let pem = |label: &str, inner: &str| format!("-----BEGIN {label}-----\n{inner}\n-----END {label}-----\n");
    let pems =
        ["CERTIFICATE", "PRIVATE KEY", "EC PRIVATE KEY", "RSA PRIVATE KEY", "PUBLIC KEY"].map(|label| {
            let encoded = "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCkFBQUEKLS0tLS1FTkQgQ0VSVElGSUNBVEUtLS0tLQo=";
            [
                pem(label, "AAAA"),
                pem(label, SECRET),
                pem(label, ""),
                format!("-----BEGIN {label}-----"),
                encoded.to_owned(),
            ]
        });
    let words = [
        "",
        " ",
        "\n",
        "a\n",
        "a\nb",
        "\r\n",
        "\0",
        "é",
        "a b",
        ":",
        "::1",
        "http://",
        "https://é",
        "socks5://",
        "socks5h://a:b@c:1",
        "http://[",
        "http://user:hunter2@127.0.0.1:1",
        "127.0.0.1",
        "-",
        "*.a",
        "/",
        "/dev/null",
        "/proc/self/mem",
        "%",
        "====",
        "hunter2\nhunter2",
    ];
    let listed = words.into_iter().map(str::to_owned).chain(pems.into_iter().flatten()).collect::<Vec<_>>();
    prop_oneof![4 => select(listed), 1 => any::<String>()]
}

fn settings() -> impl Strategy<Value = Vec<(&'static str, String)>> {
    let names: Vec<&str> = OF_USERS.into_iter().chain(OF_CLUSTERS).collect();
    prop::collection::vec((select(names), odd()), 1..4)
}

fn kubeconfig(settings: &[(&str, String)]) -> Value {
    let provider = |name: &str, token: &str, text: &str| json!({ "name": name, "config": { token: text } });
    let mut cluster = Map::from_iter([("server".to_owned(), json!("https://127.0.0.1:1"))]);
    let mut user = Map::new();
    for (name, text) in settings {
        let (holder, key, value) = match *name {
            "id-token" => (&mut user, "auth-provider", provider("oidc", name, text)),
            "access-token" => (&mut user, "auth-provider", provider("gcp", name, text)),
            name if OF_CLUSTERS.contains(&name) => (&mut cluster, name, json!(text)),
            name => (&mut user, name, json!(text)),
        };
        holder.insert(key.to_owned(), value);
    }
    json!({
        "current-context": "c",
        "contexts": [{ "name": "c", "context": { "cluster": "c", "user": "u" } }],
        "clusters": [{ "name": "c", "cluster": cluster }],
        "users": [{ "name": "u", "user": user }],
    })
}

/// Connects with the file's credentials and sends one request.
async fn asked(file: &Path) -> Result<(), ClusterError> {
    let access = Access::Kubeconfig { file: Some(file.to_owned()), context: None };
    let cluster = Cluster::connect(&access).await?;
    let request = ApiRequest {
        retry: Retry::Never,
        ..ApiRequest::get("/version", "ask for the version", "get /version")
    };
    cluster.send(&request).await.map(drop)
}

fn refused(settings: &[(&str, String)]) -> ClusterError {
    count_panics();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("kubeconfig");
    std::fs::write(&file, kubeconfig(settings).to_string()).unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    runtime.block_on(asked(&file)).unwrap_err()
}

/// Whether the word is in what can be the name of a file, which an error has to show.
fn is_file_name(settings: &[(&str, String)]) -> bool {
    let files = ["tokenFile", "client-certificate", "client-key", "certificate-authority"];
    settings.iter().any(|(name, text)| files.contains(name) && text.contains(SECRET) && !text.contains('\n'))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn no_credential_panics_or_is_shown(settings in settings()) {
        let before = PANICS.load(Ordering::SeqCst);
        let error = refused(&settings);
        prop_assert_eq!(PANICS.load(Ordering::SeqCst), before, "{:?}: {}", settings, error);
        let mut told = error.to_string();
        let mut source = std::error::Error::source(&error);
        while let Some(cause) = source {
            told += &cause.to_string();
            source = cause.source();
        }
        prop_assert!(is_file_name(&settings) || !told.contains(SECRET), "{:?}: {}", settings, told);
    }
}

#[test]
fn the_setting_that_cannot_be_used_is_named() {
    let mut unnamed = Vec::new();
    for (name, text) in [
        ("token", "a\nb"),
        ("tokenFile", "/nowhere"),
        ("client-certificate-data", "%"),
        ("client-key-data", "%"),
        ("client-certificate", "/nowhere"),
        ("client-key", "/nowhere"),
        ("certificate-authority-data", "%"),
        ("certificate-authority", "/nowhere"),
        ("id-token", "a\nb"),
        ("access-token", "a\nb"),
        ("as", "a\nb"),
        ("as-uid", "a\nb"),
        ("server", "http://["),
        ("server", "127.0.0.1:6443"),
        ("server", "http://user:hunter2@127.0.0.1:1"),
        ("proxy-url", "gopher://a"),
        ("tls-server-name", "a b"),
    ] {
        let error = refused(&[(name, text.to_owned())]).to_string();
        if !error.contains(&format!("`{name}`")) || error.contains(SECRET) {
            unnamed.push((name, error));
        }
    }
    assert!(unnamed.is_empty(), "{unnamed:#?}");
}

#[test]
fn what_was_pasted_for_a_token_file_is_not_shown_beside_a_user_name() {
    for name in ["", "alice"] {
        let settings = [("username", name.to_owned()), ("tokenFile", format!("{SECRET}\n{SECRET}"))];
        let error = refused(&settings).to_string();
        assert!(error.contains("`tokenFile`") && !error.contains(SECRET), "{name:?}: {error}");
    }
}
