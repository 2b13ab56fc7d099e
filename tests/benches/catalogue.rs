//! How quickly the catalogue of a large cluster loads, and how much memory that takes. Fails beyond the limits.

use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

use p0_grant::catalogue::Catalogue;
use p0_grant::name::Namespace;
use p0_grant::resource::{ApiResource, Scope};
use p0_grant::role::{Role, RoleRef};
use p0_grant::rule::{ResourceRule, Rule};

const ROLES: usize = 2_000;
const RULES_EACH: usize = 6;
const RESOURCES: usize = 1_000;
const NAMESPACES: usize = 200;

const TIME: Duration = Duration::from_millis(50);
const MEMORY_MB: usize = 60;

/// The bench proper runs in a process of its own, so that nothing but loading counts as its memory.
const CHILD: &str = "--load";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().collect();
    if let Some(at) = arguments.iter().position(|argument| argument == CHILD) {
        return load(&arguments[at + 1]);
    }
    let file = std::env::temp_dir().join(format!("p0-catalogue-{}.yaml", std::process::id()));
    std::fs::write(&file, large().write().unwrap()).unwrap();
    let status = Command::new(std::env::current_exe().unwrap()).arg(CHILD).arg(&file).status().unwrap();
    std::fs::remove_file(&file).unwrap();
    if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn load(file: &str) -> ExitCode {
    let began = Instant::now();
    let text = std::fs::read_to_string(file).unwrap();
    let catalogue = Catalogue::read(&text).unwrap();
    let took = began.elapsed();
    let memory = peak_memory_mb();
    println!(
        "{} roles of {RULES_EACH} rules, {} resources, {:.1} MB: {took:.1?} of {TIME:?}, {memory} of {MEMORY_MB} MB",
        catalogue.roles().len(),
        catalogue.resources().len(),
        text.len() as f64 / 1e6,
    );
    if took <= TIME && memory <= MEMORY_MB { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn large() -> Catalogue {
    let namespaces = (0..NAMESPACES).map(|n| Namespace::new(format!("team-{n}")).unwrap());
    let roles = (0..ROLES).map(|n| {
        let reference = RoleRef::role(format!("team-{}", n % NAMESPACES), format!("role-{n}")).unwrap();
        Role::new(reference, (0..RULES_EACH).map(|rule| large_rule(n + rule)).collect())
    });
    let resources = (0..RESOURCES).map(|n| {
        ApiResource::new(group(n), format!("widget{n}s"), format!("Widget{n}"), Scope::Namespaced)
            .unwrap()
            .with_short_names([format!("w{n}")])
            .with_subresources(["scale", "status"])
            .unwrap()
    });
    Catalogue::new("v1.36.3", namespaces.collect(), resources.collect(), roles.collect()).unwrap()
}

fn large_rule(n: usize) -> Rule {
    let plural = format!("widget{}s", n % RESOURCES);
    let status = format!("{plural}/status");
    ResourceRule::new(["get", "list", "watch"], [group(n)], [plural, status], [] as [&str; 0]).unwrap().into()
}

fn group(n: usize) -> String {
    format!("group{}.example.com", n % RESOURCES / 5)
}

/// The largest resident set so far, as Linux counts it.
fn peak_memory_mb() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<usize>().unwrap() / 1024
}
