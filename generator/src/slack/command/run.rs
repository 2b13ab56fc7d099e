//! Carrying a command out. What comes of it later is told in messages, as for the form.

use p0_access::identity::SlackId;
use p0_access::request::Request;
use slack_client::block::Block;
use slack_client::inbound::Command;
use slack_client::text::Markup;

use super::super::ask::Form;
use super::super::{SlackApp, access, say};
use super::{Allowance, Verb};
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
            Verb::Ask(form) | Verb::Form(form) => self.asks_in_line(command, user, &form).await,
            Verb::Allow(allowance) => self.shows_how_to_allow(command, &user, &allowance).await,
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

    async fn asks_in_line(&self, command: &Command, user: SlackUser, form: &Form) {
        let told = match self.ask_in_line(user, form).await {
            Ok(Submitted::New(request)) => {
                let text = Markup::new().plain("You asked for ").then(&access::what(&request)).plain(".");
                return self.answers(command, say::marked("You asked for access.", text)).await;
            }
            Ok(Submitted::Existing(request)) => super::super::ask::before(&request),
            Err(why) => why,
        };
        self.answers_text(command, &told).await;
    }

    async fn ask_in_line(&self, user: SlackUser, form: &Form) -> Result<Submitted, String> {
        let meant = form.meant(&self.picker()).map_err(|problem| problem.message)?;
        let id = crate::service::new_id().map_err(|error| error.to_string())?;
        let to = self.subject_of(&user, meant.to.as_deref()).await.map_err(|error| say::sentence(&error))?;
        let ask =
            NewRequest { to, grants: vec![(id, meant.item)], length: meant.length, reason: meant.reason };
        let asked = self.service().request(&ask, &Claim::Clicked(user), self.now()).await;
        asked.map_err(|error| say::sentence(&error))
    }

    /// Says with which command somebody allows requests beforehand: their own signature makes it count.
    async fn shows_how_to_allow(&self, command: &Command, user: &SlackUser, wanted: &Allowance) {
        let told = match self.allow_command(user, wanted).await {
            Ok(line) => {
                let text = "An approval that is given beforehand counts by your own signature, and Slack does not have your key. \
                            This command makes it:";
                let text = Markup::new().plain(text).line().lines_of_code(line);
                return self.answers(command, say::marked("The command that allows it.", text)).await;
            }
            Err(why) => why,
        };
        self.answers_text(command, &told).await;
    }

    async fn allow_command(&self, user: &SlackUser, wanted: &Allowance) -> Result<String, String> {
        let Allowance { form, to, length: whole, each } = wanted;
        let said = |error: &crate::workflow::WorkflowError| say::sentence(error);
        self.service().person_of(user).await.map_err(|error| said(&error))?;
        let id = SlackId { team: user.id().team.clone(), user: to.clone() };
        let person = self.service().person_of_slack(&id).await.map_err(|error| said(&error))?;
        // Everything is looked at before somebody goes to a terminal with it.
        let item = form.meant(&self.picker()).map_err(|problem| problem.message)?.item;
        let locator = form.choice.resource.clone().unwrap_or_default();
        let mut words = vec!["p0-gitops".to_owned()];
        words.extend(["allow", "k8s", "resource"].map(str::to_owned));
        words.push(item.role.to_string());
        words.extend(["--cluster".to_owned(), item.cluster.to_string(), "--locator".to_owned(), locator]);
        words.extend(item.subresources.iter().flat_map(|part| ["--subresource".to_owned(), part.clone()]));
        words.extend(["--person".to_owned(), person.to_string()]);
        // As one word each, however a duration is written.
        let length = |own: &p0_access::duration::Lifetime| own.to_string().replace(' ', "");
        words.extend(["--length".to_owned(), length(whole), "--request-duration".to_owned(), length(each)]);
        shlex::try_join(words.iter().map(String::as_str))
            .map_err(|_| "This cannot be written as a command.".to_owned())
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
        let text = if own.len() == 1 { "1 request".to_owned() } else { format!("{} requests", own.len()) };
        self.answers(command, slack_client::Message::new(text, blocks, None)).await;
    }
}
