//! The access review: who has what at a time, since when, by whose approval, and when it was extended last. Not here: whether a person
//! should keep it.

use jiff::Timestamp;
use p0_grant::manifest::Claims;
use serde::Serialize;

use super::{Meant, Version};

/// One grant, as a reviewer of access looks at it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Reviewed<'h> {
    /// The person whose access it is; nothing where the subject is no person's.
    pub person: Option<String>,
    /// When its first version came to base.
    pub since: Timestamp,
    /// When it was extended last; nothing where it never was.
    pub extended: Option<Timestamp>,
    /// What it means then.
    #[serde(flatten)]
    pub meant: Meant<'h>,
}

impl<'h> Reviewed<'h> {
    /// `version`, whose file says `claims`, at `time`; nothing where it does not stand on base then. Its grant came to base at
    /// `since`.
    pub fn at<F>(
        version: &'h Version<F>,
        claims: Option<&'h Claims>,
        since: Timestamp,
        person: Option<String>,
        time: Timestamp,
    ) -> Option<Self> {
        let is_extension = claims.and_then(|claims| claims.workflow.as_ref()?.previous.as_ref()).is_some();
        let extended = is_extension.then_some(version.landed.at);
        Some(Self { person, since, extended, meant: Meant::at(version, claims, time)? })
    }
}
