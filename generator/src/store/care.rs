//! Looking after a store: reading a file through for damage, and copying it while it is used.
//!
//! Not here: PostgreSQL, which has its own programs for both.

use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use super::database::Database;
use super::{Result, Store, StoreError};

impl Store {
    /// Reads all of a SQLite file for damage; PostgreSQL looks after its own.
    ///
    /// # Errors
    /// [`StoreError::Damaged`].
    pub async fn check(&self) -> Result<()> {
        let Database::Sqlite { .. } = self.database else { return Ok(()) };
        let found: Vec<(String,)> =
            self.database.rows("PRAGMA quick_check(1)", &[]).await.map_err(self.failed())?;
        match found.into_iter().find(|(word,)| word != "ok") {
            None => Ok(()),
            Some((word,)) => Err(StoreError::Damaged {
                location: self.location().clone(),
                source: sqlx::Error::Protocol(word),
            }),
        }
    }

    /// Copies a SQLite store to a new file, as it is at one moment, while others work on it.
    ///
    /// # Errors
    /// [`StoreError::NoCopy`] on PostgreSQL; [`StoreError::Open`] where the file exists, as no backup is overwritten.
    pub async fn backup(&self, to: &Path) -> Result<()> {
        let Database::Sqlite { pool, .. } = &self.database else {
            return Err(StoreError::NoCopy(self.location().clone()));
        };
        let opened =
            |source| StoreError::Open { location: super::StoreLocation::File(to.to_owned()), source };
        let name = to.to_str().ok_or_else(|| opened(std::io::ErrorKind::InvalidFilename.into()))?;
        // SQLite fills an empty file, and would make one that everybody may read.
        OpenOptions::new().write(true).create_new(true).mode(0o600).open(to).map_err(opened)?;
        let copied = sqlx::query("VACUUM INTO $1").bind(name).execute(pool).await;
        copied.map(|_| ()).map_err(self.failed())
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use serde_json::{Value, json};

    use super::*;
    use crate::store::{Advanced, Columns, NewStep};

    fn step(bytes: usize) -> NewStep {
        let columns = Columns {
            state: "pending".to_owned(),
            requester: "alice".to_owned(),
            subject: "User/alice".to_owned(),
            cluster: "prod".to_owned(),
            expires_at: None,
            next_due: None,
        };
        let request = Value::String("x".repeat(bytes));
        NewStep { at: Timestamp::UNIX_EPOCH, request, columns, effects: vec![], line: json!({}) }
    }

    #[tokio::test]
    async fn without_space_nothing_is_written_and_all_that_was_there_stays() {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", folder.path().join("p0.db").display());
        let store = Store::open(&url).await.unwrap();
        store.create("a", &step(10)).await.unwrap();
        // The limit is per connection: one that is refused a page says what a full disk says. The pool may open one more
        // in between, and takes those that wait in turn.
        for _ in 0..8 {
            let mut transaction = store.database.begin().await.unwrap();
            transaction.rows::<(i64,)>("PRAGMA max_page_count = 1", &[]).await.unwrap();
        }
        let mut version = 1;
        let full = loop {
            match store.advance("a", version, &step(1_000_000)).await {
                Ok(Advanced::To(next)) if next < 32 => version = next,
                other => break other.unwrap_err(),
            }
        };
        assert!(matches!(full, StoreError::DiskFull { .. }), "{full:?}");
        let again = Store::open(&url).await.unwrap();
        assert_eq!(again.load("a").await.unwrap().unwrap().version, version);
        assert_eq!(again.verify_chain().await.unwrap().lines, version);
        assert_eq!(again.advance("a", version, &step(1_000_000)).await.unwrap(), Advanced::To(version + 1));
    }
}
