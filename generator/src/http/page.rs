//! The status page: what the view holds, as HTML. Everything in it is escaped; no script, no form, nothing from elsewhere.
//!
//! Not here: what is shown.

use jiff::{SignedDuration, Timestamp};
use maud::{DOCTYPE, Markup, html};
use p0_grant::danger::Class;

use super::status_view::{Entry, Event, Section, Status, StatusView};
use crate::reconcile::Problem;

/// The page's one style sheet.
pub(super) const STYLE: &str = include_str!("style.css");

/// The first page.
pub(super) fn view(view: &StatusView, looked_at: Option<Timestamp>, problems: &[Problem]) -> String {
    let overdue = view.access.entries.iter().filter(|entry| entry.status == Status::Overdue).count();
    frame(
        "Access",
        view.now,
        looked_at,
        &html! {
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
                @if view.access.entries.is_empty() { p.nothing { "Nobody." } } @else { (access(&view.access, view.now)) }
            }
            section aria-labelledby="waiting" {
                h2 #waiting { "Waiting " span.count { (count(&view.waiting)) } }
                @if view.waiting.entries.is_empty() { p.nothing { "Nothing." } } @else { (waiting(&view.waiting, view.now)) }
            }
            section aria-labelledby="history" {
                h2 #history { "History" }
                @if view.history.is_empty() { p.nothing { "Nothing has happened yet." } } @else { (events(&view.history, view.now)) }
            }
        },
    )
}

