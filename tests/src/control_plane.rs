//! A real Kubernetes control plane: etcd, kube-apiserver and kube-controller-manager on this machine.
//!
//! Everything listens on 127.0.0.1, keeps its files in a temporary folder and ends with this value. The programs also end
//! when the test process dies.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use crate::supervised::Supervised;
use crate::upstream::Program;

mod api;
mod authorizer;
mod proxy;

pub use api::Api;
pub(crate) use api::documents;
pub use proxy::{Asked, Fate, Proxy};

/// How long everything may take to answer.
const PATIENCE: Duration = Duration::from_secs(120);

const ADMIN_TOKEN: &str = "admin-token";

/// A running control plane.
pub struct ControlPlane {
    folder: tempfile::TempDir,
    port: u16,
    // Dropped in this order: what depends first.
    programs: Vec<Supervised>,
}

impl ControlPlane {
    /// The one of this test process, started at the first call.
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<ControlPlane> = OnceLock::new();
        SHARED.get_or_init(Self::start)
    }

    /// Starts one and waits until roles are aggregated.
    ///
    /// # Panics
    /// Where a program does not come up; the message holds the end of its log.
    pub fn start() -> Self {
        let folder =
            tempfile::Builder::new().prefix("p0-control-plane-").tempdir().expect("a temporary folder");
        let [etcd, peer, port, manager] = crate::ports::reserve();
        let path = |name: &str| folder.path().join(name);
        write(
            &path("tokens.csv"),
            &format!("{ADMIN_TOKEN},admin,admin,\"system:masters\"\nstranger-token,stranger,stranger\n"),
        );
        make_service_account_key(&path("sa.key"));
        make_client_certificate(folder.path());
        let mut plane = Self { folder, port, programs: Vec::new() };
        plane.run(Program::Etcd, &etcd_flags(plane.folder.path(), etcd, peer));
        plane.run(Program::ApiServer, &api_server_flags(plane.folder.path(), etcd, port));
        plane.wait("/readyz", |status, _| status == 200);
        write(&plane.kubeconfig(), &plane.kubeconfig_text(ADMIN_TOKEN));
        plane.run(
            Program::ControllerManager,
            &manager_flags(plane.folder.path(), &plane.kubeconfig(), manager),
        );
        // The controller resolves the aggregated roles one after the other, in any order.
        for (role, rules) in [("view", 12), ("edit", 27), ("admin", 29)] {
            plane.wait(&format!("/apis/rbac.authorization.k8s.io/v1/clusterroles/{role}"), |_, body| {
                body["rules"].as_array().is_some_and(|found| found.len() >= rules)
            });
        }
        plane.wait("/api/v1/namespaces/default", |status, _| status == 200);
        plane
    }

    /// The address of the API server.
    pub fn url(&self) -> String {
        format!("https://127.0.0.1:{}", self.port)
    }

    /// A kubeconfig file whose user may do everything.
    pub fn kubeconfig(&self) -> PathBuf {
        self.folder.path().join("kubeconfig")
    }

    /// A kubeconfig file whose user may do nothing but look at discovery.
    pub fn strangers_kubeconfig(&self) -> PathBuf {
        let path = self.folder.path().join("stranger");
        write(&path, &self.kubeconfig_text("stranger-token"));
        path
    }

    /// A kubeconfig file, called `name`, of the user with `token`.
    pub fn kubeconfig_of(&self, name: &str, token: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        write(&path, &self.kubeconfig_text(token));
        path
    }

    /// The token of a user who may do everything.
    pub fn token(&self) -> &'static str {
        ADMIN_TOKEN
    }

    /// The certificate that the API server shows, which vouches for itself.
    pub fn certificate(&self) -> String {
        let file = self.folder.path().join("certificates/apiserver.crt");
        fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
    }

    /// A certificate of a user who may do everything, and its key.
    pub fn client_certificate(&self) -> (String, String) {
        let read = |name: &str| fs::read_to_string(self.folder.path().join(name)).expect(name);
        (read("client.crt"), read("client.key"))
    }

    /// The API as the administrator.
    pub fn admin(&self) -> Api {
        Api::new(self.url(), ADMIN_TOKEN)
    }

    /// The API as the user with `token`.
    pub fn with_token(&self, token: &str) -> Api {
        Api::new(self.url(), token)
    }

    /// The API as `user`, by impersonation.
    pub fn as_user(&self, user: &str) -> Api {
        self.admin().impersonating(user)
    }

    fn kubeconfig_text(&self, token: &str) -> String {
        let kubeconfig = serde_json::json!({
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{ "name": "test", "cluster": { "server": self.url(), "insecure-skip-tls-verify": true } }],
            "users": [{ "name": "test", "user": { "token": token } }],
            "contexts": [{ "name": "test", "context": { "cluster": "test", "user": "test" } }],
            "current-context": "test",
        });
        kubeconfig.to_string()
    }

    fn run(&mut self, program: Program, flags: &[String]) {
        let mut command = program.command();
        command.args(flags).current_dir(self.folder.path());
        let log = self.folder.path().join(format!("{program:?}.log"));
        self.programs.push(Supervised::start(&command, &log));
    }

    fn wait(&self, path: &str, is_there: impl Fn(u16, &serde_json::Value) -> bool) {
        let deadline = Instant::now() + PATIENCE;
        let api = self.admin();
        while Instant::now() < deadline {
            if api.try_get(path).is_some_and(|(status, body)| is_there(status, &body)) {
                return;
            }
            // Nothing tells us when a server is up; it is asked again until it is or the patience ends.
            std::thread::park_timeout(Duration::from_millis(50));
        }
        panic!("{path} did not come up in {PATIENCE:?}\n{}", self.logs());
    }

    /// The end of every program's log.
    fn logs(&self) -> String {
        self.programs.iter().map(Supervised::said).collect()
    }
}

