//! A new grant: what it would give, as values. The planned rules are known before anything is written.

use tfplugin::diagnostics::Diagnostic;
use tfplugin::provider::{Call, Outcome, Planned};
use tfplugin::value::{Attr, Value};

use super::planned_rules::{PlannedRules, check_pinned_digest, known_cluster, selection_attribute};
use super::values::{PlannedBinding, created};
use crate::cluster::Cluster;
use crate::grant::aws_auth;
use crate::grant::config::GrantConfig;
use crate::grant::expiry::{Expiry, first_end, has_come, too_long};
use crate::grant::private_state::PrivateState;
use crate::grant::resolve::{ResolvedGrant, resolve, select};
use crate::session::{Configured, Connection};

/// Plans a new grant.
pub(super) async fn create(
    call: &mut Call,
    configured: &Configured,
    config: &Value,
    grant: &GrantConfig,
    before: Option<&[u8]>,
) -> Outcome<Planned> {
    let settings = &configured.settings;
    if let (Expiry::After(Attr::Known(lifetime)), Some(longest)) = (&grant.expiry, settings.max_duration)
        && *lifetime > longest
    {
        let detail =
            format!("`{lifetime}` is longer than `max_duration = \"{longest}\"` in the provider block.");
        return Err(Diagnostic::error("The grant would last too long", detail)
            .at_attribute("duration")
            .into());
    }
    let resolved = resolve_new(call, configured, grant, config).await?;
    let private = PrivateState {
        role_object: settings.role_object,
        prefix: settings.prefix.clone(),
        resources: resolved
            .as_ref()
            .map(|found| found.selection.resource().capitalised_plural())
            .unwrap_or_default(),
        wildcard: settings.plan.wildcard,
        privileged: resolved.as_ref().is_some_and(|found| found.privileged),
        ended: has_ended(configured, grant, before),
        cluster: None,
    };
    call.diagnostics.extend(private.ended.and_then(|ended| ended.then(|| already_ended(grant))));
    let Some(found) = resolved else {
        return Ok(created(config, grant, &private, PlannedRules::UNKNOWN, PlannedBinding::UNKNOWN));
    };
    check_pinned_digest(&found.digest, None, grant)?;
    call.diagnostics.extend(found.warnings());
    let binding = PlannedBinding::of(&found);
    Ok(created(config, grant, &private, PlannedRules::known(found.rules(), &found.digest), binding))
}

/// What a new grant would give; `None` where that is not known before apply.
async fn resolve_new(
    call: &mut Call,
    configured: &Configured,
    grant: &GrantConfig,
    config: &Value,
) -> Outcome<Option<ResolvedGrant>> {
    let (Some(role), Some(locator), Some(parts)) =
        (grant.role.known(), grant.locator.known(), grant.subresources.known())
    else {
        return Ok(None);
    };
    let Some(cluster) = known_cluster(call, configured) else { return Ok(None) };
    let selection = select(&cluster, locator, selection_attribute(config)).await?;
    let found = resolve(&cluster, role, selection, parts, &configured.settings.plan).await?;
    refuse_too_long(&cluster, configured, grant)?;
    check_mapping(call, &cluster, grant).await?;
    Ok(Some(found))
}

/// Refuses an IAM identity that `aws-auth` does not allow to be the subject, and tells how its entry names it.
async fn check_mapping(call: &mut Call, cluster: &Cluster, grant: &GrantConfig) -> Outcome<()> {
    let Some(named) = grant.eks.known() else { return Ok(()) };
    call.diagnostics.extend(named.told());
    match grant.mapping() {
        Some(mapping) => aws_auth::check_planned(cluster, &mapping).await,
        None => Ok(()),
    }
}

/// The limit on `expires_at` looks at the clock, and a plan may: as time goes on it can only be kept better, so a saved
/// plan that was good stays so.
fn refuse_too_long(cluster: &Cluster, configured: &Configured, grant: &GrantConfig) -> Outcome<()> {
    let (Expiry::At(Attr::Known(time)), Some(now)) = (&grant.expiry, cluster.last_seen()) else {
        return Ok(());
    };
    too_long(now, *time, configured.settings.max_duration, &grant.expiry)
        .map_or(Ok(()), |error| Err(error.into()))
}

/// Whether a new grant's time has come before it is made; `None` where that cannot be told yet.
///
/// The plan records it, so that an apply that finds another answer ends with an error and not with an unplanned record.
/// Terraform from 1.16 on hands back what the first plan found. An older one makes the plan again after the end; the second
/// plan contradicts the first, and Terraform itself refuses to go on.
fn has_ended(configured: &Configured, grant: &GrantConfig, before: Option<&[u8]>) -> Option<bool> {
    let first = before.and_then(|before| PrivateState::read(before).ok()).and_then(|private| private.ended);
    if first.is_some() {
        return first;
    }
    match (&configured.connection, &grant.expiry) {
        (Connection::Known(cluster), Expiry::At(Attr::Known(end))) => {
            Some(has_come(*end, cluster.last_seen()?))
        }
        _ => None,
    }
}

/// What is said of a new grant whose time has come.
fn already_ended(grant: &GrantConfig) -> Diagnostic {
    let end = first_end(&grant.expiry, jiff::Timestamp::UNIX_EPOCH)
        .map_or_else(String::new, |end| format!(" at {end}"));
    let detail = format!(
        "It ended{end}. It is recorded in the state, and nothing is written to the cluster. If it was alive when the plan was \
         made that is applied now, plan again."
    );
    Diagnostic::warning("The grant has already ended", detail).at_attribute("expires_at")
}
