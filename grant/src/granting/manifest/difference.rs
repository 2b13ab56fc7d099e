//! Where two texts of one grant part: the line that a person has to look at. Not here: which of them is right.

/// The first line that differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Counted from 1.
    pub line: usize,
    /// What is there, its control characters escaped; empty where the text has ended.
    pub found: String,
    /// What should be, likewise.
    pub expected: String,
}

impl Difference {
    /// Between what is there and what should be; `None` where they are equal to the byte.
    ///
    /// ```
    /// use p0_grant::manifest::Difference;
    ///
    /// let difference = Difference::first("a: 1\nb: 2\n", "a: 1\nb: 3\n").unwrap();
    /// assert_eq!((difference.line, difference.found.as_str()), (2, "b: 2"));
    /// assert_eq!(Difference::first("a: 1\n", "a: 1\n"), None);
    /// ```
    pub fn first(found: &str, expected: &str) -> Option<Self> {
        if found == expected {
            return None;
        }
        let (mut found, mut expected) = (found.split_inclusive('\n'), expected.split_inclusive('\n'));
        let mut line = 0;
        loop {
            line += 1;
            match (found.next(), expected.next()) {
                (None, None) => return None,
                (found, expected) if found == expected => {}
                (found, expected) => {
                    let (found, expected) = (found.unwrap_or_default(), expected.unwrap_or_default());
                    let (found, expected) = (visible(found, expected), visible(expected, found));
                    return Some(Self { line, found, expected });
                }
            }
        }
    }
}

/// A line without its end, unless the end is the difference; control characters are escaped.
fn visible(line: &str, other: &str) -> String {
    let end_differs = line.trim_end() == other.trim_end();
    let shown = if end_differs { line } else { line.trim_end_matches('\n') };
    let escaped = |letter: char| match letter.is_control() {
        true => letter.escape_default().to_string(),
        false => letter.to_string(),
    };
    shown.chars().map(escaped).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_that_cannot_be_seen_is_shown() {
        for (found, expected, shown) in [
            ("a\nb\n", "a\nc\n", (2, "b", "c")),
            ("a\r\n", "a\n", (1, "a\\r\\n", "a\\n")),
            ("a", "a\n", (1, "a", "a\\n")),
            ("a \n", "a\n", (1, "a \\n", "a\\n")),
            ("a\nb\n", "a\n", (2, "b", "")),
            ("", "a\n", (1, "", "a")),
            ("a\u{1b}[2J\n", "b\n", (1, "a\\u{1b}[2J", "b")),
        ] {
            let Difference { line, found, expected } = Difference::first(found, expected).unwrap();
            assert_eq!((line, found.as_str(), expected.as_str()), shown);
        }
    }
}
