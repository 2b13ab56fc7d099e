//! The shapes of GitHub's answers, with every field that its description requires.

use serde_json::{Map, Value, json};

use super::access::{Actor, Need};
use super::routes::{Answer, Asked};
use super::state::{Comment, Pull, Repo, Review, Role, Run, State, Status};

/// When everything happened.
pub(crate) const AT: &str = "2026-11-24T10:00:00Z";

/// One address under many names.
fn urls(url: &str, names: &[&str]) -> Map<String, Value> {
    names.iter().map(|name| ((*name).to_owned(), json!(url))).collect()
}

fn with(mut fields: Map<String, Value>, more: Value) -> Value {
    if let Value::Object(more) = more {
        fields.extend(more);
    }
    Value::Object(fields)
}

pub(crate) fn rate_limit() -> Value {
    let rate = json!({ "limit": 5000, "used": 1, "remaining": 4999, "reset": 1_795_000_000 });
    json!({ "resources": { "core": rate, "search": rate, "graphql": rate }, "rate": rate })
}

/// The rules of a branch.
pub(crate) fn rules(repo: &Repo, branch: &str) -> Value {
    if branch != "main" || !repo.rules.active {
        return json!([]);
    }
    let rule = |kind: &str, parameters: Value| {
        let mut own = json!({
            "type": kind, "ruleset_source_type": "Repository", "ruleset_source": repo.full_name(), "ruleset_id": repo.id,
        });
        if !parameters.is_null() {
            own["parameters"] = parameters;
        }
        own
    };
    let checks: Vec<Value> = repo
        .rules
        .checks
        .iter()
        .map(|(context, app)| match app {
            Some(app) => json!({ "context": context, "integration_id": app }),
            None => json!({ "context": context }),
        })
        .collect();
    let pull = json!({
        "dismiss_stale_reviews_on_push": false, "require_code_owner_review": false, "require_last_push_approval": false,
        "required_approving_review_count": repo.rules.approvals, "required_review_thread_resolution": false,
    });
    let required = json!({ "required_status_checks": checks, "strict_required_status_checks_policy": repo.rules.strict });
    json!([
        rule("deletion", Value::Null),
        rule("non_fast_forward", Value::Null),
        rule("pull_request", pull),
        rule("required_status_checks", required),
    ])
}

pub(crate) fn ruleset(repo: &Repo, id: u64, is_admin: bool) -> Result<Answer, Answer> {
    if id != repo.id || !repo.rules.active {
        return Err(Answer::says(404, "Not Found"));
    }
    let mut own = json!({
        "id": id, "name": "p0", "target": "branch", "source_type": "Repository", "source": repo.full_name(), "enforcement": "active",
        "node_id": "RRS_1", "created_at": AT, "updated_at": AT,
    });
    if is_admin {
        own["bypass_actors"] = json!([]);
    }
    Ok(Answer::is(200, own))
}

impl State {
    pub(crate) fn simple_user(&self, login: &str) -> Value {
        let id = self.users.iter().find(|own| own.login == login).map_or(0, |own| own.id);
        let url = format!("{}/{login}", self.url);
        let kind = if login.ends_with("[bot]") { "Bot" } else { "User" };
        let names = [
            "avatar_url",
            "events_url",
            "followers_url",
            "following_url",
            "gists_url",
            "html_url",
            "organizations_url",
            "received_events_url",
            "repos_url",
            "starred_url",
            "subscriptions_url",
            "url",
        ];
        let own = json!({ "login": login, "id": id, "node_id": "U_1", "gravatar_id": "", "type": kind, "site_admin": false });
        with(urls(&url, &names), own)
    }

    pub(crate) fn public_user(&self, login: &str) -> Value {
        let Value::Object(fields) = self.simple_user(login) else { return Value::Null };
        let more = json!({
            "bio": null, "blog": null, "company": null, "email": null, "followers": 0, "following": 0, "hireable": null, "location": null,
            "name": login, "public_gists": 0, "public_repos": 0, "created_at": AT, "updated_at": AT,
        });
        with(fields, more)
    }

