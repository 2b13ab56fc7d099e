//! A real control plane to try things on by hand: `cargo run --bin control_plane`.
//!
//! It prints how to reach it, and ends with its standard input, or with Ctrl-C.

use std::io::Read;

fn main() -> std::io::Result<()> {
    let plane = p0_tests::ControlPlane::start();
    println!("export KUBECONFIG={}", plane.kubeconfig().display());
    println!("# Kubernetes {} without nodes; press Ctrl-D to end it", p0_tests::upstream::KUBERNETES);
    std::io::stdin().read_to_end(&mut Vec::new())?;
    Ok(())
}
