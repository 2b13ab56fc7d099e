//! Moments in sentences for people. Not here: times that programs read, which are RFC 3339, and lengths of time ([`crate::lifetime`]).

use jiff::Timestamp;

/// A moment to the second, as sentences for people have it.
///
/// ```
/// let at = "2026-11-24T11:31:00.5Z".parse()?;
/// assert_eq!(p0_grant::time::written(at), "2026-11-24 11:31:00 UTC");
/// # Ok::<(), jiff::Error>(())
/// ```
pub fn written(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}
