//! Builds the upstream programs, so that a long build is a step of its own: `cargo run --bin upstream`.
//!
//! With `-- all` also those that only benchmarks run.

use p0_upstream::Module;

fn main() {
    for packages in ["slack", "slack-app"] {
        println!("{}", p0_upstream::npm::installed(packages).display());
    }
    let all = std::env::args().nth(1).is_some_and(|argument| argument == "all");
    let modules = Module::OF_TESTS.iter().chain(Module::OF_BENCHMARKS.iter().filter(|_| all));
    for module in modules {
        println!("{}", module.program().display());
    }
    println!("{}", p0_upstream::python().display());
}
