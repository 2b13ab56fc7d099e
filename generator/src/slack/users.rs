//! Who acts: a full member of the app's own workspace, by ids alone. Guests, programs, accounts that are gone and people of other
//! organisations are refused.
//!
//! Slack is asked again after half a minute, so that somebody who leaves can do nothing for longer. Not here: which person of
//! `p0/identities.yaml` a user is, which base says.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use p0_access::identity::SlackId;
use slack_client::inbound::User;
use slack_client::{Bot, SlackError, UserProfile, Web};
use tokio::sync::OnceCell;

use crate::workflow::actor::SlackUser;

/// How long what Slack says of a user counts.
const FRESH: Duration = Duration::from_secs(30);
/// How many users are kept.
const MOST: usize = 10_000;

/// Users of the app's workspace.
pub(super) struct Users {
    web: Web,
    bot: OnceCell<Bot>,
    known: Mutex<HashMap<String, (Instant, UserProfile)>>,
}

impl Users {
    pub(super) fn new(web: Web) -> Self {
        Self { web, bot: OnceCell::new(), known: Mutex::default() }
    }

    /// The app's own workspace.
    pub(super) async fn team(&self) -> Result<&str, SlackError> {
        Ok(&self.bot.get_or_try_init(|| self.web.who()).await?.team_id)
    }

    /// The user, where they may act at all; what they are told, where not.
    pub(super) async fn vouched(&self, user: &User) -> Result<SlackUser, String> {
        let unknown = |error: SlackError| {
            tracing::warn!(user = user.id, why = %error, "Slack does not say who acts");
            "Slack does not say now who you are, so nothing was done. Try again in a minute.".to_owned()
        };
        let team = self.team().await.map_err(unknown)?;
        let is_elsewhere = user.within.as_deref().is_some_and(|within| within != team);
        if user.team != team || is_elsewhere {
            return Err("Only members of this app's own workspace can use it. Nothing was done.".to_owned());
        }
        let profile = self.profile(&user.id).await.map_err(unknown)?;
        match refusal(&profile, team) {
            Some(why) => Err(format!("{why} Nothing was done.")),
            None => Ok(SlackUser::verified(SlackId { team: team.to_owned(), user: user.id.clone() })),
        }
    }

    /// Whether a message can reach a person.
    pub(super) async fn is_reachable(&self, id: &SlackId) -> bool {
        let Ok(team) = self.team().await else { return true };
        match self.profile(&id.user).await {
            Ok(profile) => id.team == team && refusal(&profile, team).is_none(),
            // Without an answer nothing is known, and the message itself will tell.
            Err(error) => error.code() != Some("user_not_found"),
        }
    }

    async fn profile(&self, id: &str) -> Result<UserProfile, SlackError> {
        let now = Instant::now();
        let is_fresh = |at: Instant| now.saturating_duration_since(at) < FRESH;
        let known = self.with(|known| known.get(id).filter(|(at, _)| is_fresh(*at)).cloned());
        if let Some((_, profile)) = known {
            return Ok(profile);
        }
        let profile = self.web.user(id).await?;
        self.with(|known| {
            if known.len() >= MOST {
                known.retain(|_, (at, _)| is_fresh(*at));
            }
            known.insert(id.to_owned(), (now, profile.clone()));
        });
        Ok(profile)
    }

    fn with<T>(&self, act: impl FnOnce(&mut HashMap<String, (Instant, UserProfile)>) -> T) -> T {
        act(&mut self.known.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Why a user may not act; `None` where they may.
fn refusal(profile: &UserProfile, team: &str) -> Option<&'static str> {
    match () {
        () if profile.deleted => Some("This account is deactivated."),
        () if profile.is_bot || profile.is_workflow_bot => Some("Programs cannot ask for access or answer."),
        () if profile.is_stranger || profile.team_id != team => {
            Some("Only members of this app's own workspace can use it, and you are of another one.")
        }
        () if profile.is_restricted || profile.is_ultra_restricted => Some("Guests cannot use this app."),
        () => None,
    }
}

/// Scopes that the app uses.
const SCOPES: [&str; 4] = ["chat:write", "commands", "im:write", "users:read"];

/// What is wrong with the token: each fault a sentence that says what to do.
pub async fn faults(web: &Web) -> Vec<String> {
    match web.scopes().await {
        Err(error) => vec![error.to_string()],
        Ok(scopes) => match web.who().await {
            Err(error) => vec![format!("the bot's token: {error}")],
            Ok(_) => {
                let missing = SCOPES.iter().filter(|scope| !scopes.iter().any(|own| own == *scope));
                missing
                    .map(|scope| {
                        format!("the bot's token lacks the scope `{scope}`; add it and install the app anew")
                    })
                    .collect()
            }
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn profile(more: &str) -> UserProfile {
        serde_json::from_str(&format!("{{\"id\": \"U1\", \"team_id\": \"T1\"{more}}}")).unwrap()
    }

    #[test]
    fn only_full_members_of_the_own_workspace_act() {
        assert_eq!(refusal(&profile(""), "T1"), None);
        for more in
            ["deleted", "is_bot", "is_workflow_bot", "is_restricted", "is_ultra_restricted", "is_stranger"]
        {
            assert!(refusal(&profile(&format!(", \"{more}\": true")), "T1").is_some(), "{more}");
        }
        assert!(refusal(&profile(""), "T2").is_some());
        assert!(refusal(&serde_json::from_str("{\"id\": \"U1\"}").unwrap(), "T1").is_some());
    }
}
