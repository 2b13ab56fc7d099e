//! The plugin's process against go-plugin's rules, with the example provider as the plugin and this test as Terraform.
#![cfg(unix)]
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a plugin that does not answer is a failed test"
)]

use std::io::{Seek, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use tfplugin::value::{Type, Value, msgpack};
use tfplugin::wire::health::HealthCheckRequest;
use tfplugin::wire::health::health_client::HealthClient;
use tfplugin::wire::plugin::Empty;
use tfplugin::wire::plugin::grpc_broker_client::GrpcBrokerClient;
use tfplugin::wire::plugin::grpc_controller_client::GrpcControllerClient;
use tfplugin::wire::plugin::grpc_stdio_client::GrpcStdioClient;
use tfplugin::wire::tfplugin6 as wire;
use tfplugin::wire::tfplugin6::provider_client::ProviderClient;
use tonic::transport::Channel;

mod process {
    pub(crate) mod client;
    pub(crate) mod plugin;
}

use process::client::{Identity, VERSIONS, connect, tls};
use process::plugin::{COOKIE, Plugin, command};

fn object(from: &[(&str, Value)]) -> wire::DynamicValue {
    let of = Type::object(from.iter().map(|(name, _)| (*name, Type::String)));
    let value = Value::object(from.iter().map(|(name, value)| (*name, value.clone())));
    wire::DynamicValue { msgpack: msgpack::write(&value, &of).unwrap(), json: Vec::new() }
}

async fn configure(channel: &Channel, shelter: &Path) {
    let config = Some(object(&[("shelter", Value::string(shelter.display().to_string()))]));
    let request = wire::configure_provider::Request { config, ..Default::default() };
    let answer = ProviderClient::new(channel.clone()).configure_provider(request).await.unwrap().into_inner();
    assert!(answer.diagnostics.is_empty(), "{:?}", answer.diagnostics);
}

async fn visit(channel: &Channel, guest: &str) {
    let config = Some(object(&[("guest", Value::string(guest)), ("badge", Value::Null)]));
    let type_name = "pets_visit".to_owned();
    let request = wire::open_ephemeral_resource::Request { type_name, config, client_capabilities: None };
    let answer =
        ProviderClient::new(channel.clone()).open_ephemeral_resource(request).await.unwrap().into_inner();
    assert!(answer.diagnostics.is_empty(), "{:?}", answer.diagnostics);
}

async fn schema(channel: &Channel) -> Result<wire::get_provider_schema::Response, tonic::Status> {
    let request = wire::get_provider_schema::Request {};
    Ok(ProviderClient::new(channel.clone()).get_provider_schema(request).await?.into_inner())
}

async fn shut_down(channel: &Channel) {
    GrpcControllerClient::new(channel.clone()).shutdown(Empty {}).await.expect("it answers before it ends");
}

fn visits(shelter: &Path) -> Vec<PathBuf> {
    std::fs::read_dir(shelter).unwrap().map(|entry| entry.unwrap().path()).collect()
}

#[test]
fn a_user_who_starts_it_by_hand_is_told_what_it_is() {
    let output = command().output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(output.stdout.is_empty());
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(told.starts_with("This program is a plugin for Terraform and OpenTofu"), "{told}");
}

#[test]
fn another_protocol_is_refused() {
    let output = command().env(COOKIE.0, COOKIE.1).env("PLUGIN_PROTOCOL_VERSIONS", "5").output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8(output.stderr).unwrap().contains("speaks the plugin protocols 5;"));
}

#[tokio::test]
async fn the_right_certificate_is_taken_in_both_versions_of_tls() {
    let us = Identity::new();
    let plugin = Plugin::start(&[("PLUGIN_CLIENT_CERT", &us.pem)]);
    assert_eq!(plugin.line.parts[..3], ["1", "6", "unix"]);
    assert_eq!((plugin.line.parts[4].as_str(), plugin.line.parts.len()), ("grpc", 6));
    for version in VERSIONS {
        let config = tls(Some(&us), plugin.line.certificate(), version);
        let channel = connect(plugin.line.socket(), Some(config)).await.unwrap();
        assert!(schema(&channel).await.unwrap().resource_schemas.contains_key("pets_pet"), "{version:?}");
    }
}

