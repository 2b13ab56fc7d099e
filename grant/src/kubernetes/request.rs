//! Requests: what a client tries to do, in the terms the API server's authorizer sees.
//!
//! Not here: how a URL becomes these terms
//! (<https://github.com/kubernetes/apiserver/blob/v0.36.2/pkg/endpoints/request/requestinfo.go> does that).

/// One attempt, as RBAC judges it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Request<'a> {
    /// An attempt on an API resource.
    Resource(ResourceRequest<'a>),
    /// An attempt on a path that is not a resource.
    Url {
        /// The HTTP method in lower case.
        verb: &'a str,
        /// The path, beginning with `/`.
        path: &'a str,
    },
}

/// An attempt on an API resource. `""` stands for the core group, no subresource, no namespace and no name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ResourceRequest<'a> {
    /// `get`, `list`, `watch`, `create`, `update`, `patch`, `delete`, `deletecollection` or a custom verb.
    pub verb: &'a str,
    /// The API group.
    pub group: &'a str,
    /// The resource's plural.
    pub resource: &'a str,
    /// The part behind the name in the URL: `log`, `scale`, …
    pub subresource: &'a str,
    /// The namespace in the URL.
    pub namespace: &'a str,
    /// The name in the URL, or the one that a `metadata.name` field selector requires.
    pub name: &'a str,
}

impl<'a> From<ResourceRequest<'a>> for Request<'a> {
    fn from(request: ResourceRequest<'a>) -> Self {
        Self::Resource(request)
    }
}
