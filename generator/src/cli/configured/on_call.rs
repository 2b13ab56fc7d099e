//! The source of duties that the settings name. Not here: what the settings may say.

use std::sync::Arc;

use anyhow::Context;
use pagerduty_client::{Client, Config, Token};

use crate::on_call::{DutyFile, NobodyOnCall, OnCallLookup, PagerDuty, PagerDutyRules};
use crate::serve::{OnCallSettings, PagerDutySettings};

/// The environment's variable that holds PagerDuty's API token, where no file does.
const TOKEN: &str = "P0_PAGERDUTY_TOKEN";

/// What knows who is on call; nothing where the settings name no source.
pub(in crate::cli) fn source(settings: Option<&OnCallSettings>) -> anyhow::Result<Arc<dyn OnCallLookup>> {
    Ok(match settings {
        None => Arc::new(NobodyOnCall),
        Some(OnCallSettings::File(path)) => Arc::new(DutyFile::new(path)),
        Some(OnCallSettings::Pagerduty(settings)) => Arc::new(pagerduty(settings)?),
    })
}

fn pagerduty(settings: &PagerDutySettings) -> anyhow::Result<PagerDuty> {
    let authority = |path: &std::path::PathBuf| {
        std::fs::read(path)
            .with_context(|| format!("cannot read `{}`, the caFile of PagerDuty", path.display()))
    };
    let authorities = settings.ca_file.as_ref().map(authority).transpose()?;
    let config = Config { authorities, ..Config::new(settings.endpoint()?, token(settings)?) };
    let rules = PagerDutyRules {
        email_domains: settings.email_domains.clone(),
        overrides: settings.overrides,
        keep: settings.cache.duration(),
    };
    Ok(PagerDuty::new(Client::new(config)?, rules))
}

fn token(settings: &PagerDutySettings) -> anyhow::Result<Token> {
    let text = match &settings.token_file {
        Some(path) => std::fs::read_to_string(path)
            .with_context(|| format!("cannot read `{}`, the tokenFile of PagerDuty", path.display()))?,
        None => std::env::var(TOKEN).map_err(|_| {
            anyhow::anyhow!("there is no PagerDuty API token: set {TOKEN}, or name a file under `tokenFile`")
        })?,
    };
    Ok(text.parse()?)
}
