//! The chart: helm's linter, the rendered default in examples/deploy, a real API server, and the server started as its Deployment says.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use p0_tests::eventually;
use p0_tests::program::{Run, finish, program};
use p0_tests::site::CLUSTER;
use p0_tests::team::{READERS, Team};
use p0_tests::upstream::Module;
use p0_tests::{ControlPlane, ports};
use serde_json::{Value, json};

use crate::root;

const HEAD: &str = "\
# `p0-gitops serve` in a cluster, two replicas on PostgreSQL, and the sweep. They have no rights in the cluster and no token of it.
# Rendered from charts/p0-gitops with its defaults: use the chart, or this file with your own image, settings and known_hosts.
#
# Before: kubectl create namespace p0-system
#   kubectl label namespace p0-system pod-security.kubernetes.io/enforce=restricted
#   kubectl -n p0-system create secret generic p0-gitops --from-file=signing_key --from-file=git_key --from-literal=PGPASSWORD=…
#   kubectl -n p0-system create secret generic p0-gitops-sweep --from-file=git_key
";

/// Runs helm with a home of its own.
fn helm(arguments: &[&str]) -> Run {
    let home = tempfile::tempdir().expect("a folder");
    let mut command = Module::Helm.command();
    for name in ["HELM_CACHE_HOME", "HELM_CONFIG_HOME", "HELM_DATA_HOME"] {
        command.env(name, home.path());
    }
    finish(command.args(arguments).current_dir(root()))
}

fn render(namespace: &str, sets: &[&str]) -> Run {
    let mut arguments = vec!["template", "p0-gitops", "charts/p0-gitops", "--namespace", namespace];
    arguments.extend(sets.iter().flat_map(|set| ["--set", set]));
    helm(&arguments)
}

fn objects(text: &str) -> Vec<Value> {
    p0_grant::yaml::read_all(text, p0_grant::yaml::Limits::FILE).expect("objects")
}

