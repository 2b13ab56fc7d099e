//! Why a text is not a grant file: the first thing that is wrong. Not here: reading one ([`super::read`]).

use super::Difference;
use crate::approval::{ApprovalKindError, ApproverSignaturesError};
use crate::arn::ArnError;
use crate::digest::DigestError;
use crate::grant::GrantError;
use crate::name::NameError;
use crate::on_call::OnCallEvidenceError;
use crate::role::RoleRefError;
use crate::selection::SelectionTextError;
use crate::signature::SignatureError;
use crate::subject::SubjectError;
use crate::yaml::YamlError;

/// Why a text is not a grant file, or a grant has no manifest.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ManifestError {
    /// Not YAML, or with fields that a grant does not have.
    #[error(transparent)]
    Yaml(#[from] YamlError),
    /// Not two documents.
    #[error("a grant file has two documents, a role and a binding; this one has {0}")]
    Documents(usize),
    /// Kinds that do not go together.
    #[error("the {object} {problem}")]
    Shape {
        /// Which object.
        object: &'static str,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// Something that every grant has.
    #[error("the {object} lacks `{field}`")]
    Missing {
        /// Which object.
        object: &'static str,
        /// What.
        field: &'static str,
    },
    /// Something that no grant has.
    #[error("the {object} has `{field}`, which no grant carries")]
    Unexpected {
        /// Which object.
        object: &'static str,
        /// What.
        field: String,
    },
    /// The objects disagree with each other or with themselves.
    #[error("{0}")]
    Disagree(&'static str),
    /// Not a time as grants write it.
    #[error("`{field}` is `{text}`, not a time such as `2026-11-24T10:00:00Z`")]
    Time {
        /// Which annotation.
        field: &'static str,
        /// What it says.
        text: String,
    },
    /// Not an id.
    #[error("the label `p0.dev/grant` is invalid")]
    Id(#[source] NameError),
    /// Not a role.
    #[error("`p0.dev/role` is invalid")]
    Role(#[source] RoleRefError),
    /// Not a selection.
    #[error("`p0.dev/selection` is invalid")]
    Selection(#[source] SelectionTextError),
    /// Not a digest.
    #[error("`p0.dev/subset-sha256` is invalid")]
    Digest(#[source] DigestError),
    /// Not an IAM identity of one person.
    #[error("`p0.dev/iam-arn` is invalid")]
    IamArn(#[source] ArnError),
    /// Not a subject that a grant may have.
    #[error("the binding's subject is invalid")]
    Subject(#[source] SubjectError),
    /// Not a signature in the one spelling that OpenSSH writes.
    #[error("`p0.dev/signature` is invalid")]
    Signature(#[source] SignatureError),
    /// No kind of approval.
    #[error("`p0.dev/approval` is invalid")]
    Approval(#[source] ApprovalKindError),
    /// Not approvers' signatures.
    #[error("`p0.dev/approver-signatures` is invalid")]
    ApproverSignatures(#[source] ApproverSignaturesError),
    /// Not on-call evidence.
    #[error("`p0.dev/on-call` is invalid")]
    OnCall(#[source] OnCallEvidenceError),
    /// Times or texts that no grant has.
    #[error("the claims do not make a grant")]
    Grant(#[source] GrantError),
    /// Not `PREFIX-ROLE-RESOURCES-ID`.
    #[error("the role object's name `{0}` does not follow from its annotations")]
    Name(String),
    /// Too much for Kubernetes.
    #[error("the annotations have {0} bytes, more than the 262144 that Kubernetes stores")]
    TooLong(usize),
    /// Not the one text of the grant: another spelling, or something that no claim speaks of.
    #[error("line {line} is not as this grant is written: it reads `{found}`, and should read `{expected}`")]
    NotCanonical {
        /// Counted from 1.
        line: usize,
        /// What is there, its control characters escaped.
        found: String,
        /// What should be, likewise.
        expected: String,
    },
}

impl From<Difference> for ManifestError {
    fn from(Difference { line, found, expected }: Difference) -> Self {
        Self::NotCanonical { line, found, expected }
    }
}
