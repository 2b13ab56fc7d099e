//! The API server by plain HTTP, for tests that look at statuses. Not here: typed clients.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use serde_json::{Value, json};

use super::authorizer;

/// Somebody's view of the API server. Clones share one client.
#[derive(Clone)]
pub struct Api {
    url: String,
    token: String,
    user: Option<String>,
    groups: Vec<String>,
}

/// One runtime and one client for all tests of a process.
struct Shared {
    runtime: tokio::runtime::Runtime,
    client: reqwest::Client,
}

fn shared() -> &'static Arc<Shared> {
    static SHARED: OnceLock<Arc<Shared>> = OnceLock::new();
    SHARED.get_or_init(|| {
        // Another test of the process may have chosen the same one before.
        let _installed_before = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
        let client = reqwest::Client::builder()
            .danger_accept_invalid_certs(true)
            .no_proxy()
            .build()
            .expect("a client");
        Arc::new(Shared { runtime, client })
    })
}

impl Api {
    pub(super) fn new(url: String, token: &str) -> Self {
        Self { url, token: token.to_owned(), user: None, groups: Vec::new() }
    }

    /// The same as another user.
    #[must_use]
    pub fn impersonating(mut self, user: &str) -> Self {
        self.user = Some(user.to_owned());
        self
    }

    /// The same with groups.
    #[must_use]
    pub fn in_groups(mut self, groups: &[&str]) -> Self {
        self.groups = groups.iter().map(ToString::to_string).collect();
        self
    }

    /// Whether the authorizer decides what this may do; an administrator may do everything.
    fn is_judged(&self) -> bool {
        self.user.is_some() || self.token != super::ADMIN_TOKEN
    }

    /// A request, to be sent at once. What was granted or taken away before it counts for it.
    fn request(&self, method: &str, path: &str) -> reqwest::RequestBuilder {
        if self.is_judged() {
            self.wait_for_authorizer();
        }
        let method = http::Method::from_bytes(method.as_bytes()).expect("a method");
        let mut request =
            shared().client.request(method, format!("{}{path}", self.url)).bearer_auth(&self.token);
        if let Some(user) = &self.user {
            request = request.header("Impersonate-User", user);
        }
        for group in &self.groups {
            request = request.header("Impersonate-Group", group);
        }
        request
    }

    fn send(request: reqwest::RequestBuilder) -> Option<(u16, Value)> {
        let (status, body) = Self::answer(request)?;
        Some((status, serde_json::from_slice(&body).unwrap_or(Value::Null)))
    }

    fn answer(request: reqwest::RequestBuilder) -> Option<(u16, Vec<u8>)> {
        shared().runtime.block_on(async {
            let answer = request.send().await.ok()?;
            let status = answer.status().as_u16();
            Some((status, answer.bytes().await.ok()?.into()))
        })
    }

    /// The status of a POST to any address, without anybody's name.
    pub(crate) fn ask(url: &str) -> Option<u16> {
        Self::send(shared().client.post(url)).map(|(status, _)| status)
    }

    /// GET, where the server may not be up.
    pub fn try_get(&self, path: &str) -> Option<(u16, Value)> {
        Self::send(self.request("GET", path))
    }

    /// The status and body of a request without one.
    pub fn call(&self, method: &str, path: &str) -> (u16, Value) {
        Self::send(self.request(method, path)).unwrap_or_else(|| panic!("{method} {path}: no answer"))
    }

    /// What a GET gives, as text.
    pub fn text(&self, path: &str) -> String {
        let (status, body) = Self::answer(self.request("GET", path)).expect("an answer");
        assert_eq!(status, 200, "GET {path}");
        String::from_utf8(body).expect("a text")
    }

    /// The status of a GET.
    pub fn get(&self, path: &str) -> u16 {
        self.call("GET", path).0
    }

    /// The status and body of a request with a JSON body.
    pub fn send_json(&self, method: &str, path: &str, kind: &str, body: &Value) -> (u16, Value) {
        let request = self.request(method, path).header("Content-Type", kind).body(body.to_string());
        Self::send(request).unwrap_or_else(|| panic!("{method} {path}: no answer"))
    }

    /// Creates an object in its collection.
    pub fn create(&self, object: &Value) -> (u16, Value) {
        self.send_json("POST", &collection(object), "application/json", object)
    }

    /// Creates an object that must not fail.
    pub fn must_create(&self, object: &Value) {
        let (status, body) = self.create(object);
        assert_eq!(status, 201, "{object}: {body}");
    }

    /// Server-side apply, as GitOps appliers do it.
    pub fn apply(&self, object: &Value) -> (u16, Value) {
        let name = object["metadata"]["name"].as_str().expect("a name");
        let path = format!("{}/{}?fieldManager=applier&force=true", collection(object), encoded(name));
        self.send_json("PATCH", &path, "application/apply-patch+yaml", object)
    }

