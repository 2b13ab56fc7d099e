//! Where the content of a list begins, whichever layout it has.

use super::lines::{Lines, is_over};
use super::refusal::{At, Problem};

/// Where the first content of a value is.
#[derive(Clone, Copy)]
pub(super) struct Start<'a> {
    pub(super) first: Option<char>,
    pub(super) line: usize,
    pub(super) at: usize,
    pub(super) lines: Lines<'a>,
}

/// Finds the first content, after comments and one `---`.
pub(super) fn start(text: &str) -> Result<Start<'_>, At> {
    let mut lines = Lines::new(text);
    let mut marked = false;
    loop {
        let here = lines;
        let Some(line) = lines.next() else {
            return Ok(Start { first: None, line: 1, at: text.len(), lines: here });
        };
        match line.content.strip_prefix("---") {
            Some(rest) if line.indent == 0 && is_over(rest) && !marked => marked = true,
            Some(_) => return Err((line.number, Problem::Documents)),
            None => {
                let first = line.content.chars().next();
                return Ok(Start { first, line: line.number, at: line.at + line.indent, lines: here });
            }
        }
    }
}
