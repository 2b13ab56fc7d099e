//! Telling people: one message for each recipient, and a messenger that fails, hangs or answers late delays nothing but itself.
#![expect(clippy::unwrap_used, reason = "what cannot be set up is a failed test")]

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use jiff::Timestamp;
use p0_access::request::{Recipient, View};
use p0_gitops::notify::{Message, Messenger, Teller};
use p0_gitops::serve::{Clock, Outgoing, Server, Settings, Stop, Workers};
use p0_gitops::store::Store;
use p0_gitops::workflow::Nudge;
use p0_tests::eventually;
use p0_tests::team::{READERS, Team};

const T0: &str = "2026-11-24T10:00:00Z";
const T1: &str = "2026-11-24T10:01:00Z";

/// A messenger that keeps what it sent, and does as it is told.
#[derive(Default)]
struct Letters {
    sent: Mutex<Vec<Letter>>,
    behaviour: Mutex<Behaviour>,
}

/// A message as it was sent: to whom, which view, what it replaces.
type Letter = (String, View, Option<String>);

#[derive(Clone, Default)]
enum Behaviour {
    #[default]
    Sends,
    FailsFor(&'static str),
    Hangs,
}

#[async_trait]
impl Messenger for Letters {
    async fn send(&self, message: &Message<'_>) -> Result<Option<String>, String> {
        let recipient = &message.delivery.recipient;
        let behaviour = self.behaviour.lock().unwrap().clone();
        match behaviour {
            Behaviour::Hangs => std::future::pending().await,
            Behaviour::FailsFor(name) if recipient.to_string() == name => Err("no such channel".to_owned()),
            Behaviour::Sends | Behaviour::FailsFor(_) => {
                let mut sent = self.sent.lock().unwrap();
                let previous = message.previous.map(str::to_owned);
                sent.push((recipient.key(), message.delivery.view, previous));
                Ok(Some(format!("{}#{}", recipient.key(), sent.len())))
            }
        }
    }
}

impl Letters {
    fn take(&self) -> Vec<Letter> {
        let mut sent = std::mem::take(&mut *self.sent.lock().unwrap());
        sent.sort();
        sent
    }

