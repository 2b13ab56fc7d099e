//! Terraform's rules for what a provider may answer, so that a provider's fault is found in its own tests.
//!
//! Own statement of what the core checks, and a little more: it is silent where the core would find a fault only later.
//! The server checks each answer against it in debug builds.
//!
//! Source: "Valid plans" and "Apply" in
//! <https://github.com/hashicorp/terraform/blob/main/docs/resource-instance-change-lifecycle.md>.

use std::fmt;

use crate::diagnostics::Diagnostic;
use crate::provider::Outcome;
use crate::schema::IdentitySchema;
use crate::value::{Path, Value};

mod apply;
mod keep;
mod plan;
mod walk;

pub use apply::applied;
pub use keep::stored;
pub(crate) use keep::{with_nulls, without_write_only, write_only_paths};
pub use plan::{planned, planned_again, replaced};

/// An answer that Terraform would refuse, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Which part of the answer.
    pub path: Path,
    /// Which rule.
    pub rule: Rule,
}

/// The rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// What is configured is planned as it is configured, or as it was.
    Configured,
    /// What is not configured and not computed is planned as null.
    NotComputed,
    /// There are as many blocks as are configured, never unknown and never null.
    Blocks,
    /// A plan that is made again differs only where something was unknown.
    Again,
    /// What is replaced because of a part has that part.
    Replaced,
    /// What is written only is never kept.
    WriteOnly,
    /// What was planned as known is what apply gives.
    Planned,
    /// What was planned as unknown becomes what its refinements allow.
    Refined,
    /// Nothing is unknown after apply, read, import and upgrade.
    Known,
    /// What has an identity gives it with each answer.
    Identity,
    /// An identity stays what it was.
    SameIdentity,
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Configured => "is planned neither as configured nor as it was",
            Self::NotComputed => "is planned although it is neither configured nor computed",
            Self::Blocks => "holds other blocks than are configured",
            Self::Again => "was planned otherwise before",
            Self::Replaced => "is a reason to replace and does not exist",
            Self::WriteOnly => "is kept although it is write-only",
            Self::Planned => "differs from what was planned",
            Self::Refined => "is not what was promised of it while it was unknown",
            Self::Known => "is still unknown",
            Self::Identity => "is missing or unknown",
            Self::SameIdentity => "has changed, and an identity never does",
        })
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.rule {
            Rule::Identity | Rule::SameIdentity => write!(f, "the identity {}", self.rule),
            rule => write!(f, "`{}` {rule}", self.path),
        }
    }
}

/// What is wrong with an identity: after each answer there is one, and it is what it was.
pub fn identity(
    schema: Option<&IdentitySchema>,
    before: Option<&Value>,
    after: Option<&Value>,
) -> Vec<Violation> {
    let rule = match (schema, before, after) {
        (None, ..) => None,
        (Some(_), _, None) => Some(Rule::Identity),
        (Some(_), _, Some(after)) if after.is_null() || !after.is_wholly_known() => Some(Rule::Identity),
        (Some(_), Some(before), Some(after)) if before.is_wholly_known() && before != after => {
            Some(Rule::SameIdentity)
        }
        (Some(_), _, Some(_)) => None,
    };
    rule.map(|rule| Violation { path: Path::root(), rule }).into_iter().collect()
}

/// Violations as errors, where there are any.
pub(crate) fn demand(found: &[Violation]) -> Outcome<()> {
    let error = |violation: &Violation| {
        let detail =
            format!("Terraform's rules forbid the provider's answer: {violation}. Please report this.");
        let error = Diagnostic::error("The provider has failed", detail);
        if violation.path.steps().is_empty() { error } else { error.at(violation.path.clone()) }
    };
    match found.is_empty() {
        true => Ok(()),
        false => Err(found.iter().map(error).collect()),
    }
}

/// The same in debug builds. In others Terraform itself finds them.
pub(crate) fn refuse(find: impl FnOnce() -> Vec<Violation>) -> Outcome<()> {
    if cfg!(debug_assertions) { demand(&find()) } else { Ok(()) }
}

#[cfg(test)]
mod tests;
