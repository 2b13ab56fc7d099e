//! What a server uses besides repositories: its store, who knows who is on call, Slack, and a site's own servers.

use slack_client::Web;

use crate::cli::configured::{on_call as duties, outgoing as sending};
use crate::doctor::{Examination, Examinations};
use crate::serve::{OnCallSettings, Settings};
use crate::slack::{Tokens, faults_of};
use crate::store::{Schema, Store, StoreError};

pub(super) async fn store(settings: &Settings) -> Vec<Examination> {
    let mut found = Examinations::of("store");
    match Store::inspect(&settings.store).await {
        Ok(inspected) => match inspected.schema {
            Schema::Current => found.passed("tables", format!("{} has the tables of this program", inspected.location)),
            Schema::Behind(steps) => found.not_checked(
                "tables",
                format!("{} lacks {steps} step(s) of this program, which `serve` makes at its next start: back it up before", inspected.location),
            ),
        },
        Err(StoreError::Missing(place)) => {
            found.not_checked("file", format!("there is no {place} yet: `serve` makes it at its first start"));
        }
        Err(error) => found.failed("store", format!("{:#}", anyhow::Error::from(error))),
    }
    found.found()
}

pub(super) async fn on_call(
    settings: &Settings,
    places: &p0_access::policy::OnCallPlaces,
) -> Vec<Examination> {
    let mut found = Examinations::of("on call");
    let Some(own) = &settings.on_call else {
        found.not_checked("source", "the settings name none: approvers are asked");
        return found.found();
    };
    let (what, says) = match own {
        OnCallSettings::File(path) => ("file", format!("`{}` can be read", path.display())),
        OnCallSettings::Pagerduty(_) => (
            "PagerDuty",
            "it takes the token, and has every schedule and escalation policy that the policy names"
                .to_owned(),
        ),
    };
    match duties::source(settings.on_call.as_ref()) {
        Ok(source) => found.faults(what, says, source.faults(places).await),
        Err(error) => found.failed(what, format!("{error:#}")),
    }
    found.found()
}

/// Asks Slack about the tokens, and about the `channels` that policies name.
pub(super) async fn slack(settings: &Settings, channels: &[String]) -> Vec<Examination> {
    let mut found = Examinations::of("Slack");
    let Some(own) = &settings.slack else {
        found.not_checked("app", "the settings do not use it");
        return found.found();
    };
    let tokens = Tokens::find(own.delivery, |name| std::env::var(name).ok());
    let web =
        tokens.map_err(anyhow::Error::from).and_then(|tokens| Ok(Web::new(tokens.bot, own.api.as_deref())?));
    let web = match web {
        Ok(web) => web,
        Err(error) => {
            found.failed("tokens", format!("Slack: {error:#}"));
            return found.found();
        }
    };
    let faults = faults_of(&web).await.into_iter().map(|fault| format!("Slack: {fault}"));
    found.faults("tokens", "Slack takes the bot's token, and it has the scopes", faults);
    for channel in channels {
        let fault = match web.channel(channel).await {
            Ok(info) if info.is_archived => Some("is archived: name another one in the policy's `notify`"),
            Ok(info) if info.is_ext_shared => Some(
                "is shared with another organisation, which reads who asks for what: name another one in the policy's `notify`",
            ),
            Ok(info) if !info.is_member => {
                Some("does not have the bot in it: write `/invite` with the app's name there")
            }
            Ok(_) => None,
            // The scope to read about channels is not among those that the app needs.
            Err(error) => {
                found.not_checked(
                    "channel",
                    format!("Slack does not say what channel `{channel}` is: {error}"),
                );
                continue;
            }
        };
        let fault = fault.map(|why| format!("Slack: the channel `{channel}` {why}"));
        found.faults("channel", format!("the bot is in `{channel}`"), fault);
    }
    found.found()
}

/// Webhooks and exports of a site's own: what names and secrets them. Nothing is sent.
pub(super) fn outgoing(settings: &Settings) -> Vec<Examination> {
    let mut found = Examinations::of("webhooks and exports");
    match settings.webhooks.len() + settings.log_exports.len() {
        0 => found.not_checked("list", "the settings name none"),
        number => {
            let says = format!("{number} can be used, as far as is known without sending anything");
            found.faults("list", says, sending::faults(settings));
        }
    }
    found.found()
}
