//! Everything that a request changes or is answered from.

use std::collections::BTreeMap;
use std::path::PathBuf;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::app_key::AppKeyPair;

pub(crate) struct State {
    pub(crate) url: String,
    folder: PathBuf,
    next: u64,
    pub(crate) users: Vec<User>,
    pub(crate) tokens: BTreeMap<String, Token>,
    pub(crate) apps: Vec<App>,
    pub(crate) repositories: BTreeMap<String, Repo>,
    pub(crate) limit: Option<u32>,
    pub(crate) calls: usize,
    pub(crate) exchanges: Vec<Value>,
}

#[derive(Clone)]
pub(crate) struct User {
    pub(crate) id: u64,
    pub(crate) login: String,
}

pub(crate) struct Token {
    pub(crate) login: String,
    /// Of an installation of this App.
    pub(crate) app: Option<u64>,
    pub(crate) ends: Timestamp,
}

pub(crate) struct App {
    pub(crate) id: u64,
    pub(crate) slug: String,
    pub(crate) pair: AppKeyPair,
    pub(crate) permissions: BTreeMap<String, String>,
    pub(crate) is_suspended: bool,
}

/// What a user may do in a repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Read it.
    Read,
    /// Write to it.
    Write,
    /// Change its settings.
    Admin,
}

/// A repository.
pub struct Repo {
    pub(crate) id: u64,
    pub(crate) owner: String,
    pub(crate) name: String,
    /// Where it is a fork.
    pub(crate) parent: Option<String>,
    pub(crate) roles: BTreeMap<String, Role>,
    /// Whether nothing can be written any more.
    pub is_archived: bool,
    /// Whether everybody may fetch it.
    pub(crate) is_public: bool,
    /// What it is called now; it answers with a redirect.
    pub renamed: Option<String>,
    /// The default branch.
    pub default_branch: String,
    /// Whether only squashing is allowed.
    pub squashes: bool,
    /// The ruleset of `main`.
    pub rules: Rules,
    pub(crate) pulls: Vec<Pull>,
    pub(crate) comments: Vec<Comment>,
    pub(crate) runs: Vec<Run>,
    pub(crate) statuses: Vec<Status>,
}

/// The ruleset of `main`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rules {
    /// Checks that are required, and of which App.
    pub checks: Vec<(String, Option<u64>)>,
    /// Whether a branch has to be up to date.
    pub strict: bool,
    /// How many approvals are required.
    pub approvals: u64,
    /// Whether there is such a ruleset.
    pub active: bool,
}

pub(crate) struct Pull {
    pub(crate) number: u64,
    pub(crate) author: String,
    pub(crate) title: String,
    pub(crate) body: Option<String>,
    pub(crate) base: String,
    /// The repository of the branch.
    pub(crate) from: String,
    pub(crate) branch: String,
    pub(crate) head: String,
    pub(crate) is_open: bool,
    pub(crate) closed_by: Option<String>,
    pub(crate) merged: Option<(String, String)>,
    pub(crate) labels: Vec<String>,
    pub(crate) asked: Vec<String>,
    pub(crate) reviews: Vec<Review>,
    /// GitHub finds out in the background whether it can be merged.
    pub(crate) is_judged: bool,
}

pub(crate) struct Review {
    pub(crate) id: u64,
    pub(crate) by: String,
    pub(crate) state: &'static str,
    pub(crate) commit: String,
    pub(crate) body: String,
}

pub(crate) struct Comment {
    pub(crate) id: u64,
    pub(crate) pull: u64,
    pub(crate) by: String,
    pub(crate) body: String,
}

pub(crate) struct Run {
    pub(crate) id: u64,
    pub(crate) app: u64,
    pub(crate) commit: String,
    pub(crate) name: String,
    pub(crate) conclusion: Option<String>,
    pub(crate) title: String,
    pub(crate) summary: String,
}

pub(crate) struct Status {
    pub(crate) id: u64,
    pub(crate) commit: String,
    pub(crate) context: String,
    pub(crate) state: String,
    pub(crate) description: String,
    pub(crate) by: String,
}

