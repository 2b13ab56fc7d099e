//! `p0_k8s_role_subset`: what a role of the cluster gives on a selection, and what is said about it.

use std::collections::BTreeMap;

use async_trait::async_trait;
use p0_grant::plan::{PlanReport, preview};
use p0_grant::role::Role;
use p0_grant::rule::Rule;
use p0_grant::selection::Selection;
use tfplugin::diagnostics::{Diagnostic, Diagnostics};
use tfplugin::provider::{Call, DataSource, Outcome};
use tfplugin::schema::{Attribute, Mode, Nesting, Schema};
use tfplugin::value::{Type, Value};

use crate::grant::schema::picked;
use crate::grant::{RoleSelection, rules_type};
use crate::session::Session;
use crate::source::{source_type, source_value};
use crate::subset_report::report_values;
use crate::text::chain;

pub(super) struct RoleSubset(pub(super) Session);

#[async_trait]
impl DataSource for RoleSubset {
    fn schema(&self) -> Schema {
        let about = "What a role of the cluster gives on a selection, what of it is left out and why, and what gives more than it \
                     says. Nothing is written.";
        said(picked(Schema::new(about)))
    }

    async fn validate(&self, _call: &mut Call, config: Value) -> Outcome<()> {
        RoleSelection::read(&config).map(drop)
    }

    async fn read(&self, _call: &mut Call, config: Value) -> Outcome<Value> {
        let configured = self.0.configured()?;
        let cluster = self.0.cluster()?;
        let (role, selection) = RoleSelection::read(&config)?.find(&cluster).await?;
        let report = preview(&role, &selection, &configured.settings.plan).map_err(|error| {
            Diagnostics::from(
                Diagnostic::error("The role gives nothing there", chain(&error)).at_attribute("role"),
            )
        })?;
        state(config, &role, &selection, &report)
    }
}

fn said(schema: Schema) -> Schema {
    let text = |about: &str| Attribute::computed(Type::String).about(about);
    let dropped =
        [("what", text("Verbs and resource, for reading.")), ("reason", text("Why, as a sentence."))];
    let danger = [
        ("class", text("`NOTE`, `HIGH`, `CRITICAL` or `BLOCK`.")),
        ("what", text("Verbs and resource, for reading.")),
        ("why", text("What that means.")),
    ];
    let list = |attributes| Attribute::nested(Mode::Computed, Nesting::List, attributes);
    schema
        .with("selection", text("What `locator` or `resource` means: `apps/deployments default/nginx`."))
        .with("rules", Attribute::computed(rules_type()).about("The rules that a grant would have, in the role's order."))
        .with("dropped", list(dropped.to_vec()).about("What of the role is left out although it is on the selected resource."))
        .with("danger", list(danger.to_vec()).about("What is dangerous about the rules, worst first."))
        .with(
            "binding",
            text("The kind of the binding that would give the rules: `RoleBinding` in one namespace, else `ClusterRoleBinding`."),
        )
        .with("sha256", text("The digest of the rules, for `subset_sha256` of `p0_k8s_grant`."))
        .with(
            "withheld",
            text("Why `p0_k8s_grant` would refuse this without an entry in `allow_privileged`; null where it would not."),
        )
        .with("yaml", text("The rules as YAML, as they would stand in a role."))
        .with(
            "source",
            Attribute::computed(source_type())
                .about("The role itself, as the functions `subset_rules` and `grant_manifest` take it."),
        )
}

fn state(config: Value, role: &Role, selection: &Selection, report: &PlanReport) -> Outcome<Value> {
    let Value::Object(mut state) = config else { return Ok(config) };
    state.extend(report_values(report).map(|(name, value)| (name.to_owned(), value)));
    state.insert("selection".to_owned(), Value::string(selection.to_string()));
    state.insert("yaml".to_owned(), Value::string(yaml(report.rules())?));
    state.insert("source".to_owned(), source_value(role));
    Ok(Value::Object(state))
}

fn yaml(rules: &[Rule]) -> Outcome<String> {
    p0_grant::yaml::write(&[BTreeMap::from([("rules", rules)])])
        .map_err(|error| Diagnostic::error("The rules have no YAML", chain(&error)).into())
}
