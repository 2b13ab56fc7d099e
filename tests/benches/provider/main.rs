//! The provider against hashicorp/kubernetes, built from its module: same server, same run, the same objects.
//!
//! `cargo bench --workspace --bench provider`; `P0_GRANTS` says how many grants (500). Each grant is a role and a binding,
//! which are two resources there. Fails where a ratio is beyond its limit.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use p0_tests::ControlPlane;
use p0_tests::terraform::{Plugin, Tool, Workspace};

/// Set for providers: this program stands in for the one that it names, and writes down what that one takes.
const MEASURED: &str = "P0_MEASURED";
/// The file that it is written to.
const FIGURES: &str = "P0_FIGURES";

fn main() -> ExitCode {
    if let (Some(program), Some(figures)) = (std::env::var_os(MEASURED), std::env::var_os(FIGURES)) {
        return stand_in(Path::new(&program), Path::new(&figures));
    }
    let grants = std::env::var("P0_GRANTS").ok().and_then(|number| number.parse().ok()).unwrap_or(500);
    let plane = ControlPlane::start();
    let token = plane.token();
    let connection =
        format!("  host     = \"{}\"\n  insecure = true\n  token    = \"{token}\"\n", plane.url());
    println!("{grants} grants; wall time, CPU and peak memory of the provider's processes");
    let ours = Bench::new(Plugin::P0).life(&ours(&connection, grants));
    let theirs = Bench::new(Plugin::Kubernetes).life(&theirs(&connection, grants));
    let bytes = ours.state_bytes / grants;
    let floor = Bench::new(Plugin::Pets).life(&floor(bytes, grants));
    verdict(&ours, &theirs, &floor, bytes)
}

fn ours(connection: &str, grants: usize) -> String {
    format!(
        r#"provider "p0" {{
{connection}}}
resource "p0_k8s_grant" "all" {{
  count      = {grants}
  role       = {{ name = "view" }}
  locator    = "deployment / default / nginx-${{count.index}}"
  subject    = {{ kind = "User", name = "user-${{count.index}}@example.com" }}
  expires_at = "2099-01-01T00:00:00Z"
}}
"#
    )
}

fn theirs(connection: &str, grants: usize) -> String {
    format!(
        r#"provider "kubernetes" {{
{connection}}}
resource "kubernetes_cluster_role_v1" "all" {{
  count = {grants}
  metadata {{
    name   = "peer-${{count.index}}"
    labels = {{ "example.com/grant" = "g-${{count.index}}" }}
  }}
  rule {{
    api_groups     = ["apps"]
    resources      = ["deployments"]
    resource_names = ["nginx-${{count.index}}"]
    verbs          = ["get", "list", "watch"]
  }}
}}
resource "kubernetes_role_binding_v1" "all" {{
  count = {grants}
  metadata {{
    name      = "peer-${{count.index}}"
    namespace = "default"
    labels    = {{ "example.com/grant" = "g-${{count.index}}" }}
  }}
  role_ref {{
    api_group = "rbac.authorization.k8s.io"
    kind      = "ClusterRole"
    name      = kubernetes_cluster_role_v1.all[count.index].metadata[0].name
  }}
  subject {{
    api_group = "rbac.authorization.k8s.io"
    kind      = "User"
    name      = "user-${{count.index}}@example.com"
  }}
}}
"#
    )
}

/// A provider that does next to nothing, with as many bytes of state: what Terraform takes by itself.
fn floor(bytes: usize, grants: usize) -> String {
    let name = "x".repeat(bytes.saturating_sub(500));
    format!(
        r#"provider "pets" {{
  shelter = "shelter"
}}
resource "pets_pet" "all" {{
  count   = {grants}
  name    = "{name}-${{count.index}}"
  species = "dog"
}}
"#
    )
}

/// What one command took.
#[derive(Clone, Copy, Debug, Default)]
struct Took {
    wall: f64,
    cpu: f64,
    memory_mb: f64,
}

/// What one provider's life took.
struct Life {
    apply: Took,
    plan: Took,
    destroy: Took,
    schema: Took,
    handshake: Duration,
    program_bytes: u64,
    state_bytes: usize,
}

struct Bench {
    workspace: Workspace,
    program: PathBuf,
    figures: PathBuf,
}

impl Bench {
    fn new(plugin: Plugin) -> Self {
        let program = plugin.shipped();
        let mut workspace =
            Workspace::with_program(Tool::Terraform, plugin, &std::env::current_exe().unwrap());
        let figures = workspace.path("figures");
        workspace.set(MEASURED, program.to_str().unwrap());
        workspace.set(FIGURES, figures.to_str().unwrap());
        println!("\n{plugin:?}");
        Self { workspace, program, figures }
    }

    fn life(&self, configuration: &str) -> Life {
        self.workspace.configure(configuration);
        let schema = self.take("schema", &["providers", "schema", "-json"]);
        let apply = self.take("apply", &["apply", "-auto-approve"]);
        let state_bytes = self.workspace.state_text().len();
        let plan = self.take("plan", &["plan", "-detailed-exitcode"]);
        let destroy = self.take("destroy", &["destroy", "-auto-approve"]);
        let program_bytes = std::fs::metadata(&self.program).unwrap().len();
        Life { apply, plan, destroy, schema, handshake: handshake(&self.program), program_bytes, state_bytes }
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

fn verdict(ours: &Life, theirs: &Life, floor: &Life, bytes: usize) -> ExitCode {
    let above = |life: &Life| {
        (life.apply.wall + life.plan.wall + life.destroy.wall)
            - (floor.apply.wall + floor.plan.wall + floor.destroy.wall)
    };
    let memory = |life: &Life| life.apply.memory_mb.max(life.plan.memory_mb).max(life.destroy.memory_mb);
    let milliseconds = ours.handshake.as_secs_f64() * 1e3;
    let lines = [
        ("apply, wall", ours.apply.wall / theirs.apply.wall, 0.5),
        ("apply, CPU", ours.apply.cpu / theirs.apply.cpu, 0.15),
        ("plan, wall", ours.plan.wall / theirs.plan.wall, 0.35),
        ("plan, CPU", ours.plan.cpu / theirs.plan.cpu, 0.1),
        ("destroy, wall", ours.destroy.wall / theirs.destroy.wall, 0.5),
        ("memory", memory(ours) / memory(theirs), 0.2),
        ("wall above the floor", above(ours).max(0.0) / above(theirs), 0.3),
        ("schema, CPU", ours.schema.cpu / theirs.schema.cpu, 0.4),
        ("program", ours.program_bytes as f64 / theirs.program_bytes as f64, 0.2),
        ("handshake, ms", milliseconds, 10.0),
        ("state per grant, KB", bytes as f64 / 1024.0, 2.5),
    ];
    println!("\nratio to the peer, and its limit (handshake and state: the figure itself)");
    for (name, figure, limit) in lines {
        println!("  {name:22} {figure:6.3} of {limit}{}", if figure <= limit { "" } else { "  BEYOND" });
    }
    if lines.iter().all(|(_, figure, limit)| figure <= limit) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Runs the provider in this process' place and writes one line at its end: seconds of CPU, and MB of memory at the peak.
fn stand_in(program: &Path, figures: &Path) -> ExitCode {
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
