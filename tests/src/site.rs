//! A GitOps repository made and worked on with the program, as a user has it.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::program::{Run, run};

/// A bare repository with one cluster, and a signing key.
pub struct Site {
    folder: tempfile::TempDir,
}

/// The cluster's name in every site.
pub const CLUSTER: &str = "prod";

/// The time in every site, unless a test says otherwise.
pub const NOW: &str = "2026-11-24T10:00:00Z";

impl Site {
    /// A new one, with the embedded catalogue or another.
    pub fn new(catalogue: Option<&Path>) -> Self {
        let site = Self::empty();
        let catalogue: Vec<&str> = catalogue.iter().flat_map(|file| ["--catalogue", path(file)]).collect();
        site.init(&catalogue);
        site
    }

    /// A new one whose owners these are; each has a key, and so many of them have to sign.
    pub fn owned_by(owners: &[&str], threshold: &str) -> Self {
        let site = Self::empty();
        site.add_owners(owners, threshold);
        site
    }

    /// Runs `init` again with owners, whose keys are made.
    pub fn add_owners(&self, owners: &[&str], threshold: &str) {
        let mut arguments = vec!["--owner-threshold".to_owned(), threshold.to_owned()];
        for owner in owners {
            let key = self.owner_key(owner);
            if !key.exists() {
                make_key(&key);
            }
            arguments.extend(["--owner".to_owned(), format!("{owner}={}.pub", path(&key))]);
        }
        self.init(&arguments.iter().map(String::as_str).collect::<Vec<_>>());
    }

    fn empty() -> Self {
        let site = Self { folder: tempfile::tempdir().expect("a temporary folder") };
        make_key(&site.key());
        site
    }

    fn init(&self, more: &[&str]) {
        let (repository, key) = (self.repository(), self.key());
        let place = ["init", path(&repository), "--bare", "--cluster", CLUSTER, "--key", path(&key)];
        run(&[&place[..], &["--without-policy", "--now", NOW], more].concat()).done();
    }

    /// An owner's private key.
    pub fn owner_key(&self, owner: &str) -> PathBuf {
        self.beside(&format!("{owner}.owner"))
    }

    /// Signs a branch's change of owned files as an owner.
    pub fn owner_signs(&self, owner: &str, branch: &str) -> Run {
        let (repository, key) = (self.repository(), self.owner_key(owner));
        run(&["owners", "sign", "--repo", path(&repository), "--key", path(&key), branch, "--now", NOW])
    }

    /// The bare repository.
    pub fn repository(&self) -> PathBuf {
        self.folder.path().join("access.git")
    }

    /// The bot's private key.
    pub fn key(&self) -> PathBuf {
        self.folder.path().join("bot_key")
    }

    /// A path beside the repository.
    pub fn beside(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Runs a command on the repository: `--repo` and `--cluster` are added, and `--now` where the test does not say one.
    pub fn run(&self, command: &str, arguments: &[&str]) -> Run {
        let (repository, key) = (self.repository(), self.key());
        let mut all = vec![command, "--repo", path(&repository), "--cluster", CLUSTER];
        if command == "propose" {
            all.extend(["--key", path(&key)]);
        }
        if !arguments.contains(&"--now") {
            all.extend(["--now", NOW]);
        }
        all.extend(arguments);
        run(&all)
    }

    /// Sweeps the repository at a time.
    pub fn sweep(&self, now: &str) -> Run {
        run(&["sweep", "--repo", path(&self.repository()), "--now", now])
    }

    /// Proposes a grant; `rest` says at least role, locator and subject.
    pub fn propose(&self, id: &str, rest: &[&str]) -> Run {
        self.run("propose", &[&["--id", id], rest].concat())
    }

    /// Judges a branch against the base branch.
    pub fn verify(&self, head: &str) -> Run {
        let repository = self.repository();
        run(&[
            "verify",
            "--repo",
            path(&repository),
            "--base",
            "main",
            "--head",
            head,
            "--format",
            "json",
            "--now",
            NOW,
        ])
    }

    /// Merges a proposed grant.
    pub fn merge(&self, id: &str) -> Run {
        self.run("merge", &[id])
    }

    /// Reverts a grant.
    pub fn revert(&self, id: &str) -> Run {
        self.run("revert", &[id])
    }

    /// Makes the scaffold's hook the repository's own, as docs/repository.md says.
    ///
    /// # Panics
    /// Where it cannot be written.
    pub fn install_hook(&self) {
        use std::os::unix::fs::PermissionsExt;
        let hook = self.repository().join("hooks/pre-receive");
        std::fs::create_dir_all(hook.parent().expect("a folder")).expect("a folder can be made");
        std::fs::write(&hook, self.git(&["show", "main:hooks/pre-receive"]))
            .expect("the hook can be written");
        let executable = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(&hook, executable).expect("the hook can be made executable");
    }

    /// Runs the installed hook as a server does that hands on the pusher's variables, with one line of what is pushed.
    ///
    /// # Panics
    /// Where it cannot be run.
    pub fn runs_hook(&self, line: &str, environment: &[(&str, &str)]) -> Run {
        let pushed = self.beside("pushed");
        std::fs::write(&pushed, line).expect("a file can be written");
        let programs = crate::program::program().parent().expect("a folder").display().to_string();
        let path = format!("{programs}:{}", std::env::var("PATH").expect("a path"));
        let mut command = Command::new(self.repository().join("hooks/pre-receive"));
        command.current_dir(self.repository()).env("PATH", path).envs(environment.iter().copied());
        crate::program::finish(command.stdin(std::fs::File::open(pushed).expect("it was written")))
    }

    /// Runs `git` on the repository.
    pub fn git(&self, arguments: &[&str]) -> String {
        let output = Command::new("git")
            .arg("-C")
            .arg(self.repository())
            .args(arguments)
            .output()
            .expect("git is installed");
        assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("UTF-8")
    }

    /// The texts of the manifests in the cluster's grants folder on base, the sentinel among them.
    pub fn manifests(&self) -> Vec<String> {
        let folder = format!("clusters/{CLUSTER}/grants/");
        let names = self.git(&["ls-tree", "--name-only", "main", &folder]);
        names.lines().map(|name| self.git(&["show", &format!("main:{name}")])).collect()
    }
}

fn make_key(key: &Path) {
    let made = Command::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(key).status();
    assert!(made.expect("ssh-keygen is installed (openssh-client)").success(), "a key");
}

fn path(path: &Path) -> &str {
    path.to_str().expect("a path in UTF-8")
}
