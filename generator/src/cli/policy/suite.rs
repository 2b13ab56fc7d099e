//! `policy test`: fixtures, each with what the policy should say.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context;
use p0_access::cluster::Cluster;
use p0_access::layout::ClusterName;
use p0_access::policy_test::{CaseResult, PolicyInputs, Suite};
use p0_grant::catalogue::Catalogue;
use serde::Serialize;

use super::source::{read_identities, read_policy, text};
use crate::cli::args::read_catalogue_file;
use crate::cli::output::{Format, Outcome, plain, structured};

/// Run fixtures against a policy.
///
/// A fixture is a request with what should be said to it: which rule answers, who may approve, what is refused, whether
/// what is given is enough. Ends with 0 where all pass, 2 where one does not.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  p0-gitops policy test p0/policy_test.yaml
  p0-gitops policy test p0/policy_test.yaml --policy new.yaml -o json")]
pub(super) struct Args {
    /// Files of fixtures.
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,

    /// The policy, instead of the one that the fixtures name.
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,

    /// The persons, instead of those that the fixtures name.
    #[arg(long, value_name = "FILE")]
    identities: Option<PathBuf>,

    /// The cluster's settings (`p0-cluster.yaml`); without it, the default ones.
    #[arg(long, value_name = "FILE")]
    settings: Option<PathBuf>,

    /// How to print it.
    #[arg(short, long, value_name = "FORMAT", default_value = "table")]
    output: Format,
}

#[derive(Serialize)]
struct Told {
    file: String,
    tests: Vec<CaseResult>,
}

pub(super) fn run(args: &Args) -> anyhow::Result<Outcome> {
    let told: Vec<Told> = args.files.iter().map(|file| try_file(args, file)).collect::<Result<_, _>>()?;
    match args.output {
        Format::Table | Format::Wide => told.iter().for_each(print),
        format => structured(&told, format)?,
    }
    let failed = told.iter().flat_map(|told| &told.tests).any(|tried| !tried.differences.is_empty());
    Ok(if failed { Outcome::Refused } else { Outcome::Done })
}

fn try_file(args: &Args, file: &Path) -> anyhow::Result<Told> {
    let suite =
        Suite::read(&text(file)?).with_context(|| format!("`{}` holds no fixtures", file.display()))?;
    let beside = |name: &String| file.parent().unwrap_or(Path::new("")).join(name);
    let policy = args.policy.clone().or_else(|| suite.policy.as_ref().map(beside));
    let identities = args.identities.clone().or_else(|| suite.identities.as_ref().map(beside));
    let policy = policy.context("the fixtures name no policy: give `--policy`")?;
    let identities = identities.context("the fixtures name no identities: give `--identities`")?;
    let catalogue = match &suite.catalogue {
        Some(name) => read_catalogue_file(&beside(name))?,
        None => Catalogue::embedded()?,
    };
    let cluster = match &args.settings {
        Some(file) => {
            Cluster::read(&text(file)?).with_context(|| format!("`{}` is no cluster file", file.display()))?
        }
        None => Cluster::new(ClusterName::new("any")?),
    };
    let catalogue = Arc::new(catalogue);
    let policy = read_policy(&policy)?.resolved_by(std::slice::from_ref(&catalogue));
    let identities = read_identities(&identities)?;
    let settings = cluster.plan_settings();
    let inputs =
        PolicyInputs { policy: &policy, identities: &identities, catalogue: &catalogue, settings: &settings };
    Ok(Told { file: file.display().to_string(), tests: suite.run(inputs) })
}

fn print(told: &Told) {
    let failed = told.tests.iter().filter(|tried| !tried.differences.is_empty());
    for tried in failed.clone() {
        outln!("{}:{}: {}", plain(&told.file), tried.line, plain(&tried.name));
        for difference in &tried.differences {
            outln!("  {}", difference.field);
            outln!("  - {}", plain(&difference.expected));
            outln!("  + {}", plain(&difference.found));
        }
    }
    let (failed, all) = (failed.count(), told.tests.len());
    match failed {
        0 => outln!("{}: {all} passed", plain(&told.file)),
        failed => outln!("{}: {failed} of {all} failed", plain(&told.file)),
    }
}