fn etcd_flags(folder: &Path, client: u16, peer: u16) -> Vec<String> {
    let data = folder.join("etcd");
    vec![
        format!("--data-dir={}", data.display()),
        format!("--listen-client-urls=http://127.0.0.1:{client}"),
        format!("--advertise-client-urls=http://127.0.0.1:{client}"),
        format!("--listen-peer-urls=http://127.0.0.1:{peer}"),
        format!("--initial-advertise-peer-urls=http://127.0.0.1:{peer}"),
        format!("--initial-cluster=default=http://127.0.0.1:{peer}"),
        "--unsafe-no-fsync".to_owned(),
        "--log-level=warn".to_owned(),
    ]
}

fn api_server_flags(folder: &Path, etcd: u16, port: u16) -> Vec<String> {
    let path = |name: &str| folder.join(name).display().to_string();
    vec![
        format!("--etcd-servers=http://127.0.0.1:{etcd}"),
        format!("--secure-port={port}"),
        "--bind-address=127.0.0.1".to_owned(),
        "--advertise-address=127.0.0.1".to_owned(),
        format!("--cert-dir={}", path("certificates")),
        format!("--service-account-key-file={}", path("sa.key")),
        format!("--service-account-signing-key-file={}", path("sa.key")),
        "--service-account-issuer=https://kubernetes.default.svc".to_owned(),
        "--service-cluster-ip-range=10.0.0.0/24".to_owned(),
        "--authorization-mode=RBAC".to_owned(),
        format!("--token-auth-file={}", path("tokens.csv")),
        format!("--client-ca-file={}", path("client-ca.crt")),
        "--disable-admission-plugins=ServiceAccount".to_owned(),
        "--anonymous-auth=false".to_owned(),
        // Tests ask in crowds; fairness between them is not what is tested.
        "--enable-priority-and-fairness=false".to_owned(),
        "--max-requests-inflight=0".to_owned(),
        "--max-mutating-requests-inflight=0".to_owned(),
    ]
}

fn manager_flags(folder: &Path, kubeconfig: &Path, port: u16) -> Vec<String> {
    vec![
        format!("--kubeconfig={}", kubeconfig.display()),
        "--controllers=clusterrole-aggregation-controller,namespace-controller,garbage-collector-controller"
            .to_owned(),
        "--leader-elect=false".to_owned(),
        "--bind-address=127.0.0.1".to_owned(),
        format!("--secure-port={port}"),
        format!("--cert-dir={}", folder.join("manager-certificates").display()),
    ]
}

fn write(path: &Path, text: &str) {
    fs::write(path, text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
}

/// A key that signs service account tokens for as long as the control plane lives.
fn make_service_account_key(path: &Path) {
    let made = Command::new("ssh-keygen")
        .args(["-q", "-t", "rsa", "-b", "2048", "-m", "PEM", "-N", "", "-f"])
        .arg(path)
        .status();
    assert!(made.expect("ssh-keygen is installed (openssh-client)").success(), "ssh-keygen makes a key");
}

/// An authority for client certificates, and an administrator's certificate by it.
fn make_client_certificate(folder: &Path) {
    let key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"];
    let authority = ["-keyout", "client-ca.key", "-out", "client-ca.crt", "-subj", "/CN=clients"];
    openssl(folder, &[&["req", "-x509"], &key[..], &authority].concat());
    let client = ["-keyout", "client.key", "-out", "client.crt", "-subj", "/O=system:masters/CN=admin"];
    let by = ["-CA", "client-ca.crt", "-CAkey", "client-ca.key"];
    openssl(folder, &[&["req", "-x509"], &key[..], &client, &by].concat());
}

fn openssl(folder: &Path, arguments: &[&str]) {
    let output = Command::new("openssl").args(arguments).current_dir(folder).output();
    let output = output.expect("openssl is installed");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
