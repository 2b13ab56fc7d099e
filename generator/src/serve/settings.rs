//! The server's settings file: what it drives, where its store is, where it listens. Strict, and without secrets.
//!
//! Not here: who may have access; that is on base.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;

use p0_access::duration::Lifetime;
use p0_access::layout::ClusterName;
use p0_access::name::HookName;
use p0_grant::yaml::{self, Limits, YamlError};
use serde::{Deserialize, Serialize};

use crate::post::PostTargetError;
use crate::slack::SlackSettings;

mod objects;
mod on_call;
mod outgoing;

pub use objects::ObjectSettings;
pub use on_call::{OnCallSettings, PagerDutySettings, Region};
pub use outgoing::{CollectorSettings, LogExportSettings, LogSinkSettings, WebhookSettings};

/// The file.
///
/// ```
/// let settings = p0_gitops::serve::Settings::read("\
/// apiVersion: p0.dev/v1alpha1
/// kind: Server
/// store: sqlite:///var/lib/p0-gitops/p0.db
/// repositories:
/// - url: ssh://git@git.example.com/access.git
///   clusters: [prod, staging]
/// ")?;
/// assert_eq!(settings.listen.to_string(), "127.0.0.1:8420");
/// # Ok::<(), p0_gitops::serve::SettingsError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Settings {
    api_version: ApiVersion,
    kind: Kind,
    /// The store: `sqlite:///path/p0.db`, or `postgres://user@host/database` with the password in PGPASSWORD.
    pub store: String,
    /// Where probes, metrics and the status page are; by default only on this machine.
    #[serde(default = "listen")]
    pub listen: SocketAddr,
    /// The names under which browsers may ask for the status page, besides this machine's own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hosts: Vec<String>,
    /// How often Git and the clusters are looked at.
    #[serde(default = "interval")]
    pub interval: Lifetime,
    /// What is logged to standard error, as JSON: `info`, `debug`, or a filter such as `info,kube=debug`.
    #[serde(default = "log")]
    pub log: String,
    /// Who knows who is on call; without it no person is, and approvers are asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_call: Option<OnCallSettings>,
    /// Webhooks that get every notice, besides the people it is for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub webhooks: Vec<WebhookSettings>,
    /// Where the audit log goes besides the store.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub log_exports: Vec<LogExportSettings>,
    /// Where people ask and answer in Slack; without it they do not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slack: Option<SlackSettings>,
    /// What is driven.
    pub repositories: Vec<RepositorySettings>,
}

/// One GitOps repository.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RepositorySettings {
    /// Its address, without secrets.
    pub url: String,
    /// The protected branch that the clusters apply.
    #[serde(default = "base")]
    pub base: String,
    /// Where its changes are proposed and merged: `git` for any Git remote, `gitea` for Gitea and Forgejo, or `github`.
    #[serde(default)]
    pub forge: ForgeKind,
    /// The clusters in it that this server drives.
    pub clusters: Vec<ClusterName>,
    /// Ways into those whose own files say how grants are confirmed: a kubeconfig that may only read, or `in-cluster`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub look: BTreeMap<ClusterName, String>,
    /// Objects whose names the form in Slack completes.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub objects: BTreeMap<ClusterName, ObjectSettings>,
}

/// Where changes are proposed and merged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ForgeKind {
    /// Branches of a plain Git remote, merged by this server.
    #[default]
    Git,
    /// Pull requests on a Gitea or Forgejo.
    Gitea,
    /// Pull requests on github.com or a GitHub Enterprise Server.
    Github,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum ApiVersion {
    #[serde(rename = "p0.dev/v1alpha1")]
    V1Alpha1,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Kind {
    Server,
}

/// Why the settings cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    /// Not the YAML that was expected.
    #[error(transparent)]
    Yaml(#[from] YamlError),
    /// There is nothing to drive.
    #[error("`repositories` names no cluster; there is nothing to serve")]
    Nothing,
    /// A cluster is named twice: two repositories would grant on it.
    #[error("the cluster `{0}` is named twice; exactly one repository grants on a cluster")]
    Twice(ClusterName),
    /// A way into a cluster that is not driven.
    #[error(
        "`look` or `objects` names the cluster `{0}`, which is not among the `clusters` of its repository"
    )]
    Stranger(ClusterName),
    /// Where PagerDuty is cannot be used.
    #[error("`onCall` cannot be used: {0}")]
    PagerDuty(pagerduty_client::ConfigError),
    /// Answers about who is on call are kept for too long.
    #[error("`onCall` keeps answers too long; `cache` is at most {0}")]
    OnCallCache(Lifetime),
    /// A webhook or an export that cannot be posted to.
    #[error("`{name}` cannot be used: {problem}")]
    Address {
        /// Which.
        name: HookName,
        /// What is wrong with its address.
        problem: PostTargetError,
    },
    /// Two of one name.
    #[error("`{list}` names `{name}` twice; give each a name of its own")]
    NamedTwice {
        /// Which list.
        list: &'static str,
        /// Which name.
        name: HookName,
    },
    /// A secret in a file that is not one.
    #[error(
        "`{0}` holds a password; settings are no secret. Give it in the environment: PGPASSWORD, P0_GIT_TOKEN"
    )]
    Secret(&'static str),
}

