//! A team whose repository a real applier follows, and a witness who may only read.

use std::path::PathBuf;
use std::sync::OnceLock;
use std::time::Duration;

use p0_tests::ControlPlane;
use p0_tests::appliers::Flux;
use p0_tests::git_http::{Access, GitHttp, Served};
use p0_tests::program::Run;
use p0_tests::team::{READERS, Team};
use serde_json::{Value, json};

pub(crate) const T0: &str = "2026-11-24T10:00:00Z";
pub(crate) const T1: &str = "2026-11-24T10:01:00Z";
pub(crate) const T2: &str = "2026-11-24T10:02:00Z";
pub(crate) const T3: &str = "2026-11-24T10:03:00Z";

/// Where cluster files, catalogues and grants are.
const FOLDER: &str = "clusters/prod";

/// A team, its repository over HTTP, and what its cluster file calls the applier.
pub(crate) struct World {
    pub(crate) team: Team,
    pub(crate) name: String,
    http: GitHttp,
}

/// What people copy so that the server may look in.
const LOOK: &str = include_str!("../../../examples/look/look.yaml");

/// The one control plane of these tests, with what a witness may do there.
pub(crate) fn plane() -> &'static ControlPlane {
    static READY: OnceLock<()> = OnceLock::new();
    let plane = ControlPlane::shared();
    READY.get_or_init(|| {
        let namespace =
            json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": "p0-system" } });
        plane.admin().must_create(&namespace);
        apply(plane, LOOK);
        plane.admin().wait_for_authorizer();
    });
    plane
}

/// Applies every object of a text.
fn apply(plane: &ControlPlane, text: &str) {
    let objects = p0_grant::yaml::read_all::<Value>(text, p0_grant::yaml::Limits::FILE);
    for object in objects.expect("objects") {
        let (status, body) = plane.admin().apply(&object);
        assert!(status < 300, "{body}");
    }
}

/// A binding for the whole cluster, made by somebody else.
pub(crate) fn binding(name: &str, role: &str, user: &str) -> Value {
    let group = "rbac.authorization.k8s.io";
    json!({
        "apiVersion": format!("{group}/v1"), "kind": "ClusterRoleBinding", "metadata": { "name": name },
        "roleRef": { "apiGroup": group, "kind": "ClusterRole", "name": role },
        "subjects": [{ "apiGroup": group, "kind": "User", "name": user }],
    })
}

/// Flux on that control plane.
pub(crate) fn flux() -> &'static Flux {
    static FLUX: OnceLock<Flux> = OnceLock::new();
    FLUX.get_or_init(|| Flux::start(plane()))
}

/// The witness's kubeconfig: the account of `examples/look`, which may do what that says and nothing else.
pub(crate) fn witness() -> PathBuf {
    static WITNESS: OnceLock<PathBuf> = OnceLock::new();
    let make = || {
        let asked = json!({ "apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {} });
        let path = "/api/v1/namespaces/p0-system/serviceaccounts/p0-gitops/token";
        let (status, body) = plane().admin().send_json("POST", path, "application/json", &asked);
        assert_eq!(status, 201, "{body}");
        plane().kubeconfig_of("witness", body["status"]["token"].as_str().expect("a token"))
    };
    WITNESS.get_or_init(make).clone()
}

impl World {
    /// `confirm` is the cluster file's, as YAML in one line.
    pub(crate) fn new(name: &str, confirm: &str) -> Self {
        Self::of(Team::new(READERS), name, confirm)
    }

    pub(crate) fn of(team: Team, name: &str, confirm: &str) -> Self {
        let file = format!("{FOLDER}/p0-cluster.yaml");
        let settings = team.site().git(&["show", &format!("main:{file}")]);
        team.publish(&file, &format!("{}\nconfirm: {confirm}\n", settings.trim_end()));
        let root = team.site().repository().parent().expect("a folder").to_owned();
        let http = GitHttp::start(Served { root, password: None, access: Access::ReadOnly });
        Self { team, name: name.to_owned(), http }
    }

    /// The same with a Kustomization that Flux confirms, followed from now on.
    pub(crate) fn with_flux(name: &str, post_build: Option<Value>) -> Self {
        Self::team_with_flux(Team::new(READERS), name, post_build)
    }

    pub(crate) fn team_with_flux(team: Team, name: &str, post_build: Option<Value>) -> Self {
        let confirm = format!("{{by: {{flux: {{namespace: flux-system, name: {name}}}}}, within: 5m}}");
        let world = Self::of(team, name, &confirm);
        let flux = flux();
        let show = |file: &str| world.team.site().git(&["show", &format!("main:deploy/prod/{file}")]);
        apply(plane(), &show("applier-rbac.yaml"));
        flux.follow(name, &world.http.url("access.git"), &show("flux.yaml"), post_build);
        world
    }

    /// Has Flux follow another folder of the repository, as a scaffold says.
    pub(crate) fn also_follows(&self, name: &str, scaffold: &str) {
        flux().follow(name, &self.http.url("access.git"), scaffold, None);
        flux().sync(name, &self.head());
    }

    /// The head of base.
    pub(crate) fn head(&self) -> String {
        self.team.site().git(&["rev-parse", "main"]).trim().to_owned()
    }

    /// Has Flux apply the head of base; how long that took.
    pub(crate) fn sync(&self) -> Duration {
        let began = std::time::Instant::now();
        flux().sync(&self.name, &self.head());
        let took = began.elapsed();
        // The server's tick asks who has access.
        plane().admin().wait_for_authorizer();
        took
    }

    /// What a machine with the signing key and the witness's credential does at a time.
    pub(crate) fn tick(&self, now: &str) -> Run {
        self.team.bot_runs(now, &["reconcile", "--look", &format!("prod={}", witness().display())])
    }

    /// Alice asks and Bob approves, with their own keys alone, and the machine lands it; the request's id.
    pub(crate) fn granted(&self, locator: &str, more: &[&str]) -> String {
        let id = self.team.asks_alone(T0, locator, more);
        self.team.acts_alone("bob", T1, &["approve", &id]).done();
        self.tick(T1);
        assert_eq!(self.state(T1, &id), "merged", "no witness has confirmed it");
        id
    }

    pub(crate) fn state(&self, now: &str, id: &str) -> String {
        self.team.state(now, id)
    }

    /// What everybody was told about a request.
    pub(crate) fn told(&self, id: &str) -> String {
        self.team.show(T3, id)["told"].to_string()
    }
}

/// Whether the API server lets Alice look at a deployment.
pub(crate) fn may_get(namespace: &str, name: &str) -> bool {
    let attributes = json!({ "group": "apps", "resource": "deployments", "verb": "get", "namespace": namespace, "name": name });
    let review = json!({ "user": "alice@example.com", "resourceAttributes": attributes });
    plane().admin().review(vec![review]) == [true]
}

/// Names of this grant's objects in the cluster.
pub(crate) fn objects(id: &str) -> Vec<String> {
    let kinds = ["clusterroles", "roles", "clusterrolebindings", "rolebindings"];
    let names = kinds.iter().flat_map(|kind| {
        let (_, body) = plane().admin().call("GET", &format!("/apis/rbac.authorization.k8s.io/v1/{kind}"));
        let items = body["items"].as_array().cloned().unwrap_or_default();
        items.into_iter().filter_map(|item| item["metadata"]["name"].as_str().map(str::to_owned))
    });
    names.filter(|name| name.contains(id)).collect()
}
