//! Why the answer is no, as data. Not here: how it is found out.

use p0_grant::approval::ApprovalKind;
use p0_grant::danger::Class;
use p0_grant::offer::Withheld;

use crate::duration::Lifetime;
use crate::name::{PersonName, RuleName};

/// One thing that speaks against access. The sentences say what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    /// Nothing is granted.
    #[error("the policy is frozen: nothing is granted until `frozen` is taken out of p0/policy.yaml")]
    Frozen,
    /// The file has no such person.
    #[error("p0/identities.yaml has no person {0}")]
    Unknown(String),
    /// The system's own.
    #[error("the system rule: {}", .0.sentence())]
    System(Withheld),
    /// A deny rule.
    #[error("the rule `{0}` denies it")]
    Denied(RuleName),
    /// A deny rule that names a resource which no catalogue has.
    #[error(
        "the rule `{rule}` denies it: the rule names the resource `{word}`, which no catalogue has, and a deny rule that cannot \
         be resolved denies ({why}); correct the word in p0/policy.yaml, or export the catalogue of the cluster that has it"
    )]
    UnresolvedResource {
        /// Which rule.
        rule: RuleName,
        /// What it says.
        word: String,
        /// Why it means no resource, with the nearest ones.
        why: String,
    },
    /// No rule at all.
    #[error("no rule of the policy allows it")]
    NoRule,
    /// No reason given.
    #[error("a reason must be given")]
    NoReason,
    /// A reason of another form.
    #[error("the reason must look like `{0}`")]
    ReasonPattern(String),
    /// No duration given.
    #[error("a duration must be given; the longest is {0}")]
    NoDuration(Lifetime),
    /// Too long.
    #[error("{asked} is longer than the {allowed} that the rule allows")]
    TooLong {
        /// What was asked.
        asked: Lifetime,
        /// What may be.
        allowed: Lifetime,
    },
    /// Too long with its extensions.
    #[error(
        "with its extensions it would live {asked}, longer than the {allowed} that the rule allows; ask anew"
    )]
    TotalTooLong {
        /// What it would be.
        asked: Lifetime,
        /// What may be.
        allowed: Lifetime,
    },
    /// Persistent access where there is none.
    #[error("the rule gives no persistent access; ask for a duration")]
    NotPersistent,
    /// Only persistent access is given.
    #[error("the rule gives persistent access only; ask for that")]
    OnlyPersistent,
    /// Fewer than needed are left who could approve.
    #[error("{kind}: of {need} approver(s) that are needed {have} are left{}", left_out(.skipped))]
    NobodyLeft {
        /// Which approval.
        kind: ApprovalKind,
        /// How many there are.
        have: usize,
        /// How many are needed.
        need: usize,
        /// Who or what is listed and does not count, and why.
        skipped: Vec<String>,
    },
    /// Being on call approves nothing.
    #[error("on-call approval is switched off")]
    RoutingOff,
    /// Who approves is not asked for.
    #[error("{kind}: {have} of {need} approvals are given")]
    NotEnough {
        /// Which approval.
        kind: ApprovalKind,
        /// How many count.
        have: usize,
        /// How many are needed.
        need: usize,
    },
    /// Approving what is one's own.
    #[error("`{0}` asks for it or gets it, and cannot approve it too")]
    OwnRequest(PersonName),
    /// Not listed.
    #[error("`{0}` is none of the approvers")]
    NotAnApprover(PersonName),
    /// The bot's word is not enough.
    #[error("at danger {0} an approver's own signature or a review on the forge is needed")]
    SecondChannel(Class),
    /// A bare name.
    #[error("`{0}` is only named, which proves nothing; sign with a key of p0/identities.yaml")]
    OnlyNamed(PersonName),
    /// A click where a review is asked for.
    #[error("`{0}` approved elsewhere; this rule asks for the review of the change")]
    NotAReview(PersonName),
    /// Not on call.
    #[error("`{0}` is not on call where the rule asks for it")]
    NotOnCall(PersonName),
    /// On call for oneself only.
    #[error("being on call approves only what one asks for oneself")]
    OnCallForOther,
    /// Too dangerous to be approved by no person.
    #[error("at danger {worst} being on call is not enough; it is up to {allowed}")]
    OnCallDanger {
        /// What it is.
        worst: Class,
        /// What it may be.
        allowed: Class,
    },
    /// The kind of approval is none of the rule's.
    #[error("the rule has no approval by {0}")]
    NoSuchApproval(ApprovalKind),
    /// The preapproval is for something else.
    #[error("the preapproval does not cover it: {0}")]
    Preapproval(String),
    /// An earlier rule that holds a part of the selection is not satisfied.
    #[error("a part of the selection falls under the rule `{rule}`, which must be satisfied too: {why}")]
    Part {
        /// Which rule.
        rule: RuleName,
        /// Why it is not satisfied.
        why: Box<Self>,
    },
    /// Persistent access whose day is over.
    #[error("the rule's review was due on {0}; renew the rule")]
    ReviewDue(jiff::civil::Date),
}

fn left_out(skipped: &[String]) -> String {
    if skipped.is_empty() { String::new() } else { format!("; left out: {}", skipped.join(", ")) }
}

impl Reason {
    /// A word for machines; it does not change when a sentence does.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Frozen => "frozen",
            Self::Unknown(_) => "unknown-person",
            Self::System(_) => "system",
            Self::Denied(_) => "denied",
            Self::UnresolvedResource { .. } => "unresolved-resource",
            Self::NoRule => "no-rule",
            Self::NoReason => "no-reason",
            Self::ReasonPattern(_) => "reason-pattern",
            Self::NoDuration(_) => "no-duration",
            Self::TooLong { .. } => "too-long",
            Self::TotalTooLong { .. } => "total-too-long",
            Self::NotPersistent => "not-persistent",
            Self::OnlyPersistent => "only-persistent",
            Self::NobodyLeft { .. } => "nobody-left",
            Self::RoutingOff => "routing-off",
            Self::NotEnough { .. } => "not-enough",
            Self::OwnRequest(_) => "own-request",
            Self::NotAnApprover(_) => "not-an-approver",
            Self::SecondChannel(_) => "second-channel",
            Self::OnlyNamed(_) => "only-named",
            Self::NotAReview(_) => "not-a-review",
            Self::NotOnCall(_) => "not-on-call",
            Self::OnCallForOther => "on-call-for-other",
            Self::OnCallDanger { .. } => "on-call-danger",
            Self::NoSuchApproval(_) => "no-such-approval",
            Self::Preapproval(_) => "window",
            Self::Part { .. } => "part",
            Self::ReviewDue(_) => "review-due",
        }
    }

    /// The same about the rule `rule`, which holds a part of the selection.
    #[must_use]
    pub(super) fn of_part(self, rule: &RuleName) -> Self {
        Self::Part { rule: rule.clone(), why: Box::new(self) }
    }

    /// Whether approvals are missing, and nothing else is wrong.
    pub fn is_missing(&self) -> bool {
        match self {
            Self::NotEnough { .. } => true,
            Self::Part { why, .. } => why.is_missing(),
            _ => false,
        }
    }

    /// The sentence, without its full stop.
    pub fn sentence(&self) -> String {
        self.to_string()
    }
}
