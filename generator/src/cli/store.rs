//! `store`: make, check and copy the store, and print its audit log.

use std::path::PathBuf;

use super::args::StoreArgs;
use super::output::Outcome;
use super::stream;
use crate::store::Store;

/// How many lines of the log are read at once.
const PAGE: u32 = 1000;

/// Make, check, back up and export the store of requests.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  p0-gitops store init
  p0-gitops store check
  p0-gitops store backup /backups/p0-2026-11-24.db
  p0-gitops store log > audit.jsonl")]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Make a store, for the command line without a server. One that is there is kept.
    ///
    /// `serve` makes the store that its settings name. Every other command needs one that is there.
    #[command(after_help = "Examples:\n  p0-gitops store init --store sqlite:///var/lib/p0-gitops/p0.db")]
    Init {
        #[command(flatten)]
        store: StoreArgs,
    },
    /// Read all of it, and check that the audit log is one unbroken chain.
    ///
    /// The hash of the last line is printed: kept elsewhere, it shows later whether lines were cut off.
    #[command(after_help = "Examples:\n  p0-gitops store check --store sqlite:///var/lib/p0-gitops/p0.db")]
    Check {
        #[command(flatten)]
        store: StoreArgs,
    },
    /// Copy a SQLite store to a new file while it is used. PostgreSQL has `pg_dump`.
    #[command(after_help = "Examples:\n  p0-gitops store backup /backups/p0-2026-11-24.db")]
    Backup {
        /// The new file.
        #[arg(value_name = "FILE")]
        to: PathBuf,

        #[command(flatten)]
        store: StoreArgs,
    },
    /// Print the audit log, one JSON object a line, each with its hash.
    #[command(
        after_help = "Examples:\n  p0-gitops store log > audit.jsonl\n  p0-gitops store log --after 1200"
    )]
    Log {
        /// Only lines after this one.
        #[arg(long, value_name = "NUMBER", default_value = "0")]
        after: i64,

        #[command(flatten)]
        store: StoreArgs,
    },
}

pub(super) fn run(args: &Args) -> anyhow::Result<Outcome> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let store = match &args.command {
            Command::Init { store } => store.open_or_make().await?,
            Command::Check { store } | Command::Backup { store, .. } | Command::Log { store, .. } => {
                store.open().await?
            }
        };
        match &args.command {
            Command::Init { .. } => outln!("the store {} is there", store.location()),
            Command::Check { .. } => check(&store).await?,
            Command::Backup { to, .. } => {
                store.backup(to).await?;
                outln!("copied {} to `{}`", store.location(), to.display());
            }
            Command::Log { after, .. } => log(&store, *after).await?,
        }
        store.close().await;
        Ok(Outcome::Done)
    })
}

async fn check(store: &Store) -> anyhow::Result<()> {
    store.check().await?;
    let chain = store.verify_chain().await?;
    let requests: i64 = store.census().await?.iter().map(|(_, count)| count).sum();
    outln!("{} is whole: {requests} requests", store.location());
    outln!("the audit log holds: {} lines, the last one {}", chain.lines, chain.head);
    Ok(())
}

async fn log(store: &Store, mut after: i64) -> anyhow::Result<()> {
    while stream::has_reader() {
        let lines = store.log(after, PAGE).await?;
        let Some(last) = lines.last() else { return Ok(()) };
        after = last.seq;
        for line in &lines {
            outln!("{}", serde_json::to_string(line)?);
        }
    }
    Ok(())
}
