//! Webhooks and exports of the audit log, from the settings that name them. Not here: what is sent.

use std::path::Path;
use std::sync::Arc;

use anyhow::Context;

use crate::log_export::{LogCollector, LogExport, LogFile, LogSink};
use crate::notify::{HookSecret, Teller, Webhook, Webhooks};
use crate::post::PostTarget;
use crate::serve::{LogExportSettings, LogSinkSettings, Outgoing, Settings, WebhookSettings};
use crate::service::Service;
use crate::store::Store;

/// What the settings name, made ready.
pub(in crate::cli) fn outgoing(
    settings: &Settings,
    service: &Arc<Service>,
    store: &Store,
) -> anyhow::Result<Outgoing> {
    let webhooks = webhooks(&settings.webhooks)?;
    let is_any = !settings.webhooks.is_empty();
    let webhooks = is_any.then(|| Teller::of_webhooks(service.clone(), Arc::new(webhooks)));
    Ok(Outgoing { webhooks, exports: exports(&settings.log_exports, store)? })
}

/// What of webhooks and exports cannot be used.
pub(in crate::cli) fn faults(settings: &Settings) -> Vec<String> {
    let webhooks = settings.webhooks.iter().filter_map(|own| webhook(own).err());
    let exports = settings.log_exports.iter().filter_map(|own| named_sink(own).err());
    webhooks.chain(exports).map(|error| format!("{error:#}")).collect()
}

/// The webhooks that the settings name.
fn webhooks(settings: &[WebhookSettings]) -> anyhow::Result<Webhooks> {
    let one = |own: &WebhookSettings| Ok((own.name.clone(), webhook(own)?));
    settings.iter().map(one).collect::<anyhow::Result<_>>().map(Webhooks::new)
}

fn webhook(settings: &WebhookSettings) -> anyhow::Result<Webhook> {
    let made = || {
        let target = target(&settings.url, settings.ca_file.as_deref())?;
        anyhow::Ok(Webhook::new(target, HookSecret::read(&text(&settings.secret_file)?)?))
    };
    made().with_context(|| format!("the webhook `{}`", settings.name))
}

/// The exports that the settings name, of the log in `store`.
fn exports(settings: &[LogExportSettings], store: &Store) -> anyhow::Result<Vec<LogExport>> {
    let one = |own: &LogExportSettings| Ok(LogExport::new(own.name.clone(), store.clone(), named_sink(own)?));
    settings.iter().map(one).collect()
}

fn named_sink(settings: &LogExportSettings) -> anyhow::Result<Arc<dyn LogSink>> {
    sink(&settings.to).with_context(|| format!("the export `{}`", settings.name))
}

fn sink(settings: &LogSinkSettings) -> anyhow::Result<Arc<dyn LogSink>> {
    Ok(match settings {
        LogSinkSettings::File(path) => Arc::new(LogFile::new(path)),
        LogSinkSettings::Collector(collector) => {
            let token = collector.token_file.as_deref().map(text).transpose()?;
            let target = target(&collector.url, collector.ca_file.as_deref())?;
            Arc::new(LogCollector::new(target, token.as_deref())?)
        }
    })
}

fn target(url: &str, authorities: Option<&Path>) -> anyhow::Result<PostTarget> {
    let read = |path: &Path| std::fs::read(path).with_context(|| format!("cannot read `{}`", path.display()));
    let authorities = authorities.map(read).transpose()?;
    Ok(PostTarget::new(url, authorities.as_deref())?)
}

fn text(path: &Path) -> anyhow::Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("cannot read `{}`", path.display()))
}
