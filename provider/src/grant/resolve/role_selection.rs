//! A role and the selection that its rules are cut to, for everything besides the resource that takes both.

use std::collections::BTreeSet;

use p0_grant::locator::Locator;
use p0_grant::role::{Role, RoleRef};
use p0_grant::selection::Selection;
use tfplugin::diagnostics::{Diagnostic, Diagnostics};
use tfplugin::value::{Attr, Value};

use crate::cluster::Cluster;
use crate::grant::attributes::{locator, role, subresources};

/// The attributes of [`crate::grant::schema::picked`], read and checked as far as they are known.
#[derive(Clone, Debug)]
pub(crate) struct RoleSelection {
    role: Attr<RoleRef>,
    locator: Attr<Locator>,
    attribute: &'static str,
    subresources: Attr<BTreeSet<String>>,
}

impl RoleSelection {
    /// Reads a configuration.
    ///
    /// # Errors
    /// All that is wrong, each about its attribute.
    pub(crate) fn read(config: &Value) -> Result<Self, Diagnostics> {
        let mut wrong = Diagnostics::new();
        let selection = Self {
            role: role(config, &mut wrong),
            locator: locator(config, &mut wrong),
            attribute: match config.attribute("locator") {
                None | Some(Value::Null) => "resource",
                Some(_) => "locator",
            },
            subresources: subresources(config),
        };
        if wrong.has_errors() { Err(wrong) } else { Ok(selection) }
    }

    /// The role and the selection, as the cluster has them.
    ///
    /// # Errors
    /// Where the cluster has no such role or kind, or cannot be asked.
    pub(crate) async fn find(self, cluster: &Cluster) -> Result<(Role, Selection), Diagnostics> {
        let (Attr::Known(role), Attr::Known(locator), Attr::Known(subresources)) =
            (self.role, self.locator, self.subresources)
        else {
            let detail = "Terraform asks before the role and the selection are known. This is a fault; please report it.";
            return Err(Diagnostic::error("Not known yet", detail).into());
        };
        let selection = super::select(cluster, &locator, self.attribute).await?;
        let role = super::role(cluster, &role).await?;
        let selection = super::with_subresources(selection, &role, &subresources)?;
        Ok((role, selection))
    }
}
