//! The block as Terraform sends it: each part absent, not known yet, or there.

use tfplugin::value::{Attr, Value};

tfplugin::model! {
    /// The provider block.
    #[derive(Clone, Debug)]
    pub struct Block {
        /// See [`super::schema`], as for all others.
        pub host: Attr<String>,
        /// Basic authentication.
        pub username: Attr<String>,
        /// Basic authentication.
        pub password: Attr<String>,
        /// No verification of the server.
        pub insecure: Attr<bool>,
        /// The name in the server's certificate.
        pub tls_server_name: Attr<String>,
        /// PEM.
        pub client_certificate: Attr<String>,
        /// PEM.
        pub client_key: Attr<String>,
        /// PEM.
        pub cluster_ca_certificate: Attr<String>,
        /// A kubeconfig.
        pub config_path: Attr<String>,
        /// Several; elements may be unknown.
        pub config_paths: Value,
        /// Which context.
        pub config_context: Attr<String>,
        /// Which user of the kubeconfig.
        pub config_context_auth_info: Attr<String>,
        /// Which cluster of the kubeconfig.
        pub config_context_cluster: Attr<String>,
        /// A bearer token.
        pub token: Attr<String>,
        /// A proxy.
        pub proxy_url: Attr<String>,
        /// At most one block.
        pub exec: Value,
        /// The longest grant.
        pub max_duration: Attr<String>,
        /// Pairs; parts may be unknown.
        pub allow_privileged: Value,
        /// `ClusterRole` or `Role`.
        pub role_object: Attr<String>,
        /// Whether `*` becomes the standard verbs everywhere.
        pub expand_wildcards: Attr<bool>,
        /// What names begin with.
        pub name_prefix: Attr<String>,
        /// Whether a grant needs a reason.
        pub require_reason: Attr<bool>,
        /// More namespaces that are the system's; elements may be unknown.
        pub system_namespaces: Value,
        /// The namespaces of the GitOps applier and of the bot; elements may be unknown.
        pub applier_namespaces: Value,
        /// How many requests at one time.
        pub max_concurrent_requests: Attr<i64>,
        /// How long one may take.
        pub request_timeout: Attr<String>,
        /// Whether apply waits until the cluster says yes.
        pub wait_for_effective: Attr<bool>,
    }
}
