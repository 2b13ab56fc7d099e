//! PostgreSQL: a private server on this machine, for the user who runs the tests, root or not. It ends with its last user.

use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

/// The user `nobody`, whom every system has: the server refuses to run as root.
const NOBODY: u32 = 65534;

/// A running server.
pub struct Postgres {
    child: Child,
    folder: tempfile::TempDir,
    databases: AtomicU32,
}

impl Postgres {
    /// The server of this process, started where there is none.
    ///
    /// # Panics
    /// Where PostgreSQL's server is not installed.
    pub fn shared() -> Arc<Self> {
        static SHARED: Mutex<Weak<Postgres>> = Mutex::new(Weak::new());
        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        shared.upgrade().unwrap_or_else(|| {
            let server = Arc::new(Self::start());
            *shared = Arc::downgrade(&server);
            server
        })
    }

    fn start() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        if is_root() {
            std::os::unix::fs::chown(folder.path(), Some(NOBODY), Some(NOBODY)).expect("root may give away");
        }
        let data = folder.path().join("data");
        let mut initdb = program("initdb");
        initdb.args(["--username", "p0", "--auth", "trust", "--encoding", "UTF8", "--no-sync", "--pgdata"]);
        let made = initdb.arg(&data).output().expect("initdb runs");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let mut server = program("postgres");
        server.arg("-D").arg(&data).arg("-k").arg(folder.path());
        // Clients are killed in the tests, and never this server: it need not wait for the disk.
        server.args(["-c", "listen_addresses=", "-c", "fsync=off", "-c", "max_connections=200"]);
        let log = std::fs::File::create(folder.path().join("log")).expect("a log");
        let child = server.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn().expect("it starts");
        let server = Self { child, folder, databases: AtomicU32::new(0) };
        crate::eventually("PostgreSQL", || {
            server.client("pg_isready").output().is_ok_and(|out| out.status.success())
        });
        server
    }

    /// A new, empty database; its URL as the program takes it.
    ///
    /// # Panics
    /// Where the server does not make one.
    pub fn database(&self) -> String {
        let name = format!("p0_{}", self.databases.fetch_add(1, Ordering::Relaxed));
        let made = self.client("createdb").args(["-U", "p0", &name]).output().expect("createdb runs");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        format!("postgres://p0@localhost/{name}?host={}", self.folder.path().display())
    }

    /// A client of the same version, pointed at this server.
    pub fn client(&self, name: &str) -> Command {
        let mut client = program(name);
        client.env("PGHOST", self.folder.path());
        client
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        let data = self.folder.path().join("data");
        let _stopped = program("pg_ctl").args(["stop", "-m", "immediate", "-D"]).arg(data).output();
        let _ended = self.child.wait();
    }
}

/// One of PostgreSQL's programs, where Debian or the PATH has it, run by somebody who is not root.
fn program(name: &str) -> Command {
    let debian = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut folders: Vec<PathBuf> = debian.map(|entry| entry.path().join("bin")).collect();
    folders.sort();
    folders.extend(std::env::var_os("PATH").iter().flat_map(std::env::split_paths));
    let path = folders.iter().map(|folder| folder.join(name)).find(|path| path.is_file());
    let mut command =
        Command::new(path.unwrap_or_else(|| panic!("`{name}` is missing (apt-get install postgresql)")));
    if is_root() {
        command.uid(NOBODY).gid(NOBODY).current_dir(Path::new("/"));
    }
    command
}

fn is_root() -> bool {
    let output = Command::new("id").arg("-u").output().expect("id");
    output.stdout.starts_with(b"0\n")
}
