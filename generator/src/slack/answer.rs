//! Answering in Slack: approve, approve for shorter, and deny with a reason.
//!
//! A button carries the request's id and the digest of what was shown with it; neither is believed. A yes to what is there no more
//! is refused, and the message is drawn anew. Not here: who may answer, which the service says at each click.

use std::collections::BTreeMap;

use p0_access::duration::Lifetime;
use p0_access::request::{Request, RequestId};
use slack_client::MessageAddress;
use slack_client::block::{Block, ButtonValue, Element, Metadata, OptionValue, TextInput, TooLong};
use slack_client::inbound::{Action, Reply, Submission};
use slack_client::view::View;

use super::{SlackApp, ids, say};
use crate::service::{Approval, Proof};
use crate::workflow::WorkflowError;
use crate::workflow::actor::{Claim, SlackUser};

/// What a button of a message means: which request, as it was shown, and for how long.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) id: RequestId,
    pub(super) shown: String,
    /// Shorter than asked, where that is said.
    pub(super) lifetime: Option<Lifetime>,
}

impl Answer {
    /// The value of the button Approve.
    pub(super) fn value(request: &Request) -> Result<ButtonValue, TooLong> {
        ButtonValue::new(format!("{} {}", request.id(), request.shown()))
    }

    /// The value of an option that approves for `lifetime`.
    pub(super) fn option(request: &Request, lifetime: Lifetime) -> Result<OptionValue, TooLong> {
        OptionValue::new(format!("{} {} {lifetime}", request.id(), request.shown()))
    }

    fn read(value: &str) -> Option<Self> {
        let mut parts = value.splitn(3, ' ');
        let id = request_id(parts.next()?)?;
        let shown = parts.next()?.to_owned();
        let lifetime = match parts.next() {
            Some(text) => Some(text.parse().ok()?),
            None => None,
        };
        Some(Self { id, shown, lifetime })
    }
}

/// The request that a button's value begins with.
pub(super) fn request_id(value: &str) -> Option<RequestId> {
    value.split(' ').next().and_then(|id| id.parse().ok())
}

impl SlackApp {
    /// Somebody pressed Approve, or chose a shorter time.
    pub(super) async fn approves(&self, action: &Action) {
        let Some(answer) = Answer::read(&action.value) else {
            return self.tell(action, "This button is none of this app's.").await;
        };
        let user = match self.vouched(&action.user).await {
            Ok(user) => user,
            Err(why) => return self.tell(action, &why).await,
        };
        match self.approve(&answer, user).await {
            Ok(_) => {}
            Err(error @ (WorkflowError::Stale(_) | WorkflowError::Changed)) => {
                self.tell(action, "What is asked for has changed since this message was drawn, so your answer does not count. \
                                   The message is drawn anew: look at it, and answer again.").await;
                tracing::info!(request = %answer.id, why = error.sentence(), "an answer to something older is refused");
                self.redraw(&answer.id, action).await;
            }
            Err(error) => self.tell(action, &say::sentence(&error)).await,
        }
    }

    async fn approve(&self, answer: &Answer, by: SlackUser) -> Result<Request, WorkflowError> {
        let now = self.now();
        let lifetime = match answer.lifetime {
            Some(lifetime) => lifetime,
            None => self.service().show(&answer.id, None, now).await?.lifetime,
        };
        let proof = Proof::Clicked { by, key: self.0.parts.key.clone() };
        let approval = Approval { shown: answer.shown.clone(), lifetime, at: now, proof };
        self.service().approve(&answer.id, &approval, now).await
    }

    /// Draws the message of a button anew.
    async fn redraw(&self, id: &RequestId, action: &Action) {
        let Some((channel, ts)) = action.message.clone() else { return };
        let at = MessageAddress { channel, ts };
        match self.service().find(id, self.now()).await {
            Ok(request) => {
                let message = self.answer_card(&request).await;
                Self::logged(self.web().edit(&at, &message).await);
            }
            Err(error) => tracing::warn!(why = error.sentence(), "a message is not drawn anew"),
        }
    }

    /// Asks for the reason of a denial.
    pub(super) fn opens_denial(&self, action: &Action) {
        let Some(id) = request_id(&action.value) else { return };
        let Ok(carried) = Metadata::new(id.to_string()) else { return };
        let input = TextInput::new(ids::REASON).multiline().at_most(1000);
        let input = input.placeholder("The requester reads this");
        let reason = Block::input("reason", "Reason", Element::PlainTextInput(input)).optional();
        let view = View::form(ids::DENY_FORM, "Deny the request", "Deny", vec![reason.into()]);
        self.opens(action.trigger.clone(), view.carrying(carried));
    }

    /// The reason of a denial was sent: the denial itself.
    pub(super) async fn submits_denial(&self, sent: Submission) -> Reply {
        let id = request_id(&sent.view.private_metadata);
        let reason =
            sent.view.one(ids::REASON).map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
        let app = self.clone();
        let block = sent.view.blocks.get(ids::REASON).cloned().unwrap_or_else(|| "reason".to_owned());
        let denying = tokio::spawn(async move {
            let id = id.ok_or_else(|| "This form is none of this app's.".to_owned())?;
            let user = app.vouched(&sent.user).await?;
            let denied = app.service().deny(&id, reason, &Claim::Clicked(user), app.now()).await;
            denied.map(drop).map_err(|error| say::sentence(&error))
        });
        match denying.await.unwrap_or_else(|_| Err("It could not be denied now. Try again.".to_owned())) {
            Ok(()) => Reply::Empty,
            Err(why) => Reply::Errors(BTreeMap::from([(block, why)])),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_button_means_a_request_as_it_was_shown() {
        let id = "vpl5aqzpwnnqmnkrzze2";
        let read = Answer::read(&format!("{id} abc 30m")).unwrap();
        assert_eq!((read.id.as_str(), read.shown.as_str()), (id, "abc"));
        assert_eq!(read.lifetime.unwrap().to_string(), "30m");
        assert_eq!(Answer::read(&format!("{id} abc")).unwrap().lifetime, None);
        for value in ["", id, "other abc", &format!("{id} abc soon"), id] {
            assert_eq!(Answer::read(value), None, "{value:?}");
        }
    }
}
