//! People who ask each other: a site with a policy, persons with keys of their own, and a store.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;

use p0_gitops::forge::HostedRepository;
use p0_gitops::git::{BaseBranch, Credentials, Remote};
use p0_gitops::on_call::OnCallLookup;
use p0_gitops::reconcile::Reconciler;
use p0_gitops::repository::Repository;
use p0_gitops::service::Service;
use p0_gitops::signing::{KeySource, SigningKey};
use p0_gitops::store::Store;
use p0_gitops::workflow::Workflow;
use serde_json::Value;

use crate::program::{Run, run};
use crate::site::{CLUSTER, Site};

/// A site and its people.
pub struct Team {
    site: Site,
    store: String,
}

/// Everybody in a team. Alice asks, Bob and Carol approve, the repository does not know Mallory.
pub const PEOPLE: [&str; 4] = ["alice", "bob", "carol", "mallory"];

/// Where a team looks for its requests, and who signs for it.
const HEAD: &str = "apiVersion: p0.dev/v1alpha1\nkind: Policy\n";

/// A policy under which Bob or Carol approve reading anything.
pub const READERS: &str = "\
rules:
- name: readers
  requestor: any
  resource: {k8s: {roles: [ClusterRole/view]}}
  approval:
  - reviewers: {persons: [bob, carol]}
  options: {maxDuration: 8h, maxTotalDuration: 12h, defaultDuration: 2h}
";

/// Lets a command answer in JSON.
pub const AS_JSON: [&str; 2] = ["-o", "json"];

/// The command that asks to read what a locator names.
pub fn request_for(locator: &str) -> [&str; 8] {
    ["request", "k8s", "resource", "view", "--cluster", CLUSTER, "--locator", locator]
}

/// The command that allows beforehand to read what a locator names.
pub fn allow_for(locator: &str) -> [&str; 8] {
    ["allow", "k8s", "resource", "view", "--cluster", CLUSTER, "--locator", locator]
}

/// The id of a request that a command printed as JSON.
pub fn id_of(printed: &str) -> String {
    let request: Value = serde_json::from_str(printed).expect("JSON");
    request["id"].as_str().expect("an id").to_owned()
}

impl Team {
    /// A team with a policy, given without its head, and a store in a file.
    pub fn new(policy: &str) -> Self {
        let site = Site::new(None);
        let store = format!("sqlite://{}", site.beside("p0.db").display());
        let team = Self { site, store };
        team.make_store();
        for person in PEOPLE {
            let made = Command::new("ssh-keygen")
                .args(["-q", "-t", "ed25519", "-N", "", "-C", person, "-f"])
                .arg(team.key(person))
                .status();
            assert!(made.expect("ssh-keygen is installed (openssh-client)").success(), "a key for {person}");
        }
        team.publish("p0/policy.yaml", &format!("{HEAD}{policy}"));
        let identities = team.identities(&["alice", "bob", "carol"]);
        team.publish("p0/identities.yaml", &identities);
        team
    }

    /// The same with another store.
    #[must_use]
    pub fn with_store(mut self, url: &str) -> Self {
        url.clone_into(&mut self.store);
        self.make_store();
        self
    }

    fn make_store(&self) {
        run(&["store", "init", "--store", &self.store]).done();
    }

    /// The site.
    pub fn site(&self) -> &Site {
        &self.site
    }

    /// The store's address.
    pub fn store(&self) -> &str {
        &self.store
    }

    /// A person's private key.
    pub fn key(&self, person: &str) -> PathBuf {
        self.site.beside(&format!("{person}_key"))
    }

    /// `p0/identities.yaml` with these persons.
    pub fn identities(&self, persons: &[&str]) -> String {
        let person = |name: &&str| {
            let key = std::fs::read_to_string(self.key(name).with_extension("pub")).expect("a public key");
            format!("- name: {name}\n  kubernetes: [{name}@example.com]\n  sshKeys: [\"{}\"]\n", key.trim())
        };
        let persons: String = persons.iter().map(person).collect();
        format!("apiVersion: p0.dev/v1alpha1\nkind: Identities\npersons:\n{persons}")
    }

    /// Replaces the policy, given without its head.
    pub fn policy(&self, policy: &str) {
        self.publish("p0/policy.yaml", &format!("{HEAD}{policy}"));
    }

