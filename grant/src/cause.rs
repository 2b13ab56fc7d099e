//! An error with what caused it, for people. No error of ours prints its source, so this prints each once.

use std::error::Error;

/// The error and its causes in one line. A cause that its wrapper ends with is not said again.
///
/// ```
/// use p0_grant::cause::chain;
/// use p0_grant::manifest::Manifest;
///
/// let error = Manifest::read("kind: ConfigMap").unwrap_err();
/// assert!(!chain(&error).contains('\n'));
/// ```
pub fn chain(error: &(dyn Error + 'static)) -> String {
    let mut texts: Vec<String> =
        std::iter::successors(Some(error), |&error| error.source()).map(ToString::to_string).collect();
    texts.dedup_by(|cause, last| last.ends_with(cause.as_str()));
    texts.join(": ")
}
