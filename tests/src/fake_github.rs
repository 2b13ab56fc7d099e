//! A GitHub on this machine, over real HTTP, with real Git repositories behind it: it keeps what it is told, and refuses what GitHub refuses.
//!
//! Keys of Apps, tokens that end, permissions, rulesets with pinned checks, heads that moved, doubled branches and pull requests, reviews of
//! one's own, limits. What it is asked and what it answers is held against GitHub's own OpenAPI description and GraphQL schema when it ends
//! (`contract`), and GitHub's own client runs against it (`tests/tests/github/octokit.rs`). Not here: workflows, organisations, a merge queue.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};
use std::time::Duration;

use serde_json::{Value, json};

mod access;
mod answers;
mod checks;
mod contract;
mod graphql;
mod judging;
mod pulls;
mod references;
mod routes;
mod state;
mod store;

use state::{Repo, State};
pub use state::{Role, Rules};

/// Who owns the repositories of the tests.
pub const OWNER: &str = "ops";

/// A running GitHub. When it ends, all that was said is held against GitHub's descriptions.
pub struct FakeGithub {
    state: Arc<Mutex<State>>,
    url: String,
    http: reqwest::Client,
    runtime: Option<tokio::runtime::Runtime>,
    folder: tempfile::TempDir,
}

impl FakeGithub {
    /// One with its owner, and nothing else.
    ///
    /// # Panics
    /// Where no port is free.
    pub fn start() -> Self {
        let _installed_before = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let folder = tempfile::Builder::new().prefix("p0-github-").tempdir().expect("a temporary folder");
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
        let runtime = runtime.expect("a runtime");
        let std_listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
        std_listener.set_nonblocking(true).expect("a socket");
        let url = format!("http://{}", std_listener.local_addr().expect("an address"));
        let state = Arc::new(Mutex::new(State::new(url.clone(), folder.path().to_owned())));
        let routes = routes::router(state.clone());
        runtime.spawn(async move {
            let listener = tokio::net::TcpListener::from_std(std_listener).expect("a socket");
            axum::serve(listener, routes).await
        });
        let http = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(60)).build();
        let fake = Self { state, url, http: http.expect("a client"), runtime: Some(runtime), folder };
        fake.user(OWNER);
        fake
    }

    /// Its address.
    pub fn url(&self) -> String {
        self.url.clone()
    }

    /// The address of a repository.
    pub fn repository_url(&self, name: &str) -> String {
        format!("{}/{OWNER}/{name}.git", self.url)
    }

    /// A user, who is made where there is none; their number.
    pub fn user(&self, login: &str) -> u64 {
        self.state().user(login).id
    }

    /// A fine-grained token of a user.
    pub fn token(&self, login: &str) -> String {
        self.user(login);
        self.state().token_of(login)
    }

    /// The token that a workflow has: of GitHub's own App for workflows.
    pub fn workflow_token(&self) -> String {
        let mut state = self.state();
        let permissions = [("contents", "write"), ("pull_requests", "write"), ("metadata", "read")];
        state.app(15_368, "github-actions", &permissions);
        state.issue(15_368).0
    }

    /// An App that is installed with these permissions; its private key.
    pub fn app(&self, id: u64, slug: &str, permissions: &[(&str, &str)]) -> String {
        self.state().app(id, slug, permissions)
    }

    /// Changes the permissions of an App's installation.
    pub fn permit(&self, app: u64, permissions: &[(&str, &str)]) {
        self.state().permit(app, permissions);
    }

    /// Suspends an App's installation, or lifts that.
    pub fn suspend(&self, app: u64, is_suspended: bool) {
        self.state().suspend(app, is_suspended);
    }

    /// Takes an App off every repository.
    pub fn uninstall(&self, app: u64) {
        self.state().apps.retain(|own| own.id != app);
    }

    /// Ends every token of an installation that was given.
    pub fn end_tokens(&self) {
        self.state().tokens.retain(|_, token| token.app.is_none());
    }

    /// After so many writes the next ones meet a secondary limit, until this is called again.
    pub fn limit(&self, writes: Option<u32>) {
        self.state().limit = writes;
    }

    /// A repository with the `main` of the bare repository at `from`; `writers` may write to it.
    ///
    /// # Panics
    /// Where Git does not run.
    pub fn repository(&self, name: &str, from: &Path, writers: &[&str]) {
        for writer in writers {
            self.user(writer);
        }
        let mut state = self.state();
        let number = state.number();
        let mut repo = Repo::new(number, OWNER, name);
        repo.roles = writers.iter().map(|login| ((*login).to_owned(), Role::Write)).collect();
        repo.roles.insert(OWNER.to_owned(), Role::Admin);
        let path = state.path(&repo.full_name());
        git(self.folder.path(), &["init", "-q", "--bare", "-b", "main", &path.display().to_string()]);
        git(&path, &["config", "http.receivepack", "true"]);
        git(&path, &["fetch", "-q", &from.display().to_string(), "+main:main"]);
        state.repositories.insert(repo.full_name(), repo);
    }

    /// A public repository without a branch and without rules.
    ///
    /// # Panics
    /// Where Git does not run.
    pub fn empty_repository(&self, name: &str) {
        let mut state = self.state();
        let number = state.number();
        let mut repo = Repo::new(number, OWNER, name);
        repo.is_public = true;
        repo.roles.insert(OWNER.to_owned(), Role::Admin);
        let path = state.path(&repo.full_name());
        git(self.folder.path(), &["init", "-q", "--bare", "-b", "main", &path.display().to_string()]);
        git(&path, &["config", "http.receivepack", "true"]);
        state.repositories.insert(repo.full_name(), repo);
    }

    /// Gives `main` a ruleset, as a person imports it on the web.
    ///
    /// # Panics
    /// Where there is no such repository.
    pub fn import_ruleset(&self, name: &str, ruleset: &Value) {
        let rules = Rules::of(ruleset);
        self.set(name, |repo| repo.rules = rules);
        let made = json!({ "id": 1, "name": ruleset["name"], "source": format!("{OWNER}/{name}"), "enforcement": "active" });
        self.state().exchanges.push(json!({
            "method": "POST", "path": format!("/repos/{OWNER}/{name}/rulesets"), "query": {}, "request": ruleset, "status": 201,
            "response": made,
        }));
    }

    /// A fork by a user.
    ///
    /// # Panics
    /// Where Git does not run.
    pub fn fork(&self, login: &str, name: &str) {
        self.user(login);
        let mut state = self.state();
        let number = state.number();
        let mut repo = Repo::new(number, login, name);
        repo.roles.insert(login.to_owned(), Role::Admin);
        repo.parent = Some(format!("{OWNER}/{name}"));
        let (from, path) = (state.path(&format!("{OWNER}/{name}")), state.path(&repo.full_name()));
        git(
            self.folder.path(),
            &["clone", "-q", "--bare", &from.display().to_string(), &path.display().to_string()],
        );
        state.repositories.insert(repo.full_name(), repo);
    }

    /// Changes a repository's settings.
    ///
    /// # Panics
    /// Where there is none.
    pub fn set<T>(&self, name: &str, change: impl FnOnce(&mut Repo) -> T) -> T {
        let mut state = self.state();
        let repo = state.repositories.get_mut(&format!("{OWNER}/{name}")).expect("a repository");
        change(repo)
    }

    /// Where a repository is on this machine.
    pub fn path(&self, full_name: &str) -> PathBuf {
        self.state().path(full_name)
    }

    /// Files put on a branch by a user, as the web page does; the branch is made from `main` where it is missing.
    ///
    /// # Panics
    /// Where it cannot be done.
    pub fn puts(&self, login: &str, full_name: &str, branch: &str, files: &[(&str, Option<&str>)]) {
        let repo = store::open(&self.path(full_name));
        let tip = store::tip(&repo, branch);
        let parent = tip.or_else(|| store::tip(&repo, "main")).expect("main");
        let files: Vec<_> = files
            .iter()
            .map(|(path, text)| ((*path).to_owned(), text.map(|own| own.as_bytes().to_vec())))
            .collect();
        let commit = store::commit(&repo, parent, &files, "by hand", login).expect("a commit");
        store::point(&repo, branch, commit);
    }

    /// One call of the API as a user: the status, and what is said.
    ///
    /// # Panics
    /// Where there is no answer.
    pub fn call(&self, login: &str, method: &str, path: &str, body: &Value) -> (u16, Value) {
        let method = http::Method::from_bytes(method.as_bytes()).expect("a method");
        let mut request = self.http.request(method, format!("{}/api/v3/{path}", self.url));
        request = request.bearer_auth(self.token(login));
        if !body.is_null() {
            request = request.json(body);
        }
        let (sender, receiver) = mpsc::channel();
        self.runtime.as_ref().expect("it runs").spawn(async move {
            let answer = async {
                let answer = request.send().await.ok()?;
                let status = answer.status().as_u16();
                let text = answer.text().await.ok()?;
                Some((status, serde_json::from_str(&text).unwrap_or(Value::String(text))))
            };
            let _gone = sender.send(answer.await);
        });
        receiver.recv().expect("the call ends").expect("an answer")
    }

    /// How many calls were asked of it since the last time, besides Git's.
    pub fn calls(&self) -> usize {
        std::mem::take(&mut self.state().calls)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // A test that failed in it is reported by itself.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for FakeGithub {
    fn drop(&mut self) {
        let said = std::mem::take(&mut self.state().exchanges);
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
        if !std::thread::panicking() {
            let problems = contract::problems(&said);
            assert!(
                problems.is_empty(),
                "{} of {} exchanges are not GitHub's:\n{}",
                problems.len(),
                said.len(),
                problems.join("\n")
            );
        }
    }
}

fn git(at: &Path, arguments: &[&str]) {
    let out = Command::new("git").arg("-C").arg(at).args(arguments).output().expect("git is installed");
    assert!(out.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&out.stderr));
}