#[tokio::test]
async fn other_clients_get_no_answer() {
    let us = Identity::new();
    let plugin = Plugin::start(&[("PLUGIN_CLIENT_CERT", &us.pem)]);
    let other = Identity::new();
    let thief = us.with_key_of(&other);
    for version in VERSIONS {
        for identity in [None, Some(&other), Some(&thief)] {
            let config = tls(identity, plugin.line.certificate(), version);
            let refused = match connect(plugin.line.socket(), Some(config)).await {
                Err(_) => true,
                Ok(channel) => schema(&channel).await.is_err(),
            };
            assert!(refused, "{version:?}, with a certificate: {}", identity.is_some());
        }
    }
    let refused = match connect(plugin.line.socket(), None).await {
        Err(_) => true,
        Ok(channel) => schema(&channel).await.is_err(),
    };
    assert!(refused, "without encryption");
}

#[tokio::test]
async fn without_a_certificate_the_connection_is_plain() {
    let plugin = Plugin::start(&[]);
    assert_eq!((plugin.line.parts[5].as_str(), plugin.line.parts.len()), ("", 6));
    let channel = connect(plugin.line.socket(), None).await.unwrap();
    assert!(schema(&channel).await.is_ok());
}

#[tokio::test]
async fn shutdown_closes_what_is_open_and_leaves_nothing() {
    let shelter = tempfile::tempdir().unwrap();
    let plugin = Plugin::start(&[]);
    let socket = plugin.line.socket().to_owned();
    let channel = connect(&socket, None).await.unwrap();
    configure(&channel, shelter.path()).await;
    visit(&channel, "ann").await;
    visit(&channel, "bob").await;
    assert_eq!(visits(shelter.path()).len(), 2);
    shut_down(&channel).await;
    drop(channel);
    let (took, printed, _) = plugin.end();
    assert!(took < Duration::from_secs(2), "Terraform would have killed it: {took:?}");
    assert_eq!(visits(shelter.path()), Vec::<PathBuf>::new());
    assert!(!socket.exists() && !socket.parent().unwrap().exists());
    assert_eq!(printed, "", "standard output carries the handshake alone");
}

#[tokio::test]
async fn standard_input_is_terraforms() {
    let mut input = tempfile::tempfile().unwrap();
    input.write_all(b"yes\n").unwrap();
    input.rewind().unwrap();
    let mut command = command();
    command.env(COOKIE.0, COOKIE.1).env("PLUGIN_PROTOCOL_VERSIONS", "6").stdin(input.try_clone().unwrap());
    let plugin = Plugin::of(command);
    let channel = connect(plugin.line.socket(), None).await.unwrap();
    schema(&channel).await.unwrap();
    shut_down(&channel).await;
    drop(channel);
    plugin.end();
    // Both sides share one place in the file.
    assert_eq!(input.stream_position().unwrap(), 0);
}

#[test]
fn the_socket_is_where_the_environment_says_or_in_the_temporary_folder() {
    for variable in ["TMPDIR", "PLUGIN_UNIX_SOCKET_DIR"] {
        let folder = tempfile::tempdir().unwrap();
        let plugin = Plugin::start(&[(variable, folder.path().to_str().unwrap())]);
        assert!(plugin.line.socket().starts_with(folder.path()), "{variable}");
    }
}

#[tokio::test]
async fn without_terraform_it_ends_and_closes_what_is_open() {
    // Orphans go to this process and not to the first: who waits for parent 1 waits for ever.
    #[cfg(target_os = "linux")]
    rustix::process::set_child_subreaper(Some(rustix::process::getpid())).unwrap();
    let shelter = tempfile::tempdir().unwrap();
    // A shell stands for Terraform: it starts the plugin, and is then killed.
    let mut parent = Command::new("sh");
    let script = format!("{} & wait", process::plugin::pets().display());
    parent.args(["-c", &script]).env(COOKIE.0, COOKIE.1).env("PLUGIN_PROTOCOL_VERSIONS", "6");
    parent.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    let terraform = Plugin::of(parent);
    let socket = terraform.line.socket().to_owned();
    let channel = connect(&socket, None).await.unwrap();
    configure(&channel, shelter.path()).await;
    visit(&channel, "ann").await;
    let since = Instant::now();
    terraform.signal("-KILL");
    while socket.exists() {
        assert!(since.elapsed() < Duration::from_secs(10), "it does not end");
        tokio::task::yield_now().await;
    }
    assert_eq!(visits(shelter.path()), Vec::<PathBuf>::new());
}

