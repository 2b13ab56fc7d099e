//! Packages from npm, pinned by a lock file with their digests, installed once in a machine's life and without running their scripts.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::recipe::digest;

/// The folder of `tests/upstream/NAME` with its packages beside its scripts.
///
/// # Panics
/// Where npm is missing or cannot install them: the message says what to do.
pub fn installed(name: &str) -> PathBuf {
    once(name).unwrap_or_else(|problem| panic!("{problem}"))
}

fn once(name: &str) -> Result<PathBuf, String> {
    let module = Path::new(env!("CARGO_MANIFEST_DIR")).join("../upstream").join(name);
    let cache = super::cache().join("upstream");
    let failed =
        |what: &str, error: &std::io::Error| format!("cannot {what} in `{}`: {error}", cache.display());
    fs::create_dir_all(&cache).map_err(|error| failed("make folders", &error))?;
    let folder = cache.join(format!("{name}-{:016x}", digest(&module)?));
    // Tests run in several processes: one installs, the others wait at the lock.
    let lock = File::create(cache.join(format!("{name}.lock"))).map_err(|error| failed("lock", &error))?;
    lock.lock().map_err(|error| failed("lock", &error))?;
    if folder.exists() {
        return Ok(folder);
    }
    let partial = folder.with_extension("partial");
    let _left_by_an_earlier_try = fs::remove_dir_all(&partial);
    fs::create_dir_all(&partial).map_err(|error| failed("make folders", &error))?;
    for entry in fs::read_dir(&module).map_err(|error| failed("read", &error))?.flatten() {
        fs::copy(entry.path(), partial.join(entry.file_name())).map_err(|error| failed("copy", &error))?;
    }
    let status = Command::new("npm")
        .args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"])
        .current_dir(&partial)
        .stdout(Stdio::null())
        .status()
        .map_err(|_| "npm is not installed, and the tests run Slack's and GitHub's own clients with it\n  help: apt-get install nodejs npm".to_owned())?;
    if !status.success() {
        return Err(format!("npm ci in `{}` ended with {status}", partial.display()));
    }
    fs::rename(&partial, &folder).map_err(|error| failed("keep the packages", &error))?;
    Ok(folder)
}
