//! What is to be done after a step. Each effect is idempotent.

use p0_grant::time::written;
use serde::{Deserialize, Serialize};

use super::ending::EndReason;
use super::{Request, State};
use crate::name::PersonName;

/// Something to be done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "effect", rename_all = "kebab-case")]
pub enum Effect {
    /// Make the repository hold what the state grants of it ([`Request::desired`]).
    ApplyDesired,
    /// Tell people.
    Tell(Notice),
}

/// What people are told. [`super::deliveries`] says whom.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "notice", rename_all = "kebab-case")]
pub enum Notice {
    /// Somebody asks, or asks for longer.
    #[serde(rename = "asked")]
    Requested,
    /// One yes more, and more are needed.
    Counted {
        /// What is missing.
        missing: Vec<String>,
    },
    /// It is back at the approvers.
    Returned {
        /// Why.
        why: String,
    },
    /// No approver has answered yet, and they are asked once more.
    Reminder,
    /// Still none has: each is asked directly, and others are told.
    Escalation,
    /// It is approved and on its way.
    Approved,
    /// It is on base, and the cluster has it at its next sync.
    Merged,
    /// Access is live.
    Live,
    /// It is denied, or the extension is.
    Denied,
    /// It was taken back.
    Cancelled,
    /// No approver answered in time, or it did not land in time.
    TimedOut,
    /// It ends soon.
    AboutToExpire,
    /// It ends, for this reason.
    Ending {
        /// Why.
        why: EndReason,
    },
    /// It ended, and is gone.
    Gone {
        /// Why.
        why: EndReason,
    },
    /// It ends earlier: somebody reverted an extension.
    Shortened,
    /// It cannot land.
    Failed {
        /// Why.
        cause: String,
    },
    /// Something is wrong, and somebody should look.
    Alarm {
        /// What.
        what: String,
    },
}

impl Notice {
    /// Whether somebody should look.
    pub fn is_alarm(&self) -> bool {
        matches!(
            self,
            Self::Alarm { .. }
                | Self::Ending { why: EndReason::Tampered | EndReason::Late | EndReason::Unapplied }
        )
    }

    /// What is said of `request`.
    pub fn sentence(&self, request: &Request) -> String {
        let until = request
            .granted()
            .map(|granted| format!(" until {}", written(granted.expires_at)))
            .unwrap_or_default();
        let approvers = request.granted().map(|granted| granted.approval.approvers()).unwrap_or_default();
        let names: Vec<&str> = approvers.into_iter().map(PersonName::as_str).collect();
        let by = if names.is_empty() { String::new() } else { format!(" by {}", names.join(", ")) };
        match self {
            Self::Requested => asked(request),
            Self::Counted { missing } => format!("one approval more; still missing: {}", missing.join("; ")),
            Self::Returned { why } => format!("it is back at the approvers: {why}"),
            Self::Reminder => {
                format!("no approver has answered yet; it waits until {}", written(request.spec().answer_by))
            }
            Self::Escalation => format!(
                "still no approver has answered, so each is asked directly; it waits until {}",
                written(request.spec().answer_by)
            ),
            Self::Approved => {
                format!(
                    "approved{by}{until}{}; access is live once it is merged and applied",
                    on_call(request)
                )
            }
            Self::Merged => format!("merged{until}; the cluster has it at its next sync"),
            Self::Live => format!("access is live{until}"),
            Self::Denied => denied(request),
            Self::Cancelled if request.state().name().is_live() => {
                format!("the extension was taken back; access lasts{until}")
            }
            Self::Cancelled => "it was taken back".to_owned(),
            Self::TimedOut => "it was not answered, or did not land, in time; nothing was granted".to_owned(),
            Self::AboutToExpire => format!("access ends soon: it lasts{until}; `extend` asks for longer"),
            Self::Ending { why } => format!("access ends: {}", why.sentence()),
            Self::Gone { why } => format!("access is gone: {}{}", why.sentence(), still(request)),
            Self::Shortened => format!("an extension was taken back in Git: access lasts{until}"),
            Self::Failed { cause } => format!("it cannot land: {cause}"),
            Self::Alarm { what } => format!("somebody should look: {what}"),
        }
    }
}

fn asked(request: &Request) -> String {
    let asked = request.spec();
    let reason = asked.reason.as_deref().map(|reason| format!(": {reason}")).unwrap_or_default();
    match request.state() {
        State::Extending(extending) => {
            format!("{} asks for {} more", extending.extension.by, extending.extension.lifetime)
        }
        _ => format!(
            "{} asks for {} for {}, {}{reason}",
            asked.requester,
            asked.summary(),
            asked.subject,
            asked.lifetime
        ),
    }
}

/// That no approver was asked, and why.
fn on_call(request: &Request) -> String {
    let duty = request.granted().and_then(|granted| granted.approval.duty());
    duty.map(|duty| format!(" without an approver, because {} is on call: {duty}", request.spec().requester))
        .unwrap_or_default()
}

/// What the witness of its end had to add.
fn still(request: &Request) -> String {
    let State::Revoked(ending) = request.state() else { return String::new() };
    let note = ending.gone.as_ref().and_then(|witness| witness.note.as_ref());
    note.map(|note| format!("; {} {note}", request.spec().subject)).unwrap_or_default()
}

fn denied(request: &Request) -> String {
    match request.state() {
        State::Denied { by, reason } => {
            let by = by.as_ref().map_or_else(|| "by policy".to_owned(), |by| format!("by {by}"));
            let reason = reason.as_deref().map(|reason| format!(": {reason}")).unwrap_or_default();
            format!("denied {by}{reason}")
        }
        _ => "not extended; access ends when it was going to".to_owned(),
    }
}
