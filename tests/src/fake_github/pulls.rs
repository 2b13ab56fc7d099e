//! Pull requests, what is said on them, their reviews, and their merges.

use std::process::Command;

use git2::Oid;
use serde_json::{Value, json};

use super::access::{Actor, Need};
use super::answers::AT;
use super::routes::{Answer, Asked};
use super::state::{Comment, Pull, Repo, Review, State};
use super::{judging, store};

/// Brings every open pull request to where Git is: its head, gone branches, merges by hand.
pub(crate) fn refresh(state: &mut State) {
    let names: Vec<String> = state.repositories.keys().cloned().collect();
    for name in names {
        let path = state.path(&name);
        let Some(mut repo) = state.repositories.remove(&name) else { continue };
        for pull in repo.pulls.iter_mut().filter(|pull| pull.is_open) {
            let git = store::open(&path);
            let Some(tip) = store::tip(&store::open(&state.path(&pull.from)), &pull.branch) else {
                pull.is_open = false;
                continue;
            };
            let (known, base) =
                (Oid::from_str(&pull.head).expect("a commit"), store::tip(&git, &pull.base).expect("a base"));
            if store::is_in(&git, known, base) {
                pull.is_open = false;
                pull.merged = Some((base.to_string(), super::OWNER.to_owned()));
                continue;
            }
            if tip != known {
                bring(state, &name, pull, tip);
                // Without anything to bring it is closed.
                pull.is_open = !store::is_in(&store::open(&path), tip, base);
            }
        }
        state.repositories.insert(name, repo);
    }
}

/// Its head, in the repository that it changes.
fn bring(state: &State, name: &str, pull: &mut Pull, tip: Oid) {
    let path = state.path(name);
    if pull.from != name {
        let from = state.path(&pull.from).display().to_string();
        let out =
            Command::new("git").arg("-C").arg(&path).args(["fetch", "-q", &from, &tip.to_string()]).output();
        let out = out.expect("git is installed");
        assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    }
    pull.head = tip.to_string();
    pull.is_judged = false;
    store::set(&store::open(&path), &format!("refs/pull/{}/head", pull.number), tip);
}

pub(crate) fn list(state: &State, repo: &Repo, asked: &Asked) -> Answer {
    let head = asked.wants("head").and_then(|own| own.split_once(':'));
    let wanted = |pull: &&Pull| {
        let is_state = match asked.wants("state").unwrap_or("open") {
            "all" => true,
            "closed" => !pull.is_open,
            _ => pull.is_open,
        };
        let is_head = head.is_none_or(|(owner, branch)| {
            pull.branch == branch && pull.from.split('/').next() == Some(owner)
        });
        is_state && is_head && asked.wants("base").is_none_or(|base| base == pull.base)
    };
    let mut all: Vec<Value> =
        repo.pulls.iter().filter(wanted).map(|pull| state.pull_of(repo, pull)).collect();
    if asked.wants("direction").unwrap_or("desc") == "desc" {
        all.reverse();
    }
    let number =
        |name: &str, default: usize| asked.wants(name).and_then(|own| own.parse().ok()).unwrap_or(default);
    let (size, page) = (number("per_page", 30).min(100), number("page", 1).max(1));
    Answer::is(200, all.into_iter().skip((page - 1) * size).take(size).collect())
}

