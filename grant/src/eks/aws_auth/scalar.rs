//! Scalars that every reader of YAML takes for the same text: quoted ones, and plain ones that no version of YAML reads as
//! a number, a truth value or nothing.
//!
//! Not here: what the text means. AWS reads with go-yaml 2, which resolves plain text by YAML 1.1
//! (<https://github.com/go-yaml/yaml/blob/v2.4.0/resolve.go>).

use std::borrow::Cow;

use super::refusal::Problem;

/// One scalar.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Scalar<'a> {
    /// Text for every reader.
    Text(Cow<'a, str>),
    /// Nothing: no value, `null` or `~`.
    Null,
    /// Plain digits, `true` or `false`, with how they are written.
    Bare(&'a str),
}

/// Where a scalar stands.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Within {
    /// On a line of its own: plain text ends with the line or a comment.
    Line,
    /// Between brackets: plain text is one word.
    Brackets,
}

/// Reads the scalar at the start of `rest`, which is not blank. Gives it and the bytes that it takes.
pub(super) fn read(rest: &str, within: Within) -> Result<(Scalar<'_>, usize), Problem> {
    match rest.as_bytes().first() {
        Some(b'"') => double_quoted(rest),
        Some(b'\'') => single_quoted(rest),
        _ => {
            let plain = match within {
                Within::Line => plain_line(rest)?,
                Within::Brackets => plain_word(rest)?,
            };
            Ok((resolve(plain)?, plain.len()))
        }
    }
}

/// The longest key that is read, in bytes: go-yaml takes a key only within 1,024 characters.
const LONGEST_KEY: usize = 128;

/// Reads the key at the start of `rest`: letters, digits, `_`, `.` and `-`, or quoted text. Gives it and the bytes that it
/// takes; the colon is not among them.
pub(super) fn key(rest: &str) -> Result<(Cow<'_, str>, usize), Problem> {
    if rest.starts_with(['"', '\'']) {
        return match read(rest, Within::Brackets)? {
            (Scalar::Text(key), length) if key.is_ascii() && length <= LONGEST_KEY => Ok((key, length)),
            _ => Err(Problem::Key),
        };
    }
    let is_letter = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-' | b'/');
    let length = rest.bytes().position(|byte| !is_letter(&byte)).unwrap_or(rest.len());
    let key = rest.get(..length).filter(|key| key.len() <= LONGEST_KEY).ok_or(Problem::Key)?;
    match key.starts_with(|letter: char| letter.is_ascii_alphabetic())
        && matches!(resolve(key), Ok(Scalar::Text(_)))
    {
        true => Ok((Cow::Borrowed(key), length)),
        false => Err(Problem::Key),
    }
}

fn double_quoted(rest: &str) -> Result<(Scalar<'_>, usize), Problem> {
    let inner = rest.get(1..).unwrap_or_default();
    let stop = inner.find(['"', '\\', '\n', '\r']).ok_or(Problem::Unclosed('"'))?;
    let simple = inner.get(..stop).unwrap_or_default();
    match inner.as_bytes().get(stop) {
        Some(b'"') => Ok((Scalar::Text(Cow::Borrowed(simple)), stop + 2)),
        Some(b'\\') => {
            let (text, length) = unescape(inner)?;
            Ok((Scalar::Text(Cow::Owned(text)), length + 2))
        }
        _ => Err(Problem::Unclosed('"')),
    }
}

/// The text up to the closing quote, and how many bytes it was written with.
fn unescape(inner: &str) -> Result<(String, usize), Problem> {
    let mut text = String::new();
    let mut letters = inner.char_indices();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '"' => return Ok((text, at)),
            '\n' | '\r' => break,
            '\\' => match letters.next().map(|(_, escaped)| escaped) {
                Some(same @ ('"' | '\\')) => text.push(same),
                Some('u') => {
                    let digits = inner.get(at + 2..at + 6).ok_or(Problem::Escape)?;
                    if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
                        return Err(Problem::Escape);
                    }
                    let code = u32::from_str_radix(digits, 16).map_err(|_| Problem::Escape)?;
                    text.push(char::from_u32(code).filter(|letter| *letter != '\0').ok_or(Problem::Escape)?);
                    letters.nth(3);
                }
                _ => return Err(Problem::Escape),
            },
            other => text.push(other),
        }
    }
    Err(Problem::Unclosed('"'))
}

