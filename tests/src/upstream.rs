//! The upstream programs: built once from their own published Go modules, and kept outside the checkout.
//!
//! `KUBEBUILDER_ASSETS` is honoured as Kubernetes' own test environments do: etcd, kube-apiserver and
//! kube-controller-manager are taken from there where they are. The oracle is always built.

use std::fs::{self, File};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

/// The version of Kubernetes that `tests/upstream/kubernetes/go.mod` requires.
pub const KUBERNETES: &str = "v1.36.3";

/// One of the programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Program {
    /// The store.
    Etcd,
    /// The API server.
    ApiServer,
    /// The controllers, which resolve aggregated roles among other things.
    ControllerManager,
    /// Kubernetes' own authorizer, validation and YAML readers, behind JSON lines.
    Oracle,
}

impl Program {
    fn name(self) -> &'static str {
        match self {
            Self::Etcd => "etcd",
            Self::ApiServer => "kube-apiserver",
            Self::ControllerManager => "kube-controller-manager",
            Self::Oracle => "oracle",
        }
    }

    /// The command that runs it: a program of its own, or the built one with its first argument.
    pub fn command(self) -> Command {
        let assets = std::env::var_os("KUBEBUILDER_ASSETS").map(PathBuf::from);
        let found = assets
            .map(|folder| folder.join(self.name()))
            .filter(|path| self != Self::Oracle && path.exists());
        match found {
            Some(path) => Command::new(path),
            None => {
                let mut command = Command::new(built());
                command.arg(self.name());
                command
            }
        }
    }
}

/// The built program; the first call in a machine's life builds it, which takes minutes.
///
/// # Panics
/// Where Go is missing or too old, or the build fails: the message says what to do.
pub fn built() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| build().unwrap_or_else(|problem| panic!("{problem}")))
}

/// Where built programs and big inputs are kept: `P0_TEST_CACHE`, else `p0-gitops-tests` in the user's cache folder.
pub fn cache() -> PathBuf {
    let named = std::env::var_os("P0_TEST_CACHE").map(PathBuf::from);
    let users = || std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let home = || std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache"));
    named.unwrap_or_else(|| users().or_else(home).expect("HOME is set").join("p0-gitops-tests"))
}

fn build() -> Result<PathBuf, String> {
    let module = Path::new(env!("CARGO_MANIFEST_DIR")).join("upstream/kubernetes");
    let folder = cache().join("upstream");
    fs::create_dir_all(&folder).map_err(|error| format!("cannot make `{}`: {error}", folder.display()))?;
    let program = folder.join(format!("kubernetes-{:016x}", digest(&module)?));
    // Tests run in several processes: one builds, the others wait at the lock.
    let lock = File::create(folder.join("lock"))
        .map_err(|error| format!("cannot lock `{}`: {error}", folder.display()))?;
    lock.lock().map_err(|error| format!("cannot lock `{}`: {error}", folder.display()))?;
    if !program.exists() {
        check_go()?;
        eprintln!(
            "building etcd, kube-apiserver, kube-controller-manager and the oracle into {}",
            program.display()
        );
        eprintln!("this happens once and takes about five minutes on two cores");
        compile(&module, &program)?;
    }
    Ok(program)
}

/// Of the module's files: another version or another oracle is another program.
fn digest(module: &Path) -> Result<u64, String> {
    let entries =
        fs::read_dir(module).map_err(|error| format!("cannot read `{}`: {error}", module.display()))?;
    let mut files: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    files.sort();
    let mut hasher = DefaultHasher::new();
    for file in files.iter().filter(|file| file.is_file()) {
        let bytes = fs::read(file).map_err(|error| format!("cannot read `{}`: {error}", file.display()))?;
        (file.file_name(), bytes).hash(&mut hasher);
    }
    Ok(hasher.finish())
}

fn check_go() -> Result<(), String> {
    let output = Command::new("go").args(["env", "GOVERSION"]).output();
    let output = output.map_err(|_| "Go is not installed, and the tests build Kubernetes with it\n  help: install Go 1.26 or newer from https://go.dev/dl".to_owned())?;
    let version = String::from_utf8_lossy(&output.stdout).trim().trim_start_matches("go1.").to_owned();
    let minor: u32 = version.split('.').next().and_then(|minor| minor.parse().ok()).unwrap_or(0);
    // Go fetches a newer toolchain by itself where it may.
    if minor >= 21 {
        Ok(())
    } else {
        Err(format!("Go 1.{version} is too old\n  help: install Go 1.26 or newer from https://go.dev/dl"))
    }
}

fn compile(module: &Path, program: &Path) -> Result<(), String> {
    let minor = KUBERNETES.split('.').nth(1).unwrap_or_default();
    let version = "k8s.io/component-base/version";
    let flags = format!(
        "-s -w -X {version}.gitVersion={KUBERNETES} -X {version}.gitMajor=1 -X {version}.gitMinor={minor}"
    );
    let partial = program.with_extension("partial");
    let status = Command::new("go")
        .current_dir(module)
        .args(["build", "-mod=readonly", "-trimpath", "-ldflags", &flags, "-o"])
        .args([&partial, Path::new(".")])
        .stdout(Stdio::null())
        .status()
        .map_err(|error| format!("cannot run go: {error}"))?;
    if !status.success() {
        return Err(format!("go build in `{}` ended with {status}", module.display()));
    }
    fs::rename(&partial, program).map_err(|error| format!("cannot keep `{}`: {error}", program.display()))
}