pub(crate) fn open(
    state: &mut State,
    repo: &mut Repo,
    actor: &Actor,
    asked: &Asked,
) -> Result<Answer, Answer> {
    let (head, base) = (asked.text("head"), asked.text("base"));
    let (owner, branch) = match head.split_once(':') {
        Some((owner, branch)) => (owner.to_owned(), branch.to_owned()),
        None => (repo.owner.clone(), head),
    };
    let from = format!("{owner}/{}", repo.name);
    if from == repo.full_name() && !state.may_write(actor, repo) {
        return Err(Answer::says(403, "Resource not accessible by personal access token"));
    }
    let invalid = |message: String| Answer::invalid("PullRequest", &message);
    if asked.text("title").trim().is_empty() || asked.text("title").chars().count() > 256 {
        return Err(invalid("title is too long (maximum is 256 characters)".to_owned()));
    }
    if asked.text("body").chars().count() > 65_536 {
        return Err(invalid("body is too long (maximum is 65536 characters)".to_owned()));
    }
    if repo
        .pulls
        .iter()
        .any(|own| own.is_open && own.from == from && own.branch == branch && own.base == base)
    {
        return Err(invalid(format!("A pull request already exists for {owner}:{branch}.")));
    }
    let git = store::open(&state.path(&repo.full_name()));
    let into = store::tip(&git, &base).ok_or_else(|| invalid("base is invalid".to_owned()))?;
    let is_there = from == repo.full_name() || state.repositories.contains_key(&from);
    let tip = is_there.then(|| store::tip(&store::open(&state.path(&from)), &branch)).flatten();
    let tip = tip.ok_or_else(|| invalid("head is invalid".to_owned()))?;
    let number = repo.pulls.len() as u64 + 1;
    let mut pull = Pull {
        number,
        author: actor.login(),
        title: asked.text("title"),
        body: Some(asked.text("body")),
        base: base.clone(),
        from,
        branch: branch.clone(),
        head: String::new(),
        is_open: true,
        closed_by: None,
        merged: None,
        labels: Vec::new(),
        asked: Vec::new(),
        reviews: Vec::new(),
        is_judged: false,
    };
    bring(state, &repo.full_name(), &mut pull, tip);
    if store::is_in(&git, tip, into) {
        return Err(invalid(format!("No commits between {base} and {branch}")));
    }
    let answer = Answer::is(201, state.whole_pull(repo, &pull));
    repo.pulls.push(pull);
    Ok(answer)
}

/// What is asked about one of them.
pub(crate) fn one(
    state: &mut State,
    repo: &mut Repo,
    actor: &Actor,
    asked: &Asked,
    number: u64,
    rest: &[&str],
) -> Result<Answer, Answer> {
    let at = repo
        .pulls
        .iter()
        .position(|own| own.number == number)
        .ok_or_else(|| Answer::says(404, "Not Found"))?;
    let may = |state: &State, repo: &Repo, what: &str, need| state.may(actor, repo, what, need);
    match (asked.method.as_str(), rest) {
        ("GET", []) => {
            may(state, repo, "pull_requests", Need::Read)?;
            let answer = Answer::is(200, state.whole_pull(repo, &repo.pulls[at]));
            // Whoever looks has it judged.
            repo.pulls[at].is_judged = true;
            Ok(answer)
        }
        ("PATCH", []) => {
            may(state, repo, "pull_requests", Need::Write)?;
            edit(state, repo, actor, asked, at)
        }
        ("PUT", ["merge"]) => {
            may(state, repo, "contents", Need::Write)?;
            merge(state, repo, actor, asked, at)
        }
        ("PUT", ["update-branch"]) => {
            may(state, repo, "pull_requests", Need::Write)?;
            update(state, repo, at)
        }
        ("GET", ["reviews"]) => {
            may(state, repo, "pull_requests", Need::Read)?;
            let pull = &repo.pulls[at];
            Ok(Answer::is(200, pull.reviews.iter().map(|own| state.review_of(repo, pull, own)).collect()))
        }
        ("POST", ["reviews"]) => {
            may(
                state,
                repo,
                if matches!(actor, Actor::User(_)) { "reviews" } else { "pull_requests" },
                Need::Write,
            )?;
            review(state, repo, actor, asked, at)
        }
        ("POST", ["requested_reviewers"]) => {
            may(state, repo, "pull_requests", Need::Write)?;
            let logins: Vec<String> = asked.body["reviewers"]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(|own| own.as_str().map(str::to_owned))
                .collect();
            if let Some(stranger) = logins.iter().find(|login| !repo.roles.contains_key(*login)) {
                let says =
                    format!("Reviews may only be requested from collaborators. {stranger} is not one.");
                return Err(Answer::says(422, &says));
            }
            if logins.contains(&repo.pulls[at].author) {
                return Err(Answer::says(422, "Review cannot be requested from pull request author."));
            }
            repo.pulls[at].asked = logins;
            Ok(Answer::is(201, state.pull_of(repo, &repo.pulls[at])))
        }
        _ => Err(Answer::says(404, "Not Found")),
    }
}

