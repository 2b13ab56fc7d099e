//! Planning: what a create or a change would give, as values. The exact rules are known before anything is written.

use p0_grant::digest::SubsetDigest;
use p0_grant::rule::Rule;
use tfplugin::diagnostics::{Diagnostic, Diagnostics};
use tfplugin::provider::{Call, Outcome, Planned, Stored};
use tfplugin::value::{Attr, Path, Step as PathStep, Value};

use super::deciding::{RulesFrom, Spelling, Step, after, end, has_come, is_only_respelled, step, too_long};
use super::resolve::{Resolved, resolve, select, select_again, selection_of};
use super::wish::{Until, Wish};
use crate::cluster::Cluster;
use crate::grant::keep::Keep;
use crate::grant::record::{Record, configured, is_set, list, role_value, rules_value, with};
use crate::session::{Configured, Connection};

/// Rules of a plan: known, or to be known at apply.
struct Rules {
    rules: Value,
    digest: Value,
}

impl Rules {
    const UNKNOWN: Self = Self { rules: Value::UNKNOWN, digest: Value::UNKNOWN };

    fn known(rules: &[Rule], digest: &SubsetDigest) -> Self {
        Self { rules: rules_value(rules), digest: Value::string(digest.to_string()) }
    }
}

/// Plans a new grant.
pub(in crate::grant) async fn create(
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
struct Place {
    selection: Value,
    binding_kind: Value,
}

impl Place {
    const UNKNOWN: Self = Self { selection: Value::UNKNOWN, binding_kind: Value::UNKNOWN };

    fn of(found: &Resolved) -> Self {
        let namespace = found.selection.target().namespace();
        let kind = if namespace.is_some() { "RoleBinding" } else { "ClusterRoleBinding" };
        Self { selection: Value::string(found.selection.to_string()), binding_kind: Value::string(kind) }
    }
}

fn created(config: &Value, wish: &Wish, keep: &Keep, rules: Rules, place: Place) -> Planned {
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
fn with_kind(config: &Value, wish: &Wish) -> Value {
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

/// The cluster, if it is known by now; else people are told what that means.
fn reachable(call: &mut Call, configured: &Configured) -> Option<std::sync::Arc<Cluster>> {
    match &configured.connection {
        Connection::Known(cluster) => Some(std::sync::Arc::clone(cluster)),
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

fn picking(config: &Value) -> &'static str {
    if is_set(config, "locator") { "locator" } else { "resource" }
}

/// Refuses rules that are not those the configuration pins.
fn accept(live: &SubsetDigest, pinned: Option<&SubsetDigest>, wish: &Wish) -> Outcome<()> {
    let Some(asked) = wish.subset.known().filter(|asked| *asked != live) else { return Ok(()) };
    let pinned = pinned.map_or_else(String::new, |pinned| format!(" The grant has `{pinned}`."));
    let detail = format!(
        "`subset_sha256` is `{asked}`, and the role gives `{live}` now.{pinned} Look at what the role gives, and set the digest \
         that you accept."
    );
    Err(Diagnostic::error("The role gives other rules", detail).at_attribute("subset_sha256").into())
}

/// Plans what becomes of a grant that exists.
pub(in crate::grant) async fn change(
    call: &mut Call,
    configured: &Configured,
    prior: Stored,
    config: &Value,
    wish: &Wish,
) -> Outcome<Planned> {
    let record = Record::read(&prior.state)?;
    let keep = Keep::read(&prior.private)?;
    let decided = step(&prior.state, &record, config, wish);
    let planned = |state: Value, keep: &Keep| Planned {
        state,
        private: keep.write(),
        identity: Some(prior.identity.clone().unwrap_or_else(|| record.identity())),
        replace: Vec::new(),
    };
    match decided {
        Step::Keep => Ok(planned(kept(&prior.state, &record), &keep)),
        Step::Note => {
            let noted = inputs_over(&prior.state, config, wish);
            Ok(planned(with(noted, [("active", Value::Bool(false)), ("drift", list([]))]), &keep))
        }
        Step::Replace(attributes) => {
            let anew = created(config, wish, &keep, Rules::UNKNOWN, Place::UNKNOWN);
            Ok(Planned { replace: replaced(&attributes), ..anew })
        }
        Step::Change { selection, rules } => {
            let changing = Changing { configured, record: &record, prior: &prior, config, wish };
            changing.plan(call, keep, selection, rules).await
        }
    }
}

/// What is there, as it should be.
fn kept(prior: &Value, record: &Record) -> Value {
    with(prior.clone(), [("active", Value::Bool(!record.expired)), ("drift", list([]))])
}

fn replaced(attributes: &[&'static str]) -> Vec<Path> {
    // The end of a duration is computed, and its change is what Terraform sees.
    attributes.iter().map(|name| Path::root().then(PathStep::Attribute((*name).to_owned()))).collect()
}

/// What the configuration sets, over what is there.
fn inputs_over(prior: &Value, config: &Value, wish: &Wish) -> Value {
    let computed = [
        "id",
        "created_at",
        "role_name",
        "binding_name",
        "binding_kind",
        "selection",
        "rules",
        "expired",
        "active",
        "drift",
        "available_subset_sha256",
    ];
    let kept = |name: &str| configured(prior, name);
    let unset = |name: &str| if is_set(config, name) { configured(config, name) } else { kept(name) };
    let state = with(config.clone(), computed.map(|name| (name, kept(name))));
    with(
        state,
        [
            ("role", with_kind(config, wish)),
            ("expires_at", unset("expires_at")),
            ("subset_sha256", unset("subset_sha256")),
        ],
    )
}

/// A change in place.
struct Changing<'a> {
    configured: &'a Configured,
    record: &'a Record,
    prior: &'a Stored,
    config: &'a Value,
    wish: &'a Wish,
}

impl Changing<'_> {
    async fn plan(
        &self,
        call: &mut Call,
        keep: Keep,
        spelling: Spelling,
        from: RulesFrom,
    ) -> Outcome<Planned> {
        if spelling == Spelling::Other && !self.means_the_same(call).await? {
            let anew = created(self.config, self.wish, &keep, Rules::UNKNOWN, Place::UNKNOWN);
            return Ok(Planned { replace: replaced(&["selection"]), ..anew });
        }
        let identity = Some(self.prior.identity.clone().unwrap_or_else(|| self.record.identity()));
        if is_only_respelled(&self.prior.state, self.config) {
            // The words that are there stay, so that there is nothing to do.
            let state = kept(&self.prior.state, self.record);
            return Ok(Planned { state, private: keep.write(), identity, replace: Vec::new() });
        }
        let mut keep = keep;
        let rules = match from {
            RulesFrom::State => None,
            RulesFrom::Role => Some(self.rules_of_today(call, &mut keep).await?),
        };
        let mut state = with(
            inputs_over(&self.prior.state, self.config, self.wish),
            [
                ("expired", Value::UNKNOWN),
                ("active", Value::UNKNOWN),
                ("drift", list([])),
                ("expires_at", self.end()?),
            ],
        );
        if let Some(Rules { rules, digest }) = rules {
            let subset = if is_set(self.config, "subset_sha256") {
                configured(self.config, "subset_sha256")
            } else {
                digest.clone()
            };
            state = with(
                state,
                [("rules", rules), ("subset_sha256", subset), ("available_subset_sha256", digest)],
            );
        }
        Ok(Planned { state, private: keep.write(), identity, replace: Vec::new() })
    }

    /// Whether the locator, in other words, picks what it picked.
    async fn means_the_same(&self, call: &mut Call) -> Outcome<bool> {
        let Some(locator) = self.wish.pick.known() else { return Ok(false) };
        let Some(cluster) = reachable(call, self.configured) else { return Ok(false) };
        let selection = select(&cluster, locator, &Default::default(), picking(self.config)).await?;
        Ok(selection.to_string() == self.record.selection.to_string())
    }

    /// When it ends then. The limit counts from the creation, so that extending does not go on for ever.
    fn end(&self) -> Outcome<Value> {
        let Some(end) = end(&self.wish.until, self.record) else { return Ok(Value::UNKNOWN) };
        let longest = self.configured.settings.max_duration.filter(|_| end > self.record.expires_at);
        if let Some(error) = too_long(self.record.created_at, end, longest, &self.wish.until) {
            return Err(error.into());
        }
        Ok(match &self.wish.until {
            Until::Time(_) => configured(self.config, "expires_at"),
            // The spelling stays where the time does.
            Until::Lasting(_) if end == self.record.expires_at => configured(&self.prior.state, "expires_at"),
            Until::Lasting(_) => Value::string(end.to_string()),
        })
    }

    async fn rules_of_today(&self, call: &mut Call, keep: &mut Keep) -> Outcome<Rules> {
        let Some(parts) = self.wish.subresources.known() else { return Ok(Rules::UNKNOWN) };
        if self.wish.subset.is_unknown() {
            return Ok(Rules::UNKNOWN);
        }
        let Some(cluster) = reachable(call, self.configured) else { return Ok(Rules::UNKNOWN) };
        let text = &self.record.selection;
        let selection = if *parts == self.record.subresources { selection_of(text, parts) } else { None };
        let selection = match selection {
            Some(selection) => selection,
            None => select_again(&cluster, text, parts).await?,
        };
        let resource = selection.resource().to_string();
        let settings = keep.settings(&self.configured.settings.plan, &self.record.role, resource);
        let found = resolve(&cluster, &self.record.role, selection, &settings).await?;
        accept(&found.digest, Some(&self.record.digest), self.wish)?;
        call.diagnostics.extend(found.warnings());
        keep.privileged = found.privileged;
        Ok(Rules::known(found.rules(), &found.digest))
    }
}

/// Refuses a grant without a reason where the provider block wants one.
pub(in crate::grant) fn refuse_unexplained(configured: &Configured, wish: &Wish) -> Result<(), Diagnostics> {
    let is_missing =
        wish.reason.is_null() || wish.reason.known().is_some_and(|reason| reason.trim().is_empty());
    if !(configured.settings.require_reason && is_missing) {
        return Ok(());
    }
    let detail = "`require_reason` is set in the provider block: say why.";
    Err(Diagnostic::error("No reason", detail).at_attribute("reason").into())
}

/// The end of a new grant that is made at `now`.
pub(in crate::grant) fn first_end(until: &Until, now: jiff::Timestamp) -> Option<jiff::Timestamp> {
    match until {
        Until::Time(time) => time.known().copied(),
        Until::Lasting(lifetime) => after(now, *lifetime.known()?),
    }
}
