//! Each way to say which cluster is meant and who asks, as it is written in a provider block and in variables, against the
//! real API server.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;

use p0_tests::ControlPlane;
use p0_tests::terraform::{Tool, unwrapped};
use p0_tests::tunnel::{Protocol, Tunnel};
use serde_json::json;

use crate::world::{GRANT, TERMS, World, grant};

/// A world whose provider block is this one. `HOST` is the API server's own address, and files hold its certificate and
/// an administrator's.
fn with_block(tool: Tool, block: &str) -> World {
    let world = World::with(tool);
    configure(&world, block);
    world
}

fn configure(world: &World, block: &str) {
    let plane = ControlPlane::shared();
    let (certificate, key) = plane.client_certificate();
    world.tool.file("ca.crt", &plane.certificate());
    world.tool.file("admin.crt", &certificate);
    world.tool.file("admin.key", &key);
    let block = block.replace("HOST", &format!("host = \"{}\"", plane.url()));
    let block = block.replace("CA", "cluster_ca_certificate = file(\"ca.crt\")");
    let body = grant(&format!("{TERMS}duration = \"1h\"")).replace("NAMESPACE", &world.namespace);
    world.tool.configure(&format!("provider \"p0\" {{\n{block}\n}}\n{body}"));
}

fn gets_in(world: &World) {
    let plan = world.tool.plan(&[]).ended(2);
    assert_eq!(plan.actions(GRANT), ["create"], "{}", plan.said);
}

fn stays_out(world: &World) -> String {
    unwrapped(&world.tool.plan(&[]).ended(1).said)
}

#[test]
fn a_client_certificate_and_its_key() {
    for tool in Tool::BOTH {
        let files = "client_certificate = file(\"admin.crt\")\nclient_key = file(\"admin.key\")";
        let world = with_block(tool, &format!("HOST\nCA\n{files}"));
        gets_in(&world);
        world.tool.apply_plan().done();
        world.tool.destroy().done();
        configure(&world, "HOST\nCA\nclient_certificate = file(\"admin.crt\")");
        assert!(stays_out(&world).contains("client_key"));
        let key = "client_key = \"-----BEGIN PRIVATE KEY-----\\nhunter2\\n-----END PRIVATE KEY-----\"";
        configure(&world, &format!("HOST\nCA\nclient_certificate = file(\"admin.crt\")\n{key}"));
        let said = stays_out(&world);
        assert!(!said.contains("hunter2"), "{said}");
    }
}

#[test]
fn a_program_that_prints_a_credential_reads_nothing_of_the_tool_s_input() {
    let version = "client.authentication.k8s.io/v1";
    let plane = ControlPlane::shared();
    let credential = json!({
        "apiVersion": version, "kind": "ExecCredential", "status": { "token": plane.token() },
    });
    let script = "! read -r _ && cat credential";
    let own = std::fs::read_to_string(plane.kubeconfig()).expect("a file");
    let mut kubeconfig: serde_json::Value = serde_json::from_str(&own).expect("JSON");
    kubeconfig["users"][0]["user"] = json!({ "exec": {
        "apiVersion": version, "command": "sh", "args": ["-c", script], "interactiveMode": "IfAvailable",
    } });
    let exec = format!(
        "HOST\nCA\nexec {{\n  api_version = \"{version}\"\n  command = \"sh\"\n  args = [\"-c\", \"{script}\"]\n}}"
    );
    for block in [exec.as_str(), "config_path = \"kubeconfig\""] {
        let world = with_block(Tool::Terraform, block);
        world.tool.file("credential", &credential.to_string());
        world.tool.file("kubeconfig", &kubeconfig.to_string());
        world.tool.run_with_input(&["plan"], "yes\n").done();
    }
}

#[test]
fn a_program_that_prints_a_credential() {
    let credential = |token: &str| {
        json!({
            "apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential",
            "status": { "token": token },
        })
        .to_string()
    };
    let exec = r#"
        exec {
          api_version = "client.authentication.k8s.io/v1"
          command     = "sh"
          args        = ["-c", "[ \"$GREETING\" = hello ] && cat credential"]
          env         = { GREETING = "hello" }
        }
    "#;
    for tool in Tool::BOTH {
        let world = with_block(tool, &format!("HOST\nCA\n{exec}"));
        let said = stays_out(&world);
        assert!(said.contains("No credentials for the cluster"), "{said}");
        world.tool.file("credential", &credential("no-such-token"));
        let said = stays_out(&world);
        assert!(
            said.contains("The credentials are not accepted") && !said.contains("no-such-token"),
            "{said}"
        );
        world.tool.file("credential", &credential(ControlPlane::shared().token()));
        gets_in(&world);
        configure(&world, &format!("HOST\nCA\ntoken = \"t\"\n{exec}"));
        assert!(stays_out(&world).contains("`token` and `exec`"));
    }
}

