//! What is said to the one person who did something: that it could not be done, and why.

use slack_client::Message;
use slack_client::block::Block;
use slack_client::inbound::Action;
use slack_client::text::Markup;

use super::SlackApp;
use crate::service::Field;
use crate::workflow::WorkflowError;

/// What a person is told of an error, with an id that the log has where it is not their doing.
pub(super) fn sentence(error: &WorkflowError) -> String {
    if error.is_no() || matches!(error, WorkflowError::NotThere(_) | WorkflowError::NoRequest(_)) {
        return for_slack(&error.sentence());
    }
    let id = crate::service::new_id().map(|id| id.to_string()).unwrap_or_default();
    let id = id.get(..6).unwrap_or("none");
    tracing::error!(
        error_id = id,
        why = error.sentence(),
        "something that was asked for in Slack could not be done"
    );
    format!(
        "It could not be done now, and nothing has changed. Try again in a minute. (Error {id} in the bot's log.)"
    )
}

/// What the command line says is not what people type in Slack.
fn for_slack(sentence: &str) -> String {
    let mut text = sentence.to_owned();
    for (command, word) in [
        ("look at it again: `p0-gitops show ", "look at the message again: `"),
        ("`p0-gitops ls` lists them", "`/p0 ls` lists them"),
        ("`cancel` takes it back", "the button Take back does that"),
        ("an approver can `revoke`", "an approver can revoke it"),
    ] {
        text = text.replace(command, word);
    }
    let mut letters = text.chars();
    let first = letters.next().map(|letter| letter.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}.", letters.as_str())
}

/// The field of the form to which an error belongs.
pub(super) fn field(error: &WorkflowError) -> Field {
    let WorkflowError::Policy(reasons) = error else {
        return match error {
            WorkflowError::Reason(_) => Field::Reason,
            WorkflowError::Plan(_) => Field::Role,
            _ => Field::Resource,
        };
    };
    match reasons.first().map(p0_access::policy::Reason::code) {
        Some("no-reason" | "reason-pattern") => Field::Reason,
        Some("no-duration" | "too-long" | "total-too-long" | "only-persistent" | "not-persistent") => {
            Field::Duration
        }
        Some("no-rule" | "denied" | "nobody-left") => Field::Role,
        _ => Field::Resource,
    }
}

/// A message of one sentence.
pub(super) fn message(text: &str) -> Message {
    Message::new(text, vec![Block::quoted(text)], None)
}

/// A message of one sentence with markup.
pub(super) fn marked(fallback: &str, text: Markup) -> Message {
    Message::new(fallback, vec![Block::text(text)], None)
}

impl SlackApp {
    /// Tells the one who pressed a button.
    pub(super) async fn tell(&self, action: &Action, text: &str) {
        if action.response_url.is_empty() {
            return self.tell_directly(&action.user.id, text).await;
        }
        Self::logged(self.web().respond(&action.response_url, &message(text)).await);
    }

    /// Tells somebody who acted where no answer can go, such as in the Home tab.
    pub(super) async fn tell_directly(&self, user: &str, text: &str) {
        let told = async {
            let channel = self.web().direct_channel(user).await?;
            self.web().post(&channel, &message(text)).await.map(drop)
        };
        Self::logged(told.await);
    }
}
