//! Making a new grant, and asking the cluster whether it counts.

use std::time::Duration;

use jiff::Timestamp;
use p0_grant::manifest::role_object_name;
use p0_grant::name::GrantId;
use p0_grant::rule::Rule;
use tfplugin::diagnostics::{Diagnostic, Diagnostics};
use tfplugin::provider::{Call, PlannedChange, Stored};
use tfplugin::value::Value;

use super::objects::{DesiredObject, GrantObjects, desired, object_refs};
use super::write::{self, actual_state, bounded};
use crate::cluster::Cluster;
use crate::grant::config::GrantConfig;
use crate::grant::expiry::{first_end, has_come, too_long};
use crate::grant::private_state::PrivateState;
use crate::grant::record::Record;
use crate::grant::values::{configured, list, with};
use crate::session::Configured;

/// How often the cluster is asked whether a grant counts.
const ASK_AGAIN: Duration = Duration::from_millis(200);

/// Makes the grant that was planned. `None` where nothing has been made.
pub(in crate::grant) async fn create(
    call: &mut Call,
    configured: &Configured,
    cluster: &Cluster,
    change: PlannedChange,
) -> Option<Stored> {
    match begin(configured, cluster, &change).await {
        Ok(new) => match (new.planned, has_come(new.record.expires_at, new.now)) {
            (PlannedExpiry::Ended, _) | (PlannedExpiry::Unknown, true) => Some(new.ended(call)),
            (PlannedExpiry::Alive, true) => {
                call.diagnostics.push(new.overtaken());
                None
            }
            (PlannedExpiry::Alive | PlannedExpiry::Unknown, false) => {
                new.write(call, configured, cluster).await
            }
        },
        Err(told) => {
            call.diagnostics.extend(told);
            None
        }
    }
}

/// What the plan said of a new grant's time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum PlannedExpiry {
    /// It had come.
    Ended,
    /// It had not come.
    Alive,
    /// The plan could not tell.
    Unknown,
}

impl PlannedExpiry {
    fn of(state: &Value) -> Self {
        match configured(state, "expired") {
            Value::Bool(true) => Self::Ended,
            Value::Bool(false) => Self::Alive,
            _ => Self::Unknown,
        }
    }
}

/// A grant that has its id and its times.
struct NewGrant {
    now: Timestamp,
    planned: PlannedExpiry,
    record: Record,
    private: PrivateState,
    grant: GrantConfig,
    state: Value,
}

async fn begin(
    configured: &Configured,
    cluster: &Cluster,
    change: &PlannedChange,
) -> Result<NewGrant, Diagnostics> {
    let grant = GrantConfig::read(&change.config)?;
    let mut private = PrivateState::read(&change.planned.private)?;
    private.cluster = cluster.uid().await?.map(str::to_owned);
    let now = cluster.now().await?;
    let end = first_end(&grant.expiry, now).ok_or_else(|| unready("the end of the grant"))?;
    if let Some(error) = too_long(now, end, configured.settings.max_duration, &grant.expiry) {
        return Err(error.into());
    }
    let role = grant.role.known().ok_or_else(|| unready("the role"))?;
    let id = new_id()?;
    let role_name = role_object_name(&private.prefix, role, &private.resources, &id);
    private.resources.clear();
    private.ended = None;
    let state = filled(&change.planned.state, &id, &role_name, now, end);
    let planned = PlannedExpiry::of(&change.planned.state);
    Ok(NewGrant { record: Record::read(&state)?, now, planned, private, grant, state })
}

/// Terraform plans again before it applies, with everything known; this is for when it did not.
fn unready(what: &str) -> Diagnostics {
    let detail = format!("{what} is still not known, so nothing was written. Plan again.");
    Diagnostic::error("The plan is not complete", detail).into()
}

fn filled(planned: &Value, id: &GrantId, role_name: &str, now: Timestamp, end: Timestamp) -> Value {
    let expires_at = match configured(planned, "expires_at") {
        Value::String(text) => Value::String(text),
        _ => Value::string(end.to_string()),
    };
    with(
        planned.clone(),
        [
            ("id", Value::string(id.as_str())),
            ("created_at", Value::string(now.to_string())),
            ("expires_at", expires_at),
            ("role_name", Value::string(role_name)),
            ("binding_name", Value::string(format!("{role_name}-binding"))),
            ("expired", Value::Bool(false)),
            ("active", Value::Bool(false)),
        ],
    )
}

