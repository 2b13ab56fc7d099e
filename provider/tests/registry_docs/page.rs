//! Pages: what people write, with the generated parts between markers.

use std::path::{Path, PathBuf};

const BEGIN: &str = "<!-- made from the schema -->\n";
const END: &str = "<!-- end of what is made from the schema -->\n";
const EXAMPLE: &str = "<!-- example: ";

/// The line that stands before an example's text.
pub(crate) fn example_marker(path: &str) -> String {
    format!("{EXAMPLE}{path} -->\n")
}

/// The text between the first two lines `---`.
pub(crate) fn front_matter(text: &str) -> Option<&str> {
    text.strip_prefix("---\n")?.split_once("\n---\n").map(|(front, _)| front)
}

/// The page with its generated parts as they are to be.
pub(crate) fn renewed(old: &str, generated: Option<&str>, root: &Path) -> String {
    let page = match generated {
        None => old.to_owned(),
        Some(generated) => {
            let (before, rest) = old.split_once(BEGIN).expect("a page has the first marker");
            let (_, after) = rest.split_once(END).expect("a page has the second marker");
            format!("{before}{BEGIN}{generated}{END}{after}")
        }
    };
    with_examples(&page, root)
}

/// Every fenced block of Terraform is an example; so all that people copy is applied by a test.
fn with_examples(page: &str, root: &Path) -> String {
    let mut parts = page.split(EXAMPLE);
    let first = parts.next().unwrap_or_default();
    let mut text = first.to_owned();
    check_free(first);
    for part in parts {
        let (path, rest) = part.split_once(" -->\n").expect("a marker ends its line");
        let after = match rest.strip_prefix("```") {
            None => rest,
            Some(block) => block.split_once("\n```\n").expect("a block ends").1,
        };
        check_free(after);
        let example =
            std::fs::read_to_string(root.join(path)).unwrap_or_else(|_| panic!("there is no {path}"));
        let language = if path.ends_with(".sh") { "shell" } else { "terraform" };
        text += &format!("{}```{language}\n{}\n```\n{after}", example_marker(path), example.trim_end());
    }
    text
}

fn check_free(text: &str) {
    assert!(!text.contains("```terraform"), "Terraform that is no example: {text}");
}

/// All files below a folder, sorted.
pub(crate) fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => files.extend(self::files(&path)),
            false => files.push(path),
        }
    }
    files.sort();
    files
}
