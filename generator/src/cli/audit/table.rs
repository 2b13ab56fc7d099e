//! The audit and the access review as lists for people and as CSV: the same columns.
//!
//! A spreadsheet takes a cell that begins with `=`, `+`, `-` or `@` for a formula, and reasons are anybody's words, so such a cell
//! begins with `'` there (<https://owasp.org/www-community/attacks/CSV_Injection>). Not here: pages.

use anyhow::Context;
use p0_access::audit::{GrantSummary, Meant, Reviewed, Standing};
use p0_access::request::with_subresources;

use super::{Report, Review, Told, short};
use crate::cli::output::{Column, Format, Line, Show, list, section, table};
use crate::when::written;

/// The audit for people.
pub(super) fn tell(report: &Report<'_>, format: Format) {
    match report.from == report.until {
        true => outln!("{} grant(s) stood on base at {}", report.grants.len(), written(report.from)),
        false => {
            let (from, until) = (written(report.from), written(report.until));
            outln!("{} grant(s) counted between {from} and {until}", report.grants.len());
        }
    }
    if !report.grants.is_empty() {
        outln!("\nWho was meant to be able to do what");
        list(&AUDIT, &report.grants.iter().map(|told| Line::from(cells(told))).collect::<Vec<_>>(), format);
    }
    let rows = report
        .oddities
        .iter()
        .map(|odd| vec![written(odd.at), short(&odd.commit).to_owned(), odd.what.to_string()]);
    section("Not as the judgement lets it be", &table(&["WHEN", "COMMIT", "WHAT"], rows));
}

/// The access review for people.
pub(super) fn tell_review(review: &Review<'_>, format: Format) {
    outln!("{} grant(s) to review, as of {}", review.grants.len(), written(review.at));
    if !review.grants.is_empty() {
        outln!("");
        let lines = review.grants.iter().map(|own| Line::from(review_cells(own)));
        list(&REVIEW, &lines.collect::<Vec<_>>(), format);
    }
}

/// The audit as CSV.
pub(super) fn csv(report: &Report<'_>) -> anyhow::Result<String> {
    written_csv(&AUDIT, report.grants.iter().map(cells))
}

/// The access review as CSV.
pub(super) fn review_csv(review: &Review<'_>) -> anyhow::Result<String> {
    written_csv(&REVIEW, review.grants.iter().map(review_cells))
}

const AUDIT: [Column; 11] = [
    ("GRANT", Show::Whole),
    ("CLUSTER", Show::Cut),
    ("SUBJECT", Show::Cut),
    ("ROLE", Show::Cut),
    ("ON", Show::Cut),
    ("ASKED BY", Show::Wide),
    ("APPROVED BY", Show::Cut),
    ("FROM", Show::Wide),
    ("UNTIL", Show::Cut),
    ("WHY", Show::Wide),
    ("ENDED", Show::Wide),
];

const REVIEW: [Column; 12] = [
    ("PERSON", Show::Cut),
    ("SUBJECT", Show::Wide),
    ("ROLE", Show::Cut),
    ("ON", Show::Cut),
    ("CLUSTER", Show::Cut),
    ("SINCE", Show::Whole),
    ("EXTENDED", Show::Cut),
    ("ENDS", Show::Cut),
    ("ASKED BY", Show::Wide),
    ("APPROVED BY", Show::Cut),
    ("WHY", Show::Wide),
    ("GRANT", Show::Wide),
];

fn cells(told: &Told<'_>) -> Vec<String> {
    let meant = &told.meant;
    let of = |get: &dyn Fn(&GrantSummary<'_>) -> String| text(meant, get);
    vec![
        meant.id.to_string(),
        meant.cluster.to_string(),
        of(&|summary| summary.subject.clone()),
        of(&|summary| summary.role.clone()),
        of(&selection),
        of(&|summary| summary.requester.unwrap_or("-").to_owned()),
        of(&approved_by),
        written(meant.from),
        until(meant),
        of(&|summary| summary.reason.unwrap_or("-").to_owned()),
        told.ended.unwrap_or("-").to_owned(),
    ]
}

fn review_cells(own: &Reviewed<'_>) -> Vec<String> {
    let meant = &own.meant;
    let of = |get: &dyn Fn(&GrantSummary<'_>) -> String| text(meant, get);
    vec![
        own.person.clone().unwrap_or_else(|| "-".to_owned()),
        of(&|summary| summary.subject.clone()),
        of(&|summary| summary.role.clone()),
        of(&selection),
        meant.cluster.to_string(),
        written(own.since),
        own.extended.map_or_else(|| "-".to_owned(), written),
        until(meant),
        of(&|summary| summary.requester.unwrap_or("-").to_owned()),
        of(&approved_by),
        of(&|summary| summary.reason.unwrap_or("-").to_owned()),
        meant.id.to_string(),
    ]
}

fn text(meant: &Meant<'_>, get: &dyn Fn(&GrantSummary<'_>) -> String) -> String {
    meant.summary.as_ref().map_or_else(|| "?".to_owned(), get)
}

fn selection(summary: &GrantSummary<'_>) -> String {
    with_subresources(&summary.selection, summary.subresources)
}

fn until(meant: &Meant<'_>) -> String {
    let until = meant.until.map_or_else(|| "?".to_owned(), written);
    match meant.standing {
        Standing::Meant => until,
        Standing::Overdue => format!("{until} (overdue on base)"),
        Standing::Unknown => "unreadable".to_owned(),
    }
}

/// `bob, carol (reviewers, rule on-call)`.
fn approved_by(summary: &GrantSummary<'_>) -> String {
    let kind = summary.approval.map(|kind| kind.to_string());
    let rule = summary.policy_rule.map(|rule| format!("rule {rule}"));
    let how: Vec<String> = kind.into_iter().chain(rule).collect();
    let who = summary.approvers.join(", ");
    match how.is_empty() {
        true if who.is_empty() => "-".to_owned(),
        true => who,
        false => format!("{who} ({})", how.join(", ")).trim_start().to_owned(),
    }
}

fn written_csv(columns: &[Column], rows: impl Iterator<Item = Vec<String>>) -> anyhow::Result<String> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(columns.iter().map(|(title, _)| title.to_ascii_lowercase()))?;
    for row in rows {
        writer.write_record(row.iter().map(|cell| no_formula(cell)))?;
    }
    String::from_utf8(writer.into_inner().context("the table cannot be written")?).context("it is not text")
}

/// The text of a cell, which no spreadsheet takes for a formula; a `-` alone is the sign for nothing.
fn no_formula(cell: &str) -> String {
    let is_formula = cell.starts_with(['=', '+', '-', '@', '\t', '\r']) && cell != "-";
    if is_formula { format!("'{cell}") } else { cell.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_no_formula_and_no_second_cell() {
        let rows = ["=HYPERLINK(\"http://x\")", "a, \"b\"\nc", "-", "+1", "plain"].map(str::to_owned);
        let written = written_csv(&[("WHY", Show::Cut); 5], std::iter::once(rows.to_vec())).unwrap();
        assert_eq!(
            written,
            "why,why,why,why,why\n\"'=HYPERLINK(\"\"http://x\"\")\",\"a, \"\"b\"\"\nc\",-,'+1,plain\n"
        );
    }
}
