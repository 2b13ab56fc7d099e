//! The rules of a plan: known, or to be known at apply, and whether they are those that the configuration accepts.

use std::sync::Arc;

use p0_grant::digest::SubsetDigest;
use p0_grant::rule::Rule;
use tfplugin::diagnostics::Diagnostic;
use tfplugin::provider::{Call, Outcome};
use tfplugin::value::Value;

use crate::cluster::Cluster;
use crate::grant::config::GrantConfig;
use crate::grant::record::rules_value;
use crate::grant::values::is_set;
use crate::session::{Configured, Connection};

/// PlannedRules and their digest.
pub(super) struct PlannedRules {
    pub(super) rules: Value,
    pub(super) digest: Value,
}

impl PlannedRules {
    pub(super) const UNKNOWN: Self = Self { rules: Value::UNKNOWN, digest: Value::UNKNOWN };

    pub(super) fn known(rules: &[Rule], digest: &SubsetDigest) -> Self {
        Self { rules: rules_value(rules), digest: Value::string(digest.to_string()) }
    }
}

/// The cluster, if it is known by now; else a warning says what that means.
pub(super) fn known_cluster(call: &mut Call, configured: &Configured) -> Option<Arc<Cluster>> {
    match &configured.connection {
        Connection::Known(cluster) => Some(Arc::clone(cluster)),
        Connection::Unknown(attribute) => {
            let detail = format!(
                "`{attribute}` in the provider block is not known before apply, so the plan cannot show what will be granted. \
                 It is judged at apply, by the same rules."
            );
            call.diagnostics.push(Diagnostic::warning("The rules are not known yet", detail));
            None
        }
    }
}

/// The attribute that says on what.
pub(super) fn selection_attribute(config: &Value) -> &'static str {
    if is_set(config, "locator") { "locator" } else { "resource" }
}

/// Refuses rules that are not those the configuration pins.
pub(super) fn check_pinned_digest(
    live: &SubsetDigest,
    pinned: Option<&SubsetDigest>,
    grant: &GrantConfig,
) -> Outcome<()> {
    let Some(asked) = grant.subset.known().filter(|asked| *asked != live) else { return Ok(()) };
    let pinned = pinned.map_or_else(String::new, |pinned| format!(" The grant has `{pinned}`."));
    let detail = format!(
        "`subset_sha256` is `{asked}`, and the role gives `{live}` now.{pinned} Look at what the role gives, and set the digest \
         that you accept."
    );
    Err(Diagnostic::error("The role gives other rules", detail).at_attribute("subset_sha256").into())
}