fn edit(state: &State, repo: &mut Repo, actor: &Actor, asked: &Asked, at: usize) -> Result<Answer, Answer> {
    let path = state.path(&repo.full_name());
    let double = |repo: &Repo, own: &Pull| {
        repo.pulls.iter().any(|other| {
            other.is_open
                && other.number != own.number
                && (&other.from, &other.branch) == (&own.from, &own.branch)
        })
    };
    match asked.body["state"].as_str() {
        Some("closed") if repo.pulls[at].is_open => {
            repo.pulls[at].is_open = false;
            repo.pulls[at].closed_by = Some(actor.login());
        }
        Some("open") if !repo.pulls[at].is_open => {
            let pull = &repo.pulls[at];
            let tip = store::tip(&store::open(&state.path(&pull.from)), &pull.branch);
            let known = Oid::from_str(&pull.head).expect("a commit");
            // A branch that was made anew is another one.
            let same = tip.filter(|tip| store::is_in(&store::open(&path), known, *tip));
            let Some(_) = same.filter(|_| pull.merged.is_none() && !double(repo, pull)) else {
                return Err(Answer::invalid(
                    "PullRequest",
                    "state cannot be changed. The branch was force-pushed or recreated.",
                ));
            };
            repo.pulls[at].is_open = true;
            repo.pulls[at].closed_by = None;
        }
        _ => {}
    }
    let pull = &mut repo.pulls[at];
    if let Some(title) = asked.body["title"].as_str() {
        pull.title = title.to_owned();
    }
    if let Some(body) = asked.body["body"].as_str() {
        pull.body = Some(body.to_owned());
    }
    Ok(Answer::is(200, state.whole_pull(repo, &repo.pulls[at])))
}

fn merge(state: &State, repo: &mut Repo, actor: &Actor, asked: &Asked, at: usize) -> Result<Answer, Answer> {
    let pull = &repo.pulls[at];
    let sha = asked.body["sha"].as_str().unwrap_or(&pull.head);
    let refused = |message: &str| {
        Err(Answer::is(
            405,
            json!({ "message": message, "documentation_url": "https://docs.github.com/rest" }),
        ))
    };
    if !pull.is_open {
        return refused("Pull Request is not mergeable");
    }
    if sha != pull.head {
        let says = "Head branch was modified. Review and try the merge again.";
        return Err(Answer::is(
            409,
            json!({ "message": says, "documentation_url": "https://docs.github.com/rest" }),
        ));
    }
    let squash = match asked.body["merge_method"].as_str().unwrap_or("merge") {
        "merge" if repo.squashes => return refused("Merge commits are not allowed on this repository."),
        method => method == "squash",
    };
    if !pull.is_judged {
        // The first to ask starts GitHub's own look at it.
        repo.pulls[at].is_judged = true;
        return refused("Base branch was modified. Review and try the merge again.");
    }
    if let (_, Some(why)) = judging::judge(state, repo, pull) {
        return refused(&why);
    }
    let git = store::open(&state.path(&repo.full_name()));
    let (base, head) =
        (store::tip(&git, &pull.base).expect("a base"), Oid::from_str(&pull.head).expect("a commit"));
    let message = [asked.text("commit_title"), asked.text("commit_message")].join("\n\n");
    let Some(commit) = store::merge(&git, base, head, message.trim_end(), squash) else {
        return refused("Pull Request is not mergeable");
    };
    store::point(&git, &pull.base, commit);
    let pull = &mut repo.pulls[at];
    pull.is_open = false;
    pull.merged = Some((commit.to_string(), actor.login()));
    Ok(Answer::is(
        200,
        json!({ "sha": commit.to_string(), "merged": true, "message": "Pull Request successfully merged" }),
    ))
}

fn update(state: &State, repo: &mut Repo, at: usize) -> Result<Answer, Answer> {
    let name = repo.full_name();
    let git = store::open(&state.path(&name));
    let pull = &mut repo.pulls[at];
    let (base, head) =
        (store::tip(&git, &pull.base).expect("a base"), Oid::from_str(&pull.head).expect("a commit"));
    if store::is_in(&git, base, head) {
        return Err(Answer::says(422, "There are no new commits on the base branch."));
    }
    let message = format!("Merge branch '{}' into {}", pull.base, pull.branch);
    let Some(commit) = store::merge(&git, head, base, &message, false) else {
        return Err(Answer::says(422, "merge conflict between base and head"));
    };
    store::point(&git, &pull.branch, commit);
    bring(state, &name, pull, commit);
    Ok(Answer::is(202, json!({ "message": "Updating pull request branch.", "url": state.url })))
}

