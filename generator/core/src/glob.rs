//! Globs: `*` is any run of characters, `?` is one, and the whole text must match.
//!
//! Anchored, because a rule for `prod` that also meant `preprod` would give away more than its author meant. Matching takes time
//! linear in pattern times text, whatever the pattern. Not here: what a pattern is compared with.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A checked pattern.
///
/// ```
/// use p0_access::glob::Glob;
///
/// let glob: Glob = "shop-*".parse()?;
/// assert!(glob.matches("shop-eu") && !glob.matches("workshop-eu"));
/// # Ok::<(), p0_access::glob::GlobError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
pub struct Glob {
    text: String,
    shape: Shape,
}

/// What most patterns are, so that most comparisons are one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    All,
    Literal,
    Prefix,
    Suffix,
    General,
}

/// A text that is no pattern.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GlobError {
    /// Nothing matches nothing.
    #[error("a pattern is not empty; `*` matches everything")]
    Empty,
    /// Something that other tools know.
    #[error("`{pattern}` holds `{letter}`; patterns know `*` and `?` and nothing else")]
    Letter {
        /// The whole pattern.
        pattern: String,
        /// What it should not hold.
        letter: char,
    },
}

impl Glob {
    /// Whether the whole of `text` matches.
    pub fn matches(&self, text: &str) -> bool {
        // The star is one byte.
        let own = self.text.as_bytes();
        match self.shape {
            Shape::All => true,
            Shape::Literal => self.text == text,
            Shape::Prefix => own.split_last().is_some_and(|(_, prefix)| text.as_bytes().starts_with(prefix)),
            Shape::Suffix => own.split_first().is_some_and(|(_, suffix)| text.as_bytes().ends_with(suffix)),
            Shape::General => matches(&self.text, text),
        }
    }

    /// Whether it matches every text that `other` matches. It may say no where the answer is yes, and never the other way round.
    ///
    /// ```
    /// use p0_access::glob::Glob;
    ///
    /// let holds = |one: &str, other: &str| one.parse::<Glob>().unwrap().holds(&other.parse().unwrap());
    /// assert!(holds("shop-*", "shop-eu-*") && holds("shop-*", "shop-eu") && holds("a?", "a?"));
    /// assert!(!holds("shop-eu", "shop-*") && !holds("a?", "a*"));
    /// ```
    pub fn holds(&self, other: &Self) -> bool {
        // A star matches the other pattern's own letters, wildcards too; a question mark would take a star for one letter.
        let by_text = other.is_literal() || !self.text.contains('?');
        self == other || (by_text && self.matches(&other.text))
    }

    /// Whether it matches every text, and so every one that there may be later.
    pub fn is_all(&self) -> bool {
        self.shape == Shape::All
    }

    /// Whether it matches one text alone.
    pub fn is_literal(&self) -> bool {
        self.shape == Shape::Literal
    }

    /// As it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

/// Goes back to the last `*` only: an earlier one never needs to take more.
fn matches(pattern: &str, text: &str) -> bool {
    let (mut pattern, mut text) = (pattern.chars(), text.chars());
    let mut retry: Option<(std::str::Chars<'_>, std::str::Chars<'_>)> = None;
    loop {
        let here = (pattern.clone(), text.clone());
        match (pattern.next(), text.next()) {
            (None, None) => return true,
            (Some('*'), _) => {
                text = here.1;
                retry = Some((pattern.clone(), text.clone()));
            }
            (Some('?'), Some(_)) => {}
            (Some(wanted), Some(found)) if wanted == found => {}
            _ => match retry.take() {
                None => return false,
                Some((after_star, mut skipped)) => {
                    if skipped.next().is_none() {
                        return false;
                    }
                    (pattern, text) = (after_star.clone(), skipped.clone());
                    retry = Some((after_star, skipped));
                }
            },
        }
    }
}

impl std::str::FromStr for Glob {
    type Err = GlobError;

    fn from_str(text: &str) -> Result<Self, GlobError> {
        if text.is_empty() {
            return Err(GlobError::Empty);
        }
        let foreign =
            |letter: &char| matches!(letter, '[' | ']' | '{' | '}' | '!' | '\\' | ',') || letter.is_control();
        if let Some(letter) = text.chars().find(foreign) {
            return Err(GlobError::Letter { pattern: text.to_owned(), letter });
        }
        let shape = match text.find(['*', '?']) {
            None => Shape::Literal,
            Some(_) if text.bytes().all(|byte| byte == b'*') => Shape::All,
            Some(at) if at + 1 == text.len() && text.ends_with('*') => Shape::Prefix,
            Some(0) if text.rfind(['*', '?']) == Some(0) && text.starts_with('*') => Shape::Suffix,
            Some(_) => Shape::General,
        };
        Ok(Self { text: text.to_owned(), shape })
    }
}

impl TryFrom<String> for Glob {
    type Error = GlobError;

    fn try_from(text: String) -> Result<Self, GlobError> {
        text.parse()
    }
}

impl From<Glob> for String {
    fn from(glob: Glob) -> Self {
        glob.text
    }
}

impl fmt::Display for Glob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_whole_text_must_match() {
        for (pattern, yes, no) in [
            ("prod", &["prod"][..], &["preprod", "prod2", ""][..]),
            ("prod-*", &["prod-", "prod-eu"], &["prod", "xprod-eu"]),
            ("*-eu", &["prod-eu", "-eu"], &["prod-eu1"]),
            ("a*b*c", &["abc", "axxbxxc", "abbbcc"], &["ab", "acb", "abcd"]),
            ("v?", &["v1", "vé"], &["v", "v12"]),
            ("*", &["", "anything/at all"], &[]),
            ("**", &["", "x"], &[]),
            ("*.apps", &["deployments.apps"], &["deployments.apps.x"]),
        ] {
            let glob: Glob = pattern.parse().unwrap();
            yes.iter().for_each(|text| assert!(glob.matches(text), "{pattern} {text}"));
            no.iter().for_each(|text| assert!(!glob.matches(text), "{pattern} {text}"));
        }
    }

    #[test]
    fn what_other_tools_would_read_otherwise_is_refused() {
        for pattern in ["", "[ab]", "{a,b}", "!x", "a\\*", "a,b", "a\nb"] {
            assert!(pattern.parse::<Glob>().is_err(), "{pattern:?}");
        }
    }

    /// The definition, with no thought for time.
    fn slow(pattern: &[char], text: &[char]) -> bool {
        match (pattern.split_first(), text.split_first()) {
            (None, None) => true,
            (Some(('*', rest)), _) => (0..=text.len()).any(|skip| slow(rest, &text[skip..])),
            (Some((wanted, rest)), Some((found, later))) => {
                (*wanted == '?' || wanted == found) && slow(rest, later)
            }
            _ => false,
        }
    }

    proptest! {
        #[test]
        fn matching_is_what_the_definition_says(pattern in "[ab*?]{1,8}", text in "[ab]{0,10}") {
            let letters = |text: &str| text.chars().collect::<Vec<char>>();
            let expected = slow(&letters(&pattern), &letters(&text));
            prop_assert_eq!(pattern.parse::<Glob>().unwrap().matches(&text), expected);
        }
    }

    #[test]
    fn no_pattern_takes_long() {
        let glob: Glob = format!("{}b", "a*".repeat(40)).parse().unwrap();
        assert!(!glob.matches(&"a".repeat(10_000)));
    }
}
