//! What of the configuration contradicts itself, or means nothing without the rest.

use tfplugin::diagnostics::{Diagnostic, Diagnostics};

use super::{Parts, missing, wrong};

impl Parts {
    pub(super) fn contradictions(&self) -> Diagnostics {
        let mut found = Diagnostics::new();
        let two_clusters = "names a cluster, and so does a kubeconfig: leave one out. Credentials for one cluster are \
                            never sent to another.";
        if self.host.is_some() && !self.files.is_empty() {
            found.push(wrong("host", format!("`host` (or `KUBE_HOST`) {two_clusters}")));
        }
        if self.token.is_some() && self.exec.is_some() {
            found.push(wrong("token", "`token` and `exec` are two identities: leave one out."));
        }
        if self.token.is_some() && self.username.is_some() {
            found.push(wrong("username", "`token` and `username` are two identities: leave one out."));
        }
        if self.insecure == Some(true) && self.cluster_ca_certificate.is_some() {
            let detail = "`insecure` and `cluster_ca_certificate` contradict each other: leave one out.";
            found.push(wrong("insecure", detail));
        }
        for (attribute, is_missing, other) in [
            (
                "client_key",
                self.client_certificate.is_some() && self.client_key.is_none(),
                "client_certificate",
            ),
            (
                "client_certificate",
                self.client_key.is_some() && self.client_certificate.is_none(),
                "client_key",
            ),
            ("password", self.username.is_some() && self.password.is_none(), "username"),
            ("username", self.password.is_some() && self.username.is_none(), "password"),
        ] {
            if is_missing {
                found.push(missing(
                    attribute,
                    format!("`{other}` is set and `{attribute}` is not; they go together."),
                ));
            }
        }
        found.extend(self.of_kubeconfigs());
        found.extend(self.of_hosts());
        found
    }

    /// Parts that mean nothing without a kubeconfig.
    fn of_kubeconfigs(&self) -> Option<Diagnostic> {
        let parts = [
            ("config_context", &self.context),
            ("config_context_auth_info", &self.auth_info),
            ("config_context_cluster", &self.cluster),
        ];
        let (attribute, _) = parts.into_iter().find(|(_, part)| part.is_some() && self.files.is_empty())?;
        let detail =
            format!("`{attribute}` is set and no kubeconfig is: set `config_path` too, or leave it out.");
        Some(missing("config_path", detail))
    }

    /// Parts that mean nothing without any cluster.
    fn of_hosts(&self) -> Option<Diagnostic> {
        if self.host.is_some() || !self.files.is_empty() {
            return None;
        }
        let attribute = self.first_without_cluster()?;
        let detail = format!(
            "`{attribute}` is set and no cluster is: set `host` or `config_path` too. Another cluster is never taken instead."
        );
        Some(missing("host", detail))
    }

    fn first_without_cluster(&self) -> Option<&'static str> {
        let parts = [
            ("token", self.token.is_some()),
            ("exec", self.exec.is_some()),
            ("client_certificate", self.client_certificate.is_some()),
            ("username", self.username.is_some()),
            ("cluster_ca_certificate", self.cluster_ca_certificate.is_some()),
            ("tls_server_name", self.tls_server_name.is_some()),
            ("proxy_url", self.proxy_url.is_some()),
            ("insecure", self.insecure.is_some()),
        ];
        parts.into_iter().find(|(_, is_set)| *is_set).map(|(name, _)| name)
    }
}
