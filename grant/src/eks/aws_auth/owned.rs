//! The text of an entry that is written here, with the comment that says whose it is, and where such a text stands.
//!
//! An entry is ours only where its bytes are exactly these: what somebody has changed since is somebody else's.

use std::ops::Range;

use super::entry::{Entry, arn_key};
use super::list::{Last, Layout, List};
use super::refusal::Key;

/// Which program keeps an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    /// `p0-gitops`: the entry belongs to grants in Git.
    P0Gitops,
    /// `terraform-provider-p0`: the entry belongs to grants in Terraform.
    TerraformProviderP0,
}

impl Owner {
    /// As the comment and `app.kubernetes.io/managed-by` have it.
    pub fn name(self) -> &'static str {
        match self {
            Self::P0Gitops => "p0-gitops",
            Self::TerraformProviderP0 => "terraform-provider-p0",
        }
    }

    pub(super) const ALL: [Self; 2] = [Self::P0Gitops, Self::TerraformProviderP0];
}

/// Begins the comment that keeps the text that AWS skipped before the first entry.
const EMPTY_BEFORE: &str = "# p0.dev/empty-before: ";

fn comment(owner: Owner) -> String {
    format!("# p0.dev/managed-by: {}", owner.name())
}

/// The line end of a text.
pub(super) fn line_end(text: &str) -> &'static str {
    match text.find('\n') {
        Some(at) if text.get(..at).is_some_and(|line| line.ends_with('\r')) => "\r\n",
        _ => "\n",
    }
}

/// An entry as lines, without the last line end.
fn lines(key: Key, indent: usize, arn: &str, username: &str, owner: Owner, end: &str) -> String {
    let (comment, space, name) = (comment(owner), " ".repeat(indent), quoted(username));
    format!("{space}{comment}{end}{space}- {}: {arn}{end}{space}  username: {name}", arn_key(key))
}

/// An entry between brackets, with its comment before and its line end after it.
fn bracketed(key: Key, arn: &str, username: &str, owner: Owner, comma: &str, end: &str) -> String {
    let (comment, arn_key) = (comment(owner), arn_key(key));
    let (arn, name) = (quoted(arn), quoted(username));
    format!(" {comment}{end}{comma}{{\"{arn_key}\": {arn}, \"username\": {name}}}{end}")
}

/// In double quotes, which every reader takes for text. Neither name holds control characters.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// What adds an entry: where, how many bytes it replaces, and the text.
pub(super) fn addition(
    key: Key,
    list: &List<'_>,
    arn: &str,
    username: &str,
    owner: Owner,
) -> (Range<usize>, String) {
    let (text, end) = (list.text, line_end(list.text));
    let length = text.len();
    match list.layout {
        Layout::Absent => (0..0, lines(key, 0, arn, username, owner, end) + end),
        Layout::Empty => {
            let before = serde_json::Value::from(text);
            let entry = lines(key, 0, arn, username, owner, "\n");
            (0..length, format!("{EMPTY_BEFORE}{before}\n{entry}\n"))
        }
        Layout::Lines { indent } => {
            let entry = lines(key, indent, arn, username, owner, end);
            let whole = text.is_empty() || text.ends_with('\n');
            (length..length, if whole { entry + end } else { format!("{end}{entry}") })
        }
        Layout::Brackets { close, last } => {
            let comma = if last == Last::Entry { "," } else { "" };
            (close..close, bracketed(key, arn, username, owner, comma, end))
        }
    }
}

/// The bytes that an entry of this owner takes; none where the entry is not exactly as it is written here.
pub(super) fn place(key: Key, list: &List<'_>, entry: &Entry<'_>, owner: Owner) -> Option<Range<usize>> {
    let (text, end) = (list.text, line_end(list.text));
    let found = |start: usize, wanted: &str| {
        text.get(start..)?.starts_with(wanted).then_some(start..start + wanted.len())
    };
    match list.layout {
        // More keys than ours: somebody added to the entry.
        _ if entry.keys != 2 => None,
        Layout::Absent | Layout::Empty => None,
        Layout::Lines { indent } => {
            let wanted = lines(key, indent, &entry.arn, &entry.username, owner, end);
            let dash = wanted.find('\n')? + 1 + indent;
            let place = found(entry.span.start.checked_sub(dash)?, &wanted)?;
            let after = text.get(place.end..)?;
            let begins = place.start == 0 || text.get(..place.start)?.ends_with('\n');
            match (begins, after.is_empty()) {
                (true, false) if after.starts_with(end) => Some(place.start..place.end + end.len()),
                (true, true) => Some(place.start.saturating_sub(end.len())..place.end),
                _ => None,
            }
        }
        Layout::Brackets { .. } => ["", ","].into_iter().find_map(|comma| {
            let wanted = bracketed(key, &entry.arn, &entry.username, owner, comma, end);
            let brace = wanted.find('{')?;
            found(entry.span.start.checked_sub(brace)?, &wanted)
        }),
    }
}

/// The text that AWS skipped before the first entry, where nothing but the comment that keeps it is left.
pub(super) fn empty_before(rest: &str) -> Option<String> {
    let kept = rest.strip_prefix(EMPTY_BEFORE)?.strip_suffix('\n')?;
    let before: String = serde_json::from_str(kept).ok()?;
    super::read::is_skipped(&before).then_some(before)
}

/// Whether a text keeps the one that AWS skipped before the first entry.
pub(super) fn keeps_empty(text: &str) -> bool {
    text.starts_with(EMPTY_BEFORE)
}
