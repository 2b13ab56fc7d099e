//! One list of the ConfigMap as the strict reader sees it: its layout, which says where an entry can be added, and its
//! entries, each with its place in the text.

use std::borrow::Cow;
use std::ops::Range;

use super::refusal::{Key, Problem};
use super::scalar::Scalar;
use super::{block, characters, flow};

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

/// One entry. Two are equal where AWS sees the same mapping.
#[derive(Clone, Debug)]
pub(super) struct Entry<'a> {
    /// The ARN, or the account in `mapAccounts`.
    pub(super) arn: Cow<'a, str>,
    pub(super) username: Cow<'a, str>,
    pub(super) groups: Vec<Cow<'a, str>>,
    pub(super) userid: Cow<'a, str>,
    /// How many keys it has, those that AWS does not know among them.
    pub(super) keys: usize,
    /// From its dash or brace on.
    pub(super) span: Range<usize>,
}

impl PartialEq for Entry<'_> {
    fn eq(&self, other: &Self) -> bool {
        (&self.arn, &self.username, &self.groups, &self.userid, self.keys)
            == (&other.arn, &other.username, &other.groups, &other.userid, other.keys)
    }
}

/// A value of an entry's key.
#[derive(Clone, Debug)]
pub(super) enum Value<'a> {
    Scalar(Scalar<'a>),
    List(Vec<Value<'a>>),
    Map,
}

/// A key, its value, and its line.
pub(super) struct Field<'a> {
    pub(super) key: Cow<'a, str>,
    pub(super) value: Value<'a>,
    pub(super) line: usize,
}

/// A problem and its line, counted from 1.
pub(super) type At = (usize, Problem);

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
        let start = block::start(text)?;
        match start.first {
            None => Ok(Self { text, layout: Layout::Lines { indent: 0 }, entries: Vec::new() }),
            Some('[') => flow::list(key, text, start),
            Some('-') => block::list(key, text, start),
            Some(_) => Err((start.line, Problem::NotAList)),
        }
    }

    /// The entries of an ARN, letter case aside, as AWS compares them.
    pub(super) fn of(&self, arn: &str) -> Vec<&Entry<'a>> {
        self.entries.iter().filter(|entry| entry.arn.eq_ignore_ascii_case(arn)).collect()
    }
}

/// Texts that AWS' reader skips (`isSkippable`).
pub(super) fn is_skipped(text: &str) -> bool {
    matches!(text.trim_matches([' ', '\n', '\r']), "" | "``" | "\"\"" | "''")
}

impl<'a> Entry<'a> {
    /// Makes an entry of its fields.
    pub(super) fn new(key: Key, line: usize, fields: Vec<Field<'a>>) -> Result<Self, At> {
        let arn_key = arn_key(key);
        let mut entry = Self {
            arn: Cow::Borrowed(""),
            username: Cow::Borrowed(""),
            groups: Vec::new(),
            userid: Cow::Borrowed(""),
            keys: fields.len(),
            span: 0..0,
        };
        for (index, field) in fields.iter().enumerate() {
            if fields.iter().take(index).any(|other| other.key.eq_ignore_ascii_case(&field.key)) {
                return Err((field.line, Problem::Twice(field.key.to_string())));
            }
        }
        for Field { key, value, line } in fields {
            let is = |name: &str| key.eq_ignore_ascii_case(name);
            let text = |value| text(value).map_err(|problem| (line, problem));
            if is(arn_key) {
                entry.arn = text(value)?;
            } else if is("username") {
                entry.username = text(value)?;
            } else if is("userid") {
                entry.userid = text(value)?;
            } else if is("groups") {
                entry.groups = groups(value).map_err(|problem| (line, problem))?;
            }
        }
        match entry.arn.is_empty() || !entry.arn.is_ascii() {
            true => Err((line, Problem::NoArn(arn_key))),
            false => Ok(entry),
        }
    }

    /// An entry of `mapAccounts`: a text, or digits that AWS takes as they are written.
    pub(super) fn account(value: Value<'a>) -> Result<Self, Problem> {
        let arn = match value {
            Value::Scalar(Scalar::Text(text)) => text,
            Value::Scalar(Scalar::Bare(digits))
                if digits.as_bytes().first().is_some_and(u8::is_ascii_digit) =>
            {
                Cow::Borrowed(digits)
            }
            _ => return Err(Problem::NotText),
        };
        let nothing = || Cow::Borrowed("");
        Ok(Self { arn, username: nothing(), groups: Vec::new(), userid: nothing(), keys: 0, span: 0..0 })
    }
}

/// The key that holds an entry's ARN.
pub(super) fn arn_key(key: Key) -> &'static str {
    match key {
        Key::Roles => "rolearn",
        Key::Users | Key::Accounts => "userarn",
    }
}

fn text(value: Value<'_>) -> Result<Cow<'_, str>, Problem> {
    match value {
        Value::Scalar(Scalar::Text(text)) => Ok(text),
        Value::Scalar(Scalar::Null) => Ok(Cow::Borrowed("")),
        _ => Err(Problem::NotText),
    }
}

fn groups(value: Value<'_>) -> Result<Vec<Cow<'_, str>>, Problem> {
    match value {
        Value::Scalar(Scalar::Null) => Ok(Vec::new()),
        Value::List(items) => items
            .into_iter()
            .map(|item| match item {
                Value::Scalar(Scalar::Text(text)) => Ok(text),
                _ => Err(Problem::Groups),
            })
            .collect(),
        _ => Err(Problem::Groups),
    }
}
