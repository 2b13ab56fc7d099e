//! Branches.

use git2::Oid;
use serde_json::json;

use super::answers::AT;
use super::routes::{Answer, Asked};
use super::state::{Repo, State};
use super::store;

pub(crate) fn branch(state: &State, repo: &Repo, name: &str) -> Result<Answer, Answer> {
    let git = store::open(&state.path(&repo.full_name()));
    let tip = store::tip(&git, name).ok_or_else(|| Answer::says(404, "Branch not found"))?;
    let commit = git.find_commit(tip).expect("a commit");
    let url = format!("{}/{}", state.url, repo.full_name());
    let who = json!({ "name": "GitHub", "email": "noreply@github.com", "date": AT });
    Ok(Answer::is(
        200,
        json!({
            "name": name, "protected": repo.rules.active && name == "main", "protection": {}, "protection_url": url,
            "_links": { "html": url, "self": url },
            "commit": {
                "url": url, "sha": tip.to_string(), "node_id": "C_1", "html_url": url, "comments_url": url, "author": null, "committer": null,
                "parents": [],
                "commit": {
                    "url": url, "author": who, "committer": who, "message": commit.message().unwrap_or_default(), "comment_count": 0,
                    "tree": { "sha": commit.tree_id().to_string(), "url": url },
                },
            },
        }),
    ))
}

/// Makes, moves or deletes one.
pub(crate) fn change(state: &State, repo: &Repo, asked: &Asked, name: &str) -> Result<Answer, Answer> {
    let git = store::open(&state.path(&repo.full_name()));
    let name = match asked.method.as_str() {
        "POST" => asked.text("ref").strip_prefix("refs/heads/").unwrap_or_default().to_owned(),
        _ => name.strip_prefix("heads/").unwrap_or_default().to_owned(),
    };
    if name.is_empty() || !git2::Reference::is_valid_name(&format!("refs/heads/{name}")) {
        return Err(Answer::says(422, "Reference name is not valid"));
    }
    if name == "main" && repo.rules.active {
        return Err(Answer::says(422, "Repository rule violations found"));
    }
    let tip = store::tip(&git, &name);
    let wanted = Oid::from_str(&asked.text("sha")).ok().filter(|oid| git.find_commit(*oid).is_ok());
    let shown = |at: Oid| {
        let url = format!("{}/{}", state.url, repo.full_name());
        json!({ "ref": format!("refs/heads/{name}"), "node_id": "REF_1", "url": url, "object": { "type": "commit", "sha": at.to_string(), "url": url } })
    };
    match (asked.method.as_str(), tip, wanted) {
        ("POST", Some(_), _) => Err(Answer::says(422, "Reference already exists")),
        ("PATCH" | "DELETE", None, _) => Err(Answer::says(422, "Reference does not exist")),
        ("POST" | "PATCH", _, None) => Err(Answer::says(422, "Object does not exist")),
        ("PATCH", Some(tip), Some(at)) if asked.body["force"] != true && !store::is_in(&git, tip, at) => {
            Err(Answer::says(422, "Update is not a fast forward"))
        }
        ("POST", None, Some(at)) => {
            store::point(&git, &name, at);
            Ok(Answer::is(201, shown(at)))
        }
        ("PATCH", _, Some(at)) => {
            store::point(&git, &name, at);
            Ok(Answer::is(200, shown(at)))
        }
        ("DELETE", _, _) => {
            store::delete(&git, &name);
            Ok(Answer::is(204, serde_json::Value::Null))
        }
        _ => Err(Answer::says(404, "Not Found")),
    }
}
