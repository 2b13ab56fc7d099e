//! Sentences for people. Not here: what they say.

use std::error::Error;

/// An error and all its causes as one sentence.
pub(crate) fn chain(error: &(dyn Error + 'static)) -> String {
    format!("{}.", p0_grant::cause::chain(error))
}

/// A text as a sentence: a capital at its beginning, a full stop at its end.
pub(crate) fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|letter| letter.to_uppercase().to_string()).unwrap_or_default();
    let end = if text.ends_with(['.', '!', '?']) { "" } else { "." };
    format!("{first}{}{end}", letters.as_str())
}
