//! `catalogue`: export a cluster's roles, resources and namespaces, show what may be asked for, compare two catalogues.

use std::path::PathBuf;

use anyhow::Context;
use p0_grant::catalogue::{Catalogue, Change, RoleChangeKind};
use p0_grant::offer::{Offer, SystemNamespaces, offers};
use p0_grant::resource::ApiResource;

use super::args::{CatalogueArgs, read_catalogue_file};
use super::export::read_cluster;
use super::output::{Column, Format, Line, Outcome, Show, list, section, structured, table, write_whole};
use crate::cluster::Access;

/// Export, show and compare catalogues of roles and resources.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  p0-gitops catalogue export --kube-context prod --file clusters/prod/catalogue.yaml
  p0-gitops catalogue show --catalogue clusters/prod/catalogue.yaml
  p0-gitops catalogue diff old.yaml new.yaml")]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    Export(ExportArgs),
    Show(ShowArgs),
    Diff(DiffArgs),
}

/// Write what a cluster serves, and its roles, as one catalogue.
///
/// Needs `get` on discovery and `list` on clusterroles, roles and namespaces. A part of discovery that fails is named, and
/// then nothing is written unless `--allow-partial` says otherwise.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  p0-gitops catalogue export
  p0-gitops catalogue export --kube-context prod --file clusters/prod/catalogue.yaml
  p0-gitops catalogue export --in-cluster --allow-partial --file catalogue.yaml")]
struct ExportArgs {
    /// The kubeconfig context.
    #[arg(long, value_name = "NAME", conflicts_with = "in_cluster")]
    kube_context: Option<String>,

    /// The kubeconfig; without it, KUBECONFIG or ~/.kube/config.
    #[arg(long, value_name = "FILE", conflicts_with = "in_cluster")]
    kubeconfig: Option<PathBuf>,

    /// The service account of the pod this runs in.
    #[arg(long)]
    in_cluster: bool,

    /// Write here instead of to standard output.
    #[arg(short, long, value_name = "FILE")]
    file: Option<PathBuf>,

    /// Write even if an API group does not answer; what the file knows of that group is kept.
    #[arg(long)]
    allow_partial: bool,
}

/// Show what may be asked for; with `--all`, also why the rest may not.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  p0-gitops catalogue show
  p0-gitops catalogue show --catalogue clusters/prod/catalogue.yaml --all
  p0-gitops catalogue show --kube-context prod -o json")]
struct ShowArgs {
    #[command(flatten)]
    catalogue: CatalogueArgs,

    /// Also list what may not be asked for, with the reason.
    #[arg(long)]
    all: bool,

    /// How to print it.
    #[arg(short, long, value_name = "FORMAT", default_value = "table")]
    output: Format,
}

/// Show what a newer catalogue changes.
///
/// Ends with 0 whether or not they differ.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  p0-gitops catalogue diff clusters/prod/catalogue.yaml new.yaml
  p0-gitops catalogue diff old.yaml new.yaml -o json")]
struct DiffArgs {
    /// The older one.
    old: PathBuf,

    /// The newer one.
    new: PathBuf,

    /// How to print it.
    #[arg(short, long, value_name = "FORMAT", default_value = "table")]
    output: Format,
}

pub(super) fn run(args: Args) -> anyhow::Result<Outcome> {
    match args.command {
        Command::Export(args) => export(&args),
        Command::Show(args) => show(&args),
        Command::Diff(args) => diff(&args),
    }
}

fn export(args: &ExportArgs) -> anyhow::Result<Outcome> {
    let access = match args.in_cluster {
        true => Access::InCluster,
        false => Access::Kubeconfig { file: args.kubeconfig.clone(), context: args.kube_context.clone() },
    };
    let export = read_cluster(&access)?;
    for lost in export.left_out() {
        errln!("left out: {} ({})", lost.what, lost.reason);
    }
    for failed in export.failed() {
        errln!("no answer: {}/{} ({})", failed.group, failed.version, failed.reason);
    }
    let catalogue = match args.allow_partial {
        true => export.partial(
            args.file
                .as_ref()
                .filter(|path| path.exists())
                .map(|path| read_catalogue_file(path))
                .transpose()?
                .as_ref(),
        )?,
        false => export.complete()?,
    };
    let text = catalogue.write()?;
    match &args.file {
        None => out!("{text}"),
        Some(path) => {
            write_whole(path, text.as_bytes())
                .with_context(|| format!("cannot write `{}`", path.display()))?;
            let (roles, resources) = (catalogue.roles().len(), catalogue.resources().len());
            errln!("wrote {} roles and {} resources to {}", roles, resources, path.display());
        }
    }
    Ok(Outcome::Done)
}

