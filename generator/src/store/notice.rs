//! Notices: what was told to whom. One that is posted twice is there once.
//!
//! Not here: who is told what.

use jiff::Timestamp;
use serde_json::Value;

use super::{Result, Store, StoreError};

/// Something that was told.
#[derive(Clone, Debug, PartialEq)]
pub struct Notice {
    /// What makes telling it twice one notice.
    pub key: String,
    /// About which request.
    pub request: String,
    /// Whom.
    pub recipient: String,
    /// When.
    pub at: Timestamp,
    /// What.
    pub body: Value,
}

impl Store {
    /// Keeps a notice. `false` where it was kept before.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn post(&self, notice: &Notice) -> Result<bool> {
        let sql = "INSERT INTO p0_notices (key, request, recipient, at, body) VALUES ($1, $2, $3, $4, $5) \
            ON CONFLICT (key) DO NOTHING";
        let body = notice.body.to_string();
        let Notice { key, request, recipient, at, .. } = notice;
        let cells =
            [key.into(), request.into(), recipient.into(), at.as_millisecond().into(), (&body).into()];
        let mut transaction = self.database.begin().await.map_err(self.failed())?;
        let changed = transaction.execute(sql, &cells).await.map_err(self.failed())?;
        transaction.commit().await.map_err(self.failed())?;
        Ok(changed == 1)
    }

    /// What was told about a request, in order.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn notices(&self, request: &str) -> Result<Vec<Notice>> {
        let sql =
            "SELECT key, request, recipient, at, body FROM p0_notices WHERE request = $1 ORDER BY at, key";
        let rows = self.database.rows(sql, &[request.into()]).await.map_err(self.failed())?;
        rows.into_iter().map(notice).collect()
    }
}

fn notice((key, request, recipient, at, body): (String, String, String, i64, String)) -> Result<Notice> {
    match serde_json::from_str(&body) {
        Ok(body) => {
            let at = Timestamp::from_millisecond(at).unwrap_or_default();
            Ok(Notice { key, request, recipient, at, body })
        }
        Err(source) => Err(StoreError::Unreadable { what: key, source }),
    }
}
