//! Messages about a request, drawn from where it stands: for those who answer, and for the person whose own it is. Pure.
//!
//! Not here: when a message is sent or edited.

use std::collections::BTreeMap;

use jiff::Timestamp;
use p0_access::duration::Lifetime;
use p0_access::request::{Notice, Request, State, StateName};
use p0_grant::danger::Class;
use p0_grant::plan::PlanReport;
use slack_client::Message;
use slack_client::block::{Block, Button, ButtonValue, Confirm, Element, OptionObject, StaticSelect, Style};
use slack_client::text::Markup;

use super::answer::Answer;
use super::{access, ids};

mod status;

use status::status;

/// How many people are mentioned by name.
const MENTIONED: usize = 10;

/// What a message needs to know besides the request.
#[derive(Clone, Debug, Default)]
pub(super) struct Surroundings {
    /// What the request gives, where that is known.
    pub(super) reports: Vec<PlanReport>,
    /// Who may still answer, by user id in Slack, or by name where there is none.
    pub(super) approvers: Vec<Who>,
    /// Who asks.
    pub(super) requester: Option<Who>,
    /// Approvers whom no message reaches.
    pub(super) unreached: Vec<String>,
    /// What the site has people read first.
    pub(super) warnings: Vec<String>,
    /// Durations that are offered.
    pub(super) presets: Vec<Lifetime>,
    /// Where all of the request can be read.
    pub(super) page: Option<String>,
    /// What clusters are called in people's kubeconfigs.
    pub(super) contexts: BTreeMap<String, String>,
    /// What says that access is there.
    pub(super) told_by: ToldBy,
}

/// What says that access is there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum ToldBy {
    /// Somebody looks into the cluster: nothing is said before it was seen there.
    #[default]
    Cluster,
    /// Git alone: the cluster is not looked into, and has it at its next sync.
    Git,
}

/// A person in a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Who {
    /// A user of Slack.
    User(String),
    /// A name.
    Name(String),
}

impl Who {
    fn write(&self, text: Markup) -> Markup {
        match self {
            Self::User(id) => text.user(id),
            Self::Name(name) => text.bold(name),
        }
    }
}

/// The message for those who answer, and for all who read the channel.
pub(super) fn answer(request: &Request, around: &Surroundings) -> Message {
    let spec = request.spec();
    let title = match request.state() {
        State::Extending(_) => "Request to extend access",
        _ => "Request for access",
    };
    let mut blocks = vec![Block::header(title), Block::text(question(request, around))];
    blocks.extend(warnings(around).filter(|_| is_waiting(request)));
    blocks.extend(facts(request));
    if let Some(reason) = crate::workflow::reason_of(request) {
        blocks.push(Block::quoted(format!("Reason: {reason}")));
    }
    let waits = is_waiting(request);
    if waits {
        blocks.extend(gives(around));
    }
    blocks.push(Block::text(status(request)));
    if waits {
        blocks.extend(asked_of(around));
        blocks.extend(buttons(request, around));
    }
    blocks.push(footer(request, around));
    let text = format!("{title}: {} asks for {}", spec.requester, spec.summary());
    Message::new(text, blocks, around.page.as_deref())
}

fn question(request: &Request, around: &Surroundings) -> Markup {
    let spec = request.spec();
    let who = around.requester.clone().unwrap_or_else(|| Who::Name(spec.requester.to_string()));
    let text = who.write(Markup::new());
    match request.state() {
        State::Extending(extending) => {
            let text = text.plain(" asks to have ").then(&access::what(request)).plain(" for ");
            text.bold(extending.extension.lifetime.to_string()).plain(", counted from the approval")
        }
        _ => text.plain(" asks for ").then(&access::what(request)),
    }
}

fn warnings(around: &Surroundings) -> impl Iterator<Item = Block> {
    around.warnings.iter().map(|text| Block::quoted(format!("⚠ {text}")))
}

/// The reply to a message that asks, for those who may answer it.
pub(super) fn reminder(request: &Request, around: &Surroundings) -> Message {
    let until = access::clock(request.spec().answer_by);
    let says = format!("No answer yet. The request waits until {until}.");
    let mut blocks = vec![Block::text(Markup::new().bold(&says))];
    blocks.extend(asked_of(around));
    Message::new(format!("{says} {}", request.spec().summary()), blocks, around.page.as_deref())
}

