//! What people write onto the objects besides the grant's own: reason, annotations, labels.

use p0_grant::manifest::MANAGED_BY;
use p0_grant::text::check_text;
use tfplugin::diagnostics::Diagnostics;
use tfplugin::value::{Attr, Path, Step, Value};

use super::{part, refuse};
use crate::text::chain;

/// How long a reason may be: it stands in an annotation that everybody who lists bindings gets.
const LONGEST_REASON: usize = 1024;

/// Keys that say what a grant is, or that give a role more than it says.
const OWN: [&str; 4] =
    ["p0.dev/", "rbac.authorization.k8s.io/", "kustomize.toolkit.fluxcd.io/substitute", MANAGED_BY];

/// The reason.
pub(super) fn reason(config: &Value, wrong: &mut Diagnostics) -> Attr<String> {
    let reason: Attr<String> = part(config, "reason", wrong);
    if let Attr::Known(text) = &reason {
        let at = || Path::attribute("reason");
        if let Err(error) = check_text(text) {
            refuse(wrong, at(), "Not a reason", chain(&error));
        }
        if text.len() > LONGEST_REASON {
            let detail = format!(
                "It has {} bytes; at most {LONGEST_REASON} are kept. Link to the long story.",
                text.len()
            );
            refuse(wrong, at(), "Not a reason", detail);
        }
    }
    reason
}

/// Keys of `annotations` or `labels` that are not people's to set.
pub(super) fn check(config: &Value, name: &str, wrong: &mut Diagnostics) {
    let Some(Value::Map(entries)) = config.attribute(name) else { return };
    for (key, value) in entries {
        let own =
            OWN.iter().find(|own| key.as_str() == **own || (own.ends_with('/') && key.starts_with(**own)));
        let at = || Path::attribute(name).then(Step::Key(key.clone()));
        if own.is_some() {
            let detail = format!("`{key}` is not free: it says what a grant is or what a role gives.");
            refuse(wrong, at(), "Not a free key", detail);
        }
        if value.is_null() {
            refuse(wrong, at(), "No value", format!("`{key}` has no value: leave it out."));
        }
    }
}
