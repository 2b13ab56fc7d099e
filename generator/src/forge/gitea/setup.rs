//! Setting a repository up on a Gitea as its administrator: who may write, labels, the rules of base, the webhook. Each step looks
//! first, so that a second run does nothing. Not here: users and tokens, which an administrator of the whole Gitea makes.

use gitea_client::{Access, BranchProtection, Client, GiteaError, NewHook};

use super::COLOUR;
use super::rules::{self, BranchUsers, HOOK_EVENTS};
use crate::forge::setup::{Making, SetupLog};

/// Labels of pull requests. The bot makes one that is missing.
const LABELS: [(&str, &str); 3] = [
    ("p0", "made by p0-gitops"),
    ("p0/grant", "gives access until a time"),
    ("p0/revoked", "takes access away"),
];

/// What is to be there.
pub struct GiteaSetup {
    /// The base branch.
    pub base: String,
    /// Who has to reach it.
    pub users: BranchUsers,
    /// Who posts the check.
    pub checker: String,
    /// Where the server takes deliveries, and the key that they are signed with.
    pub webhook: Option<(String, Option<String>)>,
    /// Whether it is made, or only said.
    pub making: Making,
}

/// Makes what is missing, and writes each step to `log`: what stands there after an error was done.
///
/// # Errors
/// [`GiteaError`], at the first call that fails.
pub async fn set_up(admin: &Client, setup: &GiteaSetup, log: &mut SetupLog) -> Result<(), GiteaError> {
    if !admin.repository().await?.permissions.admin {
        let me = admin.me().await?.login;
        log.for_person(
            "repository",
            format!("`{me}` does not administer `{}`: use the token of a user who does", admin.name()),
        );
        return Ok(());
    }
    let missing = collaborators(admin, setup, log).await?;
    labels(admin, setup.making, log).await?;
    match missing.is_empty() {
        true => protection(admin, setup, log).await?,
        false => log.for_person(
            "rules of base",
            format!("they name {}, who cannot write yet: run this again afterwards", rules::list(&missing)),
        ),
    }
    webhook(admin, setup, log).await
}

/// Lets each of the users write; those who cannot yet.
async fn collaborators(
    admin: &Client,
    setup: &GiteaSetup,
    log: &mut SetupLog,
) -> Result<Vec<String>, GiteaError> {
    let BranchUsers { bot, sweeper, mergers } = &setup.users;
    let roles = [(bot, "bot"), (&setup.checker, "checker"), (sweeper, "sweeper")];
    let people = mergers.iter().map(|person| (person, "may merge"));
    let mut missing = Vec::new();
    for (login, role) in roles.into_iter().chain(people) {
        let what = format!("{login} ({role})");
        if admin.user(login).await?.is_none() {
            missing.push(login.clone());
            log.for_person(&what, "there is no such user: an administrator of this Gitea makes one");
            continue;
        }
        match admin.access_of(login).await? {
            Access::Write => log.there(&what, "may write to the repository"),
            Access::Admin | Access::Owner if role == "may merge" => log.there(&what, "administers the repository"),
            Access::Admin | Access::Owner => log.for_person(
                &what,
                "administers the repository and could change its rules: give this user write access and no more",
            ),
            Access::Read | Access::None => {
                if setup.making == Making::Really {
                    admin.add_collaborator(login, Access::Write).await?;
                }
                log.made(&what, "a collaborator with write access");
            }
        }
    }
    Ok(missing)
}

async fn labels(admin: &Client, making: Making, log: &mut SetupLog) -> Result<(), GiteaError> {
    let known = admin.labels().await?;
    let missing: Vec<_> =
        LABELS.into_iter().filter(|(name, _)| !known.iter().any(|own| own.name == *name)).collect();
    if missing.is_empty() {
        log.there("labels", "they are there");
        return Ok(());
    }
    for (name, description) in &missing {
        if making == Making::Really {
            admin.make_label(name, COLOUR, description).await?;
        }
    }
    let names: Vec<String> = missing.iter().map(|(name, _)| (*name).to_owned()).collect();
    log.made("labels", rules::list(&names));
    Ok(())
}

async fn protection(admin: &Client, setup: &GiteaSetup, log: &mut SetupLog) -> Result<(), GiteaError> {
    let (what, base) = ("rules of base", setup.base.as_str());
    if admin.branch(base).await?.is_none() {
        log.for_person(
            what,
            format!("there is no branch `{base}` yet: push the first files to it, and run this again"),
        );
        return Ok(());
    }
    let rules = admin.protection(base).await?;
    let wanted = rules::mended(&rules.clone().unwrap_or_default(), base, &setup.users);
    if rules.is_some_and(|own| is_same(&own, &wanted)) {
        log.there(what, rules::who(&wanted));
        return Ok(());
    }
    if setup.making == Making::Really {
        admin.protect(&wanted).await?;
    }
    log.made(
        what,
        format!(
            "the check is required; {}. No approvals are required of every pull request, so that nothing that takes access away waits for them: \
             with `merge: review` the bot counts reviews of grants",
            rules::who(&wanted)
        ),
    );
    Ok(())
}

/// Gitea gives names in an order of its own.
fn is_same(one: &BranchProtection, other: &BranchProtection) -> bool {
    let sorted = |rules: &BranchProtection| {
        let mut rules = rules.clone();
        rules.merge_whitelist_usernames.sort();
        rules.push_whitelist_usernames.sort();
        rules.status_check_contexts.sort();
        rules
    };
    sorted(one) == sorted(other)
}

async fn webhook(admin: &Client, setup: &GiteaSetup, log: &mut SetupLog) -> Result<(), GiteaError> {
    let what = "webhook";
    let Some((url, secret)) = &setup.webhook else {
        log.for_person(
            what,
            "none is made without --webhook-url: the server looks at its interval, and at once with one",
        );
        return Ok(());
    };
    let events: Vec<String> = HOOK_EVENTS.map(str::to_owned).to_vec();
    let hook = admin.hooks().await?.into_iter().find(|hook| hook.url() == url);
    let is_whole =
        |hook: &gitea_client::Hook| hook.active && events.iter().all(|event| hook.events.contains(event));
    match (hook, secret) {
        (Some(hook), _) if is_whole(&hook) => {
            log.there(what, format!("to {url}; Gitea does not tell its secret: where it is another one, delete the webhook and run this again"));
        }
        (Some(hook), _) => {
            if setup.making == Making::Really {
                admin.mend_hook(hook.id, &events).await?;
            }
            log.made(what, format!("to {url}: it delivers {}", rules::list(&events)));
        }
        (None, None) => {
            log.for_person(
                what,
                "it needs a secret: make one with `openssl rand -hex 32`, and give it in P0_GITEA_WEBHOOK_SECRET here and to the server",
            );
        }
        (None, Some(secret)) => {
            if setup.making == Making::Really {
                admin.make_hook(&NewHook { url: url.clone(), secret: secret.clone(), events }).await?;
            }
            log.made(what, format!("to {url}"));
        }
    }
    Ok(())
}
