//! The Slack room: people ask, answer and give back in Slack, by the same commands of the service as on the command line.
//!
//! What Slack sends is answered at once and from memory; what needs Git or the store is done beside it, and its outcome is told when
//! it is known. Who acts is known by workspace and user id alone, and each time anew. Not here: Slack's own protocol
//! (`slack_client`), who may do what (the service), and who is told (`p0_access::request`).

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use async_trait::async_trait;
use jiff::Timestamp;
use slack_client::inbound::{
    Action, Command, Handler, Inbound, OpenView, Reply, Submission, Suggestion, User,
};
use slack_client::{SlackError, Web};

use crate::cluster::ObjectNames;
use crate::reconcile::Clock;
use crate::service::{Picker, Service};
use crate::signing::SigningKey;

mod access;
mod answer;
mod ask;
mod card;
mod command;
mod home;
mod ids;
mod messenger;
mod own;
mod say;
mod settings;
mod users;

pub use messenger::SlackMessenger;
pub use settings::{InboundSecret, SlackDelivery, SlackSettings, Tokens, TokensError};

use users::Users;
pub use users::faults as faults_of;

/// What a Slack app needs of this program.
pub struct Parts {
    /// Slack.
    pub web: Web,
    /// The commands.
    pub service: Arc<Service>,
    /// The key that seals clicks.
    pub key: Arc<SigningKey>,
    /// The time.
    pub clock: Clock,
    /// Where the status page is, for links; without it there are none.
    pub page: Option<String>,
    /// What clusters are called in people's kubeconfigs, where that is not the cluster's name.
    pub contexts: BTreeMap<String, String>,
    /// Names of objects that the form completes.
    pub objects: Arc<ObjectNames>,
}

/// The app. Clones are the same one.
#[derive(Clone)]
pub struct SlackApp(Arc<App>);

struct App {
    parts: Parts,
    users: Users,
    picker: RwLock<Arc<Picker>>,
    turns: ask::Turns,
}

impl SlackApp {
    /// The app. Slack need not answer yet.
    pub fn new(parts: Parts) -> Self {
        let users = Users::new(parts.web.clone());
        Self(Arc::new(App { parts, users, picker: RwLock::default(), turns: ask::Turns::default() }))
    }

    /// Reads anew what can be asked for. Where that cannot be read, what was known stays.
    pub async fn refresh(&self) {
        match self.0.parts.service.snapshots().await {
            Ok(snapshots) => {
                let made = tokio::task::spawn_blocking(move || Picker::of(&snapshots)).await;
                if let Ok(picker) = made {
                    *self.0.picker.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(picker);
                }
            }
            Err(error) => tracing::warn!(why = error.sentence(), "what can be asked for is not read anew"),
        }
    }

    fn web(&self) -> &Web {
        &self.0.parts.web
    }

    fn service(&self) -> &Service {
        &self.0.parts.service
    }

    fn now(&self) -> Timestamp {
        (self.0.parts.clock)()
    }

    /// Names of objects that the form completes.
    pub(crate) fn objects(&self) -> &Arc<ObjectNames> {
        &self.0.parts.objects
    }

    fn picker(&self) -> Arc<Picker> {
        self.0.picker.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Does something beside the answer to Slack. It ends with the process, and what it did by then is in the store.
    fn beside(&self, work: impl Future<Output = ()> + Send + 'static) {
        tokio::spawn(work);
    }

    /// Opens a view; a trigger that is over needs no more than a line in the log.
    fn opens(&self, trigger: String, view: slack_client::view::View) {
        let app = self.clone();
        self.beside(async move {
            if let Err(error) = app.web().open_view(&trigger, &view).await {
                tracing::warn!(why = %error, "a form was not opened");
            }
        });
    }
}

#[async_trait]
impl Handler for SlackApp {
    async fn handle(&self, inbound: Inbound) -> Reply {
        match inbound {
            Inbound::Command(command) => self.command(command),
            Inbound::Suggestion(suggestion) => self.suggestion(&suggestion),
            Inbound::Action(action) => self.action(action),
            Inbound::Submission(submission) => self.submission(submission).await,
            Inbound::Shortcut(shortcut) => {
                self.opens(shortcut.trigger, ask::view(&self.picker(), &ask::Form::default(), None));
                Reply::Empty
            }
            Inbound::HomeOpened(user) => {
                let app = self.clone();
                self.beside(async move { app.show_home(&user).await });
                Reply::Empty
            }
            Inbound::Challenge(word) => Reply::Challenge(word),
            Inbound::Other => Reply::Empty,
        }
    }
}

impl SlackApp {
    fn suggestion(&self, suggestion: &Suggestion) -> Reply {
        let Suggestion { action_id, typed, view, .. } = suggestion;
        let none = OpenView::default();
        Reply::Options(ask::options(
            &self.picker(),
            self.objects(),
            action_id,
            typed,
            view.as_ref().unwrap_or(&none),
        ))
    }

    fn action(&self, action: Action) -> Reply {
        let app = self.clone();
        match action.action_id.as_str() {
            ids::CLUSTER | ids::RESOURCE | ids::ROLE | ids::SUBRESOURCES => {
                let turn = self.0.turns.next(action.view.as_ref().map_or("", |view| &view.id));
                self.beside(async move { app.redraw_form(&action, turn).await });
            }
            ids::APPROVE | ids::SHORTEN => self.beside(async move { app.approves(&action).await }),
            ids::DENY => self.opens_denial(&action),
            ids::RELINQUISH | ids::CANCEL => self.beside(async move { app.ends_own(&action).await }),
            ids::EXTEND => self.opens_extension(&action),
            ids::AGAIN => self.beside(async move { app.asks_again(&action).await }),
            // Links, and buttons of another version.
            _ => {}
        }
        Reply::Empty
    }

    async fn submission(&self, sent: Submission) -> Reply {
        match sent.view.callback_id.as_str() {
            ids::REQUEST_FORM => self.submits_request(sent).await,
            ids::DENY_FORM => self.submits_denial(sent).await,
            ids::EXTEND_FORM => self.submits_extension(sent).await,
            _ => Reply::Empty,
        }
    }

    fn command(&self, command: Command) -> Reply {
        match command::read(&command.text) {
            Ok(command::Verb::Form(form)) => {
                self.opens(command.trigger, ask::view(&self.picker(), &form, None));
                Reply::Empty
            }
            Ok(verb) => {
                let app = self.clone();
                self.beside(async move { app.runs(verb, &command).await });
                Reply::Empty
            }
            Err(text) => Reply::Text(text),
        }
    }

    /// What is wrong with a call to Slack is for the log: its user sees that nothing came.
    fn logged(result: Result<(), SlackError>) {
        if let Err(error) = result {
            tracing::warn!(why = %error, "an answer did not reach Slack");
        }
    }

    /// Who it is, as far as Slack vouches for them.
    async fn vouched(&self, user: &User) -> Result<crate::workflow::actor::SlackUser, String> {
        self.0.users.vouched(user).await
    }
}
