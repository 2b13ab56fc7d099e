//! The program itself, as a user runs it.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// What a run printed, and how it ended.
#[derive(Debug)]
pub struct Run {
    /// The exit code.
    pub code: i32,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
}

/// The built `p0-gitops`.
///
/// # Panics
/// Where it does not build.
pub fn program() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| build("--bin", "p0-gitops"))
}

/// Builds a program of the workspace, a `--bin` or an `--example`, and says where it is.
///
/// # Panics
/// Where it does not build.
pub fn build(what: &str, name: &str) -> PathBuf {
    build_with(what, name, &[])
}

/// As [`build`], the way it is shipped.
///
/// # Panics
/// Where it does not build.
pub fn build_for_release(what: &str, name: &str) -> PathBuf {
    build_with(what, name, &["--release"])
}

fn build_with(what: &str, name: &str, rest: &[&str]) -> PathBuf {
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.toml");
    let mut cargo = Command::new(env!("CARGO"));
    // The whole workspace is chosen, so that dependencies are built as for the tests, and not once more.
    cargo.args(["build", "--offline", "--quiet", "--message-format", "json", "--manifest-path", manifest]);
    let output = cargo.args(["--workspace", what, name]).args(rest).output().expect("cargo starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let messages = String::from_utf8(output.stdout).expect("cargo speaks UTF-8");
    let paths = messages.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
    let path =
        paths.filter_map(|message| Some(PathBuf::from(message.get("executable")?.as_str()?))).next_back();
    path.expect("cargo names the executable")
}

/// Runs the program with a clean environment: no agent, no settings of the user who runs the tests.
pub fn run<A: AsRef<OsStr>>(arguments: &[A]) -> Run {
    run_with(arguments, &[])
}

/// As [`run`], with environment variables.
pub fn run_with<A: AsRef<OsStr>>(arguments: &[A], environment: &[(&str, &str)]) -> Run {
    let mut command = Command::new(program());
    command.args(arguments).env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
    command
        .env("HOME", "/nonexistent")
        .env("XDG_CACHE_HOME", crate::upstream::cache())
        .envs(environment.iter().copied());
    finish(&mut command)
}

/// Runs a command to its end.
pub fn finish(command: &mut Command) -> Run {
    let output = command.output().expect("the program starts");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    Run { code: output.status.code().unwrap_or(-1), out: text(output.stdout), err: text(output.stderr) }
}

impl Run {
    /// The output of a run that ended with 0.
    pub fn done(self) -> String {
        assert_eq!(self.code, 0, "{}{}", self.out, self.err);
        self.out
    }

    /// The words of a run that ended with `code`, on both streams.
    pub fn ended(self, code: i32) -> String {
        assert_eq!(self.code, code, "{}{}", self.out, self.err);
        self.out + &self.err
    }
}
