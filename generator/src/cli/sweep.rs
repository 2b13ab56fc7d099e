//! `sweep`: what has expired leaves base, whatever becomes of the bot.

use jiff::Timestamp;
use p0_access::duration::Lifetime;

use super::args::{BaseArgs, identity};
use super::output::{Format, Outcome, section, structured, table};
use crate::repository::Swept;

/// Remove from base what has expired, from Git alone.
///
/// The independent second actor beside the bot: run it from a schedule elsewhere, with a key of its own that may push. It only
/// deletes, and leaves a heartbeat on the branch `p0/heartbeat/sweep`. Ends with 2 where it found a grant that the bot should
/// have removed longer ago than `--grace`: that is an alarm, although the grant is gone now.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  p0-gitops sweep --repo ssh://git@forge.example/access.git
  p0-gitops sweep --repo ./access.git --grace 15m -o json")]
pub(super) struct Args {
    #[command(flatten)]
    repository: BaseArgs,

    /// How long after its expiry a grant may still stand on base before that is an alarm.
    #[arg(long, value_name = "TIME", default_value = "10m")]
    grace: Lifetime,

    /// How to print what was done.
    #[arg(short, long, value_name = "FORMAT", default_value = "table")]
    output: Format,
}

pub(super) fn run(args: &Args, now: Timestamp) -> anyhow::Result<Outcome> {
    let swept = args.repository.open()?.sweep(args.grace.duration(), &identity(now), now)?;
    match args.output {
        Format::Table => tell(&swept),
        format => structured(&swept, format)?,
    }
    let overdue = swept.overdue().count();
    if overdue == 0 {
        return Ok(Outcome::Done);
    }
    anstream::eprintln!(
        "alarm: {overdue} grant(s) stood on base longer than {} past their expiry",
        args.grace
    );
    Ok(Outcome::Refused)
}

fn tell(swept: &Swept) {
    anstream::println!("looked at {} grant(s), removed {}", swept.looked_at, swept.removed.len());
    let rows = swept.removed.iter().map(|ended| {
        let expired = ended.expired_at.map_or_else(|| "unreadable".to_owned(), |at| at.to_string());
        let overdue = if ended.overdue { "overdue" } else { "" };
        vec![ended.cluster.to_string(), ended.id.to_string(), expired, overdue.to_owned()]
    });
    section("Removed", &table(&["CLUSTER", "GRANT", "EXPIRED", ""], rows));
}
