//! A real Gitea on this machine: its program, SQLite in a temporary folder, users with tokens, repositories.
//!
//! One serves all tests of a process; each test has a repository of its own. Not here: what the bot does with it.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::sync::{Mutex, OnceLock, mpsc};
use std::time::Duration;

use gitea_client::Client;
use serde_json::{Value, json};

use crate::supervised::Supervised;
use crate::upstream::Module;

/// A running Gitea. It ends with this value, and with the process.
pub struct Gitea {
    folder: tempfile::TempDir,
    port: u16,
    /// By their users.
    tokens: Mutex<BTreeMap<String, String>>,
    http: reqwest::Client,
    runtime: tokio::runtime::Runtime,
    _program: Supervised,
}

/// A repository of a Gitea's administrator.
#[derive(Clone)]
pub struct GiteaRepository {
    gitea: &'static Gitea,
    name: String,
}

/// Who administers a Gitea and owns the repositories of the tests.
pub const OWNER: &str = "ops";

/// A password that Gitea accepts.
const PASSWORD: &str = "a long password 1";

impl Gitea {
    /// The one of this test process, started at the first call.
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<Gitea> = OnceLock::new();
        SHARED.get_or_init(Self::start)
    }

    /// One of its own, with no user but the administrator. It ends with the process.
    pub fn alone() -> &'static Self {
        Box::leak(Box::new(Self::start()))
    }

    fn start() -> Self {
        // Another test of the process may have chosen the same one before.
        let _installed_before = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let folder = tempfile::Builder::new().prefix("p0-gitea-").tempdir().expect("a temporary folder");
        let [port] = crate::ports::reserve();
        std::fs::write(folder.path().join("app.ini"), settings(folder.path(), port)).expect("the settings");
        run(folder.path(), &["migrate"]);
        let who = ["--username", OWNER, "--email", "ops@example.com", "--password", PASSWORD, "--admin"];
        let create = ["admin", "user", "create", "--must-change-password=false"];
        run(folder.path(), &[&create[..], &who].concat());
        let token = ["admin", "user", "generate-access-token", "--username", OWNER, "--raw"];
        let said = run(folder.path(), &[&token[..], &["--token-name", "tests", "--scopes", "all"]].concat());
        // Warnings come first.
        let token = said.lines().next_back().expect("a token");
        let program = Supervised::start(&command(folder.path(), &["web"]), &folder.path().join("log"));
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let http = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(60)).build();
        let gitea = Self {
            folder,
            port,
            tokens: Mutex::new([(OWNER.to_owned(), token.trim().to_owned())].into()),
            http: http.expect("a client"),
            runtime: runtime.expect("a runtime"),
            _program: program,
        };
        let url = format!("{}/api/healthz", gitea.url());
        let up = || gitea.ask(gitea.http.get(&url)).is_some_and(|(status, _)| status == 200);
        assert!(crate::waiting::comes(up), "Gitea does not come up: {}", gitea._program.said());
        gitea
    }

    /// Its address.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The program with this Gitea's settings, as its administrator runs it on its machine.
    pub fn command(&self, arguments: &[&str]) -> Command {
        command(self.folder.path(), arguments)
    }

    /// The token of a user, who is made where there is none yet.
    ///
    /// # Panics
    /// Where Gitea makes none.
    pub fn token(&self, user: &str) -> String {
        let known = self.tokens.lock().expect("no test panicked in it").get(user).cloned();
        if let Some(token) = known {
            return token;
        }
        let new = json!({
            "username": user, "email": format!("{user}@example.com"), "password": PASSWORD,
            "must_change_password": false,
        });
        let (status, said) = self.call(OWNER, "POST", "admin/users", &new);
        assert!(status == 201 || status == 422, "{user}: {said}");
        // Tests of one process may make it at the same time: each token counts.
        let name = format!("t{}", jiff::Timestamp::now().as_nanosecond());
        let body = json!({ "name": name, "scopes": ["all"] });
        let request = self.http.post(format!("{}/api/v1/users/{user}/tokens", self.url()));
        let answer = self.ask(request.basic_auth(user, Some(PASSWORD)).json(&body));
        let (_, said) = answer.expect("an answer");
        let token = said["sha1"].as_str().unwrap_or_else(|| panic!("{said}")).to_owned();
        self.tokens.lock().expect("no test panicked in it").insert(user.to_owned(), token.clone());
        token
    }

    /// The number of a user.
    ///
    /// # Panics
    /// Where there is none.
    pub fn id(&self, user: &str) -> u64 {
        self.call(OWNER, "GET", &format!("users/{user}"), &Value::Null).1["id"].as_u64().expect("an id")
    }

    /// One call of the API as a user of this Gitea: the status, and what is said.
    ///
    /// # Panics
    /// Where there is no answer.
    pub fn call(&self, user: &str, method: &str, path: &str, body: &Value) -> (u16, Value) {
        let token = self.token(user);
        let method = http::Method::from_bytes(method.as_bytes()).expect("a method");
        let mut request = self.http.request(method, format!("{}/api/v1/{path}", self.url()));
        request = request.header("authorization", format!("token {token}"));
        if !body.is_null() {
            request = request.json(body);
        }
        self.ask(request).expect("an answer")
    }

    /// Works inside and outside of an asynchronous test: the call runs on a runtime of its own.
    fn ask(&self, request: reqwest::RequestBuilder) -> Option<(u16, Value)> {
        let (sender, receiver) = mpsc::channel();
        self.runtime.spawn(async move {
            let answer = async {
                let answer = request.send().await.ok()?;
                let status = answer.status().as_u16();
                let text = answer.text().await.ok()?;
                Some((status, serde_json::from_str(&text).unwrap_or(Value::String(text))))
            };
            let _gone = sender.send(answer.await);
        });
        receiver.recv().expect("the call ends")
    }

    /// A new repository of the administrator without a branch.
    ///
    /// # Panics
    /// Where Gitea makes none.
    pub fn empty_repository(&'static self, name: &str) -> GiteaRepository {
        let new = json!({ "name": name, "private": false, "default_branch": "main" });
        let (status, said) = self.call(OWNER, "POST", "user/repos", &new);
        assert_eq!(status, 201, "{said}");
        GiteaRepository { gitea: self, name: name.to_owned() }
    }

    /// A new repository of the administrator with the `main` of the bare repository at `from`; `writers` may write to it.
    ///
    /// # Panics
    /// Where Gitea makes none.
    pub fn repository(&'static self, name: &str, from: &Path, writers: &[&str]) -> GiteaRepository {
        let repository = self.empty_repository(name);
        repository.push(from, "main:main");
        // Gitea learns of a push's branches in the background.
        let knows = || repository.call(OWNER, "GET", "branches/main", &Value::Null).0 == 200;
        assert!(crate::waiting::comes(knows), "Gitea has the branch");
        for writer in writers {
            self.token(writer);
            let path = format!("repos/{OWNER}/{name}/collaborators/{writer}");
            let (status, said) = self.call(OWNER, "PUT", &path, &json!({ "permission": "write" }));
            assert_eq!(status, 204, "{said}");
        }
        repository
    }
}

