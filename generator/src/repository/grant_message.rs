//! What a commit says that brings grants to base, whether a person proposes it or the server lands a request.
//!
//! Its trailers are for readers; the evidence is the signature in each grant's file.

use crate::git::Message;

/// What there is to say of the grants that one commit adds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GrantMessage<'a> {
    /// What is done, as a reader of the log sees it first: `Grant` or `Extend`.
    pub verb: &'a str,
    /// Which role on what.
    pub summary: String,
    /// Who gets it.
    pub subject: String,
    /// The grants' ids.
    pub ids: Vec<String>,
    /// Who asked, where a request was made.
    pub requester: Option<String>,
    /// Who approved.
    pub approvers: Vec<String>,
    /// The rules of the policy that answered, each once.
    pub rules: Vec<String>,
    /// When the access ends.
    pub expires_at: String,
}

impl GrantMessage<'_> {
    /// The message: a subject line and trailers, without a body.
    pub fn message(self) -> Message {
        let mut trailers: Vec<_> = self.ids.into_iter().map(|id| ("Request-Id", id)).collect();
        trailers.extend(self.requester.map(|requester| ("Requested-by", requester)));
        trailers.extend(self.approvers.into_iter().map(|approver| ("Approved-by", approver)));
        trailers.extend(self.rules.into_iter().map(|rule| ("Policy-rule", rule)));
        trailers.push(("Expires-at", self.expires_at));
        let subject = format!("{}: {} to {}", self.verb, self.summary, self.subject);
        Message { subject, body: String::new(), trailers }
    }
}
