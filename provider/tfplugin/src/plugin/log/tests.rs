//! Lines as Terraform reads them.

use std::sync::{Arc, Mutex};

use super::*;

/// Keeps lines instead of writing them.
#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<String>>>);

impl<S: Subscriber> Layer<S> for Kept {
    fn on_event(&self, event: &Event<'_>, _context: Context<'_, S>) {
        self.0.lock().unwrap().push(line(event, "2026-01-02T03:04:05.000006Z"));
    }
}

fn line_of(log: impl FnOnce()) -> String {
    let kept = Kept::default();
    tracing::subscriber::with_default(tracing_subscriber::registry().with(kept.clone()), log);
    let lines = kept.0.lock().unwrap();
    lines.first().unwrap().clone()
}

fn read(line: &str) -> Value {
    assert!(line.ends_with('\n') && line.matches('\n').count() == 1, "{line}");
    serde_json::from_str(line).unwrap()
}

#[test]
fn a_line_is_an_object_whose_own_fields_are_texts() {
    let line = read(&line_of(
        || tracing::warn!(target: "pets", count = 3, is_new = true, name = "Rex", "fed\nwell"),
    ));
    let expected = serde_json::json!({
        "@level": "warn", "@message": "fed\nwell", "@module": "pets", "@timestamp": "2026-01-02T03:04:05.000006Z",
        "count": 3, "is_new": true, "name": "Rex",
    });
    assert_eq!(line, expected);
    let silent = read(&line_of(|| tracing::info!(count = 3)));
    assert_eq!(silent["@message"], "");
}

#[test]
fn times_have_six_digits() {
    let mut time = String::new();
    SystemTime.format_time(&mut Writer::new(&mut time)).unwrap();
    let shape: String =
        time.chars().map(|letter| if letter.is_ascii_digit() { '0' } else { letter }).collect();
    assert_eq!(shape, "0000-00-00T00:00:00.000000Z");
}

#[test]
fn lines_are_shorter_than_go_plugin_reads() {
    let long = "é".repeat(LONGEST_LINE);
    let cut = line_of(|| tracing::info!(body = long, "{long}"));
    assert!(cut.len() < LONGEST_LINE);
    assert!(read(&cut)["@message"].as_str().unwrap().ends_with("é…"));
    let many = (0..LONGEST_LINE).map(|number| (number.to_string(), Value::from(number)));
    let own = [("@message".to_owned(), Value::from("x"))];
    assert_eq!(bounded(many.chain(own).collect()), "{\"@message\":\"x\"}\n");
}

#[test]
fn secrets_are_not_shown() {
    let line =
        line_of(|| tracing::info!(bearer_token = "abc", Password = "def", client_key_data = "ghi", "x"));
    assert!(!["abc", "def", "ghi"].iter().any(|secret| line.contains(secret)), "{line}");
}

#[test]
fn the_narrowest_level_counts() {
    for (variables, expected) in [
        (&[][..], LevelFilter::OFF),
        (&[("TF_LOG", "warn")], LevelFilter::WARN),
        (&[("TF_LOG", "JSON")], LevelFilter::TRACE),
        (&[("TF_LOG", "trace"), ("TF_LOG_PROVIDER", "ERROR")], LevelFilter::ERROR),
        (&[("TF_LOG_PROVIDER", "error"), ("TF_LOG_PROVIDER_MY_PETS", "info")], LevelFilter::INFO),
        (&[("TF_LOG", "debug"), ("TF_LOG_PROVIDER", "off")], LevelFilter::OFF),
    ] {
        let level = level("my-pets", |name| {
            variables.iter().find(|(one, _)| *one == name).map(|(_, value)| (*value).to_owned())
        });
        assert_eq!(level, expected, "{variables:?}");
    }
}