    /// Puts a file on base, as an administrator of the repository does.
    pub fn publish(&self, path: &str, text: &str) {
        self.by_hand(|work, git| {
            let file = work.join(path);
            std::fs::create_dir_all(file.parent().expect("a folder")).expect("a folder");
            std::fs::write(file, text).expect("a file");
            git(&["add", "-A"]);
            let admin = ["-c", "user.name=admin", "-c", "user.email=admin@example.com"];
            git(&[&admin[..], &["commit", "-q", "-m", "Settings"]].concat());
        });
    }

    /// Merges a grant's branch as a reviewer does; the branch stays.
    pub fn merges(&self, id: &str) {
        let branch = format!("origin/p0/grant/{id}");
        self.by_hand(|_, git| {
            let bob = ["-c", "user.name=bob", "-c", "user.email=bob@example.com"];
            git(&[&bob[..], &["merge", "-q", "--no-ff", "-m", "Reviewed", &branch]].concat());
        });
    }

    /// Does something in a new clone and pushes it to base, with plain Git.
    fn by_hand(&self, work: impl FnOnce(&Path, &dyn Fn(&[&str]))) {
        let clone = tempfile::tempdir().expect("a temporary folder");
        let git = |arguments: &[&str]| {
            let run = Command::new("git").arg("-C").arg(clone.path()).args(arguments).output().expect("git");
            assert!(run.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&run.stderr));
        };
        git(&["clone", "-q", utf8(&self.site.repository()), "."]);
        work(clone.path(), &git);
        git(&["push", "-q", "origin", "HEAD:main"]);
    }

    /// Runs a command as the bot: with the key that signs grants, at a time.
    pub fn bot_runs(&self, now: &str, arguments: &[&str]) -> Run {
        let (repository, key) = (self.site.repository(), self.site.key());
        let service =
            ["--repo", utf8(&repository), "--store", &self.store, "--signing-key", utf8(&key), "--now", now];
        run(&[arguments, &service].concat())
    }

    /// Runs a command that reads the store alone, at a time.
    pub fn reads(&self, now: &str, arguments: &[&str]) -> Run {
        run(&[arguments, &["--store", &self.store, "--now", now]].concat())
    }

    /// Runs a command as a person, at a time, with the bot's key at hand.
    pub fn acts(&self, person: &str, now: &str, arguments: &[&str]) -> Run {
        let key = self.key(person);
        self.bot_runs(now, &[arguments, &["--key", utf8(&key)]].concat())
    }

    /// Runs a command as a person who has no key but their own.
    pub fn acts_alone(&self, person: &str, now: &str, arguments: &[&str]) -> Run {
        let (repository, key) = (self.site.repository(), self.key(person));
        let service =
            ["--repo", utf8(&repository), "--store", &self.store, "--key", utf8(&key), "--now", now];
        run(&[arguments, &service].concat())
    }

    /// A verb as somebody, not started yet: what a test grants to kill.
    pub fn command(&self, person: &str, now: &str, arguments: &[&str]) -> Command {
        let (repository, key, own) = (self.site.repository(), self.site.key(), self.key(person));
        let mut command = Command::new(crate::program::program());
        command.args(arguments).args(["--repo", utf8(&repository), "--store", &self.store, "--now", now]);
        command.args(["--signing-key", utf8(&key)]);
        if arguments != ["reconcile"] {
            command.args(["--key", utf8(&own)]);
        }
        command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.env("HOME", "/nonexistent").env("XDG_CACHE_HOME", crate::upstream::cache());
        command.stdout(Stdio::null()).stderr(Stdio::null());
        command
    }

    /// A person's key, to sign in this process.
    pub fn signing_key(&self, person: &str) -> SigningKey {
        key_in(&self.key(person))
    }

    /// The bot's key, to sign in this process.
    pub fn bot_key(&self) -> SigningKey {
        key_in(&self.site.key())
    }

    /// The service and the reconciler in this process, with the bot's key.
    pub async fn bot(&self) -> (Service, Reconciler) {
        self.bot_on(self.hosted()).await
    }

    /// The same on another forge than that of [`Team::hosted`].
    pub async fn bot_on(&self, repository: HostedRepository) -> (Service, Reconciler) {
        let store = Store::open(&self.store).await.expect("a store");
        let workflow = Arc::new(Workflow::new(store, vec![repository]));
        (Service::new(workflow.clone()), Reconciler::new(workflow).with_key(key_in(&self.site.key())))
    }

    /// The service and the reconciler in this process, with the bot's key, which ask `on_call` who is on call.
    pub async fn bot_with(&self, on_call: Arc<dyn OnCallLookup>) -> (Service, Reconciler) {
        let store = Store::open(&self.store).await.expect("a store");
        let workflow = Arc::new(Workflow::new(store, vec![self.hosted()]).with_on_call(on_call));
        (Service::new(workflow.clone()), Reconciler::new(workflow).with_key(key_in(&self.site.key())))
    }

    /// The service in this process, which asks `on_call` who is on call.
    pub async fn service(&self, on_call: Arc<dyn OnCallLookup>) -> Service {
        let store = Store::open(&self.store).await.expect("a store");
        Service::new(Arc::new(Workflow::new(store, vec![self.hosted()]).with_on_call(on_call)))
    }

    /// The site's repository, as the bot works on it.
    pub fn hosted(&self) -> HostedRepository {
        let place = self.site.repository();
        let cache = self.site.beside("cache");
        let remote = Remote::open(utf8(&place), Credentials::default(), &cache).expect("a repository");
        let repository = Repository::new(BaseBranch::new(remote, "main"));
        HostedRepository::git(repository, "bot", "bot@example.com")
    }

    /// Copies the store to a new file.
    pub fn backup(&self, to: &Path) {
        run(&["store", "backup", utf8(to), "--store", &self.store]).done();
    }

    /// Checks that the store is whole, and its log one chain.
    pub fn check_store(&self) {
        run(&["store", "check", "--store", &self.store]).done();
    }

    /// How often a grant's file came to base.
    pub fn landings(&self, id: &str) -> usize {
        let path = format!("clusters/{CLUSTER}/grants/{id}.yaml");
        let log = self.site.git(&[
            "log",
            "--first-parent",
            "-m",
            "--diff-filter=A",
            "--format=%H",
            "main",
            "--",
            &path,
        ]);
        log.lines().filter(|line| !line.is_empty()).count()
    }

    /// Alice asks to read one deployment; the request's id.
    pub fn asks(&self, now: &str, name: &str, more: &[&str]) -> String {
        let locator = format!("deployment / default / {name}");
        id_of(&self.acts("alice", now, &[&request_for(&locator)[..], &AS_JSON, more].concat()).done())
    }

    /// Alice asks to read what a locator names, with no key but her own; the request's id.
    pub fn asks_alone(&self, now: &str, locator: &str, more: &[&str]) -> String {
        id_of(&self.acts_alone("alice", now, &[&request_for(locator)[..], &AS_JSON, more].concat()).done())
    }

    /// A request as `show -o json` has it.
    pub fn show(&self, now: &str, id: &str) -> Value {
        let out = self.bot_runs(now, &["show", id, "-o", "json"]).done();
        serde_json::from_str(&out).expect("JSON")
    }

    /// A request's state.
    pub fn state(&self, now: &str, id: &str) -> String {
        self.show(now, id)["state"].as_str().expect("a state").to_owned()
    }

    /// Ids of the grants on base.
    pub fn grants(&self) -> Vec<String> {
        let names =
            self.site.git(&["ls-tree", "--name-only", "main", &format!("clusters/{CLUSTER}/grants/")]);
        let names = names.lines().filter_map(|name| name.rsplit('/').next()?.strip_suffix(".yaml"));
        names.filter(|name| *name != "sentinel").map(str::to_owned).collect()
    }

    /// A grant's file on base.
    pub fn grant(&self, id: &str) -> String {
        self.site.git(&["show", &format!("main:clusters/{CLUSTER}/grants/{id}.yaml")])
    }
}

fn utf8(path: &Path) -> &str {
    path.to_str().expect("a path in UTF-8")
}

fn key_in(file: &Path) -> SigningKey {
    SigningKey::find(&KeySource { file: Some(file.to_owned()), ..KeySource::default() }).expect("a key")
}
