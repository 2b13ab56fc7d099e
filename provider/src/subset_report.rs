//! What is said about rules that would be granted, as values: shared by the data source and the function.

use p0_grant::danger::Danger;
use p0_grant::digest::SubsetDigest;
use p0_grant::evaluate::BindingScope;
use p0_grant::plan::PlanReport;
use p0_grant::subset::Dropped;
use tfplugin::value::{IntoValue, Type, Value};

use crate::grant::record::rules_value;
use crate::grant::rules_type;

tfplugin::model! {
    /// Something of the role that is left out.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct DroppedModel {
        /// Verbs and resource, for reading.
        pub what: String,
        /// Why, as a sentence.
        pub reason: String,
    }
}

tfplugin::model! {
    /// Something that gives more than it says.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct DangerModel {
        /// `NOTE`, `HIGH`, `CRITICAL` or `BLOCK`.
        pub class: String,
        /// Verbs and resource, for reading.
        pub what: String,
        /// What that means.
        pub why: String,
    }
}

/// The names of what [`report_values`] gives, each with its type and what it is.
pub(crate) fn report_types() -> [(&'static str, Type, &'static str); 6] {
    let texts =
        |names: &[&'static str]| Type::list(Type::object(names.iter().map(|name| (*name, Type::String))));
    [
        ("rules", rules_type(), "The rules that a grant would have, in the role's order."),
        (
            "dropped",
            texts(&["reason", "what"]),
            "What of the role is left out although it is on the selected resource, and why.",
        ),
        (
            "danger",
            texts(&["class", "what", "why"]),
            "What is dangerous about the rules, worst first. Classes are `NOTE`, `HIGH`, `CRITICAL` and `BLOCK`.",
        ),
        (
            "binding",
            Type::String,
            "The kind of the binding that would give the rules: `RoleBinding` in one namespace, else `ClusterRoleBinding`.",
        ),
        ("sha256", Type::String, "The digest of the rules, as `subset_sha256` of `p0_k8s_grant` pins it."),
        (
            "withheld",
            Type::String,
            "Why `p0_k8s_grant` would refuse this without an entry in `allow_privileged`; null where it would not.",
        ),
    ]
}

/// All that is said, by the names of [`report_types`].
pub(crate) fn report_values(report: &PlanReport) -> [(&'static str, Value); 6] {
    let withheld = report.withheld().map(p0_grant::offer::Withheld::sentence);
    let dropped: Vec<DroppedModel> = report.dropped().iter().map(DroppedModel::from).collect();
    let danger: Vec<DangerModel> = report.dangers().iter().map(DangerModel::from).collect();
    [
        ("rules", rules_value(report.rules())),
        ("dropped", dropped.into_value()),
        ("danger", danger.into_value()),
        ("binding", Value::string(binding_kind(report.scope()))),
        ("sha256", SubsetDigest::of(report.rules()).to_string().into_value()),
        ("withheld", withheld.into_value()),
    ]
}

/// The kind of the binding that counts there.
pub(crate) fn binding_kind(scope: &BindingScope) -> &'static str {
    match scope {
        BindingScope::Cluster => "ClusterRoleBinding",
        BindingScope::Namespace(_) => "RoleBinding",
    }
}

impl From<&Dropped> for DroppedModel {
    fn from(dropped: &Dropped) -> Self {
        Self { what: dropped.what(), reason: dropped.reason.sentence().to_owned() }
    }
}

impl From<&Danger> for DangerModel {
    fn from(danger: &Danger) -> Self {
        Self { class: danger.class.to_string(), what: danger.what.clone(), why: danger.why.clone() }
    }
}
