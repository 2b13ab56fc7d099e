//! YAML: the one writer and the one strict reader. Everything this project writes or trusts as YAML goes through here.
//!
//! The writer's text means the same to YAML 1.1 readers (kubectl, Argo CD and Flux read with go-yaml): `no`, `on`,
//! `12:30:45` come out quoted. The reader knows no `<<`, no tags, no second key of one name, and stops at limits. Not
//! here: what the documents mean.

use serde::de::DeserializeOwned;
use serde::{Serialize, Serializer};
use serde_saphyr::{DoubleQuoted, FlowSeq, MergeKeyPolicy};

/// How much a text may hold before it is refused unread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    bytes: usize,
    nodes: usize,
    depth: usize,
}

impl Limits {
    /// For one grant or a file that a person writes: 1 MiB.
    pub const FILE: Self = Self { bytes: 1 << 20, nodes: 100_000, depth: 24 };
    /// For all roles and resources of a cluster: 64 MiB.
    pub const CLUSTER: Self = Self { bytes: 64 << 20, nodes: 8_000_000, depth: 24 };
}

/// Why a text was not read, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum YamlError {
    /// More bytes than the reader takes.
    #[error("{bytes} bytes of YAML are more than the {limit} that are read")]
    TooLong {
        /// What it has.
        bytes: usize,
        /// What it may have.
        limit: usize,
    },
    /// Not YAML, or not what was expected.
    #[error("line {line}, column {column}: {message}")]
    At {
        /// Counted from 1.
        line: u64,
        /// Counted from 1.
        column: u64,
        /// What is wrong.
        message: String,
    },
    /// As [`YamlError::At`], where the parser knows no place.
    #[error("{0}")]
    Somewhere(String),
    /// A value that has no YAML.
    #[error("cannot be written as YAML: {0}")]
    Write(String),
}

/// A list that is written on one line: `[get, list]`.
pub(crate) struct Line<'a>(pub(crate) &'a [String]);

struct Entry<'a>(&'a str);

impl Serialize for Line<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let entries: Vec<Entry<'_>> = self.0.iter().map(|entry| Entry(entry)).collect();
        FlowSeq(entries).serialize(serializer)
    }
}

impl Serialize for Entry<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // Between brackets go-yaml ends a bare word at `?`, and then refuses the file.
        match self.0.contains('?') {
            true => DoubleQuoted(self.0).serialize(serializer),
            false => self.0.serialize(serializer),
        }
    }
}

/// Writes documents, separated by `---`. Equal values give equal bytes.
///
/// # Errors
/// [`YamlError::Write`] for values without a YAML form, such as a map whose keys are maps.
///
/// ```
/// let text = p0_grant::yaml::write(&[std::collections::BTreeMap::from([("no", "12:30:45")])])?;
/// assert_eq!(text, "\"no\": \"12:30:45\"\n");
/// # Ok::<(), p0_grant::yaml::YamlError>(())
/// ```
pub fn write<T: Serialize>(documents: &[T]) -> Result<String, YamlError> {
    // Block scalars whose first line begins with a tab are refused by go-yaml (#383); quoted ones never are.
    let options = serde_saphyr::ser_options! { prefer_block_scalars: false };
    serde_saphyr::to_string_multiple_with_options(documents, options)
        .map_err(|error| YamlError::Write(error.to_string()))
}

/// Reads exactly one document.
///
/// # Errors
/// [`YamlError`] with line and column.
pub fn read<T: DeserializeOwned>(text: &str, limits: Limits) -> Result<T, YamlError> {
    check_length(text, limits)?;
    serde_saphyr::from_str_with_options(text, strict(limits)).map_err(|error| place(&error))
}

/// Reads all documents; empty ones do not count.
///
/// # Errors
/// As [`read`].
pub fn read_all<T: DeserializeOwned>(text: &str, limits: Limits) -> Result<Vec<T>, YamlError> {
    check_length(text, limits)?;
    serde_saphyr::from_multiple_with_options(text, strict(limits)).map_err(|error| place(&error))
}