    pub(crate) fn repository_of(&self, repo: &Repo, actor: Option<&Actor>) -> Value {
        let full = repo.full_name();
        let url = format!("{}/{full}", self.url);
        let names = [
            "archive_url",
            "assignees_url",
            "blobs_url",
            "branches_url",
            "collaborators_url",
            "comments_url",
            "commits_url",
            "compare_url",
            "contents_url",
            "contributors_url",
            "deployments_url",
            "downloads_url",
            "events_url",
            "forks_url",
            "git_commits_url",
            "git_refs_url",
            "git_tags_url",
            "hooks_url",
            "html_url",
            "issue_comment_url",
            "issue_events_url",
            "issues_url",
            "keys_url",
            "labels_url",
            "languages_url",
            "merges_url",
            "milestones_url",
            "notifications_url",
            "pulls_url",
            "releases_url",
            "stargazers_url",
            "statuses_url",
            "subscribers_url",
            "subscription_url",
            "tags_url",
            "teams_url",
            "trees_url",
            "url",
            "clone_url",
            "git_url",
            "ssh_url",
            "svn_url",
        ];
        let role = actor.and_then(|own| repo.roles.get(&own.login())).copied();
        let may = |wanted: Role| role.is_some_and(|own| own >= wanted);
        let own = json!({
            "id": repo.id, "node_id": "R_1", "name": repo.name, "full_name": full, "owner": self.simple_user(&repo.owner), "private": false,
            "description": null, "fork": repo.parent.is_some(), "default_branch": repo.default_branch, "archived": repo.is_archived,
            "disabled": false, "forks": 0, "forks_count": 0, "has_issues": true, "has_projects": false, "has_wiki": false,
            "has_pages": false, "has_discussions": false, "has_downloads": false, "homepage": null, "language": null, "mirror_url": null,
            "open_issues": 0, "open_issues_count": 0, "license": null, "pushed_at": AT, "size": 1, "stargazers_count": 0, "watchers": 0,
            "watchers_count": 0, "created_at": AT, "updated_at": AT, "network_count": 0, "subscribers_count": 0,
            "allow_merge_commit": !repo.squashes, "allow_squash_merge": true, "allow_rebase_merge": !repo.squashes,
            "permissions": { "admin": may(Role::Admin), "push": may(Role::Write), "pull": true },
        });
        with(urls(&url, &names), own)
    }

    pub(crate) fn app_of(&self, id: u64) -> Value {
        let Some(app) = self.apps.iter().find(|own| own.id == id) else { return Value::Null };
        let url = format!("{}/apps/{}", self.url, app.slug);
        json!({
            "id": id, "slug": app.slug, "node_id": "A_1", "owner": self.simple_user(super::OWNER), "name": app.slug, "description": null,
            "external_url": url, "html_url": url, "created_at": AT, "updated_at": AT, "permissions": app.permissions, "events": [],
        })
    }

    pub(crate) fn own_app(&self, actor: &Actor) -> Answer {
        match actor {
            Actor::App(id) => Answer::is(200, self.app_of(*id)),
            _ => Answer::says(401, "A JSON web token could not be decoded"),
        }
    }

    pub(crate) fn installation(&self, actor: &Actor, repo: &Repo) -> Answer {
        let Actor::App(id) = actor else { return Answer::says(401, "A JSON web token could not be decoded") };
        let app = self.apps.iter().find(|own| own.id == *id).filter(|_| repo.parent.is_none());
        let Some(app) = app else { return Answer::says(404, "Not Found") };
        let url = format!("{}/installations/{id}", self.url);
        let suspended = app.is_suspended.then_some(AT);
        Answer::is(
            200,
            json!({
                "id": id, "app_id": id, "app_slug": app.slug, "target_id": 1, "target_type": "User", "single_file_name": null,
                "repository_selection": "selected", "access_tokens_url": url, "html_url": url, "repositories_url": url, "events": [],
                "account": self.simple_user(&repo.owner), "permissions": app.permissions, "created_at": AT, "updated_at": AT,
                "suspended_by": suspended.map(|_| self.simple_user(&repo.owner)), "suspended_at": suspended,
            }),
        )
    }

    pub(crate) fn access_token(&mut self, actor: &Actor, id: &str, asked: &Asked) -> Answer {
        let Actor::App(own) = actor else {
            return Answer::says(401, "A JSON web token could not be decoded");
        };
        let Some(app) = self.apps.iter().find(|app| app.id == *own && app.id.to_string() == id) else {
            return Answer::says(404, "Not Found");
        };
        if app.is_suspended {
            return Answer::says(403, "This installation has been suspended");
        }
        let permissions = app.permissions.clone();
        let names = asked.body["repositories"].as_array().cloned().unwrap_or_default();
        let known = |name: &Value| {
            self.repositories.contains_key(&format!("{}/{}", super::OWNER, name.as_str().unwrap_or_default()))
        };
        if !names.iter().all(known) {
            return Answer::invalid(
                "Installation",
                "There is at least one repository that does not exist or is not accessible to the parent installation.",
            );
        }
        let (token, ends) = self.issue(*own);
        let ends = ends.to_string();
        Answer::is(
            201,
            json!({ "token": token, "expires_at": ends, "permissions": permissions, "repository_selection": "selected" }),
        )
    }

