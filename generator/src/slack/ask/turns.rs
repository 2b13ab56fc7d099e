//! Which change of an open form is the last: drawing a form takes a while, and a later change must not be drawn over.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// How many forms are followed. Beyond that all are forgotten, and the next change of each counts as its last.
const MOST: usize = 1000;

/// The changes of open forms, numbered as they come.
#[derive(Debug, Default)]
pub(in crate::slack) struct Turns(Mutex<(u64, HashMap<String, u64>)>);

impl Turns {
    /// The number of a change to the form `view`.
    pub(in crate::slack) fn next(&self, view: &str) -> u64 {
        let mut turns = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (number, last) = &mut *turns;
        if last.len() >= MOST {
            last.clear();
        }
        *number = number.wrapping_add(1);
        last.insert(view.to_owned(), *number);
        *number
    }

    /// Whether no change of the form came after this one.
    pub(super) fn is_last(&self, view: &str, turn: u64) -> bool {
        let turns = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        turns.1.get(view).is_none_or(|last| *last == turn)
    }
}
