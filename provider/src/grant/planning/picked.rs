//! What is picked: a role and what its rules are cut to, for everything besides the resource that asks for both.

use std::collections::BTreeSet;

use p0_grant::locator::Locator;
use p0_grant::role::{Role, RoleRef};
use p0_grant::selection::Selection;
use tfplugin::diagnostics::{Diagnostic, Diagnostics};
use tfplugin::value::{Attr, Value};

use super::resolve;
use super::wish;
use crate::cluster::Cluster;

/// The attributes of [`crate::grant::schema::picked`], read and checked as far as they are known.
#[derive(Clone, Debug)]
pub(crate) struct Picked {
    role: Attr<RoleRef>,
    pick: Attr<Locator>,
    attribute: &'static str,
    subresources: Attr<BTreeSet<String>>,
}

impl Picked {
    /// Reads a configuration.
    ///
    /// # Errors
    /// All that is wrong, each about its attribute.
    pub(crate) fn read(config: &Value) -> Result<Self, Diagnostics> {
        let mut wrong = Diagnostics::new();
        let picked = Self {
            role: wish::role(config, &mut wrong),
            pick: wish::pick(config, &mut wrong),
            attribute: match config.attribute("locator") {
                None | Some(Value::Null) => "resource",
                Some(_) => "locator",
            },
            subresources: wish::subresources(config),
        };
        if wrong.has_errors() { Err(wrong) } else { Ok(picked) }
    }

    /// The role and the selection, as the cluster has them.
    ///
    /// # Errors
    /// Where the cluster has no such role or kind, or cannot be asked.
    pub(crate) async fn find(self, cluster: &Cluster) -> Result<(Role, Selection), Diagnostics> {
        let (Attr::Known(role), Attr::Known(pick), Attr::Known(subresources)) =
            (self.role, self.pick, self.subresources)
        else {
            let detail =
                "Terraform asks before all that is picked is known. This is a fault; please report it.";
            return Err(Diagnostic::error("Not known yet", detail).into());
        };
        let selection = resolve::select(cluster, &pick, &subresources, self.attribute).await?;
        Ok((resolve::role(cluster, &role).await?, selection))
    }
}
