//! The statement that an approver signs with their own key. Not here: how a grant file carries the signature
//! ([`crate::approval`]).

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use crate::approval::ApproverSignature;
use crate::manifest::Claims;
use crate::signature::{Purpose, Refused};

/// What an approver signs: everything of a grant that is theirs to decide, and nothing that is not known at the click.
///
/// ```
/// use p0_grant::statement::Statement;
///
/// let statement = Statement {
///     grant: "vpl5aqzpwnnqmnkrzze2".to_owned(),
///     cluster: "prod".to_owned(),
///     repository: None,
///     requester: "alice".to_owned(),
///     subject: "User/alice@example.com".to_owned(),
///     role: "ClusterRole/view".to_owned(),
///     selection: "pods shop/*".to_owned(),
///     subresources: vec!["log".to_owned()],
///     subset_sha256: "4f53cda18c2baa0c0354bb5f9a3ecbe5ed12ab4d8e11ba873c2f11161202b945".to_owned(),
///     reason: None,
///     previous: None,
///     at: "2026-11-24T10:00:00Z".parse()?,
///     lifetime_seconds: 3600,
/// };
/// assert!(statement.text().starts_with(r#"{"grant":"vpl5aqzpwnnqmnkrzze2","cluster":"prod""#));
/// # Ok::<(), jiff::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Statement {
    /// The grant's id.
    pub grant: String,
    /// The cluster's name in the repository.
    pub cluster: String,
    /// The repository's id, where it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repository: Option<String>,
    /// Who asked, as the file says it.
    pub requester: String,
    /// Who gets access.
    pub subject: String,
    /// Where the rules come from.
    pub role: String,
    /// What they are cut to.
    pub selection: String,
    /// Subresources besides, sorted.
    pub subresources: Vec<String>,
    /// The digest of the rules.
    pub subset_sha256: String,
    /// Why, as the file keeps it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// For an extension: the digest of the file that it replaces.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub previous: Option<String>,
    /// When they approve.
    pub at: Timestamp,
    /// The longest that they approve.
    pub lifetime_seconds: i64,
}

impl Statement {
    /// The statement that fits what a grant claims, for an approval `at` a time for a `lifetime`.
    pub fn of(claims: &Claims, at: Timestamp, lifetime: SignedDuration) -> Self {
        let flow = claims.workflow.as_ref();
        Self {
            grant: claims.id.to_string(),
            cluster: flow.map(|flow| flow.cluster.clone()).unwrap_or_default(),
            repository: flow.and_then(|flow| flow.repository.clone()),
            requester: flow.map(|flow| flow.requester.clone()).unwrap_or_default(),
            subject: claims.subject.to_string(),
            role: claims.role.to_string(),
            selection: claims.selection.to_string(),
            subresources: claims.subresources.clone(),
            subset_sha256: claims.digest.to_string(),
            reason: flow.and_then(|flow| flow.reason.clone()),
            previous: flow.and_then(|flow| flow.previous.clone()),
            at,
            lifetime_seconds: lifetime.as_secs(),
        }
    }

    /// The one text: compact JSON, fields in this order.
    #[expect(clippy::expect_used, reason = "strings, a time and a number always have a JSON form")]
    pub fn text(&self) -> String {
        serde_json::to_string(self).expect("JSON")
    }
}

impl ApproverSignature {
    /// The key that signed exactly what `claims` say, or why none did. Whose key it is, is not known here.
    ///
    /// # Errors
    /// [`Refused`] where it is for something else or over another text.
    pub fn signer(&self, claims: &Claims) -> Result<ssh_key::PublicKey, Refused> {
        let statement = Statement::of(claims, self.at, self.lifetime);
        self.signature.signer(Purpose::Approval, statement.text().as_bytes())
    }
}
