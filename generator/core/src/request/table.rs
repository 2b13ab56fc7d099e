//! The life of a request as a table: what may happen in which state, and where that leads.
//!
//! [`step`](super::step) makes no other step, and `docs/request-life.md` is printed from here.

use std::fmt::Write;

use serde::{Deserialize, Serialize};

macro_rules! names {
    ($(#[$doc:meta])* $name:ident, $words:ident { $($(#[$one:meta])* $variant:ident = $text:literal, $told:literal;)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "kebab-case")]
        pub enum $name {
            $($(#[$one])* $variant,)*
        }

        impl $name {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// The word for machines.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }

            /// The words for people.
            pub fn label(self) -> &'static str {
                match self { $(Self::$variant => $told,)* }
            }
        }
    };
}

names! {
    /// A state's name.
    StateName, told {
        /// It waits for approvers.
        Pending = "pending", "waits for approvers";
        /// Its change waits for a review.
        AwaitingReview = "awaiting-review", "waits for a review of its change";
        /// It is approved.
        Approved = "approved", "is approved";
        /// Its change is open.
        Proposed = "proposed", "is approved and its change is open";
        /// It is on base.
        Merged = "merged", "is merged";
        /// It was seen in the cluster.
        Active = "active", "is live";
        /// Somebody grants it for longer.
        Extending = "extending", "is live, and an extension is asked for";
        /// It ends.
        Revoking = "revoking", "is being revoked";
        /// It ended.
        Revoked = "revoked", "is over";
        /// It was denied.
        Denied = "denied", "was denied";
        /// It was taken back.
        Cancelled = "cancelled", "was taken back";
        /// No approver answered, or it did not land.
        TimedOut = "timed-out", "timed out";
        /// It cannot land.
        Failed = "failed", "has failed";
    }
}

names! {
    /// An event's name.
    EventName, told {
        /// It is asked for: what every request begins with.
        Ask = "ask", "asking for it";
        /// Somebody says yes.
        Approve = "approve", "approving it";
        /// Somebody says no.
        Deny = "deny", "denying it";
        /// Policy says no now.
        PolicyRevoked = "forbid", "policy's no";
        /// Something changed since it was looked at.
        Return = "return", "returning it to the approvers";
        /// It is taken back.
        Cancel = "cancel", "taking it back";
        /// It is given back.
        Relinquish = "relinquish", "giving it back";
        /// It is taken away.
        Revoke = "revoke", "revoking it";
        /// It is wanted for longer.
        Extend = "extend", "extending it";
        /// Its change is open.
        Opened = "opened", "its change being open";
        /// It is on base.
        Merged = "merged", "its being on base";
        /// It is not on base.
        Absent = "absent", "its absence from base";
        /// The verifier says no.
        Refused = "refused", "the verifier's no";
        /// An earlier file is on base.
        Shortened = "shortened", "its being shortened";
        /// Another file is on base.
        Tampered = "tampered", "its being tampered with";
        /// The cluster has it.
        Live = "live", "its being live";
        /// The cluster has it no more.
        Gone = "gone", "its being gone";
        /// The cluster does not follow.
        Unsynced = "unsynced", "the cluster's lag";
        /// The cluster cannot apply it.
        Unapplied = "unapplied", "the cluster's refusal";
        /// It is tried again.
        Retry = "retry", "trying it again";
        /// Time passed.
        Tick = "tick", "the passing of time";
    }
}

/// One row: in `from`, `event` leads to one of `to`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transition {
    /// Where it stands.
    pub from: StateName,
    /// What happens.
    pub event: EventName,
    /// Where it may stand then.
    pub to: &'static [StateName],
}

use EventName as E;
use StateName as S;

const fn row(from: S, event: E, to: &'static [S]) -> Transition {
    Transition { from, event, to }
}

/// Every step there is. What is not here is refused, and the request stays as it is.
pub const TRANSITIONS: &[Transition] = &[
    row(S::Pending, E::Approve, &[S::Pending, S::Approved]),
    row(S::Pending, E::Deny, &[S::Denied]),
    row(S::Pending, E::PolicyRevoked, &[S::Denied]),
    row(S::Pending, E::Return, &[S::Pending]),
    row(S::Pending, E::Cancel, &[S::Cancelled]),
    row(S::Pending, E::Relinquish, &[S::Cancelled]),
    row(S::Pending, E::Revoke, &[S::Cancelled]),
    row(S::Pending, E::Merged, &[S::Revoking]),
    row(S::Pending, E::Tick, &[S::Pending, S::TimedOut]),
    row(S::AwaitingReview, E::Opened, &[S::AwaitingReview]),
    row(S::AwaitingReview, E::Merged, &[S::Merged]),
    row(S::AwaitingReview, E::Absent, &[S::Denied]),
    row(S::AwaitingReview, E::Refused, &[S::Failed]),
    row(S::AwaitingReview, E::Deny, &[S::Denied]),
    row(S::AwaitingReview, E::Cancel, &[S::Cancelled]),
    row(S::AwaitingReview, E::Relinquish, &[S::Cancelled]),
    row(S::AwaitingReview, E::Revoke, &[S::Cancelled]),
    row(S::AwaitingReview, E::Tick, &[S::TimedOut]),
    row(S::Approved, E::Opened, &[S::Proposed]),
    row(S::Approved, E::Merged, &[S::Merged]),
    row(S::Approved, E::Return, &[S::Pending]),
    row(S::Approved, E::PolicyRevoked, &[S::Denied]),
    row(S::Approved, E::Refused, &[S::Failed]),
    row(S::Approved, E::Cancel, &[S::Cancelled]),
    row(S::Approved, E::Relinquish, &[S::Cancelled]),
    row(S::Approved, E::Revoke, &[S::Cancelled]),
    row(S::Approved, E::Tick, &[S::TimedOut]),
    row(S::Proposed, E::Merged, &[S::Merged]),
    row(S::Proposed, E::Absent, &[S::Denied]),
    row(S::Proposed, E::Return, &[S::Pending]),
    row(S::Proposed, E::PolicyRevoked, &[S::Denied]),
    row(S::Proposed, E::Refused, &[S::Failed]),
    row(S::Proposed, E::Cancel, &[S::Cancelled]),
    row(S::Proposed, E::Relinquish, &[S::Cancelled]),
    row(S::Proposed, E::Revoke, &[S::Cancelled]),
    row(S::Proposed, E::Tick, &[S::TimedOut]),
    row(S::Merged, E::Live, &[S::Active]),
    row(S::Merged, E::Unsynced, &[S::Merged]),
    row(S::Merged, E::Unapplied, &[S::Revoking]),
    row(S::Merged, E::Absent, &[S::Revoking]),
    row(S::Merged, E::Shortened, &[S::Merged]),
    row(S::Merged, E::Tampered, &[S::Revoking]),
    row(S::Merged, E::PolicyRevoked, &[S::Revoking]),
    row(S::Merged, E::Relinquish, &[S::Revoking]),
    row(S::Merged, E::Revoke, &[S::Revoking]),
    row(S::Merged, E::Extend, &[S::Extending]),
    row(S::Merged, E::Tick, &[S::Merged, S::Revoking]),
    row(S::Active, E::Unapplied, &[S::Revoking]),
    row(S::Active, E::Absent, &[S::Revoking]),
    row(S::Active, E::Shortened, &[S::Active]),
    row(S::Active, E::Tampered, &[S::Revoking]),
    row(S::Active, E::PolicyRevoked, &[S::Revoking]),
    row(S::Active, E::Relinquish, &[S::Revoking]),
    row(S::Active, E::Revoke, &[S::Revoking]),
    row(S::Active, E::Extend, &[S::Extending]),
    row(S::Active, E::Tick, &[S::Active, S::Revoking]),
    row(S::Extending, E::Approve, &[S::Extending]),
    row(S::Extending, E::Deny, &[S::Merged, S::Active]),
    row(S::Extending, E::Return, &[S::Merged, S::Active]),
    row(S::Extending, E::Refused, &[S::Merged, S::Active]),
    row(S::Extending, E::Cancel, &[S::Merged, S::Active]),
    row(S::Extending, E::Merged, &[S::Merged]),
    row(S::Extending, E::Live, &[S::Extending]),
    row(S::Extending, E::Unsynced, &[S::Extending]),
    row(S::Extending, E::Unapplied, &[S::Revoking]),
    row(S::Extending, E::Absent, &[S::Revoking]),
    row(S::Extending, E::Shortened, &[S::Merged, S::Active]),
    row(S::Extending, E::Tampered, &[S::Revoking]),
    row(S::Extending, E::PolicyRevoked, &[S::Revoking]),
    row(S::Extending, E::Relinquish, &[S::Revoking]),
    row(S::Extending, E::Revoke, &[S::Revoking]),
    row(S::Extending, E::Tick, &[S::Extending, S::Revoking]),
    row(S::Revoking, E::Absent, &[S::Revoking]),
    row(S::Revoking, E::Merged, &[S::Revoking]),
    row(S::Revoking, E::Tampered, &[S::Revoking]),
    row(S::Revoking, E::Gone, &[S::Revoked]),
    row(S::Revoking, E::Unsynced, &[S::Revoking]),
    row(S::Revoked, E::Merged, &[S::Revoking]),
    row(S::Revoked, E::Tampered, &[S::Revoking]),
    row(S::Denied, E::Merged, &[S::Revoking]),
    row(S::Cancelled, E::Merged, &[S::Revoking]),
    row(S::TimedOut, E::Merged, &[S::Revoking]),
    row(S::Failed, E::Merged, &[S::Revoking]),
    row(S::Failed, E::Cancel, &[S::Cancelled]),
    row(S::Failed, E::Revoke, &[S::Cancelled]),
    row(S::Failed, E::Retry, &[S::Approved]),
];

impl StateName {
    /// Whether nothing more happens by itself: the files are gone or never were.
    pub fn is_ended(self) -> bool {
        matches!(self, Self::Revoked | Self::Denied | Self::Cancelled | Self::TimedOut | Self::Failed)
    }

    /// Whether access may be had in it.
    pub fn is_live(self) -> bool {
        matches!(self, Self::Merged | Self::Active | Self::Extending)
    }
}

/// Where `event` may lead from `from`; `None` where it is refused.
pub(super) fn targets(from: StateName, event: EventName) -> Option<&'static [StateName]> {
    TRANSITIONS.iter().find(|row| row.from == from && row.event == event).map(|row| row.to)
}

