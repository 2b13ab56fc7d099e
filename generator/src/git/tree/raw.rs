//! The entries of a tree as they are written, in whatever order: libgit2 searches a tree by halves and misses entries of one
//! that is not sorted, which a clone and an applier have. Not here: what the entries mean.

use git2::{ObjectType, Oid, Repository};

/// The length of an object's name.
const ID: usize = 20;

const FOLDER: u32 = 0o040_000;

/// One entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::git) struct RawEntry {
    /// The digits of its mode as a number.
    pub(in crate::git) mode: u32,
    /// Whether the mode is written with a zero in front.
    pub(in crate::git) is_padded: bool,
    /// Its name's bytes.
    pub(in crate::git) name: Vec<u8>,
    /// The object.
    pub(in crate::git) id: Oid,
}

impl RawEntry {
    /// Whether it is a folder.
    pub(in crate::git) fn is_folder(&self) -> bool {
        self.mode == FOLDER
    }
}

/// The entries of the tree `id`, in the order in which they are written.
pub(in crate::git) fn entries(repository: &Repository, id: Oid) -> Result<Vec<RawEntry>, git2::Error> {
    select(repository, id, |_| true)
}

/// What stands at `path` of the tree `root`; of several entries there the first. A name with slashes in it is a path, as it is
/// for a clone.
pub(in crate::git) fn find(
    repository: &Repository,
    root: Oid,
    path: &[u8],
) -> Result<Option<RawEntry>, git2::Error> {
    let below = |name: &[u8]| path.strip_prefix(name).and_then(|rest| rest.strip_prefix(b"/"));
    for entry in select(repository, root, |name| path == name || below(name).is_some())? {
        match below(&entry.name) {
            None => return Ok(Some(entry)),
            Some(rest) if entry.is_folder() => match find(repository, entry.id, rest)? {
                None => {}
                found => return Ok(found),
            },
            Some(_) => {}
        }
    }
    Ok(None)
}

/// The entries whose names `asked` takes. The others are passed over without a copy: a folder may have ten thousand.
fn select(
    repository: &Repository,
    id: Oid,
    asked: impl Fn(&[u8]) -> bool,
) -> Result<Vec<RawEntry>, git2::Error> {
    let database = repository.odb()?;
    let object = database.read(id)?;
    if object.kind() != ObjectType::Tree {
        return Err(broken());
    }
    parse(object.data(), asked).ok_or_else(broken)
}

fn parse(mut rest: &[u8], asked: impl Fn(&[u8]) -> bool) -> Option<Vec<RawEntry>> {
    let mut entries = Vec::new();
    while !rest.is_empty() {
        let (mode, after) = split(rest, b' ')?;
        let (name, after) = split(after, 0)?;
        let (id, after) = after.split_at_checked(ID)?;
        rest = after;
        if asked(name) {
            let is_padded = mode.first() == Some(&b'0');
            let mode = u32::from_str_radix(std::str::from_utf8(mode).ok()?, 8).ok()?;
            entries.push(RawEntry { mode, is_padded, name: name.to_vec(), id: Oid::from_bytes(id).ok()? });
        }
    }
    Some(entries)
}

/// What is before and behind the first `byte`.
fn split(bytes: &[u8], byte: u8) -> Option<(&[u8], &[u8])> {
    let at = bytes.iter().position(|own| *own == byte)?;
    Some((bytes.get(..at)?, bytes.get(at + 1..)?))
}

fn broken() -> git2::Error {
    git2::Error::from_str("a tree cannot be read")
}
