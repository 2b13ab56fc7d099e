//! Ways to the cluster: what the provider block names is what is asked, or an error says which attribute is wrong.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use p0_tests::ControlPlane;
use p0_tests::tunnel::{Protocol, Tunnel};
use serde_json::{Value as Json, json};
use tfplugin::value::Value;

use crate::rig::{Rig, text};
use crate::view;

/// Asks the cluster that `block` names for a plan.
fn asked(block: &[(&str, Value)]) -> Result<(), String> {
    let rig = Rig::configured(block).map_err(|told| {
        let first = told.into_iter().next().expect("an error");
        format!(
            "{} at {}: {}",
            first.summary,
            first.path.map_or_else(String::new, |path| path.to_string()),
            first.detail
        )
    })?;
    rig.plan(None, &rig.config(&view("way@example.com", &[]))).map(drop)
}

fn host() -> (&'static str, Value) {
    ("host", text(&ControlPlane::shared().url()))
}

fn token() -> (&'static str, Value) {
    ("token", text(ControlPlane::shared().token()))
}

fn authority() -> (&'static str, Value) {
    ("cluster_ca_certificate", text(&ControlPlane::shared().certificate()))
}

#[test]
fn a_host_with_a_token_is_verified() {
    let name = ("tls_server_name", text("kubernetes"));
    asked(&[host(), token(), authority(), name]).unwrap();
    asked(&[host(), token(), ("insecure", Value::Bool(true))]).unwrap();
    let tunnel = Tunnel::start(Protocol::Connect);
    let through = || ("proxy_url", text(&tunnel.url()));
    for block in [
        vec![through(), host(), token()],
        vec![through(), host(), token(), authority(), ("tls_server_name", text("other.example.com"))],
    ] {
        let before = tunnel.connected();
        let told = asked(&block).unwrap_err();
        assert!(
            told.starts_with("The cluster's certificate is not trusted") && told.contains("signed"),
            "{told}"
        );
        assert_eq!(tunnel.connected() - before, 1, "what is not trusted is not asked again");
    }
    for (attribute, value, remedy) in [
        ("cluster_ca_certificate", "no certificate", "not PEM"),
        ("cluster_ca_certificate", "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCg==", "base64decode"),
        ("token", "hunter2\nhunter2", "as one line"),
    ] {
        let mut block = vec![host(), (attribute, text(value))];
        block.extend(Some(token()).filter(|_| attribute != "token"));
        let told = asked(&block).unwrap_err();
        assert!(told.starts_with(&format!("A credential cannot be used at {attribute}")), "{told}");
        assert!(told.contains(remedy) && !told.contains("hunter2"), "{told}");
    }
    let newline = ("token", text(&format!("{}\n", ControlPlane::shared().token())));
    asked(&[host(), newline, ("insecure", Value::Bool(true))]).unwrap();
}

#[test]
fn a_token_that_is_not_accepted_is_told_without_showing_it() {
    let told = asked(&[host(), ("token", text("hunter2")), ("insecure", Value::Bool(true))]).unwrap_err();
    assert!(told.starts_with("The credentials are not accepted") && !told.contains("hunter2"), "{told}");
}

fn kubeconfig(folder: &Path, change: impl FnOnce(&mut Json)) -> PathBuf {
    let own = std::fs::read_to_string(ControlPlane::shared().kubeconfig()).unwrap();
    let mut kubeconfig: Json = serde_json::from_str(&own).unwrap();
    change(&mut kubeconfig);
    let file = folder.join("kubeconfig");
    std::fs::write(&file, kubeconfig.to_string()).unwrap();
    file
}

#[test]
fn a_kubeconfig_is_used_as_it_says_or_the_attribute_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = kubeconfig(folder.path(), |_| ());
    let path = || ("config_path", text(&file.display().to_string()));
    asked(&[path()]).unwrap();
    asked(&[("config_paths", Value::List(vec![path().1]))]).unwrap();
    asked(&[path(), ("config_context", text("test"))]).unwrap();
    for (name, said) in [
        ("config_context", "No such context at config_context"),
        ("config_context_cluster", "No such cluster at config_context_cluster"),
        ("config_context_auth_info", "No such user at config_context_auth_info"),
    ] {
        let told = asked(&[path(), (name, text("tset"))]).unwrap_err();
        assert!(told.starts_with(said) && told.contains("`test`"), "{told}");
    }
    let told = asked(&[path(), ("token", text("hunter2"))]).unwrap_err();
    assert!(told.starts_with("The credentials are not accepted"), "the block's token counts alone: {told}");
    let told = asked(&[("config_path", text("/nowhere"))]).unwrap_err();
    assert!(told.contains("at config_path") && told.contains("`/nowhere`: No such file"), "{told}");
    let beside = Value::List(vec![text("/nowhere"), path().1]);
    asked(&[("config_paths", beside)]).unwrap();
    let broken = folder.path().join("broken");
    std::fs::write(&broken, "users:\n- name: a\n  user: {token: hunter2, [}\n").unwrap();
    let told = asked(&[("config_path", text(&broken.display().to_string()))]).unwrap_err();
    assert!(told.contains("at config_path") && !told.contains("hunter2"), "{told}");
    let file = kubeconfig(folder.path(), |config| config["current-context"] = Json::Null);
    let told = asked(&[("config_path", text(&file.display().to_string()))]).unwrap_err();
    assert!(told.starts_with("No context at config_context"), "{told}");
}

