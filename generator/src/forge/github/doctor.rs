//! What the bot, the checker and the base branch need on a GitHub, looked at one by one. Reading only.

use github_client::{App, BranchRules, Client, GithubError, Level, Problem, Repository, User};
use jiff::{SignedDuration, Timestamp, fmt::rfc2822};

use super::is_app;
use crate::doctor::{Examination, Examinations};
use crate::forge::VERIFY_CHECK;

/// How far apart the two clocks may be: an App's word has a time, and grants have ends.
const SKEW: SignedDuration = SignedDuration::from_secs(30);
/// What the bot's App has to be able to write.
const BOT: [&str; 2] = ["contents", "pull_requests"];
/// What the checker's App has to be able to write.
const CHECKER: [&str; 2] = ["checks", "pull_requests"];
/// What neither may: with one of these it could change its own rules, or run programs with the repository's secrets.
const TOO_MUCH: [&str; 4] = ["administration", "workflows", "actions", "secrets"];

/// A repository on a GitHub, as each of those who have a key there.
pub struct GithubPatient<'c> {
    /// The bot.
    pub bot: &'c Client,
    /// The checker, where this process has its key.
    pub checker: Option<&'c Client>,
    /// The base branch.
    pub base: &'c str,
}

/// Everything that the server needs there.
pub async fn diagnose(patient: GithubPatient<'_>, of: &str, now: Timestamp) -> Vec<Examination> {
    let mut found = Examinations::of(of);
    clock(patient.bot, now, &mut found).await;
    let Some(me) = who(patient.bot, "bot", &BOT, &mut found).await else { return found.found() };
    let repository = match patient.bot.repository().await {
        Ok(repository) => repository,
        Err(error) => {
            found.failed("repository", format!("the repository `{}`: {error}", patient.bot.name()));
            return found.found();
        }
    };
    of_repository(patient.bot, patient.base, &repository, &mut found);
    if !is_app(patient.bot) {
        of_user(&me, &repository, &mut found);
    }
    let checker = of_checker(&me, patient.checker, &mut found).await;
    match of_base(patient.bot, patient.base, &repository, checker, &mut found).await {
        Ok(()) => {}
        Err(error) => found.failed("base branch", format!("the branch `{}`: {error}", patient.base)),
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
            found.passed("clock", "this machine's clock and GitHub's agree");
        }
        Ok(theirs) => found.failed(
            "clock",
            format!(
                "GitHub's clock says {theirs} and this machine's {now}: set this machine's by a time server"
            ),
        ),
        Err(why) => found.not_checked("clock", format!("GitHub does not say what time it has: {why}")),
    }
}

