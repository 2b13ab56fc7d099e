//! From names to a grant: what a role gives on a selection by base, and the grant that is made of it.
//!
//! The command line, the reconciler and the verifier all make grants here, so that the verifier can compare bytes. Not here:
//! who may have one, and signatures.

use jiff::Timestamp;
use p0_grant::arn::IamIdentity;
use p0_grant::catalogue::{Catalogue, UnknownNamespace, UnknownRole};
use p0_grant::grant::{Grant, GrantError, GrantSpec, ManagedBy, Workflow};
use p0_grant::name::GrantId;
use p0_grant::plan::{Plan, PlanError, Settings, plan};
use p0_grant::role::{Role, RoleRef};
use p0_grant::selection::{Selection, SelectionError, SelectionText};
use p0_grant::subject::Subject;

use crate::cluster::GrantSettings;

/// A role's rules on a selection, which may be granted.
#[derive(Clone, Debug)]
pub struct Planned {
    /// The role.
    pub role: RoleRef,
    /// The selection.
    pub selection: Selection,
    /// The proof that the rules may be granted.
    pub plan: Plan,
}

/// What a grant says besides its rules.
#[derive(Clone, Debug)]
pub struct GrantTerms {
    /// Used once ever.
    pub id: GrantId,
    /// Who gets access.
    pub subject: Subject,
    /// Who that is for AWS, where the grant needs an entry in `aws-auth`.
    pub iam: Option<IamIdentity>,
    /// When the grant was made.
    pub created_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
    /// What the workflow knows.
    pub workflow: Option<Workflow>,
}

/// Why the role gives nothing on the selection, by base.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlannedError {
    /// The cluster has no such role.
    #[error(transparent)]
    Role(#[from] UnknownRole),
    /// The cluster has no such resource.
    #[error("the cluster's catalogue has no `{group}/{plural}`")]
    Resource {
        /// The API group.
        group: String,
        /// The resource.
        plural: String,
    },
    /// The cluster has no such namespace.
    #[error(transparent)]
    Namespace(#[from] UnknownNamespace),
    /// The resource is not selected so.
    #[error(transparent)]
    Selection(#[from] SelectionError),
    /// The role gives nothing there that may be granted.
    #[error(transparent)]
    Plan(#[from] PlanError),
}

/// What a selection's text means in a cluster, with subresources that the cluster serves or `role` names.
///
/// # Errors
/// [`PlannedError::Resource`] or [`PlannedError::Selection`].
pub fn select(
    text: &SelectionText,
    subresources: &[String],
    role: &Role,
    catalogue: &Catalogue,
) -> Result<Selection, PlannedError> {
    let resource = catalogue
        .resource(&text.group, &text.plural)
        .ok_or_else(|| PlannedError::Resource { group: text.group.clone(), plural: text.plural.clone() })?;
    let selection = Selection::new(resource.clone(), text.target.clone())?;
    Ok(selection.with_subresources_of(role, subresources.iter().cloned())?)
}

impl Planned {
    /// What `role` gives on `selection`.
    ///
    /// # Errors
    /// [`PlannedError`].
    pub fn new(
        role: &Role,
        selection: Selection,
        settings: &Settings,
        catalogue: &Catalogue,
    ) -> Result<Self, PlannedError> {
        if let Some(namespace) = selection.target().namespace() {
            catalogue.check_namespace(namespace)?;
        }
        let plan = plan(role, &selection, settings)?;
        Ok(Self { role: role.reference().clone(), selection, plan })
    }

    /// The same from names, as a request or a grant file has them.
    ///
    /// # Errors
    /// [`PlannedError`].
    pub fn by_name(
        role: &RoleRef,
        text: &SelectionText,
        subresources: &[String],
        settings: &Settings,
        catalogue: &Catalogue,
    ) -> Result<Self, PlannedError> {
        let role = catalogue.role(role)?;
        let selection = select(text, subresources, role, catalogue)?;
        Self::new(role, selection, settings, catalogue)
    }

    /// The grant of this product with these terms, made as the cluster file says.
    ///
    /// # Errors
    /// [`GrantError`] where the terms make no grant.
    pub fn grant(&self, terms: GrantTerms, settings: &GrantSettings) -> Result<Grant, GrantError> {
        Grant::new(GrantSpec {
            id: terms.id,
            role: self.role.clone(),
            selection: self.selection.clone(),
            plan: &self.plan,
            subject: terms.subject,
            iam: terms.iam,
            created_at: terms.created_at,
            expires_at: terms.expires_at,
            managed_by: ManagedBy::P0Gitops,
            role_object: settings.role_object,
            prefix: settings.prefix.clone(),
            workflow: terms.workflow,
        })
    }
}
