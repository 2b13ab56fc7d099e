use super::*;

const KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIHCDSX/XTiyLZ1pYtsPWyYVXvFxPd6UDJpZGXO5ctCm";

#[test]
fn reads_what_openssh_writes() {
    let text = format!(
        "# who may sign\n\nbot@p0,*@ci {KEY} the bot\r\n\"a b\" namespaces=\"p0.dev/grant\",valid-after=\"20260101Z\" {KEY}\n"
    );
    let signers = AllowedSigners::read(&text).unwrap();
    let principals: Vec<&[String]> = signers.iter().map(Signer::principals).collect();
    assert_eq!(principals, [&["bot@p0".to_owned(), "*@ci".to_owned()][..], &["a b".to_owned()]]);
}

#[test]
fn a_line_that_cannot_be_read_spoils_the_file() {
    for (line, problem) in [
        ("bot".to_owned(), "should read"),
        (KEY.to_owned(), "cannot be read"),
        ("bot ssh-ed25519 AAAA".to_owned(), "cannot be read"),
        (format!("bot cert-authority {KEY}"), "not supported"),
        (format!("bot valid-before=\"20260101\" {KEY}"), "not a time in UTC"),
        (format!("bot valid-before=\"2026Z\" {KEY}"), "not a time in UTC"),
        (format!("bot valid-before=\"20261340Z\" {KEY}"), "not a time in UTC"),
        (format!("bot namespaces=\"git {KEY}"), "no end"),
        (format!("bot no-touch=\"x\" {KEY}"), "not supported"),
        (format!("a,,b {KEY}"), "should read"),
        (format!("bot valid-before=\"20200101Z\",valid-before=\"20300101Z\" {KEY}"), "twice"),
        (format!("bot namespaces=\"git\",NAMESPACES=\"p0.dev/grant\" {KEY}"), "twice"),
        (format!("bot valid-after=\"20300101Z\",valid-before=\"20200101Z\" {KEY}"), "not after"),
        (format!("bot valid-after=\"20300101Z\",valid-before=\"20300101Z\" {KEY}"), "not after"),
        (format!("bot valid-before=\"+2030101Z\" {KEY}"), "not a time in UTC"),
        (format!("bot valid-before=\"2030010112 3Z\" {KEY}"), "not a time in UTC"),
    ] {
        let error = AllowedSigners::read(&format!("# one\n{line}\n")).unwrap_err();
        assert_eq!(error.line, 2);
        assert!(error.to_string().contains(problem), "{line}: {error}");
    }
}

#[test]
fn pattern_lists_are_openssh_pattern_lists() {
    for (list, text, expected) in [
        ("p0.dev/grant", "p0.dev/grant", true),
        ("p0.dev/*", "p0.dev/grant", true),
        ("p?.dev/grant", "p0.dev/grant", true),
        ("git,file", "p0.dev/grant", false),
        ("*,!p0.dev/grant", "p0.dev/grant", false),
        ("!git", "p0.dev/grant", false),
        ("*a*b", "aab", true),
    ] {
        let list: Vec<String> = list.split(',').map(str::to_owned).collect();
        assert_eq!(matches_list(&list, text), expected, "{list:?}");
    }
}

/// The meaning of a pattern, spelled out; it takes exponential time.
fn means(pattern: &[u8], text: &[u8]) -> bool {
    match (pattern, text) {
        ([], text) => text.is_empty(),
        ([b'*', rest @ ..], text) => (0..=text.len()).any(|taken| means(rest, &text[taken..])),
        ([_, ..], []) => false,
        ([letter, rest @ ..], [own, tail @ ..]) => (*letter == b'?' || letter == own) && means(rest, tail),
    }
}

proptest::proptest! {
    #[test]
    fn a_pattern_matches_what_it_means(pattern in "[ab?*]{0,8}", text in "[ab]{0,8}") {
        proptest::prop_assert_eq!(
            matches(pattern.as_bytes(), text.as_bytes()),
            means(pattern.as_bytes(), text.as_bytes())
        );
    }
}

#[test]
fn many_stars_are_judged_at_once() {
    // By trying every way to share the text out among the stars this would never end.
    let pattern = format!("{}$", "*?".repeat(50_000));
    assert!(!matches(pattern.as_bytes(), b"p0.dev/grant"));
    assert!(!matches(format!("{}$", "*".repeat(100_000)).as_bytes(), b"p0.dev/grant"));
    assert!(matches("*".repeat(100_000).as_bytes(), b"p0.dev/grant"));
}

#[test]
fn both_ends_of_validity_count() {
    let signers =
        AllowedSigners::read(&format!("bot valid-after=\"20260101Z\",valid-before=\"202601021030Z\" {KEY}"))
            .unwrap();
    let signer = signers.iter().next().unwrap();
    for (time, expected) in [
        ("2025-12-31T23:59:59Z", false),
        ("2026-01-01T00:00:00Z", true),
        ("2026-01-02T10:30:00Z", true),
        ("2026-01-02T10:30:01Z", false),
    ] {
        assert_eq!(signer.is_valid_at(time.parse().unwrap()), expected, "{time}");
    }
}
