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

impl CodecError {
    /// An error about the value itself; the caller adds the path to it.
    pub(super) fn here(problem: Problem) -> Self {
        Self { path: Path::root(), problem }
    }

    fn under(self, step: Step) -> Self {
        Self { path: self.path.under(step), problem: self.problem }
    }
}

/// What goes through a value, from outside to inside.
pub(super) trait Walk {
    /// How deep it is.
    fn depth(&mut self) -> &mut usize;

    /// Goes on one `step` further in. The step is named only where something is wrong there.
    fn within<T>(
        &mut self,
        step: impl FnOnce() -> Step,
        go_on: impl FnOnce(&mut Self) -> Result<T, CodecError>,
    ) -> Result<T, CodecError> {
        *self.depth() += 1;
        let part = match *self.depth() > MAX_DEPTH {
            true => Err(CodecError::here(Problem::Depth)),
            false => go_on(self),
        };
        *self.depth() -= 1;
        part.map_err(|error| error.under(step()))
    }

    /// What is wrong with an attribute that is not there, or should not be.
    fn refuse<T>(&self, attribute: &str, problem: Problem) -> Result<T, CodecError> {
        Err(CodecError::here(problem).under(Step::Attribute(attribute.to_owned())))
    }
}

/// The step to an element of a list, a set or a tuple.
pub(crate) fn index(number: usize) -> Step {
    Step::Index(i64::try_from(number).unwrap_or(i64::MAX))
}
