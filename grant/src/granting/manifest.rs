//! Manifests: a grant as two Kubernetes objects, and as the one text that they have.
//!
//! The role object holds the rules, the binding gives them. Core annotations stand on both; what the workflow knows, and
//! the signature, stand on the binding, which is what grants. Not here: whether the rules are the right ones; the judge
//! recomputes them.

use jiff::Timestamp;

use crate::arn::IamIdentity;
use crate::digest::SubsetDigest;
use crate::evaluate::BindingScope;
use crate::grant::{Grant, ManagedBy, NamePrefix, RoleObject, Workflow};
use crate::mapping::Mapping;
use crate::name::GrantId;
use crate::role::RoleRef;
use crate::rule::Rule;
use crate::selection::SelectionText;
use crate::signature::Signature;
use crate::subject::{Subject, SubjectView};
use crate::yaml;

mod annotations;
mod canonical;
mod difference;
mod error;
mod live;
mod names;
mod object;
mod read;
mod recorded;

pub use annotations::{EXPIRES_AT, IAM_ARN, MAX_ANNOTATION_BYTES, REASON, SIGNATURE};
pub use difference::Difference;
pub use error::ManifestError;
pub use names::role_object as role_object_name;

use annotations::{Annotations, Core};
use object::{Kind, Metadata, Object, RoleReference};

/// The label that says which product keeps an object.
pub const MANAGED_BY: &str = "app.kubernetes.io/managed-by";

/// The label that holds the grant's id.
pub const GRANT: &str = "p0.dev/grant";

/// A grant's two objects, consistent with each other, with what they claim read out.
///
/// ```
/// use p0_grant::manifest::{Manifest, ManifestError};
///
/// assert!(matches!(Manifest::read("kind: ConfigMap\n"), Err(ManifestError::Yaml(_))));
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Manifest {
    role_object: Object,
    binding: Object,
    claims: Claims,
}

/// What a manifest says of its grant. It is not checked against a catalogue yet.
#[derive(Clone, Debug, PartialEq)]
pub struct Claims {
    /// The grant's id.
    pub id: GrantId,
    /// Which product keeps it.
    pub managed_by: ManagedBy,
    /// Where the rules come from.
    pub role: RoleRef,
    /// What they are cut to.
    pub selection: SelectionText,
    /// Subresources besides the resource itself.
    pub subresources: Vec<String>,
    /// The digest of the rules.
    pub digest: SubsetDigest,
    /// When the grant was made.
    pub created_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
    /// The rules themselves.
    pub rules: Vec<Rule>,
    /// Who gets them.
    pub subject: Subject,
    /// Who that is for AWS, where the grant needs an entry in `aws-auth`.
    pub iam: Option<IamIdentity>,
    /// The kind of the role object.
    pub role_object: RoleObject,
    /// Where the binding counts.
    pub scope: BindingScope,
    /// What the objects' names begin with.
    pub prefix: NamePrefix,
    /// What the workflow knows.
    pub workflow: Option<Workflow>,
    /// The signature. It is not verified yet.
    pub signature: Option<Signature>,
}

impl Manifest {
    /// The objects of `grant`, unsigned.
    ///
    /// # Errors
    /// [`ManifestError::TooLong`] where the annotations are more than Kubernetes stores.
    pub fn of(grant: &Grant) -> Result<Self, ManifestError> {
        let claims = Claims::of(grant);
        let resources = grant.selection.resource().capitalised_plural();
        let name = names::role_object(&grant.prefix, &grant.role, &resources, &grant.id);
        Self::build(&name, claims)
    }

