//! `serve`: the server, from its settings file, until it is told to stop.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context;
use jiff::Timestamp;

use super::args::{Look, SigningArgs, identity, open_repository, witnesses};
use super::output::{self, Outcome};
use super::whole_seconds;
use crate::forge::{Forge, GitForge};
use crate::notify::NotificationLog;
use crate::reconcile::Reconciler;
use crate::serve::{Clock, Server, Settings, Stop};
use crate::store::Store;
use crate::workflow::Workflow;

/// Run the server, until it is told to stop.
///
/// It carries requests out, looks at Git and the clusters, ends what is over, and shows who has access: probes are at /livez
/// and /readyz, metrics at /metrics, a page for people at /. It stops on SIGTERM or Ctrl-C, after what is under way. Its
/// logs are JSON on standard error; the settings file says how much.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  p0-gitops serve --settings server.yaml --key bot_key
  p0-gitops serve --settings server.yaml --check")]
pub(super) struct Args {
    /// The settings file.
    #[arg(long, value_name = "FILE", env = "P0_SETTINGS")]
    settings: PathBuf,

    #[command(flatten)]
    signing: SigningArgs,

    /// Read the settings, open store, key and repositories, and end.
    #[arg(long)]
    check: bool,

    /// Take the present time for right, although the store has seen a later one.
    #[arg(long)]
    accept_clock: bool,
}

/// Runs the server. `at` is the time for tests; the clock's where there is none.
pub(super) fn run(args: &Args, at: Option<Timestamp>) -> anyhow::Result<Outcome> {
    let path = args.settings.display();
    let text = std::fs::read_to_string(&args.settings).with_context(|| format!("cannot read `{path}`"))?;
    let settings = Settings::read(&text).with_context(|| format!("`{path}` cannot be used"))?;
    output::log_as_json(&settings.log)?;
    let clock: Clock = Arc::new(move || whole_seconds(at.unwrap_or_else(Timestamp::now)));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(async {
        let store = Store::open(&settings.store).await?;
        if args.accept_clock {
            store.accept_clock(clock()).await?;
        }
        let reconciler = Arc::new(reconciler(args, &settings, store.clone(), clock()).await?);
        let server = Server::bind(&settings, store, reconciler, clock).await?;
        if !args.check {
            server.run(Stop::when(told_to_stop()?)).await?;
        }
        Ok(Outcome::Done)
    })
}

async fn reconciler(
    args: &Args,
    settings: &Settings,
    store: Store,
    now: Timestamp,
) -> anyhow::Result<Reconciler> {
    let by = identity(now);
    let mut forges: Vec<Arc<dyn Forge>> = Vec::new();
    let mut connected = Vec::new();
    for own in &settings.repositories {
        let repository = open_repository(&own.url, &own.base)?;
        let looks: Vec<_> = own.look.iter().map(|(cluster, way)| Look::new(cluster.clone(), way)).collect();
        connected.extend(witnesses(&looks, &repository).await?);
        forges.push(Arc::new(GitForge::new(repository, by.name.as_str(), by.email.as_str())));
    }
    let messenger = Arc::new(NotificationLog::new(store.clone()));
    let reconciler = Reconciler::new(Arc::new(Workflow::new(store, forges)), messenger);
    let reconciler = reconciler.with_key(args.signing.find()?);
    Ok(connected
        .into_iter()
        .fold(reconciler, |reconciler, (cluster, witness)| reconciler.with_witness(cluster, witness)))
}

/// Waits for SIGTERM or Ctrl-C.
fn told_to_stop() -> anyhow::Result<impl Future<Output = ()> + Send + 'static> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}
