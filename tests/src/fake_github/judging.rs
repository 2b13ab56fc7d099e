//! Whether a pull request may be merged: what GitHub shows of it, and what it says to who tries.

use git2::Oid;

use super::state::{Pull, Repo, State};
use super::store;

/// Its state, and what keeps it from being merged.
pub(crate) fn judge(state: &State, repo: &Repo, pull: &Pull) -> (&'static str, Option<String>) {
    let git = store::open(&state.path(&repo.full_name()));
    let base = store::tip(&git, &pull.base).expect("a base");
    let Ok(head) = Oid::from_str(&pull.head) else {
        return ("dirty", Some("Pull Request is not mergeable".to_owned()));
    };
    let (into, from) = (git.find_commit(base).expect("a commit"), git.find_commit(head).expect("a commit"));
    if git.merge_commits(&into, &from, None).is_ok_and(|index| index.has_conflicts()) {
        return ("dirty", Some("Pull Request is not mergeable".to_owned()));
    }
    if pull.base != "main" || !repo.rules.active {
        return ("clean", None);
    }
    let violation = |why: String| Some(format!("Repository rule violations found\n\n{why}\n\n"));
    for (context, app) in &repo.rules.checks {
        match result(repo, &pull.head, context, *app).as_deref() {
            Some("success") => {}
            Some("failure" | "error") => {
                return ("blocked", violation(format!("Required status check \"{context}\" is failing.")));
            }
            _ => return ("blocked", violation(format!("Required status check \"{context}\" is expected."))),
        }
    }
    let approvals = pull.reviews.iter().filter(|own| own.state == "APPROVED").count() as u64;
    if approvals < repo.rules.approvals {
        let why = format!(
            "At least {} approving review is required by reviewers with write access.",
            repo.rules.approvals
        );
        return ("blocked", violation(why));
    }
    if repo.rules.strict && !store::is_in(&git, base, head) {
        return ("behind", violation("Head branch is out of date.".to_owned()));
    }
    ("clean", None)
}

/// The latest result of a check. Pinned to an App, nobody else's counts.
fn result(repo: &Repo, commit: &str, context: &str, app: Option<u64>) -> Option<String> {
    let run = repo
        .runs
        .iter()
        .rev()
        .find(|own| own.commit == commit && own.name == context && app.is_none_or(|app| app == own.app));
    let status = repo
        .statuses
        .iter()
        .rev()
        .find(|own| app.is_none() && own.commit == commit && own.context == context);
    match (run, status) {
        (Some(run), Some(status)) if status.id > run.id => Some(status.state.clone()),
        (Some(run), _) => run.conclusion.clone(),
        (None, status) => status.map(|own| own.state.clone()),
    }
}
