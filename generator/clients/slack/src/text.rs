//! Texts as Slack has them: plain text of a bounded length, and mrkdwn in which only what this program wrote is markup.
//!
//! Lengths are counted in UTF-16 units, which is never less than Slack counts.

use std::fmt;

use serde::{Serialize, Serializer};

/// What stands at the end of a text that was cut.
const ELLIPSIS: char = '…';

/// Plain text of at most `MAX` characters, never empty. A longer one is cut.
///
/// ```
/// use slack_client::text::Plain;
///
/// assert_eq!(Plain::<8>::new("nginx-deployment").as_str(), "nginx-d…");
/// // Characters that turn or hide text are left out.
/// assert_eq!(Plain::<24>::new("a\u{202e}b\u{7}c").as_str(), "abc");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plain<const MAX: usize>(String);

impl<const MAX: usize> Plain<MAX> {
    /// As much of `text` as fits.
    pub fn new(text: impl AsRef<str>) -> Self {
        let text = visible(text.as_ref());
        let text = if text.trim().is_empty() { "-" } else { text.trim_end() };
        Self(cut(text, MAX))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<const MAX: usize> Serialize for Plain<MAX> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Object<'a> {
            r#type: &'static str,
            text: &'a str,
            emoji: bool,
        }
        Object { r#type: "plain_text", text: &self.0, emoji: false }.serialize(serializer)
    }
}

/// Text with markup, made of pieces: what people wrote goes in escaped, markup is only what the methods make.
///
/// A piece that does not fit is left out with all after it, and an ellipsis says so.
///
/// ```
/// use slack_client::text::Markup;
///
/// let text = Markup::new().bold("alice").plain(" asks <!channel> for *all*");
/// assert_eq!(text.as_str(), "*alice* asks &lt;!channel&gt; for \u{2217}all\u{2217}");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Markup(String);

impl Markup {
    /// An empty text.
    pub fn new() -> Self {
        Self::default()
    }

    /// Text without meaning for Slack.
    #[must_use]
    pub fn plain(mut self, text: impl AsRef<str>) -> Self {
        self.0.push_str(&escaped(text.as_ref()));
        self
    }

    /// The same, bold.
    #[must_use]
    pub fn bold(mut self, text: impl AsRef<str>) -> Self {
        let text = escaped(&one_line(text.as_ref()));
        let inner = text.trim();
        if !inner.is_empty() {
            self.0.push('*');
            self.0.push_str(inner);
            self.0.push('*');
        }
        self
    }

    /// The same, as code.
    #[must_use]
    pub fn code(mut self, text: impl AsRef<str>) -> Self {
        let text = escape_entities(&one_line(text.as_ref()).replace('`', "'"));
        if !text.trim().is_empty() {
            self.0.push('`');
            self.0.push_str(text.trim());
            self.0.push('`');
        }
        self
    }

    /// Lines of code.
    #[must_use]
    pub fn lines_of_code(mut self, text: impl AsRef<str>) -> Self {
        let text = escape_entities(&visible(text.as_ref()).replace('`', "'"));
        self.0.push_str("```\n");
        self.0.push_str(text.trim_end());
        self.0.push_str("\n```");
        self
    }

    /// A user by id, whom Slack notifies. Anything but an id is written as text.
    #[must_use]
    pub fn user(self, id: &str) -> Self {
        match is_id(id) {
            true => Self(format!("{}<@{id}>", self.0)),
            false => self.plain(id),
        }
    }

    /// A user group by id, whose members Slack notifies.
    #[must_use]
    pub fn user_group(self, id: &str) -> Self {
        match is_id(id) {
            true => Self(format!("{}<!subteam^{id}>", self.0)),
            false => self.plain(id),
        }
    }

    /// A link. Only `http` and `https` lead anywhere.
    #[must_use]
    pub fn link(self, url: &str, label: impl AsRef<str>) -> Self {
        let is_safe = (url.starts_with("https://") || url.starts_with("http://"))
            && !url.contains(['<', '>', '|', ' ', '\n']);
        match is_safe {
            true => {
                let label = escaped(&one_line(label.as_ref())).replace('|', "/");
                Self(format!("{}<{}|{label}>", self.0, url.replace('&', "&amp;")))
            }
            false => self.plain(label),
        }
    }

    /// A new line.
    #[must_use]
    pub fn line(mut self) -> Self {
        self.0.push('\n');
        self
    }

