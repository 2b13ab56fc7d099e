//! Which role, which part of a cluster, and where both are described.

use std::path::{Path, PathBuf};

use anyhow::Context;
use p0_grant::catalogue::Catalogue;
use p0_grant::locator::Locator;
use p0_grant::role::{Role, RoleRef};
use p0_grant::selection::Selection;
use p0_grant::text::decode;

use crate::cli::complete;
use crate::cli::export::read_cluster;
use crate::cluster::Access;

/// Where roles and resources are read.
#[derive(Clone, Debug, Default, clap::Args)]
pub(in crate::cli) struct CatalogueArgs {
    /// A catalogue, or roles as `kubectl get clusterroles,roles -A -o yaml` prints them; without it, Kubernetes 1.36's own.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["kube_context", "kubeconfig"], help_heading = "Where roles are read")]
    catalogue: Option<PathBuf>,

    /// Read the cluster of this kubeconfig context instead.
    #[arg(long, value_name = "NAME", help_heading = "Where roles are read")]
    kube_context: Option<String>,

    /// Read the cluster of this kubeconfig instead.
    #[arg(long, value_name = "FILE", help_heading = "Where roles are read")]
    kubeconfig: Option<PathBuf>,
}

/// What is picked.
#[derive(Clone, Debug, clap::Args)]
pub(in crate::cli) struct PickArgs {
    /// The role: `NAME` or `ClusterRole/NAME`, `NAMESPACE/NAME` or `Role/NAMESPACE/NAME`.
    #[arg(long, value_name = "ROLE", add = complete::roles())]
    pub(in crate::cli) role: RoleRef,

    /// The selection: `<kind> / <namespace> / <name>`, `<kind> / <name>` where there are no namespaces, `*` for all.
    #[arg(long, value_name = "LOCATOR")]
    pub(in crate::cli) locator: Locator,

    /// A subresource besides the resource itself, such as `log` or `scale`; may be repeated.
    #[arg(long = "subresource", value_name = "NAME")]
    pub(in crate::cli) subresources: Vec<String>,
}

impl CatalogueArgs {
    pub(in crate::cli) fn read(&self) -> anyhow::Result<Catalogue> {
        match self {
            Self { catalogue: Some(path), .. } => read_catalogue_file(path),
            Self { kube_context: None, kubeconfig: None, .. } => Ok(Catalogue::embedded()?),
            Self { kube_context, kubeconfig, .. } => {
                let access = Access::Kubeconfig { file: kubeconfig.clone(), context: kube_context.clone() };
                let export = read_cluster(&access)?;
                // One API group whose server is down must not stop a look at another one.
                for failed in export.failed() {
                    errln!(
                        "warning: {failed}; the kinds of this API group cannot be selected until it answers"
                    );
                }
                Ok(export.partial(None)?)
            }
        }
    }
}

/// Reads a catalogue, or a list of roles beside Kubernetes' own resources.
pub(in crate::cli) fn read_catalogue_file(path: &Path) -> anyhow::Result<Catalogue> {
    let shown = path.display();
    let bytes = std::fs::read(path).with_context(|| format!("cannot read `{shown}`"))?;
    let text = decode(&bytes).with_context(|| format!("cannot read `{shown}`"))?;
    let (catalogue, left_out) = Catalogue::read_any(text)
        .with_context(|| format!("`{shown}` holds neither a catalogue nor roles that can be read"))?;
    for lost in left_out {
        errln!("left out: {} ({})", lost.what, lost.reason);
    }
    Ok(catalogue)
}

impl PickArgs {
    /// The role and the selection, found in `catalogue`.
    pub(in crate::cli) fn find<'c>(&self, catalogue: &'c Catalogue) -> anyhow::Result<(&'c Role, Selection)> {
        let role = catalogue.role(&self.role)?;
        let selection = self.locator.resolve(catalogue)?;
        Ok((role, selection.with_subresources_of(role, self.subresources.iter().cloned())?))
    }
}