fn facts(request: &Request) -> Option<Block> {
    let spec = request.spec();
    let field = |name: &str, value: String| Markup::new().bold(name).line().plain(value);
    let mut fields =
        vec![field("For", spec.subject.to_string()), field("How long", spec.lifetime.to_string())];
    fields.push(field("Policy rule", spec.rule.clone()));
    fields.extend(spec.danger().map(|class| field("Danger", class.to_string())));
    let arns = spec.grants.iter().filter_map(|grant| grant.iam_arn.clone());
    fields.extend(arns.map(|arn| field("For AWS", arn)));
    Some(Block::fields(fields))
}

fn gives(around: &Surroundings) -> Vec<Block> {
    if around.reports.is_empty() {
        return Vec::new();
    }
    let text = Markup::new().bold("It gives").line().lines_of_code(access::rules(&around.reports));
    let mut blocks = vec![Block::text(text)];
    blocks.extend(access::dangers(&around.reports).into_iter().map(Block::text));
    let left_out = access::left_out(&around.reports);
    if !left_out.is_empty() {
        blocks.push(Block::context(
            left_out.into_iter().map(|line| Markup::new().plain(format!("Left out: {line}"))),
        ));
    }
    blocks
}

/// Who is asked.
fn asked_of(around: &Surroundings) -> Option<Block> {
    let (named, rest) = around.approvers.split_at_checked(MENTIONED).unwrap_or((&around.approvers, &[]));
    let text =
        named.iter().fold(Markup::new().plain("These may answer:"), |text, who| who.write(text.plain(" ")));
    let text = if rest.is_empty() { text } else { text.plain(format!(" and {} more", rest.len())) };
    let mut lines = vec![if around.approvers.is_empty() {
        Markup::new().plain("No person is left who may approve it.")
    } else {
        text
    }];
    if !around.unreached.is_empty() {
        let names = around.unreached.join(", ");
        lines.push(Markup::new().plain(format!("Not reached in Slack: {names}")));
    }
    Some(Block::context(lines))
}

fn buttons(request: &Request, around: &Surroundings) -> Option<Block> {
    let value = Answer::value(request).ok()?;
    let approve = Button::new("Approve", ids::APPROVE, value.clone()).style(Style::Primary);
    let danger = request.spec().danger().filter(|class| *class >= Class::High);
    let approve = match danger {
        Some(class) => approve.confirm(
            Confirm::new(
                "Approve this?",
                format!("Its danger is {class}. {}", request.spec().summary()),
                "Approve",
                "Go back",
            )
            .dangerous(),
        ),
        None => approve,
    };
    let deny = Button::new("Deny", ids::DENY, value).style(Style::Danger);
    let elements = [Some(approve.into()), Some(deny.into()), shorter(request, around, danger)];
    Some(Block::actions(elements.into_iter().flatten()))
}

/// A yes for a shorter time than was asked.
fn shorter(request: &Request, around: &Surroundings, danger: Option<Class>) -> Option<Element> {
    let asked = match request.state() {
        State::Extending(extending) => extending.extension.lifetime,
        _ => request.spec().lifetime,
    };
    let shorter = around.presets.iter().filter(|own| **own < asked);
    let option = |own: &Lifetime| {
        let value = Answer::option(request, *own).ok()?;
        Some(OptionObject::new(format!("Approve for {own}"), value))
    };
    let mut options = shorter.filter_map(option);
    let select = StaticSelect::new(ids::SHORTEN, options.next()?, options).placeholder("Approve for less");
    let confirm = Confirm::new("Approve this?", request.spec().summary(), "Approve", "Go back");
    let confirm = if danger.is_some() { confirm.dangerous() } else { confirm };
    Some(Element::StaticSelect(select.confirm(confirm)))
}

fn footer(request: &Request, around: &Surroundings) -> Block {
    let id = Markup::new().plain("Request ").code(request.id().as_str());
    Block::context([match &around.page {
        Some(page) => id.plain(" · ").link(page, "all of it"),
        None => id,
    }])
}

