//! Trying a policy out: one request as people write it, fixtures, grants of the past, and what a policy cannot have meant.
//!
//! Everything here asks [`crate::policy::decide`] and shows the answer; nothing is granted by it. Not here: files and Git.

mod case;
mod lint;
mod query;
mod recorded;

pub use case::{Case, CaseResult, Difference, Suite};
pub use lint::{KnownNames, Warning, lint};
pub use query::{PolicyInputs, Query, QueryError, ResolvedQuery};
pub use recorded::{Now, Recorded, recorded};

pub(crate) use case::File as SuiteFile;

#[cfg(test)]
mod tests;