    /// Makes a kind known, from the YAML text of its definition, and waits until it is served.
    pub fn define(&self, name: &str, definition: &str) {
        let path = format!("/apis/apiextensions.k8s.io/v1/customresourcedefinitions/{name}");
        let request = self
            .request("PATCH", &format!("{path}?fieldManager=applier&force=true"))
            .header("Content-Type", "application/apply-patch+yaml")
            .body(definition.to_owned());
        let (status, body) = Self::send(request).expect("an answer");
        assert!(status < 300, "{name}: {body}");
        crate::eventually(name, || {
            let (_, live) = self.call("GET", &path);
            let conditions = live["status"]["conditions"].as_array().cloned().unwrap_or_default();
            conditions.iter().any(|each| each["type"] == "Established" && each["status"] == "True")
        });
    }

    /// Applies `manifests` (multi-document YAML texts) and deletes objects of this product that are not among them, as an
    /// applier with pruning does. Gives the statuses of what failed.
    pub fn sync(&self, manifests: &[String]) -> Vec<(u16, Value)> {
        let objects: Vec<Value> = manifests.iter().flat_map(|text| documents(text)).collect();
        let mut failed: Vec<(u16, Value)> =
            objects.iter().map(|object| self.apply(object)).filter(|(status, _)| *status >= 300).collect();
        let wanted: BTreeMap<String, &Value> = objects.iter().map(|object| (item(object), object)).collect();
        for kind in ["rolebindings", "clusterrolebindings", "roles", "clusterroles"] {
            let list = format!(
                "/apis/rbac.authorization.k8s.io/v1/{kind}?labelSelector=app.kubernetes.io/managed-by=p0-gitops"
            );
            let (_, body) = self.call("GET", &list);
            for live in body["items"].as_array().into_iter().flatten() {
                let live = json!({ "apiVersion": "rbac.authorization.k8s.io/v1", "kind": kind_of(kind), "metadata": live["metadata"] });
                if !wanted.contains_key(&item(&live)) {
                    failed
                        .extend(Some(self.call("DELETE", &item(&live))).filter(|(status, _)| *status >= 300));
                }
            }
        }
        failed
    }

    /// Returns when everything that was granted or taken away before counts.
    ///
    /// # Panics
    /// Where it never does.
    pub fn wait_for_authorizer(&self) {
        authorizer::catches_up(&Self::new(self.url.clone(), super::ADMIN_TOKEN));
    }

    /// Answers of SubjectAccessReviews, in the order asked. What was granted or taken away before counts.
    pub fn review(&self, reviews: Vec<Value>) -> Vec<bool> {
        self.wait_for_authorizer();
        self.review_now(reviews)
    }

    /// The same as the authorizer knows it now, many at a time.
    pub(super) fn review_now(&self, reviews: Vec<Value>) -> Vec<bool> {
        const AT_ONCE: usize = 32;
        let path = "/apis/authorization.k8s.io/v1/subjectaccessreviews";
        shared().runtime.block_on(async {
            let mut answers = Vec::with_capacity(reviews.len());
            for chunk in reviews.chunks(AT_ONCE) {
                let asked = chunk.iter().map(|spec| {
                    let body = json!({ "apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview", "spec": spec });
                    let request = self.request("POST", path).header("Content-Type", "application/json").body(body.to_string());
                    tokio::spawn(async move { request.send().await?.bytes().await })
                });
                for asked in asked.collect::<Vec<_>>() {
                    let body = asked.await.expect("a task").expect("an answer");
                    let answer: Value = serde_json::from_slice(&body).expect("JSON");
                    answers.push(answer["status"]["allowed"].as_bool().unwrap_or_else(|| panic!("{answer}")));
                }
            }
            answers
        })
    }
}

/// Multi-document YAML as values; `sigs.k8s.io/yaml` is held against it in the manifests' tests.
pub(crate) fn documents(text: &str) -> Vec<Value> {
    p0_grant::yaml::read_all(text, p0_grant::yaml::Limits::FILE).expect("manifests")
}

fn kind_of(plural: &str) -> &'static str {
    match plural {
        "rolebindings" => "RoleBinding",
        "clusterrolebindings" => "ClusterRoleBinding",
        "roles" => "Role",
        _ => "ClusterRole",
    }
}

/// The path of an object's collection; plurals are regular for everything that tests create.
fn collection(object: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let (version, kind) = (text(&object["apiVersion"]), text(&object["kind"]).to_lowercase());
    let root = if version.contains('/') { format!("/apis/{version}") } else { format!("/api/{version}") };
    let namespace = object["metadata"]["namespace"]
        .as_str()
        .map(|name| format!("/namespaces/{name}"))
        .unwrap_or_default();
    format!("{root}{namespace}/{kind}s")
}

fn item(object: &Value) -> String {
    format!("{}/{}", collection(object), encoded(object["metadata"]["name"].as_str().expect("a name")))
}

/// A path segment: everything but unreserved characters in percent encoding.
fn encoded(name: &str) -> String {
    let byte = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => char::from(byte).to_string(),
        other => format!("%{other:02X}"),
    };
    name.bytes().map(byte).collect()
}