    fn build(name: &str, claims: Claims) -> Result<Self, ManifestError> {
        let namespace = match &claims.scope {
            BindingScope::Cluster => None,
            BindingScope::Namespace(namespace) => Some(namespace.clone()),
        };
        let (role_kind, binding_kind) = kinds(&claims);
        let core = Core::of(&claims);
        let metadata = |name: String, annotations: Annotations, namespace: Option<String>| {
            Metadata::new(name, annotations, namespace, claims.managed_by, &claims.id)
        };
        let role_namespace = namespace.clone().filter(|_| role_kind == Kind::Role);
        let role_object = Object::role(
            role_kind,
            metadata(name.to_owned(), core.clone().alone(), role_namespace),
            &claims.rules,
        );
        let all = core.with_workflow(claims.workflow.as_ref(), claims.signature.as_ref());
        annotations::check_length(&all)?;
        let reference = RoleReference::to(role_kind, name.to_owned());
        let binding = metadata(names::binding(name), all, namespace);
        let binding = Object::binding(binding_kind, binding, reference, &claims.subject);
        Ok(Self { role_object, binding, claims })
    }

    /// The same with a signature over [`Manifest::signed_text`].
    ///
    /// # Errors
    /// [`ManifestError::TooLong`].
    pub fn with_signature(self, signature: Signature) -> Result<Self, ManifestError> {
        let signature = Some(signature);
        Self::build(&self.role_object.metadata.name, Claims { signature, ..self.claims })
    }

    /// What the objects say of the grant.
    pub fn claims(&self) -> &Claims {
        &self.claims
    }

    /// [`Manifest::claims`], where the objects are not needed any more.
    pub fn into_claims(self) -> Claims {
        self.claims
    }

    /// The name of the role object.
    pub fn role_name(&self) -> &str {
        &self.role_object.metadata.name
    }

    /// The name of the binding.
    pub fn binding_name(&self) -> &str {
        &self.binding.metadata.name
    }

    /// The one text: role object, `---`, binding.
    ///
    /// # Errors
    /// [`ManifestError::Yaml`], which no manifest that was built or read should give.
    pub fn to_yaml(&self) -> Result<String, ManifestError> {
        Ok(yaml::write(&[&self.role_object, &self.binding])?)
    }

    /// What a signature is over: the text without the signature annotation.
    ///
    /// # Errors
    /// As [`Manifest::to_yaml`].
    pub fn signed_text(&self) -> Result<String, ManifestError> {
        let mut unsigned = self.binding.clone();
        unsigned.metadata.annotations.remove(SIGNATURE);
        Ok(yaml::write(&[&self.role_object, &unsigned])?)
    }
}

impl Claims {
    /// The mapping that `aws-auth` must have for this grant to count; `None` where it needs none.
    pub fn mapping(&self) -> Option<Mapping> {
        let SubjectView::User(name) = self.subject.view() else { return None };
        Mapping::new(self.iam.clone()?, name).ok()
    }

    fn of(grant: &Grant) -> Self {
        let target = grant.selection.target();
        Self {
            id: grant.id.clone(),
            managed_by: grant.managed_by,
            role: grant.role.clone(),
            selection: SelectionText {
                group: grant.selection.resource().group().to_owned(),
                plural: grant.selection.resource().plural().to_owned(),
                target: target.clone(),
            },
            subresources: grant.selection.subresources().iter().cloned().collect(),
            digest: grant.digest.clone(),
            created_at: grant.created_at,
            expires_at: grant.expires_at,
            rules: grant.rules.clone(),
            subject: grant.subject.clone(),
            iam: grant.iam.clone(),
            // Without one namespace there is nowhere to put a Role.
            role_object: target.namespace().map_or(RoleObject::ClusterRole, |_| grant.role_object),
            scope: target.binding_scope(),
            prefix: grant.prefix.clone(),
            workflow: grant.workflow.clone(),
            signature: None,
        }
    }
}

/// RoleBindings may refer to both kinds of role, ClusterRoleBindings to ClusterRoles only.
fn kinds(claims: &Claims) -> (Kind, Kind) {
    match (&claims.scope, claims.role_object) {
        (BindingScope::Cluster, _) => (Kind::ClusterRole, Kind::ClusterRoleBinding),
        (BindingScope::Namespace(_), RoleObject::ClusterRole) => (Kind::ClusterRole, Kind::RoleBinding),
        (BindingScope::Namespace(_), RoleObject::Role) => (Kind::Role, Kind::RoleBinding),
    }
}
