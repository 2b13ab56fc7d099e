//! What a command of Terraform takes of a provider's processes. Not here: what is compared with what.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use p0_tests::terraform::{Plugin, Tool, Workspace};

/// Set for providers: this program stands in for the one that it names, and writes down what that one takes.
const MEASURED: &str = "P0_MEASURED";
/// The file that it is written to.
const FIGURES: &str = "P0_FIGURES";

/// What one command took.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Took {
    pub(crate) wall: f64,
    pub(crate) cpu: f64,
    pub(crate) memory_mb: f64,
}

/// What one provider's life took.
pub(crate) struct Life {
    pub(crate) apply: Took,
    pub(crate) plan: Took,
    pub(crate) destroy: Took,
    pub(crate) schema: Took,
    pub(crate) handshake: Duration,
    pub(crate) program_bytes: u64,
    pub(crate) state_bytes: usize,
}

/// A provider, and a folder in which it is used.
pub(crate) struct Bench {
    workspace: Workspace,
    program: PathBuf,
    figures: PathBuf,
}

impl Bench {
    pub(crate) fn new(plugin: Plugin) -> Self {
        let program = plugin.shipped();
        let mut workspace =
            Workspace::with_program(Tool::Terraform, plugin, &std::env::current_exe().unwrap());
        let figures = workspace.path("figures");
        workspace.set(MEASURED, program.to_str().unwrap());
        workspace.set(FIGURES, figures.to_str().unwrap());
        println!("\n{plugin:?}");
        Self { workspace, program, figures }
    }

    pub(crate) fn configure(&self, configuration: &str) {
        self.workspace.configure(configuration);
    }

    pub(crate) fn life(&self, configuration: &str) -> Life {
        self.configure(configuration);
        let schema = self.take("schema", &["providers", "schema", "-json"]);
        let apply = self.apply();
        let state_bytes = self.workspace.state_text().len();
        let plan = self.plan();
        let destroy = self.take("destroy", &["destroy", "-auto-approve"]);
        let program_bytes = std::fs::metadata(&self.program).unwrap().len();
        Life { apply, plan, destroy, schema, handshake: handshake(&self.program), program_bytes, state_bytes }
    }

    pub(crate) fn apply(&self) -> Took {
        self.take("apply", &["apply", "-auto-approve"])
    }

    /// Of what was applied, so that there is nothing to do.
    pub(crate) fn plan(&self) -> Took {
        self.take("plan", &["plan", "-detailed-exitcode"])
    }

    fn take(&self, name: &str, arguments: &[&str]) -> Took {
        let _none_yet = std::fs::remove_file(&self.figures);
        let began = Instant::now();
        self.workspace.run(arguments).done();
        let mut took = Took { wall: began.elapsed().as_secs_f64(), ..Took::default() };
        let figures = std::fs::read_to_string(&self.figures).unwrap();
        for line in figures.lines() {
            let (cpu, memory) = line.split_once(' ').unwrap();
            took.cpu += cpu.parse::<f64>().unwrap();
            took.memory_mb = took.memory_mb.max(memory.parse().unwrap());
        }
        println!("  {name:8} {:7.2} s wall  {:6.2} s CPU  {:5.0} MB", took.wall, took.cpu, took.memory_mb);
        took
    }
}

/// From the start of the process to its line: the median of some.
fn handshake(program: &Path) -> Duration {
    let once = || {
        let began = Instant::now();
        let mut child = Command::new(program)
            .env("TF_PLUGIN_MAGIC_COOKIE", "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2")
            .env("PLUGIN_PROTOCOL_VERSIONS", "5,6")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let mut output = std::io::BufReader::new(child.stdout.take().unwrap());
        std::io::BufRead::read_line(&mut output, &mut line).unwrap();
        let took = began.elapsed();
        child.kill().unwrap();
        child.wait().unwrap();
        took
    };
    let mut all: Vec<Duration> = (0..21).map(|_| once()).collect();
    all.sort();
    all[all.len() / 2]
}

/// Where this process was started as a provider: runs the real one in its place, and writes one line at its end: seconds
/// of CPU, and MB of memory at the peak.
pub(crate) fn stand_in() -> Option<ExitCode> {
    let (program, figures) = (std::env::var_os(MEASURED)?, std::env::var_os(FIGURES)?);
    Some(run_for(Path::new(&program), Path::new(&figures)))
}

fn run_for(program: &Path, figures: &Path) -> ExitCode {
    let mut child =
        Command::new(program).args(std::env::args_os().skip(1)).env_remove(MEASURED).spawn().unwrap();
    let status = format!("/proc/{}/status", child.id());
    let mut peak_kb = 0.0_f64;
    let ended = loop {
        if let Some(ended) = child.try_wait().unwrap() {
            break ended;
        }
        let text = std::fs::read_to_string(&status).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kb = line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok());
        peak_kb = peak_kb.max(kb.unwrap_or(0.0));
        std::thread::park_timeout(Duration::from_millis(10));
    };
    // Fields 16 and 17: CPU of children that were waited for, in hundredths of a second.
    let own = std::fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<&str> = own.rsplit(')').next().unwrap().split_whitespace().collect();
    let cpu = fields[13..15].iter().map(|ticks| ticks.parse::<f64>().unwrap()).sum::<f64>() / 100.0;
    let mut file = std::fs::OpenOptions::new().create(true).append(true).open(figures).unwrap();
    std::io::Write::write_all(&mut file, format!("{cpu} {}\n", peak_kb / 1024.0).as_bytes()).unwrap();
    ExitCode::from(u8::try_from(ended.code().unwrap_or(1)).unwrap_or(1))
}