#[tokio::test]
async fn an_interrupt_is_terraforms_and_a_termination_is_not() {
    let shelter = tempfile::tempdir().unwrap();
    let mut plugin = Plugin::start(&[]);
    let channel = connect(plugin.line.socket(), None).await.unwrap();
    configure(&channel, shelter.path()).await;
    visit(&channel, "ann").await;
    plugin.signal("-INT");
    assert!(schema(&channel).await.is_ok(), "it is still asked, and answers");
    let request = wire::stop_provider::Request {};
    let stopped = ProviderClient::new(channel.clone()).stop_provider(request).await.unwrap().into_inner();
    assert_eq!(stopped.error, "");
    assert!(schema(&channel).await.is_ok() && plugin.is_running());
    plugin.signal("-TERM");
    plugin.end();
    assert_eq!(visits(shelter.path()), Vec::<PathBuf>::new());
}

#[tokio::test]
async fn logs_are_lines_of_json_that_terraform_filters() {
    for (variables, logged) in [
        (&[("TF_LOG", "info")][..], true),
        (&[("TF_LOG", "info"), ("TF_LOG_PROVIDER_PETS", "error")], false),
        (&[], false),
    ] {
        let shelter = tempfile::tempdir().unwrap();
        let plugin = Plugin::start(variables);
        let channel = connect(plugin.line.socket(), None).await.unwrap();
        configure(&channel, shelter.path()).await;
        shut_down(&channel).await;
        drop(channel);
        let (_, _, log) = plugin.end();
        let lines = log.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).expect(line));
        let lines: Vec<serde_json::Value> = lines.collect();
        assert_eq!(
            lines.iter().any(|line| line["@message"] == "the provider ends"),
            logged,
            "{variables:?}: {log}"
        );
        assert!(lines.iter().all(|line| line["@level"].is_string() && line["@timestamp"].is_string()));
    }
}

#[tokio::test]
async fn what_every_plugin_serves_is_served() {
    let plugin = Plugin::start(&[]);
    let channel = connect(plugin.line.socket(), None).await.unwrap();
    let mut health = HealthClient::new(channel.clone());
    let served =
        health.check(HealthCheckRequest { service: "plugin".to_owned() }).await.unwrap().into_inner();
    assert_eq!(served.status, 1, "serving");
    let unknown = health.check(HealthCheckRequest { service: "other".to_owned() }).await;
    assert_eq!(unknown.unwrap_err().code(), tonic::Code::NotFound);
    let mut stdio = GrpcStdioClient::new(channel.clone()).stream_stdio(()).await.unwrap().into_inner();
    let nothing = tokio_stream::pending();
    let mut broker = GrpcBrokerClient::new(channel.clone()).start_stream(nothing).await.unwrap().into_inner();
    let silent = Duration::from_millis(50);
    assert!(tokio::time::timeout(silent, stdio.message()).await.is_err(), "open and silent");
    assert!(tokio::time::timeout(silent, broker.message()).await.is_err(), "open and silent");
}

#[tokio::test]
async fn a_process_that_is_debugged_serves_many_runs() {
    let shelter = tempfile::tempdir().unwrap();
    let mut command = command();
    command.arg("--debug");
    let mut plugin = Plugin::of(command);
    let line = plugin.line.parts.join("|");
    let json =
        line.strip_prefix("TF_REATTACH_PROVIDERS='").and_then(|line| line.strip_suffix('\'')).expect(&line);
    let providers: serde_json::Value = serde_json::from_str(json).unwrap();
    let how = &providers["registry.terraform.io/example/pets"];
    assert_eq!(how["Pid"], plugin.id());
    let socket = PathBuf::from(how["Addr"]["String"].as_str().unwrap());
    for _ in 0..2 {
        let channel = connect(&socket, None).await.unwrap();
        configure(&channel, shelter.path()).await;
        shut_down(&channel).await;
        assert!(schema(&channel).await.is_ok(), "it goes on");
    }
    assert!(plugin.is_running());
    plugin.signal("-INT");
    plugin.end();
    assert!(!socket.exists());
}

/// What a process has used of the processor, in hundredths of a second.
#[cfg(target_os = "linux")]
fn used(plugin: &Plugin) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", plugin.id())).unwrap();
    let (_, numbers) = stat.rsplit_once(')').unwrap();
    let numbers = numbers.split_whitespace().skip(11).take(2);
    numbers.map(|number| number.parse::<u64>().unwrap()).sum()
}

#[cfg(target_os = "linux")]
#[test]
fn little_is_done_before_the_handshake() {
    let us = Identity::new();
    let plugin = Plugin::start(&[("PLUGIN_CLIENT_CERT", &us.pem)]);
    let used = used(&plugin);
    // An unoptimised build; the benchmark has the time of the one that users get.
    assert!(used <= 20, "{used}0 ms of the processor");
}
