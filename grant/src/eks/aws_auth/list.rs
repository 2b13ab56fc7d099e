//! One list of the ConfigMap as the strict reader sees it: its layout, which says where an entry can be added, and its
//! entries, each with its place in the text. Not here: reading it (`read.rs`).

use super::entry::Entry;

/// A list that was read.
#[derive(Clone, Debug)]
pub(super) struct List<'a> {
    pub(super) text: &'a str,
    pub(super) layout: Layout,
    pub(super) entries: Vec<Entry<'a>>,
}

/// How a list is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Layout {
    /// The key is absent.
    Absent,
    /// One of the texts that AWS skips: blank, `""`, `''` or two backticks.
    Empty,
    /// `- …` lines with so many spaces before the dash; or nothing but comments.
    Lines { indent: usize },
    /// `[…]`: where the closing bracket is, and what stands before it.
    Brackets { close: usize, last: Last },
}

/// What stands before a closing bracket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Last {
    /// The opening bracket or a comma.
    Nothing,
    /// An entry.
    Entry,
}

impl<'a> List<'a> {
    /// The entries of an ARN, letter case aside, as AWS compares them.
    pub(super) fn of(&self, arn: &str) -> Vec<&Entry<'a>> {
        self.entries.iter().filter(|entry| entry.arn.eq_ignore_ascii_case(arn)).collect()
    }
}
