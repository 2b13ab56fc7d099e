//! The names by which Slack gives back forms, fields and buttons. Buttons of messages live for as long as their messages: a name here
//! is never given another meaning.

/// The form of a request.
pub(super) const REQUEST_FORM: &str = "p0.request";
/// The form of a denial.
pub(super) const DENY_FORM: &str = "p0.deny";
/// The form of an extension.
pub(super) const EXTEND_FORM: &str = "p0.extend";
/// A window to read.
pub(super) const NOTICE: &str = "p0.notice";

/// What kind of thing is asked for.
pub(super) const KIND: &str = "p0.kind";
/// What kind of access.
pub(super) const ACCESS: &str = "p0.access";
/// The cluster.
pub(super) const CLUSTER: &str = "p0.cluster";
/// The resource.
pub(super) const RESOURCE: &str = "p0.resource";
/// The role.
pub(super) const ROLE: &str = "p0.role";
/// Parts of the resource.
pub(super) const SUBRESOURCES: &str = "p0.subresources";
/// The reason.
pub(super) const REASON: &str = "p0.reason";
/// The duration.
pub(super) const DURATION: &str = "p0.duration";

/// Yes.
pub(super) const APPROVE: &str = "p0.approve-button";
/// Yes, for shorter.
pub(super) const SHORTEN: &str = "p0.shorten";
/// No.
pub(super) const DENY: &str = "p0.deny-button";
/// Give back.
pub(super) const RELINQUISH: &str = "p0.relinquish";
/// Take back.
pub(super) const CANCEL: &str = "p0.cancel";
/// Ask for longer.
pub(super) const EXTEND: &str = "p0.extend-button";
/// Ask for the same once more.
pub(super) const AGAIN: &str = "p0.again";

/// Whether a text is written as a user's id is.
pub(super) fn is_user(id: &str) -> bool {
    id.len() > 1 && id.len() < 30 && id.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
}
