//! Where policy, persons, roles and settings come from: files, else base, else Kubernetes' own roles.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context;
use p0_access::cluster::Cluster;
use p0_access::identity::Identities;
use p0_access::layout::ClusterName;
use p0_access::policy::{Policy, UnknownResource, unknown_resources};
use p0_access::policy_test::{KnownNames, PolicyInputs};
use p0_grant::catalogue::Catalogue;
use p0_grant::plan::Settings;

use crate::cli::args::read_catalogue_file;
use crate::cli::environment::open_repository;
use crate::repository::Repository;

/// What is used where no catalogue is given and none is on base.
const BUILT_IN: &str = "Kubernetes' own, built in";

/// Which policy, which persons, which repository.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct SourceArgs {
    /// The policy; without it, `p0/policy.yaml` on base.
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,

    /// The persons; without it, `p0/identities.yaml` on base.
    #[arg(long, value_name = "FILE")]
    identities: Option<PathBuf>,

    /// The GitOps repository, whose base has everything that no file is given for.
    #[arg(long, value_name = "PATH|URL", env = "P0_REPO")]
    repo: Option<String>,

    /// The protected branch that the cluster applies.
    #[arg(long, value_name = "BRANCH", default_value = "main", env = "P0_BASE")]
    base: String,

    /// A catalogue; without it, the cluster's on base, or Kubernetes 1.36's own roles.
    #[arg(long, value_name = "FILE")]
    catalogue: Option<PathBuf>,
}

/// A policy and its persons.
pub(super) struct Source {
    pub(super) policy: Arc<Policy>,
    pub(super) identities: Arc<Identities>,
    pub(super) repository: Option<Repository>,
    base: String,
    catalogue: Option<PathBuf>,
    catalogues: Vec<Arc<Catalogue>>,
}

/// One cluster's roles and settings.
pub(super) struct Ground {
    catalogue: Arc<Catalogue>,
    settings: Settings,
    /// Where the catalogue is from, for reading.
    pub(super) from: String,
}

impl SourceArgs {
    pub(super) fn read(&self) -> anyhow::Result<Source> {
        let repository = self.repo.as_ref().map(|repo| open_repository(repo, &self.base)).transpose()?;
        let missing = "give it as a file, or name the repository with `--repo`";
        let catalogues = self.catalogues(repository.as_ref())?;
        let policy = match (&self.policy, &repository) {
            (Some(file), _) => Arc::new(read_policy(file)?.resolved_by(&catalogues)),
            (None, Some(repository)) => repository.snapshot()?.policy()?,
            (None, None) => anyhow::bail!("there is no policy to read: {missing}"),
        };
        let identities = match (&self.identities, &repository) {
            (Some(file), _) => Arc::new(read_identities(file)?),
            (None, Some(repository)) => repository.snapshot()?.identities()?,
            (None, None) => anyhow::bail!("there are no persons to read: {missing}"),
        };
        let (base, catalogue) = (self.base.clone(), self.catalogue.clone());
        Ok(Source { policy, identities, repository, base, catalogue, catalogues })
    }

    /// The catalogues that say which resources there are: the file's, or all on base.
    fn catalogues(&self, repository: Option<&Repository>) -> anyhow::Result<Vec<Arc<Catalogue>>> {
        match (&self.catalogue, repository) {
            (Some(file), _) => Ok(vec![Arc::new(read_catalogue_file(file)?)]),
            (None, Some(repository)) => Ok(repository.snapshot()?.catalogues()),
            (None, None) => Ok(Vec::new()),
        }
    }
}

pub(super) fn read_policy(file: &Path) -> anyhow::Result<Policy> {
    Policy::read(&text(file)?).with_context(|| format!("`{}` is no policy", file.display()))
}

pub(super) fn read_identities(file: &Path) -> anyhow::Result<Identities> {
    Identities::read(&text(file)?).with_context(|| format!("`{}` holds no persons", file.display()))
}

pub(super) fn text(file: &Path) -> anyhow::Result<String> {
    std::fs::read_to_string(file).with_context(|| format!("cannot read `{}`", file.display()))
}

impl Source {
    /// The resources that the policy names and no cluster has: of the catalogue's file, or of every catalogue on base.
    /// Without either, only Kubernetes' own resources are known, and words for others are not looked at.
    pub(super) fn unknown_resources(&self) -> anyhow::Result<Vec<UnknownResource>> {
        if !self.catalogues.is_empty() {
            return Ok(unknown_resources(&self.policy, &self.catalogues));
        }
        let unknown = unknown_resources(&self.policy, &[Arc::new(Catalogue::embedded()?)]);
        Ok(unknown.into_iter().filter(UnknownResource::is_of_kubernetes).collect())
    }

    /// What is known of `cluster`.
    pub(super) fn ground(&self, cluster: &ClusterName) -> anyhow::Result<Ground> {
        let settings = match &self.repository {
            Some(repository) => repository.snapshot()?.settings(cluster)?,
            None => Arc::new(Cluster::new(cluster.clone())),
        };
        let (catalogue, from) = match (&self.catalogue, &self.repository) {
            (Some(file), _) => (Arc::new(read_catalogue_file(file)?), file.display().to_string()),
            (None, Some(repository)) => {
                let from = format!("{} on {}", cluster.catalogue_path(), self.base);
                (repository.snapshot()?.catalogue(cluster)?, from)
            }
            (None, None) => (Arc::new(Catalogue::embedded()?), BUILT_IN.to_owned()),
        };
        let from = format!("{from}, Kubernetes {}", catalogue.kubernetes_version());
        Ok(Ground { catalogue, settings: settings.plan_settings(), from })
    }

    /// The names that rules can mean: of the clusters on base, and of every catalogue that is known.
    pub(super) fn known_names(&self) -> anyhow::Result<KnownNames> {
        let clusters = match &self.repository {
            Some(repository) => repository.snapshot()?.clusters().cloned().collect(),
            None => Vec::new(),
        };
        Ok(KnownNames { clusters, catalogues: self.catalogues.clone() })
    }

    /// Where the catalogues are from that the rules' words are looked up in.
    pub(super) fn catalogues_from(&self) -> anyhow::Result<Vec<String>> {
        Ok(match (&self.catalogue, &self.repository) {
            (Some(file), _) => vec![file.display().to_string()],
            (None, Some(repository)) if !self.catalogues.is_empty() => {
                let snapshot = repository.snapshot()?;
                let readable = snapshot.clusters().filter(|cluster| snapshot.catalogue(cluster).is_ok());
                readable.map(|cluster| format!("{} on {}", cluster.catalogue_path(), self.base)).collect()
            }
            _ => vec![BUILT_IN.to_owned()],
        })
    }

    pub(super) fn inputs<'a>(&'a self, ground: &'a Ground) -> PolicyInputs<'a> {
        PolicyInputs {
            policy: &self.policy,
            identities: &self.identities,
            catalogue: &ground.catalogue,
            settings: &ground.settings,
        }
    }
}
