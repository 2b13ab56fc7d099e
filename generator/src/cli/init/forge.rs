//! The forge's part of `init`: what the repository's administrator sets up once, made where it is missing. Not here: the steps
//! ([`crate::forge`]), and files.

use anyhow::Context;
use gitea_client::{Client, ServerUrl, WebhookSecret};

use crate::cli::configured::hosted::{GITEA_ADMIN_TOKEN, GITEA_WEBHOOK_SECRET};
use crate::cli::environment::secret;
use crate::cli::output::{Outcome, table};
use crate::forge::setup::{Making, SetupLog, SetupOutcome};
use crate::forge::{BranchUsers, GiteaSetup, set_up_gitea};

/// What is set up besides files.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Forge")]
pub(super) struct ForgeArgs {
    /// Set the repository of `--url` up on its forge too: who may write, labels, the rules of the base branch, the webhook.
    ///
    /// Gitea: P0_GITEA_ADMIN_TOKEN is the token of a user who administers the repository, with the scopes write:repository, write:issue
    /// and read:user. The bot, the checker and the sweeper are users that are there already.
    #[arg(long, value_name = "KIND")]
    forge: Option<ForgeToSetUp>,

    /// Who opens and merges pull requests.
    #[arg(long, value_name = "LOGIN", default_value = "p0-bot", requires = "forge")]
    bot: String,

    /// Who posts the check.
    #[arg(long, value_name = "LOGIN", default_value = "p0-checker", requires = "forge")]
    checker: String,

    /// Who pushes to the base branch what removes expired grants, and may push nothing else.
    #[arg(long, value_name = "LOGIN", default_value = "p0-sweeper", requires = "forge")]
    sweeper: String,

    /// A person who may merge changes of policy, and grants in the mode `manual`; may be repeated.
    #[arg(long = "merger", value_name = "LOGIN", requires = "forge")]
    mergers: Vec<String>,

    /// Where the forge reaches the server: `https://HOST/webhooks/gitea`. The secret is taken from P0_GITEA_WEBHOOK_SECRET.
    #[arg(long, value_name = "URL", requires = "forge")]
    webhook_url: Option<String>,

    /// Only say what would be made, of files and on the forge.
    #[arg(long)]
    pub(super) dry_run: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum ForgeToSetUp {
    /// Gitea or Forgejo.
    Gitea,
}

impl ForgeArgs {
    pub(super) fn making(&self) -> Making {
        match self.dry_run {
            true => Making::DryRun,
            false => Making::Really,
        }
    }

    /// Sets the repository at `url` up, where a forge is named.
    pub(super) fn run(&self, url: &str, base: &str) -> anyhow::Result<Outcome> {
        match self.forge {
            None => Ok(Outcome::Done),
            Some(ForgeToSetUp::Gitea) => self.on_gitea(url, base),
        }
    }

    fn on_gitea(&self, url: &str, base: &str) -> anyhow::Result<Outcome> {
        let (server, repository) = ServerUrl::of_repository(url)
            .context("`--forge gitea` sets up the repository of `--url`, which is its address: https://HOST/OWNER/NAME.git")?;
        let token = secret(GITEA_ADMIN_TOKEN).with_context(|| {
            format!("give the token of a user who administers `{repository}` in {GITEA_ADMIN_TOKEN}")
        })?;
        let key = secret(GITEA_WEBHOOK_SECRET);
        if let Some(text) = &key {
            WebhookSecret::new(text.clone().into()).context(GITEA_WEBHOOK_SECRET)?;
        }
        let setup = GiteaSetup {
            base: base.to_owned(),
            users: BranchUsers {
                bot: self.bot.clone(),
                sweeper: self.sweeper.clone(),
                mergers: self.mergers.clone(),
            },
            checker: self.checker.clone(),
            webhook: self.webhook_url.clone().map(|to| (to, key)),
            making: self.making(),
        };
        let admin = Client::new(server, repository, &token.into())?;
        let mut log = SetupLog::default();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let done = runtime.block_on(set_up_gitea(&admin, &setup, &mut log));
        self.print(&log);
        done?;
        Ok(Outcome::Done)
    }

    fn print(&self, log: &SetupLog) {
        let word = |outcome| match outcome {
            SetupOutcome::There => "there",
            SetupOutcome::Made if self.dry_run => "would be made",
            SetupOutcome::Made => "made",
            SetupOutcome::ForPerson => "for you to do",
        };
        let rows = log
            .steps()
            .iter()
            .map(|step| vec![step.what.clone(), word(step.outcome).to_owned(), step.says.clone()]);
        outln!("");
        table(&["ON THE FORGE", "", ""], rows).lines().for_each(|line| outln!("{}", line.trim_end()));
    }
}
