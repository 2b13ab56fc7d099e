//! `sweep`: what has expired, and what must not stand there, leaves base whatever becomes of the bot.

use jiff::Timestamp;
use p0_access::duration::Lifetime;

use super::args::BaseArgs;
use super::environment::identity;
use super::output::{Format, Outcome, plain, section, structured, table};
use crate::repository::{LogHead, Repository, Swept};
use crate::store::{Chain, Store};
use crate::when::written;
use crate::workflow::WorkflowError;

/// Remove from base what has expired, from Git alone.
///
/// The independent second actor beside the bot: run it from a schedule elsewhere, with a key of its own that may push. It also
/// judges what was pushed since the last sweep, removes from grants folders what is unsigned, foreign or was changed past the
/// verifier, puts a changed sentinel back, and leaves a heartbeat on the branch `p0/heartbeat/sweep`. Ends with 2 where it found
/// such a thing, a rewritten base, or a grant that the bot should have removed longer ago than `--grace`: that is an alarm,
/// although the access is gone now.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  p0-gitops sweep --repo ssh://git@forge.example/access.git
  p0-gitops sweep --repo ./access.git --grace 15m -o json
  p0-gitops sweep --repo ./access.git --store sqlite:///var/lib/p0-gitops/p0.db")]
pub(super) struct Args {
    #[command(flatten)]
    repository: BaseArgs,

    /// How long after its expiry a grant may still stand on base before that is an alarm.
    #[arg(long, value_name = "DURATION", default_value = "10m")]
    grace: Lifetime,

    /// The store of requests, to anchor the end of its audit log in the heartbeat: a log that is rewritten later is found out.
    #[arg(long, value_name = "URL", env = "P0_STORE", hide_env_values = true)]
    store: Option<String>,

    /// How to print what was done.
    #[arg(short, long, value_name = "FORMAT", default_value = "table")]
    output: Format,
}

pub(super) fn run(args: &Args, now: Timestamp) -> anyhow::Result<Outcome> {
    let repository = args.repository.open()?;
    // Whatever becomes of the log, what has expired leaves base.
    let log = args.store.as_deref().map(|url| log_head(url, &repository)).transpose();
    let anchored = log.as_ref().ok().and_then(Clone::clone);
    let swept = repository.sweep(args.grace.duration(), anchored, &identity(now), now)?;
    match args.output {
        Format::Table | Format::Wide => tell(&swept),
        format => structured(&swept, format)?,
    }
    let alarms = alarms(&swept, args.grace);
    alarms.iter().for_each(|alarm| errln!("alarm: {alarm}"));
    log?;
    Ok(if alarms.is_empty() { Outcome::Done } else { Outcome::Refused })
}

fn alarms(swept: &Swept, grace: Lifetime) -> Vec<String> {
    let mut alarms = Vec::new();
    let overdue = swept.overdue().count();
    if overdue > 0 {
        alarms.push(format!("{overdue} grant(s) stood on base longer than {grace} past their expiry"));
    }
    if !swept.findings.is_empty() {
        let count = swept.findings.len();
        alarms.push(format!("{count} finding(s) on base; what must not stand in a grants folder is gone"));
    }
    if swept.rewritten {
        alarms.push(
            "base was rewritten: a head that the sweep saw is not on it; `p0-gitops audit` says more"
                .to_owned(),
        );
    }
    alarms
}

/// The end of the log in the store at `url`, which must be one chain and hold what the last sweep saw.
fn log_head(url: &str, repository: &Repository) -> anyhow::Result<LogHead> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let store = Store::open_existing(url).await?;
        let Chain { lines, head } = store.verify_chain().await?;
        if let Some(LogHead { line, hash }) = repository.heartbeat()?.and_then(|before| before.log)
            && !store.holds(line, &hash).await?
        {
            return Err(WorkflowError::LogRewritten { line, hash }.into());
        }
        Ok(LogHead { line: lines, hash: head })
    })
}

fn tell(swept: &Swept) {
    outln!("looked at {} grant(s), removed {}", swept.looked_at, swept.removed.len());
    let rows = swept.removed.iter().map(|ended| {
        let expired = ended.expired_at.map_or_else(|| "unreadable".to_owned(), written);
        let overdue = if ended.overdue { "overdue" } else { "" };
        vec![ended.cluster.to_string(), ended.id.to_string(), expired, overdue.to_owned()]
    });
    section("Removed", &table(&["CLUSTER", "GRANT", "EXPIRED", ""], rows));
    let rows = swept
        .findings
        .iter()
        .map(|own| vec![plain(&own.path), own.refusal.code().to_owned(), own.refusal.sentence()]);
    section("Must not stand on base", &table(&["PATH", "CODE", "WHAT"], rows));
}