/// 20 random characters: an id is used once ever, and cannot be guessed.
pub(crate) fn new_id() -> Result<GrantId, Diagnostics> {
    const LETTERS: &[u8] = b"abcdefghijklmnopqrstuvwxyz0123456789";
    // Bytes from 252 on would make the first letters likelier than the others.
    const FAIR: u8 = 252;
    let mut text = String::with_capacity(GrantId::LENGTH);
    while text.len() < GrantId::LENGTH {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes)
            .map_err(|error| Diagnostic::error("No random numbers", error.to_string()))?;
        let letters = bytes
            .iter()
            .filter(|byte| **byte < FAIR)
            .filter_map(|byte| LETTERS.get(usize::from(*byte) % LETTERS.len()));
        text.extend(letters.take(GrantId::LENGTH - text.len()).map(|letter| char::from(*letter)));
    }
    GrantId::new(text).map_err(|error| Diagnostic::error("Not an id", error.to_string()).into())
}

impl NewGrant {
    /// The record of a grant whose time had come before it was made. Where the plan knew, it has said so.
    fn ended(self, call: &mut Call) -> Stored {
        if self.planned == PlannedExpiry::Unknown {
            let detail = format!(
                "It ended at {}, so nothing was written to the cluster. The state records it.",
                self.record.expires_at
            );
            call.diagnostics.push(Diagnostic::warning("The grant has already ended", detail));
        }
        self.stored(true, false, Vec::new())
    }

    /// Its time came between the plan and now, so nothing is made of what was planned.
    fn overtaken(&self) -> Diagnostic {
        let detail = format!(
            "It expired at {}, since the plan. Nothing was written. Plan again.",
            self.record.expires_at
        );
        Diagnostic::error("The grant has expired since the plan", detail).at_attribute("expires_at")
    }

    fn stored(self, expired: bool, active: bool, drift: Vec<String>) -> Stored {
        let truth =
            [("expired", Value::Bool(expired)), ("active", Value::Bool(active)), ("drift", list(drift))];
        let identity = Some(self.record.identity());
        Stored { state: with(self.state, truth), private: self.private.write(), identity }
    }

    async fn write(self, call: &mut Call, configured: &Configured, cluster: &Cluster) -> Option<Stored> {
        let objects = match desired(&self.record, &self.private) {
            Ok(objects) => objects,
            Err(told) => {
                call.diagnostics.extend(told);
                return None;
            }
        };
        let work = write::create(cluster, &self.record, &objects);
        match bounded(&call.stop, self.grant.timeouts.create, "create", work).await {
            Ok(()) => {
                if configured.settings.wait_for_effective {
                    self.wait(call, cluster).await;
                }
                Some(self.stored(false, true, Vec::new()))
            }
            Err(told) => {
                call.diagnostics.extend(told);
                self.partly(call, cluster, &objects).await
            }
        }
    }

    /// What there is of it after an error.
    async fn partly(
        self,
        call: &mut Call,
        cluster: &Cluster,
        objects: &GrantObjects<DesiredObject>,
    ) -> Option<Stored> {
        let references = object_refs(&self.record, &self.private);
        match actual_state(cluster, &self.record, &references, Some(objects)).await {
            Ok(truth) if !truth.anything => None,
            Ok(truth) => Some(self.stored(false, truth.active, truth.drift)),
            // Perhaps something is there, so it is recorded: the next plan looks, and a destroy removes it.
            Err(told) => {
                call.diagnostics.extend(told);
                Some(self.stored(false, false, Vec::new()))
            }
        }
    }

    /// Asks the cluster's own authorizer until it says yes to each rule.
    async fn wait(&self, call: &mut Call, cluster: &Cluster) {
        let rules: Vec<_> = self.record.rules.iter().filter_map(Rule::as_resource).collect();
        let asking = async {
            for rule in rules {
                while !cluster.allows(&self.record.subject, rule, &self.record.selection.target).await? {
                    tokio::time::sleep(ASK_AGAIN).await;
                }
            }
            Ok(())
        };
        if let Err(told) = bounded(&call.stop, self.grant.timeouts.create, "create", asking).await {
            let said: Vec<String> = told.into_iter().map(|one| one.detail).collect();
            let detail = format!(
                "The grant is written, and the cluster did not confirm that it counts: {}",
                said.join(" ")
            );
            call.diagnostics.push(Diagnostic::warning("The grant is not seen in effect", detail));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn ids_are_of_the_right_form_and_differ() {
        let ids: BTreeSet<GrantId> = (0..100).map(|_| new_id().unwrap()).collect();
        assert_eq!(ids.len(), 100);
    }
}
