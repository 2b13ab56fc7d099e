//! The command line. Each command has a file with its arguments and what it does; nothing is decided here.

use std::ffi::OsString;
use std::process::ExitCode;
use std::sync::mpsc::{self, RecvTimeoutError};

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};
use jiff::Timestamp;
use p0_access::duration::Lifetime;

// First, because its macros are for the modules below.
#[macro_use]
mod stream;

mod args;
mod audit;
mod catalogue;
mod complete;
mod completions;
mod config;
mod configured;
mod confirm;
mod demo;
mod doctor;
mod environment;
mod export;
mod generate;
mod groups;
mod identities;
mod init;
mod merge;
mod output;
mod owners;
mod policy;
mod propose;
mod reap;
mod request;
mod runtime;
mod serve;
mod store;
mod subset;
mod sweep;
mod verify;

use output::Outcome;

use crate::interrupt;

/// Just-in-time Kubernetes access, kept in Git.
///
/// A grant is the part of a role that applies to one selection, bound to one subject, until a time. It is one signed file
/// in a Git repository that Argo CD or Flux applies: merging it grants, reverting it takes away.
#[derive(Debug, Parser)]
#[command(name = "p0-gitops", version, propagate_version = true, max_term_width = 110, after_help = EXIT_CODES)]
struct Cli {
    /// Take this as the present time (RFC 3339): for tests, and to judge the past.
    #[arg(
        long,
        global = true,
        env = "P0_NOW",
        value_name = "TIME",
        value_parser = args::time,
        hide_env_values = true,
        help_heading = "Everywhere"
    )]
    now: Option<Timestamp>,

    /// What to log to standard error: error, warn, info, debug, or a filter such as `kube=debug`.
    #[arg(
        long,
        global = true,
        env = "P0_LOG",
        value_name = "FILTER",
        default_value = "warn",
        help_heading = "Everywhere"
    )]
    log: String,

    /// Give up after this long, between steps: what is not done then is not done at all.
    #[arg(
        long,
        global = true,
        env = "P0_TIMEOUT",
        value_name = "DURATION",
        default_value = "15m",
        help_heading = "Everywhere"
    )]
    timeout: Lifetime,

    /// Which context of the configuration file counts; see `p0-gitops config`.
    #[arg(long, global = true, env = "P0_CONTEXT", value_name = "NAME", help_heading = "Everywhere")]
    context: Option<String>,

    #[command(subcommand)]
    command: Command,
}

const EXIT_CODES: &str = "\
Exit codes: 0 done, 1 failed, 2 refused or denied, 4 timed out, 64 usage, 130 interrupted.

Start with `p0-gitops demo`: it needs no cluster and no account.";

#[derive(Debug, Subcommand)]
enum Command {
    Demo(demo::Args),
    Init(init::Args),
    Catalogue(catalogue::Args),
    Subset(subset::Args),
    Generate(generate::Args),
    Propose(propose::Args),
    Verify(verify::Args),
    Merge(merge::MergeArgs),
    Revert(merge::RevertArgs),
    Request(request::RequestArgs),
    Approve(request::ApproveArgs),
    Deny(request::DenyArgs),
    Cancel(request::CancelArgs),
    Relinquish(request::RelinquishArgs),
    Revoke(request::RevokeArgs),
    Extend(request::ExtendArgs),
    Retry(request::RetryArgs),
    Allow(request::AllowArgs),
    Preapprovals(request::PreapprovalsArgs),
    Ls(request::LsArgs),
    Show(request::ShowArgs),
    Status(request::StatusArgs),
    CanI(request::CanIArgs),
    Stats(request::StatsArgs),
    Watch(request::WatchArgs),
    Review(request::ReviewArgs),
    #[command(alias = "tick")]
    Reconcile(request::ReconcileArgs),
    Identities(identities::Args),
    Policy(policy::Args),
    Owners(owners::Args),
    Serve(serve::Args),
    Store(store::Args),
    Doctor(doctor::Args),
    Sweep(sweep::Args),
    Reap(reap::Args),
    Audit(audit::Args),
    Config(config::Args),
    Completions(completions::Args),
}

impl Command {
    /// Whether it runs until it is interrupted, so that no time limit holds for it.
    fn is_endless(&self) -> bool {
        matches!(self, Self::Ls(args) if args.is_endless())
    }
}

/// Runs the program.
pub fn main() -> ExitCode {
    // A shell asks for candidates; then nothing else is done.
    clap_complete::CompleteEnv::with_factory(command).var(complete::VARIABLE).complete();
    // Two TLS providers in one process panic; this one is chosen before anything connects.
    let _installed_before = rustls::crypto::aws_lc_rs::default_provider().install_default();
    match read_arguments() {
        Err(problem) => output::end(Err(problem)),
        Ok(Err(problem)) => told(&problem),
        // A server has no time limit, and ends by signals of its own.
        Ok(Ok(Cli { command: Command::Serve(args), now, .. })) => output::end(serve::run(&args, now)),
        Ok(Ok(Cli { command: Command::Demo(args), .. })) if args.is_server() => {
            output::end(demo::run(&args, Timestamp::now()))
        }
        Ok(Ok(cli)) if cli.command.is_endless() => {
            output::end(interrupt::handle().map_err(Into::into).and_then(|()| run(cli)))
        }
        Ok(Ok(cli)) => output::end(within(cli.timeout, || run(cli))),
    }
}

