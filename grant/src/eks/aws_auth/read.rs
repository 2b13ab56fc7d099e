//! Reading a list: which of the two layouts it has is seen at its first character. Not here: the layouts (`block.rs`, `flow.rs`).

use super::list::{Layout, List};
use super::refusal::{At, Key, Problem};
use super::{block, characters, flow, start};

impl<'a> List<'a> {
    /// Reads a key's value; none where the key is absent.
    pub(super) fn read(key: Key, text: Option<&'a str>) -> Result<Self, At> {
        let Some(text) = text else {
            return Ok(Self { text: "", layout: Layout::Absent, entries: Vec::new() });
        };
        characters::check(text)?;
        if is_skipped(text) {
            return Ok(Self { text, layout: Layout::Empty, entries: Vec::new() });
        }
        let start = start::start(text)?;
        match start.first {
            None => Ok(Self { text, layout: Layout::Lines { indent: 0 }, entries: Vec::new() }),
            Some('[') => flow::list(key, text, start),
            Some('-') => block::list(key, text, start),
            Some(_) => Err((start.line, Problem::NotAList)),
        }
    }
}

/// Texts that AWS' reader skips (`isSkippable`).
pub(super) fn is_skipped(text: &str) -> bool {
    matches!(text.trim_matches([' ', '\n', '\r']), "" | "``" | "\"\"" | "''")
}
