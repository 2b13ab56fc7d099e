//! Messages in the outbox: a notice becomes one row for each recipient, and each row keeps the outside's reference to its message.
//!
//! Not here: who is told what, and telling it.

use jiff::Timestamp;

use super::database::Cell;
use super::outbox::DONE;
use super::request::add_effect;
use super::{ClaimedEffect, NewEffect, Result, Store};

impl Store {
    /// Puts messages in the place of the notice that makes them, all or none. `false` where the lease of `notice` was over and
    /// another process has claimed it; then nothing was written.
    ///
    /// # Errors
    /// [`super::StoreError`].
    pub async fn fan_out(
        &self,
        notice: &ClaimedEffect,
        deliveries: &[NewEffect],
        now: Timestamp,
    ) -> Result<bool> {
        let mut transaction = self.database.begin().await.map_err(self.failed())?;
        let own = [(&notice.key).into(), notice.claims.into()];
        if transaction.execute(DONE, &own).await.map_err(self.failed())? == 0 {
            return Ok(false);
        }
        for delivery in deliveries {
            let added = add_effect(&mut transaction, &notice.request, now, delivery).await;
            added.map_err(self.failed())?;
        }
        transaction.commit().await.map_err(self.failed())?;
        Ok(true)
    }

    /// Says that a message was sent, and how the outside calls it. `false` where another process has claimed it since.
    ///
    /// # Errors
    /// [`super::StoreError`].
    pub async fn delivered(&self, delivery: &ClaimedEffect, reference: Option<&str>) -> Result<bool> {
        let sql = "UPDATE p0_effects SET done = 1, last_error = NULL, reference = $3 \
            WHERE key = $1 AND claims = $2 AND done = 0";
        self.finish(sql, &[(&delivery.key).into(), delivery.claims.into(), Cell::Text(reference)]).await
    }

    /// Webhooks whose last try failed: each with how many messages wait for it, and since when the oldest does.
    ///
    /// # Errors
    /// [`super::StoreError`].
    pub async fn failing_webhooks(&self) -> Result<Vec<(String, i64, Timestamp)>> {
        let sql = "SELECT recipient, COUNT(*), MIN(since) FROM p0_effects WHERE done = 0 AND last_error IS NOT NULL \
            AND kind = 'webhook' GROUP BY recipient ORDER BY recipient";
        let found: Vec<(String, i64, i64)> = self.database.rows(sql, &[]).await.map_err(self.failed())?;
        let read = |(recipient, count, since): (String, i64, i64)| {
            let name = recipient.strip_prefix("webhook/").unwrap_or(&recipient).to_owned();
            (name, count, Timestamp::from_millisecond(since).unwrap_or_default())
        };
        Ok(found.into_iter().map(read).collect())
    }

    /// Whether any message about a request was made for `recipient`.
    ///
    /// # Errors
    /// [`super::StoreError`].
    pub async fn has_messages(&self, request: &str, recipient: &str) -> Result<bool> {
        let sql = "SELECT key FROM p0_effects WHERE request = $1 AND recipient = $2 LIMIT 1";
        let cells = [request.into(), recipient.into()];
        let found: Vec<(String,)> = self.database.rows(sql, &cells).await.map_err(self.failed())?;
        Ok(!found.is_empty())
    }

    /// How the outside calls the last message that `recipient` got about a request.
    ///
    /// # Errors
    /// [`super::StoreError`].
    pub async fn last_reference(&self, request: &str, recipient: &str) -> Result<Option<String>> {
        let sql = "SELECT reference FROM p0_effects WHERE request = $1 AND recipient = $2 \
            AND reference IS NOT NULL ORDER BY since DESC, LENGTH(key) DESC, key DESC LIMIT 1";
        let cells = [request.into(), recipient.into()];
        let found: Vec<(String,)> = self.database.rows(sql, &cells).await.map_err(self.failed())?;
        Ok(found.into_iter().next().map(|(reference,)| reference))
    }
}
