//! Ending one's own: taking back what waits, giving back what is had; and trying again. Not here: taking away
//! ([`super::revoke`]).

use jiff::Timestamp;
use p0_access::name::PersonName;
use p0_access::request::{Event, Request, RequestId};

use super::Service;
use crate::workflow::Result;
use crate::workflow::actor::Claim;

impl Service {
    /// Takes back what is not live yet.
    ///
    /// # Errors
    /// [`crate::workflow::WorkflowError`].
    pub async fn cancel(&self, id: &RequestId, claim: &Claim, now: Timestamp) -> Result<Request> {
        let by = self.person(id, claim, "cancel", now).await?;
        self.workflow.advance(id, now, |_| Ok(Event::Cancel { by: by.clone() })).await
    }

    /// Gives back access.
    ///
    /// # Errors
    /// [`crate::workflow::WorkflowError`].
    pub async fn relinquish(&self, id: &RequestId, claim: &Claim, now: Timestamp) -> Result<Request> {
        let by = self.person(id, claim, "relinquish", now).await?;
        self.workflow.advance(id, now, |_| Ok(Event::Relinquish { by: by.clone() })).await
    }

    /// Tries again what could not land.
    ///
    /// # Errors
    /// [`crate::workflow::WorkflowError`].
    pub async fn retry(&self, id: &RequestId, claim: &Claim, now: Timestamp) -> Result<Request> {
        let by = self.person(id, claim, "retry", now).await?;
        self.workflow.advance(id, now, |_| Ok(Event::Retry { by: by.clone() })).await
    }

    async fn person(&self, id: &RequestId, claim: &Claim, verb: &str, now: Timestamp) -> Result<PersonName> {
        let request = self.workflow.find(id, now).await?;
        let (_, person) = self.acting(&request, claim, verb, id.as_str(), now).await?;
        Ok(person)
    }
}
