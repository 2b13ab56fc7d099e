//! Why something is not done to a request, as data.

use jiff::Timestamp;

use super::table::{EventName, StateName};
use crate::name::PersonName;
use p0_grant::time::written;

/// Why a request stays as it is.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// It stands elsewhere: somebody or something else was quicker, or it never could.
    #[error("the request {}, so {} is not possible", .state.label(), .event.label())]
    NotNow {
        /// Where it stands.
        state: StateName,
        /// What was tried.
        event: EventName,
    },
    /// It was known before.
    #[error("nothing new")]
    NothingNew,
    /// It is not theirs.
    #[error(
        "only the requester or the person who has the access may do that, and `{0}` is neither; an approver can `revoke`"
    )]
    NotTheirs(PersonName),
    /// Twice the same yes.
    #[error("`{0}` has approved it before")]
    VotedBefore(PersonName),
    /// Its time is over.
    #[error("it was to be answered by {}; ask again", written(*.0))]
    TooLate(Timestamp),
    /// A yes for longer than was asked.
    #[error("an approval may be for shorter than was asked, and never for longer")]
    Longer,
    /// An extension that extends nothing.
    #[error("it would not end later than it does now, at {}", written(*.0))]
    NoExtension(Timestamp),
    /// A time that no calendar has.
    #[error("it would end beyond all calendars")]
    Overflow,
}

impl Refused {
    /// A word for machines; it does not change when a sentence does.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotNow { .. } => "not-now",
            Self::NothingNew => "nothing-new",
            Self::NotTheirs(_) => "not-theirs",
            Self::VotedBefore(_) => "voted-before",
            Self::TooLate(_) => "too-late",
            Self::Longer => "longer",
            Self::NoExtension(_) => "no-extension",
            Self::Overflow => "overflow",
        }
    }

    /// What a person is told.
    pub fn sentence(&self) -> String {
        self.to_string()
    }
}
