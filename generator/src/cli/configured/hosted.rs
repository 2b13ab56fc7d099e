//! A repository of the settings, on the forge that they name, with that forge's credentials.

use anyhow::Context;
use gitea_client::{Client, ServerUrl, WebhookSecret};
use jiff::Timestamp;

use crate::cli::environment::{open_repository, open_repository_with, secret};
use crate::doctor::{Examination, Examinations};
use crate::forge::{
    Checker, GiteaHost, GiteaPatient, HostedRepository, Mirror, PullRequestForge, diagnose_gitea,
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
    let (name, email) = (by.name.as_str(), by.email.as_str());
    match own.forge {
        ForgeKind::Git => Ok(HostedRepository::git(repository, name, email)),
        ForgeKind::Gitea => {
            let token = secret(GITEA_TOKEN).with_context(|| no_token(own))?;
            let mirror = Mirror::new(repository);
            let forge =
                PullRequestForge::new(GiteaHost::new(gitea(own, token)?), mirror.clone(), name, email);
            let forge = match secret(GITEA_CHECKER_TOKEN) {
                Some(token) => {
                    forge.with_checker(Checker::new(GiteaHost::new(gitea(own, token)?), mirror.clone()))
                }
                None => forge,
            };
            Ok(HostedRepository::on(mirror, forge))
        }
        ForgeKind::Github => github::host(own, repository, by),
    }
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
                found.extend(webhook_secret(&own.url));
                found
            }
            Err(error) => {
                let mut found = Examinations::of(own.url.as_str());
                found.failed("bot", format!("{error:#}"));
                found.found()
            }
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

fn webhook_secret(of: &str) -> Vec<Examination> {
    let mut found = Examinations::of(of);
    match secret(GITEA_WEBHOOK_SECRET).map(|text| WebhookSecret::new(text.into())) {
        Some(Ok(_)) => found.passed("webhook secret", "it is there"),
        Some(Err(error)) => found.failed("webhook secret", format!("{GITEA_WEBHOOK_SECRET}: {error}")),
        None => found.not_checked(
            "webhook secret",
            format!("{GITEA_WEBHOOK_SECRET} is not in this environment: the server believes no webhook, and looks at its interval"),
        ),
    }
    found.found()
}

fn gitea(own: &RepositorySettings, token: String) -> anyhow::Result<Client> {
    let (server, repository) = ServerUrl::of_repository(&own.url)
        .context("a repository on Gitea is named by its address: https://HOST/OWNER/NAME.git")?;
    Ok(Client::new(server, repository, &token.into())?)
}
