//! What a plan does with a grant that exists: a pure function of its state and the configuration. It never reads a clock:
//! Terraform makes a saved plan again at apply, and the second plan must equal the first.
//!
//! Not here: the rules ([`crate::grant::resolve`]), and applying the plan ([`crate::grant::operations`]).

use p0_grant::arn::IamIdentity;
use tfplugin::value::{Attr, Value};

use crate::grant::config::GrantConfig;
use crate::grant::expiry::{end, end_attribute};
use crate::grant::record::Record;
use crate::grant::values::{configured, with};

/// What is done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::grant) enum Action {
    /// No input has changed: the cluster is made to hold what the state says.
    NoChange,
    /// It has expired and something else has changed: the configuration is written down, and nothing else is done.
    RecordOnly,
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

/// Whether the spelling of the selection has changed.
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
const INPUTS: [&str; 13] = [
    "annotations",
    "duration",
    "eks",
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
pub(in crate::grant) fn action(
    prior: &Value,
    record: &Record,
    config: &Value,
    grant: &GrantConfig,
) -> Action {
    let end = end(&grant.expiry, record);
    if record.expired {
        return match end {
            // It cannot be told apart any more when it is applied, so it counts as later.
            None => Action::Replace(vec![end_attribute(&grant.expiry)]),
            Some(end) if end > record.expires_at => Action::Replace(vec![end_attribute(&grant.expiry)]),
            Some(_) if has_changed(prior, config) => Action::RecordOnly,
            Some(_) => Action::NoChange,
        };
    }
    if !has_changed(prior, config) {
        return Action::NoChange;
    }
    let others = [
        ("role", grant.role.known() != Some(&record.role)),
        ("subject", grant.subject.known() != Some(&record.subject)),
        ("eks", identity(grant) != Some(record.iam.as_ref())),
    ];
    let replaced: Vec<&str> =
        others.into_iter().filter(|(_, is_other)| *is_other).map(|(name, _)| name).collect();
    if !replaced.is_empty() {
        return Action::Replace(replaced);
    }
    let spelled_alike =
        ["locator", "resource"].into_iter().all(|name| configured(prior, name) == configured(config, name));
    let is_pinned = match &grant.subset {
        Attr::Null => true,
        Attr::Known(digest) => *digest == record.digest,
        Attr::Unknown => false,
    };
    let same_parts = grant.subresources.known() == Some(&record.subresources);
    Action::Change {
        selection: if spelled_alike { Spelling::Same } else { Spelling::Other },
        rules: if is_pinned && same_parts { RulesFrom::State } else { RulesFrom::Role },
    }
}

/// The configured IAM identity, or that there is none; `None` where it is not known yet.
fn identity(grant: &GrantConfig) -> Option<Option<&IamIdentity>> {
    match &grant.eks {
        Attr::Null => Some(None),
        Attr::Known(named) => Some(Some(&named.identity)),
        Attr::Unknown => None,
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

#[cfg(test)]
mod tests;