/// A request in a list of those that wait for an answer.
pub(super) fn to_answer(request: &Request, around: &Surroundings) -> Vec<Block> {
    let mut blocks = vec![Block::text(question(request, around))];
    blocks
        .extend(crate::workflow::reason_of(request).map(|reason| Block::quoted(format!("Reason: {reason}"))));
    blocks.extend(buttons(request, around));
    blocks
}

/// Whether approvers are asked something now.
pub(super) fn is_waiting(request: &Request) -> bool {
    match request.state() {
        State::Pending(_) => true,
        State::Extending(extending) => extending.extension.granted.is_none(),
        _ => false,
    }
}

/// The message for the person whose own it is, about what just happened.
pub(super) fn own(request: &Request, notice: &Notice, around: &Surroundings, now: Timestamp) -> Message {
    let headline = status::headline(request, notice, around);
    let mut blocks = vec![Block::text(Markup::new().bold(&headline)), Block::text(access::what(request))];
    if is_the_answer(notice, around) {
        blocks.extend(works_now(request, notice, around));
    }
    if let Some(why) = status::detail(request, notice) {
        blocks.push(Block::quoted(why));
    }
    if matches!(notice, Notice::Requested) {
        blocks.extend(warnings(around));
        blocks.extend(gives(around));
        if !around.unreached.is_empty() {
            blocks.extend(asked_of(around));
        }
    }
    if matches!(notice, Notice::Escalation) {
        blocks.extend(asked_of(around));
    }
    blocks.extend(own_buttons(request, now));
    blocks.push(footer(request, around));
    Message::new(format!("{headline} {}", request.spec().summary()), blocks, around.page.as_deref())
}

/// An own message that a later one has taken the place of: where it stands, and no buttons.
pub(super) fn passed(request: &Request, around: &Surroundings) -> Message {
    let blocks =
        vec![Block::text(access::what(request)), Block::text(status(request)), footer(request, around)];
    Message::new(request.spec().summary(), blocks, around.page.as_deref())
}

/// Whether a notice says that access is there, as far as that is ever known.
pub(super) fn is_the_answer(notice: &Notice, around: &Surroundings) -> bool {
    matches!((notice, around.told_by), (Notice::Live, _) | (Notice::Merged, ToldBy::Git))
}

/// What to type now.
fn works_now(request: &Request, notice: &Notice, around: &Surroundings) -> Vec<Block> {
    let commands = access::commands(request, &around.reports, &around.contexts);
    if commands.is_empty() {
        return Vec::new();
    }
    let when = match notice {
        Notice::Live => "This works now:",
        _ => "This works once the cluster has synced:",
    };
    let text = Markup::new().plain(when).line().lines_of_code(commands.join(
        "
",
    ));
    let mut blocks = vec![Block::text(text)];
    if access::is_on_one_object(request) {
        let hint = "It is for one object: name it in each command, since a list of all stays forbidden.";
        blocks.push(Block::context([Markup::new().plain(hint)]));
    }
    blocks
}

/// What a person can do with their own as it stands.
pub(super) fn own_buttons(request: &Request, now: Timestamp) -> Option<Block> {
    let value = ButtonValue::new(request.id().to_string()).ok()?;
    let button = |text: &str, action| Button::new(text, action, value.clone());
    let is_over = request.expires_at().is_some_and(|end| end <= now);
    let elements: Vec<Element> = match request.state().name() {
        StateName::Pending | StateName::AwaitingReview | StateName::Approved | StateName::Proposed => {
            vec![button("Take back", ids::CANCEL).into()]
        }
        StateName::Merged | StateName::Active if !is_over => vec![
            button("Relinquish", ids::RELINQUISH).style(Style::Danger).into(),
            button("Extend", ids::EXTEND).into(),
        ],
        StateName::Extending => vec![button("Relinquish", ids::RELINQUISH).style(Style::Danger).into()],
        StateName::Denied
        | StateName::Cancelled
        | StateName::TimedOut
        | StateName::Revoked
        | StateName::Failed
            if request.spec().grants.len() == 1 =>
        {
            vec![button("Request again", ids::AGAIN).into()]
        }
        _ => Vec::new(),
    };
    (!elements.is_empty()).then(|| Block::actions(elements))
}