/// Who has a key, and for an App what it may do.
async fn who(client: &Client, role: &str, needs: &[&str], found: &mut Examinations) -> Option<User> {
    let me = async {
        let installation = client.installation().await?;
        Ok::<_, GithubError>((client.me().await?, installation))
    };
    match me.await {
        Ok((me, None)) => {
            found.passed(role, format!("`{}`, by a token; an App has keys that end by themselves", me.login));
            Some(me)
        }
        Ok((me, Some(installation))) => {
            let has =
                |name: &&str| installation.permissions.get(*name).is_some_and(|level| Level::writes(*level));
            let missing = needs.iter().filter(|name| !has(name)).map(|name| {
                format!("the App `{}` may not write `{name}`: give it that permission, and accept it in the installation", me.login)
            });
            let too_much = TOO_MUCH.iter().filter(|name| has(name)).map(|name| {
                format!(
                    "the App `{}` may write `{name}`, which it does not need: take that permission away",
                    me.login
                )
            });
            found.faults(
                role,
                format!("the App `{}` may do what it has to, and no more", me.login),
                missing.chain(too_much),
            );
            Some(me)
        }
        Err(GithubError { problem: Problem::Forbidden(said), .. })
            if said.has("not accessible by integration") =>
        {
            found.failed(
                role,
                format!(
                    "the {role}'s token is that of a workflow (GITHUB_TOKEN): pull requests by it start no checks; make an App, or a fine-grained \
                     token of a user of its own"
                ),
            );
            None
        }
        Err(error) => {
            found.failed(role, format!("the {role}'s key: {error}"));
            None
        }
    }
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
            repository.merge_method().is_none(),
            format!("`{asked}` allows neither merge commits nor squashing nor rebasing: allow one of them"),
        ),
        (
            repository.default_branch != base,
            format!(
                "the default branch of `{asked}` is `{}` and not `{base}`: make `{base}` the default, because GitHub takes CODEOWNERS and \
                 workflows from there",
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

fn of_user(me: &User, repository: &Repository, found: &mut Examinations) {
    let (login, name) = (&me.login, &repository.full_name);
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
        "bot's rights",
        format!("`{login}` may write to the repository and not change its rules"),
        chosen(wrong),
    );
}

/// The checker's App, to which the ruleset has to pin the check.
async fn of_checker(bot: &User, checker: Option<&Client>, found: &mut Examinations) -> Option<App> {
    let Some(checker) = checker else {
        found.not_checked(
            "checker",
            "the checker's key is not in this environment (P0_GITHUB_CHECKER_APP_ID, P0_GITHUB_CHECKER_APP_KEY_FILE): another process has to post the check, or \
             no pull request is merged",
        );
        return None;
    };
    let me = who(checker, "checker", if is_app(checker) { &CHECKER } else { &[] }, found).await?;
    if me.id == bot.id {
        let says =
            format!("the bot and the checker are both `{}`: give the checker an App of its own", me.login);
        found.failed("checker's key", says);
    }
    match checker.app().await {
        Ok(Some(app)) => Some(app),
        Ok(None) => {
            found.not_checked(
                "checker's check",
                "a user's token posts a commit status, which every writer can post: with an App the ruleset pins the check to it",
            );
            None
        }
        Err(error) => {
            found.failed("checker", format!("the checker's key: {error}"));
            None
        }
    }
}

async fn of_base(
    bot: &Client,
    base: &str,
    repository: &Repository,
    checker: Option<App>,
    found: &mut Examinations,
) -> Result<(), GithubError> {
    if bot.branch(base).await?.is_none() {
        found.failed(
            "base branch",
            format!(
                "the repository has no branch `{base}`, and its default branch is `{}`: push what `p0-gitops init` made to `{base}`, or name \
                 the branch in `base` of the settings",
                repository.default_branch
            ),
        );
        return Ok(());
    }
    let rules = bot.branch_rules(base).await?;
    let says = format!("`{base}` requires the check `{VERIFY_CHECK}`, and changes only by pull requests");
    found.faults("base branch", says, faults(&rules, base, checker));
    of_bypass(bot, &rules, found).await
}

/// What of a branch's rules lets somebody past the check, or keeps a removal waiting; each with its remedy.
fn faults(rules: &BranchRules, base: &str, checker: Option<App>) -> impl Iterator<Item = String> {
    let pinned = checker.map(|app| (rules.pins(VERIFY_CHECK, app.id), app.slug));
    let wrong = [
        (
            !rules.requires(VERIFY_CHECK),
            format!(
                "no active ruleset requires the check `{VERIFY_CHECK}` on `{base}`: import examples/github/ruleset.json"
            ),
        ),
        (
            rules.requires(VERIFY_CHECK) && pinned.as_ref().is_some_and(|(is_pinned, _)| !is_pinned),
            format!(
                "the check `{VERIFY_CHECK}` on `{base}` may come from anybody who can write: pin it in the ruleset to the App `{}`",
                pinned.as_ref().map(|(_, slug)| slug.as_str()).unwrap_or_default()
            ),
        ),
        (
            !rules.requires_pull_request,
            format!("`{base}` can be pushed to without a pull request: require one in the ruleset"),
        ),
        (
            !rules.forbids_force_push || !rules.forbids_deletion,
            format!(
                "the history of `{base}` can be rewritten or deleted: block force pushes and deletions in the ruleset"
            ),
        ),
        (
            rules.required_approvals > 0,
            format!(
                "`{base}` requires {} approval(s) of every pull request, so what takes access away waits for them: require none, and write \
                 `merge: review` into the cluster's file, where the bot counts reviews of grants",
                rules.required_approvals
            ),
        ),
        (
            rules.has_merge_queue,
            format!(
                "`{base}` has a merge queue, through which the bot does not merge: take that rule out of the ruleset"
            ),
        ),
    ];
    wrong.into_iter().filter_map(|(is_wrong, fault)| is_wrong.then_some(fault))
}

/// Who passes the rules, where the one who asks may know.
async fn of_bypass(bot: &Client, rules: &BranchRules, found: &mut Examinations) -> Result<(), GithubError> {
    for id in &rules.rulesets {
        let ruleset = bot.ruleset(*id).await?;
        let what = format!("ruleset {}", ruleset.name);
        let Some(actors) = ruleset.bypass_actors else {
            found.not_checked(&what, "only an administrator sees who may pass it: look at its bypass list, where the sweeper's App alone belongs");
            continue;
        };
        let people: Vec<String> = actors
            .iter()
            .filter(|actor| actor.actor_type != "Integration")
            .map(|actor| {
                format!("{} may pass the rules of base: take it from the bypass list", actor.actor_type)
            })
            .collect();
        found.faults(&what, format!("{} App(s) and nobody else may pass it", actors.len()), people);
    }
    Ok(())
}

fn chosen<const N: usize>(wrong: [(bool, String); N]) -> impl Iterator<Item = String> {
    wrong.into_iter().filter_map(|(is_wrong, fault)| is_wrong.then_some(fault))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_rule_that_is_missing_is_named() {
        let app = || Some(App { id: 7, slug: "p0-checker".to_owned() });
        let pinned =
            |id| github_client::RequiredCheck { context: VERIFY_CHECK.to_owned(), integration_id: id };
        let sound = BranchRules {
            required_checks: vec![pinned(Some(7))],
            requires_pull_request: true,
            forbids_force_push: true,
            forbids_deletion: true,
            ..BranchRules::default()
        };
        assert_eq!(faults(&sound, "main", app()).collect::<Vec<_>>(), [] as [String; 0]);
        let all: Vec<String> = faults(&BranchRules::default(), "main", app()).collect();
        assert_eq!(all.len(), 3, "{all:?}");
        let open = BranchRules { required_checks: vec![pinned(None)], required_approvals: 1, ..sound };
        let all: Vec<String> = faults(&open, "main", app()).collect();
        assert!(all.len() == 2 && all[0].contains("pin it"), "{all:?}");
    }
}
