//! What both codecs share: where something is wrong, and how deep values may be.

use super::{NumberError, Path, Step};

/// Deeper than any schema, and far from the end of the stack.
pub(super) const MAX_DEPTH: usize = 100;

/// Why bytes are not a value of a type, or a value has no bytes there.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", sentence(path, problem))]
pub struct CodecError {
    /// Which part.
    pub path: Path,
    /// What is wrong with it.
    pub problem: Problem,
}

/// What is wrong with an encoded value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// The bytes end early, or are no msgpack or JSON at all.
    #[error("the encoding is broken")]
    Broken,
    /// There is something behind the value.
    #[error("there are bytes behind the value")]
    Trailing,
    /// A value of another type.
    #[error("it is not {0}")]
    Type(&'static str),
    /// An attribute that the type has and the value has not.
    #[error("the attribute is missing")]
    Missing,
    /// An attribute that the type has not.
    #[error("there is no such attribute")]
    Unexpected,
    /// Another number of elements than the tuple has.
    #[error("it has {found} elements instead of {expected}")]
    Length {
        /// How many there are.
        found: usize,
        /// How many there should be.
        expected: usize,
    },
    /// A text that is no number.
    #[error("the number cannot be read: {0}")]
    Number(NumberError),
    /// Something unknown where all is known.
    #[error("it is not known")]
    NotKnown,
    /// Deeper than anything sensible.
    #[error("it is nested too deep")]
    Depth,
}

fn sentence(path: &Path, problem: &Problem) -> String {
    match path.steps() {
        [] => problem.to_string(),
        _ => format!("`{path}`: {problem}"),
    }
}

/// Where a reader is: the way from the root, extended and shortened as it goes.
#[derive(Debug, Default)]
pub(super) struct Place(Vec<Step>);

impl Place {
    /// One `step` further in.
    pub(super) fn enter(&mut self, step: Step) -> Result<(), CodecError> {
        if self.0.len() >= MAX_DEPTH {
            return Err(self.error(Problem::Depth));
        }
        self.0.push(step);
        Ok(())
    }

    /// Back out. After an error nobody reads on, so nobody needs to.
    pub(super) fn leave(&mut self) {
        self.0.pop();
    }

    /// An error here.
    pub(super) fn error(&self, problem: Problem) -> CodecError {
        CodecError { path: self.0.iter().cloned().fold(Path::root(), Path::then), problem }
    }
}

/// The step to an element of a list, a set or a tuple.
pub(crate) fn index(number: usize) -> Step {
    Step::Index(i64::try_from(number).unwrap_or(i64::MAX))
}
