//! Which role on which part of a cluster, as commands of requests take it.

use p0_access::layout::ClusterName;
use p0_grant::locator::Locator;
use p0_grant::role::RoleRef;

use crate::cli::complete;
use crate::service::{RequestItem, role_called};

/// Where, and on what.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct SelectionArgs {
    /// The cluster.
    #[arg(long, value_name = "NAME", env = "P0_CLUSTER", add = complete::clusters())]
    cluster: ClusterName,

    /// The selection: `<kind> / <namespace> / <name>`, `<kind> / <name>` where there are no namespaces, `*` for all.
    #[arg(long, value_name = "LOCATOR")]
    locator: Locator,

    /// A subresource besides the resource itself, such as `log` or `scale`; may be repeated.
    #[arg(long = "subresource", value_name = "NAME")]
    subresources: Vec<String>,
}

impl SelectionArgs {
    pub(super) fn item(&self, role: RoleRef) -> RequestItem {
        let Self { cluster, locator, subresources } = self.clone();
        RequestItem { cluster, role, locator, subresources }
    }
}

/// A role as P0 writes it: `ClusterRole / view`, in any case, or shorter.
pub(super) fn role(text: &str) -> Result<RoleRef, String> {
    role_called(text)
}