impl Settings {
    /// Reads and checks a settings file.
    ///
    /// # Errors
    /// [`SettingsError`], for YAML with line and column.
    pub fn read(text: &str) -> Result<Self, SettingsError> {
        let settings: Self = yaml::read(text, Limits::FILE)?;
        let mut seen = BTreeSet::new();
        for cluster in settings.clusters() {
            if !seen.insert(cluster) {
                return Err(SettingsError::Twice(cluster.clone()));
            }
        }
        if seen.is_empty() {
            return Err(SettingsError::Nothing);
        }
        for repository in &settings.repositories {
            if let Some(stranger) = repository
                .look
                .keys()
                .chain(repository.objects.keys())
                .find(|name| !repository.clusters.contains(name))
            {
                return Err(SettingsError::Stranger(stranger.clone()));
            }
        }
        settings.on_call.as_ref().map_or(Ok(()), OnCallSettings::check)?;
        outgoing::check(&settings.webhooks, &settings.log_exports)?;
        if holds_password(&settings.store) {
            return Err(SettingsError::Secret("store"));
        }
        if settings.repositories.iter().any(|repository| holds_password(&repository.url)) {
            return Err(SettingsError::Secret("repositories"));
        }
        Ok(settings)
    }

    /// Every cluster that is driven.
    pub fn clusters(&self) -> impl Iterator<Item = &ClusterName> {
        self.repositories.iter().flat_map(|repository| &repository.clusters)
    }

    /// The names a browser may ask for: a page of another site must not be able to read ours through a name of its own.
    pub(super) fn hosts(&self, bound: SocketAddr) -> BTreeSet<String> {
        let own = ["localhost", "127.0.0.1", "[::1]"].map(str::to_owned);
        let address = match bound.ip() {
            std::net::IpAddr::V4(ip) => ip.to_string(),
            std::net::IpAddr::V6(ip) => format!("[{ip}]"),
        };
        own.into_iter().chain([address]).chain(self.hosts.iter().map(|host| host.to_lowercase())).collect()
    }
}

/// Whether a URL has `user:password@` before its host.
pub(crate) fn holds_password(url: &str) -> bool {
    let authority = url.split_once("://").map_or("", |(_, rest)| rest).split('/').next().unwrap_or_default();
    authority.rsplit_once('@').is_some_and(|(user, _)| user.contains(':')) || url.contains("password=")
}

fn listen() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 8420))
}

fn interval() -> Lifetime {
    Lifetime::seconds(10)
}

fn log() -> String {
    "info".to_owned()
}