    /// Another text behind this one.
    #[must_use]
    pub fn then(mut self, more: &Self) -> Self {
        self.0.push_str(&more.0);
        self
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether nothing is in it.
    pub fn is_empty(&self) -> bool {
        self.0.trim().is_empty()
    }

    pub(crate) fn within(self, max: usize) -> Bounded {
        let text = if self.is_empty() { "-".to_owned() } else { self.0 };
        Bounded(cut_markup(&text, max))
    }
}

/// Markup that fits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Bounded(String);

impl Serialize for Bounded {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Object<'a> {
            r#type: &'static str,
            text: &'a str,
            verbatim: bool,
        }
        Object { r#type: "mrkdwn", text: &self.0, verbatim: true }.serialize(serializer)
    }
}

impl fmt::Display for Markup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whether `id` can be an id of Slack: capital letters and digits.
pub(crate) fn is_id(id: &str) -> bool {
    id.len() > 1 && id.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
}

/// Without characters that turn, join or hide other text. New lines stay.
pub(crate) fn visible(text: &str) -> String {
    text.chars().filter(|letter| *letter == '\n' || !is_hidden(*letter)).collect()
}

fn is_hidden(letter: char) -> bool {
    letter.is_control()
        || matches!(letter, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}')
}

fn one_line(text: &str) -> String {
    visible(text).replace('\n', " ")
}

/// With nothing that Slack takes for markup: entities, and look-alikes for the characters that format.
fn escaped(text: &str) -> String {
    let text = visible(text).replace('*', "\u{2217}").replace('~', "\u{223c}").replace('`', "'");
    escape_entities(&text)
}

fn escape_entities(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

pub(crate) fn length(text: &str) -> usize {
    text.encode_utf16().count()
}

/// As much of `text` as fits into `max`, with an ellipsis where something is missing.
pub(crate) fn cut(text: &str, max: usize) -> String {
    if length(text) <= max {
        return text.to_owned();
    }
    let mut kept = String::new();
    let mut room = max.saturating_sub(1);
    for letter in text.chars() {
        let Some(left) = room.checked_sub(letter.len_utf16()) else { break };
        room = left;
        kept.push(letter);
    }
    kept.push(ELLIPSIS);
    kept
}

/// The same for markup: never inside an entity or a link, and code that was opened is closed.
fn cut_markup(text: &str, max: usize) -> String {
    const CLOSE: &str = "\n```";
    if length(text) <= max {
        return text.to_owned();
    }
    let mut kept = cut(text, max.saturating_sub(CLOSE.len()));
    kept.pop();
    for (open, close) in [('&', ';'), ('<', '>')] {
        if let Some(start) = kept.rfind(open)
            && !kept.get(start..).unwrap_or_default().contains(close)
        {
            kept.truncate(start);
        }
    }
    kept.push(ELLIPSIS);
    if kept.matches("```").count() % 2 == 1 {
        kept.push_str(CLOSE);
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_people_write_is_markup() {
        for text in
            ["<!channel>", "<@U123>", "<https://evil.example|our page>", "&lt;!here&gt;", "`x` *y* ~z~"]
        {
            let made = Markup::new().plain(text).as_str().to_owned();
            assert!(!made.contains(['<', '>', '*', '`', '~']), "{made}");
        }
        assert_eq!(Markup::new().user("U1|x>").as_str(), "U1|x&gt;");
        assert_eq!(Markup::new().link("javascript:alert(1)", "here").as_str(), "here");
        assert_eq!(Markup::new().bold("a\nb").as_str(), "*a b*");
        assert_eq!(Markup::new().code("a`b").as_str(), "`a'b`");
    }

    #[test]
    fn a_cut_text_fits_and_breaks_nothing() {
        for max in 10..80 {
            let text = Markup::new()
                .plain("a&b<c>d ")
                .link("https://example.com/x", "page")
                .lines_of_code("get\nlist");
            let made = text.within(max).0;
            assert!(length(&made) <= max, "{max}: {made}");
            let open = made.rfind('<').map_or(0, |at| at + 1);
            assert!(open == 0 || made[open..].contains('>'), "{made}");
            assert_eq!(made.matches("```").count() % 2, 0, "{made}");
        }
        let wide = "\u{1f600}".repeat(100);
        assert!(length(&cut(&wide, 75)) <= 75);
    }
}
