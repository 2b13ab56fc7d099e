//! Who asks, and what they may do: by a token, by an App's own word, or nobody.

use jiff::Timestamp;

use super::routes::Answer;
use super::state::{Repo, Role, State};

/// Who asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Actor {
    User(String),
    /// An installation, as its bot.
    Bot {
        app: u64,
        login: String,
    },
    /// An App by its own word: it reads about itself and gets tokens.
    App(u64),
}

impl Actor {
    /// Under which login they act.
    pub(crate) fn login(&self) -> String {
        match self {
            Self::User(login) | Self::Bot { login, .. } => login.clone(),
            Self::App(_) => String::new(),
        }
    }
}

/// How much of something.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Need {
    Read,
    Write,
}

impl State {
    /// Who has this token. A token that is wrong, has ended, or whose installation is suspended is nobody's.
    pub(crate) fn actor(&self, token: &str) -> Result<Actor, Answer> {
        let bad = || Answer::says(401, "Bad credentials");
        if let Some(own) = self.tokens.get(token).filter(|own| own.ends > Timestamp::now()) {
            let Some(app) = own.app else { return Ok(Actor::User(own.login.clone())) };
            let installed = self.apps.iter().find(|own| own.id == app).ok_or_else(bad)?;
            return match installed.is_suspended {
                true => Err(Answer::says(403, "This installation has been suspended")),
                false => Ok(Actor::Bot { app, login: own.login.clone() }),
            };
        }
        let app = self.apps.iter().find_map(|app| Some((app.id, app.pair.claims(token)?)));
        let (id, claims) = app.ok_or_else(bad)?;
        let number = |name: &str| claims[name].as_i64().unwrap_or_default();
        let now = Timestamp::now().as_second();
        let is_good = claims["iss"].as_str() == Some(id.to_string().as_str())
            && number("iat") <= now
            && number("exp") > now
            && number("exp") - now <= 600;
        if is_good { Ok(Actor::App(id)) } else { Err(bad()) }
    }

    /// Whether they may do this to one kind of thing in a repository.
    pub(crate) fn may(&self, actor: &Actor, repo: &Repo, what: &str, need: Need) -> Result<(), Answer> {
        let allowed = match actor {
            Actor::App(_) => false,
            Actor::Bot { app, .. } => {
                let level =
                    self.apps.iter().find(|own| own.id == *app).and_then(|own| own.permissions.get(what));
                let may = |level: &String| level == "write" || (need == Need::Read && level == "read");
                // An installation is on the owner's repositories, and no fork's.
                repo.parent.is_none() && level.is_some_and(may)
            }
            Actor::User(login) => {
                let role = repo.roles.get(login).copied().unwrap_or(Role::Read);
                let wanted = match (what, need) {
                    (_, Need::Read) => Role::Read,
                    ("administration", Need::Write) => Role::Admin,
                    // Whoever can read may say something, and open a pull request from a fork.
                    ("comments" | "reviews", Need::Write) => Role::Read,
                    (_, Need::Write) => Role::Write,
                };
                role >= wanted
            }
        };
        match (allowed, need) {
            (false, _) if matches!(actor, Actor::User(_)) => {
                Err(Answer::says(403, "Resource not accessible by personal access token"))
            }
            (false, _) => Err(Answer::says(403, "Resource not accessible by integration")),
            (true, Need::Write) if repo.is_archived => {
                Err(Answer::says(403, "Repository was archived so is read-only."))
            }
            (true, _) => Ok(()),
        }
    }
}
