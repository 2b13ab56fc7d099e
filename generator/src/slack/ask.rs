//! The form of a request: opened from memory, filled in with options from memory, redrawn with what it would give, and sent.
//!
//! Nothing that a form brings back is believed: it is read as text and judged anew. Not here: the search for options, and policy.

use std::collections::BTreeMap;
use std::time::Duration;

use p0_access::duration::Lifetime;
use p0_access::identity::SlackId;
use p0_access::request::{Request, StateName};
use p0_grant::subject::Subject;
use slack_client::block::OptionObject;
use slack_client::inbound::{Action, OpenView, Reply, Submission, User};
use slack_client::{SlackError, ViewHandle};

use super::{SlackApp, access, ids, say};
use crate::service::{Choice, Field, FieldProblem, Length, NewRequest, Picker, RequestItem, Submitted};
use crate::workflow::WorkflowError;
use crate::workflow::actor::{Claim, SlackUser};

mod draw;
mod offer;
mod turns;

pub(super) use draw::view;
pub(super) use offer::options;
pub(super) use turns::Turns;

/// How long Slack is let wait before the form says that it is being worked on.
const PATIENCE: Duration = Duration::from_millis(1800);

/// A form as it is filled in, as texts: nothing of it is known to be right.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Form {
    pub(super) choice: Choice,
    pub(super) reason: Option<String>,
    /// A duration, or nothing for the rule's own.
    pub(super) duration: Option<String>,
    /// For whom, by user id; nothing for the one who asks.
    pub(super) to: Option<String>,
}

/// A request that somebody means to make, with every field right by what is known here.
pub(super) struct Meant {
    pub(super) item: RequestItem,
    pub(super) length: Length,
    pub(super) reason: Option<String>,
    /// For whom, by user id.
    pub(super) to: Option<String>,
}

impl Form {
    /// What a form brings back.
    pub(super) fn read(view: &OpenView) -> Self {
        let one = |id: &str| view.one(id).map(str::to_owned);
        Self {
            choice: Choice {
                cluster: one(ids::CLUSTER),
                resource: one(ids::RESOURCE),
                role: one(ids::ROLE),
                subresources: view.several(ids::SUBRESOURCES).to_vec(),
            },
            reason: one(ids::REASON).map(|text| text.trim().to_owned()).filter(|text| !text.is_empty()),
            duration: one(ids::DURATION).filter(|text| text != draw::BY_RULE),
            to: Some(view.private_metadata.clone()).filter(|id| ids::is_user(id)),
        }
    }

    /// The form of a request that was made before.
    pub(super) fn of(request: &Request) -> Option<Self> {
        let spec = request.spec();
        let [grant] = spec.grants.as_slice() else { return None };
        Some(Self {
            choice: Choice {
                cluster: Some(grant.cluster.to_string()),
                resource: access::exact_locator(grant),
                role: Some(grant.role.to_string()),
                subresources: grant.subresources.clone(),
            },
            reason: spec.reason.clone(),
            duration: Some(spec.lifetime.to_string()),
            to: None,
        })
    }

    /// What is meant, where every field is right.
    pub(super) fn meant(&self, picker: &Picker) -> Result<Meant, FieldProblem> {
        let (item, _) = picker.item(&self.choice)?;
        let length = match self.duration.as_deref().map(str::parse::<Lifetime>) {
            None => Length::Default,
            Some(Ok(lifetime)) => Length::For(lifetime),
            Some(Err(error)) => {
                return Err(FieldProblem { field: Field::Duration, message: error.to_string() });
            }
        };
        Ok(Meant { item, length, reason: self.reason.clone(), to: self.to.clone() })
    }
}

/// What became of a form.
enum Outcome {
    /// It is asked for; the rest is told in messages.
    Made,
    /// It was asked for before.
    Before(String),
    /// It is refused, at a field.
    Refused(FieldProblem),
}

impl SlackApp {
    /// Draws an open form anew, with what it would give. Of several changes at once the last one is drawn.
    pub(super) async fn redraw_form(&self, action: &Action, turn: u64) {
        let Some(open) = &action.view else { return };
        let mut form = Form::read(open);
        if action.action_id == ids::CLUSTER {
            // What was chosen belongs to another cluster.
            form.choice = Choice { cluster: form.choice.cluster, ..Choice::default() };
        }
        let picker = self.picker();
        let shown = picker.item(&form.choice).ok().map(|(_, report)| report);
        let drawn = view(&picker, &form, shown.as_ref());
        let mut done = self.web().update_view(&open.handle(), &drawn).await;
        if done.as_ref().is_err_and(SlackError::is_conflict) && self.0.turns.is_last(&open.id, turn) {
            let handle = ViewHandle { hash: None, ..open.handle() };
            done = self.web().update_view(&handle, &drawn).await;
        }
        match done {
            // Drawn by a later change, or closed meanwhile.
            Err(error) if error.is_conflict() || error.code() == Some("not_found") => {}
            other => Self::logged(other.map(drop)),
        }
    }

