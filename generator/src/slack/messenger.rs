//! The messenger for Slack: cards in the channel are edited in place as a request moves; the person whose own it is hears directly.
//!
//! Each message is drawn from where the request stands now. Not here: who is told (`p0_access::request::deliveries`) and trying again
//! (`crate::notify`).

use async_trait::async_trait;
use p0_access::identity::SlackId;
use p0_access::name::PersonName;
use p0_access::policy::{Notify, Warning};
use p0_access::request::{Notice, Recipient, Request, RequestedGrant, View};
use slack_client::{Message as SlackMessage, MessageAddress, SlackError};

use super::SlackApp;
use super::card::{self, Surroundings, ToldBy, Who};
use crate::notify::{Message, Messenger};
use crate::repository::BaseSnapshot;

/// Tells people in Slack.
pub struct SlackMessenger(SlackApp);

impl SlackMessenger {
    /// Tells people by `app`.
    pub fn new(app: SlackApp) -> Self {
        Self(app)
    }
}

#[async_trait]
impl Messenger for SlackMessenger {
    async fn send(&self, message: &Message<'_>) -> Result<Option<String>, String> {
        let app = &self.0;
        let base = app.service().base_of(message.request).await.map_err(|error| error.sentence())?;
        let Notify { channel, escalate_to, .. } = notify(&base, message.request);
        let previous = message.previous.and_then(|text| text.parse::<MessageAddress>().ok());
        let sent = match (&message.delivery.recipient, message.delivery.view) {
            (Recipient::Channel, _) => match channel {
                Some(channel) => app.asked_in(&channel, previous, message).await,
                None => return Ok(None),
            },
            (Recipient::Escalation, _) => match (escalate_to, &previous, message.notice) {
                (Some(channel), Some(_), _) | (Some(channel), None, Notice::Escalation) => {
                    app.card_in(&channel, previous, message.request).await
                }
                _ => return Ok(None),
            },
            // Where there is a channel, approvers are asked there and mentioned; twice would be once too often, until nobody answers.
            (Recipient::Person(_), View::Answer | View::Follow)
                if channel.is_some() && previous.is_none() && *message.notice != Notice::Escalation =>
            {
                return Ok(None);
            }
            (Recipient::Person(person), View::Answer | View::Follow) => {
                match app.direct_to(&base, person).await.map_err(|error| error.to_string())? {
                    Some(direct) => app.asked_in(&direct, previous, message).await,
                    None => return Ok(None),
                }
            }
            (Recipient::Person(person), View::Own) => {
                match app.direct_to(&base, person).await.map_err(|error| error.to_string())? {
                    Some(direct) => app.own_in(&direct, previous, message).await,
                    None => return Ok(None),
                }
            }
            // A site's own servers have a teller of their own.
            (Recipient::Webhook(_), _) => return Ok(None),
        };
        match sent {
            Ok(at) => Ok(Some(at.to_string())),
            Err(error) => Err(error.to_string()),
        }
    }
}

/// Where approvers of a request are asked: as its rule says, or the site.
fn notify(base: &BaseSnapshot, request: &Request) -> Notify {
    base.policy().map(|policy| policy.notify_of(&request.spec().rule)).unwrap_or_default()
}

fn slack_id(base: &BaseSnapshot, person: &PersonName) -> Option<SlackId> {
    base.identities().ok()?.by_name(person).ok()?.slack.clone()
}

/// What the site has people read first who deal with such a request, each once.
fn warnings(base: &BaseSnapshot, request: &Request) -> Vec<String> {
    let Ok(policy) = base.policy() else { return Vec::new() };
    let is_about = |warning: &&Warning| {
        request.spec().grants.iter().any(|grant| warning.is_about(&grant.cluster, &grant.role))
    };
    policy.settings().warnings.iter().filter(is_about).map(|warning| warning.text.clone()).collect()
}

/// Whether a notice is worth a message of its own, rather than an edit of the last one: an edit is not announced.
fn is_announced(notice: &Notice, around: &Surroundings) -> bool {
    match notice {
        Notice::Merged => around.told_by == ToldBy::Git,
        Notice::Requested
        | Notice::Returned { .. }
        | Notice::Escalation
        | Notice::Live
        | Notice::Denied
        | Notice::TimedOut
        | Notice::AboutToExpire
        | Notice::Gone { .. }
        | Notice::Shortened
        | Notice::Failed { .. }
        | Notice::Alarm { .. } => true,
        // Nothing is said to be so before it is: these are on the way to one that is announced.
        Notice::Counted { .. }
        | Notice::Reminder
        | Notice::Approved
        | Notice::Cancelled
        | Notice::Ending { .. } => false,
    }
}

/// Whether a message that is to be edited is there no more.
fn is_gone(error: &SlackError) -> bool {
    matches!(
        error.code(),
        Some(
            "message_not_found"
                | "cant_update_message"
                | "channel_not_found"
                | "edit_window_closed"
                | "cannot_reply_to_message"
                | "thread_not_found"
        )
    )
}

