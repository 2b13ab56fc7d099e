//! Lists and maps between brackets: JSON, and YAML's flow style as far as every reader takes it alike.

use super::entry::{Entry, Field, Value, arn_key};
use super::lines::{Lines, is_over};
use super::list::{Last, Layout, List};
use super::refusal::{At, Key, Problem};
use super::scalar::{self, Scalar, Within};
use super::start::Start;

/// How deep lists and maps may stand in each other.
const DEEPEST: usize = 8;

/// Reads a list that begins with `[`.
pub(super) fn list<'a>(key: Key, text: &'a str, start: Start<'a>) -> Result<List<'a>, At> {
    let mut reader = Reader { text, at: start.at + 1, line: start.line };
    let mut entries = Vec::new();
    let mut last = Last::Nothing;
    while !reader.ends(']')? {
        let (at, line) = (reader.at, reader.line);
        let mut entry = match (key, reader.peek()) {
            (Key::Accounts, _) => {
                let value = reader.value(1)?;
                Entry::account(value).map_err(|problem| (line, problem))?
            }
            (_, Some(b'{')) => Entry::new(key, line, reader.map(1)?)?,
            _ => return Err((line, Problem::NotAnEntry(arn_key(key)))),
        };
        entry.span = at..reader.at;
        entries.push(entry);
        last = reader.comma(']')?;
    }
    let close = reader.at - 1;
    let rest = text.get(reader.at..).unwrap_or_default();
    let same_line = rest.split(['\r', '\n']).next().unwrap_or_default();
    if !is_over(same_line) {
        return Err((reader.line, Problem::Trailing));
    }
    match Lines::after(text, reader.at, reader.line).next() {
        None => Ok(List { text, layout: Layout::Brackets { close, last }, entries }),
        Some(more) => Err((more.number, Problem::Documents)),
    }
}

/// Reads a map that ends with its line.
pub(super) fn map_line(rest: &str, line: usize) -> Result<Vec<Field<'_>>, At> {
    let mut reader = Reader { text: rest, at: 0, line };
    let fields = reader.map(1)?;
    reader.over().map(|()| fields)
}

/// Reads a list or map that ends with its line.
pub(super) fn value_line(rest: &str, line: usize) -> Result<Value<'_>, At> {
    let mut reader = Reader { text: rest, at: 0, line };
    let value = reader.value(1)?;
    reader.over().map(|()| value)
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    line: usize,
}

impl<'a> Reader<'a> {
    fn fail(&self, problem: Problem) -> At {
        (self.line, problem)
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn over(&self) -> Result<(), At> {
        if is_over(self.rest()) { Ok(()) } else { Err(self.fail(Problem::Trailing)) }
    }

    /// Steps over spaces, line ends and comments.
    fn skip(&mut self) -> Result<(), At> {
        loop {
            match self.peek() {
                Some(b' ' | b'\r') => self.at += 1,
                Some(b'\n') => {
                    self.at += 1;
                    self.line += 1;
                    if self.rest().starts_with("---") || self.rest().starts_with("...") {
                        return Err(self.fail(Problem::Documents));
                    }
                }
                Some(b'#') => {
                    let before = self.at.checked_sub(1).and_then(|at| self.text.as_bytes().get(at));
                    if !matches!(before, Some(b' ' | b'\n')) {
                        return Err(self.fail(Problem::Unread('#')));
                    }
                    self.at += self.rest().find('\n').unwrap_or(self.rest().len());
                }
                _ => return Ok(()),
            }
        }
    }

    /// Whether the closing bracket comes next; steps over it.
    fn ends(&mut self, close: char) -> Result<bool, At> {
        self.skip()?;
        let ends = self.rest().starts_with(close);
        self.at += usize::from(ends);
        Ok(ends)
    }

    /// After an item: a comma, or the closing bracket, which stays.
    fn comma(&mut self, close: char) -> Result<Last, At> {
        self.skip()?;
        match self.rest().chars().next() {
            Some(',') => {
                self.at += 1;
                Ok(Last::Nothing)
            }
            Some(letter) if letter == close => Ok(Last::Entry),
            Some(letter) => Err(self.fail(Problem::Unread(letter))),
            None => Err(self.fail(Problem::Unclosed(if close == ']' { '[' } else { '{' }))),
        }
    }

    fn value(&mut self, depth: usize) -> Result<Value<'a>, At> {
        if depth > DEEPEST {
            return Err(self.fail(Problem::Depth));
        }
        match self.peek() {
            Some(b'{') => self.map(depth).map(|_| Value::Map),
            Some(b'[') => {
                self.at += 1;
                let mut items = Vec::new();
                while !self.ends(']')? {
                    items.push(self.value(depth + 1)?);
                    self.comma(']')?;
                }
                Ok(Value::List(items))
            }
            _ => self.scalar().map(Value::Scalar),
        }
    }

    fn scalar(&mut self) -> Result<Scalar<'a>, At> {
        let (scalar, length) =
            scalar::read(self.rest(), Within::Brackets).map_err(|problem| self.fail(problem))?;
        self.at += length;
        Ok(scalar)
    }

    /// A map, from its opening brace on.
    fn map(&mut self, depth: usize) -> Result<Vec<Field<'a>>, At> {
        if depth > DEEPEST {
            return Err(self.fail(Problem::Depth));
        }
        self.at += 1;
        let mut fields = Vec::with_capacity(4);
        while !self.ends('}')? {
            let line = self.line;
            let (key, length) = scalar::key(self.rest()).map_err(|problem| self.fail(problem))?;
            let is_plain = !self.rest().starts_with(['"', '\'']);
            self.at += length;
            // A key and its colon stand on one line for every reader.
            self.at += self.rest().len() - self.rest().trim_start_matches(' ').len();
            let spaced = |rest: &str| rest.starts_with([' ', '\r', '\n']);
            let after = self.rest().strip_prefix(':').filter(|rest| !is_plain || spaced(rest));
            if after.is_none() {
                return Err(self.fail(Problem::Key));
            }
            self.at += 1;
            self.skip()?;
            let value = self.value(depth + 1)?;
            fields.push(Field { key, value, line });
            self.comma('}')?;
        }
        Ok(fields)
    }
}
