//! Why a change must not land, as data, with its sentence. Its word for machines is in `refusal/code.rs`. Not here: how it is
//! found out.

use p0_grant::approval::ApprovalKind;
use p0_grant::grant::GrantError;
use p0_grant::manifest::ManifestError;
use p0_grant::plan::PlanError;
use p0_grant::signature::Refused;
use p0_grant::time::written;

use crate::eks::EksError;
use crate::layout::{Companion, is_owned};
use crate::owners::OwnerRefusal;
use crate::planned::PlannedError;
use crate::policy::Reason;

mod code;

/// How many grants a sentence names.
const SHOWN: usize = 3;

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
    /// A companion file with more than what the grants that come and go need in it.
    #[error("{}", companion_sentence(.0))]
    Companion(Companion),
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
    /// A folder that programs read differently.
    #[error("its tree is one that Git's own check refuses, because {0}; make the change with Git itself")]
    Tree(String),
    /// A merge of histories that cross.
    #[error(
        "the change and base have several merge bases, and what a merge gives depends on which one is taken; rebase the change on base"
    )]
    SeveralBases,
    /// Base has changed it too.
    #[error("base has changed this file too since the change left it; rebase the change on base")]
    Conflict,
    /// The owners on base do not agree.
    #[error("this file has owners, and a change of it needs their signatures")]
    Owners(#[source] OwnerRefusal),
    /// The change would leave owners who can change nothing.
    #[error("p0/owners could not be used afterwards, and no owner could change it again: {0}")]
    OwnersFile(String),
    /// The change would leave a file that cannot be used.
    #[error("this file could not be used afterwards: {0}")]
    Unusable(String),
    /// The change would leave live grants that no other person could take away.
    #[error(
        "afterwards no person but those who have the access could revoke {}; keep one of their approvers, or a member of a group of `trustedGroups`, in p0/identities.yaml, or revoke them first",
        several(.0)
    )]
    Unanswered(Vec<String>),
    /// One key for two words.
    #[error(
        "the SSH key {key} is in `p0/allowed_signers` and in `{file}`; a key that signs grants is no person's and no owner's, so give the bot a key of its own"
    )]
    SharedKey {
        /// Which key.
        key: String,
        /// Where it is besides.
        file: &'static str,
    },
    /// A name that tools read differently.
    #[error("its name is not UTF-8 text; rename it")]
    NameNotText,
    /// The subject cannot have a grant on an EKS cluster, by base.
    #[error("the subject cannot have a grant on this cluster")]
    Eks(#[source] EksError),
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
    /// Another repository's.
    #[error("it is for the repository `{says}`, and p0/repository.yaml on base has another id; ask again")]
    Repository {
        /// Which it names.
        says: String,
    },
    /// The time to merge is over.
    #[error("it had to be merged before {}; ask again", written(*.0))]
    TooLate(jiff::Timestamp),
    /// Over before it began.
    #[error("it expired at {}; ask again", written(*.0))]
    Expired(jiff::Timestamp),
    /// From a time that has not come.
    #[error(
        "it was created at {}, which is in the future; check the clock of the machine that proposed it", written(*.0)
    )]
    FromTheFuture(jiff::Timestamp),
    /// Longer than the cluster allows.
    #[error("it would live {asked}, longer than the {allowed} that the cluster file allows")]
    TooLong {
        /// How long it would live.
        asked: String,
        /// How long it may.
        allowed: String,
    },
    /// Unsigned, or signed by no key that counts.
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
    #[error("`{0}` is not a name that p0/identities.yaml could have")]
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
    #[error("it says it may land later than {}, which is the latest that the policy lets it", written(*.0))]
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

fn companion_sentence(companion: &Companion) -> &'static str {
    match companion {
        Companion::Kustomization => {
            "kustomization.yaml must differ by the lines of this change's grants and nothing else"
        }
        Companion::AwsAuth => {
            "the file of aws-auth must differ by the entries that this change's grants need and nothing else"
        }
    }
}

impl Refusal {
    /// Whether nothing but a review on the forge is missing. Of a change that is merged, the merge was the review.
    pub fn awaits_review(&self) -> bool {
        matches!(self, Self::Policy(Reason::NotEnough { kind: ApprovalKind::Git, .. }))
    }

    /// Whether it speaks against what a change does to owned files.
    pub fn is_about_owned_files(&self) -> bool {
        match self {
            Self::Owners(_) | Self::OwnersFile(_) | Self::SharedKey { .. } | Self::NameNotText => true,
            Self::Unusable(_) | Self::Unanswered(_) => true,
            Self::Base { file, .. } => is_owned(file),
            _ => false,
        }
    }

    /// The sentence with its causes, each once.
    pub fn sentence(&self) -> String {
        p0_grant::cause::chain(self)
    }
}

/// A few of the grants, and how many there are.
fn several(ids: &[String]) -> String {
    let shown = ids.iter().take(SHOWN).map(|id| format!("`{id}`")).collect::<Vec<_>>().join(", ");
    match ids.len() {
        count if count > SHOWN => format!("{count} live grants, among them {shown}"),
        1 => format!("the live grant {shown}"),
        _ => format!("the live grants {shown}"),
    }
}

fn listed(names: &[String]) -> String {
    if names.is_empty() { "no person".to_owned() } else { names.join(", ") }
}
