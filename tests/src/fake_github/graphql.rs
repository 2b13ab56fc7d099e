//! GraphQL, of which only commits are made here.

use base64::Engine;
use git2::Oid;
use serde_json::{Value, json};

use super::access::{Actor, Need};
use super::routes::{Answer, Asked};
use super::state::State;
use super::store;

pub(crate) fn answer(state: &State, actor: &Actor, asked: &Asked) -> Answer {
    match asked.text("query").contains("createCommitOnBranch") {
        true => commit(state, actor, &asked.body["variables"]["input"]).unwrap_or_else(|refusal| refusal),
        false => refusal("undefinedField", "Field doesn't exist on type 'Query'"),
    }
}

fn refusal(kind: &str, message: &str) -> Answer {
    let error = json!({ "type": kind, "path": ["createCommitOnBranch"], "message": message });
    Answer::is(200, json!({ "data": { "createCommitOnBranch": null }, "errors": [error] }))
}

fn commit(state: &State, actor: &Actor, input: &Value) -> Result<Answer, Answer> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let (full, branch) =
        (text(&input["branch"]["repositoryNameWithOwner"]), text(&input["branch"]["branchName"]));
    let repo = state.repositories.get(&full).filter(|repo| repo.renamed.is_none());
    let repo = repo.ok_or_else(|| refusal("NOT_FOUND", "Could not resolve to a Repository"))?;
    state
        .may(actor, repo, "contents", Need::Write)
        .map_err(|no| refusal("FORBIDDEN", no.value["message"].as_str().unwrap_or_default()))?;
    let git = store::open(&state.path(&full));
    let tip = store::tip(&git, &branch).ok_or_else(|| refusal("NOT_FOUND", "Branch not found"))?;
    let expected = text(&input["expectedHeadOid"]);
    if Oid::from_str(&expected).ok() != Some(tip) {
        let says = format!("Expected branch to point to \"{expected}\" but it did not. Pull and try again.");
        return Err(refusal("STALE_DATA", &says));
    }
    if branch == "main" && repo.rules.active {
        return Err(refusal(
            "UNPROCESSABLE",
            "Repository rule violations found: Changes must be made through a pull request.",
        ));
    }
    let list = |name: &str| input["fileChanges"][name].as_array().cloned().unwrap_or_default();
    let mut files = Vec::new();
    for file in list("additions") {
        let bytes = base64::engine::general_purpose::STANDARD.decode(text(&file["contents"]));
        let bytes = bytes.map_err(|_| refusal("UNPROCESSABLE", "A file's contents are not base64"))?;
        files.push((text(&file["path"]), Some(bytes)));
    }
    files.extend(list("deletions").iter().map(|file| (text(&file["path"]), None)));
    let message = [text(&input["message"]["headline"]), text(&input["message"]["body"])].join("\n\n");
    let made = store::commit(&git, tip, &files, message.trim_end(), &actor.login()).map_err(|path| {
        refusal(
            "UNPROCESSABLE",
            &format!(
                "A path was requested for deletion which does not exist as of commit oid `{tip}`: {path}"
            ),
        )
    })?;
    store::point(&git, &branch, made);
    Ok(Answer::is(
        200,
        json!({ "data": { "createCommitOnBranch": { "commit": { "oid": made.to_string() } } } }),
    ))
}
