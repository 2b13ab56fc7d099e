//! The server's pages, probes and metrics: over HTTP, and in a real browser.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use jiff::Timestamp;
use p0_access::layout::ClusterName;
use p0_access::name::PersonName;
use p0_access::policy::{Accepted, Basis};
use p0_access::request::{
    Approval, Event, Opening, RequestId, RequestSpec, RequestedGrant, Span, Step, Witness, open, step,
};
use p0_gitops::serve::{Clock, Outgoing, Problem, Reconcile, RoundReport, Server, Settings, Stop, Workers};
use p0_gitops::store::{Columns, NewStep, Store, StoreError};
use p0_gitops::workflow::Nudge;
use p0_grant::danger::Class;
use p0_grant::digest::SubsetDigest;
use p0_tests::{browser, eventually};
use tokio::sync::oneshot;

/// What a page must show as text, and a browser must not run.
const HOSTILE: &str = "<script>document.title='run'</script><img src=x onerror=\"document.title='run'\">";

fn time(minutes: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + minutes * 60).expect("a time")
}

/// Counts its rounds, and has one problem to report.
struct Idle {
    rounds: AtomicUsize,
    problems: Vec<Problem>,
}

#[async_trait]
impl Reconcile for Idle {
    async fn reconcile(&self, _: Timestamp) -> RoundReport {
        self.rounds.fetch_add(1, Ordering::Relaxed);
        RoundReport { done: 0, problems: self.problems.clone(), swept: Some(time(-5)) }
    }
}

/// Nothing but a reconciler.
fn idle(reconciler: Arc<Idle>) -> Workers {
    Workers {
        reconciler,
        teller: None,
        outgoing: Outgoing::default(),
        nudge: Nudge::default(),
        service: None,
        slack: None,
    }
}

/// A server on a store of its own. It stops with this value.
struct Served {
    address: SocketAddr,
    store: Store,
    _folder: tempfile::TempDir,
    stop: Option<oneshot::Sender<()>>,
    running: tokio::task::JoinHandle<Result<(), p0_gitops::serve::ServeError>>,
}

impl Served {
    async fn start(problems: Vec<Problem>) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let url = format!("sqlite://{}", folder.path().join("p0.db").display());
        let store = Store::open(&url).await.expect("opened");
        let settings = Settings::read(&settings(&url)).expect("settings");
        let reconciler = Arc::new(Idle { rounds: AtomicUsize::new(0), problems });
        let clock: Clock = Arc::new(|| time(60));
        let server = Server::bind(&settings, store.clone(), idle(reconciler), clock).await.expect("bound");
        let address = server.address();
        let (stop, extension) = oneshot::channel();
        let stopping = Stop::when(async move {
            let _dropped = extension.await;
        });
        let running = tokio::spawn(server.run(stopping));
        Self { address, store, _folder: folder, stop: Some(stop), running }
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    async fn get(&self, path: &str) -> (u16, String) {
        let answer = reqwest::get(self.url(path)).await.expect("an answer");
        (answer.status().as_u16(), answer.text().await.expect("text"))
    }

    async fn ready(&self) {
        let url = self.url("/readyz");
        tokio::task::spawn_blocking(move || {
            let client = tokio::runtime::Runtime::new().expect("a runtime");
            eventually("the first round", || {
                client.block_on(async { reqwest::get(&url).await }).is_ok_and(|answer| answer.status() == 200)
            });
        })
        .await
        .expect("it ends");
    }
}

fn settings(store: &str) -> String {
    format!(
        "apiVersion: p0.dev/v1alpha1\nkind: Server\nstore: {store}\nlisten: 127.0.0.1:0\ninterval: 1h\n\
         repositories: [{{url: /srv/access.git, clusters: [prod]}}]\n"
    )
}

fn person(name: &str) -> PersonName {
    PersonName::new(name).expect("a name")
}

fn asked(number: u32, minutes: i64, reason: &str, danger: Option<Class>) -> RequestSpec {
    let id: RequestId = format!("vpl5aqzpwnnqmnkr{number:04}").parse().expect("an id");
    let want = RequestedGrant {
        grant: id.grant().clone(),
        cluster: ClusterName::new("prod").expect("a name"),
        role: "ClusterRole/view".parse().expect("a role"),
        selection: "deployments.apps shop/checkout".to_owned(),
        subresources: vec!["scale".to_owned()],
        digest: SubsetDigest::of(&[]),
        danger,
        iam_arn: None,
    };
    RequestSpec {
        id,
        requester: person("alice"),
        subject: "User/alice@example.com".parse().expect("a subject"),
        owner: Some(person("alice")),
        grants: vec![want],
        lifetime: "2h".parse().expect("a duration"),
        span: Span::Timed,
        reason: Some(reason.to_owned()),
        rule: "shop".to_owned(),
        at: time(minutes),
        answer_by: time(minutes + 240),
        remind_at: None,
        escalate_at: None,
    }
}

