//! Looking at a store that another process may be using: is it there, is it whole, does it have the tables of this program? Nothing
//! is made or changed. Not here: opening it for work ([`super::open`]).

use super::migrate::missing_steps;
use super::{Result, Store, StoreLocation};

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inspected {
    /// Where the store is.
    pub location: StoreLocation,
    /// How far its tables are.
    pub schema: Schema,
}

/// How far a store's tables are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Schema {
    /// They are this program's.
    Current,
    /// They are of an earlier one, or there are none: the next start of `serve` makes so many steps.
    Behind(usize),
}

impl Store {
    /// Looks at the store at `sqlite://…` or `postgres://…` without changing it, and reads a SQLite file through for damage.
    ///
    /// # Errors
    /// [`super::StoreError`]: [`super::StoreError::Missing`] where there is no file; a newer, foreign or damaged database is refused.
    pub async fn inspect(url: &str) -> Result<Inspected> {
        let store = Self::open_to_read(url).await?;
        let missing = missing_steps(&store.database, store.location()).await;
        let whole = match missing {
            Ok(_) => store.check().await,
            Err(_) => Ok(()),
        };
        store.close().await;
        whole?;
        let schema = match missing? {
            0 => Schema::Current,
            steps => Schema::Behind(steps),
        };
        Ok(Inspected { location: store.location().clone(), schema })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::StoreError;

    #[tokio::test]
    async fn looking_at_a_store_makes_and_changes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("p0.db");
        let url = format!("sqlite://{}", path.display());
        assert!(matches!(Store::inspect(&url).await.unwrap_err(), StoreError::Missing(_)));
        assert!(!path.exists());
        std::fs::write(&path, "").unwrap();
        assert!(matches!(Store::inspect(&url).await.unwrap().schema, Schema::Behind(_)));
        assert_eq!(std::fs::read(&path).unwrap(), [] as [u8; 0]);
        let used = Store::open(&url).await.unwrap();
        assert_eq!(Store::inspect(&url).await.unwrap().schema, Schema::Current, "while it is used");
        used.close().await;
        let before = std::fs::read(&path).unwrap();
        assert_eq!(Store::inspect(&url).await.unwrap().schema, Schema::Current);
        assert_eq!(std::fs::read(&path).unwrap(), before);
        std::fs::write(&path, "not a database, but some other file of the site\n".repeat(30)).unwrap();
        assert!(matches!(Store::inspect(&url).await.unwrap_err(), StoreError::Damaged { .. }));
    }
}
