//! Vendors' own Python libraries, in an environment of their own: pinned by hash, and installed once in a machine's life.

use std::fs::{self, File};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

/// The Python that has PagerDuty's client and the reference implementation of Standard Webhooks.
///
/// # Panics
/// Where Python or its `venv` module is missing, or the package index cannot be reached: the message says what to do.
pub fn python() -> &'static Path {
    static INSTALLED: OnceLock<PathBuf> = OnceLock::new();
    INSTALLED.get_or_init(|| once().unwrap_or_else(|problem| panic!("{problem}")))
}

fn once() -> Result<PathBuf, String> {
    let pinned = Path::new(env!("CARGO_MANIFEST_DIR")).join("../upstream/python/requirements.txt");
    let text = fs::read(&pinned).map_err(|error| format!("cannot read `{}`: {error}", pinned.display()))?;
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    let folder = super::cache().join("upstream");
    fs::create_dir_all(&folder).map_err(|error| format!("cannot make `{}`: {error}", folder.display()))?;
    let environment = folder.join(format!("python-{:016x}", hasher.finish()));
    // Tests run in several processes: one installs, the others wait at the lock.
    let lock =
        File::create(folder.join("python.lock")).map_err(|error| format!("cannot lock it: {error}"))?;
    lock.lock().map_err(|error| format!("cannot lock `{}`: {error}", folder.display()))?;
    let (python, installed) = (environment.join("bin/python"), environment.join("installed"));
    if !installed.exists() {
        run("python3", &["-m".as_ref(), "venv".as_ref(), "--clear".as_ref(), environment.as_path()])?;
        let install =
            ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes", "-r"];
        let install: Vec<&Path> = install.iter().map(Path::new).chain([pinned.as_path()]).collect();
        run(python.as_os_str(), &install)?;
        File::create(&installed)
            .map_err(|error| format!("cannot keep `{}`: {error}", installed.display()))?;
    }
    Ok(python)
}

fn run(program: impl AsRef<std::ffi::OsStr>, arguments: &[&Path]) -> Result<(), String> {
    let named = program.as_ref().to_string_lossy().into_owned();
    let output = Command::new(program).args(arguments).stdin(Stdio::null()).output();
    let output = output.map_err(|error| {
        format!("cannot run `{named}`: {error}\n  help: apt-get install python3 python3-venv")
    })?;
    match output.status.success() {
        true => Ok(()),
        false => Err(format!(
            "`{named}` {arguments:?} ended with {}: {}\n  help: apt-get install python3 python3-venv",
            output.status,
            String::from_utf8_lossy(&output.stderr).trim()
        )),
    }
}
