//! A plugin's process, started as Terraform starts it.

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, ChildStdin, Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;

pub(crate) const COOKIE: (&str, &str) =
    ("TF_PLUGIN_MAGIC_COOKIE", "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2");

/// The example provider. Cargo builds it beside the tests, unless it is told which tests to build.
pub(crate) fn pets() -> &'static Path {
    static PETS: OnceLock<PathBuf> = OnceLock::new();
    PETS.get_or_init(|| {
        let test = std::env::current_exe().unwrap();
        let pets = test.parent().and_then(Path::parent).unwrap().join("examples/pets");
        assert!(pets.exists(), "{} is missing: run `cargo build --workspace --example pets`", pets.display());
        pets
    })
}

/// The program with a clean environment.
pub(crate) fn command() -> Command {
    let mut command = Command::new(pets());
    command.env_clear().stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// A running plugin. It is killed when the test ends.
pub(crate) struct Plugin {
    child: Child,
    out: BufReader<std::process::ChildStdout>,
    err: Option<ChildStderr>,
    /// Open and empty: it is Terraform's, and a plugin never reads it.
    _input: Option<ChildStdin>,
    /// What it answered the handshake with.
    pub(crate) line: Line,
}

/// The parts of the handshake's line.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    pub(crate) parts: Vec<String>,
}

impl Line {
    pub(crate) fn socket(&self) -> &Path {
        Path::new(&self.parts[3])
    }

    /// The server's certificate.
    pub(crate) fn certificate(&self) -> Vec<u8> {
        STANDARD_NO_PAD.decode(&self.parts[5]).expect("base64 without padding")
    }
}

impl Plugin {
    /// Starts it as Terraform does, with these variables more.
    pub(crate) fn start(variables: &[(&str, &str)]) -> Self {
        let mut command = command();
        command
            .env(COOKIE.0, COOKIE.1)
            .env("PLUGIN_PROTOCOL_VERSIONS", "6,5")
            .envs(variables.iter().copied());
        Self::of(command)
    }

    pub(crate) fn of(mut command: Command) -> Self {
        let mut child = command.spawn().expect("the plugin starts");
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        out.read_line(&mut line).unwrap();
        let line = Line { parts: line.trim_end_matches('\n').split('|').map(str::to_owned).collect() };
        Self { _input: child.stdin.take(), err: child.stderr.take(), child, out, line }
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn signal(&self, name: &str) {
        let killed = Command::new("kill").args([name, &self.id().to_string()]).status().unwrap();
        assert!(killed.success());
    }

    pub(crate) fn is_running(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// Waits for its end; gives how long that took, what else it printed, and what it logged.
    pub(crate) fn end(mut self) -> (Duration, String, String) {
        let since = Instant::now();
        while self.is_running() {
            assert!(since.elapsed() < Duration::from_secs(20), "the plugin does not end");
            std::thread::sleep(Duration::from_millis(5));
        }
        let took = since.elapsed();
        let (mut out, mut err) = (String::new(), String::new());
        self.out.read_to_string(&mut out).unwrap();
        self.err.take().unwrap().read_to_string(&mut err).unwrap();
        (took, out, err)
    }
}

impl Drop for Plugin {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
