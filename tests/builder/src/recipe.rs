//! Building a Go module into a program, once in a machine's life.

use std::fs::{self, File};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// What it takes.
pub(super) struct Recipe {
    /// The module's folder under `tests/upstream`, which is also the program's name.
    pub(super) folder: &'static str,
    /// The package that is linked.
    pub(super) package: &'static str,
    /// The build tags that the package wants.
    pub(super) tags: &'static str,
    /// What the linker is told besides.
    pub(super) linker: String,
    /// What is saved on: the time of the build or that of the runs.
    pub(super) speed: Speed,
    /// About how long it takes on two cores.
    pub(super) minutes: u32,
}

/// What is worth more for a program: to be built or to run in little time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Speed {
    /// It is built for less: a third of the compiler's work is to inline functions and to describe them for debuggers.
    ToBuild,
    /// Tests start it often or keep it busy.
    ToRun,
}

impl Speed {
    /// For the standard library and all dependencies too. No test debugs these programs.
    fn compiler_flags(self) -> &'static str {
        match self {
            Self::ToBuild => "all=-dwarf=false -l",
            Self::ToRun => "all=-dwarf=false",
        }
    }
}

impl Recipe {
    fn module(&self) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../upstream").join(self.folder)
    }
}

/// The built program.
pub(super) fn once(recipe: &Recipe) -> Result<PathBuf, String> {
    let folder = super::cache().join("upstream");
    fs::create_dir_all(&folder).map_err(|error| format!("cannot make `{}`: {error}", folder.display()))?;
    let program = folder.join(format!("{}-{:016x}", recipe.folder, digest(&recipe.module())?));
    // Tests run in several processes: one builds, the others wait at the lock.
    let lock = File::create(folder.join(format!("{}.lock", recipe.folder)))
        .map_err(|error| format!("cannot lock `{}`: {error}", folder.display()))?;
    lock.lock().map_err(|error| format!("cannot lock `{}`: {error}", folder.display()))?;
    if !program.exists() {
        check_go()?;
        let Recipe { folder, minutes, .. } = recipe;
        eprintln!("building {folder} into {}", program.display());
        eprintln!("this happens once and takes about {minutes} min on two cores");
        compile(recipe, &program)?;
    }
    Ok(program)
}

/// The folder of the module that the package is of.
pub(super) fn source(recipe: &Recipe) -> Result<PathBuf, String> {
    check_go()?;
    let output = Command::new("go")
        .current_dir(recipe.module())
        .args(["list", "-mod=readonly", "-f", "{{.Module.Dir}}", recipe.package])
        .output()
        .map_err(|error| format!("cannot run go: {error}"))?;
    let said = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    match output.status.success() && !said.is_empty() {
        true => Ok(PathBuf::from(said)),
        false => Err(format!(
            "go finds no source of {}: {}",
            recipe.package,
            String::from_utf8_lossy(&output.stderr)
        )),
    }
}

/// Of the module's files: another version is another program.
pub(super) fn digest(module: &Path) -> Result<u64, String> {
    let mut files = Vec::new();
    collect(module, &mut files)?;
    files.sort();
    let mut hasher = DefaultHasher::new();
    for file in files {
        let bytes = fs::read(&file).map_err(|error| format!("cannot read `{}`: {error}", file.display()))?;
        (file.file_name(), bytes).hash(&mut hasher);
    }
    Ok(hasher.finish())
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), String> {
    let unreadable = |error: std::io::Error| format!("cannot read `{}`: {error}", folder.display());
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        match path.is_dir() {
            true => collect(&path, files)?,
            false => files.push(path),
        }
    }
    Ok(())
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

fn compile(recipe: &Recipe, program: &Path) -> Result<(), String> {
    let partial = program.with_extension("partial");
    let module = recipe.module();
    let status = Command::new("go")
        .current_dir(&module)
        .args(["build", "-mod=readonly", "-trimpath", "-gcflags", recipe.speed.compiler_flags()])
        .args(["-tags", recipe.tags, "-ldflags", &format!("-s -w {}", recipe.linker), "-o"])
        .args([partial.as_path(), Path::new(recipe.package)])
        .stdout(Stdio::null())
        .status()
        .map_err(|error| format!("cannot run go: {error}"))?;
    if !status.success() {
        return Err(format!("go build in `{}` ended with {status}", module.display()));
    }
    fs::rename(&partial, program).map_err(|error| format!("cannot keep `{}`: {error}", program.display()))
}
