//! Lines of a value that hold something: neither blank nor a comment.

/// One such line.
#[derive(Clone, Copy, Debug)]
pub(super) struct Line<'a> {
    /// Counted from 1.
    pub(super) number: usize,
    /// Where its first byte is in the text.
    pub(super) at: usize,
    /// Spaces before the content.
    pub(super) indent: usize,
    /// Without indentation and line end.
    pub(super) content: &'a str,
}

impl<'a> Line<'a> {
    /// What follows `- `, and how many columns dash and spaces take; none where the line is no item.
    pub(super) fn item(&self) -> Option<(&'a str, usize)> {
        let after = self.content.strip_prefix('-')?;
        let rest = after.trim_start_matches(' ');
        (rest.is_empty() || rest.len() < after.len()).then_some((rest, 1 + after.len() - rest.len()))
    }
}

/// The lines of a text from some place on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lines<'a> {
    text: &'a str,
    at: usize,
    number: usize,
}

impl<'a> Lines<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, at: 0, number: 1 }
    }

    /// The lines after the one that holds the byte `at`, which is the line `number`.
    pub(super) fn after(text: &'a str, at: usize, number: usize) -> Self {
        let rest = text.get(at..).unwrap_or_default();
        let end = rest.find('\n').map_or(text.len(), |end| at + end + 1);
        Self { text, at: end, number: number + 1 }
    }
}

impl<'a> Iterator for Lines<'a> {
    type Item = Line<'a>;

    fn next(&mut self) -> Option<Line<'a>> {
        loop {
            let rest = self.text.get(self.at..).filter(|rest| !rest.is_empty())?;
            let length = rest.find('\n').map_or(rest.len(), |end| end + 1);
            let line = rest.get(..length).unwrap_or_default();
            let (at, number) = (self.at, self.number);
            self.at += length;
            self.number += 1;
            let line = line.strip_suffix('\n').unwrap_or(line);
            let line = line.strip_suffix('\r').unwrap_or(line);
            let content = line.trim_start_matches(' ');
            if !content.is_empty() && !content.starts_with('#') {
                return Some(Line { number, at, indent: line.len() - content.len(), content });
            }
        }
    }
}

/// Whether nothing but a comment is left of a line, after a value.
pub(super) fn is_over(rest: &str) -> bool {
    let trimmed = rest.trim_start_matches(' ');
    trimmed.is_empty() || (trimmed.starts_with('#') && trimmed.len() < rest.len())
}