    fn behaves(&self, behaviour: Behaviour) {
        *self.behaviour.lock().unwrap() = behaviour;
    }
}

fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// A request that waits, made without telling anybody.
async fn asked(team: &Team) -> (String, Teller, Arc<Letters>) {
    let letters = Arc::new(Letters::default());
    let (service, _) = team.bot().await;
    let teller = Teller::new(Arc::new(service), letters.clone());
    (team.asks_alone(T0, "deployment / default / web", &[]), teller, letters)
}

fn recipients(letters: &[Letter]) -> BTreeSet<(&str, View)> {
    letters.iter().map(|(recipient, view, _)| (recipient.as_str(), *view)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_is_told_to_its_requester_each_approver_and_the_channel() {
    let team = Team::new(READERS);
    let (_, teller, letters) = asked(&team).await;
    assert_eq!(teller.tell(time(T0)).await.unwrap(), []);
    let told = letters.take();
    assert_eq!(
        recipients(&told),
        BTreeSet::from([
            ("channel", View::Follow),
            ("person/alice", View::Own),
            ("person/bob", View::Answer),
            ("person/carol", View::Answer),
        ])
    );
    assert_eq!(told.len(), 4, "each once");
    assert_eq!(teller.tell(time(T0)).await.unwrap(), []);
    assert!(letters.take().is_empty(), "told twice is told once");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recipient_that_fails_is_tried_again_alone() {
    let team = Team::new(READERS);
    let (_, teller, letters) = asked(&team).await;
    letters.behaves(Behaviour::FailsFor("bob"));
    let problems = teller.tell(time(T0)).await.unwrap();
    assert_eq!(problems.len(), 1);
    assert!(problems[0].what.ends_with("person/bob") && problems[0].why == "no such channel", "{problems:?}");
    assert_eq!(letters.take().len(), 3);
    letters.behaves(Behaviour::Sends);
    assert_eq!(teller.tell(time(T1)).await.unwrap(), []);
    assert_eq!(recipients(&letters.take()), BTreeSet::from([("person/bob", View::Answer)]));
}

/// The message that asks is edited when the question is answered.
#[tokio::test(flavor = "multi_thread")]
async fn a_message_knows_the_one_before_it() {
    let team = Team::new(READERS);
    let (id, teller, letters) = asked(&team).await;
    teller.tell(time(T0)).await.unwrap();
    let first: Vec<Letter> = letters.take();
    assert!(first.iter().all(|(_, _, previous)| previous.is_none()));
    team.acts_alone("bob", T1, &["deny", &id]).done();
    teller.tell(time(T1)).await.unwrap();
    for (recipient, _, previous) in letters.take() {
        assert!(previous.is_some_and(|previous| previous.starts_with(&recipient)), "{recipient}");
    }
}

/// A person may be called like the channel, and gets their own message.
#[test]
fn recipients_have_keys_of_their_own() {
    let person = Recipient::Person("channel".parse().unwrap());
    assert_eq!(person.to_string(), Recipient::Channel.to_string());
    assert_ne!(person.key(), Recipient::Channel.key());
}

/// The server with a messenger that never answers: what is given back is off base all the same, long before the message's time
/// limit and the effects' lease.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_messenger_that_hangs_delays_no_removal() {
    let team = Arc::new(Team::new(READERS));
    let id = team.asks(T0, "web", &[]);
    team.acts("bob", T0, &["approve", &id]).done();
    let letters = Arc::new(Letters::default());
    letters.behaves(Behaviour::Hangs);
    let (service, reconciler) = team.bot().await;
    let teller = Teller::new(Arc::new(service), letters);
    let workers = Workers {
        reconciler: Arc::new(reconciler),
        teller: Some(teller),
        outgoing: Outgoing::default(),
        nudge: Nudge::default(),
        service: None,
        slack: None,
    };
    // Messages wait, and hang as soon as the server runs.
    team.acts_alone("alice", T1, &["relinquish", &id]).done();
    assert_eq!(team.grants(), std::slice::from_ref(&id));
    let (running, stop) = serve(&team, workers, "1s").await;
    let watched = team.clone();
    tokio::task::spawn_blocking(move || eventually("the removal", || watched.grants().is_empty()))
        .await
        .unwrap();
    drop(stop);
    running.await.unwrap().unwrap();
}

/// With an hour between ticks, a nudge begins a round at once.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_nudge_does_not_wait_for_the_next_tick() {
    let team = Arc::new(Team::new(READERS));
    let (_, reconciler) = team.bot().await;
    let nudge = Nudge::default();
    let workers = Workers {
        reconciler: Arc::new(reconciler),
        teller: None,
        outgoing: Outgoing::default(),
        nudge: nudge.clone(),
        service: None,
        slack: None,
    };
    let (running, stop) = serve(&team, workers, "1h").await;
    let id = team.asks(T0, "web", &[]);
    team.acts_alone("bob", T1, &["approve", &id]).done();
    let watched = team.clone();
    tokio::task::spawn_blocking(move || {
        eventually("the merge", || {
            nudge.wake();
            watched.grants() == [id.as_str()]
        });
    })
    .await
    .unwrap();
    drop(stop);
    running.await.unwrap().unwrap();
}

type Running = tokio::task::JoinHandle<Result<(), p0_gitops::serve::ServeError>>;

/// A server on the team's store; it stops when the second value is dropped.
async fn serve(team: &Team, workers: Workers, interval: &str) -> (Running, tokio::sync::oneshot::Sender<()>) {
    let text = format!(
        "apiVersion: p0.dev/v1alpha1\nkind: Server\nstore: {}\nlisten: 127.0.0.1:0\ninterval: {interval}\n\
         repositories:\n- url: {}\n  clusters: [prod]\n",
        team.store(),
        team.site().repository().display()
    );
    let settings = Settings::read(&text).unwrap();
    let store = Store::open(team.store()).await.unwrap();
    let clock: Clock = Arc::new(|| time("2026-11-24T10:02:00Z"));
    let server = Server::bind(&settings, store, workers, clock).await.unwrap();
    let (stop, stopped) = tokio::sync::oneshot::channel();
    let running = tokio::spawn(server.run(Stop::when(async move {
        let _dropped = stopped.await;
    })));
    (running, stop)
}
