//! The provider against hashicorp/kubernetes, built from its module: same server, same run, the same objects.
//!
//! `cargo bench --workspace --bench provider`; `P0_GRANTS` says how many grants (500). Each grant is a role and a binding,
//! which are two resources there. Fails where a ratio is beyond its limit.
//!
//! `cargo bench --workspace --bench provider -- flat` is about this provider alone: what one of few and one of many costs.

use std::process::ExitCode;

use p0_tests::ControlPlane;
use p0_tests::terraform::Plugin;

mod configurations;
mod flat;
mod measure;

use measure::{Bench, Life};

fn main() -> ExitCode {
    if let Some(ended) = measure::stand_in() {
        return ended;
    }
    if std::env::args().any(|argument| argument == "flat") {
        return flat::verdict();
    }
    let grants = std::env::var("P0_GRANTS").ok().and_then(|number| number.parse().ok()).unwrap_or(500);
    let plane = ControlPlane::start();
    println!("{grants} grants; wall time, CPU and peak memory of the provider's processes");
    let ours = Bench::new(Plugin::P0).life(&configurations::ours(&plane, grants));
    let theirs = Bench::new(Plugin::Kubernetes).life(&configurations::theirs(&plane, grants));
    let bytes = ours.state_bytes / grants;
    let floor = Bench::new(Plugin::Pets).life(&configurations::floor(bytes, grants));
    verdict(&ours, &theirs, &floor, bytes)
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