/// Reads the arguments: what is typed, then the environment, then the context of the configuration file.
fn read_arguments() -> anyhow::Result<Result<Cli, clap::Error>> {
    match parsed(Cli::command()) {
        // A configuration file that cannot be used must not keep people from help, and from mending it.
        Err(help) if !help.use_stderr() => return Ok(Err(help)),
        Ok(cli) if matches!(cli.command, Command::Config(_) | Command::Completions(_)) => return Ok(Ok(cli)),
        _ => {}
    }
    let mut command = Cli::command();
    if let Some(location) = config::ConfigLocation::find() {
        let read = config::Config::read(&location)?;
        if let Some(context) = read.context(config::named(std::env::args_os().skip(1)).as_deref())? {
            command = context.applied_to(command, location.folder());
        }
    }
    Ok(parsed(command))
}

fn parsed(command: clap::Command) -> Result<Cli, clap::Error> {
    let command = groups::grouped(command, output::terminal_width());
    command.try_get_matches().and_then(|matches| Cli::from_arg_matches(&matches))
}

/// Prints help, or what is wrong with the arguments.
fn told(problem: &clap::Error) -> ExitCode {
    let text = problem.render();
    let text = text.ansi();
    match problem.use_stderr() {
        true => {
            errln!("{}", text.to_string().trim_end());
            Outcome::Usage.into()
        }
        false => {
            out!("{text}");
            output::end(Ok(Outcome::Done))
        }
    }
}

/// Runs `work` beside this thread, which ends the process when the time is over.
fn within(
    limit: Lifetime,
    work: impl FnOnce() -> anyhow::Result<Outcome> + Send + 'static,
) -> anyhow::Result<Outcome> {
    interrupt::handle()?;
    let (done, waiting) = mpsc::channel();
    std::thread::spawn(move || done.send(work()));
    match waiting.recv_timeout(limit.duration().unsigned_abs()) {
        Ok(result) => result,
        Err(RecvTimeoutError::Disconnected) => {
            anyhow::bail!("the command broke off; please report what is printed above")
        }
        Err(RecvTimeoutError::Timeout) => {
            let _last = interrupt::leave();
            errln!("error: not done within {limit}; give it longer with `--timeout`");
            Ok(Outcome::TimedOut)
        }
    }
}

fn run(cli: Cli) -> anyhow::Result<Outcome> {
    output::log_to_stderr(&cli.log)?;
    let now = whole_seconds(cli.now.unwrap_or_else(Timestamp::now));
    match cli.command {
        Command::Demo(args) => demo::run(&args, now),
        Command::Init(args) => init::run(&args, now),
        Command::Catalogue(args) => catalogue::run(args),
        Command::Subset(args) => subset::run(&args),
        Command::Generate(args) => generate::run(&args, now),
        Command::Propose(args) => propose::run(&args, now),
        Command::Verify(args) => verify::run(&args, now),
        Command::Merge(args) => merge::merge(&args, now),
        Command::Revert(args) => merge::revert(&args, now),
        Command::Request(args) => request::request(&args, now),
        Command::Approve(args) => request::approve(&args, now),
        Command::Deny(args) => request::deny(&args, now),
        Command::Cancel(args) => request::cancel(&args, now),
        Command::Relinquish(args) => request::relinquish(&args, now),
        Command::Revoke(args) => request::revoke(&args, now),
        Command::Extend(args) => request::extend(&args, now),
        Command::Retry(args) => request::retry(&args, now),
        Command::Allow(args) => request::allow(&args, now),
        Command::Preapprovals(args) => request::preapprovals(&args, now),
        Command::Ls(args) => request::ls(&args, cli.now),
        Command::Status(args) => request::status(&args, now),
        Command::CanI(args) => request::can_i(&args, now),
        Command::Stats(args) => request::stats(&args, now),
        Command::Show(args) => request::show(&args, now),
        Command::Watch(args) => request::watch(&args, now),
        Command::Review(args) => request::review(&args, now),
        Command::Reconcile(args) => request::reconcile(&args, now),
        Command::Identities(args) => identities::run(&args),
        Command::Policy(args) => policy::run(&args, now),
        Command::Owners(args) => owners::run(&args, now),
        Command::Serve(args) => serve::run(&args, cli.now),
        Command::Store(args) => store::run(&args),
        Command::Doctor(args) => doctor::run(&args, now),
        Command::Sweep(args) => sweep::run(&args, now),
        Command::Reap(args) => reap::run(&args, now),
        Command::Audit(args) => audit::run(&args, now),
        Command::Config(args) => config::run(&args),
        Command::Completions(args) => completions::run(&args),
    }
}

/// Grants know no fractions of seconds.
fn whole_seconds(time: Timestamp) -> Timestamp {
    Timestamp::from_second(time.as_second()).unwrap_or(time)
}

/// The command line as data, for completions and the reference in `docs/cli.md`.
pub fn command() -> clap::Command {
    groups::grouped(Cli::command(), None)
}

/// The program as it was called, for commands that a reader may paste.
fn program() -> String {
    let called = std::env::args_os().next().unwrap_or_else(|| OsString::from("p0-gitops"));
    called.to_string_lossy().into_owned()
}
