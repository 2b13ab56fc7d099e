//! The block's schema, with what the registry says of each part.

use tfplugin::schema::{Attribute, Block, Mode, Nesting, Schema};
use tfplugin::value::Type;

fn text(about: &str) -> Attribute {
    Attribute::optional(Type::String).about(about)
}

/// The provider block.
pub fn schema() -> Schema {
    let about = "Just-in-time Kubernetes access as resources: the rules of an existing role that apply to one selection, bound \
                 to one subject until a time.";
    settings(files(connection(Schema::new(about)))).with_block("exec", exec())
}

fn connection(schema: Schema) -> Schema {
    schema
        .with("host", text("Address of the API server, `https://host:port`. Also `KUBE_HOST`."))
        .with("username", text("User name for basic authentication. Also `KUBE_USER`."))
        .with("password", text("Password for basic authentication. Also `KUBE_PASSWORD`.").sensitive())
        .with("token", text("Bearer token. Also `KUBE_TOKEN`.").sensitive())
        .with(
            "insecure",
            Attribute::optional(Type::Bool)
                .about("Do not verify the server's certificate. Also `KUBE_INSECURE`. For trials only."),
        )
        .with(
            "tls_server_name",
            text("Name that the server's certificate has to have. Also `KUBE_TLS_SERVER_NAME`."),
        )
        .with("client_certificate", text("Client certificate, PEM. Also `KUBE_CLIENT_CERT_DATA`."))
        .with(
            "client_key",
            text("Key of the client certificate, PEM. Also `KUBE_CLIENT_KEY_DATA`.").sensitive(),
        )
        .with(
            "cluster_ca_certificate",
            text("Certificate authorities of the API server, PEM. Also `KUBE_CLUSTER_CA_CERT_DATA`."),
        )
        .with("proxy_url", text("Proxy for all requests: `http://…` or `socks5://…`. Also `KUBE_PROXY_URL`."))
}

fn files(schema: Schema) -> Schema {
    schema
        .with("config_path", text("A kubeconfig. Also `KUBE_CONFIG_PATH`. `KUBECONFIG` is not read."))
        .with(
            "config_paths",
            Attribute::optional(Type::list(Type::String))
                .about("Several kubeconfigs, merged as kubectl does. Also `KUBE_CONFIG_PATHS`, separated as in `PATH`."),
        )
        .with("config_context", text("Context of the kubeconfig. Also `KUBE_CTX`. Without one, its current context."))
        .with("config_context_auth_info", text("User of the kubeconfig. Also `KUBE_CTX_AUTH_INFO`."))
        .with("config_context_cluster", text("Cluster of the kubeconfig. Also `KUBE_CTX_CLUSTER`."))
}

fn exec() -> Block {
    let exec =
        Schema::new("A program that prints credentials, as in a kubeconfig. It gets no standard input.")
            .with(
                "api_version",
                Attribute::required(Type::String).about("`client.authentication.k8s.io/v1` or `…/v1beta1`."),
            )
            .with("command", Attribute::required(Type::String).about("The program."))
            .with("args", Attribute::optional(Type::list(Type::String)).about("Its arguments."))
            .with(
                "env",
                Attribute::optional(Type::map(Type::String)).about("Variables besides the provider's own."),
            );
    Block::at_most_one(exec)
}

fn settings(schema: Schema) -> Schema {
    let pair = [
        ("role", Attribute::required(Type::String).about("`ClusterRole/NAME` or `Role/NAMESPACE/NAME`.")),
        (
            "resource",
            Attribute::required(Type::String).about("`plural.group`, or `plural` for the core group."),
        ),
    ];
    schema
        .with("max_duration", text("The longest that a grant may last, such as `7d`. No limit without it."))
        .with(
            "allow_privileged",
            Attribute::nested(Mode::Optional, Nesting::List, pair).about(
                "Pairs of role and resource for which rules that lead to every right, privileged verbs and system \
                 namespaces are allowed. A guard rail: the boundary is the RBAC of the identity that applies.",
            ),
        )
        .with(
            "role_object",
            text(
                "`ClusterRole` (default), or `Role`: where one namespace is selected, the rules become a Role there, so that \
                 rights in that namespace suffice. Fixed for each grant when it is created.",
            ),
        )
        .with(
            "expand_wildcards",
            Attribute::optional(Type::Bool).about(
                "Write the eight standard verbs for every verb `*`, not only where `*` would carry a privileged one. Fixed \
                 for each grant when it is created.",
            ),
        )
        .with("name_prefix", text("What objects' names begin with; `p0` without it. Fixed for each grant when it is created."))
        .with("require_reason", Attribute::optional(Type::Bool).about("Refuse grants without a reason."))
        .with(
            "system_namespaces",
            Attribute::optional(Type::list(Type::String))
                .about("Namespaces besides `kube-*` that are the system's: names, or beginnings followed by `*`."),
        )
        .with(
            "applier_namespaces",
            Attribute::optional(Type::list(Type::String)).about(
                "Namespaces of the GitOps applier (Argo CD, Flux) and of the `p0-gitops` bot. They are the system's too, and \
                 rules on workloads, secrets and configuration there count as the applier's own power. None by default.",
            ),
        )
        .with(
            "max_concurrent_requests",
            Attribute::optional(Type::Number).about("How many requests run at one time; 10 without it."),
        )
        .with("request_timeout", text("How long one request may take; `30s` without it."))
        .with(
            "wait_for_effective",
            Attribute::optional(Type::Bool)
                .about("Wait at the end of an apply until the cluster's own answer is that the subject has access."),
        )
}
