//! What history has that the judgement would not have let in: found by the audit, for a person to look at.

use std::fmt;

use jiff::Timestamp;
use p0_grant::manifest::Claims;
use p0_grant::name::GrantId;
use p0_grant::time::written;
use serde::Serialize;

use super::{Landed, Version};
use crate::verifier::MAX_CLOCK_SKEW;

/// Something odd, and where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Odd {
    /// Which commit.
    pub commit: String,
    /// When it landed.
    pub at: Timestamp,
    /// What.
    #[serde(flatten)]
    pub what: Oddity,
}

/// What is odd.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "code", rename_all = "kebab-case")]
pub enum Oddity {
    /// The commit says a time that does not fit the commits around it.
    ClockBack {
        /// Which.
        says: Timestamp,
    },
    /// The commit says a time that has not come.
    FromTheFuture {
        /// Which.
        says: Timestamp,
    },
    /// A file that is no grant's.
    Foreign {
        /// Which.
        path: String,
    },
    /// A grant that had ended came back.
    Rose {
        /// Which.
        id: GrantId,
    },
    /// A file that cannot be read as a grant: what it gave is not known.
    Unreadable {
        /// Which.
        id: GrantId,
    },
    /// A grant without a signature.
    Unsigned {
        /// Which.
        id: GrantId,
    },
    /// It landed before it says it was made.
    TooEarly {
        /// Which.
        id: GrantId,
        /// When it was made.
        created_at: Timestamp,
    },
    /// It landed after the time to merge was over.
    TooLate {
        /// Which.
        id: GrantId,
        /// Until when it could land.
        merge_before: Timestamp,
    },
    /// It stands in a grants folder now, and must not.
    Standing {
        /// Where.
        path: String,
        /// What is wrong.
        problem: String,
    },
    /// A commit that was seen on base is not there any more.
    Rewritten {
        /// Which was seen.
        seen: String,
        /// By whom.
        by: String,
    },
}

/// What is odd about a version whose file says `claims`.
pub fn of_landing<F>(version: &Version<F>, claims: Option<&Claims>) -> Vec<Odd> {
    let Landed { commit, at } = &version.landed;
    let odd = |what| Odd { commit: commit.clone(), at: *at, what };
    let id = || version.id.clone();
    let Some(claims) = claims else { return vec![odd(Oddity::Unreadable { id: id() })] };
    let mut found = Vec::new();
    if claims.signature.is_none() {
        found.push(odd(Oddity::Unsigned { id: id() }));
    }
    let created_at = claims.created_at;
    if created_at > at.checked_add(MAX_CLOCK_SKEW).unwrap_or(Timestamp::MAX) {
        found.push(odd(Oddity::TooEarly { id: id(), created_at }));
    }
    let merge_before = claims.workflow.as_ref().and_then(|flow| flow.merge_before);
    if let Some(merge_before) = merge_before.filter(|before| before < at) {
        found.push(odd(Oddity::TooLate { id: id(), merge_before }));
    }
    found
}

impl fmt::Display for Oddity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ClockBack { says } => {
                write!(f, "the commit says {}, which does not fit the commits around it", written(*says))
            }
            Self::FromTheFuture { says } => {
                write!(f, "the commit says {}, which is in the future", written(*says))
            }
            Self::Foreign { path } => write!(f, "`{path}` is no grant's file"),
            Self::Rose { id } => write!(f, "{id} had ended and came back"),
            Self::Unreadable { id } => {
                write!(f, "{id} cannot be read as a grant; what it gave is not known")
            }
            Self::Unsigned { id } => write!(f, "{id} is not signed"),
            Self::TooEarly { id, created_at } => {
                write!(f, "{id} landed before it was made, at {}", written(*created_at))
            }
            Self::TooLate { id, merge_before } => write!(f, "{id} landed after {}", written(*merge_before)),
            Self::Standing { path, problem } => write!(f, "`{path}` must not stand there: {problem}"),
            Self::Rewritten { seen, by } => {
                write!(f, "base was rewritten: {by} saw {seen} on it, and it is not there any more")
            }
        }
    }
}
