//! A repository on GitHub: the keys of bot and checker from the environment, Apps' or users'.

use anyhow::Context;
use github_client::{AppId, AppKey, Client, Credential, ServerUrl, Stale, WebhookSecret};
use jiff::Timestamp;
use secrecy::ExposeSecret;

use super::{no_bot, on_pull_requests, webhook_secret};
use crate::cli::environment::{open_repository_as, secret};
use crate::doctor::Examination;
use crate::forge::{GithubHost, GithubPatient, HostedRepository, diagnose_github};
use crate::git::{Credentials, Identity, TokenAsk};
use crate::repository::Repository;
use crate::serve::RepositorySettings;

/// The key that GitHub signs deliveries with.
pub(in crate::cli) const GITHUB_WEBHOOK_SECRET: &str = "P0_GITHUB_WEBHOOK_SECRET";

/// Whose key it is: the variables that hold it begin so.
#[derive(Clone, Copy)]
enum Holder {
    Bot,
    /// Without its key another process posts the required check.
    Checker,
}

impl Holder {
    fn variable(self, what: &str) -> String {
        match self {
            Self::Bot => format!("P0_GITHUB_{what}"),
            Self::Checker => format!("P0_GITHUB_CHECKER_{what}"),
        }
    }

    /// The client with its key; `None` where there is none in the environment.
    fn client(self, own: &RepositorySettings) -> anyhow::Result<Option<Client>> {
        let Some(credential) = self.credential()? else { return Ok(None) };
        let (server, repository) = ServerUrl::of_repository(&own.url)
            .context("a repository on GitHub is named by its address: https://github.com/OWNER/NAME.git")?;
        Ok(Some(Client::new(server, repository, credential)?))
    }

    fn credential(self) -> anyhow::Result<Option<Credential>> {
        let [id, key, file, token] =
            ["APP_ID", "APP_KEY", "APP_KEY_FILE", "TOKEN"].map(|what| self.variable(what));
        let Some(text) = secret(&id) else {
            return Ok(secret(&token).map(|token| Credential::Token(token.into())));
        };
        let pem = match (secret(&key), secret(&file)) {
            (Some(pem), _) => pem,
            (None, Some(path)) => {
                std::fs::read_to_string(&path).with_context(|| format!("{file}: cannot read `{path}`"))?
            }
            (None, None) => anyhow::bail!(
                "{id} names an App; give the path of its private key in {file}, or the key in {key}"
            ),
        };
        let key = AppKey::from_pem(&pem).context(file)?;
        Ok(Some(Credential::App { id: AppId::new(&text).context(id)?, key }))
    }
}

/// The bot's client.
fn bot(own: &RepositorySettings) -> anyhow::Result<Client> {
    Holder::Bot.client(own)?.with_context(|| {
        format!(
            "`{}` is on GitHub: give the bot's App in P0_GITHUB_APP_ID and P0_GITHUB_APP_KEY_FILE, or a user's token in P0_GITHUB_TOKEN",
            own.url
        )
    })
}

/// The repository, for reading. Git asks for the App's token of now.
pub(super) fn open(own: &RepositorySettings) -> anyhow::Result<Repository> {
    let credentials = match secret("P0_GIT_TOKEN") {
        Some(token) => Credentials::default().with_token(token),
        None => {
            let bot = bot(own)?;
            Credentials::default().with_token_source(move |ask| match bot.token_blocking(stale(ask)) {
                Ok(token) => Ok(token.expose_secret().to_owned()),
                Err(error) => Err(error.to_string()),
            })
        }
    };
    open_repository_as(&own.url, &own.base, credentials)
}

fn stale(ask: TokenAsk) -> Stale {
    match ask {
        TokenAsk::First => Stale::No,
        TokenAsk::AfterRefusal => Stale::Yes,
    }
}

pub(super) fn host(
    own: &RepositorySettings,
    repository: Repository,
    by: &Identity,
) -> anyhow::Result<HostedRepository> {
    let bot = GithubHost::new(bot(own)?);
    let checker = Holder::Checker.client(own)?.map(GithubHost::new);
    Ok(on_pull_requests(repository, bot, checker, by))
}

pub(super) async fn examine(own: &RepositorySettings, now: Timestamp) -> Vec<Examination> {
    let clients = bot(own).and_then(|bot| Ok((bot, Holder::Checker.client(own)?)));
    match clients {
        Ok((bot, checker)) => {
            let patient = GithubPatient { bot: &bot, checker: checker.as_ref(), base: &own.base };
            let mut found = diagnose_github(patient, &own.url, now).await;
            let read = |text: String| WebhookSecret::new(text.into()).map(drop);
            found.extend(webhook_secret(&own.url, GITHUB_WEBHOOK_SECRET, read));
            found
        }
        Err(error) => no_bot(&own.url, &error),
    }
}