impl Rules {
    /// What a ruleset says, as it is imported.
    pub(crate) fn of(ruleset: &Value) -> Self {
        let mut rules = Self { active: ruleset["enforcement"] == "active", ..Self::default() };
        for rule in ruleset["rules"].as_array().into_iter().flatten() {
            let parameters = &rule["parameters"];
            match rule["type"].as_str().unwrap_or_default() {
                "pull_request" => {
                    rules.approvals = parameters["required_approving_review_count"].as_u64().unwrap_or(0);
                }
                "required_status_checks" => {
                    rules.strict = parameters["strict_required_status_checks_policy"] == true;
                    let checks = parameters["required_status_checks"].as_array().into_iter().flatten();
                    let check = |own: &Value| {
                        (
                            own["context"].as_str().unwrap_or_default().to_owned(),
                            own["integration_id"].as_u64(),
                        )
                    };
                    rules.checks = checks.map(check).collect();
                }
                _ => {}
            }
        }
        rules
    }
}

impl Repo {
    pub(crate) fn new(id: u64, owner: &str, name: &str) -> Self {
        Self {
            id,
            owner: owner.to_owned(),
            name: name.to_owned(),
            parent: None,
            roles: BTreeMap::new(),
            is_archived: false,
            is_public: false,
            renamed: None,
            default_branch: "main".to_owned(),
            squashes: false,
            rules: Rules::default(),
            pulls: Vec::new(),
            comments: Vec::new(),
            runs: Vec::new(),
            statuses: Vec::new(),
        }
    }

    pub(crate) fn full_name(&self) -> String {
        format!("{}/{}", self.owner, self.name)
    }
}

impl State {
    pub(crate) fn new(url: String, folder: PathBuf) -> Self {
        Self {
            url,
            folder,
            next: 1000,
            users: Vec::new(),
            tokens: BTreeMap::new(),
            apps: Vec::new(),
            repositories: BTreeMap::new(),
            limit: None,
            calls: 0,
            exchanges: Vec::new(),
        }
    }

    /// A number that nothing else has.
    pub(crate) fn number(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    pub(crate) fn path(&self, full_name: &str) -> PathBuf {
        self.folder.join(format!("{full_name}.git"))
    }

    pub(crate) fn folder(&self) -> &std::path::Path {
        &self.folder
    }

    pub(crate) fn user(&mut self, login: &str) -> User {
        if let Some(own) = self.users.iter().find(|own| own.login == login) {
            return own.clone();
        }
        let user = User { id: self.number(), login: login.to_owned() };
        self.users.push(user.clone());
        user
    }

    pub(crate) fn token_of(&mut self, login: &str) -> String {
        let token = format!("github_pat_{login}");
        let ends = Timestamp::now() + SignedDuration::from_hours(24);
        self.tokens.entry(token.clone()).or_insert(Token { login: login.to_owned(), app: None, ends });
        token
    }

    pub(crate) fn app(&mut self, id: u64, slug: &str, permissions: &[(&str, &str)]) -> String {
        self.user(&format!("{slug}[bot]"));
        let pair = AppKeyPair::generate();
        let pem = pair.pem();
        self.apps.push(App {
            id,
            slug: slug.to_owned(),
            pair,
            permissions: BTreeMap::new(),
            is_suspended: false,
        });
        self.permit(id, permissions);
        pem
    }

    pub(crate) fn permit(&mut self, app: u64, permissions: &[(&str, &str)]) {
        let map = permissions.iter().map(|(name, level)| ((*name).to_owned(), (*level).to_owned())).collect();
        if let Some(own) = self.apps.iter_mut().find(|own| own.id == app) {
            own.permissions = map;
        }
    }

    pub(crate) fn suspend(&mut self, app: u64, is_suspended: bool) {
        if let Some(own) = self.apps.iter_mut().find(|own| own.id == app) {
            own.is_suspended = is_suspended;
        }
    }

    /// A token of an App's installation, and its end. It is as long as GitHub's newer ones.
    pub(crate) fn issue(&mut self, app: u64) -> (String, Timestamp) {
        let slug = self.apps.iter().find(|own| own.id == app).map(|own| own.slug.clone()).expect("an App");
        let token = format!("ghs_{app}_{}_{}", self.number(), "x".repeat(300));
        let ends = Timestamp::now() + SignedDuration::from_hours(1);
        self.tokens.insert(token.clone(), Token { login: format!("{slug}[bot]"), app: Some(app), ends });
        (token, ends)
    }
}
