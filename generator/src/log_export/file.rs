//! A file that lines are added to. It may be moved away at any time, as log rotation does; the next line begins a new one.
//!
//! A line that a crash left half written is cut off, and lines that are there already are not added again. Not here: which lines.

use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use async_trait::async_trait;
use serde::Deserialize;

use super::{LogSink, text};
use crate::store::AuditLine;

/// Longer than any line: what is read of a file's end.
const TAIL: u64 = 1 << 20;

/// What every line begins with.
const BEGINNING: &[u8] = br#"{"seq":"#;

/// A file.
pub struct LogFile(PathBuf);

/// What of a line says which it is.
#[derive(Deserialize)]
struct Written {
    seq: i64,
    hash: String,
}

/// How a file ends.
struct End {
    /// How long it is without a line that is half written.
    length: u64,
    last: Option<Written>,
}

impl LogFile {
    /// The file at `path`; it is made with the first line.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }
}

#[async_trait]
impl LogSink for LogFile {
    async fn write(&self, lines: &[AuditLine]) -> Result<(), String> {
        let (path, lines) = (self.0.clone(), lines.to_vec());
        let written = tokio::task::spawn_blocking(move || append(&path, &lines)).await;
        written.map_err(|error| error.to_string())?
    }
}

fn append(path: &Path, lines: &[AuditLine]) -> Result<(), String> {
    let failed = |error: std::io::Error| format!("`{}`: {error}", path.display());
    let is_new = !path.exists();
    // It holds reasons and names: others on this machine have no business with it.
    let opened = OpenOptions::new().read(true).append(true).create(true).mode(0o600).open(path);
    let mut file = opened.map_err(failed)?;
    let end = end(&mut file).map_err(failed)?.ok_or_else(|| {
        format!("`{}` does not end with a line of the audit log; name another file", path.display())
    })?;
    if let Some(last) = &end.last
        && lines.iter().any(|line| line.seq == last.seq && line.hash != last.hash)
    {
        return Err(format!(
            "`{}` holds another log: its line {} has another hash",
            path.display(),
            last.seq
        ));
    }
    file.set_len(end.length).map_err(failed)?;
    let there = end.last.map_or(0, |last| last.seq);
    let new: Vec<AuditLine> = lines.iter().filter(|line| line.seq > there).cloned().collect();
    file.write_all(text(&new)?.as_bytes()).map_err(failed)?;
    file.sync_all().map_err(failed)?;
    if is_new {
        // The file's name is kept too.
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed)?;
    }
    Ok(())
}

/// How the file ends; `None` where its last whole line is none of a log.
fn end(file: &mut File) -> std::io::Result<Option<End>> {
    let size = file.metadata()?.len();
    let from = size.saturating_sub(TAIL);
    file.seek(SeekFrom::Start(from))?;
    let mut tail = Vec::new();
    file.read_to_end(&mut tail)?;
    let Some(newline) = tail.iter().rposition(|byte| *byte == b'\n') else {
        // Nothing, or the first line half written; anything else is somebody's file.
        let is_begun = from == 0 && (BEGINNING.starts_with(&tail) || tail.starts_with(BEGINNING));
        return Ok(is_begun.then_some(End { length: 0, last: None }));
    };
    let whole = tail.get(..newline).unwrap_or_default();
    let last = whole.rsplit(|byte| *byte == b'\n').next().unwrap_or_default();
    let length = from + newline as u64 + 1;
    Ok(serde_json::from_slice(last).ok().map(|last| End { length, last: Some(last) }))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn line(seq: i64) -> AuditLine {
        let hash = format!("hash-{seq}");
        AuditLine {
            seq,
            at: "2026-11-24T10:00:00Z".parse().unwrap(),
            request: "r".to_owned(),
            line: json!({}),
            hash,
        }
    }

    fn numbers(path: &Path) -> Vec<i64> {
        let text = std::fs::read_to_string(path).unwrap();
        text.lines().map(|line| serde_json::from_str::<Written>(line).unwrap().seq).collect()
    }

    #[test]
    fn lines_are_there_once_whatever_a_crash_left() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("audit.jsonl");
        append(&path, &[line(1), line(2)]).unwrap();
        // The lines were written, and their position was not kept.
        append(&path, &[line(1), line(2), line(3)]).unwrap();
        assert_eq!(numbers(&path), [1, 2, 3]);
        let whole = std::fs::read(&path).unwrap();
        // Any part of the last line; those before it are on the disk before their position is kept.
        let last = whole.split_inclusive(|byte| *byte == b'\n').next_back().unwrap().len();
        for cut in 1..=last {
            std::fs::write(&path, &whole[..whole.len() - cut]).unwrap();
            append(&path, &[line(3), line(4)]).unwrap();
            assert_eq!(numbers(&path), [1, 2, 3, 4], "{cut} bytes were lost");
        }
        // Log rotation takes the file away.
        std::fs::rename(&path, folder.path().join("audit.jsonl.1")).unwrap();
        append(&path, &[line(5)]).unwrap();
        assert_eq!(numbers(&path), [5]);
    }

    #[test]
    fn another_file_and_another_log_are_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        for text in ["somebody's notes", "somebody's notes\n", "{}\n"] {
            std::fs::write(&path, text).unwrap();
            assert!(append(&path, &[line(1)]).unwrap_err().contains("name another file"), "{text}");
            assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
        }
        std::fs::remove_file(&path).unwrap();
        append(&path, &[AuditLine { hash: "other".to_owned(), ..line(1) }]).unwrap();
        assert!(append(&path, &[line(1), line(2)]).unwrap_err().contains("another log"));
        assert_eq!(numbers(&path), [1]);
    }
}
