//! The teller: it works beside the reconciler, so that a slow messenger delays messages and nothing else.
//!
//! A notice becomes one message for each recipient; each is sent by itself, with a time limit, and tried again by itself. Not here:
//! what a message looks like.

use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use p0_access::name::HookName;
use p0_access::request::{
    Delivery, Effect, Notice, Recipient, Request, RequestId, View, concerns_approvers, deliveries,
};
use serde::{Deserialize, Serialize};
use tokio::task::JoinSet;

use super::{Message, Messenger, Webhooks};
use crate::reconcile::Problem;
use crate::service::Service;
use crate::store::{ClaimedEffect, NewEffect, Urgency};
use crate::workflow::{Result, WorkflowError};

/// How long a process that claimed messages has for them.
const LEASE: SignedDuration = SignedDuration::from_mins(2);
/// How long one message may take: all that are claimed together are sent together, well inside the lease.
const LIMIT: Duration = Duration::from_secs(60);
/// What the outbox calls what happened, before it is made messages.
const NOTICES: &str = "tell";
/// What the outbox calls messages to people and channels.
const PEOPLE: &str = "deliver";
/// What the outbox calls messages to webhooks.
const WEBHOOKS: &str = "webhook";
/// How many are claimed at once.
const BATCH: u32 = 20;

/// Sends what the outbox has for people.
#[derive(Clone)]
pub struct Teller {
    service: Arc<Service>,
    messenger: Arc<dyn Messenger>,
    limit: Duration,
    kinds: &'static [&'static str],
}

/// A message as the outbox has it.
#[derive(Serialize, Deserialize)]
struct Body {
    notice: Notice,
    delivery: Delivery,
}

impl Teller {
    /// A teller of what happens to the requests of `service`, to people and channels.
    pub fn new(service: Arc<Service>, messenger: Arc<dyn Messenger>) -> Self {
        Self { service, messenger, limit: LIMIT, kinds: &[NOTICES, PEOPLE] }
    }

    /// A teller that makes messages of what happened, and leaves sending them to a server.
    pub fn that_sends_nothing(service: Arc<Service>, messenger: Arc<dyn Messenger>) -> Self {
        Self { service, messenger, limit: LIMIT, kinds: &[NOTICES] }
    }

    /// A teller of the same to a site's webhooks alone.
    pub fn of_webhooks(service: Arc<Service>, webhooks: Arc<Webhooks>) -> Self {
        Self { service, messenger: webhooks, limit: LIMIT, kinds: &[WEBHOOKS] }
    }

    /// Sends what is due at `now`; what could not be sent is tried again later.
    ///
    /// # Errors
    /// [`WorkflowError`] where the store fails.
    pub async fn tell(&self, now: Timestamp) -> Result<Vec<Problem>> {
        let mut problems = Vec::new();
        loop {
            let claimed = self.service.store().claim(now, LEASE, BATCH, self.kinds).await?;
            if claimed.is_empty() {
                return Ok(problems);
            }
            let mut sending = JoinSet::new();
            for chain in chains(claimed) {
                let teller = self.clone();
                sending.spawn(async move { teller.perform_in_order(chain, now).await });
            }
            while let Some(performed) = sending.join_next().await {
                problems.extend(performed.map_err(WorkflowError::Broken)??);
            }
        }
    }

    /// Performs effects one after the other: a message may replace the one before it.
    async fn perform_in_order(&self, chain: Vec<ClaimedEffect>, now: Timestamp) -> Result<Vec<Problem>> {
        let mut problems = Vec::new();
        for effect in chain {
            problems.extend(self.perform(effect, now).await?);
        }
        Ok(problems)
    }

    /// Performs one effect; what went wrong, where something did.
    async fn perform(&self, effect: ClaimedEffect, now: Timestamp) -> Result<Option<Problem>> {
        let performed = match effect.kind.as_str() {
            NOTICES => self.fan_out(&effect, now).await,
            _ => self.send(&effect, now).await,
        };
        match performed {
            Ok(()) => Ok(None),
            Err(WorkflowError::Store(error)) => Err(error.into()),
            Err(error) => {
                let why = error.sentence();
                tracing::warn!(key = effect.key, why, "not told yet");
                self.service.store().retry_later(&effect, now, &why).await?;
                Ok(Some(Problem { what: effect.key, why }))
            }
        }
    }

    /// Makes a notice one message for each recipient.
    async fn fan_out(&self, effect: &ClaimedEffect, now: Timestamp) -> Result<()> {
        let read = serde_json::from_value::<Effect>(effect.body.clone()).map_err(WorkflowError::Json)?;
        let Effect::Tell(notice) = read else {
            self.service.store().done(effect).await?;
            return Ok(());
        };
        let request = self.request(effect, now).await?;
        if notice.is_alarm() {
            tracing::error!(request = %request.id(), notice = notice.sentence(&request), "alarm");
        }
        let approvers = match concerns_approvers(&notice) {
            true => self.service.approvers(&request, now).await?,
            false => BTreeSet::new(),
        };
        let mut deliveries = deliveries(&notice, &request, &approvers);
        // Who was not told of the escalation has nothing to follow.
        let is_escalated = notice == Notice::Escalation
            || self.service.store().has_messages(&effect.request, &Recipient::Escalation.key()).await?;
        deliveries.retain(|delivery| is_escalated || delivery.recipient != Recipient::Escalation);
        deliveries.extend(self.webhooks().await?);
        let rows = deliveries.into_iter().map(|delivery| row(&effect.key, &notice, delivery, now));
        let rows = rows.collect::<Result<Vec<_>>>()?;
        self.service.store().fan_out(effect, &rows, now).await?;
        Ok(())
    }

