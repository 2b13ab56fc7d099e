//! Flux: its source-controller and its kustomize-controller, outside a cluster.

use std::path::Path;

use serde_json::{Value, json};

use crate::supervised::Supervised;
use crate::upstream::Module;
use crate::{Api, ControlPlane};

/// Where its objects are.
const NAMESPACE: &str = "flux-system";

/// Running controllers. They end with this value.
pub struct Flux {
    api: Api,
    folder: tempfile::TempDir,
    programs: Vec<Supervised>,
}

impl Flux {
    /// Makes Flux' kinds known to the control plane and starts both controllers.
    pub fn start(plane: &ControlPlane) -> Self {
        let folder = tempfile::Builder::new().prefix("p0-flux-").tempdir().expect("a temporary folder");
        let mut flux = Self { api: plane.admin(), folder, programs: Vec::new() };
        for module in [Module::FluxSource, Module::FluxKustomize] {
            flux.define(&module.source().join("config/crd/bases"));
        }
        let namespace = json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": NAMESPACE } });
        let (status, body) = flux.api.create(&namespace);
        assert!(status == 201 || status == 409, "{body}");
        let [storage, metrics, health, other_metrics, other_health] = crate::ports::reserve();
        let address = format!("127.0.0.1:{storage}");
        let folder = flux.folder.path().join("storage");
        std::fs::create_dir_all(&folder).expect("made");
        let storage = [
            format!("--storage-path={}", folder.display()),
            format!("--storage-addr={address}"),
            format!("--storage-adv-addr={address}"),
        ];
        flux.run(plane, Module::FluxSource, metrics, health, &storage);
        flux.run(plane, Module::FluxKustomize, other_metrics, other_health, &[]);
        flux
    }

    /// Every definition in a folder, whose files are called `GROUP_PLURAL.yaml`.
    fn define(&self, folder: &Path) {
        for entry in std::fs::read_dir(folder).expect("definitions") {
            let path = entry.expect("an entry").path();
            let stem = path.file_stem().expect("a name").to_string_lossy().into_owned();
            let (group, plural) = stem.split_once('_').expect("a group and a plural");
            let text = std::fs::read_to_string(&path).expect("a definition");
            self.api.define(&format!("{plural}.{group}"), &text);
        }
    }

    fn run(&mut self, plane: &ControlPlane, module: Module, metrics: u16, health: u16, flags: &[String]) {
        let mut command = module.command();
        command.args(["--events-addr=", "--watch-all-namespaces", "--log-level=info"]);
        command.arg(format!("--metrics-addr=127.0.0.1:{metrics}"));
        command.arg(format!("--health-addr=127.0.0.1:{health}")).args(flags);
        command.env("KUBECONFIG", plane.kubeconfig()).env("RUNTIME_NAMESPACE", NAMESPACE);
        command.current_dir(self.folder.path());
        let log = self.folder.path().join(format!("{module:?}.log"));
        self.programs.push(Supervised::start(&command, &log));
    }

    /// Has a repository applied under `name`, by the GitRepository and the Kustomization that `init` has put into it, given
    /// as their YAML. `postBuild` is what a site might add.
    ///
    /// # Panics
    /// Where the API server refuses them.
    pub fn follow(&self, name: &str, url: &str, scaffold: &str, post_build: Option<Value>) {
        for mut object in crate::control_plane::documents(scaffold) {
            let kind = object["kind"].as_str().unwrap_or_default().to_owned();
            object["metadata"]["name"] = name.into();
            // A test says when.
            object["spec"]["interval"] = "1h".into();
            let plural = match kind.as_str() {
                "GitRepository" => {
                    object["spec"]["url"] = url.into();
                    "gitrepositories"
                }
                _ => {
                    object["spec"]["retryInterval"] = "2s".into();
                    object["spec"]["sourceRef"]["name"] = name.into();
                    if let Some(post_build) = &post_build {
                        object["spec"]["postBuild"] = post_build.clone();
                    }
                    "kustomizations"
                }
            };
            let path = format!("{}?fieldManager=tests&force=true", item(plural, name));
            let (status, body) = self.api.send_json("PATCH", &path, "application/apply-patch+yaml", &object);
            assert!(status < 300, "{body}");
        }
    }

    /// Asks for a sync now, and waits until the commit `revision` is applied and both controllers have done what was asked
    /// for: a fetch that is still under way would take the next commit too, of which a test says when.
    ///
    /// # Panics
    /// Where it never is; the message holds the controllers' last words.
    pub fn sync(&self, name: &str, revision: &str) {
        let asked_at = self.poke(name);
        let has_ended = |plural: &str| self.status_of(plural, name)["lastHandledReconcileAt"] == *asked_at;
        let applied = || {
            has_ended("gitrepositories")
                && has_ended("kustomizations")
                && self.status(name)["lastAppliedRevision"].as_str().is_some_and(|at| at.ends_with(revision))
        };
        if !crate::waiting::comes(applied) {
            let said: String = self.programs.iter().map(Supervised::said).collect();
            panic!("Flux never applied {revision}: {}\n{said}", self.status(name));
        }
    }

    /// Asks for a sync now; the time by which the controllers know what was asked for.
    pub fn poke(&self, name: &str) -> String {
        let now = jiff::Timestamp::now().to_string();
        let patch = json!({ "metadata": { "annotations": { "reconcile.fluxcd.io/requestedAt": now } } });
        for plural in ["gitrepositories", "kustomizations"] {
            let (status, body) =
                self.api.send_json("PATCH", &item(plural, name), "application/merge-patch+json", &patch);
            assert!(status < 300, "{body}");
        }
        now
    }

    /// What the kustomize-controller says of `name`: conditions, `lastAppliedRevision`, inventory.
    pub fn status(&self, name: &str) -> Value {
        self.status_of("kustomizations", name)
    }

    fn status_of(&self, plural: &str, name: &str) -> Value {
        self.api.call("GET", &item(plural, name)).1["status"].take()
    }
}

fn item(plural: &str, name: &str) -> String {
    let group = match plural {
        "gitrepositories" => "source.toolkit.fluxcd.io/v1",
        _ => "kustomize.toolkit.fluxcd.io/v1",
    };
    format!("/apis/{group}/namespaces/{NAMESPACE}/{plural}/{name}")
}
