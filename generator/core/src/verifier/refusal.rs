//! Why a change must not land, as data. Not here: how it is found out.

use p0_grant::grant::GrantError;
use p0_grant::manifest::ManifestError;
use p0_grant::plan::PlanError;
use p0_grant::signature::Refused;

use crate::planned::PlannedError;
use crate::policy::Reason;

/// One thing that speaks against a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Which path.
    pub path: String,
    /// What is wrong there.
    pub refusal: Refusal,
}

/// What is wrong. The sentences say what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Grants and something else in one change.
    #[error("a change that touches grants touches nothing else; move this file to a change of its own")]
    Mixed,
    /// Neither a grant nor the sentinel.
    #[error("only `<id>.yaml` files and the sentinel belong in a grants folder; remove it")]
    Foreign,
    /// A link, a program, a submodule.
    #[error("a grant is a regular file of mode 100644; this is something else")]
    Mode,
    /// The sentinel keeps the folder from vanishing.
    #[error("the sentinel must stay as it is: without it an applier refuses to remove the last grant")]
    Sentinel,
    /// A live grant in other words.
    #[error(
        "a live grant changes by an extension that names this file, or back to an earlier version; revert it and ask again"
    )]
    ChangedInPlace,
    /// In place of a live grant, and no extension of it.
    #[error("it is not an extension of the grant on base: {0}")]
    Extension(&'static str),
    /// More than the lines of the grants that come and go.
    #[error("kustomization.yaml must differ by the lines of this change's grants and nothing else")]
    Kustomization,
    /// A file on base that is needed and cannot be used.
    #[error("`{file}` on base cannot be used: {problem}")]
    Base {
        /// Which file.
        file: String,
        /// Why not.
        problem: String,
    },
    /// Not a grant file.
    #[error("it is not a grant as this program writes it")]
    Unreadable(#[source] ManifestError),
    /// Not text.
    #[error("it is not UTF-8 text")]
    NotText,
    /// The file's name and the grant's id differ.
    #[error("the file is named after another id than the grant's, `{0}`")]
    FileName(String),
    /// Two files with one id.
    #[error("the id `{0}` stands twice in this change")]
    Twice(String),
    /// Nothing rises again.
    #[error("the id `{0}` was used on base before; a grant that ended never comes back. Ask again")]
    UsedId(String),
    /// Made by the other product.
    #[error("it is not managed by p0-gitops")]
    Product,
    /// What the workflow must say is not there.
    #[error("it lacks `{0}`, which a proposed grant has")]
    Missing(&'static str),
    /// Another cluster's folder.
    #[error("it is for the cluster `{0}` and lies in another one's folder")]
    Cluster(String),
    /// The time to merge is over.
    #[error("it had to be merged before {0}; ask again")]
    TooLate(jiff::Timestamp),
    /// Over before it began.
    #[error("it expired at {0}; ask again")]
    Expired(jiff::Timestamp),
    /// From a time that has not come.
    #[error("it was created at {0}, which is in the future; check the clock of whoever proposed it")]
    FromTheFuture(jiff::Timestamp),
    /// Longer than the cluster allows.
    #[error("it would live {asked}, longer than the {allowed} that the cluster file allows")]
    TooLong {
        /// How long it would live.
        asked: String,
        /// How long it may.
        allowed: String,
    },
    /// Unsigned, or signed by nobody who counts.
    #[error("its signature does not count")]
    Signature(#[source] Refused),
    /// No signature at all.
    #[error("it is not signed")]
    Unsigned,
    /// The cluster has no such role.
    #[error("{0}")]
    Role(String),
    /// The cluster serves no such resource, or the target does not fit it.
    #[error("{0}")]
    Selection(String),
    /// The cluster has no such namespace: the applier would fail, and with it every revocation.
    #[error("{0}")]
    Namespace(String),
    /// The role gives nothing there, or it is not offered.
    #[error("the role and the selection do not make a grant")]
    Plan(#[source] PlanError),
    /// The claims are no grant.
    #[error("its claims do not make a grant")]
    Grant(#[source] GrantError),
    /// Policy says no.
    #[error("the policy on base does not allow it")]
    Policy(#[source] Reason),
    /// A name that no person has.
    #[error("`{0}` is nobody that identities could name")]
    Person(String),
    /// Another rule than the one that answers.
    #[error("it says that the rule `{says}` allows it, and it is `{is}`")]
    Rule {
        /// Which it says.
        says: String,
        /// Which it is.
        is: String,
    },
    /// Approved under another policy.
    #[error("it was approved under another policy than the one on base; the approvers have to look again")]
    OtherPolicy,
    /// Other approvers than those who count.
    #[error("the approvers that it names are not the ones who count: {}", listed(.0))]
    Approvers(Vec<String>),
    /// What an approver signed is something else.
    #[error("an approver's own signature does not count: {0}")]
    ApproverSignature(String),
    /// It may land for longer than policy lets it.
    #[error("it says it may land later than {0}, which is the latest that the policy lets it")]
    MergeSpan(jiff::Timestamp),
    /// Not what the role gives.
    #[error("line {line} differs from what base gives: it reads `{found}`, and should read `{expected}`")]
    Differs {
        /// Counted from 1.
        line: usize,
        /// What is there.
        found: String,
        /// What should be.
        expected: String,
    },
}

/// A file of base that cannot be used for the judgement.
pub(super) fn unusable(file: &str, problem: &str) -> Refusal {
    Refusal::Base { file: file.to_owned(), problem: problem.to_owned() }
}

impl From<PlannedError> for Refusal {
    fn from(error: PlannedError) -> Self {
        match error {
            PlannedError::Role(error) => Self::Role(error.to_string()),
            PlannedError::Namespace(error) => Self::Namespace(error.to_string()),
            PlannedError::Plan(error) => Self::Plan(error),
            error @ (PlannedError::Resource { .. } | PlannedError::Selection(_)) => {
                Self::Selection(error.to_string())
            }
        }
    }
}

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
            Self::Kustomization => "kustomization",
            Self::Base { .. } => "base",
            Self::Unreadable(_) | Self::NotText => "unreadable",
            Self::FileName(_) => "file-name",
            Self::Twice(_) | Self::UsedId(_) => "used-id",
            Self::Product => "product",
            Self::Missing(_) => "missing",
            Self::Cluster(_) => "cluster",
            Self::TooLate(_) => "too-late",
            Self::Expired(_) => "expired",
            Self::FromTheFuture(_) => "from-the-future",
            Self::TooLong { .. } => "too-long",
            Self::Signature(_) => "signature",
            Self::Unsigned => "unsigned",
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

    /// The sentence with its causes, each once.
    pub fn sentence(&self) -> String {
        let mut sentence = self.to_string();
        let mut cause = std::error::Error::source(self);
        while let Some(error) = cause {
            sentence.push_str(": ");
            sentence.push_str(&error.to_string());
            cause = error.source();
        }
        sentence
    }
}

/// By path, then by code: the order in which findings are told.
impl Ord for Finding {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        let key =
            |finding: &Self| (finding.path.clone(), finding.refusal.code(), finding.refusal.to_string());
        key(self).cmp(&key(other))
    }
}

impl PartialOrd for Finding {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

fn listed(names: &[String]) -> String {
    if names.is_empty() { "nobody".to_owned() } else { names.join(", ") }
}
