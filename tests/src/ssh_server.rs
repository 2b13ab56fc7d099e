//! Git over SSH: OpenSSH's own server on this machine, for one user and one key.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// A running server. It ends with this value.
pub struct SshServer {
    child: Child,
    folder: tempfile::TempDir,
    port: u16,
}

impl SshServer {
    /// Starts a server that lets [`SshServer::key`] in as the user who runs the tests.
    ///
    /// # Panics
    /// Where OpenSSH's server is not installed.
    pub fn start() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = |name: &str| folder.path().join(name);
        for name in ["host", "key"] {
            let made = Command::new("ssh-keygen")
                .args(["-q", "-t", "ed25519", "-N", "", "-f"])
                .arg(path(name))
                .status();
            assert!(made.expect("ssh-keygen is installed (openssh-client)").success(), "a key");
        }
        let [port] = crate::ports::reserve();
        let settings = [
            format!("Port {port}"),
            "ListenAddress 127.0.0.1".to_owned(),
            format!("HostKey {}", path("host").display()),
            format!("AuthorizedKeysFile {}", path("key.pub").display()),
            "StrictModes no".to_owned(),
            "UsePAM no".to_owned(),
            "PidFile none".to_owned(),
            "PermitRootLogin yes".to_owned(),
        ];
        std::fs::write(path("settings"), settings.join("\n") + "\n").expect("written");
        // Root's server separates privileges into this folder; others have no need of it, nor the right to make it.
        let _made_by_root = std::fs::create_dir_all("/run/sshd");
        let mut server = Command::new("/usr/sbin/sshd");
        server.arg("-D").arg("-f").arg(path("settings")).arg("-E").arg(path("log"));
        let child =
            server.stdin(Stdio::null()).spawn().expect("OpenSSH's server is installed (openssh-server)");
        let server = Self { child, folder, port };
        crate::eventually("OpenSSH's server", || std::net::TcpStream::connect(("127.0.0.1", port)).is_ok());
        server
    }

    /// The private key that is let in.
    pub fn key(&self) -> PathBuf {
        self.folder.path().join("key")
    }

    /// The address of a repository on this machine.
    pub fn url(&self, repository: &Path) -> String {
        let user = Command::new("id").arg("-un").output().expect("id").stdout;
        format!(
            "ssh://{}@127.0.0.1:{}{}",
            String::from_utf8_lossy(&user).trim(),
            self.port,
            repository.display()
        )
    }

    /// The server's line for a `known_hosts` file.
    pub fn known_host(&self) -> String {
        let public = std::fs::read_to_string(self.folder.path().join("host.pub")).expect("the host's key");
        let key: Vec<&str> = public.split(' ').take(2).collect();
        format!("[127.0.0.1]:{} {}\n", self.port, key.join(" "))
    }
}

impl Drop for SshServer {
    fn drop(&mut self) {
        let _killed = self.child.kill();
        let _ended = self.child.wait();
    }
}
