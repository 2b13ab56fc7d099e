//! The settings that say where notices and the audit log go besides. Not here: what is sent.

use std::path::PathBuf;

use p0_access::name::HookName;
use serde::{Deserialize, Serialize};

use super::SettingsError;
use crate::post;

/// A webhook that gets every notice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct WebhookSettings {
    /// What it is called here.
    pub name: HookName,
    /// Its address: `https://`, or `http://localhost`.
    pub url: String,
    /// The file that holds its secret, one key a line.
    pub secret_file: PathBuf,
    /// Certificates of authorities, in PEM, that are trusted besides the system's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca_file: Option<PathBuf>,
}

/// Where the audit log goes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LogExportSettings {
    /// What it is called here; under this name the store keeps how far it has come.
    pub name: HookName,
    /// Where the lines go.
    pub to: LogSinkSettings,
}

/// Where lines of the audit log go.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum LogSinkSettings {
    /// To a file.
    File(PathBuf),
    /// To an HTTP collector.
    Collector(CollectorSettings),
}

/// An HTTP collector.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CollectorSettings {
    /// Its address: `https://`, or `http://localhost`.
    pub url: String,
    /// The file that holds its token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_file: Option<PathBuf>,
    /// Certificates of authorities, in PEM, that are trusted besides the system's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca_file: Option<PathBuf>,
}

/// Whether names are given once and addresses can be posted to.
pub(super) fn check(
    webhooks: &[WebhookSettings],
    exports: &[LogExportSettings],
) -> Result<(), SettingsError> {
    once(webhooks.iter().map(|webhook| &webhook.name), "webhooks")?;
    once(exports.iter().map(|export| &export.name), "logExports")?;
    for webhook in webhooks {
        address(&webhook.url, &webhook.name)?;
    }
    for export in exports {
        if let LogSinkSettings::Collector(collector) = &export.to {
            address(&collector.url, &export.name)?;
        }
    }
    Ok(())
}

fn address(url: &str, name: &HookName) -> Result<(), SettingsError> {
    let checked = post::check(url).map(drop);
    checked.map_err(|problem| SettingsError::Address { name: name.clone(), problem })
}

fn once<'n>(names: impl Iterator<Item = &'n HookName>, list: &'static str) -> Result<(), SettingsError> {
    let mut seen = std::collections::BTreeSet::new();
    for name in names {
        if !seen.insert(name) {
            return Err(SettingsError::NamedTwice { list, name: name.clone() });
        }
    }
    Ok(())
}
