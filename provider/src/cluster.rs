//! The cluster as the provider uses it: what one configuration of the provider has learnt is asked for once, and grants are
//! written here.
//!
//! Not here: the client itself ([`p0_cluster`]), and which cluster and with whose credentials ([`crate::config`]).

use std::sync::atomic::{AtomicBool, Ordering};

use jiff::{SignedDuration, Timestamp};
use p0_grant::role::Role;
use p0_grant::rule::ResourceRule;
use p0_grant::selection::Target;
use p0_grant::subject::Subject;

mod accounts;
mod aws_auth;
mod error;
mod list_cache;
mod listing;
mod objects;
mod sources;

pub use accounts::IssuedToken;
pub use aws_auth::ConfigMap;
pub use error::ClusterError;
pub(crate) use listing::granted_role;
#[cfg(test)]
pub(crate) use listing::unseen_roles;
pub use objects::{Created, Deleted};
pub use p0_cluster::{Kind, Limits, LiveObject, ObjectRef};

use aws_auth::AwsAuthCache;
use list_cache::ListCache;
use sources::Sources;

/// A cluster that can be asked.
pub struct Cluster {
    api: p0_cluster::Cluster,
    skew_told: AtomicBool,
    sources: Sources,
    list_cache: ListCache,
    aws_auth: AwsAuthCache,
}

impl Cluster {
    /// A client for `config`; the server is not asked yet.
    ///
    /// # Errors
    /// [`ClusterError`] where the credentials cannot be had or the configuration makes no client.
    pub async fn connect(config: kube::Config, limits: Limits) -> Result<Self, ClusterError> {
        Ok(Self {
            api: p0_cluster::Cluster::with_config(config, limits).await?,
            skew_told: AtomicBool::new(false),
            sources: Sources::default(),
            list_cache: ListCache::default(),
            aws_auth: AwsAuthCache::default(),
        })
    }

    /// The server's address.
    pub fn server(&self) -> &str {
        self.api.server()
    }

    /// The server's certificate authorities, PEM; `None` where the system's count.
    pub fn authority(&self) -> Option<&str> {
        self.api.authority()
    }

    /// The object; `None` where there is none.
    ///
    /// # Errors
    /// [`ClusterError`] for every answer but these two.
    pub async fn get(&self, reference: &ObjectRef) -> Result<Option<LiveObject>, ClusterError> {
        Ok(self.api.get(reference).await?)
    }

    /// Every object of a kind with the labels of `selector`, in all namespaces or in one.
    ///
    /// # Errors
    /// [`ClusterError`].
    pub async fn list(
        &self,
        kind: Kind,
        namespace: Option<&str>,
        selector: &str,
    ) -> Result<Vec<LiveObject>, ClusterError> {
        Ok(self.api.list(kind, namespace, selector).await?)
    }

    /// All ClusterRoles, and the Roles of one namespace, but for role objects of grants.
    ///
    /// # Errors
    /// [`ClusterError`].
    pub async fn roles(&self, namespace: Option<&str>) -> Result<Vec<Role>, ClusterError> {
        Ok(self.api.roles(namespace).await?)
    }

    /// Whether `subject` may do the first verb of `rule` on its first resource, where `target` is.
    ///
    /// # Errors
    /// [`ClusterError`].
    pub async fn allows(
        &self,
        subject: &Subject,
        rule: &ResourceRule,
        target: &Target,
    ) -> Result<bool, ClusterError> {
        Ok(self.api.allows(subject, rule, target).await?)
    }

    /// The cluster's time in whole seconds.
    ///
    /// # Errors
    /// [`ClusterError`] where the server has not answered yet and does not now.
    pub async fn now(&self) -> Result<Timestamp, ClusterError> {
        Ok(self.api.now().await?)
    }

    /// The cluster's time by its last answer, without asking; `None` before the first one.
    pub fn last_seen(&self) -> Option<Timestamp> {
        self.api.last_seen()
    }

    /// How far this machine's clock is off, once, where the difference matters.
    pub fn skew(&self) -> Option<SignedDuration> {
        let skew = self.api.skew()?;
        (!self.skew_told.swap(true, Ordering::Relaxed)).then_some(skew)
    }
}
