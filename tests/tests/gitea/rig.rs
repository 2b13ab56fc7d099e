//! A team whose repository is on a Gitea, with the bot and the checker as users of their own and a protected base.

use std::sync::Arc;
use std::time::{Duration, Instant};

use gitea_client::{Client, PullRequest, ServerUrl};
use jiff::Timestamp;
use p0_gitops::forge::{Checker, GiteaHost, HostedRepository, Mirror, PullRequestForge};
use p0_gitops::git::{BaseBranch, Credentials, Remote};
use p0_gitops::notify::{NotificationLog, Teller};
use p0_gitops::reconcile::Reconciler;
use p0_gitops::repository::Repository;
use p0_gitops::store::Store;
use p0_tests::gitea::{Gitea, GiteaRepository, OWNER};
use p0_tests::team::{READERS, Team};
use p0_tests::{PATIENCE, eventually};
use serde_json::{Value, json};

pub(crate) const BOT: &str = "p0-bot";
pub(crate) const CHECKER: &str = "p0-checker";
pub(crate) const T0: &str = "2026-11-24T10:00:00Z";

/// Whether this process has the checker's token.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Checks {
    Here,
    Elsewhere,
}

pub(crate) struct Rig {
    pub(crate) team: Team,
    pub(crate) repository: GiteaRepository,
    pub(crate) reconciler: Reconciler,
    /// Another process that has the checker's token, and looks before each round that is waited for.
    pub(crate) checker: Option<HostedRepository>,
    teller: Teller,
    minutes: i64,
}

impl Rig {
    pub(crate) async fn new(name: &str) -> Self {
        Self::with(name, READERS, Checks::Here).await
    }

    pub(crate) async fn with(name: &str, policy: &str, checks: Checks) -> Self {
        let (team, repository) = hosted_team(name, Team::new(policy));
        let hosted = hosted(&repository, &team, &repository.url(), checks);
        let (service, reconciler) = team.bot_on(hosted).await;
        let log = NotificationLog::new(Store::open(team.store()).await.unwrap());
        let teller = Teller::new(Arc::new(service), Arc::new(log));
        Self { team, repository, reconciler, checker: None, teller, minutes: 1 }
    }

    /// A checker in another process looks from now on, where one waits.
    pub(crate) fn starts_checker(&mut self) {
        self.checker = Some(hosted(&self.repository, &self.team, &self.repository.url(), Checks::Here));
    }

    /// Another bot on the same repository and store, perhaps through a proxy.
    pub(crate) async fn bot(&self, url: &str, checks: Checks) -> Reconciler {
        self.team.bot_on(hosted(&self.repository, &self.team, url, checks)).await.1
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
        let problems = round(&self.reconciler, self.now()).await;
        self.teller.tell(self.now()).await.unwrap();
        self.fetch();
        problems
    }

    /// Rounds until the request is in this state, and base has its grant or not. Gitea finds out in the background whether a pull
    /// request can be merged, and closes one in the background, perhaps after it was opened again, where somebody deletes its branch.
    pub(crate) async fn comes_to(&mut self, id: &str, state: &str, on_base: bool) {
        let deadline = Instant::now() + PATIENCE;
        while (self.state(id).as_str(), self.has(id)) != (state, on_base) {
            assert!(
                Instant::now() < deadline,
                "never came to {state}: {}\n{:?}",
                self.told(id),
                self.pulls()
            );
            if let Some(checker) = &self.checker {
                checker.forge.check(self.now()).await.unwrap();
            }
            self.round().await;
        }
    }

    /// A request that is on base.
    pub(crate) async fn merged(&mut self, name: &str) -> String {
        let id = self.approved(name);
        assert_eq!(self.round().await, [] as [String; 0]);
        self.comes_to(&id, "merged", true).await;
        id
    }

