//! The machine: it carries out what steps left to do, looks at what is there, and lets time count.
//!
//! Everything here may be done twice, late, or by two processes at once: what the repository should hold is read from the
//! request at that moment, never from the effect. Not here: what should be done.

use jiff::Timestamp;
use p0_access::cluster::ReasonKept;
use p0_access::digest::sha256;
use p0_access::request::{Request, State};

mod confirm;
mod observe;
mod paper;
mod settle;
mod tick;

pub use confirm::Watch;
pub(super) use confirm::Watches;
pub(super) use observe::Seen;
pub use tick::Ticked;

/// What of a reason is kept in Git.
pub(super) fn kept_reason(reason: Option<&str>, kept: ReasonKept) -> Option<String> {
    match kept {
        ReasonKept::Text => reason.map(str::to_owned),
        ReasonKept::Hash => reason.map(|reason| format!("sha256:{}", sha256(reason.as_bytes()))),
        ReasonKept::None => None,
    }
}

/// Why access is asked for now: an extension's own reason, or the request's.
pub(super) fn reason_of(request: &Request) -> Option<&str> {
    let own = match request.state() {
        State::Extending(extending) => extending.wish.reason.as_deref(),
        _ => None,
    };
    own.or(request.asked().reason.as_deref())
}

/// Something that could not be done, and is tried again.
pub(super) fn problem(problems: &mut Vec<(String, String)>, what: &str, error: &super::DeskError) {
    tracing::warn!(what, error = error.sentence(), "tried again later");
    problems.push((what.to_owned(), error.sentence()));
}

/// The witness of a cluster that nobody looks into: Git itself.
pub(super) fn git_witness(now: Timestamp) -> p0_access::request::Witness {
    p0_access::request::Witness { by: "git".to_owned(), at: now, note: None }
}
