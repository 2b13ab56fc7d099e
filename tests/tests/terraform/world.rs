//! What every test here starts from: a namespace of its own, a proxy in front of the API server, an empty workspace.

use std::sync::atomic::{AtomicU32, Ordering};

use jiff::{SignedDuration, Timestamp};
use p0_tests::terraform::{Plugin, Tool, Workspace};
use p0_tests::{Api, ControlPlane, Proxy};
use serde_json::{Value, json};

/// A user of the provider.
pub(crate) struct World {
    pub(crate) proxy: Proxy,
    pub(crate) tool: Workspace,
    pub(crate) namespace: String,
}

/// The address of the one grant that most tests have.
pub(crate) const GRANT: &str = "p0_k8s_grant.this";

/// What that grant is made of, besides its time.
pub(crate) const TERMS: &str = r#"
  role    = { name = "view" }
  locator = "deployment / NAMESPACE / nginx"
  subject = { kind = "User", name = "alice@example.com" }
"#;

impl World {
    pub(crate) fn new() -> Self {
        Self::with(Tool::Terraform)
    }

    pub(crate) fn with(tool: Tool) -> Self {
        Self::around(Workspace::new(tool, Plugin::P0))
    }

    /// A world for a workspace that is set up in another way.
    pub(crate) fn around(tool: Workspace) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let namespace = format!("team-{}", NUMBER.fetch_add(1, Ordering::Relaxed));
        let plane = ControlPlane::shared();
        plane.admin().must_create(&json!({
            "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": namespace },
        }));
        Self { proxy: Proxy::start(plane), tool, namespace }
    }

    /// The cluster, as its administrator sees it.
    pub(crate) fn api(&self) -> Api {
        ControlPlane::shared().admin()
    }

    /// Makes `body` the configuration, beside the provider's; `NAMESPACE` in it is the world's own.
    pub(crate) fn configure(&self, body: &str) {
        self.configure_with("", body);
    }

    /// The same with settings of the provider.
    pub(crate) fn configure_with(&self, settings: &str, body: &str) {
        let token = ControlPlane::shared().token();
        let provider = format!(
            "provider \"p0\" {{\n  host  = \"{}\"\n  token = \"{token}\"\n  {settings}\n}}\n",
            self.proxy.url()
        );
        self.tool.configure(&format!("{provider}\n{}", body.replace("NAMESPACE", &self.namespace)));
    }

    /// One grant of the usual terms, with `rest` besides.
    pub(crate) fn grant(&self, rest: &str) {
        self.configure(&grant(&format!("{TERMS}{rest}")));
    }

    /// A time so much after what the cluster says it is now, as a configuration has it.
    pub(crate) fn at(&self, minutes: i64) -> String {
        let at: Timestamp = self.proxy.now() + SignedDuration::from_mins(minutes);
        at.round(jiff::Unit::Second).expect("a time").to_string()
    }

    pub(crate) fn later(&self, minutes: i64) {
        let since_now = self.proxy.now().duration_since(Timestamp::now());
        self.proxy.shift_clock(since_now + SignedDuration::from_mins(minutes));
    }

    pub(crate) fn state(&self) -> Value {
        self.tool.state_of(GRANT)
    }

    /// Every object in the cluster that carries a grant's id: `(path, object)`, bindings first.
    pub(crate) fn objects(&self, id: &str) -> Vec<(String, Value)> {
        let kinds = ["rolebindings", "clusterrolebindings", "roles", "clusterroles"];
        let listed = kinds.iter().flat_map(|kind| {
            let list = format!("/apis/rbac.authorization.k8s.io/v1/{kind}?labelSelector=p0.dev/grant={id}");
            let items = self.api().call("GET", &list).1["items"].as_array().cloned().unwrap_or_default();
            items.into_iter().map(move |item| (path(kind, &item), item))
        });
        listed.collect()
    }

    /// What the API server says: whether the grant's subject may do this in the world's namespace.
    pub(crate) fn may(&self, verb: &str, resource: &str, name: &str) -> bool {
        self.may_each(&[(verb, resource, name)]) == [true]
    }

    /// The same for many, each a verb, a resource as `group/plural:subresource`, and a name.
    pub(crate) fn may_each(&self, asked: &[(&str, &str, &str)]) -> Vec<bool> {
        self.api()
            .review(asked.iter().map(|(verb, resource, name)| self.asks(verb, resource, name)).collect())
    }

    fn asks(&self, verb: &str, resource: &str, name: &str) -> Value {
        let (group, plural) = resource.split_once('/').unwrap_or(("", resource));
        let (plural, subresource) = plural.split_once(':').unwrap_or((plural, ""));
        json!({
            "user": "alice@example.com",
            "resourceAttributes": {
                "namespace": self.namespace, "verb": verb, "group": group, "resource": plural,
                "subresource": subresource, "name": name,
            },
        })
    }
}

pub(crate) fn grant(body: &str) -> String {
    format!("resource \"p0_k8s_grant\" \"this\" {{\n{body}\n}}\n")
}

fn path(kind: &str, item: &Value) -> String {
    let name = item["metadata"]["name"].as_str().expect("a name");
    let namespace = item["metadata"]["namespace"].as_str();
    let within = namespace.map(|namespace| format!("/namespaces/{namespace}")).unwrap_or_default();
    format!("/apis/rbac.authorization.k8s.io/v1{within}/{kind}/{name}")
}
