//! Which service, and who acts.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use p0_access::name::PersonName;

use crate::cli::args::{Look, StoreArgs, check_signer, witnesses};
use crate::cli::environment::{identity, open_repository};
use crate::cli::output::Format;
use crate::forge::HostedRepository;
use crate::interrupt;
use crate::notify::{NotificationLog, Teller};
use crate::on_call::on_call_of;
use crate::reconcile::{Problem, Reconciler, RoundReport};
use crate::service::Service;
use crate::signing::{KeySource, SigningKey};
use crate::store::Store;
use crate::workflow::Workflow;
use crate::workflow::actor::Actor;

/// How long giving back what is claimed may take when the process is told to end.
const LEAVING: Duration = Duration::from_secs(2);

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
    pub(super) service: Arc<Service>,
    pub(super) reconciler: Reconciler,
    pub(super) teller: Teller,
    /// Why grants that are signed here would be refused.
    key_fault: Option<anyhow::Error>,
}

impl ServiceArgs {
    pub(super) async fn open(&self, now: Timestamp) -> anyhow::Result<OpenService> {
        let repository = open_repository(&self.repo, &self.base)?;
        let key = self.signing_key.as_ref().map(|path| find(Some(path.clone()))).transpose()?;
        let key_fault = key.as_ref().and_then(|key| check_signer(&repository, key, now).err());
        let witnesses = witnesses(&self.look, &repository).await?;
        let by = identity(now);
        let store = self.store.open().await?;
        release_when_interrupted(&store);
        let repository = HostedRepository::git(repository, by.name, by.email);
        let workflow = Workflow::new(store.clone(), vec![repository]);
        let workflow = Arc::new(workflow.with_on_call(on_call_of(self.on_call.as_deref())));
        let service = Arc::new(Service::new(workflow.clone()));
        let log = Arc::new(NotificationLog::new(store.clone()));
        let teller = match store.is_told_by_server().await? {
            true => Teller::that_sends_nothing(service.clone(), log),
            false => Teller::new(service.clone(), log),
        };
        let reconciler = Reconciler::new(workflow);
        let reconciler = witnesses
            .into_iter()
            .fold(reconciler, |reconciler, (cluster, witness)| reconciler.with_witness(cluster, witness));
        let reconciler = match key {
            Some(key) => reconciler.with_key(key),
            None => reconciler,
        };
        Ok(OpenService { service, reconciler, teller, key_fault })
    }
}

/// What this process has claimed is another's at once where it ends before it is done.
fn release_when_interrupted(store: &Store) {
    let (store, runtime) = (store.clone(), tokio::runtime::Handle::current());
    interrupt::before_leaving(move || {
        // The time limit is made inside of the runtime, which knows the time.
        let released = runtime.block_on(async { tokio::time::timeout(LEAVING, store.release()).await });
        if !matches!(released, Ok(Ok(()))) {
            errln!("what was begun could not be given back; another process goes on with it in two minutes");
        }
    });
}

/// The requests of a store, for commands that only look at them.
pub(super) async fn stored(store: &StoreArgs) -> anyhow::Result<Service> {
    let workflow = Arc::new(Workflow::new(store.open().await?, Vec::new()));
    Ok(Service::new(workflow))
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
    /// Ends what would make a grant where the key that would sign it does not count: the request stays as it is, for the right
    /// key. What takes access away needs no signature, and is not stopped.
    pub(super) fn check_key(&mut self) -> anyhow::Result<()> {
        self.key_fault.take().map_or(Ok(()), Err)
    }

    /// One round, and what there is to tell people afterwards.
    pub(super) async fn reconcile(&self, now: Timestamp) -> RoundReport {
        let mut report = self.reconciler.reconcile(now).await;
        match self.teller.tell(now).await {
            Ok(problems) => report.problems.extend(problems),
            Err(error) => {
                report.problems.push(Problem { what: "messages".to_owned(), why: error.sentence() });
            }
        }
        report
    }

    /// Does what is to be done now, where the key for it is at hand.
    pub(super) async fn carry_out(&self, now: Timestamp) {
        if self.reconciler.has_key() {
            for Problem { what, why } in self.reconcile(now).await.problems {
                errln!("not done yet: {what}: {}", crate::cli::output::plain(&why));
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
