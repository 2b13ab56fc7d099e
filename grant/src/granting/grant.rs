//! Grants: a plan's rules, bound to one subject until a time.
//!
//! Not here: the objects and the text that a grant becomes ([`crate::manifest`]).

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::approval::{ApprovalKind, ApproverSignature};
use crate::arn::IamIdentity;
use crate::digest::SubsetDigest;
use crate::name::GrantId;
use crate::on_call::OnCallEvidence;
use crate::plan::Plan;
use crate::role::RoleRef;
use crate::rule::Rule;
use crate::selection::Selection;
use crate::subject::Subject;
use crate::text::TextError;
use crate::time::written;
use crate::username::UsernameError;

mod check;

pub(crate) use check::Terms;

/// What a grant is made of. [`Grant::new`] checks it.
#[derive(Clone, Debug)]
pub struct GrantSpec<'p> {
    /// Used once ever.
    pub id: GrantId,
    /// Where the rules come from.
    pub role: RoleRef,
    /// What they are cut to.
    pub selection: Selection,
    /// The proof that the rules may be granted.
    pub plan: &'p Plan,
    /// Who gets them.
    pub subject: Subject,
    /// Who that is for AWS, where the grant needs an entry in `aws-auth`.
    pub iam: Option<IamIdentity>,
    /// When the grant was made: whole seconds.
    pub created_at: Timestamp,
    /// When it ends: whole seconds, after `created_at`.
    pub expires_at: Timestamp,
    /// Which product keeps it.
    pub managed_by: ManagedBy,
    /// The kind of the role object.
    pub role_object: RoleObject,
    /// What the objects' names begin with.
    pub prefix: NamePrefix,
    /// What the workflow knows, in the GitOps product.
    pub workflow: Option<Workflow>,
}

/// A checked grant.
#[derive(Clone, Debug)]
pub struct Grant {
    pub(crate) id: GrantId,
    pub(crate) role: RoleRef,
    pub(crate) selection: Selection,
    pub(crate) rules: Vec<Rule>,
    pub(crate) digest: SubsetDigest,
    pub(crate) subject: Subject,
    pub(crate) iam: Option<IamIdentity>,
    pub(crate) created_at: Timestamp,
    pub(crate) expires_at: Timestamp,
    pub(crate) managed_by: ManagedBy,
    pub(crate) role_object: RoleObject,
    pub(crate) prefix: NamePrefix,
    pub(crate) workflow: Option<Workflow>,
}

/// Which product keeps a grant: the value of `app.kubernetes.io/managed-by`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ManagedBy {
    /// `p0-gitops`: the grant is a file in Git.
    P0Gitops,
    /// `terraform-provider-p0`: the grant is a Terraform resource.
    TerraformProviderP0,
}

/// The kind of the role object.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum RoleObject {
    /// A ClusterRole, whatever is picked.
    #[default]
    ClusterRole,
    /// A Role where one namespace is picked, so that an applier with rights in that namespace alone suffices.
    Role,
}

/// What names of generated objects begin with: a DNS-1123 label of at most 20 characters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct NamePrefix(String);

/// What the workflow knows of a grant: for auditors, and for the judge of the change.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Workflow {
    /// The cluster's name in the repository.
    pub cluster: String,
    /// The repository's id, where it has one: a cluster of another repository may be called the same.
    pub repository: Option<String>,
    /// Who asked.
    pub requester: String,
    /// What the approval rests on.
    pub approval: Option<ApprovalKind>,
    /// Who approved; empty where approval is the change's own review.
    pub approvers: Vec<String>,
    /// What approvers signed with their own keys.
    pub approver_signatures: Vec<ApproverSignature>,
    /// Which policy rule allowed it.
    pub policy_rule: Option<String>,
    /// Which policy that was.
    pub policy_sha256: Option<String>,
    /// Until when the change may land.
    pub merge_before: Option<Timestamp>,
    /// Where the request can be read.
    pub request_url: Option<String>,
    /// Why, as text or as a hash. Git keeps it for ever.
    pub reason: Option<String>,
    /// For an extension: the SHA-256 of the file that it replaces.
    pub previous: Option<String>,
    /// The id of the preapproval that an approver opened beforehand.
    pub preapproval: Option<String>,
    /// Where the requester was on call, where that approved it or a part of it.
    pub on_call: Vec<OnCallEvidence>,
}

