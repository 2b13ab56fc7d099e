//! What a plan does with a grant that exists: a pure function of its state and the configuration. It never looks at a
//! clock, because a plan that is saved is made again when it is applied and has to come out the same.
//!
//! Not here: what the rules are (`resolve`), and doing it.

use jiff::Timestamp;
use p0_grant::lifetime::Lifetime;
use tfplugin::diagnostics::Diagnostic;
use tfplugin::value::{Attr, Value};

use super::wish::{Until, Wish};
use crate::grant::record::{Record, configured, with};

/// What is done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::grant) enum Step {
    /// No input has changed: the cluster is made to hold what the state says.
    Keep,
    /// It has expired and something else has changed: the configuration is written down, and nothing else is done.
    Note,
    /// Another grant takes its place, because of these attributes.
    Replace(Vec<&'static str>),
    /// It is changed in place.
    Change {
        /// Whether it has to be resolved what the locator means now.
        selection: Spelling,
        /// Where its rules come from.
        rules: RulesFrom,
    },
}

/// Whether the words for what is picked have changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::grant) enum Spelling {
    /// They have not.
    Same,
    /// They have; perhaps they mean the same.
    Other,
}

/// Where a changed grant's rules come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::grant) enum RulesFrom {
    /// They stay.
    State,
    /// The role is read again.
    Role,
}

/// Attributes that a person sets; the others follow.
const INPUTS: [&str; 12] = [
    "annotations",
    "duration",
    "expires_at",
    "labels",
    "locator",
    "reason",
    "resource",
    "role",
    "subject",
    "subresources",
    "subset_sha256",
    "timeouts",
];

/// What a plan does with the grant `record`, whose state is `prior`.
pub(in crate::grant) fn step(prior: &Value, record: &Record, config: &Value, wish: &Wish) -> Step {
    let end = end(&wish.until, record);
    if record.expired {
        return match end {
            // It cannot be told apart any more when it is applied, so it counts as later.
            None => Step::Replace(vec![end_attribute(&wish.until)]),
            Some(end) if end > record.expires_at => Step::Replace(vec![end_attribute(&wish.until)]),
            Some(_) if has_changed(prior, config) => Step::Note,
            Some(_) => Step::Keep,
        };
    }
    if !has_changed(prior, config) {
        return Step::Keep;
    }
    let others = [
        ("role", wish.role.known() != Some(&record.role)),
        ("subject", wish.subject.known() != Some(&record.subject)),
    ];
    let replaced: Vec<&str> =
        others.into_iter().filter(|(_, is_other)| *is_other).map(|(name, _)| name).collect();
    if !replaced.is_empty() {
        return Step::Replace(replaced);
    }
    let spelled_alike =
        ["locator", "resource"].into_iter().all(|name| configured(prior, name) == configured(config, name));
    let is_pinned = match &wish.subset {
        Attr::Null => true,
        Attr::Known(digest) => *digest == record.digest,
        Attr::Unknown => false,
    };
    let same_parts = wish.subresources.known() == Some(&record.subresources);
    Step::Change {
        selection: if spelled_alike { Spelling::Same } else { Spelling::Other },
        rules: if is_pinned && same_parts { RulesFrom::State } else { RulesFrom::Role },
    }
}

/// Whether the configuration says something else than the state. What it leaves to the provider is as it was.
fn has_changed(prior: &Value, config: &Value) -> bool {
    INPUTS.into_iter().any(|name| {
        let (before, now) = (configured(prior, name), configured(config, name));
        match name {
            "expires_at" | "subset_sha256" => !now.is_null() && before != now,
            "role" => role_without_default(&before) != role_without_default(&now),
            _ => before != now,
        }
    })
}

/// Whether the configuration differs in the words of its locator and in nothing else.
pub(in crate::grant) fn is_only_respelled(prior: &Value, config: &Value) -> bool {
    let before = configured(prior, "locator");
    let is_set = !before.is_null() && !configured(config, "locator").is_null();
    is_set && !has_changed(prior, &with(config.clone(), [("locator", before)]))
}

/// A role whose kind the provider sets is the same as one that says it.
fn role_without_default(role: &Value) -> Value {
    let is_default = role.attribute("kind").is_some_and(|kind| kind.as_str() == Some("ClusterRole"));
    match role {
        Value::Object(parts) if is_default => {
            let mut parts = parts.clone();
            parts.insert("kind".to_owned(), Value::Null);
            Value::Object(parts)
        }
        other => other.clone(),
    }
}

/// When the grant is to end; `None` where that is not known yet.
pub(in crate::grant) fn end(until: &Until, record: &Record) -> Option<Timestamp> {
    match until {
        Until::Time(time) => time.known().copied(),
        Until::Lasting(lifetime) => after(record.created_at, *lifetime.known()?),
    }
}

/// The end of something that begins at `from`.
pub(in crate::grant) fn after(from: Timestamp, lifetime: Lifetime) -> Option<Timestamp> {
    from.checked_add(lifetime.duration()).ok()
}

/// The attribute that says when it ends.
pub(in crate::grant) fn end_attribute(until: &Until) -> &'static str {
    match until {
        Until::Time(_) => "expires_at",
        Until::Lasting(_) => "duration",
    }
}

/// Whether the plan of a change meant the grant to live: it lived when it was read, and is to end no sooner.
pub(in crate::grant) fn planned_alive(before: &Record, end: Timestamp) -> bool {
    !before.expired && end >= before.expires_at
}

/// Whether a grant's time has come.
pub(in crate::grant) fn has_come(expires_at: Timestamp, now: Timestamp) -> bool {
    now >= expires_at
}

/// Refuses a grant that would last longer from `from` than the provider block allows.
pub(in crate::grant) fn too_long(
    from: Timestamp,
    end: Timestamp,
    longest: Option<Lifetime>,
    until: &Until,
) -> Option<Diagnostic> {
    let longest = longest?;
    let latest = after(from, longest)?;
    (end > latest).then(|| {
        let detail = format!(
            "It would end at {end}, and `max_duration = \"{longest}\"` in the provider block lets it last until {latest} at most."
        );
        Diagnostic::error("The grant would last too long", detail).at_attribute(end_attribute(until))
    })
}

#[cfg(test)]
mod tests;