/// The page of one request.
pub(super) fn request(
    entry: &Entry,
    history: &[Event],
    now: Timestamp,
    looked_at: Option<Timestamp>,
) -> String {
    frame(
        &entry.id,
        now,
        looked_at,
        &html! {
            p.back { a href="/" { "← Everybody" } }
            section aria-labelledby="request" {
                h2 #request { "Request " code { (entry.id) } " " (chip(entry.status)) }
                p.meaning { (capital(entry.status.meaning())) "." }
                dl {
                    dt { "Who" } dd { (who(entry)) }
                    dt { "What" } dd { (what(entry)) }
                    @if let Some(class) = entry.danger { dt { "Danger" } dd { (danger(class)) } }
                    @if let Some(reason) = &entry.reason { dt { "Reason" } dd { (reason) } }
                    dt { "Asked" } dd { (when(entry.asked_at, now)) }
                    dt { "Duration" } dd { (entry.lifetime) }
                    @if let Some(at) = entry.expires_at { dt { "Expiry" } dd { (when(at, now)) } }
                    @if !entry.approvers.is_empty() { dt { "Approved by" } dd { (entry.approvers.join(", ")) } }
                    dt { "Policy rule" } dd { (entry.rule) }
                }
            }
            section aria-labelledby="history" { h2 #history { "History" } (events(history, now)) }
        },
    )
}

/// A page that says one thing.
pub(super) fn message(title: &str, text: &str, now: Timestamp) -> String {
    frame(
        title,
        now,
        None,
        &html! { section { h2 { (title) } p { (text) } p { a href="/" { "Everybody" } } } },
    )
}

fn frame(title: &str, now: Timestamp, looked_at: Option<Timestamp>, body: &Markup) -> String {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) " · p0-gitops" }
                link rel="stylesheet" href="/style.css";
            }
            body {
                a.skip href="#main" { "Skip to the content" }
                header { h1 { a href="/" { "p0-gitops" } } p { "Just-in-time Kubernetes access, kept in Git" } }
                main #main { (body) }
                footer {
                    p {
                        "As of " (time(now)) ". "
                        @match looked_at {
                            Some(at) => { "Git and the clusters were last looked at " (ago(now.duration_since(at))) "." }
                            None => { "Git and the clusters were not looked at yet." }
                        }
                    }
                    p { "This page only reads. Git is what grants access; what is said here of a cluster is what was seen there." }
                }
            }
        }
    };
    page.into_string()
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
                th scope="col" { "Asked" } th scope="col" { "For" } th scope="col" { "Reason" } } }
            tbody {
                @for entry in &section.entries {
                    tr {
                        th scope="row" data-label="Who" { (who(entry)) }
                        td data-label="What" { (what(entry)) @if let Some(class) = entry.danger { " " (danger(class)) } }
                        td data-label="Status" { (chip(entry.status)) }
                        td data-label="Asked" { (when(entry.asked_at, now)) }
                        td data-label="For" { (entry.lifetime) }
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

fn who(entry: &Entry) -> Markup {
    html! { a href={ "/requests/" (entry.id) } { (entry.requester) } span.small { (entry.subject) } }
}

fn what(entry: &Entry) -> Markup {
    html! {
        @for grant in &entry.grants {
            div.grant {
                strong { (grant.role) } " on " span.selection { (grant.selection) }
                @if !grant.subresources.is_empty() { " with " (grant.subresources.join(", ")) }
                span.small { (grant.cluster) }
            }
        }
    }
}

fn approvers(entry: &Entry) -> Markup {
    html! {
        @if entry.approvers.is_empty() { span.small { "rule " (entry.rule) } } @else { (entry.approvers.join(", ")) }
    }
}

fn reason(entry: &Entry) -> Markup {
    html! { @match &entry.reason { Some(reason) => (reason), None => span.small { "none given" } } }
}

fn chip(status: Status) -> Markup {
    let class = match status {
        Status::Live => "chip live",
        Status::Merged => "chip merged",
        Status::Ending => "chip ending",
        Status::Overdue => "chip overdue",
        Status::Other(_) => "chip",
    };
    html! { span class=(class) title=(status.meaning()) { (status.label()) } }
}

fn danger(class: Class) -> Markup {
    html! { span class={ "danger " (class.to_string().to_lowercase()) } { (class) } }
}

fn more(section: &Section) -> Markup {
    html! { @if section.more > 0 { p.nothing { "… and " (section.more) " more: `p0-gitops ls` shows all." } } }
}

fn count(section: &Section) -> usize {
    section.entries.len() + section.more
}

fn when(at: Timestamp, now: Timestamp) -> Markup {
    html! { span.when { (ago(now.duration_since(at))) span.small { (time(at)) } } }
}

fn time(at: Timestamp) -> Markup {
    html! { time datetime=(at) { (at.strftime("%Y-%m-%d %H:%M UTC")) } }
}

/// A length of time as people say it, by its greatest unit or two.
fn ago(passed: SignedDuration) -> String {
    let seconds = passed.unsigned_abs().as_secs();
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60);
    let length = match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, minutes) => format!("{minutes} min"),
        (0, hours, 0) => format!("{hours} h"),
        (0, hours, minutes) => format!("{hours} h {minutes} min"),
        (days, 0, _) => format!("{days} d"),
        (days, hours, _) => format!("{days} d {hours} h"),
    };
    match passed.signum() {
        0 => "now".to_owned(),
        1 => format!("{length} ago"),
        _ => format!("in {length}"),
    }
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_said_as_people_say_them() {
        for (seconds, said) in [
            (0, "now"),
            (5, "5 s ago"),
            (-59, "in 59 s"),
            (-60, "in 1 min"),
            (3600, "1 h ago"),
            (-11_520, "in 3 h 12 min"),
            (90_000, "1 d 1 h ago"),
            (172_800, "2 d ago"),
        ] {
            assert_eq!(ago(SignedDuration::from_secs(seconds)), said);
        }
    }

    #[test]
    fn what_people_wrote_is_text_and_nothing_else() {
        let page =
            message("<script>alert(1)</script>", "\"><img src=x onerror=alert(1)>", Timestamp::UNIX_EPOCH);
        assert!(!page.contains("<script") && !page.contains("<img"), "{page}");
        assert!(page.contains("&lt;script&gt;"), "{page}");
    }
}
