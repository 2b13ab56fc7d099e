//! Text that may stand in a manifest: nothing that a GitOps engine would replace or a terminal would obey.
//!
//! Not here: how text is quoted ([`crate::yaml`]).

/// Why a text may not.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// Flux replaces `${…}` after Git was reviewed
    /// (<https://fluxcd.io/flux/components/kustomize/kustomizations/#post-build-variable-substitution>).
    #[error("`{0}` holds `${{`, which Flux would replace")]
    FluxSubstitution(String),
    /// Argo CD's vault plugin replaces `<path:…>`
    /// (<https://argocd-vault-plugin.readthedocs.io/en/stable/howitworks/>).
    #[error("`{0}` holds `<path:`, which Argo CD's vault plugin would replace")]
    ArgoSubstitution(String),
    /// A character that moves the cursor, or hides what follows.
    #[error("{0:?} holds a control or direction character")]
    Control(String),
}

/// One line: no control characters at all.
///
/// # Errors
/// [`TextError`].
pub fn check_line(text: &str) -> Result<(), TextError> {
    check_text(text)?;
    if text.contains(['\n', '\t']) { Err(TextError::Control(text.to_owned())) } else { Ok(()) }
}

/// Text that may have lines and tabs.
///
/// # Errors
/// [`TextError`].
pub fn check_text(text: &str) -> Result<(), TextError> {
    if text.contains("${") {
        return Err(TextError::FluxSubstitution(text.to_owned()));
    }
    if text.contains("<path:") {
        return Err(TextError::ArgoSubstitution(text.to_owned()));
    }
    if text.contains(deceives) { Err(TextError::Control(text.to_owned())) } else { Ok(()) }
}

/// Controls but line feed and tab, and what turns the direction of text (<https://trojansource.codes/>).
fn deceives(letter: char) -> bool {
    let turns = matches!(letter, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}');
    turns
        || matches!(letter, '\u{2028}' | '\u{2029}')
        || (letter.is_control() && !matches!(letter, '\n' | '\t'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_be_replaced_or_would_deceive_is_refused() {
        for text in [
            "${HOME}",
            "a ${",
            "<path:secret/x>",
            "a\u{1b}[2J",
            "a\rb",
            "\u{202e}x",
            "\u{feff}",
            "a\u{0}",
            "a\u{2028}b",
        ] {
            assert!(check_text(text).is_err(), "{text:?}");
        }
        for text in ["", "plain", "$ {x}", "<path>", "é ☃", "a\nb\tc", "no", "{{x}}"] {
            assert!(check_text(text).is_ok(), "{text:?}");
        }
        assert!(check_line("a\nb").is_err());
    }
}
