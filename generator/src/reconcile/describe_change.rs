//! The pull request's text for a request: who gets what, why, until when, and who approved it.
//!
//! Everything in it that people wrote is shown as code, so that it does nothing. It is for reading: nothing is read from it. Not
//! here: the removal's text ([`crate::forge`]).

use std::collections::BTreeSet;
use std::fmt::Write as _;

use p0_access::name::PersonName;
use p0_access::request::{Granted, Request};
use p0_grant::danger::Class;
use p0_grant::rule::Rule;

use crate::forge::markdown::{cell, code, one_line};
use crate::repository::PullRequestPage;
use crate::workflow::judged::{Judged, context};
use crate::workflow::policy_context::{PlannedGrant, PolicyContext};
use crate::workflow::{Result, reason_of};

/// Forges take about 64 KiB; a longer table says how much is missing.
const MOST_ROWS: usize = 60;

/// The page of the change that brings `granted` to base.
pub(super) fn page(request: &Request, granted: &Granted, known: &PolicyContext) -> Result<PullRequestPage> {
    let members = request.spec().grants.iter().map(|want| known.want(want)).collect::<Result<Vec<_>>>()?;
    let verb = if granted.number == 0 { "Grant" } else { "Extend" };
    let asked = request.spec();
    let title = one_line(&format!("{verb}: {} to {}", asked.summary(), asked.subject));
    let worst = members.iter().filter_map(worst).max();
    let mut labels = vec!["p0".to_owned(), "p0/grant".to_owned()];
    labels.extend(worst.map(|class| format!("danger/{class}")));
    let mut body = facts(request, granted);
    for (member, want) in members.iter().zip(&asked.grants) {
        let _infallible = write!(
            body,
            "\n### {} on {}, cluster {}\n\n",
            code(&want.role.to_string()),
            code(&want.selection),
            code(want.cluster.as_str()),
        );
        body.push_str(&rules(member));
        body.push_str(&remarks(member));
    }
    body.push_str(
        "\n### How to take it back\n\n`p0-gitops relinquish` or `revoke` with the id above, the Revert button of the merged pull request, or \
         deleting the grant's file on the base branch. Each of them ends the grant for good.\n\n\
         This text is for reading. The check `p0/verify` judges the files alone.\n",
    );
    Ok(PullRequestPage { title, body, labels, reviewers: reviewers(request, granted, &members, known) })
}

fn facts(request: &Request, granted: &Granted) -> String {
    let asked = request.spec();
    let names = |names: &mut dyn Iterator<Item = String>| {
        let all: Vec<String> = names.map(|name| cell(&name)).collect();
        if all.is_empty() { "—".to_owned() } else { all.join(", ") }
    };
    let approval = &granted.approval;
    let rules = approval.accepted.iter().map(|accepted| format!("{} ({})", accepted.rule, accepted.kind()));
    let rules: BTreeSet<String> = rules.collect();
    let rows = [
        ("who", cell(&asked.subject.to_string())),
        ("asked by", cell(asked.requester.as_str())),
        ("why", cell(reason_of(request).unwrap_or_default())),
        ("until", cell(&granted.expires_at.to_string())),
        ("merge before", cell(&granted.merge_before.to_string())),
        ("approved by", names(&mut approval.approvers().into_iter().map(ToString::to_string))),
        ("under", names(&mut rules.into_iter())),
        ("request", cell(request.id().as_str())),
    ];
    let rows: String = rows.iter().map(|(what, value)| format!("| {what} | {value} |\n")).collect();
    format!("| | |\n|---|---|\n{rows}")
}

fn rules(member: &PlannedGrant) -> String {
    let rules = member.planned.plan.report().rules();
    let list = |items: &[String]| match items.is_empty() {
        true => "all".to_owned(),
        false => cell(&items.join(", ")),
    };
    let row = |rule: &Rule| match rule.as_resource() {
        Some(rule) => {
            let groups: Vec<String> = rule
                .api_groups()
                .iter()
                .map(|group| if group.is_empty() { "core".to_owned() } else { group.clone() })
                .collect();
            let (names, verbs) = (list(rule.resource_names()), list(rule.verbs()));
            format!("| {verbs} | {} | {} | {names} |\n", list(rule.resources()), list(&groups))
        }
        None => "| a rule on URLs | — | — | — |\n".to_owned(),
    };
    let mut table = "| verbs | resources | API groups | names |\n|---|---|---|---|\n".to_owned();
    table.extend(rules.iter().take(MOST_ROWS).map(row));
    if rules.len() > MOST_ROWS {
        let _infallible =
            writeln!(table, "\nand {} rules more; the file has all of them", rules.len() - MOST_ROWS);
    }
    table
}

/// What of the role is left out, and what is dangerous about the rest.
fn remarks(member: &PlannedGrant) -> String {
    let report = member.planned.plan.report();
    let mut text = String::new();
    let mut section = |title: &str, lines: Vec<String>| {
        if !lines.is_empty() {
            let _infallible = write!(text, "\n**{title}**\n\n{}\n", lines.join("\n"));
        }
    };
    let dangers = report.dangers().iter();
    section(
        "Danger",
        dangers.map(|danger| format!("- {}: {}, {}", danger.class, code(&danger.what), danger.why)).collect(),
    );
    let left_out = report.dropped().iter();
    section(
        "Left out of the role",
        left_out.map(|drop| format!("- {}: {}", code(&drop.what()), drop.reason.sentence())).collect(),
    );
    text
}

fn worst(member: &PlannedGrant) -> Option<Class> {
    member.planned.plan.report().dangers().iter().map(|danger| danger.class).max()
}

/// Whom the forge asks for a review, where the change needs one: those who may approve, and whom it does not concern.
fn reviewers(
    request: &Request,
    granted: &Granted,
    members: &[PlannedGrant],
    known: &PolicyContext,
) -> BTreeSet<PersonName> {
    let judged = context(request, granted.at).and_then(|context| {
        let judged = Judged::of(known, members, &context)?;
        Ok(judged.approvers().into_iter().cloned().collect::<BTreeSet<_>>())
    });
    // Without an answer no reviewer is asked: the forge shows the change all the same.
    let all = judged.unwrap_or_default();
    all.into_iter().filter(|person| !request.spec().concerns(person)).collect()
}
