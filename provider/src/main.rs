//! The plugin's process. Terraform starts it; people meet it through Terraform.

use std::process::ExitCode;

fn main() -> ExitCode {
    // Two cryptographic libraries in one process would leave open which one counts.
    if rustls::crypto::aws_lc_rs::default_provider().install_default().is_err() {
        eprintln!("another cryptographic library was chosen before");
        return ExitCode::FAILURE;
    }
    let options = tfplugin::Options {
        address: "registry.terraform.io/p0-gitops/p0",
        log_targets: &["p0_provider", "p0_grant"],
    };
    tfplugin::serve(p0_provider::provider(), &options)
}
