//! `docs/attacks.md` names tests that exist.

use std::path::{Path, PathBuf};

/// Every Rust file below a folder.
fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() && name != "target" && !name.starts_with('.') {
            sources(&path, found);
        } else if name.ends_with(".rs") {
            found.push(path);
        }
    }
}

#[test]
fn every_test_that_the_page_names_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut files = Vec::new();
    sources(root, &mut files);
    let texts: Vec<String> = files.iter().map(|file| std::fs::read_to_string(file).unwrap()).collect();
    let page = std::fs::read_to_string(root.join("docs/attacks.md")).unwrap();
    let last_column = page.lines().filter_map(|line| line.strip_suffix(" |")?.rsplit_once(" | "));
    let mut count = 0;
    for name in last_column.flat_map(|(_, tests)| tests.split(", ")) {
        let Some(name) = name.strip_prefix('`').and_then(|name| name.strip_suffix('`')) else { continue };
        count += 1;
        assert!(texts.iter().any(|text| text.contains(&format!("fn {name}("))), "no test is called `{name}`");
    }
    assert!(count > 60, "the table is read: {count}");
}
