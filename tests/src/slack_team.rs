//! A team that works in Slack: the fake Slack, and the server of the product connected to it, in this process.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use fake_slack::{APP_TOKEN, BOT_TOKEN, Delivery, FakeSlack, Person, SIGNING_SECRET, UserKind};
use jiff::Timestamp;
use p0_gitops::cluster::ObjectNames;
use p0_gitops::forge::HostedRepository;
use p0_gitops::http::SignedRequests;
use p0_gitops::notify::{AlsoLogged, NotificationLog, Teller};
use p0_gitops::reconcile::Reconciler;
use p0_gitops::serve::{Clock, Outgoing, Server, Settings, SlackInbound, SlackWorker, Stop, Workers};
use p0_gitops::service::Service;
use p0_gitops::slack::{Parts, SlackApp, SlackMessenger};
use p0_gitops::store::Store;
use p0_gitops::workflow::Workflow;
use slack_client::signature::SigningSecret;
use slack_client::socket::SocketMode;
use slack_client::{AppToken, Web};

use crate::site::CLUSTER;
use crate::team::Team;

/// How Slack reaches the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// Over a WebSocket.
    Socket,
    /// By signed requests, with the machine's own time.
    Http,
}

/// A running server, its Slack and its people. The server stops with this value.
pub struct SlackTeam {
    /// The repository and the store.
    pub team: Team,
    /// Slack.
    pub slack: FakeSlack,
    /// Who asks.
    pub alice: Person,
    /// Who approves.
    pub bob: Person,
    /// Who approves as well.
    pub carol: Person,
    /// Whom the repository does not know.
    pub mallory: Person,
    /// Where approvers are asked.
    pub channel: String,
    /// Another channel that the bot is in.
    pub other: String,
    /// Names of objects that the form completes.
    pub objects: Arc<ObjectNames>,
    /// Where the server listens.
    pub address: std::net::SocketAddr,
    clock: Arc<Mutex<Timestamp>>,
    _stop: tokio::sync::oneshot::Sender<()>,
}

/// The time at the beginning.
pub const START: &str = "2026-11-24T10:00:00Z";

impl SlackTeam {
    /// A team under `policy`, given without its head, that works over a WebSocket. `CHANNEL` and `OTHER` in it are the ids of the two
    /// channels; where it has no `notify`, approvers are asked in the first.
    ///
    /// # Panics
    /// Where anything does not start.
    pub async fn start(policy: &str) -> Self {
        Self::start_by(policy, By::Socket).await
    }

    /// The same by another way.
    ///
    /// # Panics
    /// Where anything does not start.
    pub async fn start_by(policy: &str, by: By) -> Self {
        Self::start_on(policy, by, |team| {
            let hosted = team.hosted();
            (team, hosted)
        })
        .await
    }

    /// The same whose repository `host` puts somewhere. It is called once, with everything that the repository has.
    ///
    /// # Panics
    /// Where anything does not start.
    pub async fn start_on(policy: &str, by: By, host: impl FnOnce(Team) -> (Team, HostedRepository)) -> Self {
        let slack = FakeSlack::start().await.expect("a fake Slack");
        let [alice, bob, carol, mallory] =
            ["alice", "bob", "carol", "mallory"].map(|name| slack.join(name, UserKind::Member));
        let channel = slack.channel("requests", &[&alice, &bob, &carol, &mallory]);
        let other = slack.channel("leads", &[&bob, &carol]);
        let head = if policy.starts_with("notify:") { "" } else { "notify: {channel: CHANNEL}\n" };
        let policy = format!("{head}{policy}").replace("CHANNEL", &channel).replace("OTHER", &other);
        let team = tokio::task::spawn_blocking(move || Team::new(&policy)).await.expect("a team");
        team.publish("p0/identities.yaml", &identities(&team));
        let (team, hosted) = host(team);
        let clock = Arc::new(Mutex::new(START.parse().expect("a time")));
        let now: Clock = match by {
            By::Socket => {
                let own = clock.clone();
                Arc::new(move || *own.lock().expect("a clock"))
            }
            By::Http => Arc::new(|| Timestamp::from_second(Timestamp::now().as_second()).expect("a time")),
        };
        let objects = Arc::<ObjectNames>::default();
        let (address, stop) = serve(&team, hosted, &slack, by, now, objects.clone()).await;
        let made = Self {
            team,
            slack,
            alice,
            bob,
            carol,
            mallory,
            channel,
            other,
            objects,
            address,
            clock,
            _stop: stop,
        };
        made.is_ready(by).await;
        made
    }

