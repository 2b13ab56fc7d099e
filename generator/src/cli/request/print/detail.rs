//! One request in full: what is asked, what it gives, and what was told of it.

use jiff::Timestamp;
use p0_access::request::{Request, StateName};
use p0_grant::rule::Rule;
use serde::Serialize;

use super::view::view_with;
use super::{Persons, line, names};
use crate::cli::output::{Format, danger_style, plain, section, structured, table};
use crate::service::Preview;
use crate::store::Notice;
use crate::when::written;

#[derive(Serialize)]
struct Told {
    at: Timestamp,
    to: String,
    what: String,
}

/// What is approved: everything that an approver signs for.
pub(in crate::cli::request) fn to_approve(shown: &Preview, now: Timestamp) {
    let asked = shown.request.spec();
    let ends = now.checked_add(shown.lifetime.duration()).map(written).unwrap_or_default();
    let mut rows = vec![
        ("asked by", asked.requester.to_string()),
        ("for", asked.subject.to_string()),
        ("what", asked.summary()),
        ("why", crate::workflow::reason_of(&shown.request).unwrap_or_default().to_owned()),
    ];
    if shown.request.state().name() == StateName::Extending {
        rows.extend(shown.request.expires_at().map(|end| ("ends now at", written(end))));
    }
    rows.push(("would end at", ends));
    let rows = rows.into_iter().filter(|(_, value)| !value.is_empty());
    section("Request", &table(&[], rows.map(|(name, value)| vec![name.to_owned(), value])));
    gives(shown);
}

/// What a request gives.
pub(in crate::cli::request) fn gives(shown: &Preview) {
    let list = |list: &[String]| {
        list.iter().map(|word| if word.is_empty() { "\"\"" } else { word }).collect::<Vec<_>>().join(", ")
    };
    let rules = shown
        .findings
        .iter()
        .flat_map(|findings| findings.rules())
        .filter_map(Rule::as_resource)
        .map(|rule| {
            let names =
                if rule.resource_names().is_empty() { "any".to_owned() } else { list(rule.resource_names()) };
            vec![list(rule.api_groups()), list(rule.resources()), names, list(rule.verbs())]
        });
    section("It gives", &table(&["API GROUPS", "RESOURCES", "NAMES", "VERBS"], rules));
    for danger in shown.findings.iter().flat_map(|findings| findings.dangers()) {
        let style = danger_style(danger.class);
        outln!("{style}{}{style:#} {}: {}", danger.class, plain(&danger.what), danger.why);
    }
    outln!("\nfor {}, as shown: {}", shown.lifetime, shown.digest);
}

/// Everything of a request.
pub(in crate::cli::request) fn whole(
    request: &Request,
    shown: Option<&Preview>,
    may: &Persons,
    notices: &[Notice],
    output: Format,
) -> anyhow::Result<()> {
    let told: Vec<Told> = notices
        .iter()
        .map(|notice| Told { at: notice.at, to: notice.recipient.clone(), what: sentence(notice) })
        .collect();
    if !output.is_for_people() {
        let mut value = serde_json::to_value(view_with(request, may))?;
        if let Some(fields) = value.as_object_mut() {
            fields.insert("told".to_owned(), serde_json::to_value(&told)?);
        }
        return structured(&value, output);
    }
    outln!("{}", line(request));
    let asked = request.spec();
    let approvers = request.granted().map(|granted| granted.approval.approvers()).unwrap_or_default();
    let approvers: Vec<&str> = approvers.into_iter().map(|name| name.as_str()).collect();
    let rows = [
        ("asked by", asked.requester.to_string()),
        ("for", asked.subject.to_string()),
        ("what", asked.summary()),
        ("how long", asked.lifetime.to_string()),
        ("why", asked.reason.clone().unwrap_or_default()),
        ("rule", asked.rule.clone()),
        ("approved by", approvers.join(", ")),
        ("may approve", names(may).join(", ")),
    ];
    let rows = rows.into_iter().filter(|(_, value)| !value.is_empty());
    section("Request", &table(&[], rows.map(|(name, value)| vec![name.to_owned(), value])));
    if let Some(shown) = shown {
        gives(shown);
    }
    let rows = told.into_iter().filter(|told| told.to == "channel");
    section("Told", &table(&["WHEN", "WHAT"], rows.map(|told| vec![written(told.at), told.what])));
    Ok(())
}

/// One notice, as it comes.
pub(in crate::cli::request) fn notice(notice: &Notice, output: Format) {
    match output {
        Format::Table | Format::Wide => outln!("{} {}", written(notice.at), plain(&sentence(notice))),
        Format::Yaml | Format::Json => outln!("{}", notice.body),
    }
}

fn sentence(notice: &Notice) -> String {
    notice.body.get("sentence").and_then(|words| words.as_str()).unwrap_or_default().to_owned()
}