fn approval() -> Approval {
    let accepted = Accepted {
        rule: "shop".parse().expect("a name"),
        basis: Basis::Reviewers([person("bob")].into()),
        parts: Vec::new(),
    };
    Approval {
        policy: "0".repeat(64),
        accepted: vec![accepted],
        votes: Vec::new(),
        lifetime: "2h".parse().expect("a duration"),
        merge_within: "30m".parse().expect("a duration"),
    }
}

fn merged() -> Event {
    Event::Merged { commit: "c0ffee".to_owned(), number: 0, files: BTreeMap::new() }
}

fn seen(minutes: i64) -> Witness {
    Witness { by: "objects".to_owned(), at: time(minutes), note: None }
}

/// Keeps a step as the service does.
async fn keep(store: &Store, step: &Step, at: Timestamp) {
    let request = &step.request;
    let kept = NewStep {
        at,
        request: serde_json::to_value(request).expect("JSON"),
        columns: Columns {
            state: request.state().name().as_str().to_owned(),
            requester: "alice".to_owned(),
            subject: request.spec().subject.to_string(),
            cluster: "prod".to_owned(),
            expires_at: request.expires_at(),
            next_due: request.next_due(),
        },
        effects: vec![],
        line: serde_json::to_value(&step.line).expect("JSON"),
    };
    match store.create(request.id().as_str(), &kept).await {
        Ok(()) => {}
        Err(StoreError::Exists(id)) => {
            let version = store.load(&id).await.expect("the store").expect("the request").version;
            store.advance(&id, version, &kept).await.expect("advanced");
        }
        Err(error) => panic!("{error}"),
    }
}

fn life(asked: RequestSpec, opening: Opening, events: Vec<(i64, Event)>) -> Vec<(Timestamp, Step)> {
    let at = asked.at;
    let mut steps = vec![(at, open(asked, opening, at).expect("opened"))];
    for (minutes, event) in events {
        let last = &steps.last().expect("opened").1.request;
        let next = step(last, event, time(minutes)).expect("a step");
        steps.push((time(minutes), next));
    }
    steps
}

