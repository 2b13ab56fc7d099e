//! `serve`: the server, from its settings file, until it is told to stop.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Context;
use async_trait::async_trait;
use jiff::Timestamp;

use super::args::{Look, SigningArgs, identity, open_repository, watches};
use super::output::{self, Outcome};
use super::whole_seconds;
use crate::desk::Desk;
use crate::desk::ports::{DutyFile, Forge, GitForge, NobodyOnCall, Noticeboard, OnCallLookup};
use crate::repository::Repository;
use crate::serve::{Clock, Driver, Problem, Server, Settings, Stop, Ticked};
use crate::store::Store;

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

/// The desk as the server drives it, with an eye on the sweeper.
struct DeskDriver {
    desk: Desk,
    repositories: Vec<Arc<Mutex<Repository>>>,
}

#[async_trait]
impl Driver for DeskDriver {
    async fn tick(&self, now: Timestamp) -> Ticked {
        let ticked = self.desk.tick(now).await;
        let problems = ticked.problems.into_iter().map(|(what, why)| Problem { what, why });
        Ticked { done: ticked.done, problems: problems.collect(), swept: self.swept().await }
    }
}

impl DeskDriver {
    /// When the sweeper was last heard of, in the repository where that is longest ago.
    async fn swept(&self) -> Option<Timestamp> {
        let mut oldest = Timestamp::MAX;
        for repository in &self.repositories {
            let repository = repository.clone();
            let beat = tokio::task::spawn_blocking(move || {
                let repository = repository.lock().unwrap_or_else(PoisonError::into_inner);
                heartbeat(&repository)
            });
            oldest = oldest.min(beat.await.ok().flatten()?);
        }
        Some(oldest)
    }
}

/// What the sweeper has left in one repository.
fn heartbeat(repository: &Repository) -> Option<Timestamp> {
    let remote = repository.forge().remote();
    let tip = remote.tip("p0/heartbeat/sweep").ok()??;
    let file = remote.read_file(tip, "heartbeat.json").ok()??;
    let beat: serde_json::Value = serde_json::from_slice(&file.bytes).ok()?;
    beat.get("at")?.as_str()?.parse().ok()
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
        let driver = Arc::new(driver(args, &settings, store.clone(), clock()).await?);
        let server = Server::bind(&settings, store, driver, clock).await?;
        if !args.check {
            server.run(Stop::when(told_to_stop()?)).await?;
        }
        Ok(Outcome::Done)
    })
}

async fn driver(
    args: &Args,
    settings: &Settings,
    store: Store,
    now: Timestamp,
) -> anyhow::Result<DeskDriver> {
    let by = identity(now);
    let mut forges: Vec<Arc<dyn Forge>> = Vec::new();
    let (mut repositories, mut witnesses) = (Vec::new(), Vec::new());
    for own in &settings.repositories {
        let open = || open_repository(&own.url, &own.base);
        let repository = open()?;
        let looks: Vec<_> = own.look.iter().map(|(cluster, way)| Look::new(cluster.clone(), way)).collect();
        witnesses.extend(watches(&looks, &repository).await?);
        forges.push(Arc::new(GitForge::new(open()?, by.name.as_str(), by.email.as_str())));
        repositories.push(Arc::new(Mutex::new(repository)));
    }
    let on_call: Arc<dyn OnCallLookup> = match &settings.on_call {
        Some(path) => Arc::new(DutyFile::new(path)),
        None => Arc::new(NobodyOnCall),
    };
    let messenger = Arc::new(Noticeboard::new(store.clone()));
    let desk = Desk::new(store, forges, messenger, on_call).with_key(args.signing.find()?);
    let desk = witnesses.into_iter().fold(desk, |desk, (cluster, watch)| desk.with_watch(cluster, watch));
    Ok(DeskDriver { desk, repositories })
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
