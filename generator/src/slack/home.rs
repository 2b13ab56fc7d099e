//! The Home tab: one's own access with the time that is left, and what waits for one's answer.

use p0_access::request::Request;
use slack_client::block::Block;
use slack_client::inbound::User;
use slack_client::text::Markup;
use slack_client::view::View;

use super::{SlackApp, access, card};
use crate::workflow::actor::SlackUser;
use crate::workflow::in_states;

/// How many requests of a kind are shown.
const MOST: usize = 12;

impl SlackApp {
    /// Shows a user their Home tab.
    pub(super) async fn show_home(&self, user: &User) {
        let view = match self.vouched(user).await {
            Ok(own) => self.home(&own).await,
            Err(why) => View::home(vec![Block::quoted(why)], None),
        };
        Self::logged(self.web().publish_home(&user.id, &view).await.map(drop));
    }

    async fn home(&self, user: &SlackUser) -> View {
        let now = self.now();
        let going_on = self.service().list(&in_states(|state| !state.is_ended()), now).await;
        let (Ok(going_on), Ok(person)) = (going_on, self.service().person_of(user).await) else {
            let text = "Nothing can be said about your access now: you are not in p0/identities.yaml, or the bot cannot read its \
                        store or Git.";
            return View::home(vec![Block::quoted(text)], None);
        };
        let mut blocks = vec![Block::header("Your access")];
        let own: Vec<&Request> = going_on.iter().filter(|request| request.spec().concerns(&person)).collect();
        if own.is_empty() {
            blocks.push(Block::text(
                Markup::new()
                    .plain("You have no access and no request. ")
                    .code("/p0 request")
                    .plain(" asks for some."),
            ));
        }
        for request in own.iter().take(MOST) {
            let until = access::until(request).map(|until| format!(", until {until}")).unwrap_or_default();
            let state = request.state().name();
            blocks.push(Block::text(access::what(request).line().plain(format!("{}{until}", state.label()))));
            blocks.extend(card::own_buttons(request, now));
        }
        blocks.extend([Block::Divider {}, Block::header("Waiting for your answer")]);
        let mut waiting = 0_usize;
        for request in going_on.iter().filter(|request| card::is_waiting(request)) {
            if !self.service().may_approve(request, now).await.contains(&person) || waiting == MOST {
                continue;
            }
            waiting += 1;
            blocks.extend(card::to_answer(request, &self.surroundings(request).await));
        }
        if waiting == 0 {
            blocks.push(Block::text(Markup::new().plain("Nothing.")));
        }
        View::home(blocks, self.0.parts.page.as_deref())
    }
}
