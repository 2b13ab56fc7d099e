//! User names with placeholders as patterns: what one of them becomes for a session, and whether two of them can become
//! the same name.

use std::collections::BTreeSet;

use super::SESSION;

/// What EKS puts in place of a placeholder: one or more characters of these.
type Class = fn(char) -> bool;

/// The placeholders of EKS. Anything else between braces stays as it is.
const PLACEHOLDERS: [(&str, Class); 5] = [
    (SESSION, |letter| is_session(letter) || letter == '@'),
    ("{{SessionName}}", is_session),
    ("{{AccountID}}", |letter| letter.is_ascii_digit()),
    ("{{AccessKeyID}}", |letter| letter.is_ascii_uppercase() || letter.is_ascii_digit()),
    ("{{EC2PrivateDNSName}}", |letter| letter.is_ascii_alphanumeric() || "-.".contains(letter)),
];

/// A session's name has `@` too, but EKS writes it as `-` for this placeholder.
fn is_session(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || "_+=,.-".contains(letter)
}

#[derive(Clone, Copy)]
enum Token {
    Letter(char),
    Hole(Class),
}

impl Token {
    fn takes(self, letter: char) -> bool {
        match self {
            Self::Letter(own) => own == letter,
            Self::Hole(class) => class(letter),
        }
    }

    /// Whether some character fits both. Every class is ASCII.
    fn meets(self, other: Self) -> bool {
        match (self, other) {
            (Self::Letter(letter), token) | (token, Self::Letter(letter)) => token.takes(letter),
            (Self::Hole(one), Self::Hole(two)) => {
                (0..=127_u8).map(char::from).any(|letter| one(letter) && two(letter))
            }
        }
    }

    fn repeats(self) -> bool {
        matches!(self, Self::Hole(_))
    }
}

/// Whether two user names, as entries write them, can become the same name for two sessions.
pub(crate) fn can_be_equal(one: &str, two: &str) -> bool {
    if !one.contains("{{") && !two.contains("{{") {
        return one == two;
    }
    ends_agree(one, two) && some_name_fits(&tokens(one), &tokens(two))
}

/// Whether what stands before the first and behind the last brace agrees, as far as both are written out. In a ConfigMap with
/// thousands of entries almost every pair differs there, which is cheaper to see than that no name fits both.
fn ends_agree(one: &str, two: &str) -> bool {
    let before = |name: &str| name.find("{{").unwrap_or(name.len());
    let start = before(one).min(before(two));
    let behind = |name: &str| name.rfind("}}").map_or(name.len(), |at| name.len() - at - 2);
    let end = behind(one).min(behind(two));
    let last = |name: &str| name.len() - end;
    one.as_bytes().get(..start) == two.as_bytes().get(..start)
        && one.as_bytes().get(last(one)..) == two.as_bytes().get(last(two)..)
}

/// Whether some name fits both patterns.
fn some_name_fits(one: &[Token], two: &[Token]) -> bool {
    let mut seen = BTreeSet::new();
    let mut open = vec![(0, 0)];
    while let Some((left, right)) = open.pop() {
        match (one.get(left), two.get(right)) {
            (None, None) => return true,
            (Some(&first), Some(&second)) if first.meets(second) => {
                let steps = |at: usize, token: Token| [Some(at + 1), token.repeats().then_some(at)];
                for next in steps(left, first).into_iter().flatten() {
                    for other in steps(right, second).into_iter().flatten() {
                        if seen.insert((next, other)) {
                            open.push((next, other));
                        }
                    }
                }
            }
            _ => {}
        }
    }
    false
}

/// What an entry's user name becomes for a session of an account; none where it needs what only AWS knows.
pub(crate) fn render(written: &str, account: &str, session: &str) -> Option<String> {
    let rendered = written
        .replace("{{AccountID}}", account)
        .replace("{{SessionName}}", &session.replace('@', "-"))
        .replace(SESSION, session);
    (!rendered.contains("{{")).then_some(rendered)
}

fn tokens(mut text: &str) -> Vec<Token> {
    let mut found = Vec::new();
    while let Some(letter) = text.chars().next() {
        let hole = PLACEHOLDERS.iter().find_map(|(name, class)| Some((text.strip_prefix(name)?, *class)));
        text = match hole {
            Some((rest, class)) => {
                found.push(Token::Hole(class));
                rest
            }
            None => {
                found.push(Token::Letter(letter));
                text.get(letter.len_utf8()..).unwrap_or_default()
            }
        };
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_names_meet_where_some_session_has_both() {
        for (one, two, meet) in [
            ("alice", "alice", true),
            ("alice", "Alice", false),
            ("alice", "{{SessionName}}", true),
            ("alice@example.com", "{{SessionName}}", false),
            ("alice@example.com", "{{SessionNameRaw}}", true),
            ("corp:alice", "{{SessionNameRaw}}", false),
            ("corp:alice", "corp:{{SessionName}}", true),
            ("corp:", "corp:{{SessionName}}", false),
            ("corp:{{SessionNameRaw}}", "corp:{{SessionName}}", true),
            ("corp:{{SessionNameRaw}}", "corp:a{{SessionName}}", true),
            ("corp:{{SessionNameRaw}}", "dev:{{SessionName}}", false),
            ("{{AccountID}}:x", "{{SessionName}}:x", true),
            ("system:node:{{EC2PrivateDNSName}}", "alice", false),
            ("{{Unknown}}", "{{Unknown}}", true),
            ("{{Unknown}}", "alice", false),
        ] {
            assert_eq!(can_be_equal(one, two), meet, "{one} {two}");
            assert_eq!(can_be_equal(two, one), meet, "{two} {one}");
        }
    }

    proptest::proptest! {
        /// The short cut says no only where the search says no.
        #[test]
        fn ends_that_differ_have_no_name_in_common(
            one in "(a|b|-|\\{\\{SessionName\\}\\}|\\{\\{SessionNameRaw\\}\\}|\\{\\{|\\}\\}|\\{\\{AccountID\\}\\}|é){0,5}",
            two in "(a|b|-|\\{\\{SessionName\\}\\}|\\{\\{SessionNameRaw\\}\\}|\\{\\{|\\}\\}|\\{\\{AccountID\\}\\}|é){0,5}",
        ) {
            proptest::prop_assert_eq!(can_be_equal(&one, &two), some_name_fits(&tokens(&one), &tokens(&two)));
        }
    }

    #[test]
    fn a_session_is_put_in_as_eks_does() {
        assert_eq!(render("x:{{SessionName}}", "1", "a@b").as_deref(), Some("x:a-b"));
        assert_eq!(render("x:{{SessionNameRaw}}", "1", "a@b").as_deref(), Some("x:a@b"));
        assert_eq!(render("{{AccountID}}", "1", "a@b").as_deref(), Some("1"));
        assert_eq!(render("{{EC2PrivateDNSName}}", "1", "a@b"), None);
    }
}