fn show(args: &ShowArgs) -> anyhow::Result<Outcome> {
    let catalogue = args.catalogue.read()?;
    let offers = offers(&catalogue, &SystemNamespaces::default());
    if !args.output.is_for_people() {
        structured(&offers, args.output)?;
        return Ok(Outcome::Done);
    }
    outln!("Kubernetes {}", catalogue.kubernetes_version());
    show_offered("Roles", "ROLE", &offers.roles, args.output);
    show_offered("Namespaces", "NAMESPACE", &offers.namespaces, args.output);
    outln!("\nResources");
    list(&RESOURCES, &offers.resources.iter().map(resource_line).collect::<Vec<_>>(), args.output);
    let withheld: Vec<Vec<String>> =
        withheld_rows(&offers.roles).chain(withheld_rows(&offers.namespaces)).collect();
    match (withheld.len(), args.all) {
        (0, _) => {}
        (_, true) => section("Not offered", &table(&["WHAT", "WHY"], withheld)),
        (count, false) => {
            outln!("\n{count} roles and namespaces are not offered; `--all` lists them with the reason");
        }
    }
    Ok(Outcome::Done)
}

const RESOURCES: [Column; 5] = [
    ("RESOURCE", Show::Whole),
    ("KIND", Show::Cut),
    ("SCOPE", Show::Cut),
    ("SHORT", Show::Cut),
    ("SUBRESOURCES", Show::Cut),
];

fn resource_line(resource: &ApiResource) -> Line {
    Line::from(vec![
        resource.to_string(),
        resource.kind().to_owned(),
        format!("{:?}", resource.scope()),
        resource.short_names().join(", "),
        resource.subresources().join(", "),
    ])
}

/// What of one kind may be asked for.
fn show_offered<T: ToString>(heading: &str, title: &'static str, offers: &[Offer<T>], format: Format) {
    let offered = offers.iter().filter(|offer| offer.withheld.is_none());
    let lines: Vec<Line> = offered.map(|offer| Line::from(vec![offer.item.to_string()])).collect();
    outln!("\n{heading}");
    list(&[(title, Show::Whole)], &lines, format);
}

fn withheld_rows<T: ToString>(offers: &[Offer<T>]) -> impl Iterator<Item = Vec<String>> {
    offers.iter().filter_map(|offer| Some(vec![offer.item.to_string(), offer.withheld.as_ref()?.sentence()]))
}

fn diff(args: &DiffArgs) -> anyhow::Result<Outcome> {
    let (old, new): (Catalogue, Catalogue) =
        (read_catalogue_file(&args.old)?, read_catalogue_file(&args.new)?);
    let difference = old.difference(&new);
    if !args.output.is_for_people() {
        structured(&difference, args.output)?;
        return Ok(Outcome::Done);
    }
    if difference.is_empty() {
        outln!("no difference");
    }
    if let Some(Change::Changed { before, after }) = &difference.kubernetes_version {
        outln!("Kubernetes {before} → {after}");
    }
    let roles = difference.roles.iter().map(|role| {
        let what = match role.change {
            RoleChangeKind::Added => "new",
            RoleChangeKind::Removed => "gone",
            RoleChangeKind::Rules => "other rules",
            RoleChangeKind::Order => "same rules in another order",
            RoleChangeKind::Offering => "offered otherwise",
        };
        vec![
            role.role.to_string(),
            what.to_owned(),
            format!("+{} -{} rules", role.added.len(), role.removed.len()),
        ]
    });
    section("Roles", &table(&["ROLE", "CHANGE", "RULES"], roles));
    section("Resources", &table(&["RESOURCE", "CHANGE"], difference.resources.iter().map(change_row)));
    section("Namespaces", &table(&["NAMESPACE", "CHANGE"], difference.namespaces.iter().map(change_row)));
    Ok(Outcome::Done)
}

fn change_row<T: ToString>(change: &Change<T>) -> Vec<String> {
    let (item, what) = match change {
        Change::Added(item) => (item, "new"),
        Change::Removed(item) => (item, "gone"),
        Change::Changed { after, .. } => (after, "described otherwise"),
    };
    vec![item.to_string(), what.to_owned()]
}