    /// A pull request as lists have it.
    pub(crate) fn pull_of(&self, repo: &Repo, pull: &Pull) -> Value {
        let url = format!("{}/{}/pull/{}", self.url, repo.full_name(), pull.number);
        let names = [
            "comments_url",
            "commits_url",
            "diff_url",
            "html_url",
            "issue_url",
            "patch_url",
            "review_comment_url",
            "review_comments_url",
            "statuses_url",
            "url",
        ];
        let link = json!({ "href": url });
        let git = super::store::open(&self.path(&repo.full_name()));
        let base = super::store::tip(&git, &pull.base).map(|own| own.to_string()).unwrap_or_default();
        let from = match pull.from == repo.full_name() {
            true => Some(repo),
            false => self.repositories.get(&pull.from),
        };
        let owner = pull.from.split('/').next().unwrap_or_default();
        let labels: Vec<Value> = pull.labels.iter().map(|name| self.label(name)).collect();
        let asked: Vec<Value> = pull.asked.iter().map(|login| self.simple_user(login)).collect();
        let commit = pull.merged.as_ref().map(|(commit, _)| commit.clone());
        let own = json!({
            "id": pull.number, "node_id": "PR_1", "number": pull.number, "title": pull.title, "body": pull.body, "locked": false,
            "state": if pull.is_open { "open" } else { "closed" }, "user": self.simple_user(&pull.author), "assignee": null,
            "milestone": null, "labels": labels, "requested_reviewers": asked, "created_at": AT, "updated_at": AT,
            "closed_at": (!pull.is_open).then_some(AT), "merged_at": pull.merged.as_ref().map(|_| AT), "merge_commit_sha": commit,
            "author_association": "NONE", "auto_merge": null, "draft": false,
            "base": {
                "label": format!("{}:{}", repo.owner, pull.base), "ref": pull.base, "sha": base, "user": self.simple_user(&repo.owner),
                "repo": self.repository_of(repo, None),
            },
            "head": {
                "label": format!("{owner}:{}", pull.branch), "ref": pull.branch, "sha": pull.head, "user": self.simple_user(owner),
                "repo": from.map(|own| self.repository_of(own, None)),
            },
            "_links": {
                "comments": link, "commits": link, "statuses": link, "html": link, "issue": link, "review_comments": link,
                "review_comment": link, "self": link,
            },
        });
        with(urls(&url, &names), own)
    }

    /// A pull request by itself.
    pub(crate) fn whole_pull(&self, repo: &Repo, pull: &Pull) -> Value {
        let Value::Object(fields) = self.pull_of(repo, pull) else { return Value::Null };
        let (state, mergeable) = match pull.is_judged && pull.is_open {
            true => {
                let (state, _) = super::judging::judge(self, repo, pull);
                (state, Some(state != "dirty"))
            }
            false => ("unknown", None),
        };
        let comments = repo.comments.iter().filter(|own| own.pull == pull.number).count();
        let more = json!({
            "additions": 1, "deletions": 0, "changed_files": 1, "commits": 1, "comments": comments, "review_comments": 0,
            "mergeable": mergeable, "mergeable_state": state, "merged": pull.merged.is_some(), "maintainer_can_modify": false,
            "merged_by": pull.merged.as_ref().map(|(_, by)| self.simple_user(by)),
        });
        with(fields, more)
    }

    pub(crate) fn label(&self, name: &str) -> Value {
        let url = format!("{}/labels", self.url);
        json!({ "id": 1, "node_id": "LA_1", "url": url, "name": name, "description": "", "color": "ededed", "default": false })
    }

    pub(crate) fn comment_of(&self, repo: &Repo, comment: &Comment) -> Value {
        let url = format!("{}/{}/pull/{}", self.url, repo.full_name(), comment.pull);
        json!({
            "id": comment.id, "node_id": "IC_1", "html_url": url, "issue_url": url, "url": url, "user": self.simple_user(&comment.by),
            "body": comment.body, "created_at": AT, "updated_at": AT, "author_association": "NONE",
        })
    }

    pub(crate) fn review_of(&self, repo: &Repo, pull: &Pull, review: &Review) -> Value {
        let url = format!("{}/{}/pull/{}", self.url, repo.full_name(), pull.number);
        let link = json!({ "href": url });
        json!({
            "id": review.id, "node_id": "PRR_1", "user": self.simple_user(&review.by), "body": review.body, "state": review.state,
            "html_url": url, "pull_request_url": url, "_links": { "html": link, "pull_request": link }, "submitted_at": AT,
            "commit_id": review.commit, "author_association": "NONE",
        })
    }

    pub(crate) fn run_of(&self, run: &Run) -> Value {
        let url = format!("{}/runs/{}", self.url, run.id);
        json!({
            "id": run.id, "node_id": "CR_1", "head_sha": run.commit, "name": run.name, "url": url, "html_url": url, "details_url": url,
            "status": if run.conclusion.is_some() { "completed" } else { "in_progress" }, "conclusion": run.conclusion, "started_at": AT,
            "completed_at": run.conclusion.as_ref().map(|_| AT), "external_id": "", "check_suite": { "id": 1 }, "pull_requests": [],
            "output": {
                "title": run.title, "summary": run.summary, "text": null, "annotations_count": 0, "annotations_url": url,
            },
            "app": self.app_of(run.app),
        })
    }

    pub(crate) fn status_of(&self, status: &Status) -> Value {
        let url = format!("{}/statuses/{}", self.url, status.id);
        json!({
            "id": status.id, "node_id": "SC_1", "url": url, "avatar_url": url, "state": status.state, "description": status.description,
            "target_url": null, "context": status.context, "created_at": AT, "updated_at": AT, "creator": self.simple_user(&status.by),
        })
    }

    /// Whether somebody may read and write a repository's pull requests.
    pub(crate) fn may_write(&self, actor: &Actor, repo: &Repo) -> bool {
        self.may(actor, repo, "contents", Need::Write).is_ok()
    }
}