impl GiteaRepository {
    /// The Gitea that it is on.
    pub fn gitea(&self) -> &'static Gitea {
        self.gitea
    }

    /// Its address for Git and for the bot.
    pub fn url(&self) -> String {
        format!("{}/{OWNER}/{}.git", self.gitea.url(), self.name)
    }

    /// The client of a user.
    ///
    /// # Panics
    /// Where the address is none.
    pub fn client(&self, user: &str) -> Client {
        let (server, name) = gitea_client::ServerUrl::of_repository(&self.url()).expect("an address");
        Client::new(server, name, &self.gitea.token(user).into()).expect("a client")
    }

    /// One call below the repository as a user.
    pub fn call(&self, user: &str, method: &str, path: &str, body: &Value) -> (u16, Value) {
        self.gitea.call(user, method, &format!("repos/{OWNER}/{}/{path}", self.name), body)
    }

    /// Pushes from a local repository as the administrator.
    ///
    /// # Panics
    /// Where it is refused.
    pub fn push(&self, from: &Path, refspec: &str) {
        let (done, said) = self.try_push(OWNER, from, refspec);
        assert!(done, "{said}");
    }

    /// Pushes from a local repository as a user; whether it was accepted, and what was said.
    ///
    /// # Panics
    /// Where Git does not run.
    pub fn try_push(&self, user: &str, from: &Path, refspec: &str) -> (bool, String) {
        self.git(user, from, &["push", "-q", &self.url(), refspec])
    }

    /// Brings a local bare repository's `main` to where it is here.
    ///
    /// # Panics
    /// Where Git cannot fetch it.
    pub fn fetch(&self, into: &Path) {
        let (done, said) = self.git(OWNER, into, &["fetch", "-q", &self.url(), "+main:main"]);
        assert!(done, "{said}");
    }

    fn git(&self, user: &str, at: &Path, arguments: &[&str]) -> (bool, String) {
        let header = format!("http.extraHeader=Authorization: token {}", self.gitea.token(user));
        let mut git = Command::new("git");
        git.arg("-C").arg(at).args(["-c", &header]).args(arguments).env("GIT_TERMINAL_PROMPT", "0");
        let out = git.output().expect("git is installed");
        (out.status.success(), String::from_utf8_lossy(&out.stderr).into_owned())
    }
}

fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Module::Gitea.command();
    command.args(arguments).arg("--config").arg(folder.join("app.ini"));
    command.env("GITEA_WORK_DIR", folder).env("HOME", folder).env_remove("XDG_CONFIG_HOME");
    command.current_dir(folder);
    command
}

fn run(folder: &Path, arguments: &[&str]) -> String {
    let out = command(folder, arguments).output().expect("Gitea runs");
    let said = String::from_utf8_lossy(&out.stderr);
    assert!(out.status.success(), "gitea {arguments:?}: {said}{}", String::from_utf8_lossy(&out.stdout));
    String::from_utf8(out.stdout).expect("UTF-8")
}

fn settings(folder: &Path, port: u16) -> String {
    let user = Command::new("id").arg("-un").output().expect("id").stdout;
    let user = String::from_utf8_lossy(&user).trim().to_owned();
    let (folder, assets) = (folder.display(), Module::Gitea.source());
    format!(
        "RUN_MODE = prod\nRUN_USER = {user}\nWORK_PATH = {folder}\nI_AM_BEING_UNSAFE_RUNNING_AS_ROOT = true\n\
         [server]\nPROTOCOL = http\nHTTP_ADDR = 127.0.0.1\nHTTP_PORT = {port}\nROOT_URL = http://127.0.0.1:{port}/\n\
         STATIC_ROOT_PATH = {assets}\nOFFLINE_MODE = true\nDISABLE_SSH = true\nLFS_START_SERVER = false\n\
         [database]\nDB_TYPE = sqlite3\nPATH = {folder}/gitea.db\nSQLITE_TIMEOUT = 20000\nSQLITE_JOURNAL_MODE = WAL\n\
         [security]\nINSTALL_LOCK = true\nSECRET_KEY = tests\nPASSWORD_HASH_ALGO = pbkdf2$1$8\n\
         [service]\nDISABLE_REGISTRATION = true\n\
         [oauth2]\nENABLED = false\n[actions]\nENABLED = false\n[cron]\nENABLED = false\n\
         [indexer]\nISSUE_INDEXER_TYPE = db\n[webhook]\nALLOWED_HOST_LIST = loopback\n\
         [log]\nMODE = console\nLEVEL = Warn\n",
        assets = assets.display(),
    )
}
