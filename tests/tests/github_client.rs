//! The client of GitHub over real HTTP: who it says it is, what it asks again, what it never repeats, and when it asks nothing.
//!
//! The server here answers what a test wrote down. Not here: flows, which a whole fake answers (`tests/tests/github`).
#![expect(clippy::unwrap_used, reason = "what cannot be set up is a failed test")]

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::response::Response;
use github_client::{
    AppId, AppKey, Client, Credential, FileChanges, NewCommit, NewPull, Problem, ServerUrl, Stale,
};
use http::{HeaderMap, Method, Uri};
use p0_tests::app_key::AppKeyPair;
use serde_json::{Value, json};

/// One request as it came.
#[derive(Clone, Debug)]
struct Asked {
    what: String,
    token: String,
    tag: String,
    body: Value,
}

/// Status, headers and body.
type Answer = (u16, Vec<(&'static str, String)>, Value);

#[derive(Default)]
struct Script {
    answers: VecDeque<Answer>,
    asked: Vec<Asked>,
}

/// A server that gives written answers in their order.
struct Server {
    url: String,
    script: Arc<Mutex<Script>>,
}

async fn answer(
    State(script): State<Arc<Mutex<Script>>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let header =
        |name: &str| headers.get(name).map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default();
    let mut script = script.lock().unwrap();
    script.asked.push(Asked {
        what: format!("{method} {uri}"),
        token: header("authorization").strip_prefix("Bearer ").unwrap_or_default().to_owned(),
        tag: header("if-none-match"),
        body: serde_json::from_slice(&body).unwrap_or(Value::Null),
    });
    let (status, headers, value) = script.answers.pop_front().expect("nothing more is asked");
    let mut response = Response::builder().status(status);
    for (name, value) in headers {
        response = response.header(name, value);
    }
    response.body(if value.is_null() { "".into() } else { value.to_string().into() }).unwrap()
}

impl Server {
    async fn start() -> Self {
        let _installed_before = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let script = Arc::<Mutex<Script>>::default();
        let routes = Router::new().fallback(answer).with_state(script.clone());
        tokio::spawn(async move { axum::serve(listener, routes).await });
        Self { url, script }
    }

    fn says(&self, status: u16, headers: &[(&'static str, &str)], value: Value) -> &Self {
        let headers = headers.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        self.script.lock().unwrap().answers.push_back((status, headers, value));
        self
    }

    /// What was asked since the last time; every answer was wanted.
    fn asked(&self) -> Vec<Asked> {
        let mut script = self.script.lock().unwrap();
        assert_eq!(script.answers.len(), 0, "more was expected to be asked");
        std::mem::take(&mut script.asked)
    }

    fn whats(&self) -> Vec<String> {
        self.asked().into_iter().map(|asked| asked.what).collect()
    }

    fn client(&self, credential: Credential) -> Client {
        let (server, name) = ServerUrl::of_repository(&format!("{}/ops/access.git", self.url)).unwrap();
        Client::new(server, name, credential).unwrap()
    }

    fn user(&self) -> Client {
        self.client(Credential::Token("github_pat_1".into()))
    }
}

fn comments() -> Value {
    json!([{ "user": { "id": 1, "login": "a" }, "body": "x" }])
}

fn new_pull() -> NewPull {
    let text = |text: &str| text.to_owned();
    NewPull { base: text("main"), head: text("x"), title: text("t"), body: text("b") }
}

/// An installation and a token of it that ends in `minutes`.
fn installs(server: &Server, token: &str, minutes: i64) {
    let end = jiff::Timestamp::now() + jiff::SignedDuration::from_mins(minutes);
    server.says(200, &[], json!({ "id": 7, "permissions": {} }));
    server.says(201, &[], json!({ "token": token, "expires_at": end.to_string() }));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_gets_tokens_for_one_repository_and_renews_them_before_their_end_and_when_refused() {
    let server = Server::start().await;
    let pair = AppKeyPair::generate();
    let key = AppKey::from_pem(&pair.pem()).unwrap();
    let app = server.client(Credential::App { id: AppId::new("42").unwrap(), key });
    installs(&server, "ghs_one", 60);
    server.says(200, &[], comments()).says(200, &[], comments());
    app.comments(1).await.unwrap();
    app.comments(1).await.unwrap();
    let asked = server.asked();
    let whats: Vec<&str> = asked.iter().map(|asked| asked.what.as_str()).collect();
    let list = "GET /api/v3/repos/ops/access/issues/1/comments?per_page=100&page=1";
    assert_eq!(
        whats,
        [
            "GET /api/v3/repos/ops/access/installation",
            "POST /api/v3/app/installations/7/access_tokens",
            list,
            list
        ]
    );
    assert_eq!(asked[1].body, json!({ "repositories": ["access"] }));
    assert!(pair.signed(&asked[0].token) && pair.signed(&asked[1].token), "the App's own word");
    assert_eq!((asked[2].token.as_str(), asked[3].token.as_str()), ("ghs_one", "ghs_one"));
    // Refused before its end: what was asked was not done, and is asked with another one.
    server.says(401, &[], json!({ "message": "Bad credentials" }));
    installs(&server, "ghs_two", 3);
    server.says(201, &[], json!({}));
    app.comment(1, "said once").await.unwrap();
    assert_eq!(server.asked().pop().unwrap().token, "ghs_two");
    // It ends in three minutes, so the next call has another one. Git gets the same.
    installs(&server, "ghs_three", 60);
    server.says(201, &[], json!({}));
    app.comment(1, "said again").await.unwrap();
    assert_eq!(server.asked().pop().unwrap().token, "ghs_three");
    assert_eq!(secrecy::ExposeSecret::expose_secret(&app.token_blocking(Stale::No).unwrap()), "ghs_three");
    assert_eq!(server.whats(), [] as [String; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn why_an_app_has_no_token_is_said_without_its_key() {
    let server = Server::start().await;
    let key = AppKey::from_pem(&AppKeyPair::generate().pem()).unwrap();
    let app = server.client(Credential::App { id: AppId::new("42").unwrap(), key });
    server.says(404, &[], json!({ "message": "Not Found" }));
    let error = app.comments(1).await.unwrap_err();
    assert!(matches!(error.problem, Problem::NotInstalled), "{error}");
    server.says(200, &[], json!({ "id": 7, "permissions": {}, "suspended_at": "2026-11-24T10:00:00Z" }));
    let error = app.comments(1).await.unwrap_err();
    assert!(matches!(error.problem, Problem::Suspended), "{error}");
    server.says(401, &[], json!({ "message": "A JSON web token could not be decoded" }));
    let error = app.comments(1).await.unwrap_err();
    assert!(
        matches!(error.problem, Problem::Unauthorized) && !format!("{error:?}").contains("KEY"),
        "{error:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_read_is_made_again_after_a_failure_and_a_write_never() {
    let server = Server::start().await;
    server.says(502, &[], Value::Null).says(503, &[], Value::Null).says(200, &[], comments());
    assert_eq!(server.user().comments(1).await.unwrap().len(), 1);
    assert_eq!(server.whats().len(), 3);
    for _ in 0..3 {
        server.says(502, &[], Value::Null);
    }
    let error = server.user().comments(1).await.unwrap_err();
    assert!(matches!(error.problem, Problem::Failed(_)), "{error}");
    server.says(502, &[], Value::Null);
    let error = server.user().open_pull(&new_pull()).await.unwrap_err();
    assert!(matches!(error.problem, Problem::Failed(_)), "{error}");
    server.says(
        301,
        &[("location", "https://elsewhere.example.com/")],
        json!({ "message": "Moved Permanently" }),
    );
    let error = server.user().open_pull(&new_pull()).await.unwrap_err();
    assert!(matches!(error.problem, Problem::Moved), "{error}");
    assert_eq!(server.whats().len(), 5, "a redirect is not followed: the token would go along");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_not_changed_is_taken_from_before() {
    let server = Server::start().await;
    let client = server.user();
    server.says(200, &[("etag", "W/\"1\"")], comments()).says(304, &[], Value::Null);
    let (first, second) = (client.comments(1).await.unwrap(), client.comments(1).await.unwrap());
    assert_eq!(first, second);
    let tags: Vec<String> = server.asked().into_iter().map(|asked| asked.tag).collect();
    assert_eq!(tags, ["", "W/\"1\""]);
}

#[tokio::test(flavor = "multi_thread")]
async fn while_github_wants_to_be_left_alone_nothing_is_asked() {
    let server = Server::start().await;
    let client = server.user();
    let secondary = json!({ "message": "You have exceeded a secondary rate limit." });
    // A short one is waited for by what only reads.
    server.says(403, &[("retry-after", "1")], secondary.clone()).says(200, &[], comments());
    client.comments(1).await.unwrap();
    server.says(403, &[("retry-after", "300")], secondary);
    let error = client.open_pull(&new_pull()).await.unwrap_err();
    assert!(matches!(error.problem, Problem::Limited(Some(wait)) if wait.as_secs() == 300), "{error}");
    assert_eq!(server.whats().len(), 3);
    let error = client.comments(1).await.unwrap_err();
    assert!(matches!(error.problem, Problem::Limited(Some(_))), "{error}");
    assert_eq!(server.whats(), [] as [String; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_names_the_head_that_it_expects_and_a_moved_branch_is_a_conflict() {
    let server = Server::start().await;
    let client = server.user();
    let commit = NewCommit {
        branch: "p0/grant/x".to_owned(),
        expected_head: "1".repeat(40),
        headline: "Grant".to_owned(),
        body: "Request-Id: x".to_owned(),
        files: FileChanges { additions: Vec::new(), deletions: vec!["a.yaml".to_owned()] },
    };
    server.says(
        200,
        &[],
        json!({ "data": { "createCommitOnBranch": { "commit": { "oid": "2".repeat(40) } } } }),
    );
    assert_eq!(client.commit(&commit).await.unwrap(), "2".repeat(40));
    let asked = server.asked().pop().unwrap();
    assert_eq!(asked.what, "POST /api/graphql");
    assert_eq!(asked.body["variables"]["input"]["expectedHeadOid"], "1".repeat(40));
    let stale = json!({ "data": { "createCommitOnBranch": null }, "errors": [{ "type": "STALE_DATA", "message": "Expected branch to point to" }] });
    server.says(200, &[], stale);
    let error = client.commit(&commit).await.unwrap_err();
    assert!(matches!(error.problem, Problem::Conflict(_)), "{error}");
}
