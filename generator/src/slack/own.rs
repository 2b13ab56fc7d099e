//! What people do with their own: give back, take back, and ask for longer.

use std::collections::BTreeMap;

use p0_access::duration::Lifetime;
use p0_access::request::RequestId;
use slack_client::block::{Block, Element, Metadata, StaticSelect, TextInput};
use slack_client::inbound::{Action, Reply, Submission};
use slack_client::view::View;

use super::answer::request_id;
use super::{SlackApp, ids, say};
use crate::workflow::WorkflowError;
use crate::workflow::actor::Claim;

impl SlackApp {
    /// Somebody gives back access, or takes back a request. What came of it is told in messages.
    pub(super) async fn ends_own(&self, action: &Action) {
        let Some(id) = request_id(&action.value) else { return };
        let claim = match self.vouched(&action.user).await {
            Ok(user) => Claim::Clicked(user),
            Err(why) => return self.tell(action, &why).await,
        };
        let done = match action.action_id.as_str() {
            ids::RELINQUISH => self.relinquish_or_cancel(&id, &claim).await,
            _ => self.service().cancel(&id, &claim, self.now()).await,
        };
        if let Err(error) = done {
            self.tell(action, &say::sentence(&error)).await;
        }
    }

    /// Access that is not live yet is taken back instead: the person wants it gone either way.
    async fn relinquish_or_cancel(
        &self,
        id: &RequestId,
        claim: &Claim,
    ) -> Result<p0_access::request::Request, WorkflowError> {
        match self.service().relinquish(id, claim, self.now()).await {
            Err(WorkflowError::Refused(p0_access::request::Refused::NotNow { .. })) => {
                self.service().cancel(id, claim, self.now()).await
            }
            other => other,
        }
    }

    /// Asks for how long, and why.
    pub(super) fn opens_extension(&self, action: &Action) {
        let Some(id) = request_id(&action.value) else { return };
        let Ok(carried) = Metadata::new(id.to_string()) else { return };
        let picker = self.picker();
        let mut options =
            picker.presets().iter().filter_map(|own| super::ask::option(&own.to_string(), &own.to_string()));
        let Some(first) = options.next() else { return };
        let value = first.value().to_owned();
        let select = StaticSelect::new(ids::DURATION, first, options).chosen(&value);
        let duration = Block::input("duration", "How long, from the approval", Element::StaticSelect(select));
        let input = TextInput::new(ids::REASON).multiline().at_most(1000);
        let reason = Block::input("reason", "Reason", Element::PlainTextInput(input)).optional();
        let blocks = vec![duration.into(), reason.into()];
        let view = View::form(ids::EXTEND_FORM, "Extend access", "Request", blocks);
        self.opens(action.trigger.clone(), view.carrying(carried));
    }

    /// The form of an extension was sent.
    pub(super) async fn submits_extension(&self, sent: Submission) -> Reply {
        let view = &sent.view;
        let block =
            |action: &str, name: &str| view.blocks.get(action).cloned().unwrap_or_else(|| name.to_owned());
        let (at_duration, at_reason) = (block(ids::DURATION, "duration"), block(ids::REASON, "reason"));
        let error = |block: String, text: String| Reply::Errors(BTreeMap::from([(block, text)]));
        let lifetime = view.one(ids::DURATION).map(str::parse::<Lifetime>);
        let (Some(id), Some(Ok(lifetime))) = (request_id(&view.private_metadata), lifetime) else {
            return error(at_duration, "Choose how long.".to_owned());
        };
        let reason = view.one(ids::REASON).map(str::to_owned);
        let app = self.clone();
        let extending = tokio::spawn(async move {
            let user = app.vouched(&sent.user).await.map_err(|why| (None, why))?;
            let claim = Claim::Clicked(user);
            let extended = app.service().extend(&id, lifetime, reason, &claim, app.now()).await;
            extended.map(drop).map_err(|error| (Some(say::field(&error)), say::sentence(&error)))
        });
        let broken = || Err((None, "It could not be asked for now. Try again.".to_owned()));
        match extending.await.unwrap_or_else(|_| broken()) {
            Ok(()) => Reply::Empty,
            Err((Some(crate::service::Field::Reason), why)) => error(at_reason, why),
            Err((_, why)) => error(at_duration, why),
        }
    }
}
