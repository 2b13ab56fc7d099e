//! The page of one request: what was asked, what it gives, who may answer and with which command, and what happened.

use jiff::Timestamp;
use maud::{Markup, html};

use super::super::status_view::{Entry, RequestView, RuleRow, Status};
use super::parts::{capital, chip, command, danger, names, what, when, who};
use super::{Frame, Refresh, events};

/// The page.
pub(in crate::http) fn request(
    view: &RequestView,
    refresh: Refresh,
    now: Timestamp,
    looked_at: Option<Timestamp>,
) -> String {
    let RequestView { entry, gives, history } = view;
    Frame { title: &entry.id, now, looked_at, refresh }.around(&html! {
        p.back { a href="/" { "← Everybody" } }
        section aria-labelledby="request" {
            h2 #request { "Request " code { (entry.id) } " " (chip(entry.status)) }
            p.meaning { (capital(entry.status.meaning())) "." }
            (facts(entry, now))
        }
        @if !gives.is_empty() { (rules(gives)) }
        (commands(entry))
        section aria-labelledby="history" { h2 #history { "History" } (events(history, now)) }
    })
}

fn facts(entry: &Entry, now: Timestamp) -> Markup {
    html! {
        dl {
            dt { "Who" } dd { (who(entry)) }
            dt { "What" } dd { (what(entry)) }
            @if let Some(class) = entry.danger { dt { "Danger" } dd { (danger(class)) } }
            @if let Some(reason) = &entry.reason { dt { "Reason" } dd { (reason) } }
            dt { "Asked" } dd { (when(entry.asked_at, now)) }
            dt { "Duration" } dd { (entry.lifetime) }
            @if let Some(at) = entry.expires_at { dt { "Expiry" } dd { (when(at, now)) } }
            @if !entry.approvers.is_empty() { dt { "Approved by" } dd { (entry.approvers.join(", ")) } }
            @if !entry.may_approve.is_empty() { dt { "May approve" } dd { (names(&entry.may_approve)) } }
            dt { "Policy rule" } dd { (entry.rule) }
        }
    }
}

fn rules(gives: &[RuleRow]) -> Markup {
    html! {
        section aria-labelledby="gives" {
            h2 #gives { "What it gives" }
            table {
                thead { tr { th scope="col" { "Verbs" } th scope="col" { "Resources" } th scope="col" { "Names" } th scope="col" { "API groups" } } }
                tbody {
                    @for rule in gives {
                        tr {
                            td data-label="Verbs" { (rule.verbs) }
                            td data-label="Resources" { (rule.resources) }
                            td data-label="Names" { (rule.names) }
                            td data-label="API groups" { @if rule.groups.is_empty() { "core" } @else { (rule.groups) } }
                        }
                    }
                }
            }
        }
    }
}

/// What can be done about it now, by whom policy lets do it.
fn commands(entry: &Entry) -> Markup {
    let id = entry.id.as_str();
    let answer = |verb: &str, note: &str| html! { dt { (note) } dd { (command(&[verb, id])) } };
    html! {
        @if let Some(commands) = possible(entry) {
            section aria-labelledby="commands" {
                h2 #commands { "To paste" }
                dl { @for (verb, note) in commands { (answer(verb, note)) } }
            }
        }
    }
}

fn possible(entry: &Entry) -> Option<&'static [(&'static str, &'static str)]> {
    const ANSWER: &[(&str, &str)] = &[("approve", "Approve"), ("deny", "Deny"), ("cancel", "Take it back")];
    const END: &[(&str, &str)] = &[("relinquish", "Give it back"), ("revoke", "Take it away")];
    match entry.status {
        _ if !entry.may_approve.is_empty() => Some(ANSWER),
        Status::Live | Status::Merged | Status::Overdue => Some(END),
        Status::Ending | Status::Other(_) => None,
    }
}
