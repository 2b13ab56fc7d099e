//! Who is told about a notice, and what view of the request each gets.
//!
//! Data only: the messenger knows addresses and how a view looks. Not here: when something is told ([`super::step`]), and who may
//! approve (the policy).

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Notice, Request};
use crate::name::{HookName, PersonName};

/// One message to one recipient.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Delivery {
    /// To whom.
    pub recipient: Recipient,
    /// What they see of the request.
    pub view: View,
}

/// To whom a message goes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Recipient {
    /// One person.
    Person(PersonName),
    /// The channel of the request's rule, or the site's.
    Channel,
    /// The channel that is told where no approver answers.
    Escalation,
    /// A webhook of the site.
    Webhook(HookName),
}

/// What a recipient sees of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum View {
    /// It is their own: where it stands, and how to take it back.
    Own,
    /// They may answer it: what it gives, how dangerous that is, and how to approve or deny.
    Answer,
    /// They follow it: where it stands.
    Follow,
}

/// The messages that a notice makes: to the requester and the owner of the subject, to the channel, and to `approvers` while the
/// notice concerns them. A person gets one message, the requester's own before the approver's. A reminder is for approvers alone. Where
/// a request may be escalated, the channel for that follows from the escalation on: a messenger edits what it has there, and has nothing
/// there before.
pub fn deliveries(notice: &Notice, request: &Request, approvers: &BTreeSet<PersonName>) -> Vec<Delivery> {
    let asked = request.spec();
    let own: BTreeSet<&PersonName> = std::iter::once(&asked.requester).chain(&asked.owner).collect();
    let to = |person: &PersonName, view| Delivery { recipient: Recipient::Person(person.clone()), view };
    let asks = match concerns_approvers(notice) {
        true => approvers.iter().filter(|person| !own.contains(person)).collect(),
        false => Vec::new(),
    };
    let concerned = own.iter().filter(|_| *notice != Notice::Reminder);
    let escalation = asked.escalate_at.filter(|_| concerns_approvers(notice) && is_after_escalation(notice));
    concerned
        .map(|person| to(person, View::Own))
        .chain(asks.into_iter().map(|person| to(person, View::Answer)))
        .chain(std::iter::once(Delivery { recipient: Recipient::Channel, view: View::Follow }))
        .chain(escalation.map(|_| Delivery { recipient: Recipient::Escalation, view: View::Answer }))
        .collect()
}

/// Whether a notice can come after the escalation.
fn is_after_escalation(notice: &Notice) -> bool {
    !matches!(notice, Notice::Requested | Notice::Reminder)
}

/// Whether approvers have to know: there is a question for them, or the question they had is answered.
pub fn concerns_approvers(notice: &Notice) -> bool {
    match notice {
        Notice::Requested
        | Notice::Counted { .. }
        | Notice::Returned { .. }
        | Notice::Reminder
        | Notice::Escalation
        | Notice::Approved
        | Notice::Denied
        | Notice::Cancelled
        | Notice::TimedOut => true,
        Notice::Merged
        | Notice::Live
        | Notice::AboutToExpire
        | Notice::Ending { .. }
        | Notice::Gone { .. }
        | Notice::Shortened
        | Notice::Failed { .. }
        | Notice::Alarm { .. } => false,
    }
}

impl fmt::Display for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Person(name) => name.fmt(f),
            Self::Channel => f.write_str("channel"),
            Self::Escalation => f.write_str("escalation channel"),
            Self::Webhook(name) => write!(f, "the webhook {name}"),
        }
    }
}

impl Recipient {
    /// A text that no other recipient has: a person may be called `channel`.
    pub fn key(&self) -> String {
        match self {
            Self::Person(name) => format!("person/{name}"),
            Self::Channel => "channel".to_owned(),
            Self::Escalation => "escalation".to_owned(),
            Self::Webhook(name) => format!("webhook/{name}"),
        }
    }
}