fn single_quoted(rest: &str) -> Result<(Scalar<'_>, usize), Problem> {
    let inner = rest.get(1..).unwrap_or_default();
    let mut from = 0;
    loop {
        let found = inner.get(from..).and_then(|text| text.find(['\'', '\n', '\r']));
        let at = from + found.ok_or(Problem::Unclosed('\''))?;
        match (inner.as_bytes().get(at), inner.as_bytes().get(at + 1)) {
            (Some(b'\''), Some(b'\'')) => from = at + 2,
            (Some(b'\''), _) => {
                let raw = inner.get(..at).unwrap_or_default();
                let text =
                    if raw.contains("''") { raw.replace("''", "'").into() } else { Cow::Borrowed(raw) };
                return Ok((Scalar::Text(text), at + 2));
            }
            _ => return Err(Problem::Unclosed('\'')),
        }
    }
}

/// Plain text up to the end of the line or a comment.
fn plain_line(rest: &str) -> Result<&str, Problem> {
    begins_plain(rest)?;
    let bytes = rest.as_bytes();
    // Only these bytes can mean anything here.
    let is_mark = |byte: &u8| matches!(byte, b'\n' | b'\r' | b'#' | b':');
    let mut from = 0;
    let end = loop {
        let Some(at) = bytes.iter().skip(from).position(is_mark).map(|found| from + found) else {
            break bytes.len();
        };
        let before = at.checked_sub(1).and_then(|before| bytes.get(before));
        match (before, bytes.get(at), bytes.get(at + 1)) {
            (_, Some(b'\n' | b'\r'), _) => break at,
            (Some(b' '), Some(b'#'), _) => break at,
            (_, Some(b':'), None | Some(b' ' | b'\n' | b'\r')) => return Err(Problem::Colon),
            _ => from = at + 1,
        }
    };
    Ok(rest.get(..end).unwrap_or_default().trim_end_matches(' '))
}

/// One plain word between brackets.
fn plain_word(rest: &str) -> Result<&str, Problem> {
    begins_plain(rest)?;
    let bytes = rest.as_bytes();
    let is_word = |byte: &u8| byte.is_ascii_alphanumeric() || b"_./@+=-".contains(byte);
    let ends = |at: usize| match bytes.get(at) {
        Some(b':') => !bytes.get(at + 1).is_some_and(|next| is_word(next) || *next == b':'),
        Some(byte) => !is_word(byte),
        None => true,
    };
    let end = (0..).find(|at| ends(*at)).unwrap_or(bytes.len());
    let plain = rest.get(..end).unwrap_or_default();
    match rest.get(end..).and_then(|after| after.chars().next()) {
        Some(',' | ']' | '}' | ' ' | '\n' | '\r' | ':') => Ok(plain),
        Some(letter) => Err(Problem::Unread(letter)),
        None => Err(Problem::Unclosed('[')),
    }
}

fn begins_plain(rest: &str) -> Result<(), Problem> {
    match rest.chars().next() {
        Some(
            letter @ ('-' | '?' | ':' | ',' | '[' | ']' | '{' | '}' | '#' | '&' | '*' | '!' | '|' | '>'
            | '\'' | '"' | '%' | '@' | '`' | '=' | '<'),
        ) => Err(Problem::Unread(letter)),
        Some(_) => Ok(()),
        None => Err(Problem::NotText),
    }
}