    pub(crate) fn fetch(&self) {
        self.repository.fetch(&self.team.site().repository());
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

    pub(crate) async fn pull(&self, branch: &str) -> PullRequest {
        let found = self.repository.client(OWNER).pull_between("main", branch).await.unwrap();
        found.unwrap_or_else(|| panic!("there is no pull request of {branch}"))
    }

    /// All pull requests, by the branches that they bring.
    pub(crate) fn pulls(&self) -> Vec<(String, String)> {
        let (_, all) = self.repository.call(OWNER, "GET", "pulls?state=all&limit=50", &Value::Null);
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let state =
            |pull: &Value| if pull["merged"] == true { "merged".to_owned() } else { text(&pull["state"]) };
        let mut all: Vec<_> =
            all.as_array().unwrap().iter().map(|pull| (text(&pull["head"]["label"]), state(pull))).collect();
        all.sort();
        all
    }

    /// The state of the required check on a commit.
    pub(crate) async fn check(&self, commit: &str) -> Option<(gitea_client::StatusState, String)> {
        let status = self.repository.client(OWNER).status(commit, "p0/verify").await.unwrap()?;
        Some((status.state, status.description))
    }

    pub(crate) fn merge_mode(&self, mode: &str) {
        let path = "clusters/prod/p0-cluster.yaml";
        let settings = self.team.site().git(&["show", &format!("main:{path}")]);
        self.team.publish(path, &format!("{}\nmerge: {mode}\n", settings.trim_end()));
        self.force_base();
    }

    /// Brings the local base to Gitea, past every rule: what an administrator's settings do to a test's repository.
    pub(crate) fn force_base(&self) {
        unprotect(&self.repository);
        self.repository.push(&self.team.site().repository(), "+main:main");
        protect(&self.repository);
    }

    /// A branch with files put by a user, made as the web page does.
    pub(crate) fn branch(&self, user: &str, branch: &str, files: &[(&str, &str)]) {
        let client = self.repository.clone();
        let files: Vec<Value> = files
            .iter()
            .map(|(path, text)| json!({ "operation": "upload", "path": path, "content": base64(text) }))
            .collect();
        let exists = client.call(OWNER, "GET", &format!("branches/{branch}"), &Value::Null).0 == 200;
        let mut body =
            json!({ "branch": "main", "new_branch": branch, "message": "by hand", "files": files });
        if exists {
            body["branch"] = branch.into();
            body["new_branch"] = Value::Null;
        }
        let (status, said) = client.call(user, "POST", "contents", &body);
        assert_eq!(status, 201, "{said}");
    }

    /// A pull request by a user; its number.
    pub(crate) fn opens(&self, user: &str, branch: &str) -> u64 {
        let body = json!({ "base": "main", "head": branch, "title": "by hand", "body": "merge me" });
        let (status, said) = self.repository.call(user, "POST", "pulls", &body);
        assert_eq!(status, 201, "{said}");
        said["number"].as_u64().unwrap()
    }

    /// A user's try to merge: the status that Gitea answers once it knows whether the pull request can be merged.
    pub(crate) fn merges(&self, user: &str, number: u64) -> (u16, String) {
        let body = json!({ "Do": "merge", "delete_branch_after_merge": true });
        let mut answer = (0, String::new());
        eventually("an answer to a merge", || {
            let (status, said) = self.repository.call(user, "POST", &format!("pulls/{number}/merge"), &body);
            answer = (status, said.to_string());
            !answer.1.to_lowercase().contains("try again later")
        });
        answer
    }

    pub(crate) fn reviews(&self, user: &str, number: u64, event: &str) {
        let body = json!({ "event": event, "body": "seen" });
        let (status, said) = self.repository.call(user, "POST", &format!("pulls/{number}/reviews"), &body);
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

/// The repository of a team on a Gitea, with everybody who works there.
pub(crate) fn hosted_team(name: &str, team: Team) -> (Team, GiteaRepository) {
    let gitea = Gitea::shared();
    let people = [BOT, CHECKER, "alice", "bob", "carol", "mallory"];
    for user in people {
        gitea.token(user);
    }
    let persons = team.site().git(&["show", "main:p0/identities.yaml"]);
    let known = |text: String, user: &str| {
        let kubernetes = format!("  kubernetes: [{user}@example.com]\n");
        let forge = format!("{kubernetes}  forge: {user}\n  forgeId: {}\n", gitea.id(user));
        text.replace(&kubernetes, &forge)
    };
    team.publish("p0/identities.yaml", &["alice", "bob", "carol"].into_iter().fold(persons, known));
    let repository = gitea.repository(name, &team.site().repository(), &people);
    protect(&repository);
    (team, repository)
}

/// The rules that docs/gitea.md asks for.
pub(crate) fn protect(repository: &GiteaRepository) {
    let rules = json!({
        "rule_name": "main", "enable_push": false, "enable_merge_whitelist": true,
        "merge_whitelist_usernames": [BOT, "bob", "carol"], "enable_status_check": true,
        "status_check_contexts": ["p0/verify"], "block_admin_merge_override": true,
    });
    let (status, said) = repository.call(OWNER, "POST", "branch_protections", &rules);
    assert_eq!(status, 201, "{said}");
}

pub(crate) fn unprotect(repository: &GiteaRepository) {
    let (status, said) = repository.call(OWNER, "DELETE", "branch_protections/main", &Value::Null);
    assert_eq!(status, 204, "{said}");
}

pub(crate) async fn round(reconciler: &Reconciler, now: Timestamp) -> Vec<String> {
    let report = reconciler.reconcile(now).await;
    report.problems.into_iter().map(|problem| format!("{}: {}", problem.what, problem.why)).collect()
}

/// The repository as the bot works on it, at `url`.
pub(crate) fn hosted(
    repository: &GiteaRepository,
    team: &Team,
    url: &str,
    checks: Checks,
) -> HostedRepository {
    let token = |user: &str| repository.gitea().token(user);
    let client = |user: &str| {
        let (server, name) = ServerUrl::of_repository(url).unwrap();
        Client::new(server, name, &token(user).into()).unwrap()
    };
    let cache = team.site().beside("gitea-cache");
    let remote = Remote::open(url, Credentials::default().with_token(token(BOT)), &cache).unwrap();
    let repository = Repository::new(BaseBranch::new(remote, "main"));
    let mirror = Mirror::new(repository);
    let forge = PullRequestForge::new(GiteaHost::new(client(BOT)), mirror.clone(), "p0", "p0@example.com");
    let forge = match checks {
        Checks::Here => forge.with_checker(Checker::new(GiteaHost::new(client(CHECKER)), mirror.clone())),
        Checks::Elsewhere => forge,
    };
    HostedRepository::on(mirror, forge)
}

pub(crate) fn base64(text: &str) -> String {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.encode(text)
}
