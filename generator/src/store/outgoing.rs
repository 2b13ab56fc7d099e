//! What the store keeps about who is told: how far each export of the audit log has come, which webhooks there are, and by what a
//! server tells people. Not here: sending anything.

use super::{Result, Store};

impl Store {
    /// The number of the last line that the export `name` has; 0 where it has none.
    ///
    /// # Errors
    /// [`super::StoreError`].
    pub async fn exported(&self, name: &str) -> Result<i64> {
        let sql = "SELECT seq FROM p0_exports WHERE name = $1";
        let found: Vec<(i64,)> = self.database.rows(sql, &[name.into()]).await.map_err(self.failed())?;
        Ok(found.into_iter().next().map_or(0, |(seq,)| seq))
    }

    /// Says that the export `name`, which had the lines up to `before`, has those up to `after`. `false` where another process moved
    /// it meanwhile.
    ///
    /// # Errors
    /// [`super::StoreError`].
    pub async fn mark_exported(&self, name: &str, before: i64, after: i64) -> Result<bool> {
        const FIRST: &str = "INSERT INTO p0_exports (name, seq) VALUES ($1, 0) ON CONFLICT (name) DO NOTHING";
        const NEXT: &str = "UPDATE p0_exports SET seq = $3 WHERE name = $1 AND seq = $2";
        let mut transaction = self.database.begin().await.map_err(self.failed())?;
        transaction.execute(FIRST, &[name.into()]).await.map_err(self.failed())?;
        let cells = [name.into(), before.into(), after.into()];
        let changed = transaction.execute(NEXT, &cells).await.map_err(self.failed())?;
        transaction.commit().await.map_err(self.failed())?;
        Ok(changed == 1)
    }

    /// Replaces the webhooks that get each notice from now on.
    ///
    /// # Errors
    /// [`super::StoreError`]; then they are as before.
    pub async fn keep_webhooks(&self, names: &[String]) -> Result<()> {
        const FIRST: &str = "DELETE FROM p0_webhooks";
        const EACH: &str = "INSERT INTO p0_webhooks (name) VALUES ($1) ON CONFLICT (name) DO NOTHING";
        self.replace(FIRST, EACH, names).await
    }

    /// Says by what a server tells people from now on: by nothing but the log where there are no names.
    ///
    /// # Errors
    /// [`super::StoreError`]; then it is as before.
    pub async fn keep_messengers(&self, names: &[String]) -> Result<()> {
        const FIRST: &str = "DELETE FROM p0_messengers";
        const EACH: &str = "INSERT INTO p0_messengers (name) VALUES ($1) ON CONFLICT (name) DO NOTHING";
        self.replace(FIRST, EACH, names).await
    }

    /// Whether a server tells people, so that another process must not take their messages.
    ///
    /// # Errors
    /// [`super::StoreError`].
    pub async fn is_told_by_server(&self) -> Result<bool> {
        let sql = "SELECT name FROM p0_messengers LIMIT 1";
        let rows: Vec<(String,)> = self.database.rows(sql, &[]).await.map_err(self.failed())?;
        Ok(!rows.is_empty())
    }

    async fn replace(&self, first: &'static str, each: &'static str, names: &[String]) -> Result<()> {
        let mut transaction = self.database.begin().await.map_err(self.failed())?;
        transaction.execute(first, &[]).await.map_err(self.failed())?;
        for name in names {
            transaction.execute(each, &[name.into()]).await.map_err(self.failed())?;
        }
        transaction.commit().await.map_err(self.failed())
    }

    /// The webhooks that get each notice.
    ///
    /// # Errors
    /// [`super::StoreError`].
    pub async fn webhooks(&self) -> Result<Vec<String>> {
        let sql = "SELECT name FROM p0_webhooks ORDER BY name";
        let rows: Vec<(String,)> = self.database.rows(sql, &[]).await.map_err(self.failed())?;
        Ok(rows.into_iter().map(|(name,)| name).collect())
    }
}
