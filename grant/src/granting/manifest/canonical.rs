//! The canonical parser: reads a grant file only in the exact layout that the writer produces.
//!
//! It is not a YAML reader, and its answer is never trusted: the answer counts only if writing it again gives the very
//! bytes that were read ([`super::read`]). Every other text goes to the strict reader.

use std::iter::Peekable;
use std::str::Lines;

use serde_json::{Map, Value};

use super::object::Object;

/// Longer texts go to the strict reader, which enforces the limits; a shorter text cannot reach any of them.
const LONGEST: usize = 64 << 10;
/// No object is written deeper than this.
const DEEPEST: usize = 4;

/// What seem to be the two objects of `text`.
pub(super) fn objects(text: &str) -> Option<[Object; 2]> {
    let (role, binding) = Some(text).filter(|text| text.len() <= LONGEST)?.split_once("\n---\n")?;
    Some([object(role)?, object(binding)?])
}

fn object(document: &str) -> Option<Object> {
    let mut lines = document.lines().peekable();
    let fields = map(&mut lines, 0)?;
    match lines.next() {
        None => serde_json::from_value(fields).ok(),
        Some(_) => None,
    }
}

/// Lines of `key: value`, each `indent` spaces in.
fn map(lines: &mut Peekable<Lines<'_>>, indent: usize) -> Option<Value> {
    if indent > DEEPEST {
        return None;
    }
    let mut fields = Map::new();
    while let Some(line) = lines.next_if(|line| is_field(line, indent)) {
        let (key, value) = field(line, lines, indent)?;
        fields.insert(key, value);
    }
    Some(Value::Object(fields))
}

fn is_field(line: &str, indent: usize) -> bool {
    let field = line.trim_start_matches(' ');
    line.len() - field.len() == indent && !field.starts_with("- ")
}

/// A field whose first line has been taken, with what belongs to it of the lines after that.
fn field(line: &str, lines: &mut Peekable<Lines<'_>>, indent: usize) -> Option<(String, Value)> {
    let line = line.trim_start_matches(' ');
    let (key, value) = match line.split_once(": ") {
        Some((key, "|")) => (key, block(lines, indent + 2)),
        Some((key, value)) => (key, inline(value)?),
        None => (line.strip_suffix(':')?, nested(lines, indent)?),
    };
    Some((key.to_owned(), value))
}

/// A list where the next line begins an entry of one, else a map.
fn nested(lines: &mut Peekable<Lines<'_>>, indent: usize) -> Option<Value> {
    let dash = format!("{}- ", " ".repeat(indent));
    let mut entries = Vec::new();
    while let Some(line) = lines.next_if(|line| line.starts_with(&dash)) {
        let (key, value) = field(line.get(dash.len()..)?, lines, indent + 2)?;
        let Value::Object(mut entry) = map(lines, indent + 2)? else { return None };
        entry.insert(key, value);
        entries.push(Value::Object(entry));
    }
    if entries.is_empty() { map(lines, indent + 2) } else { Some(Value::Array(entries)) }
}

/// Lines that are taken as they are.
fn block(lines: &mut Peekable<Lines<'_>>, indent: usize) -> Value {
    let margin = " ".repeat(indent);
    let mut text = String::new();
    while let Some(line) = lines.next_if(|line| line.starts_with(&margin)) {
        text.extend([line.strip_prefix(&margin).unwrap_or_default(), "\n"]);
    }
    Value::String(text)
}

/// A text, or a list of texts between brackets.
fn inline(value: &str) -> Option<Value> {
    match value.strip_prefix('[') {
        None => text(value),
        Some(list) => list.strip_suffix(']')?.split(", ").map(text).collect::<Option<_>>().map(Value::Array),
    }
}

/// Between quotes, what means the same in JSON.
fn text(value: &str) -> Option<Value> {
    match value.starts_with('"') {
        true => serde_json::from_str(value).ok(),
        false => Some(Value::String(value.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml::{Limits, read_all};

    /// The text of a test's snapshot, whose head is another document.
    fn snapshot(snapshot: &str) -> &str {
        snapshot.splitn(3, "---\n").last().unwrap()
    }

    const SIGNED: &str =
        include_str!("../../../tests/snapshots/manifest__one_object_with_its_workflow_and_signature.snap");

    #[test]
    fn what_was_written_here_is_known() {
        let others =
            include_str!("../../../tests/snapshots/manifest__each_target_and_each_kind_of_role_object.snap");
        let others = snapshot(others).split("### ").skip(1).map(|text| text.split_once('\n').unwrap().1);
        let texts: Vec<&str> = std::iter::once(snapshot(SIGNED)).chain(others).collect();
        assert_eq!(texts.len(), 6);
        for text in texts {
            let strict: Vec<Object> = read_all(text, Limits::FILE).unwrap();
            assert_eq!(objects(text).map(Vec::from), Some(strict), "{text}");
        }
    }

    #[test]
    fn the_strict_reader_s_limits_stay_its_own() {
        let because = |length: usize| snapshot(SIGNED).replace("the rollout hangs", &"x".repeat(length));
        assert!(objects(&because(LONGEST / 2)).is_some());
        assert_eq!(objects(&because(LONGEST)), None);
    }

    #[test]
    fn what_is_not_known_is_left() {
        for text in ["", "a", "a\n---\nb", "a: [b\n---\n", "a: \"\\x41\"\n---\n", " a: b\n---\n"] {
            assert_eq!(objects(text), None, "{text}");
        }
        let deep: String = (0..1_000).map(|depth| format!("{}a:\n", "  ".repeat(depth))).collect();
        assert_eq!(objects(&format!("{deep}---\n")), None);
    }
}
