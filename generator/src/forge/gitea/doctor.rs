//! What the bot, the checker and the base branch need on a Gitea, looked at one by one. Reading only.

use gitea_client::{Access, Branch, Client, GiteaError, Repository, User};
use jiff::{SignedDuration, Timestamp, fmt::rfc2822};

use super::rules::{self, HOOK_EVENTS, HOOK_PATH};
use crate::doctor::{Examination, Examinations};
use crate::forge::VERIFY_CHECK;

/// How far apart the two clocks may be: grants have ends, and changes have a time by which they must be merged.
const SKEW: SignedDuration = SignedDuration::from_secs(30);

/// A repository on a Gitea, as each of those who have a token there.
pub struct GiteaPatient<'c> {
    /// The bot.
    pub bot: &'c Client,
    /// The checker, where this process has its token.
    pub checker: Option<&'c Client>,
    /// An administrator of the repository, whose token is used to read alone.
    pub admin: Option<&'c Client>,
    /// The base branch.
    pub base: &'c str,
}

/// Everything that the server needs there.
pub async fn diagnose(patient: GiteaPatient<'_>, of: &str, now: Timestamp) -> Vec<Examination> {
    let mut found = Examinations::of(of);
    let me = match patient.bot.me().await {
        Ok(me) => me,
        Err(error) => {
            found.failed("bot", format!("the bot's token: {error}"));
            return found.found();
        }
    };
    clock(patient.bot, now, &mut found).await;
    let repository = match patient.bot.repository().await {
        Ok(repository) => repository,
        Err(error) => {
            found.failed("repository", format!("the repository `{}`: {error}", patient.bot.name()));
            return found.found();
        }
    };
    of_repository(patient.bot, patient.base, &repository, &mut found);
    of_bot(patient.bot, &me, &repository, &mut found).await;
    of_checker(&me, patient.checker, &mut found).await;
    match patient.bot.branch(patient.base).await {
        Ok(Some(branch)) => of_base(&me, patient.base, &branch, &mut found),
        Ok(None) => found.failed("base branch", no_base(patient.base, &repository)),
        Err(error) => found.failed("base branch", format!("the branch `{}`: {error}", patient.base)),
    }
    match patient.admin {
        Some(admin) => of_administration(admin, patient.base, &mut found).await,
        None => found.not_checked(
            "rules and webhook",
            "only an administrator sees who may push, and webhooks: give an administrator's token in P0_GITEA_ADMIN_TOKEN, which is used to read \
             alone",
        ),
    }
    found.found()
}

async fn clock(bot: &Client, now: Timestamp, found: &mut Examinations) {
    let theirs = match bot.date().await {
        Ok(Some(date)) => {
            rfc2822::parse(&date).map(|zoned| zoned.timestamp()).map_err(|error| error.to_string())
        }
        Ok(None) => Err("its answers have no date".to_owned()),
        Err(error) => Err(error.to_string()),
    };
    match theirs {
        Ok(theirs) if theirs.duration_since(now).abs() <= SKEW => {
            found.passed("clock", "this machine's clock and Gitea's agree");
        }
        Ok(theirs) => found.failed(
            "clock",
            format!("Gitea's clock says {theirs} and this machine's {now}: set both by a time server"),
        ),
        Err(why) => found.not_checked("clock", format!("Gitea does not say what time it has: {why}")),
    }
}

fn no_base(base: &str, repository: &Repository) -> String {
    format!(
        "the repository has no branch `{base}`, and its default branch is `{}`: push what `p0-gitops init` made to `{base}`, or name the \
         branch in `base` of the settings",
        repository.default_branch
    )
}

fn of_repository(bot: &Client, base: &str, repository: &Repository, found: &mut Examinations) {
    let asked = bot.name().to_string();
    let wrong = [
        (
            !repository.full_name.eq_ignore_ascii_case(&asked),
            format!(
                "the repository `{asked}` is called `{}` now: write that in `url` of the settings",
                repository.full_name
            ),
        ),
        (repository.archived, format!("the repository `{asked}` is archived: unarchive it")),
        (
            !repository.has_pull_requests,
            format!("the repository `{asked}` has no pull requests: switch them on in its settings"),
        ),
        (
            repository.merge_style().is_none(),
            format!("`{asked}` allows neither merge commits nor squashing nor rebasing: allow one of them"),
        ),
        (
            !repository.default_branch.is_empty() && repository.default_branch != base,
            format!(
                "the default branch of `{asked}` is `{}` and not `{base}`: make `{base}` the default, because Gitea reads CODEOWNERS there",
                repository.default_branch
            ),
        ),
    ];
    found.faults(
        "repository",
        format!("`{asked}` is there and takes pull requests to `{base}`"),
        chosen(wrong),
    );
}

async fn of_bot(bot: &Client, me: &User, repository: &Repository, found: &mut Examinations) {
    let (name, login) = (bot.name(), &me.login);
    let wrong = [
        (
            !repository.permissions.push,
            format!("`{login}` may not write to `{name}`: make it a collaborator with write access"),
        ),
        (
            repository.permissions.admin,
            format!(
                "`{login}` administers `{name}` and could change its rules: give the bot write access and no more"
            ),
        ),
    ];
    found.faults(
        "bot",
        format!("`{login}` may write to the repository and not change its rules"),
        chosen(wrong),
    );
    // Gitea does not tell the scopes of a token; a call that needs one does.
    let issues = bot
        .labels()
        .await
        .err()
        .map(|error| format!("the bot's token cannot read pull requests' labels: {error}"));
    found.faults("bot's scopes", "its token reads users, the repository and issues", issues);
}