/// The table as `docs/request-life.md` has it.
pub fn document() -> String {
    let mut text = String::from(HEAD);
    for row in TRANSITIONS {
        let to: Vec<&str> = row.to.iter().map(|state| state.as_str()).collect();
        // Writing to a string cannot fail.
        let _written =
            writeln!(text, "| {} | {} | {} |", row.from.as_str(), row.event.as_str(), to.join(", "));
    }
    text
}

const HEAD: &str = "\
# The life of a request

Made from `p0_access::request::TRANSITIONS`, which is the table that the program itself goes by: what is not in it is
refused, and the request stays as it is. `P0_BLESS=1 cargo test -p p0-access --test request_life` makes this page anew.

What people do is `approve`, `deny`, `cancel`, `relinquish`, `revoke`, `extend` and `retry`. What is seen on base is
`opened`, `merged`, `absent`, `shortened` and `tampered`; what the verifier or policy says is `refused`, `return` and
`forbid`; what is seen in the cluster is `live`, `gone`, `unsynced` and `unapplied`; `tick` is the passing of time.
The repository is made to hold what the state grants of it: files on base from `approved` to `extending`, a branch in
`awaiting-review`, and nothing in all other states, in which a file that turns up on base is removed again.

| in | event | leads to |
|---|---|---|
";
