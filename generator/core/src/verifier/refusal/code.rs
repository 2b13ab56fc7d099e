//! The word for machines of each refusal; `docs/judgement.md` lists them.

use super::Refusal;
use crate::layout::Companion;

impl Refusal {
    /// A word for machines; it does not change when a sentence does.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Mixed => "mixed-change",
            Self::Foreign => "foreign-file",
            Self::Mode => "file-mode",
            Self::Sentinel => "sentinel",
            Self::ChangedInPlace => "changed-in-place",
            Self::Extension(_) => "extension",
            Self::Companion(Companion::Kustomization) => "kustomization",
            Self::Companion(Companion::AwsAuth) => "aws-auth",
            Self::Base { .. } => "base",
            Self::Unreadable(_) | Self::NotText => "unreadable",
            Self::FileName(_) | Self::NameNotText => "file-name",
            Self::Tree(_) => "malformed-tree",
            Self::SeveralBases => "merge-bases",
            Self::Conflict => "conflict",
            Self::Owners(_) => "owners",
            Self::OwnersFile(_) => "owners-file",
            Self::Unusable(_) => "unusable",
            Self::Unanswered(_) => "unanswered",
            Self::SharedKey { .. } => "shared-key",
            Self::Twice(_) | Self::UsedId(_) => "used-id",
            Self::Product => "product",
            Self::Missing(_) => "missing",
            Self::Cluster(_) => "cluster",
            Self::Repository { .. } => "repository",
            Self::TooLate(_) => "too-late",
            Self::Expired(_) => "expired",
            Self::FromTheFuture(_) => "from-the-future",
            Self::TooLong { .. } => "too-long",
            Self::Signature(_) => "signature",
            Self::Unsigned => "unsigned",
            Self::Eks(_) => "eks",
            Self::Role(_) => "role",
            Self::Selection(_) => "selection",
            Self::Namespace(_) => "namespace",
            Self::Plan(_) => "plan",
            Self::Grant(_) => "grant",
            Self::Policy(reason) => reason.code(),
            Self::Person(_) => "unknown-person",
            Self::Rule { .. } => "rule",
            Self::OtherPolicy => "other-policy",
            Self::Approvers(_) => "approvers",
            Self::ApproverSignature(_) => "approver-signature",
            Self::MergeSpan(_) => "merge-span",
            Self::Differs { .. } => "differs",
        }
    }
}