/// One request of every kind that a page shows, each step at its time.
async fn fill(store: &Store) {
    let approved = || Opening::Approved(approval());
    let live = vec![(2, merged()), (4, Event::Live(seen(4)))];
    let late = vec![(-88, merged()), (-86, Event::Live(seen(-86)))];
    let over = vec![
        (11, merged()),
        (13, Event::Live(seen(13))),
        (20, Event::Relinquish { by: person("alice") }),
        (21, Event::Absent { commit: "e".repeat(40), closed_by: None }),
        (25, Event::Gone(seen(25))),
    ];
    let mut steps = [
        life(asked(1, 0, "checkout is slow", None), approved(), live),
        life(asked(2, 40, "deploy of the new basket", Some(Class::High)), approved(), vec![(41, merged())]),
        life(asked(3, -90, "night shift", Some(Class::Critical)), approved(), late),
        life(asked(4, 50, HOSTILE, Some(Class::Block)), Opening::Ask, vec![]),
        life(asked(5, 10, "a look at the logs", None), approved(), over),
    ]
    .concat();
    steps.sort_by_key(|(at, _)| *at);
    for (at, step) in steps {
        keep(store, &step, at).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_page_says_who_has_access_and_a_browser_shows_it() {
    let problem = Problem { what: "access.git".to_owned(), why: "cannot be reached".to_owned() };
    let served = Served::start(vec![problem]).await;
    fill(&served.store).await;
    served.ready().await;
    let url = served.url("/");
    let document = tokio::task::spawn_blocking(move || browser::document(&url)).await.expect("a document");
    for shown in [
        "Who has access now",
        "checkout is slow",
        "overdue",
        "live",
        "merged",
        "access.git",
        "cannot be reached",
    ] {
        assert!(document.contains(shown), "{shown}: {document}");
    }
    assert!(
        document.contains("<title>Access · p0-gitops</title>"),
        "what people wrote did not run: {document}"
    );
    assert!(document.contains("&lt;script&gt;") && !document.contains("<script"), "{document}");
    assert!(!document.contains("a look at the logs"), "what is gone is no access: {document}");
    if let Some(folder) = std::env::var_os("P0_PICTURES") {
        let folder = std::path::PathBuf::from(folder);
        let (url, request) = (served.url("/"), served.url("/requests/vpl5aqzpwnnqmnkr0001"));
        tokio::task::spawn_blocking(move || {
            browser::picture(&url, &folder.join("page.png"), 1280, 1400);
            browser::picture(&url, &folder.join("narrow.png"), 500, 2200);
            browser::picture(&request, &folder.join("request.png"), 1280, 800);
        })
        .await
        .expect("pictures");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_request_has_its_page_with_its_history() {
    let served = Served::start(vec![]).await;
    fill(&served.store).await;
    let (status, page) = served.get("/requests/vpl5aqzpwnnqmnkr0005").await;
    assert_eq!(status, 200);
    for shown in
        ["a look at the logs", "relinquish by alice", "Is over", "bob", "deployments.apps shop/checkout"]
    {
        assert!(page.contains(shown), "{shown}: {page}");
    }
    for path in ["/requests/nothing", "/elsewhere", "/requests/..%2f..%2fetc%2fpasswd"] {
        assert_eq!(served.get(path).await.0, 404, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answers_let_a_browser_do_nothing_but_show_them() {
    let served = Served::start(vec![]).await;
    for path in ["/", "/style.css", "/metrics", "/nowhere"] {
        let answer = reqwest::get(served.url(path)).await.expect("an answer");
        let header =
            |name: &str| answer.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        assert!(header("content-security-policy").starts_with("default-src 'none'"), "{path}");
        assert!(!header("content-security-policy").contains("unsafe"), "{path}");
        assert_eq!(header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(header("cache-control"), "no-store", "{path}");
    }
    let client = reqwest::Client::new();
    let other = client.get(served.url("/")).header("host", "evil.example").send().await.expect("an answer");
    assert_eq!(other.status(), 421, "another site's name");
    let posted = client.post(served.url("/")).body("x").send().await.expect("an answer");
    assert_eq!(posted.status(), 405, "nothing can be sent");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn metrics_tell_what_wakes_people_up() {
    let served = Served::start(vec![Problem { what: "a".to_owned(), why: "b".to_owned() }]).await;
    served.ready().await;
    fill(&served.store).await;
    let (status, text) = served.get("/metrics").await;
    assert_eq!(status, 200);
    for line in [
        // Request 3 ran out half an hour before the clock's time.
        "p0_past_expiry_seconds 1800",
        "p0_sweep_age_seconds 3900",
        "p0_requests{state=\"active\"} 2",
        "p0_requests{state=\"pending\"} 1",
        "p0_requests{state=\"revoked\"} 1",
        "p0_requests{state=\"failed\"} 0",
        "p0_outbox_waiting 0",
        "p0_store_up 1",
        "p0_audit_log_broken 0",
        "p0_problems_total 1",
        "p0_rounds_total 1",
    ] {
        assert!(text.lines().any(|found| found == line), "{line}: {text}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn delays_are_counted_from_the_log_whoever_wrote_it() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let url = format!("sqlite://{}", folder.path().join("p0.db").display());
    let store = Store::open(&url).await.expect("opened");
    let settings = Settings::read(&settings(&url).replace("1h", "1s")).expect("settings");
    let reconciler = Arc::new(Idle { rounds: AtomicUsize::new(0), problems: vec![] });
    let server =
        Server::bind(&settings, store.clone(), idle(reconciler), Arc::new(|| time(60))).await.expect("bound");
    let address = server.address();
    let (stop, extension) = oneshot::channel::<()>();
    let running = tokio::spawn(server.run(Stop::when(async move {
        let _dropped = extension.await;
    })));
    fill(&store).await;
    let shown = tokio::task::spawn_blocking(move || {
        let client = tokio::runtime::Runtime::new().expect("a runtime");
        let mut text = String::new();
        eventually("the delays", || {
            let url = format!("http://{address}/metrics");
            text = client.block_on(async { reqwest::get(&url).await?.text().await }).unwrap_or_default();
            text.contains("p0_revert_to_gone_seconds_count")
        });
        text
    });
    let text = shown.await.expect("metrics");
    // Three were seen live, each two minutes after they were merged; one is gone four minutes after its revert.
    assert!(text.contains("p0_merge_to_active_seconds_count"), "{text}");
    assert!(text.contains("p0_merge_to_active_seconds_bucket{le=\"120\"}"), "{text}");
    drop(stop);
    running.await.expect("it ends").expect("well");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_stops_when_asked_and_gives_the_store_back() {
    let mut served = Served::start(vec![]).await;
    assert_eq!(served.get("/livez").await, (200, "ok\n".to_owned()));
    let second = served.store.serve_alone().map(|_| ()).expect_err("it is being served from");
    assert!(matches!(second, StoreError::Taken(_)), "{second}");
    drop(served.stop.take());
    served.running.await.expect("it ends").expect("well");
    let _free = served.store.serve_alone().expect("no server uses it now");
    let url = format!("http://{}/livez", served.address);
    let asked = tokio::task::spawn_blocking(move || {
        let client = tokio::runtime::Runtime::new().expect("a runtime");
        // The server of another test may have the port by now; it ends too.
        eventually("no answer", || client.block_on(reqwest::get(&url)).is_err());
    });
    asked.await.expect("it ends");
}