/// A namespace that admits only what the `restricted` standard allows.
fn namespace(name: &str) {
    let labels = json!({ "pod-security.kubernetes.io/enforce": "restricted" });
    let object =
        json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": name, "labels": labels } });
    let admin = ControlPlane::shared().admin();
    admin.must_create(&object);
    // No controller makes accounts here, and pods are refused without theirs.
    let metadata = json!({ "name": "default", "namespace": name });
    admin.must_create(&json!({ "apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata }));
}

#[test]
fn the_linter_accepts_it() {
    helm(&["lint", "--strict", "charts/p0-gitops"]).done();
}

/// `P0_BLESS=1` writes the file anew.
#[test]
fn the_example_is_the_rendered_default() {
    let file = root().join("examples/deploy/kubernetes.yaml");
    let rendered = HEAD.to_owned() + &render("p0-system", &[]).done();
    if std::env::var_os("P0_BLESS").is_some() {
        std::fs::write(&file, &rendered).expect("written");
    }
    assert_eq!(std::fs::read_to_string(file).expect("the example"), rendered);
}

#[test]
fn a_real_server_takes_every_object_and_its_pods() {
    let place = "release-chart";
    namespace(place);
    let admin = ControlPlane::shared().admin();
    let all = objects(&render(place, &["reap.enabled=true"]).done());
    assert_eq!(all.len(), 10);
    for object in all {
        let (status, body) = admin.apply(&object);
        assert!(status < 300, "{object}: {body}");
        let template = match object["kind"].as_str() {
            Some("Deployment") => &object["spec"]["template"],
            Some("CronJob") => &object["spec"]["jobTemplate"]["spec"]["template"],
            _ => continue,
        };
        // The standard of the namespace judges pods alone, and no controller makes one here.
        let name = format!("{}-pod", object["metadata"]["name"].as_str().expect("a name"));
        let mut pod = json!({ "apiVersion": "v1", "kind": "Pod", "spec": template["spec"] });
        pod["metadata"] = json!({ "name": name, "namespace": place });
        let (status, body) = admin.create(&pod);
        assert_eq!(status, 201, "{body}");
    }
}

#[test]
fn wrong_values_are_refused_with_what_is_wrong() {
    for (set, words) in [
        ("server.settings.store=sqlite:///var/lib/p0.db", "one SQLite file takes one server"),
        ("sweep.repositories=null", "sweep.repositories"),
        ("sever.enabled=true", "sever"),
        ("server.replicas=none", "server/replicas"),
        ("image.digest=latest", "image/digest"),
    ] {
        let run = render("p0-system", &[set]);
        assert!(run.code != 0 && run.err.contains(words), "{set}: {}", run.err);
    }
}

/// What a kubelet does with a pod, as far as the program sees it: volumes as files, variables, arguments.
struct Kubelet<'a> {
    pod: &'a Value,
    namespace: &'a str,
    folder: tempfile::TempDir,
}

impl Kubelet<'_> {
    fn object(&self, kind: &str, name: &Value) -> Value {
        let path = format!("/api/v1/namespaces/{}/{kind}/{}", self.namespace, name.as_str().expect("a name"));
        let (status, body) = ControlPlane::shared().admin().call("GET", &path);
        assert_eq!(status, 200, "{path}: {body}");
        body
    }

    /// Where a path of the container is on this machine.
    fn on_host(&self, path: &str) -> PathBuf {
        self.folder.path().join(path.trim_start_matches('/'))
    }

    /// A text of the pod with the paths of its volumes as they are here.
    fn text(&self, text: &str) -> String {
        let mounted = |mount: &Value| text.starts_with(mount["mountPath"].as_str().expect("a path"));
        let mounts = self.pod["spec"]["containers"][0]["volumeMounts"].as_array().expect("mounts");
        match mounts.iter().any(mounted) || text == "/home/p0" {
            true => self.on_host(text).display().to_string(),
            false => text.to_owned(),
        }
    }

    fn mount(&self) {
        for mount in self.pod["spec"]["containers"][0]["volumeMounts"].as_array().expect("mounts") {
            let volumes = self.pod["spec"]["volumes"].as_array().expect("volumes");
            let volume = volumes.iter().find(|volume| volume["name"] == mount["name"]).expect("the volume");
            let folder = self.on_host(mount["mountPath"].as_str().expect("a path"));
            std::fs::create_dir_all(&folder).expect("made");
            self.fill(&folder, volume);
        }
    }

    fn fill(&self, folder: &Path, volume: &Value) {
        use std::os::unix::fs::OpenOptionsExt;
        if volume["configMap"].is_object() {
            let map = self.object("configmaps", &volume["configMap"]["name"]);
            for (name, text) in map["data"].as_object().expect("data") {
                std::fs::write(folder.join(name), text.as_str().expect("text")).expect("written");
            }
        }
        for item in volume["secret"]["items"].as_array().into_iter().flatten() {
            let secret = self.object("secrets", &volume["secret"]["secretName"]);
            let name = item["key"].as_str().expect("a key");
            let bytes = decoded(&secret["data"][name]);
            let file = folder.join(item["path"].as_str().expect("a path"));
            // A kubelet gives it to root and the pod's group; the test's user is neither.
            let mut options = std::fs::OpenOptions::new();
            let mut file = options.write(true).create_new(true).mode(0o400).open(file).expect("made");
            std::io::Write::write_all(&mut file, &bytes).expect("written");
        }
    }

    fn start(&self) -> Child {
        let container = &self.pod["spec"]["containers"][0];
        let mut command = Command::new(program());
        command.env_clear().stdin(Stdio::null());
        for argument in container["args"].as_array().expect("arguments") {
            command.arg(self.text(argument.as_str().expect("text")));
        }
        for variable in container["env"].as_array().expect("variables") {
            let name = variable["name"].as_str().expect("a name");
            let from = &variable["valueFrom"]["secretKeyRef"];
            match variable["value"].as_str() {
                Some(value) => command.env(name, self.text(value)),
                None => {
                    let secret = self.object("secrets", &from["name"]);
                    let value = decoded(&secret["data"][from["key"].as_str().expect("a key")]);
                    command.env(name, String::from_utf8(value).expect("UTF-8"))
                }
            };
        }
        command.spawn().expect("it starts")
    }
}

fn decoded(value: &Value) -> Vec<u8> {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.decode(value.as_str().expect("a value")).expect("base64")
}

struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _gone = self.0.kill();
        let _ended = self.0.wait();
    }
}

#[test]
fn the_server_runs_as_its_deployment_says() {
    let place = "release-server";
    namespace(place);
    let team = Team::new(READERS);
    let [port] = ports::reserve();
    let admin = ControlPlane::shared().admin();
    let key = std::fs::read_to_string(team.site().key()).expect("the key");
    admin.must_create(&json!({
        "apiVersion": "v1", "kind": "Secret", "metadata": { "name": "p0-gitops", "namespace": place },
        "stringData": { "signing_key": key, "git_key": "unused", "PGPASSWORD": "unused" },
    }));
    let repository = "server.settings.repositories[0]";
    let rendered = render(
        place,
        &[
            "server.replicas=1",
            "sweep.enabled=false",
            &format!("server.settings.store={}", team.store()),
            &format!("server.settings.listen=127.0.0.1:{port}"),
            &format!("{repository}.url={}", team.site().repository().display()),
            &format!("{repository}.clusters[0]={CLUSTER}"),
            &format!("{repository}.look.{CLUSTER}={}", ControlPlane::shared().kubeconfig().display()),
        ],
    );
    for object in objects(&rendered.done()) {
        let (status, body) = admin.apply(&object);
        assert!(status < 300, "{body}");
    }
    let (_, deployment) =
        admin.call("GET", &format!("/apis/apps/v1/namespaces/{place}/deployments/p0-gitops"));
    let pod = &deployment["spec"]["template"];
    let kubelet = Kubelet { pod, namespace: place, folder: tempfile::tempdir().expect("a folder") };
    kubelet.mount();
    let _running = Running(kubelet.start());
    let client = tokio::runtime::Runtime::new().expect("a runtime");
    let url = format!("http://127.0.0.1:{port}/readyz");
    eventually("the server is ready", || {
        client.block_on(async { reqwest::get(&url).await }).is_ok_and(|answer| answer.status() == 200)
    });
}
