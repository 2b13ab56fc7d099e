//! Requests for people and for machines.

use anstyle::{AnsiColor, Style};
use jiff::Timestamp;
use p0_access::request::{Request, State, StateName};
use p0_grant::danger::Class;
use p0_grant::rule::Rule;
use serde::Serialize;

use crate::cli::output::{Format, danger_style, plain, section, structured, table};
use crate::service::{Preview, Revocation};
use crate::store::Notice;

/// A request as `-o json` has it: a documented contract.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct View<'r> {
    id: &'r str,
    state: StateName,
    requester: &'r str,
    subject: String,
    grants: &'r [p0_access::request::RequestedGrant],
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'r str>,
    lifetime: String,
    asked_at: Timestamp,
    rule: &'r str,
    #[serde(skip_serializing_if = "Option::is_none")]
    danger: Option<Class>,
    approvers: Vec<&'r str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
    /// What `approve --shown` takes.
    shown: String,
}

#[derive(Serialize)]
struct Told {
    at: Timestamp,
    to: String,
    what: String,
}

fn view(request: &Request) -> View<'_> {
    let asked = request.spec();
    let approvers = request.granted().map(|granted| granted.approval.approvers()).unwrap_or_default();
    View {
        id: request.id().as_str(),
        state: request.state().name(),
        requester: asked.requester.as_str(),
        subject: asked.subject.to_string(),
        grants: &asked.grants,
        reason: asked.reason.as_deref(),
        lifetime: asked.lifetime.to_string(),
        asked_at: asked.at,
        rule: &asked.rule,
        danger: asked.danger(),
        approvers: approvers.into_iter().map(|name| name.as_str()).collect(),
        expires_at: request.granted().map(|granted| granted.expires_at),
        note: note(request),
        shown: request.shown(),
    }
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

fn style(state: StateName) -> Style {
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
    let until = request.expires_at().map(|until| format!(" until {until}")).unwrap_or_default();
    let note = note(request).map(|note| format!(" ({})", plain(&note))).unwrap_or_default();
    let style = style(state);
    format!("{} {style}{}{style:#}{until}{note}", request.id(), state.as_str())
}

/// A request after somebody did something to it.
pub(super) fn moved(request: &Request, output: Format) -> anyhow::Result<()> {
    if output != Format::Table {
        return structured(&view(request), output);
    }
    anstream::println!("{}", line(request));
    anstream::println!(
        "  {} to {}",
        plain(&request.spec().summary()),
        plain(&request.spec().subject.to_string())
    );
    let next = match request.state().name() {
        StateName::Pending => Some("approvers answer with `p0-gitops approve`, or `deny`"),
        StateName::Merged => Some("the cluster has it at its next sync"),
        StateName::Approved | StateName::Proposed => Some("it is merged by `p0-gitops serve`, or by `tick`"),
        _ => None,
    };
    if let Some(next) = next {
        anstream::println!("  {next}");
    }
    Ok(())
}

/// A request that was made before.
pub(super) fn existing(request: &Request, output: Format) -> anyhow::Result<()> {
    if output != Format::Table {
        return structured(&view(request), output);
    }
    match request.expires_at().filter(|_| request.state().name().is_live()) {
        Some(until) => anstream::println!(
            "already active until {until}; `p0-gitops extend {}` asks for longer",
            request.id()
        ),
        None => anstream::println!("asked for already: {}", line(request)),
    }
    Ok(())
}

/// Several requests.
pub(super) fn list(requests: &[Request], output: Format) -> anyhow::Result<()> {
    if output != Format::Table {
        return structured(&requests.iter().map(view).collect::<Vec<_>>(), output);
    }
    let rows = requests.iter().map(|request| {
        let asked = request.spec();
        vec![
            request.id().to_string(),
            request.state().name().as_str().to_owned(),
            asked.requester.to_string(),
            asked.summary(),
            asked.danger().map(|class| class.to_string()).unwrap_or_default(),
            request.expires_at().map_or_else(|| asked.lifetime.to_string(), |until| until.to_string()),
            asked.reason.clone().unwrap_or_default(),
        ]
    });
    let table = table(&["ID", "STATE", "WHO", "WHAT", "DANGER", "UNTIL", "WHY"], rows);
    match requests {
        [] => anstream::println!("none"),
        _ => table.lines().for_each(|line| anstream::println!("{}", line.trim_end())),
    }
    Ok(())
}

/// What a request gives.
pub(super) fn gives(shown: &Preview) {
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
        anstream::println!("{style}{}{style:#} {}: {}", danger.class, plain(&danger.what), danger.why);
    }
    anstream::println!("\nfor {}, as shown: {}", shown.lifetime, shown.digest);
}

/// Everything of a request.
pub(super) fn whole(
    request: &Request,
    shown: Option<&Preview>,
    notices: &[Notice],
    output: Format,
) -> anyhow::Result<()> {
    let told: Vec<Told> = notices
        .iter()
        .map(|notice| Told { at: notice.at, to: notice.recipient.clone(), what: sentence(notice) })
        .collect();
    if output != Format::Table {
        let mut value = serde_json::to_value(view(request))?;
        if let Some(fields) = value.as_object_mut() {
            fields.insert("told".to_owned(), serde_json::to_value(&told)?);
        }
        return structured(&value, output);
    }
    anstream::println!("{}", line(request));
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
    ];
    let rows = rows.into_iter().filter(|(_, value)| !value.is_empty());
    section("Request", &table(&["", ""], rows.map(|(name, value)| vec![name.to_owned(), value])));
    if let Some(shown) = shown {
        gives(shown);
    }
    let rows = told.into_iter().filter(|told| told.to == "channel");
    section("Told", &table(&["WHEN", "WHAT"], rows.map(|told| vec![told.at.to_string(), told.what])));
    Ok(())
}

/// One notice, as it comes.
pub(super) fn notice(notice: &Notice, output: Format) {
    match output {
        Format::Table => anstream::println!("{} {}", notice.at, plain(&sentence(notice))),
        Format::Yaml | Format::Json => anstream::println!("{}", notice.body),
    }
}

fn sentence(notice: &Notice) -> String {
    notice.body.get("sentence").and_then(|words| words.as_str()).unwrap_or_default().to_owned()
}

/// What a revocation came to.
pub(super) fn revoked(ended: &[Request], done: &Revocation, output: Format) -> anyhow::Result<()> {
    if output != Format::Table {
        let strays: Vec<String> = done.strays.iter().map(|(cluster, id)| cluster.grant_path(id)).collect();
        let kept: Vec<_> =
            done.kept.iter().map(|(id, why)| serde_json::json!({ "id": id, "why": why })).collect();
        let ended: Vec<_> = ended.iter().map(view).collect();
        return structured(&serde_json::json!({ "revoked": ended, "strays": strays, "kept": kept }), output);
    }
    ended.iter().for_each(|request| anstream::println!("{}", line(request)));
    for (cluster, id) in &done.strays {
        anstream::eprintln!(
            "{} stays: no request is known for it; `p0-gitops revert --cluster {cluster} {id}` removes it",
            cluster.grant_path(id)
        );
    }
    for (id, why) in &done.kept {
        anstream::eprintln!("{id} stays: {}", plain(why));
    }
    if ended.is_empty() && done.strays.is_empty() && done.kept.is_empty() {
        anstream::println!("nothing to revoke");
    }
    Ok(())
}
