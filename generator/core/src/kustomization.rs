//! The one line a grant has in `kustomization.yaml`, where a site keeps one.
//!
//! Text in, text out: lines, order and comments that are not ours stay byte for byte. Kustomize applies only what is
//! listed and fails on what is missing, so the file and the folder must change together
//! (<https://kubectl.docs.kubernetes.io/references/kustomize/kustomization/resource/>). Not here: any other use of the file.

use std::collections::BTreeSet;

use p0_grant::name::GrantId;

use crate::layout::grant_file;

/// Why a kustomization cannot be edited safely.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KustomizationError {
    /// No `resources:` line at the left edge, or something on that line.
    #[error(
        "`kustomization.yaml` has no block list under `resources:`; write it as `resources:` with one `- file` a line"
    )]
    NoResources,
    /// It moves or renames what is listed: a grant would bind elsewhere than it says.
    #[error(
        "`kustomization.yaml` has `{0}`, which would change the grants that it lists; keep grants out from under it"
    )]
    Transformer(&'static str),
}

/// Fields that change what is listed: scope, names or content.
const TRANSFORMERS: [&str; 14] = [
    "namespace:",
    "namePrefix:",
    "nameSuffix:",
    "patches:",
    "patchesStrategicMerge:",
    "patchesJson6902:",
    "replacements:",
    "transformers:",
    "components:",
    "generators:",
    "commonLabels:",
    "commonAnnotations:",
    "labels:",
    "vars:",
];

/// `text` with a line for each of `added` and none for each of `removed`; our lines are sorted among themselves.
///
/// # Errors
/// [`KustomizationError`] where a line cannot be added safely; then nothing should be written. Removing never fails:
/// nothing that takes access away may wait for a file to be tidied.
///
/// ```
/// let id = p0_grant::name::GrantId::new("vpl5aqzpwnnqmnkrzze2").unwrap();
/// let with = p0_access::kustomization::edit("resources:\n- sentinel.yaml\n", &[id.clone()].into(), &[].into())?;
/// assert_eq!(with, "resources:\n- sentinel.yaml\n- vpl5aqzpwnnqmnkrzze2.yaml\n");
/// let without = p0_access::kustomization::edit(&with, &[].into(), &[id].into())?;
/// assert_eq!(without, "resources:\n- sentinel.yaml\n");
/// # Ok::<(), p0_access::kustomization::KustomizationError>(())
/// ```
pub fn edit(
    text: &str,
    added: &BTreeSet<GrantId>,
    removed: &BTreeSet<GrantId>,
) -> Result<String, KustomizationError> {
    let transformer = TRANSFORMERS.iter().find(|field| text.lines().any(|line| line.starts_with(**field)));
    if let Some(found) = transformer.filter(|_| !added.is_empty()) {
        return Err(KustomizationError::Transformer(found.trim_end_matches(':')));
    }
    let mut lines: Vec<String> = text.split_inclusive('\n').map(str::to_owned).collect();
    let start = match lines.iter().position(|line| line.trim_end() == "resources:") {
        Some(index) => index + 1,
        None if added.is_empty() => return Ok(text.to_owned()),
        None => return Err(KustomizationError::NoResources),
    };
    if let Some(last) = lines.last_mut().filter(|last| !last.ends_with('\n')) {
        last.push('\n');
    }
    let gone: BTreeSet<String> = removed.iter().chain(added).map(grant_file).collect();
    let mut index = 0;
    lines.retain(|line| {
        index += 1;
        index <= start || !listed(line).is_some_and(|file| gone.contains(file))
    });
    let indent =
        lines.iter().skip(start).find(|line| listed(line).is_some()).map(|line| indent_of(line).to_owned());
    let indent = indent.unwrap_or_default();
    for id in added {
        let file = grant_file(id);
        let at = insertion_point(&lines, start, &file);
        lines.insert(at, format!("{indent}- {file}\n"));
    }
    Ok(lines.concat())
}

/// Before the first of our lines that sorts later, else behind the last item of the list.
fn insertion_point(lines: &[String], start: usize, file: &str) -> usize {
    let mut end = start;
    for (index, line) in lines.iter().enumerate().skip(start) {
        match listed(line) {
            Some(own) if is_grant(own) && own > file => return index,
            Some(_) => end = index + 1,
            None if is_comment_or_blank(line) => {}
            None => break,
        }
    }
    end
}

/// The file an item of the list names.
fn listed(line: &str) -> Option<&str> {
    let item = line.trim_start().strip_prefix("- ")?;
    Some(item.split(" #").next().unwrap_or(item).trim().trim_matches(['"', '\'']))
}

fn is_grant(file: &str) -> bool {
    file.strip_suffix(".yaml").is_some_and(|id| GrantId::new(id).is_ok())
}

fn is_comment_or_blank(line: &str) -> bool {
    let line = line.trim();
    line.is_empty() || line.starts_with('#')
}

fn indent_of(line: &str) -> &str {
    line.split_at(line.len() - line.trim_start().len()).0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids<const N: usize>(letters: [char; N]) -> BTreeSet<GrantId> {
        letters.iter().map(|letter| GrantId::new(letter.to_string().repeat(20)).unwrap()).collect()
    }

    const SITE: &str = "# ours\nkind: Kustomization\nresources:\n  # keep this first\n  - sentinel.yaml\n  - other.yaml # theirs\n\nsortOptions:\n  order: fifo\n";

    #[test]
    fn what_was_added_goes_without_a_trace() {
        let with = edit(SITE, &ids(['b']), &ids([])).unwrap();
        let more = edit(&with, &ids(['a', 'c']), &ids([])).unwrap();
        assert!(more.contains("  - other.yaml # theirs\n  - aaaaaaaaaaaaaaaaaaaa.yaml\n  - bbbbbbbbbbbbbbbbbbbb.yaml\n  - cccccccccccccccccccc.yaml\n\nsort"), "{more}");
        let less = edit(&more, &ids([]), &ids(['a', 'c'])).unwrap();
        assert_eq!(less, with);
        assert_eq!(edit(&less, &ids([]), &ids(['b'])).unwrap(), SITE);
    }

    #[test]
    fn adding_twice_adds_once() {
        let once = edit(SITE, &ids(['a']), &ids([])).unwrap();
        assert_eq!(edit(&once, &ids(['a']), &ids([])).unwrap(), once);
    }

    #[test]
    fn what_cannot_be_edited_safely_is_refused() {
        assert_eq!(
            edit("kind: Kustomization\n", &ids(['a']), &ids([])),
            Err(KustomizationError::NoResources)
        );
        assert_eq!(
            edit("resources: [a.yaml]\n", &ids(['a']), &ids([])),
            Err(KustomizationError::NoResources)
        );
        let moved = format!("namespace: team-a\n{SITE}");
        assert_eq!(edit(&moved, &ids(['a']), &ids([])), Err(KustomizationError::Transformer("namespace")));
    }

    #[test]
    fn removing_never_fails() {
        for text in ["kind: Kustomization\n", "resources: [a.yaml]\n", ""] {
            assert_eq!(edit(text, &ids([]), &ids(['a'])).unwrap(), text);
        }
        let moved = "namespace: team-a\nresources:\n- aaaaaaaaaaaaaaaaaaaa.yaml\n";
        assert_eq!(edit(moved, &ids([]), &ids(['a'])).unwrap(), "namespace: team-a\nresources:\n");
    }
}
