//! A repository of the settings, on the forge that they name, with that forge's credentials.

use std::fmt::Display;

use anyhow::Context;
use gitea_client::{Client, ServerUrl, WebhookSecret};
use jiff::Timestamp;

use crate::cli::environment::{open_repository, open_repository_with, secret};
use crate::doctor::{Examination, Examinations};
use crate::forge::{
    Checker, GiteaHost, GiteaPatient, Host, HostedRepository, Mirror, PullRequestForge, diagnose_gitea,
};
use crate::git::Identity;
use crate::repository::Repository;
use crate::serve::{ForgeKind, RepositorySettings, Settings};

mod github;

pub(in crate::cli) use github::GITHUB_WEBHOOK_SECRET;

/// The token of the bot's user at Gitea.
const GITEA_TOKEN: &str = "P0_GITEA_TOKEN";
/// The token of the checker's user. Without it another process posts the required check.
const GITEA_CHECKER_TOKEN: &str = "P0_GITEA_CHECKER_TOKEN";
/// The token of somebody who administers the repository: `doctor` reads with it, and `init` sets up with it. The server never has it.
pub(in crate::cli) const GITEA_ADMIN_TOKEN: &str = "P0_GITEA_ADMIN_TOKEN";
/// The key that Gitea signs deliveries with.
pub(in crate::cli) const GITEA_WEBHOOK_SECRET: &str = "P0_GITEA_WEBHOOK_SECRET";

/// A repository of the settings, and it opened or why it cannot be. Each is opened once, for the check and for the server.
pub(in crate::cli) struct OpenedRepository<'s> {
    pub(in crate::cli) own: &'s RepositorySettings,
    pub(in crate::cli) repository: anyhow::Result<Repository>,
}

/// Every repository of the settings.
pub(in crate::cli) fn open_all(settings: &Settings) -> Vec<OpenedRepository<'_>> {
    settings.repositories.iter().map(|own| OpenedRepository { own, repository: open(own) }).collect()
}

fn open(own: &RepositorySettings) -> anyhow::Result<Repository> {
    match own.forge {
        ForgeKind::Git => open_repository(&own.url, &own.base),
        ForgeKind::Gitea => {
            let token = secret("P0_GIT_TOKEN").or_else(|| secret(GITEA_TOKEN));
            open_repository_with(&own.url, &own.base, token)
        }
        ForgeKind::Github => github::open(own),
    }
}

/// `repository`, which was opened so, on its forge.
pub(in crate::cli) fn host(
    own: &RepositorySettings,
    repository: Repository,
    by: &Identity,
) -> anyhow::Result<HostedRepository> {
    match own.forge {
        ForgeKind::Git => Ok(HostedRepository::git(repository, by.name.as_str(), by.email.as_str())),
        ForgeKind::Gitea => {
            let token = secret(GITEA_TOKEN).with_context(|| no_token(own))?;
            let host = |token| Ok::<_, anyhow::Error>(GiteaHost::new(gitea(own, token)?));
            let bot = host(token)?;
            let checker = secret(GITEA_CHECKER_TOKEN).map(host).transpose()?;
            Ok(on_pull_requests(repository, bot, checker, by))
        }
        ForgeKind::Github => github::host(own, repository, by),
    }
}

/// `repository` on a forge with pull requests, with the bot's host there and the checker's.
fn on_pull_requests<H: Host + 'static>(
    repository: Repository,
    bot: H,
    checker: Option<H>,
    by: &Identity,
) -> HostedRepository {
    let mirror = Mirror::new(repository);
    let forge = PullRequestForge::new(bot, mirror.clone(), by.name.as_str(), by.email.as_str());
    let forge = match checker {
        Some(host) => forge.with_checker(Checker::new(host, mirror.clone())),
        None => forge,
    };
    HostedRepository::on(mirror, forge)
}

/// What the server needs of the repository's forge, looked at.
pub(in crate::cli) async fn examine(own: &RepositorySettings, now: Timestamp) -> Vec<Examination> {
    match own.forge {
        ForgeKind::Git => Vec::new(),
        ForgeKind::Gitea => match gitea_users(own) {
            Ok((bot, checker, admin)) => {
                let patient = GiteaPatient {
                    bot: &bot,
                    checker: checker.as_ref(),
                    admin: admin.as_ref(),
                    base: &own.base,
                };
                let mut found = diagnose_gitea(patient, &own.url, now).await;
                let read = |text: String| WebhookSecret::new(text.into()).map(drop);
                found.extend(webhook_secret(&own.url, GITEA_WEBHOOK_SECRET, read));
                found
            }
            Err(error) => no_bot(&own.url, &error),
        },
        ForgeKind::Github => github::examine(own, now).await,
    }
}

/// Bot, checker and administrator, as far as their tokens are here.
fn gitea_users(own: &RepositorySettings) -> anyhow::Result<(Client, Option<Client>, Option<Client>)> {
    let client = |variable| secret(variable).map(|token| gitea(own, token)).transpose();
    let bot = client(GITEA_TOKEN)?.with_context(|| no_token(own))?;
    Ok((bot, client(GITEA_CHECKER_TOKEN)?, client(GITEA_ADMIN_TOKEN)?))
}

fn no_token(own: &RepositorySettings) -> String {
    format!("`{}` is on Gitea: give the token of the bot's user in {GITEA_TOKEN}", own.url)
}

fn no_bot(of: &str, error: &anyhow::Error) -> Vec<Examination> {
    let mut found = Examinations::of(of);
    found.failed("bot", format!("{error:#}"));
    found.found()
}

/// The key that the forge signs deliveries with, in `variable`; `read` says whether it can be one.
fn webhook_secret<E: Display>(
    of: &str,
    variable: &str,
    read: impl FnOnce(String) -> Result<(), E>,
) -> Vec<Examination> {
    let mut found = Examinations::of(of);
    match secret(variable).map(read) {
        Some(Ok(())) => found.passed("webhook secret", "it is there"),
        Some(Err(error)) => found.failed("webhook secret", format!("{variable}: {error}")),
        None => found.not_checked(
            "webhook secret",
            format!("{variable} is not in this environment: the server believes no webhook, and looks at its interval"),
        ),
    }
    found.found()
}

fn gitea(own: &RepositorySettings, token: String) -> anyhow::Result<Client> {
    let (server, repository) = ServerUrl::of_repository(&own.url)
        .context("a repository on Gitea is named by its address: https://HOST/OWNER/NAME.git")?;
    Ok(Client::new(server, repository, &token.into())?)
}
