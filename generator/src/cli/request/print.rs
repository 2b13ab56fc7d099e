//! Requests for people and for machines.

use std::collections::BTreeSet;

use anstyle::{AnsiColor, Style};
use jiff::Timestamp;
use p0_access::layout::ClusterName;
use p0_access::name::PersonName;
use p0_access::request::{Request, Span, State, StateName};

use crate::cli::output::{Format, plain, structured};
use crate::service::Length;
use crate::when::written;

mod detail;
mod lists;
mod preapprovals;
mod revocation;
mod standing;
mod view;

pub(super) use detail::{notice, to_approve, whole};
pub(super) use lists::{list, to_review};
pub(super) use preapprovals::{allowed, preapprovals};
pub(super) use revocation::{revocable, revoked, shown_before};
use standing::on_the_cluster;
pub(super) use standing::{possible, standing};
use view::{view, view_with};

type Persons = BTreeSet<PersonName>;

fn names(persons: &Persons) -> Vec<&str> {
    persons.iter().map(PersonName::as_str).collect()
}

/// What there is to say of a state besides its name.
fn note(request: &Request) -> Option<String> {
    match request.state() {
        State::Pending(pending) => {
            let votes: Vec<&str> = pending.votes.iter().map(|vote| vote.person.as_str()).collect();
            let votes = (!votes.is_empty()).then(|| format!("approved by {} so far", votes.join(", ")));
            votes.or_else(|| pending.returned.clone())
        }
        State::Denied { by, reason } => {
            let by = by.as_ref().map_or_else(|| "by policy or in Git".to_owned(), |by| format!("by {by}"));
            Some(reason.as_ref().map_or_else(|| by.clone(), |reason| format!("{by}: {reason}")))
        }
        State::Cancelled { by } => Some(format!("by {by}")),
        State::Failed { cause, .. } => Some(cause.clone()),
        State::Revoking(ending) | State::Revoked(ending) => {
            let by = ending.by.as_ref().map(|by| format!(", by {by}")).unwrap_or_default();
            let note = ending.note.as_ref().map(|note| format!(": {note}")).unwrap_or_default();
            let still = ending.gone.as_ref().and_then(|witness| witness.note.as_ref());
            let still = still.map(|still| format!("; {still}")).unwrap_or_default();
            Some(format!("{}{by}{note}{still}", ending.why.sentence()))
        }
        State::Extending(extending) => Some(format!("{} more asked for", extending.extension.lifetime)),
        State::Merged(_) | State::Active(_) => None,
        State::AwaitingReview(_) | State::Approved(_) | State::Proposed(_) | State::TimedOut => None,
    }
}

fn state_style(state: StateName) -> Style {
    let colour = match state {
        _ if state.is_live() => AnsiColor::Green,
        StateName::Denied | StateName::Failed => AnsiColor::Red,
        _ if state.is_ended() => AnsiColor::BrightBlack,
        _ => AnsiColor::Yellow,
    };
    Style::new().fg_color(Some(colour.into()))
}

fn line(request: &Request) -> String {
    let state = request.state().name();
    let until = request.expires_at().map(|until| format!(" until {}", written(until))).unwrap_or_default();
    let note = note(request).map(|note| format!(" ({})", plain(&note))).unwrap_or_default();
    let style = state_style(state);
    format!("{} {style}{}{style:#}{until}{note}", request.id(), state.as_str())
}

/// A request after somebody did something to it.
pub(super) fn moved(request: &Request, may: &Persons, now: Timestamp, output: Format) -> anyhow::Result<()> {
    if !output.is_for_people() {
        return structured(&view_with(request, may), output);
    }
    outln!("{}", line(request));
    outln!("  {} to {}", plain(&request.spec().summary()), plain(&request.spec().subject.to_string()));
    if let State::Extending(extending) = request.state()
        && extending.extension.granted.is_none()
        && let Ok(end) = now.checked_add(extending.extension.lifetime.duration())
    {
        outln!("  approved now, it would last until {}", written(end));
    }
    if !may.is_empty() {
        outln!("  these may approve it: {}", names(may).join(", "));
    }
    if request.state().name().is_live() {
        on_the_cluster(request).iter().for_each(|line| outln!("  {line}"));
    }
    let next = match request.state().name() {
        StateName::Pending => Some("approvers answer with `p0-gitops approve`, or `deny`"),
        StateName::Merged => Some("the cluster has it at its next sync"),
        StateName::Approved | StateName::Proposed => {
            Some("it is merged by `p0-gitops serve`, or by `reconcile`")
        }
        _ => None,
    };
    if let Some(next) = next {
        outln!("  {next}");
    }
    Ok(())
}

/// Which catalogues say what the request's roles give.
pub(super) fn catalogues(request: &Request, output: Format) {
    if output.is_for_people() {
        let clusters: BTreeSet<&ClusterName> =
            request.spec().grants.iter().map(|grant| &grant.cluster).collect();
        let paths: Vec<String> = clusters.into_iter().map(ClusterName::catalogue_path).collect();
        outln!("  catalogue: {} on base", paths.join(", "));
    }
}

/// A request that was made before, and whether it is for as long as is asked now.
pub(super) fn existing(request: &Request, asked: Length, output: Format) -> anyhow::Result<()> {
    if !output.is_for_people() {
        return structured(&view(request), output);
    }
    let id = request.id();
    match request.expires_at().filter(|_| request.state().name().is_live()) {
        Some(until) => {
            outln!("already active until {}; `p0-gitops extend {id}` asks for longer", written(until));
        }
        None => outln!("asked for already: {}", line(request)),
    }
    if let Some((asked, own)) = other_length(request, asked) {
        outln!("  for {own}, not for the {asked} that you ask now");
        if request.state().name() == StateName::Pending {
            outln!("  `p0-gitops cancel {id}` takes it back, then ask again");
        }
    }
    Ok(())
}

/// What is asked now and what the request is for, where they differ.
fn other_length(request: &Request, asked: Length) -> Option<(String, String)> {
    let spec = request.spec();
    let own = match spec.span {
        Span::Timed => spec.lifetime.to_string(),
        Span::Persistent => "persistent access".to_owned(),
    };
    let asked = match asked {
        Length::Default => return None,
        Length::For(lifetime) => lifetime.to_string(),
        Length::Persistent => "persistent access".to_owned(),
    };
    (asked != own).then_some((asked, own))
}
