//! Where the lines of a literal block are in its file, so that an edit of the value becomes an edit of the file.

use std::ops::Range;

/// A literal block: `key: |` and its lines.
#[derive(Clone, Debug)]
pub(super) struct Block {
    /// From the line of the key to the end of the last line that holds something.
    whole: Range<usize>,
    /// Where each line of the value begins in the file, after its indentation; and where one more would.
    lines: Vec<usize>,
    /// Spaces before each line.
    indent: usize,
}

impl Block {
    /// Finds the lines of a value that a literal block at `span` holds; none where it is written otherwise.
    pub(super) fn find(file: &str, value: &str, key: &Range<usize>, span: &Range<usize>) -> Option<Self> {
        let start = file.get(..key.start)?.rfind('\n').map_or(0, |at| at + 1);
        let column = key.start - start;
        let header = file.get(key.start..)?.find('\n').map_or(file.len(), |at| key.start + at + 1);
        let mut at = header;
        let mut indent = None;
        let mut lines = Vec::new();
        for line in value.split_terminator('\n') {
            let rest = file.get(at..)?;
            let raw = rest.get(..rest.find('\n').unwrap_or(rest.len()))?;
            let length = raw.len() + usize::from(raw.len() < rest.len());
            let raw = raw.strip_suffix('\r').unwrap_or(raw);
            let own = raw.len().checked_sub(line.len());
            match (line.is_empty(), own, indent) {
                (true, _, _) => lines.push(at + raw.len()),
                (false, Some(spaces), None | Some(_)) => {
                    if indent.is_some_and(|indent| indent != spaces) || !raw.ends_with(line) {
                        return None;
                    }
                    indent = Some(spaces);
                    lines.push(at + spaces);
                }
                (false, None, _) => return None,
            }
            at += length;
        }
        let end = at.min(file.len()).max(header.min(span.end));
        lines.push(at.min(file.len()));
        Some(Self { whole: start..end, lines, indent: indent.unwrap_or(column + 2) })
    }

    /// The key and its lines.
    pub(super) fn whole(&self) -> Range<usize> {
        self.whole.clone()
    }

    /// The edit of the file for an edit of the value.
    pub(super) fn edit(
        &self,
        file: &str,
        value: &str,
        replaced: &Range<usize>,
        inserted: &str,
        end: &str,
    ) -> Option<(Range<usize>, String)> {
        let (from, to) = (self.place(value, replaced.start)?, self.place(value, replaced.end)?);
        let space = " ".repeat(self.indent);
        let at_end = |offset: usize| offset == value.len() && (value.is_empty() || value.ends_with('\n'));
        // The line after the last has no indentation in the file yet, the others have.
        let opens = at_end(replaced.start);
        let closes = at_end(replaced.end);
        let mut text = if opens && !inserted.is_empty() { space.clone() } else { String::new() };
        let body = inserted.strip_suffix('\n').filter(|_| closes);
        let lines = body.unwrap_or(inserted).replace('\n', &format!("{end}{space}"));
        text.push_str(&lines);
        if body.is_some() {
            text.push_str(end);
        }
        // What goes to the end takes its own indentation along.
        let from = if closes && !opens && inserted.is_empty() {
            from.checked_sub(self.taken(file, from))?
        } else {
            from
        };
        Some((from..to, text))
    }

    /// Spaces just before a place in the file.
    fn taken(&self, file: &str, at: usize) -> usize {
        let before = file.get(..at).unwrap_or_default();
        before.len() - before.trim_end_matches(' ').len()
    }

    /// The file's byte for a byte of the value.
    fn place(&self, value: &str, offset: usize) -> Option<usize> {
        let before = value.get(..offset)?;
        let line = before.matches('\n').count();
        let column = offset - before.rfind('\n').map_or(0, |at| at + 1);
        Some(self.lines.get(line)? + column)
    }
}
