//! Two databases behind one door: the same SQL, with `$1`, `$2` for values, goes to either.
//!
//! Not here: any SQL of the store's own.

use std::sync::Arc;

use sqlx::postgres::{PgPool, PgRow};
use sqlx::sqlite::{SqlitePool, SqliteRow};
use sqlx::{FromRow, Postgres, Sqlite};
use tokio::sync::{Mutex, OwnedMutexGuard};

/// An open database.
#[derive(Clone)]
pub(super) enum Database {
    /// SQLite takes one writer at a time; those of this process queue here rather than poll its lock.
    Sqlite { pool: SqlitePool, writer: Arc<Mutex<()>> },
    /// PostgreSQL.
    Postgres { pool: PgPool },
}

/// A transaction that may write. Dropped without a commit, it never was.
pub(super) enum Transaction {
    /// In SQLite, alone from its first statement on.
    Sqlite { open: sqlx::Transaction<'static, Sqlite>, _writer: OwnedMutexGuard<()> },
    /// In PostgreSQL.
    Postgres { open: sqlx::Transaction<'static, Postgres> },
}

/// A value in a statement.
#[derive(Clone, Copy)]
pub(super) enum Cell<'a> {
    Text(Option<&'a str>),
    Number(Option<i64>),
}

impl<'a> From<&'a str> for Cell<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(Some(text))
    }
}

impl<'a> From<&'a String> for Cell<'a> {
    fn from(text: &'a String) -> Self {
        Self::Text(Some(text))
    }
}

impl From<i64> for Cell<'_> {
    fn from(number: i64) -> Self {
        Self::Number(Some(number))
    }
}

/// What both databases' rows can be read as.
pub(super) trait Row:
    for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin
{
}

impl<T> Row for T where T: for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin {}

type Result<T> = std::result::Result<T, sqlx::Error>;

/// A query with its values: the two drivers' types differ, their methods do not.
macro_rules! bound {
    ($query:expr, $cells:expr) => {{
        let mut query = $query;
        for cell in $cells {
            query = match *cell {
                Cell::Text(text) => query.bind(text.map(str::to_owned)),
                Cell::Number(number) => query.bind(number),
            };
        }
        query
    }};
}

impl Database {
    /// Begins a transaction that may write.
    pub(super) async fn begin(&self) -> Result<Transaction> {
        match self {
            Self::Sqlite { pool, writer } => {
                let writer = writer.clone().lock_owned().await;
                Ok(Transaction::Sqlite { open: pool.begin_with("BEGIN IMMEDIATE").await?, _writer: writer })
            }
            Self::Postgres { pool } => Ok(Transaction::Postgres { open: pool.begin().await? }),
        }
    }

    /// Reads.
    pub(super) async fn rows<T: Row>(&self, sql: &'static str, cells: &[Cell<'_>]) -> Result<Vec<T>> {
        match self {
            Self::Sqlite { pool, .. } => bound!(sqlx::query_as(sql), cells).fetch_all(pool).await,
            Self::Postgres { pool } => bound!(sqlx::query_as(sql), cells).fetch_all(pool).await,
        }
    }

    /// Ends all connections, after what they are doing.
    pub(super) async fn close(&self) {
        match self {
            Self::Sqlite { pool, .. } => pool.close().await,
            Self::Postgres { pool } => pool.close().await,
        }
    }
}

impl Transaction {
    /// Writes; how many rows that was.
    pub(super) async fn execute(&mut self, sql: &'static str, cells: &[Cell<'_>]) -> Result<u64> {
        match self {
            Self::Sqlite { open, .. } => {
                Ok(bound!(sqlx::query(sql), cells).execute(&mut **open).await?.rows_affected())
            }
            Self::Postgres { open } => {
                Ok(bound!(sqlx::query(sql), cells).execute(&mut **open).await?.rows_affected())
            }
        }
    }

    /// Reads, or writes and reads what was written.
    pub(super) async fn rows<T: Row>(&mut self, sql: &'static str, cells: &[Cell<'_>]) -> Result<Vec<T>> {
        match self {
            Self::Sqlite { open, .. } => bound!(sqlx::query_as(sql), cells).fetch_all(&mut **open).await,
            Self::Postgres { open } => bound!(sqlx::query_as(sql), cells).fetch_all(&mut **open).await,
        }
    }

    /// Runs several statements without values.
    pub(super) async fn script(&mut self, sql: &'static str) -> Result<()> {
        match self {
            Self::Sqlite { open, .. } => sqlx::raw_sql(sql).execute(&mut **open).await.map(|_| ()),
            Self::Postgres { open } => sqlx::raw_sql(sql).execute(&mut **open).await.map(|_| ()),
        }
    }

    /// Makes it so.
    pub(super) async fn commit(self) -> Result<()> {
        match self {
            Self::Sqlite { open, .. } => open.commit().await,
            Self::Postgres { open } => open.commit().await,
        }
    }
}