fn base() -> String {
    "main".to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "apiVersion: p0.dev/v1alpha1\nkind: Server\n";

    fn read(rest: &str) -> Result<Settings, SettingsError> {
        Settings::read(&format!("{HEAD}{rest}"))
    }

    #[test]
    fn what_is_left_out_has_a_default() {
        let settings =
            read("store: sqlite:///p0.db\nrepositories: [{url: /srv/access.git, clusters: [prod]}]\n")
                .unwrap();
        assert_eq!(settings.interval.to_string(), "10s");
        assert_eq!(settings.repositories[0].base, "main");
        assert!(settings.hosts(settings.listen).contains("localhost"));
    }

    #[test]
    fn a_wrong_setting_is_named_with_its_place() {
        let good = "store: sqlite:///p0.db\nrepositories: [{url: /srv/access.git, clusters: [prod]}]\n";
        for (line, words) in [
            ("interval: often", "not a duration"),
            ("listen: everywhere", "invalid socket address"),
            ("colour: red", "unknown field"),
        ] {
            let error = read(&format!("{good}{line}\n")).unwrap_err().to_string();
            assert!(error.contains(words) && error.contains("line 5"), "{line}: {error}");
        }
    }

    #[test]
    fn a_cluster_has_one_repository_and_there_is_one() {
        let two = "store: s\nrepositories: [{url: a, clusters: [prod]}, {url: b, clusters: [prod]}]\n";
        assert!(matches!(read(two).unwrap_err(), SettingsError::Twice(_)));
        assert_eq!(read("store: s\nrepositories: []\n").unwrap_err(), SettingsError::Nothing);
    }

    #[test]
    fn what_knows_who_is_on_call_is_a_file_or_pagerduty() {
        let with = |on_call: &str| {
            read(&format!("store: s\nrepositories: [{{url: a, clusters: [prod]}}]\nonCall: {on_call}\n"))
        };
        assert!(with("{file: /etc/on-call.yaml}").is_ok());
        let eu = with("{pagerduty: {region: eu}}").unwrap();
        let Some(OnCallSettings::Pagerduty(eu)) = eu.on_call else { panic!("PagerDuty") };
        assert_eq!(eu.endpoint().unwrap().to_string(), "https://api.eu.pagerduty.com");
        assert_eq!((eu.overrides, eu.cache), (crate::on_call::Overrides::Refused, Lifetime::seconds(30)));
        for (wrong, words) in [
            ("{pagerduty: {url: \"http://pagerduty.example.com\"}}", "https://"),
            ("{pagerduty: {cache: 10m}}", "at most 5m"),
            ("{pagerduty: {region: moon}}", "moon"),
            ("{pagerduty: {token: abc}}", "token"),
        ] {
            let error = with(wrong).unwrap_err().to_string();
            assert!(error.contains(words), "{wrong}: {error}");
        }
    }

    #[test]
    fn only_clusters_that_are_driven_are_looked_into() {
        let with = |cluster| {
            read(&format!(
                "store: s\nrepositories: [{{url: a, clusters: [prod], look: {{{cluster}: in-cluster}}}}]\n"
            ))
        };
        assert!(with("prod").is_ok());
        assert!(
            matches!(with("stage").unwrap_err(), SettingsError::Stranger(name) if name.as_str() == "stage")
        );
    }

    #[test]
    fn objects_are_of_clusters_that_are_driven_and_never_secrets() {
        let with = |objects: &str| {
            read(&format!("store: s\nrepositories: [{{url: a, clusters: [prod], objects: {objects}}}]\n"))
        };
        let settings = with("{prod: {access: in-cluster}}").unwrap();
        let kinds = &settings.repositories[0].objects.values().next().unwrap().kinds;
        assert!(kinds.iter().any(|kind| kind.to_string() == "deployments.apps"), "{kinds:?}");
        assert!(matches!(with("{stage: {access: in-cluster}}").unwrap_err(), SettingsError::Stranger(_)));
        let error = with("{prod: {access: in-cluster, kinds: [secrets]}}").unwrap_err().to_string();
        assert!(error.contains("not followed") && error.contains("line 4"), "{error}");
    }

    #[test]
    fn settings_hold_no_password() {
        let rest = "repositories: [{url: https://git.example.com/a.git, clusters: [prod]}]\n";
        for store in ["postgres://p0:hunter2@db/p0", "postgres://db/p0?password=hunter2"] {
            let error = read(&format!("store: {store}\n{rest}")).unwrap_err();
            assert_eq!(error, SettingsError::Secret("store"));
            assert!(!error.to_string().contains("hunter2"));
        }
        let rest = "repositories: [{url: https://me:hunter2@git.example.com/a.git, clusters: [prod]}]\n";
        assert_eq!(read(&format!("store: s\n{rest}")).unwrap_err(), SettingsError::Secret("repositories"));
        assert!(
            read("store: postgres://p0@db/p0\nrepositories: [{url: ssh://git@h/a.git, clusters: [prod]}]\n")
                .is_ok()
        );
    }
}
