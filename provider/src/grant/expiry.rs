//! When a grant ends: as it is configured, and what follows from that. Pure: the time comes in.
//!
//! Not here: what a plan or an apply does with a grant that has ended.

use jiff::Timestamp;
use p0_grant::lifetime::Lifetime;
use tfplugin::diagnostics::Diagnostic;
use tfplugin::value::Attr;

use super::record::Record;

/// When a grant is to end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Expiry {
    /// At a time.
    At(Attr<Timestamp>),
    /// So long after its creation.
    After(Attr<Lifetime>),
}

/// A time in RFC 3339, in whole seconds.
pub(crate) fn time(text: &str) -> Result<Timestamp, String> {
    match text.parse::<Timestamp>() {
        Ok(time) if time.subsec_nanosecond() == 0 => Ok(time),
        Ok(_) => Err(format!("`{text}` has a fraction of a second; grants end on whole seconds.")),
        Err(_) => Err(format!("`{text}` is not a time: write it as `2030-01-31T18:00:00Z`.")),
    }
}

/// The end of a new grant that is created at `now`; `None` where that is not known yet.
pub(super) fn first_end(expiry: &Expiry, now: Timestamp) -> Option<Timestamp> {
    match expiry {
        Expiry::At(time) => time.known().copied(),
        Expiry::After(lifetime) => after(now, *lifetime.known()?),
    }
}

/// The end of the grant `record` under this configuration; `None` where that is not known yet.
pub(super) fn end(expiry: &Expiry, record: &Record) -> Option<Timestamp> {
    match expiry {
        Expiry::At(time) => time.known().copied(),
        Expiry::After(lifetime) => after(record.created_at, *lifetime.known()?),
    }
}

/// The end of a grant that lasts `lifetime` from `from`; `None` beyond the calendar.
pub(super) fn after(from: Timestamp, lifetime: Lifetime) -> Option<Timestamp> {
    from.checked_add(lifetime.duration()).ok()
}

/// The attribute that says when it ends.
pub(super) fn end_attribute(expiry: &Expiry) -> &'static str {
    match expiry {
        Expiry::At(_) => "expires_at",
        Expiry::After(_) => "duration",
    }
}

/// Whether the plan of a change expected the grant to be live: it was live when read, and its end does not move earlier.
pub(super) fn planned_alive(before: &Record, end: Timestamp) -> bool {
    !before.expired && end >= before.expires_at
}

/// Whether a grant has expired at `now`.
pub(super) fn has_come(expires_at: Timestamp, now: Timestamp) -> bool {
    now >= expires_at
}

/// Refuses a grant that would last longer from `from` than the provider block allows.
pub(super) fn too_long(
    from: Timestamp,
    end: Timestamp,
    longest: Option<Lifetime>,
    expiry: &Expiry,
) -> Option<Diagnostic> {
    let longest = longest?;
    let latest = after(from, longest)?;
    (end > latest).then(|| {
        let detail = format!(
            "It would end at {end}, and `max_duration = \"{longest}\"` in the provider block lets it last until {latest} at most."
        );
        Diagnostic::error("The grant would last too long", detail).at_attribute(end_attribute(expiry))
    })
}