fn of_base(me: &User, base: &str, branch: &Branch, found: &mut Examinations) {
    let login = &me.login;
    if !branch.protected {
        return found.failed(
            "base branch",
            format!(
                "`{base}` has no rules, so every writer can push to it: `p0-gitops init --forge gitea` makes them, and docs/gitea.md shows \
                 how to by hand"
            ),
        );
    }
    let wrong = [
        (
            !branch.requires(VERIFY_CHECK),
            format!("`{base}` does not require the check `{VERIFY_CHECK}`: require it in the branch's rules"),
        ),
        (
            !branch.user_can_merge,
            format!("`{login}` may not merge to `{base}`: put it on the list of those who may merge"),
        ),
        (
            branch.user_can_push,
            format!(
                "`{login}` may push to `{base}` past its rules: take it from the list of those who may push"
            ),
        ),
    ];
    let says = format!("`{base}` requires the check `{VERIFY_CHECK}`, and `{login}` may merge and not push");
    found.faults("base branch", says, chosen(wrong));
}

async fn of_checker(bot: &User, checker: Option<&Client>, found: &mut Examinations) {
    let Some(checker) = checker else {
        return found.not_checked(
            "checker",
            "P0_GITEA_CHECKER_TOKEN is not in this environment: another process has to post the check, or no pull request is merged",
        );
    };
    let me = match checker.me().await {
        Ok(me) => me,
        Err(error) => return found.failed("checker", format!("the checker's token: {error}")),
    };
    let login = &me.login;
    if me.id == bot.id {
        let says = format!("the bot and the checker are both `{login}`: give the checker a user of its own");
        return found.failed("checker", says);
    }
    let rights = match checker.repository().await {
        Ok(repository) => repository.permissions,
        Err(error) => return found.failed("checker", format!("the checker's token: {error}")),
    };
    let wrong = [
        (!rights.push, format!("`{login}` may not post checks: make it a collaborator with write access")),
        (
            rights.admin,
            format!("`{login}` administers the repository: give the checker write access and no more"),
        ),
    ];
    found.faults("checker", format!("`{login}` may post the check"), chosen(wrong));
}

/// What only an administrator sees.
async fn of_administration(admin: &Client, base: &str, found: &mut Examinations) {
    let seen = async {
        of_rules(admin, base, found).await?;
        of_hooks(admin, found).await?;
        of_keys(admin, found).await?;
        of_administrators(admin, found).await
    };
    let seen: Result<(), GiteaError> = seen.await;
    if let Err(error) = seen {
        found.not_checked("administrator", format!("the token in P0_GITEA_ADMIN_TOKEN: {error}"));
    }
}

async fn of_rules(admin: &Client, base: &str, found: &mut Examinations) -> Result<(), GiteaError> {
    let branch = admin.branch(base).await?;
    // Without the branch, or without rules, that has been said.
    let Some(rule) = branch.filter(|branch| branch.protected).map(|branch| branch.rule) else {
        return Ok(());
    };
    if let Some(rules) = admin.protection(&rule).await? {
        found.faults("rules of base", rules::who(&rules), rules::faults(&rules));
    }
    Ok(())
}

async fn of_hooks(admin: &Client, found: &mut Examinations) -> Result<(), GiteaError> {
    let hooks = admin.hooks().await?;
    let own = hooks.iter().find(|hook| hook.url().trim_end_matches('/').ends_with(HOOK_PATH));
    let Some(hook) = own else {
        found.not_checked(
            "webhook",
            format!(
                "there is none to `…{HOOK_PATH}`: the server looks by itself at its interval, and at once with `p0-gitops init --forge gitea \
                 --webhook-url https://HOST{HOOK_PATH}`"
            ),
        );
        return Ok(());
    };
    let missing: Vec<String> = HOOK_EVENTS
        .iter()
        .filter(|event| !hook.events.iter().any(|own| own == *event))
        .map(|event| (*event).to_owned())
        .collect();
    let wrong = [
        (!hook.active, format!("the webhook to `{}` is switched off: switch it on", hook.url())),
        (
            !missing.is_empty(),
            format!("the webhook to `{}` does not deliver {}: add them", hook.url(), rules::list(&missing)),
        ),
    ];
    found.faults("webhook", format!("it delivers to `{}`", hook.url()), chosen(wrong));
    Ok(())
}

async fn of_keys(admin: &Client, found: &mut Examinations) -> Result<(), GiteaError> {
    let keys = admin.deploy_keys().await?;
    let writing: Vec<String> = keys.into_iter().filter(|key| !key.read_only).map(|key| key.title).collect();
    let says = match writing.is_empty() {
        true => "none may write".to_owned(),
        false => format!("{} may write branches; the rules of base are above", rules::list(&writing)),
    };
    found.passed("deploy keys", says);
    Ok(())
}

async fn of_administrators(admin: &Client, found: &mut Examinations) -> Result<(), GiteaError> {
    let mut all = vec![admin.name().owner().to_owned()];
    for user in admin.collaborators().await? {
        if matches!(admin.access_of(&user.login).await?, Access::Admin | Access::Owner) {
            all.push(user.login);
        }
    }
    all.dedup();
    let says = format!(
        "{} can change the rules, and so can administrators of this Gitea and of teams: keep that to people whom you trust with every cluster",
        rules::list(&all)
    );
    found.passed("administrators", says);
    Ok(())
}

fn chosen<const N: usize>(wrong: [(bool, String); N]) -> impl Iterator<Item = String> {
    wrong.into_iter().filter_map(|(is_wrong, fault)| is_wrong.then_some(fault))
}