fn review(
    state: &mut State,
    repo: &mut Repo,
    actor: &Actor,
    asked: &Asked,
    at: usize,
) -> Result<Answer, Answer> {
    let event = match asked.body["event"].as_str().unwrap_or_default() {
        "APPROVE" => "APPROVED",
        "REQUEST_CHANGES" => "CHANGES_REQUESTED",
        _ => "COMMENTED",
    };
    let by = actor.login();
    if event != "COMMENTED" && by == repo.pulls[at].author {
        let mut answer = Answer::says(422, "Unprocessable Entity");
        answer.value["errors"] = json!(["Can not approve your own pull request"]);
        return Err(answer);
    }
    let own = Review {
        id: state.number(),
        by,
        state: event,
        commit: repo.pulls[at].head.clone(),
        body: asked.text("body"),
    };
    let answer = Answer::is(200, state.review_of(repo, &repo.pulls[at], &own));
    repo.pulls[at].reviews.push(own);
    Ok(answer)
}

/// A pull request as an issue.
pub(crate) fn issue(state: &State, repo: &Repo, number: u64) -> Result<Answer, Answer> {
    let pull =
        repo.pulls.iter().find(|own| own.number == number).ok_or_else(|| Answer::says(404, "Not Found"))?;
    let url = format!("{}/{}/pull/{number}", state.url, repo.full_name());
    let by = pull.merged.as_ref().map(|(_, by)| by).or(pull.closed_by.as_ref()).filter(|_| !pull.is_open);
    Ok(Answer::is(
        200,
        json!({
            "id": number, "node_id": "I_1", "number": number, "title": pull.title, "body": pull.body, "locked": false, "assignee": null,
            "state": if pull.is_open { "open" } else { "closed" }, "closed_at": (!pull.is_open).then_some(AT), "comments": 0,
            "comments_url": url, "events_url": url, "html_url": url, "labels_url": url, "repository_url": url, "url": url, "milestone": null,
            "labels": pull.labels.iter().map(|name| state.label(name)).collect::<Vec<_>>(), "user": state.simple_user(&pull.author),
            "created_at": AT, "updated_at": AT, "closed_by": by.map(|login| state.simple_user(login)), "author_association": "NONE",
        }),
    ))
}

/// Comments and labels.
pub(crate) fn said(
    state: &mut State,
    repo: &mut Repo,
    actor: &Actor,
    asked: &Asked,
    number: u64,
    rest: &[&str],
) -> Result<Answer, Answer> {
    let at = repo
        .pulls
        .iter()
        .position(|own| own.number == number)
        .ok_or_else(|| Answer::says(404, "Not Found"))?;
    match (asked.method.as_str(), rest) {
        ("GET", ["comments"]) => {
            state.may(actor, repo, "pull_requests", Need::Read)?;
            let own = repo.comments.iter().filter(|own| own.pull == number);
            Ok(Answer::is(200, own.map(|own| state.comment_of(repo, own)).collect()))
        }
        ("POST", ["comments"]) => {
            let what = if matches!(actor, Actor::User(_)) { "comments" } else { "pull_requests" };
            state.may(actor, repo, what, Need::Write)?;
            let own =
                Comment { id: state.number(), pull: number, by: actor.login(), body: asked.text("body") };
            let answer = Answer::is(201, state.comment_of(repo, &own));
            repo.comments.push(own);
            Ok(answer)
        }
        ("POST", ["labels"]) => {
            state.may(actor, repo, "pull_requests", Need::Write)?;
            let new = asked.body["labels"]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(|own| own.as_str().map(str::to_owned));
            repo.pulls[at].labels.extend(new);
            let all = &repo.pulls[at].labels;
            Ok(Answer::is(200, all.iter().map(|name| state.label(name)).collect()))
        }
        _ => Err(Answer::says(404, "Not Found")),
    }
}
