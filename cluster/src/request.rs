//! One request to the API server, and when it may be sent again. Not here: sending it ([`super::client`]).

use http::header::{ACCEPT, CONTENT_TYPE};
use http::{Method, Request};
use kube::client::Body;

/// One request.
#[derive(Clone, Debug)]
pub struct ApiRequest {
    /// The method.
    pub method: Method,
    /// Path and query.
    pub path: String,
    /// The body's content type, and the body.
    pub body: Option<(&'static str, Vec<u8>)>,
    /// The media types that the answer may have.
    pub accept: &'static str,
    /// What the request does, completing "cannot …".
    pub action: String,
    /// The permission that it needs, such as `get clusterroles.rbac.authorization.k8s.io`.
    pub right: String,
    /// When it may be sent again.
    pub retry: Retry,
}

/// When a request may be sent again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retry {
    /// Whenever the outcome is unknown: the request is idempotent.
    Always,
    /// Only where the server has certainly not begun.
    IfNotBegun,
    /// Never: one answer is enough, whatever it is.
    Never,
}

impl ApiRequest {
    /// A request that only reads.
    pub fn get(path: impl Into<String>, action: impl Into<String>, right: impl Into<String>) -> Self {
        Self {
            method: Method::GET,
            path: path.into(),
            body: None,
            accept: "application/json",
            action: action.into(),
            right: right.into(),
            retry: Retry::Always,
        }
    }

    /// The same request with another method and a body.
    #[must_use]
    pub fn sending(self, method: Method, kind: &'static str, body: Vec<u8>) -> Self {
        Self { method, body: Some((kind, body)), ..self }
    }

    pub(crate) fn http(&self) -> Result<Request<Body>, http::Error> {
        let mut request =
            Request::builder().method(self.method.clone()).uri(&self.path).header(ACCEPT, self.accept);
        let mut bytes = Vec::new();
        if let Some((kind, body)) = &self.body {
            request = request.header(CONTENT_TYPE, *kind);
            bytes.clone_from(body);
        }
        request.body(Body::from(bytes))
    }
}
