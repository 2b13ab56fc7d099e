//! `subset`: what a role gives on a selection, and what is said about it. Writes nothing.

use p0_grant::danger::Danger;
use p0_grant::digest::SubsetDigest;
use p0_grant::evaluate::BindingScope;
use p0_grant::plan::{PlanReport, Settings, exact, preview};
use p0_grant::rule::Rule;
use p0_grant::selection::Selection;
use serde::Serialize;

use super::args::{CatalogueArgs, PickArgs};
use super::output::{Format, Outcome, danger_style, plain, section, structured, table};

/// Show what a role gives on a selection.
///
/// Shows the rules that a grant would have, what of the role is left out and why, how dangerous the rest is, and where the
/// binding would count. Nothing is written and nothing is granted.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  p0-gitops subset --role view --locator 'deployment / default / nginx-deployment'
  p0-gitops subset --role edit --locator 'pod / shop / *' --subresource log -o json
  p0-gitops subset --role cluster-admin --locator 'node / *' --exact
  kubectl get clusterroles,roles -A -o yaml > roles.yaml
  p0-gitops subset --catalogue roles.yaml --role shop/deployer --locator 'deploy / shop / web'")]
pub(super) struct Args {
    #[command(flatten)]
    pick: PickArgs,

    #[command(flatten)]
    catalogue: CatalogueArgs,

    /// The exact subset, privileged verbs and all, which a grant would not have.
    #[arg(long)]
    exact: bool,

    /// How to print it; the JSON is described in docs/subset-json.md.
    #[arg(short, long, value_name = "FORMAT", default_value = "table")]
    output: Format,
}

/// The documented answer.
#[derive(Serialize)]
struct Answer<'a> {
    role: String,
    selection: String,
    subresources: Vec<String>,
    rules: &'a [Rule],
    dropped: Vec<Dropped<'a>>,
    danger: &'a [Danger],
    binding: Binding<'a>,
    sha256: SubsetDigest,
    withheld: Option<String>,
}

#[derive(Serialize)]
struct Dropped<'a> {
    what: String,
    verbs: &'a [String],
    resource: &'a str,
    code: p0_grant::subset::DropReason,
    reason: &'static str,
}

#[derive(Serialize)]
struct Binding<'a> {
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    namespace: Option<&'a str>,
}

pub(super) fn run(args: &Args) -> anyhow::Result<Outcome> {
    let catalogue = args.catalogue.read()?;
    let (role, selection) = args.pick.find(&catalogue)?;
    let settings = Settings::default();
    let findings = match args.exact {
        true => exact(role, &selection, &settings)?,
        false => preview(role, &selection, &settings)?,
    };
    let answer = answer(role.reference().to_string(), &selection, &findings);
    match args.output {
        Format::Table | Format::Wide => print(&answer),
        format => structured(&answer, format)?,
    }
    Ok(Outcome::Done)
}

fn answer<'a>(role: String, selection: &Selection, findings: &'a PlanReport) -> Answer<'a> {
    let dropped = findings.dropped().iter().map(|drop| Dropped {
        what: drop.what(),
        verbs: &drop.verbs,
        resource: &drop.resource,
        code: drop.reason,
        reason: drop.reason.sentence(),
    });
    Answer {
        role,
        selection: selection.to_string(),
        subresources: selection.subresources().iter().cloned().collect(),
        rules: findings.rules(),
        dropped: dropped.collect(),
        danger: findings.dangers(),
        binding: match findings.scope() {
            BindingScope::Cluster => Binding { kind: "ClusterRoleBinding", namespace: None },
            BindingScope::Namespace(namespace) => Binding { kind: "RoleBinding", namespace: Some(namespace) },
        },
        sha256: SubsetDigest::of(findings.rules()),
        withheld: findings.withheld().map(p0_grant::offer::Withheld::sentence),
    }
}

fn print(answer: &Answer<'_>) {
    let place = answer
        .binding
        .namespace
        .map_or_else(|| "the cluster".to_owned(), |namespace| format!("namespace {namespace}"));
    outln!("{} on {}", plain(&answer.role), plain(&answer.selection));
    outln!("bound by a {} in {place}", answer.binding.kind);
    let list = |list: &[String]| {
        list.iter().map(|word| if word.is_empty() { "\"\"" } else { word }).collect::<Vec<_>>().join(", ")
    };
    let rules = answer.rules.iter().filter_map(Rule::as_resource).map(|rule| {
        let names =
            if rule.resource_names().is_empty() { "any".to_owned() } else { list(rule.resource_names()) };
        vec![list(rule.api_groups()), list(rule.resources()), names, list(rule.verbs())]
    });
    section("Rules", &table(&["API GROUPS", "RESOURCES", "NAMES", "VERBS"], rules));
    let dropped = answer.dropped.iter().map(|drop| vec![drop.what.clone(), drop.reason.to_owned()]);
    section("Left out", &table(&["WHAT", "WHY"], dropped));
    let dangers = answer
        .danger
        .iter()
        .map(|danger| vec![danger.class.to_string(), danger.what.clone(), danger.why.clone()]);
    section("Danger", &table(&["CLASS", "WHAT", "WHY"], dangers));
    if let Some(why) = &answer.withheld {
        let style = danger_style(p0_grant::danger::Class::Block);
        outln!("\n{style}Not offered{style:#}: {why}");
    }
}
