//! The audit log, line by line, to where a site keeps its logs: a file or an HTTP collector.
//!
//! How far an export has come is kept in the store, and moves only when the lines are there: a crash loses none. A line may be there
//! twice; its number and hash tell. Not here: what a line says.

use std::sync::Arc;

use async_trait::async_trait;
use p0_access::name::HookName;

use crate::store::{AuditLine, Store, StoreError};

mod collector;
mod file;

pub use collector::{CollectorTokenError, LogCollector};
pub use file::LogFile;

/// How many lines are written at once.
const PAGE: u32 = 200;

/// Where lines go.
#[async_trait]
pub trait LogSink: Send + Sync {
    /// Keeps `lines`, in their order. When it returns, a crash of this machine does not lose them here.
    ///
    /// # Errors
    /// Why they are not kept; they are written again.
    async fn write(&self, lines: &[AuditLine]) -> Result<(), String>;
}

/// One export of the audit log.
#[derive(Clone)]
pub struct LogExport {
    name: HookName,
    store: Store,
    sink: Arc<dyn LogSink>,
}

/// Why an export stands still.
#[derive(Debug, thiserror::Error)]
pub enum LogExportError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The lines are not kept.
    #[error("the audit log is not exported to `{name}`: {problem}")]
    Sink {
        /// Which export.
        name: HookName,
        /// What went wrong.
        problem: String,
    },
}

impl LogExport {
    /// The export `name` of the log in `store` to `sink`.
    pub fn new(name: HookName, store: Store, sink: Arc<dyn LogSink>) -> Self {
        Self { name, store, sink }
    }

    /// What it is called.
    pub fn name(&self) -> &HookName {
        &self.name
    }

    /// Writes all lines that are not there yet; how many.
    ///
    /// # Errors
    /// [`LogExportError`]; what was written stays, and the rest is written the next time.
    pub async fn catch_up(&self) -> Result<usize, LogExportError> {
        let mut written = 0;
        loop {
            let position = self.store.exported(self.name.as_str()).await?;
            let lines = self.store.log(position, PAGE).await?;
            let Some(last) = lines.last() else { return Ok(written) };
            self.sink
                .write(&lines)
                .await
                .map_err(|problem| LogExportError::Sink { name: self.name.clone(), problem })?;
            written += lines.len();
            // Another replica was quicker: it wrote the same lines, and goes on.
            if !self.store.mark_exported(self.name.as_str(), position, last.seq).await? {
                return Ok(written);
            }
        }
    }
}

/// Lines as they are written: one JSON object a line, as `store log` prints them.
fn text(lines: &[AuditLine]) -> Result<String, String> {
    let mut text = String::new();
    for line in lines {
        text.push_str(&serde_json::to_string(line).map_err(|error| error.to_string())?);
        text.push('\n');
    }
    Ok(text)
}
