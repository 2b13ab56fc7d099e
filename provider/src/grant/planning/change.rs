//! Planning a grant that exists, as values. Not here: which kind of change it is ([`super::action`]).

use tfplugin::provider::{Call, Outcome, Planned, Stored};
use tfplugin::value::{Path, Step as PathStep, Value};

use super::action::{Action, RulesFrom, Spelling, action, is_only_respelled};
use super::planned_rules::{PlannedRules, check_pinned_digest, known_cluster, selection_attribute};
use super::values::{PlannedBinding, created, with_kind};
use crate::grant::config::GrantConfig;
use crate::grant::expiry::{Expiry, end, too_long};
use crate::grant::private_state::PrivateState;
use crate::grant::record::Record;
use crate::grant::resolve::{resolve, select, select_again, selection_of};
use crate::grant::values::{configured, is_set, list, with};
use crate::session::Configured;

/// Plans a grant that exists.
pub(super) async fn change(
    call: &mut Call,
    configured: &Configured,
    prior: Stored,
    config: &Value,
    grant: &GrantConfig,
) -> Outcome<Planned> {
    let record = Record::read(&prior.state)?;
    let private = PrivateState::read(&prior.private)?;
    let decided = action(&prior.state, &record, config, grant);
    let planned = |state: Value, private: &PrivateState| Planned {
        state,
        private: private.write(),
        identity: Some(prior.identity.clone().unwrap_or_else(|| record.identity())),
        replace: Vec::new(),
    };
    match decided {
        Action::NoChange => Ok(planned(kept(&prior.state, &record), &private)),
        Action::RecordOnly => {
            let noted = inputs_over(&prior.state, config, grant);
            Ok(planned(with(noted, [("active", Value::Bool(false)), ("drift", list([]))]), &private))
        }
        Action::Replace(attributes) => {
            let anew = created(config, grant, &private, PlannedRules::UNKNOWN, PlannedBinding::UNKNOWN);
            Ok(Planned { replace: replaced(&attributes), ..anew })
        }
        Action::Change { selection, rules } => {
            let changing = InPlaceChange { configured, record: &record, prior: &prior, config, grant };
            changing.plan(call, private, selection, rules).await
        }
    }
}

/// The prior state, expected to be in effect.
fn kept(prior: &Value, record: &Record) -> Value {
    with(prior.clone(), [("active", Value::Bool(!record.expired)), ("drift", list([]))])
}

fn replaced(attributes: &[&'static str]) -> Vec<Path> {
    // The end of a duration is computed, and its change is what Terraform sees.
    attributes.iter().map(|name| Path::root().then(PathStep::Attribute((*name).to_owned()))).collect()
}

/// What the configuration sets, over what is there.
fn inputs_over(prior: &Value, config: &Value, grant: &GrantConfig) -> Value {
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
            ("role", with_kind(config, grant)),
            ("expires_at", unset("expires_at")),
            ("subset_sha256", unset("subset_sha256")),
        ],
    )
}

/// A change in binding.
struct InPlaceChange<'a> {
    configured: &'a Configured,
    record: &'a Record,
    prior: &'a Stored,
    config: &'a Value,
    grant: &'a GrantConfig,
}

impl InPlaceChange<'_> {
    async fn plan(
        &self,
        call: &mut Call,
        private: PrivateState,
        spelling: Spelling,
        from: RulesFrom,
    ) -> Outcome<Planned> {
        if spelling == Spelling::Other && !self.means_the_same(call).await? {
            let anew =
                created(self.config, self.grant, &private, PlannedRules::UNKNOWN, PlannedBinding::UNKNOWN);
            return Ok(Planned { replace: replaced(&["selection"]), ..anew });
        }
        let identity = Some(self.prior.identity.clone().unwrap_or_else(|| self.record.identity()));
        if is_only_respelled(&self.prior.state, self.config) {
            // The words that are there stay, so that there is nothing to do.
            let state = kept(&self.prior.state, self.record);
            return Ok(Planned { state, private: private.write(), identity, replace: Vec::new() });
        }
        let mut private = private;
        let rules = match from {
            RulesFrom::State => None,
            RulesFrom::Role => Some(self.rules_of_today(call, &mut private).await?),
        };
        let mut state = with(
            inputs_over(&self.prior.state, self.config, self.grant),
            [
                ("expired", Value::UNKNOWN),
                ("active", Value::UNKNOWN),
                ("drift", list([])),
                ("expires_at", self.end()?),
            ],
        );
        if let Some(PlannedRules { rules, digest }) = rules {
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
        Ok(Planned { state, private: private.write(), identity, replace: Vec::new() })
    }

    /// Whether the locator, spelled otherwise, still selects the same.
    async fn means_the_same(&self, call: &mut Call) -> Outcome<bool> {
        let Some(locator) = self.grant.locator.known() else { return Ok(false) };
        let Some(cluster) = known_cluster(call, self.configured) else { return Ok(false) };
        let selection = select(&cluster, locator, selection_attribute(self.config)).await?;
        Ok(selection.to_string() == self.record.selection.to_string())
    }

    /// When it ends then. The limit counts from the creation, so that extending does not go on for ever.
    fn end(&self) -> Outcome<Value> {
        let Some(end) = end(&self.grant.expiry, self.record) else { return Ok(Value::UNKNOWN) };
        let longest = self.configured.settings.max_duration.filter(|_| end > self.record.expires_at);
        if let Some(error) = too_long(self.record.created_at, end, longest, &self.grant.expiry) {
            return Err(error.into());
        }
        Ok(match &self.grant.expiry {
            Expiry::At(_) => configured(self.config, "expires_at"),
            // The spelling stays where the time does.
            Expiry::After(_) if end == self.record.expires_at => configured(&self.prior.state, "expires_at"),
            Expiry::After(_) => Value::string(end.to_string()),
        })
    }

    async fn rules_of_today(&self, call: &mut Call, private: &mut PrivateState) -> Outcome<PlannedRules> {
        let Some(parts) = self.grant.subresources.known() else { return Ok(PlannedRules::UNKNOWN) };
        if self.grant.subset.is_unknown() {
            return Ok(PlannedRules::UNKNOWN);
        }
        let Some(cluster) = known_cluster(call, self.configured) else { return Ok(PlannedRules::UNKNOWN) };
        let text = &self.record.selection;
        let selection = if *parts == self.record.subresources { selection_of(text, parts) } else { None };
        let selection = match selection {
            Some(selection) => selection,
            None => select_again(&cluster, text).await?,
        };
        let resource = selection.resource().to_string();
        let settings = private.settings(&self.configured.settings.plan, &self.record.role, resource);
        let found = resolve(&cluster, &self.record.role, selection, parts, &settings).await?;
        check_pinned_digest(&found.digest, Some(&self.record.digest), self.grant)?;
        call.diagnostics.extend(found.warnings());
        private.privileged = found.privileged;
        Ok(PlannedRules::known(found.rules(), &found.digest))
    }
}
