//! The audit log: one JSON line per step, each chained to the one before it by SHA-256.
//!
//! A line's hash is over the former line's hash, a line feed and the line as it is stored, so that anybody can check an
//! export with `sha256sum`. Not here: what a line says of the step.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::database::Transaction;
use super::{Result, Store, StoreError};

/// What the first line is chained to.
pub const GENESIS: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// How far clocks of several replicas may be apart, in milliseconds.
const SKEW: i64 = 60_000;

/// How many lines are read at once.
const PAGE: i64 = 1000;

/// One line.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AuditLine {
    /// Which: 1, 2, 3, ….
    pub seq: i64,
    /// When.
    pub at: Timestamp,
    /// Of which request.
    pub request: String,
    /// What happened.
    pub line: Value,
    /// The hash of this line, which the next one is chained to.
    pub hash: String,
}

/// A log that was read from its first line to its last, and holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Chain {
    /// How many lines.
    pub lines: i64,
    /// The hash of the last one. Kept elsewhere, it shows whether lines were cut off the end later.
    pub head: String,
}

/// A line as it is stored: the text that is hashed.
#[derive(Serialize, Deserialize)]
struct Text {
    seq: i64,
    at: Timestamp,
    request: String,
    line: Value,
}

/// Writes the line of a step. The writer holds the end of the log until the transaction ends.
pub(super) async fn append(
    transaction: &mut Transaction,
    store: &Store,
    request: &str,
    (at, line): (Timestamp, &Value),
) -> Result<()> {
    let next = "UPDATE p0_head SET seq = seq + 1 RETURNING seq, hash, seen";
    let found: Vec<(i64, String, i64)> = transaction.rows(next, &[]).await.map_err(store.failed())?;
    let Some((seq, previous, seen)) = found.into_iter().next() else { return Err(store.broken(0, "no end")) };
    let now = at.as_millisecond();
    if now < seen - SKEW {
        let seen = Timestamp::from_millisecond(seen).unwrap_or(Timestamp::MAX);
        return Err(StoreError::ClockBack { now: at, seen });
    }
    let text = Text { seq, at, request: request.to_owned(), line: line.clone() };
    let line = serde_json::to_string(&text)
        .map_err(|source| StoreError::Unwritable { what: request.to_owned(), source })?;
    let hash = chained(&previous, &line);
    let insert = "INSERT INTO p0_audit (seq, request, line, hash) VALUES ($1, $2, $3, $4)";
    let cells = [seq.into(), request.into(), (&line).into(), (&hash).into()];
    transaction.execute(insert, &cells).await.map_err(store.failed())?;
    let end = "UPDATE p0_head SET hash = $1, seen = $2";
    let cells = [(&hash).into(), now.max(seen).into()];
    transaction.execute(end, &cells).await.map_err(store.failed()).map(|_| ())
}

/// The hash of a line.
fn chained(previous: &str, line: &str) -> String {
    let mut hash = Sha256::new();
    hash.update(previous);
    hash.update("\n");
    hash.update(line);
    format!("{:x}", hash.finalize())
}

type Row = (i64, String, String, String);

impl Store {
    /// What happened to one request, in order.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn history(&self, request: &str) -> Result<Vec<AuditLine>> {
        let sql = "SELECT seq, request, line, hash FROM p0_audit WHERE request = $1 ORDER BY seq";
        let rows = self.database.rows(sql, &[request.into()]).await.map_err(self.failed())?;
        rows.into_iter().map(|row| self.line(row)).collect()
    }

    /// The lines after `after`, at most `limit`: the whole log, page by page.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn log(&self, after: i64, limit: u32) -> Result<Vec<AuditLine>> {
        let rows = self.page(after, limit.into()).await?;
        rows.into_iter().map(|row| self.line(row)).collect()
    }

    /// The last lines, the latest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn latest(&self, limit: u32) -> Result<Vec<AuditLine>> {
        let sql = "SELECT seq, request, line, hash FROM p0_audit ORDER BY seq DESC LIMIT $1";
        let rows = self.database.rows(sql, &[i64::from(limit).into()]).await.map_err(self.failed())?;
        rows.into_iter().map(|row| self.line(row)).collect()
    }

    /// Reads the whole log and checks that it is one chain.
    ///
    /// # Errors
    /// [`StoreError::Broken`] with the first line that does not hold.
    pub async fn verify_chain(&self) -> Result<Chain> {
        let end = "SELECT seq, hash FROM p0_head";
        let found: Vec<(i64, String)> = self.database.rows(end, &[]).await.map_err(self.failed())?;
        let Some((end, end_hash)) = found.into_iter().next() else { return Err(self.broken(0, "no end")) };
        let mut chain = Chain { lines: 0, head: GENESIS.to_owned() };
        // What is appended meanwhile is not waited for.
        while chain.lines < end {
            let page = self.page(chain.lines, PAGE.min(end - chain.lines)).await?;
            if page.is_empty() {
                return Err(self.broken(chain.lines + 1, "it is missing"));
            }
            for row in page {
                chain = self.link(&chain, row)?;
            }
        }
        if chain.head == end_hash {
            Ok(chain)
        } else {
            Err(self.broken(end, "it is not the one written last"))
        }
    }

    /// Whether the line `seq` is there with this hash. Line 0 is what the first one is chained to.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn holds(&self, seq: i64, hash: &str) -> Result<bool> {
        if seq == 0 {
            return Ok(hash == GENESIS);
        }
        let sql = "SELECT hash FROM p0_audit WHERE seq = $1";
        let found: Vec<(String,)> = self.database.rows(sql, &[seq.into()]).await.map_err(self.failed())?;
        Ok(found.iter().any(|(own,)| own == hash))
    }

    fn link(&self, chain: &Chain, row: Row) -> Result<Chain> {
        let seq = chain.lines + 1;
        if row.0 != seq {
            return Err(self.broken(seq, "it is missing"));
        }
        if row.3 != chained(&chain.head, &row.2) {
            return Err(self.broken(seq, "its hash is another one: it, or a line before it, was changed"));
        }
        let line = self.line(row)?;
        Ok(Chain { lines: line.seq, head: line.hash })
    }

    async fn page(&self, after: i64, limit: i64) -> Result<Vec<Row>> {
        let sql = "SELECT seq, request, line, hash FROM p0_audit WHERE seq > $1 ORDER BY seq LIMIT $2";
        self.database.rows(sql, &[after.into(), limit.into()]).await.map_err(self.failed())
    }

    /// A row is a line only where its columns say what its text says.
    fn line(&self, (seq, request, text, hash): Row) -> Result<AuditLine> {
        match serde_json::from_str::<Text>(&text) {
            Ok(text) if text.seq == seq && text.request == request => {
                Ok(AuditLine { seq, at: text.at, request, line: text.line, hash })
            }
            Ok(_) => Err(self.broken(seq, "its columns and its text differ")),
            Err(_) => Err(self.broken(seq, "its text is no line")),
        }
    }

    /// Takes `now` for the latest time that was ever seen: for a clock that was ahead, and has been set right.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn accept_clock(&self, now: Timestamp) -> Result<()> {
        let mut transaction = self.database.begin().await.map_err(self.failed())?;
        let sql = "UPDATE p0_head SET seen = $1";
        transaction.execute(sql, &[now.as_millisecond().into()]).await.map_err(self.failed())?;
        transaction.commit().await.map_err(self.failed())
    }

    fn broken(&self, seq: i64, problem: &'static str) -> StoreError {
        StoreError::Broken { location: self.location().clone(), seq, problem }
    }
}
