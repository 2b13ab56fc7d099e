//! `demo --slack`: the server with a Slack of its own, and a page on which one person plays requester, approver and clock.
//!
//! Server, forms and messages are those of `serve`; only Slack and the clock are played.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use anyhow::Context;
use fake_slack::stage::{Stage, Surroundings};
use fake_slack::{APP_TOKEN, BOT_TOKEN, FakeSlack, TEAM, UserKind};
use jiff::{SignedDuration, Timestamp};
use slack_client::socket::SocketMode;
use slack_client::{AppToken, Web};

use super::Demo;
use crate::cli::environment::{identity, open_repository};
use crate::cli::output::Outcome;
use crate::cli::serve::told_to_stop;
use crate::cli::whole_seconds;
use crate::forge::HostedRepository;
use crate::notify::{AlsoLogged, NotificationLog, Teller};
use crate::reconcile::{Clock, Reconciler};
use crate::serve::{Outgoing, Server, Settings, SlackInbound, SlackWorker, Stop, Workers};
use crate::service::Service;
use crate::signing::{KeySource, SigningKey};
use crate::slack::{Parts, SlackApp, SlackMessenger};
use crate::store::Store;
use crate::workflow::Workflow;

/// The policy: as in the other demo, with a channel.
pub(super) const POLICY: &str = "{apiVersion: p0.dev/v1alpha1, kind: Policy, notify: {channel: C0REQUESTS}, rules: [{name: readers, \
                      requestor: any, resource: {k8s: {roles: [ClusterRole/view, ClusterRole/edit]}}, approval: [{reviewers: {persons: [bob]}}]}]}";

/// Who somebody is in the played Slack.
pub(super) fn slack_of(name: &str) -> String {
    format!(", slack: {{team: {TEAM}, user: U0{}}}", name.to_uppercase())
}

/// A clock that can be put forward.
#[derive(Clone, Default)]
struct Forward(Arc<AtomicI64>);

impl Forward {
    fn now(&self) -> Timestamp {
        let ahead = SignedDuration::from_secs(self.0.load(Ordering::Relaxed));
        let now = Timestamp::now();
        whole_seconds(now.saturating_add(ahead).unwrap_or(now))
    }
}

/// What the page shows beside Slack: the clock and the repository.
struct Beside {
    clock: Forward,
    repository: String,
}

impl Surroundings for Beside {
    fn panels(&self) -> Vec<(String, String)> {
        let git = |arguments: &[&str]| {
            let output = Command::new("git").arg("-C").arg(&self.repository).args(arguments).output();
            output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default()
        };
        let log = git(&["log", "--first-parent", "--format=%h %s", "-8", "main"]);
        let files = git(&["ls-tree", "--name-only", "main", "clusters/demo/grants/"]);
        let grants = files.lines().filter(|line| !line.contains("sentinel"));
        let newest = grants.clone().next_back().map(|path| git(&["show", &format!("main:{path}")]));
        vec![
            ("The time".to_owned(), self.clock.now().strftime("%Y-%m-%d %H:%M:%S UTC").to_string()),
            ("Git: what was merged".to_owned(), log),
            ("Git: grants that stand".to_owned(), grants.collect::<Vec<_>>().join("\n")),
            ("The grant's file".to_owned(), newest.unwrap_or_else(|| "none".to_owned())),
        ]
    }

    fn buttons(&self) -> Vec<(&'static str, &'static str)> {
        vec![("10", "10 minutes pass"), ("60", "An hour passes")]
    }

    fn press(&self, name: &str) {
        let minutes: i64 = name.parse().unwrap_or_default();
        self.clock.0.fetch_add(minutes.clamp(0, 60) * 60, Ordering::Relaxed);
    }
}

/// Runs until it is told to stop.
pub(super) fn run(demo: &Demo, listen: SocketAddr) -> anyhow::Result<Outcome> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(async {
        let slack = FakeSlack::start().await.context("cannot start the played Slack")?;
        let (alice, bob) = (slack.join("alice", UserKind::Member), slack.join("bob", UserKind::Member));
        let channel = slack.channel("requests", &[&alice, &bob]);
        let clock = Forward::default();
        let server = server(demo, &slack, &clock).await?;
        let beside = Beside { clock, repository: demo.repository() };
        let people = vec![("Alice".to_owned(), alice), ("Bob".to_owned(), bob)];
        let stage = Stage::new(slack, people, channel, Arc::new(beside));
        let taken = || format!("cannot listen on {listen}; give another address with `--listen`");
        let address = stage.serve(listen).await.with_context(taken)?;
        demo.say(&format!("\nOpen http://{address} and play: Alice asks, Bob approves, time passes."));
        outln!(
            "The status page is at http://{}. Ctrl-C ends it; everything stays under {}.",
            server.address(),
            demo.folder.display()
        );
        server.run(Stop::when(told_to_stop()?)).await?;
        Ok(Outcome::Done)
    })
}

async fn server(demo: &Demo, slack: &FakeSlack, forward: &Forward) -> anyhow::Result<Server> {
    let store = Store::open(&demo.store()).await?;
    // Time was put forward in an earlier run.
    store.accept_clock(forward.now()).await?;
    let by = identity(forward.now());
    let repository = HostedRepository::git(open_repository(&demo.repository(), "main")?, by.name, by.email);
    let key =
        || SigningKey::find(&KeySource { file: Some(demo.path("bot_key").into()), ..KeySource::default() });
    let workflow = Arc::new(Workflow::new(store.clone(), vec![repository]));
    let service = Arc::new(Service::new(workflow.clone()));
    let own = forward.clone();
    let clock: Clock = Arc::new(move || own.now());
    let web = Web::new(BOT_TOKEN.into(), Some(&slack.api()))?;
    let app = SlackApp::new(Parts {
        web: web.clone(),
        service: service.clone(),
        key: Arc::new(key()?),
        clock: clock.clone(),
        page: None,
        contexts: BTreeMap::new(),
        objects: Arc::default(),
    });
    let socket = SocketMode::new(web, AppToken(APP_TOKEN.into()), Arc::new(app.clone()));
    let log = Arc::new(NotificationLog::new(store.clone()));
    let messenger = AlsoLogged::new(log, Arc::new(SlackMessenger::new(app.clone())));
    let nudge = workflow.nudge().clone();
    let workers = Workers {
        reconciler: Arc::new(Reconciler::new(workflow).with_key(key()?)),
        teller: Some(Teller::new(service.clone(), Arc::new(messenger))),
        outgoing: Outgoing::default(),
        nudge,
        service: Some(service),
        slack: Some(SlackWorker {
            app,
            inbound: SlackInbound::Socket(Box::new(socket)),
            followed: Vec::new(),
        }),
    };
    let settings = format!(
        "apiVersion: p0.dev/v1alpha1\nkind: Server\nstore: {:?}\nlisten: 127.0.0.1:0\ninterval: 1s\nrepositories: [{{url: {:?}, clusters: [demo]}}]\n",
        demo.store(),
        demo.repository()
    );
    Ok(Server::bind(&Settings::read(&settings)?, store, workers, clock).await?)
}
