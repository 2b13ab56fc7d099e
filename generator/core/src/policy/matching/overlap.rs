//! Whether a part of a selection lies in an allow rule that does not hold all of it. Not here: what follows from that.
//!
//! Without this, a wider selection could need less: all pods of a namespace would escape the rule on one of them, and `log,exec`
//! the rule on `exec`.

use super::{MatchInput, Miss, Where, any, holds};
use crate::policy::rule::Rule;

/// Whether an allow rule holds a part of what is asked, and not all of it.
///
/// A part may be less dangerous than the whole, so the rule's danger does not count. A rule that holds the whole selection and
/// is only for less danger does not overlap: the next rule is meant for more danger.
pub(in crate::policy) fn overlaps(rule: &Rule, input: &MatchInput<'_>) -> bool {
    const OF_SELECTION: [Miss; 4] = [Miss::Namespace, Miss::Resource, Miss::Name, Miss::Subresource];
    const OF_QUESTION: [Miss; 5] =
        [Miss::Role, Miss::Requestor, Miss::Cluster, Miss::Privileged, Miss::SharedSubject];
    !rule.denies()
        && OF_QUESTION.into_iter().all(|miss| holds(rule, input, miss))
        && OF_SELECTION.into_iter().all(|miss| has_part(rule, input, miss))
        && !OF_SELECTION.into_iter().all(|miss| holds(rule, input, miss))
}

/// Whether some object of the selection fits, as far as `miss` goes.
fn has_part(rule: &Rule, input: &MatchInput<'_>, miss: Miss) -> bool {
    let pattern = rule.resource.pattern();
    match miss {
        Miss::Namespace => any(&pattern.namespaces, |glob| match input.touched {
            Where::Nowhere => false,
            Where::One(namespace) => glob.matches(namespace),
            Where::All => true,
        }),
        Miss::Name => any(&pattern.names, |glob| input.name.is_none_or(|name| glob.matches(name.as_str()))),
        // The resource itself is a part of every selection, and subresources restrict no rule for it.
        Miss::Subresource => true,
        Miss::Cluster
        | Miss::Danger
        | Miss::Privileged
        | Miss::Requestor
        | Miss::Resource
        | Miss::Role
        | Miss::SharedSubject => holds(rule, input, miss),
    }
}