impl SlackApp {
    /// The card of a request where it is asked for an answer; a reminder is a reply to it, which mentions who may answer.
    async fn asked_in(
        &self,
        channel: &str,
        previous: Option<MessageAddress>,
        message: &Message<'_>,
    ) -> Result<MessageAddress, SlackError> {
        if let (Some(at), Notice::Reminder | Notice::Escalation) = (&previous, message.notice) {
            let reminder = card::reminder(message.request, &self.surroundings(message.request).await);
            match self.web().reply(at, &reminder).await {
                Ok(()) => return Ok(at.clone()),
                // The card is gone: a new one reminds as well.
                Err(error) if is_gone(&error) => {}
                Err(error) => return Err(error),
            }
        }
        self.card_in(channel, previous, message.request).await
    }

    /// The card of a request in a channel: the one that is there, or a new one.
    async fn card_in(
        &self,
        channel: &str,
        previous: Option<MessageAddress>,
        request: &Request,
    ) -> Result<MessageAddress, SlackError> {
        let card = self.answer_card(request).await;
        match previous {
            Some(at) => match self.web().edit(&at, &card).await {
                Ok(()) => Ok(at),
                Err(error) if is_gone(&error) => self.web().post(channel, &card).await,
                Err(error) => Err(error),
            },
            None => self.web().post(channel, &card).await,
        }
    }

    /// The direct message about one's own: a new one where it says something new, else an edit of the last.
    async fn own_in(
        &self,
        channel: &str,
        previous: Option<MessageAddress>,
        message: &Message<'_>,
    ) -> Result<MessageAddress, SlackError> {
        let around = self.surroundings(message.request).await;
        let drawn = card::own(message.request, message.notice, &around, message.at);
        let Some(at) = previous else { return self.web().post(channel, &drawn).await };
        if !is_announced(message.notice, &around) {
            return match self.web().edit(&at, &drawn).await {
                Ok(()) => Ok(at),
                Err(error) if is_gone(&error) => self.web().post(channel, &drawn).await,
                Err(error) => Err(error),
            };
        }
        let posted = self.web().post(channel, &drawn).await?;
        // The earlier message keeps no button: what it offered may be over.
        let passed: SlackMessage = card::passed(message.request, &around);
        Self::logged(
            self.web()
                .edit(&at, &passed)
                .await
                .or_else(|error| if is_gone(&error) { Ok(()) } else { Err(error) }),
        );
        Ok(posted)
    }

    /// The channel for direct messages to a person; `None` where no message can reach them.
    async fn direct_to(
        &self,
        base: &BaseSnapshot,
        person: &PersonName,
    ) -> Result<Option<String>, SlackError> {
        let Some(id) = slack_id(base, person) else { return Ok(None) };
        if !self.0.users.is_reachable(&id).await {
            tracing::warn!(%person, "no message can reach this person in Slack");
            return Ok(None);
        }
        match self.web().direct_channel(&id.user).await {
            Ok(channel) => Ok(Some(channel)),
            Err(error)
                if matches!(error.code(), Some("user_not_found" | "user_disabled" | "cannot_dm_bot")) =>
            {
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// The card of a request, as it stands.
    pub(super) async fn answer_card(&self, request: &Request) -> SlackMessage {
        card::answer(request, &self.surroundings(request).await)
    }

    /// What a message needs to know. What cannot be found out is left out of the message.
    pub(super) async fn surroundings(&self, request: &Request) -> Surroundings {
        let parts = &self.0.parts;
        let page = parts
            .page
            .as_ref()
            .map(|page| format!("{}/requests/{}", page.trim_end_matches('/'), request.id()));
        let mut around = Surroundings { page, contexts: parts.contexts.clone(), ..Surroundings::default() };
        if let Ok(shown) = self.service().show(request.id(), None, self.now()).await {
            around.reports = shown.findings;
        }
        let Ok(base) = self.service().base_of(request).await else { return around };
        around.warnings = warnings(&base, request);
        around.presets = base.policy().map(|policy| policy.settings().presets.clone()).unwrap_or_default();
        let is_seen = |grant: &RequestedGrant| {
            base.settings(&grant.cluster).is_ok_and(|settings| settings.confirm.is_some())
        };
        if !request.spec().grants.iter().any(is_seen) {
            around.told_by = ToldBy::Git;
        }
        let who = |person: &PersonName| match slack_id(&base, person) {
            Some(id) => Who::User(id.user),
            None => Who::Name(person.to_string()),
        };
        around.requester = Some(who(&request.spec().requester));
        for person in self.service().may_approve(request, self.now()).await {
            let is_reached = match slack_id(&base, &person) {
                Some(id) => self.0.users.is_reachable(&id).await,
                None => false,
            };
            match is_reached {
                true => around.approvers.push(who(&person)),
                false => around.unreached.push(person.to_string()),
            }
        }
        around
    }
}
