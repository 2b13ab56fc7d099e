//! Whether the requester is on call: asked only where a rule has `auto`, for that person alone, and not for long.
//!
//! Not here: what being on call permits (`p0_access::policy`), and who knows it ([`crate::on_call`]).

use std::time::Duration;

use jiff::Timestamp;
use p0_access::name::PersonName;
use p0_access::policy::{OnCall, OnCallPlaces};

use super::Workflow;
use super::judged::Judged;
use super::policy_context::PolicyContext;
use crate::on_call::OnCallQuery;

/// How long an answer may take. Without one approvers are asked, which is better than a requester who waits.
const LIMIT: Duration = Duration::from_secs(10);

impl Workflow {
    /// The duties of `requester` that would count; not asked where none would, and none where they are not known.
    pub(crate) async fn duties(
        &self,
        judged: &Judged<'_>,
        known: &PolicyContext,
        requester: &PersonName,
        at: Timestamp,
    ) -> OnCall {
        let places = OnCallPlaces::of(judged.found.iter().map(|(found, _)| found));
        let Ok(person) = known.people.identities.by_name(requester) else { return OnCall::NotAsked };
        if places.is_empty() {
            return OnCall::NotAsked;
        }
        let asked = self.on_call.duties(OnCallQuery { person, places: &places, at });
        match tokio::time::timeout(LIMIT, asked).await {
            Ok(Ok(duties)) => OnCall::Duties(duties),
            Ok(Err(problem)) => {
                tracing::warn!(%requester, problem, "it is not known who is on call; approvers are asked");
                OnCall::NotAsked
            }
            Err(_) => {
                tracing::warn!(%requester, "no answer about who is on call; approvers are asked");
                OnCall::NotAsked
            }
        }
    }
}