/// Why a specification is not a grant.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GrantError {
    /// It would end before it begins.
    #[error(
        "the grant would expire at {}, which is not after its creation at {}",
        written(*.expires_at), written(*.created_at)
    )]
    Expiry {
        /// When it was made.
        created_at: Timestamp,
        /// When it would end.
        expires_at: Timestamp,
    },
    /// A time with a fraction of a second: it would not read back as written.
    #[error("`{0}` has a fraction of a second; grants use whole seconds")]
    Fraction(Timestamp),
    /// A text that must not stand in a manifest.
    #[error("{field} cannot be part of a grant")]
    Text {
        /// Which.
        field: &'static str,
        /// Why not.
        source: TextError,
    },
    /// An IAM identity beside a subject that is not a user.
    #[error("`{0}` is not a user: an IAM identity belongs to a subject of kind User")]
    IamOfNoUser(String),
    /// An IAM identity that cannot have the subject's user name.
    #[error("`{arn}` cannot be mapped to the subject")]
    IamUsername {
        /// The identity.
        arn: String,
        /// Why not.
        source: UsernameError,
    },
    /// A required field is empty.
    #[error("{0} is empty: give it a value")]
    Empty(&'static str),
    /// A person's name with the character that separates them, or none.
    #[error("`{0}` cannot be an approver: a name is not empty and has no comma")]
    Approver(String),
    /// A prefix that could not begin a name.
    #[error(
        "`{0}` cannot begin the objects' names: use at most 20 characters of `a-z`, `0-9` and `-`, no `-` at either end, and not `eks`"
    )]
    Prefix(String),
}

impl Grant {
    /// Checks `spec`.
    ///
    /// # Errors
    /// [`GrantError`] names the field.
    pub fn new(spec: GrantSpec<'_>) -> Result<Self, GrantError> {
        let rules = spec.plan.report().rules();
        Terms {
            role: &spec.role,
            selection: spec.selection.to_string(),
            subresources: spec.selection.subresources_text(),
            rules,
            subject: &spec.subject,
            iam: spec.iam.as_ref(),
            created_at: spec.created_at,
            expires_at: spec.expires_at,
            workflow: spec.workflow.as_ref(),
        }
        .check()?;
        Ok(Self {
            digest: SubsetDigest::of(rules),
            rules: rules.to_vec(),
            id: spec.id,
            role: spec.role,
            selection: spec.selection,
            subject: spec.subject,
            iam: spec.iam,
            created_at: spec.created_at,
            expires_at: spec.expires_at,
            managed_by: spec.managed_by,
            role_object: spec.role_object,
            prefix: spec.prefix,
            workflow: spec.workflow,
        })
    }
}

impl NamePrefix {
    /// Checks `prefix`.
    ///
    /// # Errors
    /// [`GrantError::Prefix`].
    pub fn new(prefix: impl Into<String>) -> Result<Self, GrantError> {
        let prefix = prefix.into();
        let well_formed = prefix.len() <= 20 && crate::name::is_dns_label(&prefix) && prefix != "eks";
        if well_formed { Ok(Self(prefix)) } else { Err(GrantError::Prefix(prefix)) }
    }
}

impl Default for NamePrefix {
    fn default() -> Self {
        Self("p0".to_owned())
    }
}

impl TryFrom<String> for NamePrefix {
    type Error = GrantError;

    fn try_from(text: String) -> Result<Self, GrantError> {
        Self::new(text)
    }
}

impl From<NamePrefix> for String {
    fn from(prefix: NamePrefix) -> Self {
        prefix.0
    }
}

impl fmt::Display for NamePrefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for ManagedBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::P0Gitops => "p0-gitops",
            Self::TerraformProviderP0 => "terraform-provider-p0",
        })
    }
}
