//! Logs: lines of JSON on standard error, as Terraform reads them from its plugins.
//!
//! Source: <https://github.com/hashicorp/go-hclog>, its JSON form. What Terraform would not show is not written.

use std::fmt;
use std::io::Write;

use serde_json::{Map, Value};
use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::{FormatTime, SystemTime};
use tracing_subscriber::layer::{Context, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;

use super::Options;

/// go-plugin cuts longer lines into pieces that are not readable.
const LONGEST_LINE: usize = 64 << 10;
/// So long may a text be in a line that would be too long.
const LONGEST_TEXT: usize = 1 << 10;
/// Fields whose names have one of these in them are not shown.
const SECRET: [&str; 8] =
    ["authorization", "certificate_data", "key_data", "kubeconfig", "passwd", "password", "secret", "token"];

/// Writes this process's log lines from now on.
pub(super) fn start(options: &Options, environment: impl Fn(&str) -> Option<String>) {
    let level = level(options.name(), environment);
    let own = options.log_targets.iter().copied().chain(["tfplugin"]);
    let others = level.min(LevelFilter::WARN);
    let shown = Targets::new().with_default(others).with_targets(own.map(|target| (target, level)));
    // A second one in the same process has nothing to start.
    drop(tracing_subscriber::registry().with(Hclog.with_filter(shown)).try_init());
}

/// The level that the user wants: for this provider, for all providers, or for all of Terraform.
fn level(name: &str, environment: impl Fn(&str) -> Option<String>) -> LevelFilter {
    let own = format!("TF_LOG_PROVIDER_{}", name.to_uppercase().replace('-', "_"));
    let wanted = [own.as_str(), "TF_LOG_PROVIDER", "TF_LOG"].into_iter().find_map(environment);
    match wanted.map(|level| level.to_uppercase()).as_deref() {
        None | Some("OFF") => LevelFilter::OFF,
        Some("ERROR") => LevelFilter::ERROR,
        Some("WARN") => LevelFilter::WARN,
        Some("INFO") => LevelFilter::INFO,
        Some("DEBUG") => LevelFilter::DEBUG,
        // Terraform takes whatever else is there as this.
        Some(_) => LevelFilter::TRACE,
    }
}

struct Hclog;

impl<S: Subscriber> Layer<S> for Hclog {
    fn on_event(&self, event: &Event<'_>, _context: Context<'_, S>) {
        let mut time = String::new();
        let stamped = SystemTime.format_time(&mut Writer::new(&mut time));
        let line = line(event, if stamped.is_ok() { &time } else { "" });
        // There is nowhere to say that standard error is gone.
        drop(std::io::stderr().lock().write_all(line.as_bytes()));
    }
}

fn line(event: &Event<'_>, time: &str) -> String {
    let mut fields = Fields(Map::new());
    event.record(&mut fields);
    let Fields(mut fields) = fields;
    let level = match *event.metadata().level() {
        Level::ERROR => "error",
        Level::WARN => "warn",
        Level::INFO => "info",
        Level::DEBUG => "debug",
        Level::TRACE => "trace",
    };
    let message = fields.remove("message").unwrap_or_default();
    fields.insert("@level".to_owned(), level.into());
    fields.insert("@message".to_owned(), text_of(message).into());
    fields.insert("@module".to_owned(), event.metadata().target().into());
    fields.insert("@timestamp".to_owned(), time.into());
    bounded(fields)
}

fn text_of(value: Value) -> String {
    match value {
        Value::String(text) => text,
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

/// One line, with its texts cut where it would be too long, and with its own fields alone where that is not enough.
fn bounded(mut fields: Map<String, Value>) -> String {
    let whole = |fields: &Map<String, Value>| format!("{}\n", Value::Object(fields.clone()));
    let line = whole(&fields);
    if line.len() < LONGEST_LINE {
        return line;
    }
    for value in fields.values_mut() {
        if let Value::String(text) = value
            && text.len() > LONGEST_TEXT
        {
            text.truncate(text.floor_char_boundary(LONGEST_TEXT));
            text.push('…');
        }
    }
    let line = whole(&fields);
    if line.len() < LONGEST_LINE {
        return line;
    }
    fields.retain(|name, _| name.starts_with('@'));
    whole(&fields)
}

struct Fields(Map<String, Value>);

impl Fields {
    fn put(&mut self, field: &Field, value: Value) {
        let name = field.name();
        let is_secret = SECRET.iter().any(|secret| name.to_lowercase().contains(secret));
        self.0.insert(name.to_owned(), if is_secret { "(not shown)".into() } else { value });
    }
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.put(field, format!("{value:?}").into());
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field, value.into());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field, value.into());
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field, value.into());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field, value.into());
    }
}

#[cfg(test)]
mod tests;
