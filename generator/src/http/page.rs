//! The status page: what the view holds, as HTML. Everything in it is escaped; no script, no form, nothing from elsewhere.
//!
//! Not here: what is shown ([`super::status_view`]), the page of one request ([`mod@request`]), and words and cells ([`parts`]).

use jiff::Timestamp;
use maud::{DOCTYPE, Markup, html};

use self::parts::{approvers, capital, chip, command, danger, more, names, reason, time, what, when, who};
use super::status_view::{Event, Section, Status, StatusView};
use crate::reconcile::Problem;
use crate::when::relative;

mod parts;
mod request;

pub(super) use request::request;

/// The page's one style sheet.
pub(super) const STYLE: &str = include_str!("style.css");

/// How many seconds a page stands before it loads itself again.
const REFRESH: u32 = 15;

/// Whether a page loads itself again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refresh {
    /// It does.
    On,
    /// Its reader has stopped that.
    Off,
}

/// What a page says of itself.
#[derive(Clone, Copy)]
struct Frame<'a> {
    title: &'a str,
    now: Timestamp,
    looked_at: Option<Timestamp>,
    refresh: Refresh,
}

/// The first page.
pub(super) fn view(
    view: &StatusView,
    refresh: Refresh,
    looked_at: Option<Timestamp>,
    problems: &[Problem],
) -> String {
    let overdue = view.access.entries.iter().filter(|entry| entry.status == Status::Overdue).count();
    Frame { title: "Access", now: view.now, looked_at, refresh }.around(&html! {
        @if overdue > 0 || !problems.is_empty() {
            section.alarm aria-labelledby="trouble" {
                h2 #trouble { "Needs a look" }
                ul {
                    @if overdue > 0 { li { strong { (overdue) } " past expiry and not known to be gone" } }
                    @for problem in problems { li { strong { (problem.what) } ": " (problem.why) } }
                }
            }
        }
        section aria-labelledby="access" {
            h2 #access { "Who has access now " span.count { (count(&view.access)) } }
            @if view.access.entries.is_empty() { p.nothing { "No person has access." } } @else { (access(&view.access, view.now)) }
        }
        section aria-labelledby="waiting" {
            h2 #waiting { "Waiting " span.count { (count(&view.waiting)) } }
            @if view.waiting.entries.is_empty() { p.nothing { "Nothing." } } @else { (waiting(&view.waiting, view.now)) }
        }
        section aria-labelledby="history" {
            h2 #history { "History" }
            @if view.history.is_empty() { p.nothing { "Nothing has happened yet." } } @else { (events(&view.history, view.now)) }
        }
    })
}

/// A page that says one thing.
pub(super) fn message(title: &str, text: &str, now: Timestamp) -> String {
    let frame = Frame { title, now, looked_at: None, refresh: Refresh::Off };
    frame.around(&html! { section { h2 { (title) } p { (text) } p { a href="/" { "Everybody" } } } })
}

impl Frame<'_> {
    fn around(self, body: &Markup) -> String {
        let page = html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta name="color-scheme" content="light dark";
                    @if self.refresh == Refresh::On { meta http-equiv="refresh" content=(REFRESH); }
                    title { (self.title) " · p0-gitops" }
                    link rel="stylesheet" href="/style.css";
                }
                body {
                    a.skip href="#main" { "Skip to the content" }
                    header { h1 { a href="/" { "p0-gitops" } } p { "Just-in-time Kubernetes access, kept in Git" } }
                    main #main { (body) }
                    footer { (self.footer()) }
                }
            }
        };
        page.into_string()
    }

    fn footer(self) -> Markup {
        html! {
            p {
                "As of " (time(self.now)) ". "
                @match self.looked_at {
                    Some(at) => { "Git and the clusters were last looked at " (relative(at, self.now)) ". " }
                    None => { "Git and the clusters were not looked at yet. " }
                }
                @match self.refresh {
                    Refresh::On => { "This page loads itself again every " (REFRESH) " s: " a href="?refresh=off" { "stop that" } "." }
                    Refresh::Off => { a href="?" { "Load the page again" } "." }
                }
            }
            p { "This page only reads. Git is what grants access; what is said here of a cluster is what was seen there." }
        }
    }
}

fn access(section: &Section, now: Timestamp) -> Markup {
    html! {
        table {
            caption.unseen { "Access that there is now, what ends first comes first" }
            thead { tr { th scope="col" { "Who" } th scope="col" { "What" } th scope="col" { "Status" }
                th scope="col" { "Expires" } th scope="col" { "Approved by" } th scope="col" { "Reason" } } }
            tbody {
                @for entry in &section.entries {
                    tr class=[(entry.status == Status::Overdue).then_some("overdue")] {
                        th scope="row" data-label="Who" { (who(entry)) }
                        td data-label="What" { (what(entry)) }
                        td data-label="Status" { (chip(entry.status)) }
                        td data-label="Expires" { @if let Some(at) = entry.expires_at { (when(at, now)) } }
                        td data-label="Approved by" { (approvers(entry)) }
                        td data-label="Reason" { (reason(entry)) }
                    }
                }
            }
        }
        (more(section))
    }
}

fn waiting(section: &Section, now: Timestamp) -> Markup {
    html! {
        table {
            caption.unseen { "Requests that wait, the most dangerous first" }
            thead { tr { th scope="col" { "Who" } th scope="col" { "What" } th scope="col" { "Status" }
                th scope="col" { "Asked" } th scope="col" { "For" } th scope="col" { "May approve" } th scope="col" { "Reason" } } }
            tbody {
                @for entry in &section.entries {
                    tr {
                        th scope="row" data-label="Who" { (who(entry)) }
                        td data-label="What" { (what(entry)) @if let Some(class) = entry.danger { " " (danger(class)) } }
                        td data-label="Status" { (chip(entry.status)) }
                        td data-label="Asked" { (when(entry.asked_at, now)) }
                        td data-label="For" { (entry.lifetime) }
                        td data-label="May approve" {
                            (names(&entry.may_approve)) span.small { "rule " (entry.rule) }
                            @if !entry.may_approve.is_empty() { (command(&["approve", &entry.id])) }
                        }
                        td data-label="Reason" { (reason(entry)) }
                    }
                }
            }
        }
        (more(section))
    }
}

fn events(events: &[Event], now: Timestamp) -> Markup {
    html! {
        ol.events {
            @for event in events {
                li {
                    (when(event.at, now))
                    span.what { (capital(&event.what)) span.small { (event.why) } }
                    a href={ "/requests/" (event.request) } { code { (event.request) } }
                    code.hash title="the hash of this line of the audit log" { (event.hash.get(..12).unwrap_or_default()) }
                }
            }
        }
    }
}

fn count(section: &Section) -> usize {
    section.entries.len() + section.more
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_wrote_is_text_and_nothing_else() {
        let page =
            message("<script>alert(1)</script>", "\"><img src=x onerror=alert(1)>", Timestamp::UNIX_EPOCH);
        assert!(!page.contains("<script") && !page.contains("<img"), "{page}");
        assert!(page.contains("&lt;script&gt;"), "{page}");
    }
}
