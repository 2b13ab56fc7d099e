//! A team whose repository is on a GitHub, with bot and checker as Apps of their own and a ruleset for base.

use std::sync::Arc;
use std::time::Duration;

use github_client::{AppId, AppKey, Client, Credential, ServerUrl, Stale};
use jiff::Timestamp;
use p0_gitops::forge::{Checker, GithubHost, HostedRepository, Mirror, PullRequestForge};
use p0_gitops::git::{BaseBranch, Credentials, Remote, TokenAsk};
use p0_gitops::notify::{NotificationLog, Teller};
use p0_gitops::reconcile::Reconciler;
use p0_gitops::repository::Repository;
use p0_gitops::store::Store;
use p0_tests::fake_github::{FakeGithub, OWNER, Rules};
use p0_tests::team::{READERS, Team};
use secrecy::ExposeSecret;
use serde_json::{Value, json};

pub(crate) const T0: &str = "2026-11-24T10:00:00Z";
pub(crate) const NAME: &str = "access";
/// The numbers of the two Apps.
pub(crate) const BOT: u64 = 101;
pub(crate) const CHECKER: u64 = 102;
/// What docs/github.md gives the bot's App.
pub(crate) const BOT_MAY: [(&str, &str); 3] =
    [("contents", "write"), ("pull_requests", "write"), ("metadata", "read")];
/// And the checker's.
pub(crate) const CHECKER_MAY: [(&str, &str); 3] =
    [("checks", "write"), ("pull_requests", "write"), ("metadata", "read")];

/// Whether this process has the checker's key.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Checks {
    Here,
    Elsewhere,
}

/// A GitHub with a team's repository and the keys of the two Apps.
pub(crate) struct Hosted {
    pub(crate) github: FakeGithub,
    bot: String,
    checker: String,
}

pub(crate) struct Rig {
    pub(crate) team: Team,
    pub(crate) on: Hosted,
    pub(crate) reconciler: Reconciler,
    teller: Teller,
    minutes: i64,
}

impl Hosted {
    /// The team's repository on a GitHub, with everybody who works there and the rules that docs/github.md asks for.
    pub(crate) fn new(team: &Team) -> Self {
        let github = FakeGithub::start();
        let people = ["alice", "bob", "carol", "mallory"];
        let persons = team.identities(&["alice", "bob", "carol"]);
        let known = |text: String, user: &str| {
            let kubernetes = format!("  kubernetes: [{user}@example.com]\n");
            let forge = format!("{kubernetes}  forge: {user}\n  forgeId: {}\n", github.user(user));
            text.replace(&kubernetes, &forge)
        };
        team.publish("p0/identities.yaml", &["alice", "bob", "carol"].into_iter().fold(persons, known));
        github.repository(NAME, &team.site().repository(), &people);
        let bot = github.app(BOT, "p0-bot", &BOT_MAY);
        let checker = github.app(CHECKER, "p0-checker", &CHECKER_MAY);
        let pinned = vec![("p0/verify".to_owned(), Some(CHECKER))];
        github.set(NAME, |repo| repo.rules = Rules { checks: pinned, active: true, ..Rules::default() });
        Self { github, bot, checker }
    }

    pub(crate) fn url(&self) -> String {
        self.github.repository_url(NAME)
    }

    pub(crate) fn bot(&self) -> Credential {
        app(BOT, &self.bot)
    }

    pub(crate) fn checker(&self) -> Credential {
        app(CHECKER, &self.checker)
    }

    /// The Apps' private keys, as files have them.
    pub(crate) fn keys(&self) -> [&str; 2] {
        [&self.bot, &self.checker]
    }

    /// The repository as the bot works on it, at `url`.
    pub(crate) fn repository(&self, team: &Team, url: &str, checks: Checks) -> HostedRepository {
        let checker = (checks == Checks::Here).then(|| self.checker());
        hosted(team, url, self.bot(), checker)
    }
}

fn stale(ask: TokenAsk) -> Stale {
    match ask {
        TokenAsk::First => Stale::No,
        TokenAsk::AfterRefusal => Stale::Yes,
    }
}

fn app(id: u64, pem: &str) -> Credential {
    Credential::App { id: AppId::new(&id.to_string()).unwrap(), key: AppKey::from_pem(pem).unwrap() }
}

