//! What the settings file says of Slack, and the tokens, which come by the environment alone.

use std::collections::BTreeMap;

use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use slack_client::AppToken;
use slack_client::signature::SigningSecret;

/// What the settings file says of Slack.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SlackSettings {
    /// How Slack reaches this server.
    #[serde(default)]
    pub delivery: SlackDelivery,
    /// Where the status page is for people, such as `https://p0.example.com`: messages lead there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page: Option<String>,
    /// What clusters are called in people's kubeconfigs, where that is not the cluster's name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub contexts: BTreeMap<String, String>,
    /// Another address of Slack's Web API, for tests.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub api: Option<String>,
}

/// How Slack reaches this server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SlackDelivery {
    /// Over a WebSocket that this server opens: it needs no public address.
    #[default]
    Socket,
    /// By signed requests to `/slack` of this server.
    Http,
}

/// What proves to Slack who this is, and the other way round.
pub struct Tokens {
    /// The bot's token, `xoxb-…`.
    pub bot: SecretString,
    /// What the delivery needs.
    pub inbound: InboundSecret,
}

/// What the delivery needs.
pub enum InboundSecret {
    /// The token that opens Socket Mode, `xapp-…`.
    Socket(AppToken),
    /// The secret with which Slack signs.
    Http(SigningSecret),
}

/// A token that is missing, or another one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokensError {
    /// Not in the environment.
    #[error("{variable} is not in the environment, and Slack is asked with it: {where_to_find}")]
    Missing {
        /// Which variable.
        variable: &'static str,
        /// Where Slack shows it.
        where_to_find: &'static str,
    },
    /// Another kind of token.
    #[error("{variable} holds another kind of token: it begins with `{prefix}`")]
    Kind {
        /// Which variable.
        variable: &'static str,
        /// What it begins with.
        prefix: &'static str,
    },
}

impl Tokens {
    /// The tokens that `delivery` needs, from what `variable` says of the environment.
    ///
    /// # Errors
    /// [`TokensError`] says which one, and where to find it.
    pub fn find(
        delivery: SlackDelivery,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, TokensError> {
        let find = |name, prefix, where_to_find| find(&variable, name, prefix, where_to_find);
        let bot = Self::bot(&variable)?;
        let inbound = match delivery {
            SlackDelivery::Socket => InboundSecret::Socket(AppToken(find(
                "P0_SLACK_APP_TOKEN",
                "xapp-",
                "api.slack.com/apps makes it under Basic Information, App-Level Tokens, with the scope connections:write",
            )?)),
            SlackDelivery::Http => InboundSecret::Http(SigningSecret::new(find(
                "P0_SLACK_SIGNING_SECRET",
                "",
                "api.slack.com/apps shows it under Basic Information, App Credentials",
            )?)),
        };
        Ok(Self { bot, inbound })
    }
}

impl Tokens {
    /// The bot's token alone, for asking Slack something.
    ///
    /// # Errors
    /// [`TokensError`].
    pub fn bot(variable: impl Fn(&str) -> Option<String>) -> Result<SecretString, TokensError> {
        let place = "api.slack.com/apps shows it under OAuth & Permissions, once the app is installed";
        find(variable, "P0_SLACK_BOT_TOKEN", "xoxb-", place)
    }
}

fn find(
    variable: impl Fn(&str) -> Option<String>,
    name: &'static str,
    prefix: &'static str,
    where_to_find: &'static str,
) -> Result<SecretString, TokensError> {
    let value = variable(name).filter(|value| !value.trim().is_empty());
    let value = value.ok_or(TokensError::Missing { variable: name, where_to_find })?;
    let value = value.trim();
    match value.starts_with(prefix) {
        true => Ok(SecretString::from(value.to_owned())),
        false => Err(TokensError::Kind { variable: name, prefix }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_or_wrong_token_is_named_and_not_shown() {
        let none = Tokens::find(SlackDelivery::Socket, |_| None).err().unwrap().to_string();
        assert!(none.contains("P0_SLACK_BOT_TOKEN") && none.contains("OAuth & Permissions"), "{none}");
        let swapped = Tokens::find(SlackDelivery::Socket, |_| Some("xoxb-secret".to_owned())).err().unwrap();
        assert_eq!(swapped, TokensError::Kind { variable: "P0_SLACK_APP_TOKEN", prefix: "xapp-" });
        assert!(!swapped.to_string().contains("secret"));
        let http = |name: &str| Some(if name.ends_with("BOT_TOKEN") { "xoxb-1" } else { "abc" }.to_owned());
        assert!(matches!(Tokens::find(SlackDelivery::Http, http).unwrap().inbound, InboundSecret::Http(_)));
    }
}
