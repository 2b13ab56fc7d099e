//! One entry of a list: a mapping of an ARN, made of the keys and values that a reader found.

use std::borrow::Cow;
use std::ops::Range;

use super::refusal::{At, Key, Problem};
use super::scalar::Scalar;

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
