//! What one grant costs where there are few, and where there are many.
//!
//! Terraform's own time grows with the square of their number; what the provider takes, and what it asks of the server,
//! must not. Destroying 5,000 takes Terraform an hour and is left out.

use std::process::ExitCode;

use p0_tests::ControlPlane;
use p0_tests::terraform::Plugin;

use super::configurations;
use super::measure::{Bench, Took};

/// Few, and many.
const SIZES: [usize; 2] = [500, 5_000];

/// Beyond this many times what it was among few, it is not flat.
const FLAT: f64 = 1.25;

/// What one grant took.
struct Each {
    name: &'static str,
    cpu_ms: f64,
    requests: f64,
    memory_kb: f64,
}

pub(crate) fn verdict() -> ExitCode {
    let [few, many] = SIZES.map(measure);
    println!("\none grant of {} against one of {}, at most {FLAT}", SIZES[1], SIZES[0]);
    let mut is_flat = true;
    for (few, many) in few.iter().zip(&many) {
        for (what, few_took, many_took) in [
            ("ms of CPU", few.cpu_ms, many.cpu_ms),
            ("requests", few.requests, many.requests),
            ("KB of memory", few.memory_kb, many.memory_kb),
        ] {
            let ratio = many_took / few_took;
            is_flat &= ratio <= FLAT;
            println!("  {:6} {what:13} {few_took:6.2} {many_took:6.2}, ratio {ratio:.2}", few.name);
        }
    }
    if is_flat { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Of an apply and of the plan after it.
fn measure(grants: usize) -> [Each; 2] {
    println!("\n{grants} grants");
    let plane = ControlPlane::start();
    let bench = Bench::new(Plugin::P0);
    bench.configure(&configurations::ours(&plane, grants));
    let each = |name, command: fn(&Bench) -> Took| {
        let before = asked(&plane);
        let Took { cpu, memory_mb, .. } = command(&bench);
        let each = |total: f64| total / grants as f64;
        Each {
            name,
            cpu_ms: each(cpu * 1e3),
            requests: each(asked(&plane) - before),
            memory_kb: each(memory_mb * 1024.0),
        }
    };
    [each("apply", Bench::apply), each("plan", Bench::plan)]
}

/// How many requests about RBAC the API server has answered so far.
fn asked(plane: &ControlPlane) -> f64 {
    let metrics = plane.admin().text("/metrics");
    let counted = metrics.lines().filter(|line| {
        line.starts_with("apiserver_request_total{") && line.contains("group=\"rbac.authorization.k8s.io\"")
    });
    counted.filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok()).sum()
}
