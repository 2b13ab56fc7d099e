//! A run of the tool that a test disturbs.

use std::io::Read;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};

use crate::program::Run;

/// A started tool, in a process group of its own as in a terminal of its own.
pub struct Running {
    child: Child,
}

/// What a test does to processes.
#[derive(Clone, Copy, Debug)]
pub enum Signal {
    /// What Ctrl-C sends.
    Interrupt,
    /// What cannot be caught.
    Kill,
}

impl Running {
    pub(super) fn start(mut command: Command) -> Self {
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
        Self { child: command.spawn().expect("the tool starts") }
    }

    /// Ctrl-C: the tool and its providers get it.
    pub fn interrupt(&self) {
        send(Signal::Interrupt, &format!("-{}", self.child.id()));
    }

    /// Kills the tool itself, and no provider.
    pub fn kill(&self) {
        send(Signal::Kill, &self.child.id().to_string());
    }

    /// Kills the providers that it started, and not itself. Gives how many there were.
    pub fn kill_providers(&self) -> usize {
        let providers = self.providers();
        providers.iter().for_each(|id| send(Signal::Kill, id));
        providers.len()
    }

    /// The process ids of the providers that it started and that still run.
    pub fn providers(&self) -> Vec<String> {
        children_of(self.child.id())
    }

    /// Waits for its end.
    pub fn wait(mut self) -> Run {
        let (mut out, mut err) = (String::new(), String::new());
        let mut errors = self.child.stderr.take().expect("a pipe");
        let reading = std::thread::spawn(move || {
            errors.read_to_string(&mut err).expect("UTF-8");
            err
        });
        self.child.stdout.take().expect("a pipe").read_to_string(&mut out).expect("UTF-8");
        let status = self.child.wait().expect("it ends");
        Run { code: status.code().unwrap_or(-1), out, err: reading.join().expect("read") }
    }
}

/// Whether a process still runs.
pub fn lives(id: &str) -> bool {
    let state = std::fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
    // What is dead and not yet waited for has the state `Z`.
    state.rsplit(')').next().is_some_and(|rest| !rest.trim().is_empty() && !rest.trim().starts_with('Z'))
}

/// Each thread has its own list of the children that it started.
fn children_of(parent: u32) -> Vec<String> {
    let threads = std::fs::read_dir(format!("/proc/{parent}/task")).into_iter().flatten();
    let lists =
        threads.filter_map(|thread| std::fs::read_to_string(thread.ok()?.path().join("children")).ok());
    lists.flat_map(|list| list.split_whitespace().map(str::to_owned).collect::<Vec<_>>()).collect()
}

fn send(signal: Signal, to: &str) {
    let name = match signal {
        Signal::Interrupt => "-INT",
        Signal::Kill => "-KILL",
    };
    // A process that has ended meanwhile needs no signal.
    let _gone = Command::new("kill").args([name, "--", to]).status().expect("kill is installed");
}
