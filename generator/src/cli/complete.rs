//! What a shell offers for a word that is being typed: requests of the store, clusters and roles on base. Not here: commands and
//! options, which clap knows, and the scripts for shells ([`super::completions`]).
//!
//! Only what is at hand is read: the store and the repository that the environment names, where they are files. A fault gives
//! no candidates, because a message in the middle of a command line helps no reader.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::path::Path;

use clap_complete::engine::{ArgValueCompleter, CompletionCandidate};
use jiff::Timestamp;
use p0_access::layout::ClusterName;
use p0_grant::catalogue::Catalogue;
use p0_grant::offer::withheld_role;

use super::environment::{self, open_repository};
use super::output::plain;
use super::runtime::wait;
use crate::repository::Repository;
use crate::store::{Filter, Store};
use crate::workflow::Workflow;

/// The variable by which a shell asks for candidates.
pub(super) const VARIABLE: &str = "P0_COMPLETE";

/// As many requests as a person looks through.
const MOST: u32 = 200;

/// Completes the id of a request.
pub(super) fn requests() -> ArgValueCompleter {
    ArgValueCompleter::new(|typed: &OsStr| beginning_with(typed, request_candidates().unwrap_or_default()))
}

/// Completes the name of a cluster.
pub(super) fn clusters() -> ArgValueCompleter {
    ArgValueCompleter::new(|typed: &OsStr| {
        let names =
            on_base(|repository| Ok(repository.snapshot()?.clusters().map(ToString::to_string).collect()));
        beginning_with(
            typed,
            names.into_iter().flat_map(BTreeSet::into_iter).map(|name| (name, None)).collect(),
        )
    })
}

/// Completes a role: of the cluster in `P0_CLUSTER`, of all clusters on base, else Kubernetes' own.
pub(super) fn roles() -> ArgValueCompleter {
    ArgValueCompleter::new(|typed: &OsStr| {
        let names = on_base(roles_on_base)
            .unwrap_or_else(|| Catalogue::embedded().map(|own| roles_of(&own)).unwrap_or_default());
        beginning_with(typed, names.into_iter().map(|name| (name, None)).collect())
    })
}

/// A word and what it is.
type Candidate = (String, Option<String>);

fn beginning_with(typed: &OsStr, candidates: Vec<Candidate>) -> Vec<CompletionCandidate> {
    let typed = typed.to_string_lossy();
    let fitting = candidates.into_iter().filter(|(word, _)| word.starts_with(&*typed));
    fitting.map(|(word, help)| CompletionCandidate::new(word).help(help.map(Into::into))).collect()
}

fn request_candidates() -> anyhow::Result<Vec<Candidate>> {
    wait(async {
        let store = Store::open_existing(&environment::store()?).await?;
        let workflow = Workflow::new(store, Vec::new());
        let listed =
            workflow.list_all(&Filter { limit: Some(MOST), ..Filter::default() }, Timestamp::now()).await?;
        let candidate = |request: &p0_access::request::Request| {
            let (state, spec) = (request.state().name(), request.spec());
            (request.id().to_string(), Some(plain(&format!("{}: {}", state.as_str(), spec.summary()))))
        };
        Ok(listed.requests.iter().map(candidate).collect())
    })
}

/// What the repository of the environment says, where it is a folder.
fn on_base<T>(read: impl FnOnce(&Repository) -> anyhow::Result<T>) -> Option<T> {
    let place = std::env::var("P0_REPO").ok().filter(|place| Path::new(place).is_dir())?;
    let base = std::env::var("P0_BASE").unwrap_or_else(|_| "main".to_owned());
    open_repository(&place, &base).and_then(|repository| read(&repository)).ok()
}

fn roles_on_base(repository: &Repository) -> anyhow::Result<BTreeSet<String>> {
    let snapshot = repository.snapshot()?;
    let one = std::env::var("P0_CLUSTER").ok().and_then(|name| ClusterName::new(name).ok());
    let catalogues = match one {
        Some(cluster) => vec![snapshot.catalogue(&cluster)?],
        None => snapshot.catalogues(),
    };
    Ok(catalogues.iter().flat_map(|catalogue| roles_of(catalogue)).collect())
}

/// The roles that are offered: a ClusterRole by its name alone.
fn roles_of(catalogue: &Catalogue) -> BTreeSet<String> {
    let offered = catalogue.roles().iter().filter(|role| withheld_role(role).is_none());
    let names = offered.map(|role| role.reference().to_string());
    names.map(|name| name.strip_prefix("ClusterRole/").map(str::to_owned).unwrap_or(name)).collect()
}
