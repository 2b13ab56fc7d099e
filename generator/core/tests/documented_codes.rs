//! `docs/judgement.md` lists every code that the program prints as a reason for "no", and no other.
//!
//! The codes are read from the `code` functions. Each of them is an exhaustive match, so that the compiler asks for the code
//! of a new variant and this test then asks for its line on the page. The audit's codes are the names of a serde enum.

#![expect(clippy::panic, reason = "a source that the test cannot read is a failed test")]

use std::collections::BTreeSet;

const PAGE: &str = include_str!("../../../docs/judgement.md");
const VERIFIER: &str = include_str!("../src/verifier/refusal/code.rs");
const POLICY: &str = include_str!("../src/policy/reason.rs");
const REQUEST: &str = include_str!("../src/request/refused.rs");
const QUERY: &str = include_str!("../src/policy_test/query.rs");
const AUDIT: &str = include_str!("../src/audit/oddity.rs");

/// The text between `start` and the next line that is exactly `end`.
fn between<'a>(text: &'a str, start: &str, end: &str) -> &'a str {
    let (_, rest) = text.split_once(start).unwrap_or_else(|| panic!("`{start}` is not in the text"));
    rest.split_once(end).unwrap_or_else(|| panic!("`{start}` does not end")).0
}

/// The codes that a `code` function gives. An arm that delegates to another enum has no literal.
fn codes(source: &str) -> BTreeSet<String> {
    let body = between(source, "pub fn code(&self) -> &'static str {", "\n    }\n");
    let arms = body.lines().filter(|line| line.contains("=>"));
    arms.filter_map(|arm| match arm.split_once("=> ")?.1.split('"').collect::<Vec<_>>().as_slice() {
        ["", code, ","] => Some((*code).to_owned()),
        [other] => {
            assert!(other.ends_with(".code(),"), "this arm has no code that the test can read: {arm}");
            None
        }
        _ => panic!("this arm has no code that the test can read: {arm}"),
    })
    .collect()
}

/// The variants of the audit's enum, as serde's `kebab-case` writes them.
fn oddities() -> BTreeSet<String> {
    let variants = between(AUDIT, "pub enum Oddity {", "\n}\n").lines().filter_map(|line| {
        let name = line.strip_prefix("    ")?;
        name.starts_with(|c: char| c.is_ascii_uppercase())
            .then(|| name.trim_end_matches(|c: char| !c.is_ascii_alphanumeric()))
    });
    variants.map(kebab).collect()
}

fn kebab(name: &str) -> String {
    let mut kebab = String::new();
    for (place, letter) in name.char_indices() {
        if letter.is_ascii_uppercase() && place > 0 {
            kebab.push('-');
        }
        kebab.push(letter.to_ascii_lowercase());
    }
    kebab
}

/// The codes in the first column of the table below a heading of the page.
fn on_page(heading: &str) -> BTreeSet<String> {
    let start = format!("\n## {heading}\n");
    let (_, section) = PAGE.split_once(&start).unwrap_or_else(|| panic!("the page has no `## {heading}`"));
    let section = section.split("\n## ").next().unwrap_or(section);
    let cells = section.lines().filter_map(|line| line.strip_prefix("| `"));
    cells.filter_map(|cell| cell.split_once("` |")).map(|(code, _)| code.to_owned()).collect()
}

#[test]
fn the_page_lists_each_code_and_no_other() {
    for (heading, expected) in [
        ("Codes of the verifier", codes(VERIFIER)),
        ("Codes of the policy", codes(POLICY)),
        ("Codes of policy tests", codes(QUERY)),
        ("Codes of requests", codes(REQUEST)),
        ("Codes of the audit", oddities()),
    ] {
        assert!(expected.len() >= 5, "{heading}: the test reads {expected:?} only");
        let found = on_page(heading);
        let missing: Vec<_> = expected.difference(&found).collect();
        let unknown: Vec<_> = found.difference(&expected).collect();
        assert!(missing.is_empty(), "{heading}: not on the page: {missing:?}");
        assert!(unknown.is_empty(), "{heading}: on the page, and no such code: {unknown:?}");
    }
}
