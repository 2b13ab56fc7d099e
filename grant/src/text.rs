//! Text that may stand in a manifest: nothing that a GitOps engine would replace or a terminal would obey.
//!
//! And text that a file holds, of bytes. Not here: how text is quoted ([`crate::yaml`]).

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
    /// A character that moves the cursor, turns the direction, or that YAML readers refuse.
    #[error("{0:?} holds a control or direction character, or one that is no text")]
    Control(String),
}

/// Why bytes are not text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EncodingError {
    /// UTF-16, which Windows PowerShell's `>` writes.
    #[error(
        "the text is UTF-16: convert it with `iconv -f UTF-16 -t UTF-8`, or write it with PowerShell's `Out-File -Encoding utf8`"
    )]
    Utf16,
    /// No text in UTF-8.
    #[error("the text is not UTF-8 from byte {0} on: convert it with `iconv -t UTF-8`")]
    NotUtf8(usize),
}

/// The text of a file, without its byte order mark.
///
/// # Errors
/// [`EncodingError`] for anything but UTF-8.
pub fn decode(bytes: &[u8]) -> Result<&str, EncodingError> {
    // Text without a mark is UTF-16 where every other byte of its beginning is zero.
    let is_marked = bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]);
    if is_marked || matches!(bytes, [0, _, ..] | [_, 0, ..]) {
        return Err(EncodingError::Utf16);
    }
    let text = std::str::from_utf8(bytes).map_err(|error| EncodingError::NotUtf8(error.valid_up_to()))?;
    Ok(text.strip_prefix('\u{feff}').unwrap_or(text))
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

/// Controls but line feed and tab; what turns the direction of text (<https://trojansource.codes/>); other line ends; and
/// what YAML calls unprintable (<https://yaml.org/spec/1.2.2/#51-character-set>): one such character in one grant would
/// stop an applier from reading all of them.
fn deceives(letter: char) -> bool {
    match letter {
        '\n' | '\t' => false,
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => true,
        '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}' => true,
        other => other.is_control(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn utf_16_is_told_from_text_and_a_mark_is_skipped() {
        let windows: Vec<u8> = "\u{feff}kind: Role".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let unmarked: Vec<u8> = "kind".encode_utf16().flat_map(u16::to_be_bytes).collect();
        for bytes in [windows, unmarked] {
            assert_eq!(decode(&bytes), Err(EncodingError::Utf16));
        }
        assert_eq!(decode("\u{feff}é".as_bytes()), Ok("é"));
        assert_eq!(decode(b"a\xff"), Err(EncodingError::NotUtf8(1)));
        assert_eq!(decode(b""), Ok(""));
    }

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
            "\u{61c}x",
            "a\u{85}b",
            "\u{ffff}",
        ] {
            assert!(check_text(text).is_err(), "{text:?}");
        }
        for text in ["", "plain", "$ {x}", "<path>", "é ☃", "a\nb\tc", "no", "{{x}}"] {
            assert!(check_text(text).is_ok(), "{text:?}");
        }
        assert!(check_line("a\nb").is_err());
    }
}
