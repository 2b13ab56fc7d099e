//! The settings that say who knows who is on call. Not here: what being on call permits; that is on base.

use std::path::PathBuf;

use p0_access::duration::Lifetime;
use pagerduty_client::Endpoint;
use serde::{Deserialize, Serialize};

use super::SettingsError;
use crate::on_call::Overrides;

/// The longest that an answer is kept: a shift that ends is noticed within that time.
const LONGEST_CACHE: Lifetime = Lifetime::minutes(5);

/// Who knows who is on call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum OnCallSettings {
    /// A file.
    File(PathBuf),
    /// PagerDuty.
    Pagerduty(PagerDutySettings),
}

/// Which account of PagerDuty, and what of its answers counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PagerDutySettings {
    /// The account's service region.
    #[serde(default)]
    pub region: Region,
    /// Another address than the region's, such as that of a proxy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Certificates of authorities, in PEM, that are trusted besides the system's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca_file: Option<PathBuf>,
    /// The file that holds the API token; without it P0_PAGERDUTY_TOKEN does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_file: Option<PathBuf>,
    /// Domains whose e-mail addresses find a user where a person has no PagerDuty id.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub email_domains: Vec<String>,
    /// Whether an override puts somebody on call.
    #[serde(default)]
    pub overrides: Overrides,
    /// How long an answer is kept.
    #[serde(default = "half_a_minute")]
    pub cache: Lifetime,
}

/// Where PagerDuty keeps the account.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Region {
    /// In the United States.
    #[default]
    Us,
    /// In the European Union.
    Eu,
}

impl OnCallSettings {
    pub(super) fn check(&self) -> Result<(), SettingsError> {
        match self {
            Self::File(_) => Ok(()),
            Self::Pagerduty(settings) => settings.check(),
        }
    }
}

impl PagerDutySettings {
    /// The address.
    ///
    /// # Errors
    /// [`SettingsError::PagerDuty`].
    pub fn endpoint(&self) -> Result<Endpoint, SettingsError> {
        match (&self.url, self.region) {
            (Some(url), _) => url.parse().map_err(SettingsError::PagerDuty),
            (None, Region::Us) => Ok(Endpoint::us()),
            (None, Region::Eu) => Ok(Endpoint::eu()),
        }
    }

    fn check(&self) -> Result<(), SettingsError> {
        self.endpoint()?;
        if self.cache > LONGEST_CACHE {
            return Err(SettingsError::OnCallCache(LONGEST_CACHE));
        }
        Ok(())
    }
}

fn half_a_minute() -> Lifetime {
    Lifetime::seconds(30)
}