/// What plain text is to readers of YAML 1.1 and 1.2 alike, or an error where they may differ.
fn resolve(plain: &str) -> Result<Scalar<'_>, Problem> {
    let is = |word: &str| plain.eq_ignore_ascii_case(word);
    let first = plain.as_bytes().first().copied().unwrap_or_default();
    match first {
        b'~' | b'n' | b'N' if plain == "~" || is("null") => Ok(Scalar::Null),
        b't' | b'f' if plain == "true" || plain == "false" => Ok(Scalar::Bare(plain)),
        b'y' | b'Y' | b'n' | b'N' | b'o' | b'O' | b't' | b'T' | b'f' | b'F'
            if ["y", "n", "yes", "no", "on", "off", "true", "false"].into_iter().any(is) =>
        {
            Err(Problem::NotText)
        }
        b'0'..=b'9' | b'+' | b'.' => number_or_text(plain),
        _ => Ok(Scalar::Text(Cow::Borrowed(plain))),
    }
}

/// Every number and every date is made of these letters, so that any other letter makes text of it.
fn number_or_text(plain: &str) -> Result<Scalar<'_>, Problem> {
    let digits = plain.bytes().all(|byte| byte.is_ascii_digit());
    if digits && plain.len() <= 15 {
        return Ok(Scalar::Bare(plain));
    }
    match plain.bytes().all(|byte| byte.is_ascii_hexdigit() || b"_+-.:xXoOiInNpPtTzZ ".contains(&byte)) {
        true => Err(Problem::NotText),
        false => Ok(Scalar::Text(Cow::Borrowed(plain))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(rest: &str, within: Within) -> Result<(String, usize), Problem> {
        match read(rest, within)? {
            (Scalar::Text(text), length) => Ok((text.into_owned(), length)),
            (other, _) => panic!("{other:?}"),
        }
    }

    #[test]
    fn text_that_all_readers_agree_on_is_read() {
        for (rest, wanted, length) in [
            ("alice", "alice", 5),
            ("alice # x", "alice", 5),
            ("alice#x", "alice#x", 7),
            ("a b  \n", "a b", 3),
            ("arn:aws:iam::1:user/a", "arn:aws:iam::1:user/a", 21),
            ("system:node:{{EC2PrivateDNSName}}", "system:node:{{EC2PrivateDNSName}}", 33),
            ("\"a\" # x", "a", 3),
            ("\"a\\u003c\\\"\\\\\"", "a<\"\\", 13),
            ("'it''s'", "it's", 7),
            ("1password", "1password", 9),
            ("yesterday", "yesterday", 9),
        ] {
            assert_eq!(text(rest, Within::Line).unwrap(), (wanted.to_owned(), length), "{rest}");
        }
        assert_eq!(text("arn:aws:iam::1:user/a, x", Within::Brackets).unwrap().0, "arn:aws:iam::1:user/a");
        assert_eq!(text("a: b", Within::Brackets).unwrap().0, "a");
        assert_eq!(read("null", Within::Line).unwrap().0, Scalar::Null);
        assert_eq!(read("123", Within::Line).unwrap().0, Scalar::Bare("123"));
    }

    #[test]
    fn text_that_readers_take_differently_is_refused() {
        for rest in [
            "yes",
            "Off",
            "n",
            "True",
            "FALSE",
            "1e3",
            "0x1f",
            "1_000",
            "12:30:45",
            "2024-01-01",
            ".5",
            ".inf",
            "+1",
            "012345678901234567",
            "*a",
            "&a b",
            "!t b",
            "|",
            ">",
            "@a",
            "`a`",
            "%a",
            "- a",
            "a: b",
            "a:",
            "{{SessionName}}",
            "<<",
            "=",
            "\"a",
            "'a",
            "\"\\x41\"",
            "\"\\ud83d\"",
            "\"\\/\"",
            "\"\\u0000\"",
            "\"\\n\"",
            "\"a\nb\"",
            "'a\nb'",
        ] {
            assert!(read(rest, Within::Line).is_err(), "{rest:?}");
        }
        for rest in ["a?b]", "a b:", "é]", "a"] {
            let read = read(rest, Within::Brackets);
            assert!(read.is_err() || rest.starts_with("a b"), "{rest:?}: {read:?}");
        }
    }
}
