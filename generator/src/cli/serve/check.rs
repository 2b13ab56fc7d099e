//! `serve --check`: what the doctor looks at, as one answer. Not here: looking ([`crate::cli::doctor`]), and the store and the
//! address, which [`crate::serve::Server::bind`] takes afterwards.

use jiff::Timestamp;

use crate::cli::args::SigningArgs;
use crate::cli::configured::hosted::OpenedRepository;
use crate::cli::doctor::examine;
use crate::cli::output::plain;
use crate::doctor::Verdict;
use crate::serve::Settings;

/// Fails with every fault, a line each.
pub(super) async fn run(
    settings: &Settings,
    opened: &[OpenedRepository<'_>],
    signing: &SigningArgs,
    now: Timestamp,
) -> anyhow::Result<()> {
    let found = examine(settings, opened, signing.find(), now).await;
    let failed = found.into_iter().filter(|own| own.verdict == Verdict::Failed);
    let faults: Vec<String> = failed.map(|own| format!("{}: {}", own.of, own.says)).collect();
    match faults.is_empty() {
        true => Ok(()),
        false => anyhow::bail!("{}", plain(&faults.join("\n  and "))),
    }
}
