//! Markdown of text that people wrote: it is shown and does nothing. Forges make links, mentions, closing words and HTML of plain
//! text, and of nothing that stands in code.

/// A piece of code in a line. Control characters, and those that turn the direction of writing, are left out.
pub(crate) fn code(text: &str) -> String {
    let line = one_line(text);
    if line.is_empty() {
        return "—".to_owned();
    }
    let fence = "`".repeat(longest_run(&line) + 1);
    // The spaces are not shown; they keep a backtick at an end from joining the fence.
    match line.starts_with('`') || line.ends_with('`') {
        true => format!("{fence} {line} {fence}"),
        false => format!("{fence}{line}{fence}"),
    }
}

/// The same in a cell of a table, where a bar would end the cell even in code.
pub(crate) fn cell(text: &str) -> String {
    code(&text.replace('\\', "＼")).replace('|', "\\|")
}

/// Lines as they are.
pub(crate) fn block(text: &str) -> String {
    let lines: Vec<String> = text.lines().map(shown).collect();
    let fence = "`".repeat(lines.iter().map(|line| longest_run(line)).max().unwrap_or(0).max(2) + 1);
    format!("{fence}text\n{}\n{fence}", lines.join("\n"))
}

/// One line of plain text, for a title.
pub(crate) fn one_line(text: &str) -> String {
    shown(text).split_whitespace().collect::<Vec<_>>().join(" ")
}

fn shown(text: &str) -> String {
    text.chars()
        .map(|letter| if letter.is_whitespace() { ' ' } else { letter })
        .filter(|letter| is_shown(*letter))
        .collect()
}

fn is_shown(letter: char) -> bool {
    let turns = matches!(letter, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}');
    !letter.is_control() && !turns
}

fn longest_run(line: &str) -> usize {
    line.split(|letter| letter != '`').map(str::len).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_people_write_leaves_its_code() {
        for (text, shown) in [
            ("web", "`web`"),
            ("", "—"),
            ("@alice closes #1\n\n# title", "`@alice closes #1 # title`"),
            ("a`b", "``a`b``"),
            ("`` <img>", "``` `` <img> ```"),
            ("\u{202e}evil\u{7}", "`evil`"),
        ] {
            assert_eq!(code(text), shown, "{text:?}");
        }
        assert_eq!(cell("a|b"), "`a\\|b`");
        // Otherwise the backslash would take the bar's own backslash away.
        assert_eq!(cell("a\\|b"), "`a＼\\|b`");
        assert_eq!(block("one\n```\ntwo"), "````text\none\n```\ntwo\n````");
    }
}
