//! Argo CD's sync engine, as the small agent that its module has.

use std::path::Path;

use crate::ControlPlane;
use crate::supervised::Supervised;
use crate::upstream::Module;

/// A running agent. It ends with this value.
pub struct ArgoCd {
    port: u16,
    program: Supervised,
    _folder: tempfile::TempDir,
}

impl ArgoCd {
    /// Starts an agent that applies the folder `path` of the checked-out repository `work_tree`, and prunes.
    pub fn start(plane: &ControlPlane, work_tree: &Path, path: &str) -> Self {
        let folder = tempfile::Builder::new().prefix("p0-argocd-").tempdir().expect("a temporary folder");
        let [port] = crate::ports::reserve();
        let mut command = Module::ArgoCd.command();
        command.arg(work_tree).args(["--path", path, "--default-namespace", "default"]);
        // A test says when; the timer is not what is tested.
        command.args(["--resync-seconds", "3600", "--port", &port.to_string()]);
        command.env("KUBECONFIG", plane.kubeconfig()).current_dir(folder.path());
        let program = Supervised::start(&command, &folder.path().join("agent.log"));
        let agent = Self { port, program, _folder: folder };
        crate::eventually("Argo CD's agent", || std::net::TcpStream::connect(("127.0.0.1", port)).is_ok());
        agent
    }

    /// Asks for a sync of what the work tree holds now. It comes some moments later.
    pub fn sync(&self) {
        let url = format!("http://127.0.0.1:{}/api/v1/sync", self.port);
        // It listens before it has read the cluster, and answers then.
        crate::eventually(&format!("Argo CD's agent syncs: {}", self.said()), || {
            crate::Api::ask(&url) == Some(200)
        });
    }

    /// The end of what it said.
    pub fn said(&self) -> String {
        self.program.said()
    }
}
