//! The words of a command, as clap reads them. Not here: what they come to.

use clap::{Parser, Subcommand};

/// Ask for access to Kubernetes, and give it back.
#[derive(Debug, Parser)]
#[command(name = "/p0", no_binary_name = true, disable_help_subcommand = true, disable_version_flag = true)]
pub(super) struct Line {
    #[command(subcommand)]
    pub(super) verb: Option<Words>,
}

#[derive(Debug, Subcommand)]
pub(super) enum Words {
    /// Ask for access. Without arguments it opens the form; arguments that are left out open it with the others filled in.
    Request(Request),
    /// Ask for access for somebody else. What is left out opens the form.
    Grant(Grant),
    /// Allow requests beforehand: gives the command that signs it with your own key, which Slack does not have.
    Allow(Allow),
    /// List your access, and what waits for you.
    Ls,
    /// Take access away, by the request's id.
    Revoke(Revoke),
    /// Show this help.
    Help,
}

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  /p0 request k8s resource \"view\" --cluster prod --locator \"deployment / default / nginx-deployment\" --reason \"rollout hangs\" --duration 2h"
)]
pub(super) struct Request {
    /// `k8s resource`, then the role.
    #[arg(value_name = "k8s resource ROLE")]
    pub(super) words: Vec<String>,
    /// The cluster.
    #[arg(long)]
    pub(super) cluster: Option<String>,
    /// What is selected: `<kind> / <namespace> / <name>`, `*` for all.
    #[arg(long)]
    pub(super) locator: Option<String>,
    /// A part of the resource, such as `log`; may be repeated.
    #[arg(long = "subresource")]
    pub(super) subresources: Vec<String>,
    /// Why.
    #[arg(long)]
    pub(super) reason: Option<String>,
    /// How long, such as `2h`.
    #[arg(long)]
    pub(super) duration: Option<String>,
}

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  /p0 grant k8s resource \"view\" --cluster prod --locator \"pod / shop / *\" --reason \"helps with the rollout\" --to @alice"
)]
pub(super) struct Grant {
    #[command(flatten)]
    pub(super) request: Request,
    /// For whom, as `@name`.
    #[arg(long)]
    pub(super) to: String,
}

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  /p0 allow k8s resource \"view\" --cluster prod --locator \"pod / shop / *\" --to @alice --length 8h --duration 1h"
)]
pub(super) struct Allow {
    #[command(flatten)]
    pub(super) request: Request,
    /// Whom, as `@name`.
    #[arg(long)]
    pub(super) to: String,
    /// How long requests are allowed beforehand, such as `8h`.
    #[arg(long)]
    pub(super) length: String,
}

#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  /p0 revoke vpl5aqzpwnnqmnkrzze2 --reason \"incident is over\"")]
pub(super) struct Revoke {
    /// The request's id, 20 characters: its messages have it.
    pub(super) id: String,
    /// Why.
    #[arg(long)]
    pub(super) reason: Option<String>,
}
