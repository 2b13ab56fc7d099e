//! `p0-gitops serve` as a user runs it: the program, with a settings file, until it is told to stop.

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::Value;

use crate::team::Team;

/// A running server. It is killed with this value.
pub struct Serving {
    child: Child,
    address: String,
    settings: PathBuf,
    log: BufReader<ChildStderr>,
}

impl Serving {
    /// Starts `program` for a team's repository and store, perhaps with a kubeconfig to look with, and waits until it listens.
    ///
    /// # Panics
    /// Where it does not start.
    pub fn start(program: &Path, team: &Team, look: Option<&Path>) -> Self {
        Self::start_also(program, team, look, "")
    }

    /// The same with more settings.
    ///
    /// # Panics
    /// Where it does not start.
    pub fn start_also(program: &Path, team: &Team, look: Option<&Path>, more: &str) -> Self {
        let look = look.map(|file| format!(", look: {{{}: {}}}", crate::site::CLUSTER, file.display()));
        let settings = format!(
            "repositories: [{{url: {}, clusters: [{}]{}}}]\ninterval: 1s\n{more}",
            team.site().repository().display(),
            crate::site::CLUSTER,
            look.unwrap_or_default(),
        );
        Self::start_with(program, team, &settings, &[])
    }

    /// The same with settings of its own, given without head, store and address, and with variables in its environment.
    ///
    /// # Panics
    /// Where it does not start.
    pub fn start_with(program: &Path, team: &Team, settings: &str, environment: &[(&str, String)]) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let file = team.site().beside(&format!("server-{}.yaml", COUNT.fetch_add(1, Ordering::Relaxed)));
        let head = "apiVersion: p0.dev/v1alpha1\nkind: Server\nlisten: 127.0.0.1:0\n";
        std::fs::write(&file, format!("{head}store: {}\n{settings}", team.store())).expect("the settings");
        let mut command = Command::new(program);
        command.arg("serve").arg("--settings").arg(&file).arg("--key").arg(team.site().key());
        command.env_remove("SSH_AUTH_SOCK").envs(environment.iter().map(|(name, value)| (name, value)));
        command.stdin(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("it starts");
        let mut log = BufReader::new(child.stderr.take().expect("a pipe"));
        let address = listening(&mut log);
        Self { child, address, settings: file, log }
    }

    /// Its settings file.
    pub fn settings(&self) -> &Path {
        &self.settings
    }

    /// Where it listens.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// What it answers to a GET: the status, and the text.
    ///
    /// # Panics
    /// Where it does not answer.
    pub async fn get(&self, path: &str) -> (u16, String) {
        let answer = reqwest::get(self.url(path)).await.expect("an answer");
        (answer.status().as_u16(), answer.text().await.expect("text"))
    }

    /// The address of a page.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// The memory that it holds, in megabytes, as the kernel says it.
    ///
    /// # Panics
    /// Where it has ended.
    pub fn memory(&self) -> f64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).expect("it runs");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("its memory");
        let kilobytes = line.split_whitespace().next().and_then(|number| number.parse::<f64>().ok());
        kilobytes.expect("a number") / 1024.0
    }

    /// Tells it to stop; how it ended, and what it had still to say.
    ///
    /// # Panics
    /// Where it cannot be told.
    pub fn stop(mut self) -> (ExitStatus, Vec<Value>) {
        let told = Command::new("kill").arg(self.child.id().to_string()).status().expect("kill");
        assert!(told.success(), "it runs");
        let lines = self.log.by_ref().lines().map(|line| line.expect("text"));
        let rest = lines.filter_map(|line| serde_json::from_str(&line).ok()).collect();
        (self.child.wait().expect("it ends"), rest)
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _gone = self.child.kill();
        let _ended = self.child.wait();
    }
}

/// Reads the log until it says where the server listens.
fn listening(log: &mut impl BufRead) -> String {
    let mut said = Vec::new();
    for line in log.lines().map_while(Result::ok) {
        let value: Value = serde_json::from_str(&line).unwrap_or_default();
        if let Some(address) = value.get("address") {
            return address.as_str().expect("an address").to_owned();
        }
        said.push(line);
    }
    panic!("it has ended without listening: {}", said.join("\n"));
}
