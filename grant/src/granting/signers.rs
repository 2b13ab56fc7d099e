//! Allowed signers: whose signatures count, in OpenSSH's format.
//!
//! Stricter than `ssh-keygen`: a line that cannot be read makes the whole file an error, because a signer that silently
//! does not count, or counts for longer, is worse than a refusal. Not here: checking a signature.
//!
//! Source: ALLOWED SIGNERS in <https://man.openbsd.org/ssh-keygen.1#ALLOWED_SIGNERS>.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use ssh_key::PublicKey;
use ssh_key::public::KeyData;

use super::fingerprint::Fingerprint;

/// The signers of one file, in its order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AllowedSigners(Vec<Signer>);

/// One line: a key, whose it is, what it may sign and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signer {
    principals: Vec<String>,
    key: PublicKey,
    namespaces: Option<Vec<String>>,
    valid_after: Option<Timestamp>,
    valid_before: Option<Timestamp>,
}

/// Which line cannot be read, and why.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {problem}")]
pub struct SignersError {
    /// Counted from 1.
    pub line: usize,
    /// What is wrong with it.
    pub problem: LineProblem,
}

/// What is wrong with a line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LineProblem {
    /// Not `principals [options] type key`.
    #[error("it should read `PRINCIPALS [OPTIONS] ssh-ed25519 KEY [COMMENT]`")]
    Form,
    /// Text that is no key.
    #[error("its key cannot be read: {0}")]
    Key(String),
    /// An option that OpenSSH knows and this project does not take, or that OpenSSH does not know either.
    #[error("the option `{0}` is not supported here; use `namespaces`, `valid-after` and `valid-before`")]
    Option(String),
    /// A time that cannot be read, or in local time.
    #[error("`{0}` is not a time in UTC such as `20261124Z` or `202611241030Z`")]
    Time(String),
    /// An option that is given twice; OpenSSH refuses that too.
    #[error("the option `{0}` is given twice")]
    Repeated(String),
    /// An end that is not after the beginning; OpenSSH refuses that too.
    #[error("`valid-before` is not after `valid-after`")]
    NeverValid,
    /// A quote that is never closed.
    #[error("a quoted value has no end")]
    Quote,
}

impl AllowedSigners {
    /// Reads a file. Blank lines and lines that begin with `#` are comments.
    ///
    /// # Errors
    /// [`SignersError`] for the first line that cannot be read.
    pub fn read(text: &str) -> Result<Self, SignersError> {
        let lines = text.lines().enumerate().map(|(index, line)| (index + 1, line.trim()));
        let signers = lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
        signers
            .map(|(line, text)| read_line(text).map_err(|problem| SignersError { line, problem }))
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// All signers.
    pub fn iter(&self) -> impl Iterator<Item = &Signer> {
        self.0.iter()
    }

    pub(crate) fn with_key<'s, 'k>(
        &'s self,
        key: &'k KeyData,
    ) -> impl Iterator<Item = &'s Signer> + use<'s, 'k> {
        self.0.iter().filter(move |signer| signer.key.key_data() == key)
    }
}

impl Signer {
    /// Whose key it is.
    pub fn principals(&self) -> &[String] {
        &self.principals
    }

    /// The key.
    pub fn key(&self) -> Fingerprint {
        Fingerprint::of(self.key.key_data())
    }

    /// Whether the key may sign for `namespace`; without `namespaces` it may for all.
    pub fn may_sign(&self, namespace: &str) -> bool {
        self.namespaces.as_ref().is_none_or(|patterns| matches_list(patterns, namespace))
    }

    /// Whether the key counts at `time`, both ends included as OpenSSH does.
    pub fn is_valid_at(&self, time: Timestamp) -> bool {
        self.valid_after.is_none_or(|from| time >= from)
            && self.valid_before.is_none_or(|until| time <= until)
    }
}

fn read_line(line: &str) -> Result<Signer, LineProblem> {
    let (principals, rest) = field(line)?;
    let (next, after) = field(rest)?;
    let is_key =
        |word: &str| word.starts_with("ssh-") || word.starts_with("ecdsa-") || word.starts_with("sk-");
    let (options, key) = if is_key(&next) { (String::new(), rest) } else { (next, after) };
    let mut signer = Signer {
        principals: principals.trim_matches('"').split(',').map(str::to_owned).collect(),
        key: PublicKey::from_openssh(key.trim()).map_err(|error| LineProblem::Key(error.to_string()))?,
        namespaces: None,
        valid_after: None,
        valid_before: None,
    };
    if signer.principals.iter().any(String::is_empty) {
        return Err(LineProblem::Form);
    }
    for (name, value) in options_of(&options)? {
        match name.to_ascii_lowercase().as_str() {
            "namespaces" => {
                let patterns = value.split(',').map(str::to_owned).collect();
                set_once(&mut signer.namespaces, patterns, name)?;
            }
            "valid-after" => set_once(&mut signer.valid_after, time(&value)?, name)?,
            "valid-before" => set_once(&mut signer.valid_before, time(&value)?, name)?,
            _ => return Err(LineProblem::Option(name)),
        }
    }
    match (signer.valid_after, signer.valid_before) {
        (Some(from), Some(until)) if until <= from => Err(LineProblem::NeverValid),
        _ => Ok(signer),
    }
}

