//! A request in words for Slack: what it is for, what it gives, and the command that works once it is live. Pure.

use std::collections::BTreeMap;

use p0_access::request::{Request, RequestedGrant};
use p0_grant::danger::Class;
use p0_grant::plan::PlanReport;
use p0_grant::rule::{ResourceRule, Rule};
use p0_grant::selection::{SelectionText, Target};
use slack_client::text::Markup;

/// How many lines of a list are shown.
const LINES: usize = 12;

/// What is asked for: the role, on what, where.
pub(super) fn what(request: &Request) -> Markup {
    let grants = request.spec().grants.iter().enumerate();
    grants.fold(Markup::new(), |text, (place, grant)| {
        let text = if place == 0 { text } else { text.plain(" and ") };
        one(text, grant)
    })
}

fn one(text: Markup, grant: &RequestedGrant) -> Markup {
    let text = text.bold(grant.role.name().as_str()).plain(" on ").code(locator(grant));
    let parts = grant.subresources.iter().fold(text, |text, part| text.plain(" with ").code(part));
    parts.plain(" in ").bold(grant.cluster.as_str())
}

/// A selection as people write it: `deployments / default / nginx-deployment`.
pub(super) fn locator(grant: &RequestedGrant) -> String {
    let Ok(SelectionText { plural, target, .. }) = grant.selection.parse() else {
        return grant.selection.clone();
    };
    match target {
        Target::Object { namespace, name } => format!("{plural} / {namespace} / {name}"),
        Target::Kind { namespace } => format!("{plural} / {namespace} / *"),
        Target::KindEverywhere => format!("{plural} / * / *"),
        Target::ClusterObject { name } => format!("{plural} / {name}"),
        Target::ClusterKind => format!("{plural} / *"),
    }
}

/// The same as the form's field has it, with the API group: it means one resource.
pub(super) fn exact_locator(grant: &RequestedGrant) -> Option<String> {
    let SelectionText { group, plural, target } = grant.selection.parse().ok()?;
    let kind = if group.is_empty() { format!("{plural}.core") } else { format!("{plural}.{group}") };
    Some(match target {
        Target::Object { namespace, name } => format!("{kind} / {namespace} / {name}"),
        Target::Kind { namespace } => format!("{kind} / {namespace} / *"),
        Target::KindEverywhere => format!("{kind} / *"),
        Target::ClusterObject { name } => format!("{kind} / {name}"),
        Target::ClusterKind => format!("{kind} / *"),
    })
}

/// The rules, one a line; what is over a dozen is counted.
pub(super) fn rules(reports: &[PlanReport]) -> String {
    let rules = reports.iter().flat_map(PlanReport::rules).filter_map(Rule::as_resource);
    limited(rules.map(rule).collect())
}

fn rule(rule: &ResourceRule) -> String {
    let group = |group: &String| if group.is_empty() { String::new() } else { format!("{group}/") };
    let groups = rule.api_groups();
    let resources =
        rule.resources().iter().flat_map(|resource| groups.iter().map(move |own| (own, resource)));
    let resources: Vec<String> =
        resources.map(|(own, resource)| format!("{}{resource}", group(own))).collect();
    let names = match rule.resource_names() {
        [] => String::new(),
        names => format!(" named {}", names.join(", ")),
    };
    format!("{} on {}{names}", rule.verbs().join(", "), resources.join(", "))
}

/// What of the role is left out, one a line with the reason.
pub(super) fn left_out(reports: &[PlanReport]) -> Vec<String> {
    let dropped = reports.iter().flat_map(PlanReport::dropped);
    let lines: Vec<String> = dropped
        .filter(|dropped| dropped.reason != p0_grant::subset::DropReason::NotAResource)
        .map(|dropped| {
            format!("{} on {}: {}", dropped.verbs.join(", "), dropped.resource, dropped.reason.sentence())
        })
        .collect();
    match lines.len() > 4 {
        true => {
            vec![format!("{}; and {} more", lines.get(..3).unwrap_or_default().join("; "), lines.len() - 3)]
        }
        false => lines,
    }
}

/// What is dangerous in it, one a line.
pub(super) fn dangers(reports: &[PlanReport]) -> Vec<Markup> {
    let found = reports.iter().flat_map(PlanReport::dangers).filter(|danger| danger.class > Class::Note);
    let line = |danger: &p0_grant::danger::Danger| {
        Markup::new().bold(danger.class.to_string()).plain(format!(" {}: {}", danger.what, danger.why))
    };
    found.map(line).take(8).collect()
}

fn limited(lines: Vec<String>) -> String {
    let more = lines.len().saturating_sub(LINES);
    let mut shown: Vec<String> = lines.into_iter().take(LINES).collect();
    if more > 0 {
        shown.push(format!("… and {more} more"));
    }
    shown.join("\n")
}

/// A command that works while the access is live; one for each grant.
pub(super) fn commands(
    request: &Request,
    reports: &[PlanReport],
    contexts: &BTreeMap<String, String>,
) -> Vec<String> {
    let grants = request.spec().grants.iter().zip(reports);
    grants.filter_map(|(grant, report)| command(grant, report, contexts)).collect()
}

fn command(
    grant: &RequestedGrant,
    report: &PlanReport,
    contexts: &BTreeMap<String, String>,
) -> Option<String> {
    let SelectionText { group, plural, target } = grant.selection.parse().ok()?;
    let has = |verb: &str| {
        report.rules().iter().any(|rule| rule.verbs().iter().any(|own| own == verb || own == "*"))
    };
    let resource = if group.is_empty() { plural } else { format!("{plural}.{group}") };
    let name = target.name().map(|name| format!(" {name}")).unwrap_or_default();
    let place = match &target {
        Target::KindEverywhere => " --all-namespaces".to_owned(),
        target => target.namespace().map(|own| format!(" --namespace {own}")).unwrap_or_default(),
    };
    let context = contexts.get(grant.cluster.as_str()).map_or(grant.cluster.as_str(), String::as_str);
    let context = shlex::try_quote(context).ok()?;
    let verb = match (has("get"), has("list"), target.name()) {
        (true, _, Some(_)) => "get".to_owned(),
        (_, true, None) => "get".to_owned(),
        _ => return Some(format!("kubectl --context {context} auth can-i --list{place}")),
    };
    Some(format!("kubectl --context {context} {verb} {resource}{name}{place}"))
}

/// Whether a live grant needs the object's name in each command.
pub(super) fn is_on_one_object(request: &Request) -> bool {
    let target = |grant: &RequestedGrant| grant.selection.parse::<SelectionText>().ok();
    request.spec().grants.iter().filter_map(target).any(|text| text.target.name().is_some())
}

/// A time as Slack shows it to each reader in their own zone.
pub(super) fn until(request: &Request) -> Option<String> {
    request.granted().map(|granted| clock(granted.expires_at))
}

/// A time for reading.
pub(super) fn clock(at: jiff::Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M UTC").to_string()
}
