//! Where a request stands, in a sentence for everybody, and in one for the person whose own it is.

use p0_access::request::{EndReason, Ending, Granted, Notice, Request, State};
use slack_client::text::Markup;

use super::{Surroundings, ToldBy, access};

/// Where it stands, for all who read a channel.
pub(super) fn status(request: &Request) -> Markup {
    let text = Markup::new();
    match request.state() {
        State::Pending(pending) => {
            let votes: Vec<&str> = pending.votes.iter().map(|vote| vote.person.as_str()).collect();
            match (&pending.returned, votes.as_slice()) {
                (Some(why), []) => text.bold("Waiting for an answer again").plain(format!(": {why}.")),
                (_, []) => text.bold("Waiting for an answer").plain("."),
                (_, votes) => text
                    .bold("Waiting for more approvals")
                    .plain(format!("; approved so far by {}.", votes.join(", "))),
            }
        }
        State::AwaitingReview(_) => text.bold("Waiting for a review").plain(" of the change in Git."),
        State::Approved(granted) | State::Proposed(granted) => {
            text.bold("Approved").plain(format!("{}; on its way to the cluster.", by(granted)))
        }
        State::Merged(merged) => {
            let until = access::clock(merged.granted.expires_at);
            let text = text.bold("Approved").plain(format!("{} until {until}", by(&merged.granted)));
            text.plain("; in Git, and the cluster has it at its next sync.")
        }
        State::Active(merged) => {
            let until = access::clock(merged.granted.expires_at);
            text.bold("Access is live").plain(format!(" until {until}; approved{}.", by(&merged.granted)))
        }
        State::Extending(extending) => {
            let until = access::clock(extending.merged.granted.expires_at);
            let asked = match extending.extension.granted {
                None => "waiting for an answer to the extension",
                Some(_) => "the extension is approved and on its way",
            };
            text.bold("Access is live").plain(format!(" until {until}; {asked}."))
        }
        State::Revoking(ending) => text.bold("Ending").plain(format!(
            ": {}{}; not yet gone from the cluster.",
            ending.why.sentence(),
            ended_by(ending)
        )),
        State::Revoked(ending) => {
            text.bold("Access is gone").plain(format!(": {}{}.", ending.why.sentence(), ended_by(ending)))
        }
        State::Denied { by, reason } => {
            let by = by.as_ref().map_or_else(|| " by policy".to_owned(), |by| format!(" by {by}"));
            let reason = reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
            text.bold("Denied").plain(format!("{by}{reason}"))
        }
        State::Cancelled { by } => text.bold("Taken back").plain(format!(" by {by}.")),
        State::TimedOut => {
            text.bold("Timed out").plain(": no answer, or no merge, in time. Nothing was granted.")
        }
        State::Failed { cause, .. } => text.bold("Failed").plain(format!(": {cause}")),
    }
}

fn by(granted: &Granted) -> String {
    let names: Vec<&str> = granted.approval.approvers().into_iter().map(|name| name.as_str()).collect();
    match names.as_slice() {
        [] if granted.approval.duty().is_some() => " because the requester is on call".to_owned(),
        [] => " by policy".to_owned(),
        names => format!(" by {}", names.join(", ")),
    }
}

fn ended_by(ending: &Ending) -> String {
    let by = ending.by.as_ref().map(|by| format!(", by {by}")).unwrap_or_default();
    let note = ending.note.as_ref().map(|note| format!(": {note}")).unwrap_or_default();
    format!("{by}{note}")
}

/// What the person whose own it is hears first.
pub(super) fn headline(request: &Request, notice: &Notice, around: &Surroundings) -> String {
    let until = access::until(request).map(|until| format!(" until {until}")).unwrap_or_default();
    match notice {
        Notice::Requested => match (request.state(), around.approvers.len()) {
            (State::AwaitingReview(_), _) => {
                "Your request is received. The review of its change in Git decides.".to_owned()
            }
            (_, 0) => {
                "Your request is received, and no approver could be reached. Your administrator can help."
                    .to_owned()
            }
            (_, 1) => "Your request is received. 1 approver is asked.".to_owned(),
            (_, count) => format!("Your request is received. {count} approvers are asked."),
        },
        Notice::Counted { .. } => "Your request has an approval; more are needed.".to_owned(),
        Notice::Returned { .. } => "Your request is back at the approvers.".to_owned(),
        Notice::Reminder => "Your request waits; its approvers are reminded.".to_owned(),
        Notice::Escalation => {
            let until = access::clock(request.spec().answer_by);
            format!(
                "No approver has answered yet. Each is asked directly now; your request waits until {until}."
            )
        }
        Notice::Approved => "Your request is approved. You are told once access is live.".to_owned(),
        Notice::Merged => match around.told_by {
            ToldBy::Cluster => {
                "Your request is approved and in Git. You are told once access is live.".to_owned()
            }
            ToldBy::Git => {
                format!("Your access is approved and in Git{until}. The cluster has it at its next sync.")
            }
        },
        Notice::Live => match request.granted().is_some_and(|granted| granted.approval.duty().is_some()) {
            true => format!("Your access is approved because you are on call, and it is live{until}."),
            false => format!("Your access is approved and live{until}."),
        },
        Notice::Denied => "Your request is denied.".to_owned(),
        Notice::Cancelled => "Your request is taken back.".to_owned(),
        Notice::TimedOut => {
            "Your request was not answered in time, or did not land. Nothing was granted.".to_owned()
        }
        Notice::AboutToExpire => format!("Your access ends soon: it lasts{until}."),
        Notice::Ending { why } => format!("Your access ends: {}.", why.sentence()),
        Notice::Gone { why: EndReason::Expired } => "Your access has expired.".to_owned(),
        Notice::Gone { why: EndReason::Relinquished } => "Your access is relinquished.".to_owned(),
        Notice::Gone { why } => format!("Your access is gone: {}.", why.sentence()),
        Notice::Shortened => format!("An extension was taken back in Git: your access lasts{until}."),
        Notice::Failed { .. } => {
            "Your request could not be carried out. Nothing was granted by it.".to_owned()
        }
        Notice::Alarm { .. } => "Something is wrong with your access; somebody should look.".to_owned(),
    }
}

/// What there is to add, in people's own words or the program's.
pub(super) fn detail(request: &Request, notice: &Notice) -> Option<String> {
    match notice {
        Notice::Denied => match request.state() {
            State::Denied { by, reason } => {
                let by = by.as_ref().map_or("Policy".to_owned(), ToString::to_string);
                Some(match reason {
                    Some(reason) => format!("{by} says: {reason}"),
                    None => format!("By {by}, without a reason."),
                })
            }
            _ => None,
        },
        Notice::Counted { missing } => Some(format!("Still missing: {}", missing.join("; "))),
        Notice::Returned { why } => Some(why.clone()),
        Notice::Failed { cause } => Some(format!("{cause}. You can request again.")),
        Notice::Alarm { what } => Some(what.clone()),
        Notice::Gone { why: EndReason::Revoked } => match request.state() {
            State::Revoked(ending) => {
                let by = ending.by.as_ref().map(ToString::to_string).unwrap_or_default();
                let note = ending.note.as_ref().map(|note| format!(": {note}")).unwrap_or_default();
                (!by.is_empty()).then(|| format!("By {by}{note}"))
            }
            _ => None,
        },
        _ => None,
    }
}
