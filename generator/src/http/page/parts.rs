//! Words and cells that pages are made of.

use jiff::Timestamp;
use maud::{Markup, html};
use p0_grant::danger::Class;

use super::super::status_view::{Entry, Section, Status};
use crate::when::relative;

pub(super) fn who(entry: &Entry) -> Markup {
    html! { a href={ "/requests/" (entry.id) } { (entry.requester) } span.small { (entry.subject) } }
}

pub(super) fn what(entry: &Entry) -> Markup {
    html! {
        @for grant in &entry.grants {
            div.grant {
                strong { (grant.role) } " on " span.selection { (grant.selection) }
                span.small { (grant.cluster) }
            }
        }
    }
}

/// Who approved it, and under which rule.
pub(super) fn approvers(entry: &Entry) -> Markup {
    html! { (entry.approvers.join(", ")) span.small { "rule " (entry.rule) } }
}

/// Names, or that none is known.
pub(super) fn names(names: &[String]) -> Markup {
    html! { @if names.is_empty() { span.small { "not known here" } } @else { (names.join(", ")) } }
}

pub(super) fn reason(entry: &Entry) -> Markup {
    html! { @match &entry.reason { Some(reason) => (reason), None => span.small { "none given" } } }
}

/// A command of the program to paste into a shell: its words are ids and options of ours, never text that people wrote.
pub(super) fn command(words: &[&str]) -> Markup {
    html! { code.paste { "p0-gitops " (words.join(" ")) } }
}

pub(super) fn chip(status: Status) -> Markup {
    let class = match status {
        Status::Live => "chip live",
        Status::Merged => "chip merged",
        Status::Ending => "chip ending",
        Status::Overdue => "chip overdue",
        Status::Other(_) => "chip",
    };
    html! { span class=(class) title=(status.meaning()) { (status.label()) } }
}

pub(super) fn danger(class: Class) -> Markup {
    html! { span class={ "danger " (class.to_string().to_lowercase()) } { (class) } }
}

pub(super) fn more(section: &Section) -> Markup {
    html! { @if section.more > 0 { p.nothing { "… and " (section.more) " more: `p0-gitops ls` shows all." } } }
}

pub(super) fn when(at: Timestamp, now: Timestamp) -> Markup {
    html! { span.when { (relative(at, now)) span.small { (time(at)) } } }
}

pub(super) fn time(at: Timestamp) -> Markup {
    html! { time datetime=(at) { (at.strftime("%Y-%m-%d %H:%M UTC")) } }
}

pub(super) fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