pub(crate) fn client(url: &str, credential: Credential) -> Client {
    let (server, name) = ServerUrl::of_repository(url).unwrap();
    Client::new(server, name, credential).unwrap()
}

/// The repository at `url` as bot and checker work on it with these keys.
pub(crate) fn hosted(
    team: &Team,
    url: &str,
    bot: Credential,
    checker: Option<Credential>,
) -> HostedRepository {
    let git = client(url, bot.clone());
    let source = move |ask| match git.token_blocking(stale(ask)) {
        Ok(token) => Ok(token.expose_secret().to_owned()),
        Err(error) => Err(error.to_string()),
    };
    let cache = team.site().beside("github-cache");
    let remote = Remote::open(url, Credentials::default().with_token_source(source), &cache).unwrap();
    let repository = Repository::new(BaseBranch::new(remote, "main"));
    let mirror = Mirror::new(repository);
    let forge =
        PullRequestForge::new(GithubHost::new(client(url, bot)), mirror.clone(), "p0", "p0@example.com");
    let forge = match checker {
        Some(own) => forge.with_checker(Checker::new(GithubHost::new(client(url, own)), mirror.clone())),
        None => forge,
    };
    HostedRepository::on(mirror, forge)
}

impl Rig {
    pub(crate) async fn new() -> Self {
        Self::with(READERS, Checks::Here).await
    }

    pub(crate) async fn with(policy: &str, checks: Checks) -> Self {
        let team = Team::new(policy);
        let on = Hosted::new(&team);
        let hosted = on.repository(&team, &on.url(), checks);
        let (service, reconciler) = team.bot_on(hosted).await;
        let log = NotificationLog::new(Store::open(team.store()).await.unwrap());
        let teller = Teller::new(Arc::new(service), Arc::new(log));
        Self { team, on, reconciler, teller, minutes: 1 }
    }

    /// Another bot on the same repository and store.
    pub(crate) async fn bot(&self, hosted: HostedRepository) -> Reconciler {
        self.team.bot_on(hosted).await.1
    }

    /// The checker, in another process.
    pub(crate) async fn checks(&self) {
        let checker = self.on.repository(&self.team, &self.on.url(), Checks::Here);
        checker.forge.check(self.now()).await.unwrap();
    }

    pub(crate) fn now(&self) -> Timestamp {
        T0.parse::<Timestamp>().unwrap() + Duration::from_secs(self.minutes.unsigned_abs() * 60)
    }

    pub(crate) fn text_now(&self) -> String {
        self.now().to_string()
    }

    pub(crate) fn later(&mut self) {
        self.minutes += 7;
    }

    /// A request that Bob has approved on the command line, and that the bot has not seen.
    pub(crate) fn approved(&self, name: &str) -> String {
        let id = asks(&self.team, &self.text_now(), name);
        self.team.acts_alone("bob", &self.text_now(), &["approve", &id]).done();
        id
    }

    /// Some minutes later, one round; its problems. What is on the forge then is here too.
    pub(crate) async fn round(&mut self) -> Vec<String> {
        self.later();
        let report = self.reconciler.reconcile(self.now()).await;
        self.teller.tell(self.now()).await.unwrap();
        self.fetch();
        report.problems.into_iter().map(|problem| format!("{}: {}", problem.what, problem.why)).collect()
    }

    /// A request that is on base.
    pub(crate) async fn merged(&mut self, name: &str) -> String {
        let id = self.approved(name);
        assert_eq!(self.round().await, [] as [String; 0]);
        assert_eq!(self.state(&id), "merged");
        id
    }

    pub(crate) fn fetch(&self) {
        let from = self.on.github.path(&format!("{OWNER}/{NAME}")).display().to_string();
        self.team.site().git(&["fetch", "-q", &from, "+main:main"]);
    }

    pub(crate) fn state(&self, id: &str) -> String {
        self.team.state(&self.text_now(), id)
    }

    /// What people were told about a request.
    pub(crate) fn told(&self, id: &str) -> String {
        self.team.show(&self.text_now(), id)["told"].to_string()
    }

    pub(crate) fn has(&self, id: &str) -> bool {
        self.team.grants().iter().any(|own| own == id)
    }

    pub(crate) fn call(&self, user: &str, method: &str, path: &str, body: &Value) -> (u16, Value) {
        self.on.github.call(user, method, &format!("repos/{OWNER}/{NAME}/{path}"), body)
    }