fn check_length(text: &str, limits: Limits) -> Result<(), YamlError> {
    if text.len() > limits.bytes {
        return Err(YamlError::TooLong { bytes: text.len(), limit: limits.bytes });
    }
    Ok(())
}

fn strict(limits: Limits) -> serde_saphyr::Options {
    serde_saphyr::options! {
        strict_booleans: true,
        reject_unsupported_tags: true,
        merge_keys: MergeKeyPolicy::Error,
        strict_indentation: true,
        leading_zero_numbers_as_strings: true,
        underscored_numbers_as_strings: true,
        with_snippet: false,
        budget: serde_saphyr::budget! {
            max_depth: limits.depth,
            max_nodes: limits.nodes,
            max_events: 4 * limits.nodes,
            max_total_scalar_bytes: limits.bytes,
            max_aliases: 1_000,
            max_anchors: 1_000,
        },
    }
}

fn place(error: &serde_saphyr::Error) -> YamlError {
    let message = error.without_snippet().to_string();
    match error.location() {
        Some(at) => YamlError::At { line: at.line(), column: at.column(), message: without_place(&message) },
        None => YamlError::Somewhere(message),
    }
}

/// The parser's message repeats the place; the reader should see it once.
fn without_place(message: &str) -> String {
    let message = message.split(" at line ").next().unwrap_or(message);
    message.strip_prefix("error: ").unwrap_or(message).to_owned()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    type Map = BTreeMap<String, String>;

    fn read_map(text: &str) -> Result<Map, YamlError> {
        read(text, Limits::FILE)
    }

    #[test]
    fn every_awkward_string_reads_back() {
        for text in [
            "no",
            "on",
            "y",
            "012",
            "1e3",
            "12:30:45",
            "null",
            "~",
            "*",
            "a: b",
            "a\nb",
            "\ta\n",
            "",
            " x ",
            "<<",
            "é",
            "0x1f",
            "1_000",
            "2024-01-01",
            "#x",
            "- a",
            "\u{7f}",
            "\u{feff}",
        ] {
            let map = Map::from([("key".to_owned(), text.to_owned()), (text.to_owned(), "value".to_owned())]);
            let yaml = write(&[&map]).unwrap();
            assert_eq!(read_map(&yaml).unwrap(), map, "{yaml}");
        }
    }

    #[test]
    fn a_word_on_which_readers_differ_between_brackets_is_quoted() {
        let list = ["get", "a?b", "no", "a,b"].map(str::to_owned);
        assert_eq!(write(&[Line(&list)]).unwrap(), "[get, \"a?b\", \"no\", \"a,b\"]\n");
        assert_eq!(serde_json::to_string(&Line(&list)).unwrap(), r#"["get","a?b","no","a,b"]"#);
    }

    #[test]
    fn what_two_readers_could_take_differently_is_refused() {
        for (text, line) in [
            ("a: x\na: y\n", 2),
            ("a: !secret b\n", 1),
            ("a: &x b\n<<: *x\n", 2),
            ("a: [\n", 1),
            ("a: {b: c}\n", 1),
        ] {
            match read_map(text).unwrap_err() {
                YamlError::At { line: at, .. } => assert!(at >= line, "{text:?} at {at}"),
                other => panic!("{text:?}: {other}"),
            }
        }
    }

    #[test]
    fn bombs_and_giants_are_refused_quickly() {
        let deep = format!("a: {}{}", "[".repeat(5_000), "]".repeat(5_000));
        assert!(read_map(&deep).is_err());
        let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
        for level in 1..20 {
            let alias = format!("*a{}, ", level - 1).repeat(9);
            bomb.push_str(&format!("a{level}: &a{level} [{alias}]\n"));
        }
        assert!(read::<BTreeMap<String, serde_json::Value>>(&bomb, Limits::FILE).is_err());
        let giant = "x".repeat((1 << 20) + 1);
        assert!(matches!(read_map(&giant), Err(YamlError::TooLong { .. })));
    }

    #[test]
    fn errors_say_the_place_once() {
        let error = read_map("a: b\nc: {d: e}\n").unwrap_err().to_string();
        assert!(error.starts_with("line 2, column "), "{error}");
        assert_eq!(error.matches("line").count(), 1, "{error}");
    }
}
