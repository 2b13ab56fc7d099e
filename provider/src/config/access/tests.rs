use std::collections::BTreeMap;

use tfplugin::value::FromValue;

use super::*;

fn block(parts: &[(&str, Value)]) -> Block {
    Block::from_value(Value::object(parts.iter().map(|(name, value)| (*name, value.clone())))).unwrap()
}

fn text(text: &str) -> Value {
    Value::string(text)
}

fn find_with(parts: &[(&str, Value)], variables: &[(&str, &str)]) -> Result<AccessLookup, Diagnostics> {
    let variables: BTreeMap<&str, &str> = variables.iter().copied().collect();
    find(&block(parts), &|name| variables.get(name).map(ToString::to_string))
}

fn known(parts: &[(&str, Value)], variables: &[(&str, &str)]) -> Access {
    match find_with(parts, variables).unwrap() {
        AccessLookup::Known(access) => *access,
        AccessLookup::Unknown(name) => panic!("{name} is unknown"),
    }
}

fn exec(command: Value) -> Value {
    let version = text("client.authentication.k8s.io/v1");
    let parts = [("api_version", version), ("command", command), ("args", Value::Null), ("env", Value::Null)];
    Value::List(vec![Value::object(parts)])
}

#[test]
fn what_is_set_in_the_block_counts_before_its_variable() {
    let access = known(&[("host", text("https://a"))], &[("KUBE_HOST", "https://b"), ("KUBE_TOKEN", "t")]);
    assert_eq!(access.source, Source::Host("https://a".to_owned()));
    assert!(access.credentials.token.is_some());
}

#[test]
fn every_variable_stands_for_its_attribute() {
    let access = known(
        &[],
        &[
            ("KUBE_CONFIG_PATHS", "/a:/b"),
            ("KUBE_CTX", "c"),
            ("KUBE_CTX_AUTH_INFO", "u"),
            ("KUBE_CTX_CLUSTER", "k"),
            ("KUBE_TLS_SERVER_NAME", "n"),
            ("KUBE_PROXY_URL", "socks5://p:1"),
            ("KUBE_CLUSTER_CA_CERT_DATA", "-----BEGIN CERTIFICATE-----"),
            ("KUBE_CLIENT_CERT_DATA", "-----BEGIN CERTIFICATE-----"),
            ("KUBE_CLIENT_KEY_DATA", "-----BEGIN EC PRIVATE KEY-----"),
            ("KUBE_INSECURE", "false"),
            ("KUBE_USER", "user"),
            ("KUBE_PASSWORD", "password"),
        ],
    );
    let expected = Kubeconfig {
        files: vec![PathBuf::from("/a"), PathBuf::from("/b")],
        context: Some("c".to_owned()),
        auth_info: Some("u".to_owned()),
        cluster: Some("k".to_owned()),
        attribute: "config_paths",
    };
    assert_eq!(access.source, Source::Kubeconfig(expected));
    assert_eq!((access.tls_server_name.as_deref(), access.insecure), (Some("n"), Some(false)));
    assert_eq!(access.proxy_url.as_deref(), Some("socks5://p:1"));
    assert!(access.credentials.certificate.is_some() && access.credentials.basic.is_some());
    let file = known(&[], &[("KUBE_CONFIG_PATH", "~/.kube/config"), ("HOME", "/home/a")]);
    assert!(
        matches!(file.source, Source::Kubeconfig(file) if file.files == [PathBuf::from("/home/a/.kube/config")])
    );
}

#[test]
fn kubeconfig_of_kubectl_is_not_read_and_the_pod_counts_only_where_nothing_is_set() {
    assert_eq!(known(&[], &[("KUBECONFIG", "/k")]).source, Source::InCluster);
    assert_eq!(known(&[("host", text(""))], &[]).source, Source::InCluster);
}

#[test]
fn what_is_not_known_yet_is_named_and_nothing_else_is_taken() {
    for (parts, expected) in [
        (vec![("host", Value::UNKNOWN)], "host"),
        (vec![("host", text("https://a")), ("token", Value::UNKNOWN)], "token"),
        (vec![("config_paths", Value::List(vec![text("/a"), Value::UNKNOWN]))], "config_paths"),
        (vec![("host", text("https://a")), ("exec", exec(Value::UNKNOWN))], "exec"),
        (vec![("insecure", Value::UNKNOWN)], "insecure"),
    ] {
        let found = find_with(&parts, &[("KUBE_CONFIG_PATH", "/other")]).unwrap();
        assert!(matches!(found, AccessLookup::Unknown(name) if name == expected), "{parts:?}");
    }
}

#[test]
fn contradictions_and_gaps_are_errors_about_their_attribute() {
    let host = || ("host", text("https://a"));
    for (parts, variables, attribute) in [
        (vec![host(), ("config_path", text("/k"))], vec![], "host"),
        (vec![("config_path", text("/k"))], vec![("KUBE_HOST", "https://b")], "host"),
        (
            vec![("config_path", text("/k")), ("config_paths", Value::List(vec![text("/l")]))],
            vec![],
            "config_paths",
        ),
        (vec![host(), ("token", text("t")), ("exec", exec(text("x")))], vec![], "token"),
        (
            vec![host(), ("token", text("t")), ("username", text("u")), ("password", text("p"))],
            vec![],
            "username",
        ),
        (
            vec![host(), ("insecure", Value::Bool(true)), ("cluster_ca_certificate", text("c"))],
            vec![],
            "insecure",
        ),
        (vec![host(), ("client_certificate", text("c"))], vec![], "client_key"),
        (vec![host(), ("client_key", text("c"))], vec![], "client_certificate"),
        (vec![host(), ("username", text("u"))], vec![], "password"),
        (vec![("token", text("t"))], vec![], "host"),
        (vec![("exec", exec(text("x")))], vec![], "host"),
        (vec![("config_context", text("c"))], vec![], "config_path"),
        (vec![host(), ("config_context", text("c"))], vec![], "config_path"),
        (vec![("host", text("ftp://a"))], vec![], "host"),
        (vec![("host", text("not an address"))], vec![], "host"),
        (vec![host(), ("proxy_url", text("proxy"))], vec![], "proxy_url"),
        (vec![host(), ("proxy_url", text("gopher://a"))], vec![], "proxy_url"),
        (vec![host(), ("tls_server_name", text("a b"))], vec![], "tls_server_name"),
        (vec![host()], vec![("KUBE_INSECURE", "maybe")], "insecure"),
        (vec![host(), ("exec", exec(text("")))], vec![], "exec[0].command"),
    ] {
        let wrong = find_with(&parts, &variables).unwrap_err();
        let paths: Vec<String> =
            wrong.iter().filter_map(|one| one.path.as_ref().map(ToString::to_string)).collect();
        assert_eq!(paths, [attribute], "{parts:?} {variables:?}");
    }
}

#[test]
fn no_error_shows_a_secret() {
    let secret = "hunter2";
    for parts in [
        vec![("token", text(secret))],
        vec![("host", text("https://a")), ("proxy_url", text("user:hunter2@proxy"))],
        vec![("host", text("https://a")), ("password", text(secret))],
        vec![("host", text("https://a")), ("client_key", text(secret))],
    ] {
        let wrong = find_with(&parts, &[]).unwrap_err();
        assert!(!format!("{wrong:?}").contains(secret), "{wrong:?}");
    }
}
