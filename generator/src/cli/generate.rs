//! `generate`: a grant's YAML, unsigned. Equal arguments give equal bytes.

use std::path::PathBuf;

use anyhow::Context;
use jiff::Timestamp;
use p0_access::cluster::GrantSettings;
use p0_access::planned::{GrantTerms, Planned};
use p0_grant::grant::{NamePrefix, RoleObject};
use p0_grant::manifest::Manifest;
use p0_grant::plan::{Settings, plan};

use super::args::{CatalogueArgs, GrantArgs, PickArgs};
use super::output::{Outcome, write_whole};

/// Write a grant's YAML, unsigned.
///
/// With `--id`, `--created-at` and `--expires-at` the same arguments give the same bytes, for ever. To put a grant into a
/// repository use `propose`, which signs it.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  p0-gitops generate --role view --locator 'deployment / default / nginx-deployment' --to alice@example.com
  p0-gitops generate --role edit --locator 'configmap / shop / settings' --to Group/sre --duration 4h --file grant.yaml
  p0-gitops generate --role view --locator 'pod / shop / web' --to ServiceAccount/ci/deployer --role-object role | kubectl apply -f -")]
pub(super) struct Args {
    #[command(flatten)]
    pick: PickArgs,

    #[command(flatten)]
    grant: GrantArgs,

    #[command(flatten)]
    catalogue: CatalogueArgs,

    /// The kind of the role object where one namespace is picked.
    #[arg(long, value_name = "KIND", default_value = "cluster-role")]
    role_object: RoleObjectArg,

    /// What the objects' names begin with.
    #[arg(long, value_name = "TEXT", default_value = "p0")]
    prefix: String,

    /// Write here instead of to standard output; the file appears whole or not at all.
    #[arg(short, long, value_name = "FILE")]
    file: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum RoleObjectArg {
    /// ClusterRole
    ClusterRole,
    /// Role, so that an applier with rights in that namespace alone suffices
    Role,
}

impl From<RoleObjectArg> for RoleObject {
    fn from(kind: RoleObjectArg) -> Self {
        match kind {
            RoleObjectArg::ClusterRole => Self::ClusterRole,
            RoleObjectArg::Role => Self::Role,
        }
    }
}

pub(super) fn run(args: &Args, now: Timestamp) -> anyhow::Result<Outcome> {
    let catalogue = args.catalogue.read()?;
    let (role, selection) = args.pick.find(&catalogue)?;
    // No cluster file is read here, and no list of namespaces: the file may be for any cluster.
    let plan = plan(role, &selection, &Settings::default())?;
    let planned = Planned { role: role.reference().clone(), selection, plan };
    let times = args.grant.times(now)?;
    let terms = GrantTerms {
        id: args.grant.id()?,
        subject: args.grant.to.clone(),
        iam: None,
        created_at: times.created_at,
        expires_at: times.expires_at,
        workflow: None,
    };
    let settings = GrantSettings {
        role_object: args.role_object.into(),
        prefix: NamePrefix::new(args.prefix.as_str())?,
        ..GrantSettings::default()
    };
    let grant = planned.grant(terms, &settings)?;
    let text = Manifest::of(&grant)?.to_yaml()?;
    match &args.file {
        None => out!("{text}"),
        Some(path) => write_whole(path, text.as_bytes())
            .with_context(|| format!("cannot write `{}`", path.display()))?,
    }
    Ok(Outcome::Done)
}