#[test]
fn a_name_and_a_password() {
    // Kubernetes itself has given this up; what stands before it may ask for it.
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("an address");
    let heard = std::thread::spawn(move || {
        let (stream, _) = listener.accept().expect("somebody asks");
        let lines = BufReader::new(stream).lines().map_while(Result::ok);
        lines.take_while(|line| !line.is_empty()).collect::<Vec<String>>()
    });
    let block = format!(
        "host = \"http://{address}\"\nusername = \"alice\"\npassword = \"hunter2\"\nrequest_timeout = \"2s\""
    );
    let world = with_block(Tool::Terraform, &block);
    let said = stays_out(&world);
    assert!(!said.contains("hunter2") && !said.contains("YWxpY2U6aHVudGVyMg"), "{said}");
    let head = heard.join().expect("no panic");
    let says = |line: &String| line.eq_ignore_ascii_case("authorization: Basic YWxpY2U6aHVudGVyMg==");
    assert!(head.iter().any(says), "{head:?}");
    configure(&world, "HOST\nCA\nusername = \"alice\"");
    assert!(stays_out(&world).contains("`password`"));
}

#[test]
fn through_a_proxy() {
    let token = ControlPlane::shared().token();
    for protocol in [Protocol::Connect, Protocol::Socks5] {
        let tunnel = Tunnel::start(protocol);
        let url = format!("proxy_url = \"{}\"", tunnel.url());
        let world = with_block(Tool::Terraform, &format!("HOST\nCA\ntoken = \"{token}\"\n{url}"));
        gets_in(&world);
        assert!(tunnel.connected() > 0, "{protocol:?}");
    }
    let world = with_block(
        Tool::Terraform,
        &format!(
            "HOST\nCA\ntoken = \"{token}\"\nproxy_url = \"socks5://127.0.0.1:9\"\nrequest_timeout = \"2s\""
        ),
    );
    let said = stays_out(&world);
    assert!(said.contains("The cluster does not answer"), "no server is asked past the proxy: {said}");
}

#[test]
fn a_server_that_is_verified_by_another_name_or_not_at_all() {
    let token = format!("token = \"{}\"", ControlPlane::shared().token());
    let world = with_block(Tool::Terraform, &format!("HOST\nCA\n{token}\ntls_server_name = \"kubernetes\""));
    gets_in(&world);
    configure(&world, &format!("HOST\nCA\n{token}\ntls_server_name = \"other.example.com\""));
    assert!(stays_out(&world).contains("ertificate"));
    configure(&world, &format!("HOST\n{token}"));
    assert!(stays_out(&world).contains("ertificate"));
    configure(&world, &format!("HOST\n{token}\ninsecure = true"));
    gets_in(&world);
}

#[test]
fn everything_by_variables() {
    let plane = ControlPlane::shared();
    let (certificate, key) = plane.client_certificate();
    for credentials in [
        vec![("KUBE_TOKEN", plane.token())],
        vec![("KUBE_CLIENT_CERT_DATA", certificate.as_str()), ("KUBE_CLIENT_KEY_DATA", key.as_str())],
    ] {
        let mut world = with_block(Tool::Terraform, "");
        world.tool.set("KUBE_HOST", &plane.url());
        world.tool.set("KUBE_CLUSTER_CA_CERT_DATA", &plane.certificate());
        for (name, value) in credentials {
            world.tool.set(name, value);
        }
        gets_in(&world);
    }
}

#[test]
fn nothing_at_all_is_an_error_and_no_other_cluster() {
    let mut world = with_block(Tool::Terraform, "");
    // `kubectl`'s own variable and file are not this provider's.
    let kubeconfig = ControlPlane::shared().kubeconfig();
    world.tool.set("KUBECONFIG", kubeconfig.to_str().expect("UTF-8"));
    world.tool.file(".kube/config", &std::fs::read_to_string(&kubeconfig).expect("a file"));
    let said = stays_out(&world);
    assert!(said.contains("No cluster is configured") && said.contains("config_path"), "{said}");
    // In a pod without a service account.
    world.tool.set("KUBERNETES_SERVICE_HOST", "127.0.0.1");
    world.tool.set("KUBERNETES_SERVICE_PORT", "443");
    let said = stays_out(&world);
    assert!(said.contains("No cluster is configured") && said.contains("does not run in a pod"), "{said}");
}