    /// One message for each webhook that the store has: a command line that makes messages has no settings.
    async fn webhooks(&self) -> Result<Vec<Delivery>> {
        let names = self.service.store().webhooks().await?;
        let names = names.into_iter().filter_map(|name| HookName::new(name).ok());
        let follow = |name| Delivery { recipient: Recipient::Webhook(name), view: View::Follow };
        Ok(names.map(follow).collect())
    }

    async fn send(&self, effect: &ClaimedEffect, now: Timestamp) -> Result<()> {
        let body: Body = serde_json::from_value(effect.body.clone()).map_err(WorkflowError::Json)?;
        let request = self.request(effect, now).await?;
        let recipient = body.delivery.recipient.key();
        let previous = self.service.store().last_reference(&effect.request, &recipient).await?;
        let message = Message {
            key: &effect.key,
            request: &request,
            notice: &body.notice,
            delivery: &body.delivery,
            previous: previous.as_deref(),
            at: now,
        };
        let sent = tokio::time::timeout(self.limit, self.messenger.send(&message)).await;
        let reference = sent
            .map_err(|_| WorkflowError::Unanswered(format!("no answer within {} s", self.limit.as_secs())))?
            .map_err(WorkflowError::Unanswered)?;
        self.service.store().delivered(effect, reference.as_deref()).await?;
        Ok(())
    }

    async fn request(&self, effect: &ClaimedEffect, now: Timestamp) -> Result<Request> {
        let id = RequestId::from_str(&effect.request);
        let id = id.map_err(|error| WorkflowError::Unanswered(error.to_string()))?;
        self.service.find(&id, now).await
    }
}

/// Effects for the same recipient about the same request together, in the order in which they were made; everything else apart.
fn chains(claimed: Vec<ClaimedEffect>) -> Vec<Vec<ClaimedEffect>> {
    let mut chains: BTreeMap<(String, String), Vec<ClaimedEffect>> = BTreeMap::new();
    for effect in claimed {
        let (_, recipient) = place(&effect.key);
        chains.entry((effect.request.clone(), recipient.to_owned())).or_default().push(effect);
    }
    let mut chains: Vec<Vec<ClaimedEffect>> = chains.into_values().collect();
    chains.iter_mut().for_each(|chain| chain.sort_by_key(|effect| place(&effect.key).0));
    chains
}

/// Which step made an effect, and whom it is for: keys are `REQUEST/STEP/INDEX/RECIPIENT`.
fn place(key: &str) -> ((u64, u64), &str) {
    let mut parts = key.splitn(4, '/').skip(1);
    let mut number = || parts.next().and_then(|text| text.parse().ok()).unwrap_or_default();
    let step = (number(), number());
    (step, parts.next().unwrap_or_default())
}

fn row(key: &str, notice: &Notice, delivery: Delivery, now: Timestamp) -> Result<NewEffect> {
    let recipient = delivery.recipient.key();
    let key = format!("{key}/{recipient}");
    let kind = match delivery.recipient {
        Recipient::Person(_) | Recipient::Channel | Recipient::Escalation => PEOPLE,
        Recipient::Webhook(_) => WEBHOOKS,
    };
    let body =
        serde_json::to_value(Body { notice: notice.clone(), delivery }).map_err(WorkflowError::Json)?;
    let (kind, urgency, recipient) = (kind.to_owned(), Urgency::Normal, Some(recipient));
    Ok(NewEffect { key, kind, urgency, body, due: now, recipient })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_to_one_recipient_keep_their_order() {
        let effect = |key: &str| ClaimedEffect {
            key: key.to_owned(),
            request: key.split('/').next().unwrap().to_owned(),
            kind: "deliver".to_owned(),
            body: serde_json::Value::Null,
            claims: 1,
        };
        let keys = ["a/10/1/person/x", "b/1/0/channel", "a/9/0/person/x", "a/9/0/channel", "a/10/0/person/x"];
        let chains = chains(keys.iter().map(|key| effect(key)).collect());
        let found: Vec<Vec<&str>> =
            chains.iter().map(|chain| chain.iter().map(|effect| effect.key.as_str()).collect()).collect();
        let chain = vec!["a/9/0/person/x", "a/10/0/person/x", "a/10/1/person/x"];
        assert_eq!(found, [vec!["a/9/0/channel"], chain, vec!["b/1/0/channel"]]);
    }
}
