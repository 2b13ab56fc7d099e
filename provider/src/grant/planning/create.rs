//! A new grant: what it would give, as values. The exact rules are known before anything is written.

use tfplugin::diagnostics::Diagnostic;
use tfplugin::provider::{Call, Outcome, Planned};
use tfplugin::value::{Attr, Value};

use super::deciding::{after, has_come, too_long};
use super::exact::{Rules, accept, picking, reachable};
use super::resolve::{Resolved, resolve, select};
use super::wish::{Until, Wish};
use crate::cluster::Cluster;
use crate::grant::keep::Keep;
use crate::grant::record::{configured, is_set, list, role_value, with};
use crate::session::{Configured, Connection};

/// Plans a new grant.
pub(super) async fn create(
    call: &mut Call,
    configured: &Configured,
    config: &Value,
    wish: &Wish,
    before: Option<&[u8]>,
) -> Outcome<Planned> {
    let settings = &configured.settings;
    if let (Until::Lasting(Attr::Known(lifetime)), Some(longest)) = (&wish.until, settings.max_duration)
        && *lifetime > longest
    {
        let detail =
            format!("`{lifetime}` is longer than `max_duration = \"{longest}\"` in the provider block.");
        return Err(Diagnostic::error("The grant would last too long", detail)
            .at_attribute("duration")
            .into());
    }
    let resolved = resolve_new(call, configured, wish, config).await?;
    let keep = Keep {
        role_object: settings.role_object,
        prefix: settings.prefix.clone(),
        resources: resolved
            .as_ref()
            .map(|found| found.selection.resource().capitalised_plural())
            .unwrap_or_default(),
        wildcard: settings.plan.wildcard,
        privileged: resolved.as_ref().is_some_and(|found| found.privileged),
        ended: has_ended(configured, wish, before),
        cluster: None,
    };
    call.diagnostics.extend(keep.ended.and_then(|ended| ended.then(|| already_ended(wish))));
    let Some(found) = resolved else {
        return Ok(created(config, wish, &keep, Rules::UNKNOWN, Place::UNKNOWN));
    };
    accept(&found.digest, None, wish)?;
    call.diagnostics.extend(found.warnings());
    let place = Place::of(&found);
    Ok(created(config, wish, &keep, Rules::known(found.rules(), &found.digest), place))
}

/// Where a new grant's binding counts.
pub(super) struct Place {
    selection: Value,
    binding_kind: Value,
}

impl Place {
    pub(super) const UNKNOWN: Self = Self { selection: Value::UNKNOWN, binding_kind: Value::UNKNOWN };

    fn of(found: &Resolved) -> Self {
        let namespace = found.selection.target().namespace();
        let kind = if namespace.is_some() { "RoleBinding" } else { "ClusterRoleBinding" };
        Self { selection: Value::string(found.selection.to_string()), binding_kind: Value::string(kind) }
    }
}

pub(super) fn created(config: &Value, wish: &Wish, keep: &Keep, rules: Rules, place: Place) -> Planned {
    let unset =
        |name: &str, value: Value| if is_set(config, name) { configured(config, name) } else { value };
    let state = with(
        config.clone(),
        [
            ("role", with_kind(config, wish)),
            ("id", Value::UNKNOWN),
            ("created_at", Value::UNKNOWN),
            ("expires_at", unset("expires_at", Value::UNKNOWN)),
            ("role_name", Value::UNKNOWN),
            ("binding_name", Value::UNKNOWN),
            ("binding_kind", place.binding_kind),
            ("selection", place.selection),
            ("rules", rules.rules),
            ("subset_sha256", unset("subset_sha256", rules.digest.clone())),
            ("available_subset_sha256", rules.digest),
            ("expired", keep.ended.map_or(Value::UNKNOWN, Value::Bool)),
            ("active", Value::UNKNOWN),
            ("drift", list([])),
        ],
    );
    // An identity with an unknown part cannot be shown (`terraform show -json`), so there is none before there is an id.
    Planned { state, private: keep.write(), identity: None, replace: Vec::new() }
}

/// The role with the kind that goes without saying.
pub(super) fn with_kind(config: &Value, wish: &Wish) -> Value {
    match (configured(config, "role"), wish.role.known()) {
        (role, Some(known)) if role.attribute("kind").is_some_and(Value::is_null) => {
            let kind = role_value(known).attribute("kind").cloned().unwrap_or(Value::Null);
            with(role, [("kind", kind)])
        }
        (role, None) if role.attribute("kind").is_some_and(Value::is_null) => {
            with(role, [("kind", Value::string("ClusterRole"))])
        }
        (role, _) => role,
    }
}

/// What a new grant would give; `None` where that is not known before apply.
async fn resolve_new(
    call: &mut Call,
    configured: &Configured,
    wish: &Wish,
    config: &Value,
) -> Outcome<Option<Resolved>> {
    let (Some(role), Some(locator), Some(parts)) =
        (wish.role.known(), wish.pick.known(), wish.subresources.known())
    else {
        return Ok(None);
    };
    let Some(cluster) = reachable(call, configured) else { return Ok(None) };
    let selection = select(&cluster, locator, parts, picking(config)).await?;
    let found = resolve(&cluster, role, selection, &configured.settings.plan).await?;
    refuse_too_long(&cluster, configured, wish)?;
    Ok(Some(found))
}

/// The limit on `expires_at` looks at the clock, and a plan may: as time goes on it can only be kept better, so a saved
/// plan that was good stays so.
fn refuse_too_long(cluster: &Cluster, configured: &Configured, wish: &Wish) -> Outcome<()> {
    let (Until::Time(Attr::Known(time)), Some(now)) = (&wish.until, cluster.last_seen()) else {
        return Ok(());
    };
    too_long(now, *time, configured.settings.max_duration, &wish.until)
        .map_or(Ok(()), |error| Err(error.into()))
}

/// Whether a new grant's time has come before it is made; `None` where that cannot be told yet.
///
/// The plan says it, so that an apply which finds it otherwise ends with an error and does not record what nobody planned.
/// Terraform from 1.16 on hands back what the first plan found. Where nobody does, a plan that is made again after the end
/// contradicts the first, and the tool itself refuses to go on.
fn has_ended(configured: &Configured, wish: &Wish, before: Option<&[u8]>) -> Option<bool> {
    let first = before.and_then(|before| Keep::read(before).ok()).and_then(|keep| keep.ended);
    if first.is_some() {
        return first;
    }
    match (&configured.connection, &wish.until) {
        (Connection::Known(cluster), Until::Time(Attr::Known(end))) => {
            Some(has_come(*end, cluster.last_seen()?))
        }
        _ => None,
    }
}

/// What is said of a new grant whose time has come.
fn already_ended(wish: &Wish) -> Diagnostic {
    let end = first_end(&wish.until, jiff::Timestamp::UNIX_EPOCH)
        .map_or_else(String::new, |end| format!(" at {end}"));
    let detail = format!(
        "It ended{end}. It is recorded in the state, and nothing is written to the cluster. If it was alive when the plan was \
         made that is applied now, plan again."
    );
    Diagnostic::warning("The grant has already ended", detail).at_attribute("expires_at")
}

/// The end of a new grant that is made at `now`.
pub(in crate::grant) fn first_end(until: &Until, now: jiff::Timestamp) -> Option<jiff::Timestamp> {
    match until {
        Until::Time(time) => time.known().copied(),
        Until::Lasting(lifetime) => after(now, *lifetime.known()?),
    }
}
