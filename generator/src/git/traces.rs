//! What is looked for in history, and how a raw commit is read for it: time, parents and trailers.

use std::collections::BTreeMap;

use git2::Oid;

const TRAILER: &[u8] = b"\nRequest-Id: ";

/// Files that are looked for in folders `root/*/leaf`, each with the value of the trailer that names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Traces<'a> {
    /// The folder above.
    pub root: &'a str,
    /// The folder below.
    pub leaf: &'a str,
    /// The names of files, by the values of trailers.
    pub files: BTreeMap<String, String>,
}

/// When the committer of a raw commit says that it was made, in Unix seconds; one that says nothing was made at the beginning.
pub(super) fn committed_at(data: &[u8]) -> i64 {
    let lines = data.split(|byte| *byte == b'\n').take_while(|line| !line.is_empty());
    let committer = lines.filter_map(|line| line.strip_prefix(b"committer ")).next().unwrap_or_default();
    let time = committer.rsplit(|byte| *byte == b' ').nth(1).unwrap_or_default();
    std::str::from_utf8(time).ok().and_then(|time| time.parse().ok()).unwrap_or_default()
}

/// The parents of a raw commit, and its message with the line feed before it.
pub(super) fn parse(data: &[u8]) -> (impl Iterator<Item = Oid> + '_, &[u8]) {
    let end = data.windows(2).position(|pair| pair == b"\n\n").unwrap_or(data.len());
    let (header, message) = data.split_at(end);
    let parents = header.split(|byte| *byte == b'\n').skip(1).map_while(|line| line.strip_prefix(b"parent "));
    let parents =
        parents.filter_map(|hex| std::str::from_utf8(hex).ok().and_then(|hex| Oid::from_str(hex).ok()));
    (parents, message)
}

/// The values of all trailers of a message that begins with a line feed.
pub(super) fn trailers(message: &[u8]) -> impl Iterator<Item = String> + '_ {
    let mut rest = message;
    std::iter::from_fn(move || {
        let start = rest.windows(TRAILER.len()).position(|bytes| bytes == TRAILER)?;
        let (_, value) = rest.split_at(start + TRAILER.len());
        let end = value.iter().position(|byte| *byte == b'\n').unwrap_or(value.len());
        let (value, after) = value.split_at(end);
        rest = after;
        Some(String::from_utf8_lossy(value).trim().to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trailers_are_found_wherever_a_line_begins_with_them() {
        let message = b"\n\nGrant\n\nRequest-Id: one\nMore: x\n\nRequest-Id: two\nnot Request-Id: three";
        assert_eq!(trailers(message).collect::<Vec<_>>(), ["one", "two"]);
    }

    #[test]
    fn a_raw_commit_gives_its_parents_and_message() {
        let one = "1".repeat(40);
        let raw = format!("tree {one}\nparent {one}\nparent {}\nauthor a\n\nmessage", "2".repeat(40));
        let (parents, message) = parse(raw.as_bytes());
        assert_eq!((parents.count(), message), (2, &b"\n\nmessage"[..]));
    }

    #[test]
    fn a_raw_commit_gives_its_committers_time() {
        let raw = |committer: &str| {
            format!("tree x\nauthor a <a> 7 +0000\n{committer}\nmessage\ncommitter b <b> 9 +0000")
        };
        assert_eq!(committed_at(raw("committer a b <a> 1795514400 +0100\n").as_bytes()), 1_795_514_400);
        assert_eq!(committed_at(raw("committer a <a> -5 +0000\n").as_bytes()), -5);
        assert_eq!(committed_at(raw("committer a\n").as_bytes()), 0);
        assert_eq!(committed_at(raw("").as_bytes()), 0);
    }
}
