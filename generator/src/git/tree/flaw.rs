//! Trees that Git's own check refuses, because programs read them differently: one sees what another one does not.
//!
//! Source: `fsck_tree` in <https://github.com/git/git/blob/master/fsck.c>. Not here: what follows from a flaw.

use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::fmt;

use super::raw::RawEntry;

/// What is wrong with a tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TreeFlaw {
    /// Its entries are not in Git's order.
    NotSorted,
    /// Two of its entries have one name.
    DuplicateEntries,
    /// The name of an entry has a slash.
    FullPathname,
    /// An entry without a name.
    EmptyName,
    /// An entry that is called `.`, `..` or `.git`, or what a file system takes for that.
    DotGit,
    /// A mode with a zero in front.
    ZeroPaddedMode,
    /// A mode that Git does not write.
    BadMode,
}

impl fmt::Display for TreeFlaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotSorted => "its entries are not sorted",
            Self::DuplicateEntries => "two of its entries have one name",
            Self::FullPathname => "the name of an entry has a slash",
            Self::EmptyName => "an entry has no name",
            Self::DotGit => "an entry is called `.`, `..` or `.git`, or what a file system takes for that",
            Self::ZeroPaddedMode => "the mode of an entry begins with a zero",
            Self::BadMode => "the mode of an entry is none that Git writes",
        })
    }
}

/// Everything that is wrong with a tree of these entries.
pub(in crate::git) fn flaws(entries: &[RawEntry]) -> BTreeSet<TreeFlaw> {
    let mut flaws: BTreeSet<TreeFlaw> = entries.iter().flat_map(of_entry).collect();
    let pairs = entries.iter().zip(entries.iter().skip(1));
    if pairs.clone().any(|(one, next)| order(one, next) == Ordering::Greater) {
        flaws.insert(TreeFlaw::NotSorted);
    }
    let names: BTreeSet<&[u8]> = entries.iter().map(|entry| entry.name.as_slice()).collect();
    if names.len() < entries.len() {
        flaws.insert(TreeFlaw::DuplicateEntries);
    }
    flaws
}

/// Git's order: a folder's name counts as if it ended in a slash.
fn order(one: &RawEntry, next: &RawEntry) -> Ordering {
    let end = |entry: &RawEntry| entry.is_folder().then_some(b'/');
    let (one_end, next_end) = (end(one), end(next));
    one.name.iter().copied().chain(one_end).cmp(next.name.iter().copied().chain(next_end))
}

/// Whether an entry of that name may be in no tree: it is left out where a tree is written anew.
pub(in crate::git) fn is_forbidden(name: &[u8]) -> bool {
    name.is_empty() || name.contains(&b'/') || is_dot_git(name)
}

fn of_entry(entry: &RawEntry) -> Vec<TreeFlaw> {
    let name = entry.name.as_slice();
    let is_known_mode = matches!(entry.mode, 0o100_644 | 0o100_755 | 0o120_000 | 0o160_000 | 0o040_000);
    let checks = [
        (name.contains(&b'/'), TreeFlaw::FullPathname),
        (name.is_empty(), TreeFlaw::EmptyName),
        (is_dot_git(name), TreeFlaw::DotGit),
        (entry.is_padded, TreeFlaw::ZeroPaddedMode),
        (!is_known_mode, TreeFlaw::BadMode),
    ];
    checks.into_iter().filter_map(|(found, flaw)| found.then_some(flaw)).collect()
}

/// HFS+ ignores some letters, and NTFS what follows a colon and spaces and dots at the end.
///
/// Source: `is_hfs_dotgit` and `is_ntfs_dotgit` in <https://github.com/git/git>.
fn is_dot_git(name: &[u8]) -> bool {
    if matches!(name, b"." | b"..") {
        return true;
    }
    let text = String::from_utf8_lossy(name);
    let ignored = |letter: &char| matches!(letter, '\u{200c}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{206a}'..='\u{206f}' | '\u{feff}');
    let seen: String = text.chars().filter(|letter| !ignored(letter)).collect::<String>().to_lowercase();
    let seen = seen.split([':', '\\']).next().unwrap_or_default().trim_end_matches([' ', '.']);
    matches!(seen, ".git" | "git~1")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(mode: u32, name: &str) -> RawEntry {
        RawEntry { mode, is_padded: false, name: name.as_bytes().to_vec(), id: git2::Oid::ZERO_SHA1 }
    }

    #[test]
    fn a_tree_as_git_writes_it_has_no_flaw() {
        let sound = [
            entry(0o100_644, "a-b"),
            entry(0o040_000, "a"),
            entry(0o100_644, "a0"),
            entry(0o120_000, ".gitignore2"),
        ];
        let mut sound = sound.to_vec();
        sound.sort_by(order);
        assert_eq!(flaws(&sound), BTreeSet::new());
        assert_eq!(flaws(&[]), BTreeSet::new());
    }

    #[test]
    fn what_gits_own_check_refuses_is_a_flaw() {
        let file = |name| entry(0o100_644, name);
        for (entries, flaw) in [
            (vec![file("b"), file("a")], TreeFlaw::NotSorted),
            (vec![entry(0o040_000, "a"), file("a-b")], TreeFlaw::NotSorted),
            (vec![file("a"), file("a")], TreeFlaw::DuplicateEntries),
            (vec![file("a"), file("a-b"), entry(0o040_000, "a")], TreeFlaw::DuplicateEntries),
            (vec![file("a/b")], TreeFlaw::FullPathname),
            (vec![file("")], TreeFlaw::EmptyName),
            (vec![entry(0o100_664, "a")], TreeFlaw::BadMode),
            (vec![RawEntry { is_padded: true, ..file("a") }], TreeFlaw::ZeroPaddedMode),
        ] {
            assert!(flaws(&entries).contains(&flaw), "{entries:?}");
        }
        for name in [
            ".",
            "..",
            ".git",
            ".GIT",
            "git~1",
            "GIT~1",
            ".git ",
            ".git.",
            ".git::$INDEX_ALLOCATION",
            ".g\u{200c}it",
        ] {
            assert!(flaws(&[file(name)]).contains(&TreeFlaw::DotGit), "{name}");
        }
    }
}
