//! Lists written as `- …` lines, each entry a map with one key per line: what people and eksctl write.
//!
//! This is a small part of YAML on purpose: what it takes means the same to every reader of YAML, and the rest is refused
//! with its line.

use super::entry::{Entry, Field, Value, arn_key};
use super::flow;
use super::lines::{Line, Lines, is_over};
use super::list::{Layout, List};
use super::refusal::{At, Key, Problem};
use super::scalar::{self, Scalar, Within};
use super::start::Start;

/// Reads a list of lines.
pub(super) fn list<'a>(key: Key, text: &'a str, start: Start<'a>) -> Result<List<'a>, At> {
    let mut reader = Reader { key, lines: start.lines };
    let mut entries = Vec::new();
    let mut next = reader.lines.next();
    let indent = next.map_or(0, |line| line.indent);
    while let Some(line) = next {
        let item = line.item().filter(|_| line.indent == indent);
        let (rest, width) = item.ok_or((line.number, Problem::Indentation))?;
        let (entry, after) = reader.entry(line, rest, width)?;
        entries.push(entry);
        next = after;
    }
    Ok(List { text, layout: Layout::Lines { indent }, entries })
}

struct Reader<'a> {
    key: Key,
    lines: Lines<'a>,
}

impl<'a> Reader<'a> {
    /// One entry, and the line after it.
    fn entry(
        &mut self,
        line: Line<'a>,
        rest: &'a str,
        width: usize,
    ) -> Result<(Entry<'a>, Option<Line<'a>>), At> {
        let span = line.at + line.indent..line.at + line.indent + line.content.len();
        let mut entry = match (self.key, rest.chars().next()) {
            (Key::Accounts, _) => {
                let value = line_value(rest, line.number)?;
                Entry::account(value).map_err(|problem| (line.number, problem))?
            }
            (_, Some('{')) => Entry::new(self.key, line.number, flow::map_line(rest, line.number)?)?,
            _ => return self.map(line, rest, width).map(|(entry, next)| (Entry { span, ..entry }, next)),
        };
        entry.span = span;
        Ok((entry, self.lines.next()))
    }

    /// An entry with one key per line.
    fn map(
        &mut self,
        line: Line<'a>,
        rest: &'a str,
        width: usize,
    ) -> Result<(Entry<'a>, Option<Line<'a>>), At> {
        let mut current = Line { indent: line.indent + width, content: rest, ..line };
        if rest.is_empty() || rest.starts_with('#') {
            let first = self.lines.next().filter(|next| next.indent > line.indent && next.item().is_none());
            current = first.ok_or((line.number, Problem::NotAnEntry(arn_key(self.key))))?;
        }
        let inside = current.indent;
        let mut fields = Vec::with_capacity(4);
        loop {
            let (field, next) = self.field(current)?;
            fields.push(field);
            match next {
                Some(next) if next.indent == inside && next.item().is_none() => current = next,
                next => return Ok((Entry::new(self.key, line.number, fields)?, next)),
            }
        }
    }

    /// A key with its value, and the line after it.
    fn field(&mut self, line: Line<'a>) -> Result<(Field<'a>, Option<Line<'a>>), At> {
        let fail = |problem| (line.number, problem);
        let (key, length) = scalar::key(line.content).map_err(fail)?;
        let after = line.content.get(length..).unwrap_or_default();
        let after = after.strip_prefix(':').ok_or(fail(Problem::Key))?;
        let made = |value| Field { key, value, line: line.number };
        if is_over(after) {
            let (value, next) = self.below(line.indent)?;
            return Ok((made(value), next));
        }
        let value = after.strip_prefix(' ').ok_or(fail(Problem::Key))?.trim_start_matches(' ');
        Ok((made(line_value(value, line.number)?), self.lines.next()))
    }

    /// The list below a key, if there is one.
    fn below(&mut self, indent: usize) -> Result<(Value<'a>, Option<Line<'a>>), At> {
        let mut next = self.lines.next();
        let Some(first) = next.filter(|line| line.indent >= indent && line.item().is_some()) else {
            return Ok((Value::Scalar(Scalar::Null), next));
        };
        let mut items = Vec::with_capacity(2);
        while let Some(line) = next.filter(|line| line.indent == first.indent) {
            let Some((rest, _)) = line.item() else { break };
            items.push(line_value(rest, line.number)?);
            next = self.lines.next();
        }
        Ok((Value::List(items), next))
    }
}

/// A value that ends with its line.
fn line_value(rest: &str, line: usize) -> Result<Value<'_>, At> {
    let fail = |problem| (line, problem);
    if rest.starts_with(['[', '{']) {
        return flow::value_line(rest, line);
    }
    let (scalar, length) = scalar::read(rest, Within::Line).map_err(fail)?;
    match is_over(rest.get(length..).unwrap_or_default()) {
        true => Ok(Value::Scalar(scalar)),
        false => Err(fail(Problem::Trailing)),
    }
}
