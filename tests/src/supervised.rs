//! Programs that run beside a test and end with it, however it ends.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};

/// A program under a shell that kills it when our end of a pipe closes.
pub(crate) struct Supervised {
    shell: Child,
    alive: ChildStdin,
    log: PathBuf,
}

impl Supervised {
    /// Starts a command; both its streams go to the file `log`. The folder of that file is removed when the program has
    /// ended: a value that a test process keeps to its end is never dropped.
    ///
    /// # Panics
    /// Where it does not start.
    pub(crate) fn start(command: &Command, log: &Path) -> Self {
        let file = File::create(log).expect("a log");
        // `read` returns when our end of the pipe closes, however this process ends.
        let script = "folder=$1; shift; \"$@\" & child=$!; trap 'kill -9 $child' TERM; read -r _; kill -9 $child; \
                      wait $child 2>/dev/null; rm -rf \"$folder\"";
        let mut shell = Command::new("sh");
        shell.args(["-c", script, "sh"]).arg(log.parent().expect("a folder"));
        shell.arg(command.get_program()).args(command.get_args());
        for (name, value) in command.get_envs() {
            match value {
                Some(value) => shell.env(name, value),
                None => shell.env_remove(name),
            };
        }
        if let Some(folder) = command.get_current_dir() {
            shell.current_dir(folder);
        }
        shell.stdin(Stdio::piped()).stdout(file.try_clone().expect("a log")).stderr(file);
        let mut shell = shell.spawn().unwrap_or_else(|error| panic!("{command:?} does not start: {error}"));
        let alive = shell.stdin.take().expect("a pipe");
        Self { shell, alive, log: log.to_owned() }
    }

    /// The end of what it said.
    pub(crate) fn said(&self) -> String {
        let text = std::fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        let end = lines.get(lines.len().saturating_sub(15)..).unwrap_or_default();
        format!("--- {}\n{}\n", self.log.display(), end.join("\n"))
    }
}

impl Drop for Supervised {
    fn drop(&mut self) {
        // The pipe closes with the field; the shell then kills its child and ends.
        let _asked = self.alive.write_all(b"\n");
        let _ended = self.shell.wait();
    }
}