fn set_once<T>(slot: &mut Option<T>, value: T, name: String) -> Result<(), LineProblem> {
    match slot.replace(value) {
        None => Ok(()),
        Some(_) => Err(LineProblem::Repeated(name)),
    }
}

/// The first field and what is behind it; blanks inside double quotes belong to the field.
fn field(text: &str) -> Result<(String, &str), LineProblem> {
    let text = text.trim_start();
    let mut quoted = false;
    let end = text.find(|letter: char| {
        quoted ^= letter == '"';
        !quoted && (letter == ' ' || letter == '\t')
    });
    match end {
        _ if text.is_empty() => Err(LineProblem::Form),
        None if quoted => Err(LineProblem::Quote),
        None => Ok((text.to_owned(), "")),
        Some(end) => {
            let (field, rest) = text.split_at(end);
            Ok((field.to_owned(), rest))
        }
    }
}

/// `name="value",name="value"`.
fn options_of(text: &str) -> Result<Vec<(String, String)>, LineProblem> {
    let mut options = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let (name, value) = rest.split_once("=\"").ok_or_else(|| LineProblem::Option(rest.to_owned()))?;
        let (value, after) = value.split_once('"').ok_or(LineProblem::Quote)?;
        options.push((name.to_owned(), value.to_owned()));
        rest = match after.strip_prefix(',') {
            Some(next) if !next.is_empty() => next,
            None if after.is_empty() => "",
            _ => return Err(LineProblem::Form),
        };
    }
    Ok(options)
}

/// `YYYYMMDDZ` or `YYYYMMDDHHMM[SS]Z`. Without the `Z` OpenSSH means the machine's own time zone, which differs.
fn time(text: &str) -> Result<Timestamp, LineProblem> {
    let wrong = || LineProblem::Time(text.to_owned());
    let digits = text.strip_suffix('Z').ok_or_else(wrong)?;
    // The parser takes signs and blanks as well.
    let all_digits = digits.bytes().all(|letter| letter.is_ascii_digit());
    if !all_digits || !matches!(digits.len(), 8 | 12 | 14) {
        return Err(wrong());
    }
    let padded = format!("{digits:0<14}");
    let time = DateTime::strptime("%Y%m%d%H%M%S", &padded).map_err(|_| wrong())?;
    time.to_zoned(TimeZone::UTC).map(|time| time.timestamp()).map_err(|_| wrong())
}

/// OpenSSH's pattern lists: `*`, `?`, and `!` in front for "not".
///
/// Source: PATTERNS in <https://man.openbsd.org/ssh_config.5#PATTERNS>.
fn matches_list(patterns: &[String], text: &str) -> bool {
    let mut matched = false;
    for pattern in patterns {
        match pattern.strip_prefix('!') {
            Some(pattern) if matches(pattern.as_bytes(), text.as_bytes()) => return false,
            Some(_) => {}
            None => matched |= matches(pattern.as_bytes(), text.as_bytes()),
        }
    }
    matched
}

/// Takes at most `pattern.len() * text.len()` steps, however many stars there are.
fn matches(mut pattern: &[u8], mut text: &[u8]) -> bool {
    // Behind the last star, and the text it was tried on: no earlier star ever needs to take more.
    let mut last_star: Option<(&[u8], &[u8])> = None;
    loop {
        match (pattern.split_first(), text.split_first()) {
            (None, None) => return true,
            (Some((b'*', rest)), _) => {
                last_star = Some((rest, text));
                pattern = rest;
            }
            (Some((letter, rest)), Some((own, tail))) if *letter == b'?' || letter == own => {
                (pattern, text) = (rest, tail);
            }
            _ => {
                let Some((rest, [_, later @ ..])) = last_star else { return false };
                last_star = Some((rest, later));
                (pattern, text) = (rest, later);
            }
        }
    }
}

#[cfg(test)]
mod tests;
