//! `serve`: the server, from its settings file, until it is told to stop.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context;
use jiff::Timestamp;

use super::args::{Look, SigningArgs, witnesses};
use super::configured::hosted::OpenedRepository;
use super::configured::{hosted, on_call, outgoing};
use super::environment::{identity, secret};
use super::output::{self, Outcome};
use super::whole_seconds;
use crate::notify::{AlsoLogged, Messenger, NotificationLog, Teller};
use crate::reconcile::Reconciler;
use crate::serve::{Clock, Server, Settings, Stop, WebhookSecrets, Workers};
use crate::service::Service;
use crate::slack::SlackMessenger;
use crate::store::Store;
use crate::workflow::Workflow;

mod check;
mod slack;

/// Run the server, until it is told to stop.
///
/// It carries requests out, looks at Git and the clusters, ends what is over, and shows who has access: probes are at /livez
/// and /readyz, metrics at /metrics, a page for people at /. It stops on SIGTERM or Ctrl-C, after what is under way. Its
/// logs are JSON on standard error; the settings file says how much.
///
/// For a repository on Gitea, P0_GITEA_TOKEN is the token of the bot's user, P0_GITEA_CHECKER_TOKEN that of the user who posts the
/// check `p0/verify`, and P0_GITEA_WEBHOOK_SECRET the secret of a webhook to /webhooks/gitea, which makes the server look at once.
///
/// For a repository on GitHub, P0_GITHUB_APP_ID and P0_GITHUB_APP_KEY_FILE (or P0_GITHUB_APP_KEY) are the bot's App and its private key,
/// P0_GITHUB_CHECKER_APP_ID and P0_GITHUB_CHECKER_APP_KEY_FILE those of the checker's, and P0_GITHUB_WEBHOOK_SECRET the secret of a
/// webhook to /webhooks/github. P0_GITHUB_TOKEN and P0_GITHUB_CHECKER_TOKEN are tokens of users in their place.
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

    /// Look at everything that `p0-gitops doctor` looks at, take the store and the address, and end; with 1 where something is missing.
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
        let opened = hosted::open_all(&settings);
        if args.check {
            check::run(&settings, &opened, &args.signing, clock()).await?;
        }
        let store = Store::open(&settings.store).await?;
        if args.accept_clock {
            store.accept_clock(clock()).await?;
        }
        let workers = workers(args, &settings, opened, store.clone(), &clock).await?;
        let server = Server::bind(&settings, store.clone(), workers, clock.clone()).await?;
        let server = server.with_webhooks(webhook_secrets()?);
        if args.check {
            let clusters: Vec<&str> = settings.clusters().map(|cluster| cluster.as_str()).collect();
            outln!("sound: store, key, {} and what is on call", clusters.join(", "));
            return Ok(Outcome::Done);
        }
        let names = settings.webhooks.iter().map(|webhook| webhook.name.to_string());
        store.keep_webhooks(&names.collect::<Vec<_>>()).await?;
        server.run(Stop::when(told_to_stop()?)).await?;
        Ok(Outcome::Done)
    })
}

/// Whose deliveries are believed.
fn webhook_secrets() -> anyhow::Result<WebhookSecrets> {
    let gitea =
        secret(hosted::GITEA_WEBHOOK_SECRET).map(|text| gitea_client::WebhookSecret::new(text.into()));
    let github =
        secret(hosted::GITHUB_WEBHOOK_SECRET).map(|text| github_client::WebhookSecret::new(text.into()));
    Ok(WebhookSecrets {
        gitea: gitea.transpose().context(hosted::GITEA_WEBHOOK_SECRET)?,
        github: github.transpose().context(hosted::GITHUB_WEBHOOK_SECRET)?,
    })
}

async fn workers(
    args: &Args,
    settings: &Settings,
    opened: Vec<OpenedRepository<'_>>,
    store: Store,
    clock: &Clock,
) -> anyhow::Result<Workers> {
    let by = identity(clock());
    let mut repositories = Vec::new();
    let mut connected = Vec::new();
    for OpenedRepository { own, repository } in opened {
        let repository = repository?;
        let looks: Vec<_> = own.look.iter().map(|(cluster, way)| Look::new(cluster.clone(), way)).collect();
        connected.extend(witnesses(&looks, &repository).await?);
        repositories.push(hosted::host(own, repository, &by)?);
    }
    let workflow = Workflow::new(store.clone(), repositories);
    let workflow = Arc::new(workflow.with_on_call(on_call::source(settings.on_call.as_ref())?));
    let service = Arc::new(Service::new(workflow.clone()));
    let nudge = workflow.nudge().clone();
    let objects = settings.repositories.iter().flat_map(|own| &own.objects);
    let followed = objects.map(|(cluster, own)| own.followed(cluster)).collect();
    let slack = settings.slack.as_ref();
    let slack = slack.map(|own| slack::worker(own, followed, args, service.clone(), clock)).transpose()?;
    let reconciler = Reconciler::new(workflow).with_key(args.signing.find()?);
    let reconciler = connected
        .into_iter()
        .fold(reconciler, |reconciler, (cluster, witness)| reconciler.with_witness(cluster, witness));
    let log = Arc::new(NotificationLog::new(store.clone()));
    let messenger: Arc<dyn Messenger> = match &slack {
        Some(slack) => Arc::new(AlsoLogged::new(log, Arc::new(SlackMessenger::new(slack.app.clone())))),
        None => log,
    };
    let outgoing = outgoing::outgoing(settings, &service, &store)?;
    let teller = Some(Teller::new(service.clone(), messenger));
    let reconciler = Arc::new(reconciler);
    Ok(Workers { reconciler, teller, outgoing, nudge, service: Some(service), slack })
}

/// Waits for SIGTERM or Ctrl-C.
pub(super) fn told_to_stop() -> anyhow::Result<impl Future<Output = ()> + Send + 'static> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}