    pub(crate) fn pull(&self, branch: &str) -> Value {
        let (_, all) =
            self.call(OWNER, "GET", &format!("pulls?state=all&head={OWNER}:{branch}"), &Value::Null);
        let number =
            all[0]["number"].as_u64().unwrap_or_else(|| panic!("there is no pull request of {branch}"));
        self.numbered(number)
    }

    pub(crate) fn numbered(&self, number: u64) -> Value {
        self.call(OWNER, "GET", &format!("pulls/{number}"), &Value::Null).1
    }

    /// All pull requests, by the branches that they bring.
    pub(crate) fn pulls(&self) -> Vec<(String, String)> {
        let (_, all) = self.call(OWNER, "GET", "pulls?state=all&per_page=100", &Value::Null);
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let state = |pull: &Value| match pull["merged_at"].is_null() {
            true => text(&pull["state"]),
            false => "merged".to_owned(),
        };
        let mut all: Vec<_> =
            all.as_array().unwrap().iter().map(|pull| (text(&pull["head"]["ref"]), state(pull))).collect();
        all.sort();
        all
    }

    /// The conclusion of the checker's check on a pull request, and its line.
    pub(crate) fn check(&self, number: u64) -> (String, String) {
        let head = self.numbered(number)["head"]["sha"].as_str().unwrap().to_owned();
        let path = format!("commits/{head}/check-runs?check_name=p0%2Fverify");
        let (_, all) = self.call(OWNER, "GET", &path, &Value::Null);
        let own = all["check_runs"].as_array().unwrap().iter().find(|run| run["app"]["id"] == CHECKER);
        let own = own.unwrap_or_else(|| panic!("no check of the checker's in {all}"));
        let text = |value: &Value| value.as_str().unwrap_or("pending").to_owned();
        (text(&own["conclusion"]), text(&own["output"]["title"]))
    }

    pub(crate) fn merge_mode(&self, mode: &str) {
        let path = "clusters/prod/p0-cluster.yaml";
        let settings = self.team.site().git(&["show", &format!("main:{path}")]);
        self.team.publish(path, &format!("{}\nmerge: {mode}\n", settings.trim_end()));
        self.force_base();
    }

    /// Brings the local base to GitHub, past every rule: what an administrator's settings do to a test's repository.
    pub(crate) fn force_base(&self) {
        let to = self.on.github.path(&format!("{OWNER}/{NAME}")).display().to_string();
        self.team.site().git(&["push", "-q", "--force", &to, "main:main"]);
    }

    /// A branch with files put by a user, as the web page does.
    pub(crate) fn branch(&self, user: &str, branch: &str, files: &[(&str, &str)]) {
        let files: Vec<_> = files.iter().map(|(path, text)| (*path, Some(*text))).collect();
        self.on.github.puts(user, &format!("{OWNER}/{NAME}"), branch, &files);
    }

    /// A pull request by a user; its number.
    pub(crate) fn opens(&self, user: &str, branch: &str) -> u64 {
        let body = json!({ "base": "main", "head": branch, "title": "by hand", "body": "merge me" });
        let (status, said) = self.call(user, "POST", "pulls", &body);
        assert_eq!(status, 201, "{said}");
        said["number"].as_u64().unwrap()
    }

    /// A user's try to merge: the status that GitHub answers.
    pub(crate) fn merges(&self, user: &str, number: u64) -> (u16, String) {
        // The page has looked at it before there is a button.
        self.numbered(number);
        let (status, said) = self.call(user, "PUT", &format!("pulls/{number}/merge"), &json!({}));
        (status, said.to_string())
    }

    pub(crate) fn reviews(&self, user: &str, number: u64, event: &str) {
        let body = json!({ "event": event, "body": "seen" });
        let (status, said) = self.call(user, "POST", &format!("pulls/{number}/reviews"), &body);
        assert_eq!(status, 200, "{said}");
    }
}

/// Alice asks to read a deployment, with no key but her own: the bot's would work on the local repository.
pub(crate) fn asks(team: &Team, now: &str, name: &str) -> String {
    team.asks_alone(
        now,
        &format!("deployment / default / {name}"),
        &["--reason", "rollout @everyone | hangs"],
    )
}
