//! The binary: reads its arguments, runs one command, ends with its exit code.

use std::process::ExitCode;

fn main() -> ExitCode {
    p0_gitops::cli::main()
}
