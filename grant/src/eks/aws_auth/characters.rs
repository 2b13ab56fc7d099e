//! Characters that all readers of YAML take alike. go-yaml 2 ends lines at U+0085, U+2028 and U+2029, others do not; tabs
//! count as indentation for some; the rest it refuses.

use super::refusal::{At, Problem};

/// Checks a whole value.
pub(super) fn check(text: &str) -> Result<(), At> {
    let is_plain = |byte: &u8| matches!(byte, b' '..=b'~' | b'\n');
    // Each piece is looked at to its end, which the compiler makes a few instructions of; almost every text is plain.
    let all_plain = |piece: &[u8]| piece.iter().fold(true, |plain, byte| plain & is_plain(byte));
    if text.as_bytes().chunks(256).all(all_plain) {
        return Ok(());
    }
    let mut line = 1;
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '\n' => line += 1,
            '\r' if letters.peek() == Some(&'\n') => {}
            ' '..='~' => {}
            '\u{2028}' | '\u{2029}' | '\u{feff}' => return Err((line, Problem::Character(letter))),
            '\u{a0}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'.. => {}
            _ => return Err((line, Problem::Character(letter))),
        }
    }
    Ok(())
}