    async fn is_ready(&self, by: By) {
        match by {
            By::Http => self.slack.deliver_by(Delivery::Http(format!("http://{}/slack", self.address))),
            By::Socket => {
                let connected = |slack: &FakeSlack| (slack.connections() > 0).then_some(());
                self.slack.wait_for(crate::PATIENCE, connected).await.expect("a connection");
            }
        }
        // What can be asked for is read beside the connection: a form that has options has been made of it.
        for _ in 0..600 {
            self.alice.commands(&self.channel, "/p0 request").await.expect("an answer");
            let modal = self.alice.modal().await.expect("a form");
            let offered = modal.suggests("p0.resource", "deploy").await.expect("options");
            modal.closes();
            if !offered.is_empty() {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        panic!("nothing can be asked for");
    }

    /// Sets the time, and lets it count at once.
    ///
    /// # Panics
    /// Where it is no time.
    pub fn at(&self, time: &str) {
        *self.clock.lock().expect("a clock") = time.parse().expect("a time");
    }

    /// Whether base holds exactly so many grants, once it does.
    pub async fn has_grants(&self, count: usize) -> bool {
        for _ in 0..1200 {
            if self.team.grants().len() == count {
                return true;
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        false
    }

    /// The card in a channel that asks for an answer, once it is there.
    ///
    /// # Panics
    /// Where none comes.
    pub async fn bob_reads_question(&self, channel: &str) -> fake_slack::Post {
        let asks = |slack: &FakeSlack| {
            slack.posts(channel).into_iter().rev().find(|post| post.has_button("p0.approve-button"))
        };
        self.slack.wait_for(crate::PATIENCE, asks).await.expect("a question in the channel")
    }

    /// Fills in the form as Alice, for reading one deployment, and sends it.
    ///
    /// # Panics
    /// Where the form is not as expected.
    pub async fn alice_asks(&self, name: &str) {
        self.alice.commands(&self.channel, "/p0 request").await.expect("an answer");
        let modal = self.alice.modal().await.expect("a form");
        let locator = format!("Deployments / default / {name}");
        modal.picks("p0.resource", &format!("deploy default {name}"), &locator).await.expect("a resource");
        modal.picks("p0.role", "view", "ClusterRole/view").await.expect("a role");
        modal.writes("p0.reason", "the rollout hangs").await.expect("a reason");
        // On a busy machine the form says first that the request is being made.
        let sent = modal.submits().await;
        assert!(matches!(sent, Ok(fake_slack::Sent::Closed | fake_slack::Sent::Replaced)), "{sent:?}");
    }
}

/// Everybody but Mallory, with their users in Slack.
fn identities(team: &Team) -> String {
    let text = team.identities(&["alice", "bob", "carol"]);
    ["alice", "bob", "carol"].iter().fold(text, |text, name| {
        let head = format!("- name: {name}\n");
        let slack = format!("  slack: {{team: {}, user: U0{}}}\n", fake_slack::TEAM, name.to_uppercase());
        text.replace(&head, &format!("{head}{slack}"))
    })
}

async fn serve(
    team: &Team,
    hosted: HostedRepository,
    slack: &FakeSlack,
    by: By,
    clock: Clock,
    objects: Arc<ObjectNames>,
) -> (std::net::SocketAddr, tokio::sync::oneshot::Sender<()>) {
    let store = Store::open(team.store()).await.expect("a store");
    let workflow = Arc::new(Workflow::new(store.clone(), vec![hosted]));
    let service = Arc::new(Service::new(workflow.clone()));
    let web = Web::new(BOT_TOKEN.into(), Some(&slack.api())).expect("a client");
    let app = SlackApp::new(Parts {
        web: web.clone(),
        service: service.clone(),
        key: Arc::new(team.bot_key()),
        clock: clock.clone(),
        page: Some("https://p0.example.com".to_owned()),
        contexts: BTreeMap::new(),
        objects,
    });
    let handler = Arc::new(app.clone());
    let inbound = match by {
        By::Socket => {
            SlackInbound::Socket(Box::new(SocketMode::new(web, AppToken(APP_TOKEN.into()), handler)))
        }
        By::Http => {
            let secret = SigningSecret::new(SIGNING_SECRET.into());
            SlackInbound::Http(SignedRequests::new(secret, handler, clock.clone()))
        }
    };
    let log = Arc::new(NotificationLog::new(store.clone()));
    let messenger = AlsoLogged::new(log, Arc::new(SlackMessenger::new(app.clone())));
    let nudge = workflow.nudge().clone();
    let workers = Workers {
        reconciler: Arc::new(Reconciler::new(workflow).with_key(team.bot_key())),
        teller: Some(Teller::new(service.clone(), Arc::new(messenger))),
        outgoing: Outgoing::default(),
        nudge,
        service: Some(service),
        slack: Some(SlackWorker { app, inbound, followed: Vec::new() }),
    };
    let settings = format!(
        "apiVersion: p0.dev/v1alpha1\nkind: Server\nstore: {}\nlisten: 127.0.0.1:0\ninterval: 1s\n\
         repositories:\n- url: {}\n  clusters: [{CLUSTER}]\n",
        team.store(),
        team.site().repository().display()
    );
    let settings = Settings::read(&settings).expect("settings");
    let server = Server::bind(&settings, store, workers, clock).await.expect("a server");
    let address = server.address();
    let (stop, stopped) = tokio::sync::oneshot::channel();
    tokio::spawn(server.run(Stop::when(async move {
        let _dropped = stopped.await;
    })));
    (address, stop)
}
