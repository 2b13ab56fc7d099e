//! The audit and the access review as one page for a browser and for paper, which needs nothing else and runs nothing.
//!
//! A grant is a row of four cells, so that it fits 800 px and a sheet: who, what, by whose approval, and when.

use std::collections::BTreeSet;

use jiff::Timestamp;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use p0_access::audit::{GrantSummary, Meant, Odd, Reviewed, Standing};
use p0_access::request::with_subresources;

use super::{Report, Review, Told, short};
use crate::when::written;

const STYLE: &str = include_str!("page.css");

/// The audit.
pub(super) fn page(report: &Report<'_>) -> Markup {
    let heading = match report.from == report.until {
        true => format!("Access on {}", written(report.from)),
        false => "Access over a time".to_owned(),
    };
    let introduction = html! {
        @if report.from != report.until {
            p.span { (time(report.from)) " until " (time(report.until)) }
        }
        p { (counts(report.grants.iter().map(|told| &told.meant))) " This is what the history of the base branch meant; whether the cluster followed is what confirmations say." }
    };
    let rows = report.grants.iter().map(row);
    document(&heading, &introduction, &report.oddities, "Who was meant to be able to do what", AUDIT, rows)
}

/// The access review.
pub(super) fn review(review: &Review<'_>) -> Markup {
    let heading = format!("Access review, {}", written(review.at));
    let introduction = html! {
        p { (counts(review.grants.iter().map(|own| &own.meant))) " To end one, run " code { "p0-gitops revoke GRANT" } "." }
    };
    let rows = review.grants.iter().map(review_row);
    document(&heading, &introduction, &review.oddities, "Who has what", REVIEW, rows)
}

const AUDIT: [&str; 4] = ["Who", "What", "Approved", "When"];
const REVIEW: [&str; 4] = ["Who", "What", "Approved", "Since"];

fn document(
    heading: &str,
    introduction: &Markup,
    odd: &[Odd],
    caption: &str,
    columns: [&str; 4],
    rows: impl ExactSizeIterator<Item = Markup>,
) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (heading) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                header { h1 { (heading) } (introduction) }
                main {
                    @if !odd.is_empty() { (oddities(odd)) }
                    section aria-labelledby="grants" {
                        h2 #grants { (caption) }
                        @if rows.len() == 0 { p.soft { "No person." } } @else {
                            table aria-labelledby="grants" {
                                thead { tr { @for title in columns { th scope="col" { (title) } } } }
                                tbody { @for row in rows { (row) } }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn counts<'h>(grants: impl Iterator<Item = &'h Meant<'h>>) -> String {
    let (mut count, mut subjects, mut clusters) = (0, BTreeSet::new(), BTreeSet::new());
    for meant in grants {
        count += 1;
        subjects.extend(meant.summary.as_ref().map(|summary| summary.subject.as_str()));
        clusters.insert(meant.cluster);
    }
    format!("Grants: {count}. Subjects: {}. Clusters: {}.", subjects.len(), clusters.len())
}

fn oddities(oddities: &[Odd]) -> Markup {
    html! {
        section.odd aria-labelledby="oddities" {
            h2 #oddities { "Not as the verifier lets it be" }
            ul {
                @for odd in oddities {
                    li { (odd.what) span.soft { (time(odd.at)) ", commit " code { (short(&odd.commit)) } } }
                }
            }
        }
    }
}

fn row(told: &Told<'_>) -> Markup {
    let meant = &told.meant;
    html! {
        tr class=[odd_class(meant)] {
            (grant(meant, None))
            td {
                (time(meant.from))
                (until(meant))
                @if let Some(ended) = told.ended { span.soft { (ended) } }
            }
        }
    }
}

fn review_row(own: &Reviewed<'_>) -> Markup {
    let meant = &own.meant;
    html! {
        tr class=[odd_class(meant)] {
            (grant(meant, own.person.as_deref()))
            td {
                (time(own.since))
                @if let Some(extended) = own.extended { span.soft { "extended " (time(extended)) } }
                (until(meant))
            }
        }
    }
}

fn odd_class(meant: &Meant<'_>) -> Option<&'static str> {
    (meant.standing != Standing::Meant).then_some("odd")
}

/// The three cells that say who has what by whose approval.
fn grant(meant: &Meant<'_>, person: Option<&str>) -> Markup {
    html! {
        @match &meant.summary {
            Some(summary) => {
                (who(summary, person)) (what(summary, meant.cluster.as_str(), meant.id.as_str())) (approval(summary))
            }
            None => {
                td { "unknown" }
                td { "its file cannot be read" span.soft { (meant.cluster) ", grant " code { (meant.id) } } }
                td {}
            }
        }
    }
}

fn until(meant: &Meant<'_>) -> Markup {
    html! {
        span.until {
            "until "
            @match meant.until { Some(until) => (time(until)), None => "it is removed" }
        }
        @if meant.standing == Standing::Overdue { strong.odd { "overdue: it stood on base past its end" } }
    }
}

fn who(summary: &GrantSummary<'_>, person: Option<&str>) -> Markup {
    html! {
        td {
            strong { (breakable(person.unwrap_or(&summary.subject))) }
            @if person.is_some() { span.soft { (breakable(&summary.subject)) } }
            @if let Some(requester) = summary.requester { span.soft { "asked by " (requester) } }
            @if let Some(reason) = summary.reason { q { (reason) } }
        }
    }
}

fn what(summary: &GrantSummary<'_>, cluster: &str, id: &str) -> Markup {
    html! {
        td {
            strong { (breakable(&summary.role)) } " on "
            (breakable(&with_subresources(&summary.selection, summary.subresources)))
            span.soft { (cluster) ", grant " code { (id) } }
        }
    }
}

fn approval(summary: &GrantSummary<'_>) -> Markup {
    html! {
        td {
            @if summary.approvers.is_empty() { "no person" } @else { (summary.approvers.join(", ")) }
            @if let Some(kind) = summary.approval { span.soft { "by " (kind) } }
            @if let Some(rule) = summary.policy_rule { span.soft { "rule " (rule) } }
        }
    }
}

/// A name that a line may end in after `/`, `@` and `.`, and nowhere else.
fn breakable(name: &str) -> Markup {
    html! {
        @for part in name.split_inclusive(['/', '@', '.']) { (part) wbr; }
    }
}

fn time(at: Timestamp) -> Markup {
    html! { time datetime=(at) { (written(at)) } }
}