/// kubectl takes the server's own certificate for an authority, and this program does not: the error says what to set.
#[test]
fn a_servers_own_certificate_is_no_authority_and_the_setting_is_named() {
    let chain = ControlPlane::shared().certificate();
    let end = "-----END CERTIFICATE-----\n";
    let (leaf, rest) = chain.split_once(end).expect("the server's certificate and its authority");
    assert!(rest.contains("-----BEGIN CERTIFICATE-----"), "the authority follows: {chain}");
    let leaf = format!("{leaf}{end}");
    let folder = tempfile::tempdir().unwrap();
    let file = kubeconfig(folder.path(), |config| {
        let cluster = &mut config["clusters"][0]["cluster"];
        *cluster = json!({"server": cluster["server"], "certificate-authority-data": STANDARD.encode(&leaf)});
    });
    let file = ("config_path", text(&file.display().to_string()));
    for block in [vec![host(), token(), ("cluster_ca_certificate", text(&leaf))], vec![file]] {
        let told = asked(&block).unwrap_err();
        assert!(told.starts_with("The cluster's certificate is not trusted"), "{told}");
        for words in
            ["not that certificate itself", "`cluster_ca_certificate`", "`certificate-authority-data`"]
        {
            assert!(told.contains(words), "{words}: {told}");
        }
    }
}

/// A certificate without a version, as `openssl x509 -req` makes them, and its key.
fn version_1_certificate(folder: &Path) -> (String, String) {
    let openssl = |arguments: &[&str]| {
        let output = Command::new("openssl").args(arguments).current_dir(folder).output();
        output.expect("openssl is installed").status.success()
    };
    let key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "key"];
    // OpenSSL from 3.2 on makes version 3 unless it is told otherwise; an older one does not know the option.
    let made = openssl(&[&["req", "-x509v1"], &key[..], &["-subj", "/CN=old", "-out", "crt"]].concat())
        || (openssl(&[&["req", "-new"], &key[..], &["-subj", "/CN=old", "-out", "csr"]].concat())
            && openssl(&["x509", "-req", "-in", "csr", "-signkey", "key", "-out", "crt"]));
    assert!(made, "openssl makes a certificate");
    let read = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap();
    (read("crt"), read("key"))
}

#[test]
fn a_version_1_client_certificate_is_an_error_with_the_remedy() {
    let folder = tempfile::tempdir().unwrap();
    let (certificate, key) = version_1_certificate(folder.path());
    let file = kubeconfig(folder.path(), |config| {
        config["users"][0]["user"] = json!({
            "client-certificate-data": STANDARD.encode(&certificate), "client-key-data": STANDARD.encode(&key),
        });
    });
    let insecure = ("insecure", Value::Bool(true));
    let attributes = [("client_certificate", text(&certificate)), ("client_key", text(&key))];
    for block in [
        [&[host(), insecure][..], &attributes].concat(),
        vec![("config_path", text(&file.display().to_string()))],
    ] {
        let told = asked(&block).unwrap_err();
        assert!(told.starts_with("The cluster's configuration cannot be used"), "{told}");
        for words in ["client certificate", "version 1", "openssl x509 -req -extfile"] {
            assert!(told.contains(words), "{words}: {told}");
        }
        assert!(!told.contains("PRIVATE KEY"), "{told}");
    }
}

/// A credential plugin that runs `script`.
fn plugin(folder: &Path, script: &str) -> Value {
    let file = folder.join("plugin");
    std::fs::write(&file, format!("#!/bin/sh\n{script}\n")).unwrap();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o755)).unwrap();
    let parts = [
        ("api_version", text("client.authentication.k8s.io/v1")),
        ("command", text(&file.display().to_string())),
        ("args", Value::Null),
        ("env", Value::Map([("GREETING".to_owned(), text("hello"))].into())),
    ];
    Value::List(vec![Value::object(parts)])
}

#[test]
fn a_credential_plugin_is_asked_without_standard_input_and_its_output_is_never_shown() {
    let folder = tempfile::tempdir().unwrap();
    let credential = json!({
        "apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential",
        "status": { "token": ControlPlane::shared().token() },
    });
    let insecure = || ("insecure", Value::Bool(true));
    let script = format!("[ \"$GREETING\" = hello ] && ! read -r _ && echo '{credential}'");
    asked(&[host(), insecure(), ("exec", plugin(folder.path(), &script))]).unwrap();
    let script = "echo hunter2; echo 'log in first' >&2; exit 3";
    let told = asked(&[host(), insecure(), ("exec", plugin(folder.path(), script))]).unwrap_err();
    assert!(told.starts_with("No credentials for the cluster") && told.contains("log in first"), "{told}");
    assert!(!told.contains("hunter2"), "{told}");
    let script = r#"echo '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"a\\nhunter2"}}'"#;
    let told = asked(&[host(), insecure(), ("exec", plugin(folder.path(), script))]).unwrap_err();
    assert!(told.contains("the credential plugin printed a token with a line break"), "{told}");
    assert!(!told.contains("hunter2"), "{told}");
}

#[test]
fn a_proxy_is_asked_and_no_other_server() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let heard = std::thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        let mut line = String::new();
        BufReader::new(stream).read_line(&mut line).unwrap();
        line
    });
    let block =
        [host(), token(), ("proxy_url", text(&format!("http://{address}"))), ("request_timeout", text("1s"))];
    let told = asked(&block).unwrap_err();
    assert!(told.starts_with("The cluster does not answer"), "{told}");
    let line = heard.join().unwrap();
    let server = ControlPlane::shared().url().replace("https://", "");
    assert!(line.starts_with(&format!("CONNECT {server}")), "{line}");
}
