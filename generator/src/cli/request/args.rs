//! Which service, and who acts.

use std::future::Future;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context;
use jiff::Timestamp;
use p0_access::name::PersonName;

use crate::cli::args::{Look, StoreArgs, identity, open_repository, witnesses};
use crate::cli::output::Format;
use crate::forge::GitForge;
use crate::notify::NotificationLog;
use crate::on_call::{DutyFile, NobodyOnCall, OnCallLookup};
use crate::reconcile::{Problem, Reconciler};
use crate::service::Service;
use crate::signing::{KeySource, SigningKey};
use crate::workflow::Workflow;
use crate::workflow::actor::Actor;

/// Which service: its repository, its store, and what signs for it.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct ServiceArgs {
    /// The GitOps repository: a path, or an `https://` or `ssh://` address.
    #[arg(long, value_name = "PATH|URL", env = "P0_REPO", help_heading = "Where")]
    repo: String,

    /// The protected branch that the cluster applies.
    #[arg(long, value_name = "BRANCH", default_value = "main", env = "P0_BASE", help_heading = "Where")]
    base: String,

    #[command(flatten)]
    store: StoreArgs,

    /// The key that signs grants. Without it nothing is merged here: `p0-gitops serve` does that.
    #[arg(long, value_name = "FILE", env = "P0_SIGNING_KEY", help_heading = "Where")]
    signing_key: Option<PathBuf>,

    /// A file that says who is on call.
    #[arg(long, value_name = "FILE", env = "P0_ON_CALL", help_heading = "Where")]
    on_call: Option<PathBuf>,

    /// A kubeconfig to look into a cluster with, or `in-cluster`, where its file says how grants are confirmed; may be repeated.
    #[arg(long, value_name = "CLUSTER=FILE", value_parser = Look::parse, help_heading = "Where")]
    look: Vec<Look>,
}

/// Who acts.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct WhoArgs {
    /// Your key, as p0/identities.yaml has it: a private key, or the `.pub` of one that the SSH agent holds; without it, the agent's only one.
    #[arg(long, value_name = "FILE", env = "P0_KEY", help_heading = "Who")]
    key: Option<PathBuf>,

    /// Your name alone, which proves nothing: only where policy says `demo: true`.
    #[arg(long = "as", value_name = "NAME", env = "P0_AS", conflicts_with = "key", help_heading = "Who")]
    name: Option<PersonName>,
}

/// Which service, who acts at it, and how the answer is printed.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct CallArgs {
    #[command(flatten)]
    pub(super) service: ServiceArgs,

    #[command(flatten)]
    pub(super) who: WhoArgs,

    /// How to print it.
    #[arg(short, long, value_name = "FORMAT", default_value = "table")]
    pub(super) output: Format,
}

/// A service that is open.
pub(super) struct OpenService {
    pub(super) service: Service,
    pub(super) reconciler: Reconciler,
}

impl ServiceArgs {
    pub(super) async fn open(&self, now: Timestamp) -> anyhow::Result<OpenService> {
        let repository = open_repository(&self.repo, &self.base)?;
        let witnesses = witnesses(&self.look, &repository).await?;
        let by = identity(now);
        let store = self.store.open().await?;
        let forge = Arc::new(GitForge::new(repository, by.name, by.email));
        let on_call: Arc<dyn OnCallLookup> = match &self.on_call {
            Some(path) => Arc::new(DutyFile::new(path)),
            None => Arc::new(NobodyOnCall),
        };
        let workflow = Arc::new(Workflow::new(store.clone(), vec![forge]));
        let service = Service::new(workflow.clone(), on_call);
        let reconciler = Reconciler::new(workflow, Arc::new(NotificationLog::new(store)));
        let reconciler = witnesses
            .into_iter()
            .fold(reconciler, |reconciler, (cluster, witness)| reconciler.with_witness(cluster, witness));
        let reconciler = match &self.signing_key {
            Some(path) => reconciler.with_key(find(Some(path.clone()))?),
            None => reconciler,
        };
        Ok(OpenService { service, reconciler })
    }
}

impl WhoArgs {
    pub(super) fn actor(&self) -> anyhow::Result<Actor> {
        match &self.name {
            Some(name) => Ok(Actor::Name(name.clone())),
            None => Ok(Actor::Key(self.key()?)),
        }
    }

    pub(super) fn key(&self) -> anyhow::Result<SigningKey> {
        find(self.key.clone())
    }
}

impl OpenService {
    /// Does what is to be done now, where the key for it is at hand.
    pub(super) async fn carry_out(&self, now: Timestamp) {
        if self.reconciler.has_key() {
            for Problem { what, why } in self.reconciler.reconcile(now).await.problems {
                anstream::eprintln!("not done yet: {what}: {}", crate::cli::output::plain(&why));
            }
        }
    }
}

fn find(file: Option<PathBuf>) -> anyhow::Result<SigningKey> {
    let source = KeySource {
        file,
        passphrase: std::env::var("P0_SIGNING_KEY_PASSPHRASE").ok().map(Into::into),
        agent: std::env::var_os("SSH_AUTH_SOCK").filter(|path| !path.is_empty()).map(PathBuf::from),
    };
    Ok(SigningKey::find(&source)?)
}

/// Waits for `work`.
pub(super) fn wait<T>(work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
    runtime.context("cannot start the runtime")?.block_on(work)
}