    /// A form that was sent: errors stand at their fields.
    pub(super) async fn submits_request(&self, sent: Submission) -> Reply {
        let form = Form::read(&sent.view);
        let meant = match form.meant(&self.picker()) {
            Ok(meant) => meant,
            Err(problem) => return at_field(&sent.view, &problem),
        };
        let (app, user) = (self.clone(), sent.user.clone());
        let mut asking = tokio::spawn(async move { app.asks(&user, meant).await });
        match tokio::time::timeout(PATIENCE, &mut asking).await {
            Ok(outcome) => match outcome.unwrap_or_else(|_| broken()) {
                Outcome::Made => Reply::Clear,
                Outcome::Before(text) => Reply::Update(Box::new(draw::notice(&text))),
                Outcome::Refused(problem) => at_field(&sent.view, &problem),
            },
            Err(_) => {
                let app = self.clone();
                let handle = ViewHandle { id: sent.view.id.clone(), hash: None };
                self.beside(async move {
                    let outcome = asking.await.unwrap_or_else(|_| broken());
                    Self::logged(
                        app.web().update_view(&handle, &draw::outcome(&outcome, &form)).await.map(drop),
                    );
                });
                Reply::Update(Box::new(draw::notice("Your request is being made. This takes a moment.")))
            }
        }
    }

    async fn asks(&self, user: &User, meant: Meant) -> Outcome {
        let refused = |field, message| Outcome::Refused(FieldProblem { field, message });
        let user = match self.vouched(user).await {
            Ok(user) => user,
            Err(why) => return refused(Field::Resource, why),
        };
        let id = match crate::service::new_id() {
            Ok(id) => id,
            Err(_) => return broken(),
        };
        let Meant { item, length, reason, to } = meant;
        let to = match self.subject_of(&user, to.as_deref()).await {
            Ok(to) => to,
            Err(error) => return refused(Field::Resource, say::sentence(&error)),
        };
        let ask = NewRequest { to, grants: vec![(id, item)], length, reason };
        match self.service().request(&ask, &Claim::Clicked(user), self.now()).await {
            Ok(Submitted::New(_)) => Outcome::Made,
            Ok(Submitted::Existing(request)) => Outcome::Before(before(&request)),
            Err(error) => refused(say::field(&error), say::sentence(&error)),
        }
    }

    /// Who gets access, where that is somebody else by their user id: a person of the same workspace, whom base knows.
    pub(super) async fn subject_of(
        &self,
        user: &SlackUser,
        to: Option<&str>,
    ) -> Result<Option<Subject>, WorkflowError> {
        let Some(to) = to else { return Ok(None) };
        let id = SlackId { team: user.id().team.clone(), user: to.to_owned() };
        self.service().subject_of_slack(&id).await.map(Some)
    }

    /// Opens the form with what was asked for before.
    pub(super) async fn asks_again(&self, action: &Action) {
        let form = match super::answer::request_id(&action.value) {
            Some(id) => {
                self.service().find(&id, self.now()).await.ok().and_then(|request| Form::of(&request))
            }
            None => None,
        };
        let drawn = view(&self.picker(), &form.unwrap_or_default(), None);
        Self::logged(self.web().open_view(&action.trigger, &drawn).await.map(drop));
    }
}

/// What is said where the same was asked for before.
pub(super) fn before(request: &Request) -> String {
    match (request.state().name(), access::until(request)) {
        (state, Some(until)) if state.is_live() => {
            format!(
                "You have this access already, until {until}. The message about it has a button to extend it."
            )
        }
        (StateName::Pending, _) => "You have asked for this already; it waits for an approver.".to_owned(),
        _ => "You have asked for this already; it is on its way.".to_owned(),
    }
}

fn broken() -> Outcome {
    let message = "It could not be asked for now. Try again in a minute.".to_owned();
    Outcome::Refused(FieldProblem { field: Field::Resource, message })
}

/// An error at its field, or at the resource, which every form has.
fn at_field(view: &OpenView, problem: &FieldProblem) -> Reply {
    let action = match problem.field {
        Field::Cluster => ids::CLUSTER,
        Field::Resource => ids::RESOURCE,
        Field::Role => ids::ROLE,
        Field::Subresources => ids::SUBRESOURCES,
        Field::Reason => ids::REASON,
        Field::Duration => ids::DURATION,
    };
    let block = view.blocks.get(action).or_else(|| view.blocks.get(ids::RESOURCE)).cloned();
    let message = slack_client::text::Plain::<2000>::new(&problem.message).as_str().to_owned();
    Reply::Errors(BTreeMap::from([(block.unwrap_or_else(|| draw::RESOURCE_BLOCK.to_owned()), message)]))
}

/// An option whose text is cut where it is long; `None` where its value does not fit.
pub(super) fn option(text: &str, value: &str) -> Option<OptionObject> {
    Some(OptionObject::new(text, slack_client::block::OptionValue::new(value).ok()?))
}
