//! The tables, step by step: forward only, each step once, all of what is missing in one transaction.
//!
//! Not here: what is kept in them.

use sha2::{Digest, Sha256};

use super::StoreError;
use super::database::{Database, Transaction};
use super::location::StoreLocation;

/// In their order; a step that has been released is never changed.
const STEPS: &[&str] = &[
    include_str!("../../migrations/0001-requests.sql"),
    include_str!("../../migrations/0002-deliveries.sql"),
    include_str!("../../migrations/0003-outgoing.sql"),
];

/// A number for PostgreSQL's lock, ours alone.
const LOCK: &str = "SELECT pg_advisory_xact_lock(7370231)";

/// Brings the tables to what this program knows.
pub(super) async fn migrate(database: &Database, location: &StoreLocation) -> Result<(), StoreError> {
    let failed = |source| StoreError::at(location, source);
    let mut transaction = database.begin().await.map_err(failed)?;
    // SQLite's transaction is alone already; PostgreSQL's replicas start together.
    if let Transaction::Postgres { .. } = transaction {
        transaction.script(LOCK).await.map_err(failed)?;
    }
    let table = "CREATE TABLE IF NOT EXISTS p0_schema (step BIGINT PRIMARY KEY, digest TEXT NOT NULL)";
    transaction.script(table).await.map_err(failed)?;
    let steps = "SELECT step, digest FROM p0_schema ORDER BY step";
    let there: Vec<(i64, String)> = transaction.rows(steps, &[]).await.map_err(failed)?;
    for (number, sql) in missing(&there, location)? {
        transaction.script(sql).await.map_err(failed)?;
        let insert = "INSERT INTO p0_schema (step, digest) VALUES ($1, $2)";
        let digest = digest(sql);
        transaction.execute(insert, &[number.into(), (&digest).into()]).await.map_err(failed)?;
    }
    transaction.commit().await.map_err(failed)
}

/// How many steps are still to be made; all of them where there is no table yet.
pub(super) async fn missing_steps(
    database: &Database,
    location: &StoreLocation,
) -> Result<usize, StoreError> {
    let steps = "SELECT step, digest FROM p0_schema ORDER BY step";
    let there: Vec<(i64, String)> = match database.rows(steps, &[]).await {
        Ok(there) => there,
        // Each database says in its own words that it has no such table, and names it.
        Err(sqlx::Error::Database(error)) if error.message().contains("p0_schema") => Vec::new(),
        Err(source) => return Err(StoreError::at(location, source)),
    };
    Ok(missing(&there, location)?.len())
}

/// The steps that are still to be made, if those that were made are ours.
fn missing(
    there: &[(i64, String)],
    location: &StoreLocation,
) -> Result<Vec<(i64, &'static str)>, StoreError> {
    let known: Vec<(i64, &'static str)> = (1..).zip(STEPS.iter().copied()).collect();
    let ours = known.last().map_or(0, |(number, _)| *number);
    if let Some((theirs, _)) = there.last().filter(|(number, _)| *number > ours) {
        return Err(StoreError::Newer { location: location.clone(), theirs: *theirs, ours });
    }
    for ((number, found), (expected, sql)) in there.iter().zip(&known) {
        if number != expected || *found != digest(sql) {
            return Err(StoreError::Foreign { location: location.clone(), step: *number });
        }
    }
    Ok(known.into_iter().skip(there.len()).collect())
}

fn digest(sql: &str) -> String {
    format!("{:x}", Sha256::digest(sql))
}
