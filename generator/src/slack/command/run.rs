//! Carrying a command out. What comes of it later is told in messages, as for the form.

use p0_access::identity::SlackId;
use p0_access::request::Request;
use slack_client::block::Block;
use slack_client::inbound::Command;
use slack_client::text::Markup;

use super::super::ask::Form;
use super::super::{SlackApp, access, say};
use super::Verb;
use crate::service::{NewRequest, Run, Scope, Submitted};
use crate::workflow::actor::{Claim, SlackUser};
use crate::workflow::in_states;

/// How many requests a list has.
const MOST: usize = 15;

impl SlackApp {
    /// Carries out what somebody said in one line.
    pub(in crate::slack) async fn runs(&self, verb: Verb, command: &Command) {
        let user = match self.vouched(&command.user).await {
            Ok(user) => user,
            Err(why) => return self.answers_text(command, &why).await,
        };
        match verb {
            Verb::Ask(form) | Verb::Form(form) => self.asks_in_line(command, user, &form, None).await,
            Verb::Grant(form, to) => self.asks_in_line(command, user, &form, Some(to)).await,
            Verb::List => self.lists(command, &user).await,
            Verb::Revoke(id, reason) => {
                let (scope, by) = (Scope::One(id), Claim::Clicked(user));
                let done = self.service().revoke(Run::Real, &scope, reason, &by, self.now()).await;
                let told = match done {
                    Ok(_) => "It is being revoked; the message about it tells when it is gone.".to_owned(),
                    Err(error) => say::sentence(&error),
                };
                self.answers_text(command, &told).await;
            }
        }
    }

    async fn asks_in_line(&self, command: &Command, user: SlackUser, form: &Form, to: Option<String>) {
        let told = match self.ask_in_line(user, form, to).await {
            Ok(Submitted::New(request)) => {
                let text = Markup::new().plain("You asked for ").then(&access::what(&request)).plain(".");
                return self.answers(command, say::marked("You asked for access.", text)).await;
            }
            Ok(Submitted::Existing(request)) => super::super::ask::before(&request),
            Err(why) => why,
        };
        self.answers_text(command, &told).await;
    }

    async fn ask_in_line(
        &self,
        user: SlackUser,
        form: &Form,
        to: Option<String>,
    ) -> Result<Submitted, String> {
        let meant = form.meant(&self.picker()).map_err(|problem| problem.message)?;
        let id = crate::service::new_id().map_err(|error| error.to_string())?;
        let to = match to {
            Some(to) => {
                let id = SlackId { team: user.id().team.clone(), user: to };
                let subject = self.service().subject_of_slack(&id).await;
                Some(subject.map_err(|error| say::sentence(&error))?)
            }
            None => None,
        };
        let ask =
            NewRequest { to, grants: vec![(id, meant.item)], length: meant.length, reason: meant.reason };
        let asked = self.service().request(&ask, &Claim::Clicked(user), self.now()).await;
        asked.map_err(|error| say::sentence(&error))
    }

    async fn lists(&self, command: &Command, user: &SlackUser) {
        let person = match self.service().person_of(user).await {
            Ok(person) => person,
            Err(error) => return self.answers_text(command, &say::sentence(&error)).await,
        };
        let found = self.service().list(&in_states(|state| !state.is_ended()), self.now()).await;
        let own: Vec<Request> = match found {
            Ok(found) => found.into_iter().filter(|request| request.spec().concerns(&person)).collect(),
            Err(error) => return self.answers_text(command, &say::sentence(&error)).await,
        };
        if own.is_empty() {
            return self.answers_text(command, "You have no access and no request.").await;
        }
        let line = |request: &Request| {
            let until = access::until(request).map(|until| format!(", until {until}")).unwrap_or_default();
            let state = request.state().name().label();
            Block::text(
                access::what(request).line().plain(format!("{state}{until} ")).code(request.id().as_str()),
            )
        };
        let more = own.len().saturating_sub(MOST);
        let mut blocks: Vec<Block> = own.iter().take(MOST).map(line).collect();
        if more > 0 {
            blocks.push(Block::context([
                Markup::new().plain(format!("{more} more are in the Home tab and on the status page."))
            ]));
        }
        let text = format!("{} requests", own.len());
        self.answers(command, slack_client::Message::new(text, blocks, None)).await;
    }
}
