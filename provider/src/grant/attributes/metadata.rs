//! What users write onto the objects besides the grant's own metadata: reason, annotations, labels.

use p0_grant::manifest::MANAGED_BY;
use p0_grant::text::check_text;
use tfplugin::diagnostics::Diagnostics;
use tfplugin::value::{Attr, Path, Step, Value};

use super::{part, refuse};
use crate::text::chain;

/// The longest reason in bytes: it is kept in an annotation, which each list of bindings returns.
const LONGEST_REASON: usize = 1024;

/// Keys that users may not set: they identify a grant, or add rules to a role.
const RESERVED: [&str; 4] =
    ["p0.dev/", "rbac.authorization.k8s.io/", "kustomize.toolkit.fluxcd.io/substitute", MANAGED_BY];

/// The reason, checked where it is known.
pub(in crate::grant) fn reason(config: &Value, wrong: &mut Diagnostics) -> Attr<String> {
    let reason: Attr<String> = part(config, "reason", wrong);
    if let Attr::Known(text) = &reason {
        let at = || Path::attribute("reason");
        if let Err(error) = check_text(text) {
            refuse(wrong, at(), "Not a reason", chain(&error));
        }
        if text.len() > LONGEST_REASON {
            let detail = format!(
                "It has {} bytes; at most {LONGEST_REASON} are kept. Shorten it, and link to the details.",
                text.len()
            );
            refuse(wrong, at(), "Not a reason", detail);
        }
    }
    reason
}

/// Refuses reserved keys and missing values in `annotations` or `labels`.
pub(in crate::grant) fn check(config: &Value, name: &str, wrong: &mut Diagnostics) {
    let Some(Value::Map(entries)) = config.attribute(name) else { return };
    for (key, value) in entries {
        let reserved = RESERVED.iter().find(|reserved| {
            key.as_str() == **reserved || (reserved.ends_with('/') && key.starts_with(**reserved))
        });
        let at = || Path::attribute(name).then(Step::Key(key.clone()));
        if reserved.is_some() {
            let detail = format!(
                "`{key}` is reserved: it identifies a grant or adds rules to a role. Use another key."
            );
            refuse(wrong, at(), "A reserved key", detail);
        }
        if value.is_null() {
            refuse(wrong, at(), "No value", format!("`{key}` has no value: set one, or remove the key."));
        }
    }
}
