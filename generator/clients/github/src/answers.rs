//! Answers that were read before: asked again with their tags, what has not changed costs nothing of the limit.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// How many are kept. Where there are more, all are forgotten: each costs one call to have again.
const MOST: usize = 256;
/// Longer ones are not kept.
const LONGEST: usize = 256 << 10;

/// Answers by what was asked.
#[derive(Default)]
pub(crate) struct Answers(Mutex<BTreeMap<String, Kept>>);

#[derive(Clone)]
pub(crate) struct Kept {
    pub(crate) tag: String,
    pub(crate) body: Vec<u8>,
}

impl Answers {
    pub(crate) fn find(&self, asked: &str) -> Option<Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(asked).cloned()
    }

    pub(crate) fn keep(&self, asked: String, tag: String, body: &[u8]) {
        if body.len() > LONGEST {
            return;
        }
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= MOST && !all.contains_key(&asked) {
            all.clear();
        }
        all.insert(asked, Kept { tag, body: body.to_vec() });
    }
}
