//! Nearest names: what a person who wrote an unknown name may have meant.

use std::collections::BTreeMap;
use std::fmt;

/// Names that may have been meant, nearest first; none where nothing is near.
///
/// Its text ends an error message: `; did you mean …?`, or nothing at all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Nearest(Vec<String>);

impl Nearest {
    /// How many are offered.
    const MOST: usize = 3;

    /// The nearest of `names` to `asked`, however each is capitalised.
    ///
    /// ```
    /// use p0_grant::nearest::Nearest;
    ///
    /// let nearest = Nearest::to("veiw", ["edit", "view", "admin"]);
    /// assert_eq!(nearest.to_string(), "; did you mean `view`?");
    /// ```
    pub fn to<'a>(asked: &str, names: impl IntoIterator<Item = &'a str>) -> Self {
        Self::by_words(asked, names.into_iter().map(|name| (name, name)))
    }

    /// As [`Nearest::to`] for things that answer to several words: pairs of a word and the name to offer for it.
    pub fn by_words<'a>(asked: &str, words: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let asked = asked.to_lowercase();
        let mut near: BTreeMap<&str, usize> = BTreeMap::new();
        for (word, name) in words {
            if let Some(edits) = distance(&asked, &word.to_lowercase()) {
                let least = near.entry(name).or_insert(edits);
                *least = edits.min(*least);
            }
        }
        let mut names: Vec<&str> = near.keys().copied().collect();
        names.sort_by_key(|name| near.get(name));
        names.truncate(Self::MOST);
        Self(names.into_iter().map(str::to_owned).collect())
    }

    /// The first of names that are known to be near.
    pub(crate) fn those(mut names: Vec<String>) -> Self {
        names.truncate(Self::MOST);
        Self(names)
    }

    /// The names, nearest first.
    pub fn names(&self) -> &[String] {
        &self.0
    }
}

/// Edits between two names, swaps of neighbours counting as one; `None` where they are too far apart to be a slip.
fn distance(asked: &str, name: &str) -> Option<usize> {
    let longer = asked.len().max(name.len());
    // A third of the letters wrong is a slip, more is another word. Very unequal lengths need no measuring.
    let most = (longer / 3).max(1);
    if asked.len().abs_diff(name.len()) > most {
        return None;
    }
    Some(strsim::osa_distance(asked, name)).filter(|&edits| edits <= most)
}

impl fmt::Display for Nearest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some((last, before)) = self.0.split_last() else {
            return Ok(());
        };
        f.write_str("; did you mean ")?;
        for (place, name) in before.iter().enumerate() {
            write!(f, "{}`{name}`", if place == 0 { "" } else { ", " })?;
        }
        let or = if before.is_empty() { "" } else { " or " };
        write!(f, "{or}`{last}`?")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_recognised_and_other_words_are_not() {
        let names = ["deployments", "Deployment", "daemonsets", "pods", "po"];
        for (asked, expected) in [
            ("deploymnet", "; did you mean `Deployment` or `deployments`?"),
            ("DaemonSet", "; did you mean `daemonsets`?"),
            ("pds", "; did you mean `pods`?"),
            ("widgets", ""),
            ("", ""),
        ] {
            assert_eq!(Nearest::to(asked, names).to_string(), expected, "{asked}");
        }
    }
}
