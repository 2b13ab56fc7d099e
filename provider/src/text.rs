//! Sentences for people. Not here: what they say.

use std::error::Error;

/// An error and all its causes as one sentence.
pub(crate) fn chain(error: &(dyn Error + 'static)) -> String {
    let causes = std::iter::successors(Some(error), |&error| error.source());
    let texts: Vec<String> = causes.map(ToString::to_string).collect();
    format!("{}.", texts.join(": "))
}
