//! Checks of commits: runs of Apps, and statuses of everybody who can write.

use serde_json::json;

use super::access::{Actor, Need};
use super::routes::{Answer, Asked};
use super::state::{Repo, Run, State, Status};
use super::store;

pub(crate) fn list(
    state: &State,
    repo: &Repo,
    actor: &Actor,
    asked: &Asked,
    commit: &str,
    kind: &str,
) -> Result<Answer, Answer> {
    known(state, repo, commit)?;
    match kind {
        "check-runs" => {
            state.may(actor, repo, "checks", Need::Read)?;
            let name = asked.wants("check_name");
            let mut seen = Vec::new();
            let mut latest = Vec::new();
            for run in repo.runs.iter().rev() {
                let wanted = run.commit == commit && name.is_none_or(|name| name == run.name);
                if wanted && !seen.contains(&(run.app, &run.name)) {
                    seen.push((run.app, &run.name));
                    latest.push(state.run_of(run));
                }
            }
            Ok(Answer::is(200, json!({ "total_count": latest.len(), "check_runs": latest })))
        }
        "statuses" => {
            state.may(actor, repo, "statuses", Need::Read)?;
            let own = repo.statuses.iter().rev().filter(|own| own.commit == commit);
            Ok(Answer::is(200, own.map(|own| state.status_of(own)).collect()))
        }
        _ => Err(Answer::says(404, "Not Found")),
    }
}

pub(crate) fn post_run(
    state: &mut State,
    repo: &mut Repo,
    actor: &Actor,
    asked: &Asked,
) -> Result<Answer, Answer> {
    let Actor::Bot { app, .. } = actor else {
        return Err(Answer::says(403, "You must authenticate via a GitHub App."));
    };
    state.may(actor, repo, "checks", Need::Write)?;
    known(state, repo, &asked.text("head_sha"))?;
    let text = |name: &str| asked.body["output"][name].as_str().unwrap_or_default().to_owned();
    if text("summary").len() > 65_535 || text("summary").is_empty() {
        return Err(Answer::invalid("CheckRun", "Only 65535 characters are allowed"));
    }
    let run = Run {
        id: state.number(),
        app: *app,
        commit: asked.text("head_sha"),
        name: asked.text("name"),
        conclusion: asked.body["conclusion"].as_str().map(str::to_owned),
        title: text("title"),
        summary: text("summary"),
    };
    let answer = Answer::is(201, state.run_of(&run));
    repo.runs.push(run);
    Ok(answer)
}

pub(crate) fn post_status(
    state: &mut State,
    repo: &mut Repo,
    actor: &Actor,
    asked: &Asked,
    commit: &str,
) -> Result<Answer, Answer> {
    state.may(actor, repo, "statuses", Need::Write)?;
    known(state, repo, commit)?;
    if asked.text("description").chars().count() > 140 {
        return Err(Answer::invalid("Status", "description is too long (maximum is 140 characters)"));
    }
    let status = Status {
        id: state.number(),
        commit: commit.to_owned(),
        context: asked.text("context"),
        state: asked.text("state"),
        description: asked.text("description"),
        by: actor.login(),
    };
    let answer = Answer::is(201, state.status_of(&status));
    repo.statuses.push(status);
    Ok(answer)
}

fn known(state: &State, repo: &Repo, commit: &str) -> Result<(), Answer> {
    let git = store::open(&state.path(&repo.full_name()));
    let found = git2::Oid::from_str(commit).is_ok_and(|oid| git.find_commit(oid).is_ok());
    if found { Ok(()) } else { Err(Answer::says(422, &format!("No commit found for SHA: {commit}"))) }
}
