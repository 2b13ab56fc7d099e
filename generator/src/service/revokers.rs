//! Who may take a request's access away, or say no to it.
//!
//! It is known from the request and from who people are: who asked, who gets access, who approved, members of the trusted
//! groups. Who could approve it may as well, as far as a policy says so. Nothing here grants anything, and no file that cannot
//! be used stops anybody.

use std::collections::BTreeSet;

use jiff::Timestamp;
use p0_access::name::PersonName;
use p0_access::request::Request;

use super::Service;
use crate::repository::BaseSnapshot;
use crate::workflow::actor::People;
use crate::workflow::policy_context::PolicyContext;
use crate::workflow::{Result, WorkflowError, clusters_of, judged};

impl Service {
    /// Everybody who could approve `request`, by the policy on base.
    ///
    /// # Errors
    /// [`WorkflowError`] where base does not say.
    pub(crate) async fn approvers(&self, request: &Request, now: Timestamp) -> Result<BTreeSet<PersonName>> {
        let (_, known) = self.workflow.known(&clusters_of(request)).await?;
        match judged::approvers(&known, request, now) {
            // What policy refuses has no approvers.
            Err(error) if error.is_no() => Ok(BTreeSet::new()),
            other => other,
        }
    }
}

/// How a person ends a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// By saying no to it: not to one's own, which `cancel` takes back.
    Deny,
    /// By taking away what it gave, or might give.
    Revoke,
}

/// Whether `by` may end `request` so, as `base` has it.
///
/// # Errors
/// [`WorkflowError::NotAmong`] with everybody who may.
pub(super) fn check_may_end(
    base: &BaseSnapshot,
    request: &Request,
    by: &PersonName,
    ending: Ending,
    now: Timestamp,
) -> Result<()> {
    let mut may = who_may_end(base, request, now)?;
    if ending == Ending::Deny {
        let approved = request.approved_by();
        may.retain(|person| !request.spec().concerns(person) || approved.contains(person));
    }
    if may.contains(by) {
        return Ok(());
    }
    let what = match ending {
        Ending::Deny => "deny it",
        Ending::Revoke => "revoke it",
    };
    let may = may.iter().map(ToString::to_string).collect();
    Err(WorkflowError::NotAmong { who: by.to_string(), what: what.to_owned(), may })
}

/// Everybody who may end `request`.
fn who_may_end(base: &BaseSnapshot, request: &Request, now: Timestamp) -> Result<BTreeSet<PersonName>> {
    let asked = request.spec();
    let getting = asked.owner.as_ref().unwrap_or(&asked.requester);
    let people = People::of(base)?;
    let mut may: BTreeSet<PersonName> = request.approved_by().into_iter().cloned().collect();
    may.extend([asked.requester.clone()].into_iter().chain(asked.owner.clone()));
    may.extend(people.trusted().cloned());
    if let Ok(policy) = base.policy() {
        may.extend(policy.approvers_named(request.rules(), getting, &people.identities));
    }
    if let Ok(known) = PolicyContext::of(base, &clusters_of(request)) {
        may.extend(judged::approvers(&known.thawed(), request, now).unwrap_or_default());
    }
    Ok(may)
}
