//! An HTTP collector: it gets lines of JSON, and answers with success when it has them. Not here: which lines.

use async_trait::async_trait;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue};

use super::{LogSink, text};
use crate::post::PostTarget;
use crate::store::AuditLine;

/// A collector.
pub struct LogCollector {
    target: PostTarget,
    headers: HeaderMap,
}

/// Not a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the collector's token is empty, or has a character that no header may have")]
pub struct CollectorTokenError;

impl LogCollector {
    /// The collector at `target`; with a token, it is sent as `Authorization: Bearer`.
    ///
    /// # Errors
    /// [`CollectorTokenError`].
    pub fn new(target: PostTarget, token: Option<&str>) -> Result<Self, CollectorTokenError> {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-ndjson"));
        if let Some(token) = token.map(str::trim) {
            let value = HeaderValue::try_from(format!("Bearer {token}")).ok();
            let mut value = value.filter(|_| !token.is_empty()).ok_or(CollectorTokenError)?;
            value.set_sensitive(true);
            headers.insert(AUTHORIZATION, value);
        }
        Ok(Self { target, headers })
    }
}

#[async_trait]
impl LogSink for LogCollector {
    async fn write(&self, lines: &[AuditLine]) -> Result<(), String> {
        self.target.post(self.headers.clone(), text(lines)?).await
    }
}
