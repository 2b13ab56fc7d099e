//! Edits of one key's value, each proved: the edited text is read again, and it differs by exactly one entry.

use std::ops::Range;

use super::entry::Entry;
use super::list::{Layout, List};
use super::owned::{self, Owner};
use super::refusal::{Key, Refusal};
use crate::mapping::Mapping;

/// A proved edit of the value of one key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    key: Key,
    replaced: Range<usize>,
    inserted: String,
    after: Option<String>,
}

impl Edit {
    /// Which key.
    pub fn key(&self) -> Key {
        self.key
    }

    /// The whole value after the edit; none where the key goes.
    pub fn after(&self) -> Option<&str> {
        self.after.as_deref()
    }

    /// Which bytes of the value the edit replaces, and by what.
    pub(super) fn parts(&self) -> (&Range<usize>, &str) {
        (&self.replaced, &self.inserted)
    }
}

/// Adds the entry of a mapping.
pub(super) fn add(key: Key, list: &List<'_>, mapping: &Mapping, owner: Owner) -> Result<Edit, Refusal> {
    let arn = mapping.identity().arn();
    let (replaced, inserted) = owned::addition(key, list, &arn, mapping.written(), owner);
    let text = spliced(list.text, &replaced, &inserted);
    let edited = read_again(key, &text)?;
    let added = edited.entries.split_last().is_some_and(|(last, others)| {
        others == list.entries
            && last.arn == arn
            && last.username == mapping.written()
            && owned::place(key, &edited, last, owner).is_some()
    });
    if !added {
        return Err(Refusal::Unproved { key });
    }
    Ok(Edit { key, replaced, inserted, after: Some(text) })
}

/// Removes the entry at an index, which is this owner's.
pub(super) fn remove(key: Key, list: &List<'_>, index: usize, owner: Owner) -> Result<Edit, Refusal> {
    let unproved = || Refusal::Unproved { key };
    let entry = list.entries.get(index).ok_or_else(unproved)?;
    let place = owned::place(key, list, entry, owner)
        .ok_or_else(|| Refusal::NotOurs { arn: entry.arn.to_string(), owner: owner.name() })?;
    let (replaced, inserted) = without(list, place);
    let text = spliced(list.text, &replaced, &inserted);
    // The key was absent before the first entry: an empty value would have left its comment.
    let restored = owned::keeps_empty(list.text);
    if text.is_empty() && !restored && list.entries.len() == 1 {
        return Ok(Edit { key, replaced, inserted, after: None });
    }
    let edited = read_again(key, &text)?;
    let others = |(at, _): &(usize, &Entry<'_>)| *at != index;
    let left = list.entries.iter().enumerate().filter(others).map(|(_, entry)| entry);
    if !left.eq(edited.entries.iter()) {
        return Err(unproved());
    }
    Ok(Edit { key, replaced, inserted, after: Some(text) })
}

/// What removes a place: with the comma that would stand alone, or back to the text before the first entry.
fn without(list: &List<'_>, place: Range<usize>) -> (Range<usize>, String) {
    if let Some(before) = owned::empty_before(&spliced(list.text, &place, "")) {
        return (0..list.text.len(), before);
    }
    let removed = list.text.get(place.clone()).unwrap_or_default();
    if !matches!(list.layout, Layout::Brackets { .. }) || removed.contains("\n,") {
        return (place, String::new());
    }
    // The next entry's comma separated it from this one.
    let after = list.text.get(place.end..).unwrap_or_default();
    match comma(after) {
        None => (place, String::new()),
        Some(at) => {
            let kept = after.get(..at).unwrap_or_default().to_owned();
            (place.start..place.end + at + 1, kept)
        }
    }
}

/// Where the next comma is, if only spaces, line ends and comments stand before it.
fn comma(text: &str) -> Option<usize> {
    let mut in_comment = false;
    for (at, letter) in text.char_indices() {
        match letter {
            '\n' => in_comment = false,
            _ if in_comment => {}
            '#' => in_comment = true,
            ' ' | '\r' => {}
            ',' => return Some(at),
            _ => return None,
        }
    }
    None
}

fn read_again(key: Key, text: &str) -> Result<List<'_>, Refusal> {
    List::read(key, Some(text)).map_err(|_| Refusal::Unproved { key })
}

pub(super) fn spliced(text: &str, replaced: &Range<usize>, inserted: &str) -> String {
    let before = text.get(..replaced.start).unwrap_or_default();
    let after = text.get(replaced.end..).unwrap_or_default();
    [before, inserted, after].concat()
}
