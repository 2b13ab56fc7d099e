//! `subset_rules`: what a role gives on a selection.

use p0_grant::plan::{Settings, preview};
use tfplugin::provider::{Function, FunctionError};
use tfplugin::schema::{Parameter, Signature};
use tfplugin::value::{FromValue, Type, Value};

use super::offline::select;
use super::{about, broken, role_parameter};
use crate::source::role_of;
use crate::subset_report::{report_types, report_values};

pub(super) struct SubsetRules;

impl Function for SubsetRules {
    fn signature(&self) -> Signature {
        let subresources = "Subresources besides the resource itself, such as `log`; null for none.";
        Signature {
            summary: "Show the rules of a role that apply to a selection.".to_owned(),
            about: "Gives what a grant of the role on the selection would have: `rules`, `dropped` (what of the role is left out, \
                and why), `danger` (what gives more than it says), `binding` (the kind of the binding), `sha256` (the digest of \
                the rules) and `withheld` (why it would be refused, or null).\n\nNo cluster is asked and nothing is written. \
                Provider settings are not looked at: this is the answer with their defaults."
                .to_owned(),
            parameters: vec![
                role_parameter(),
                Parameter::new(
                    "selection",
                    Type::String,
                    "What to cut the role to: a locator such as `deployment / default / nginx`, or a selection such as \
                     `apps/deployments default/nginx`. A custom resource is written as `plural.group`.",
                ),
                Parameter::new("subresources", Type::list(Type::String), subresources).or_null(),
            ],
            variadic: None,
            gives: Type::object(report_types().map(|(name, of, _)| (name, of))),
        }
    }

    fn call(&self, arguments: Vec<Value>) -> Result<Value, FunctionError> {
        let [role, selection, subresources] = <[Value; 3]>::try_from(arguments).map_err(|_| broken())?;
        let role = role_of(&role).map_err(|error| about(0, &error))?;
        let text = String::from_value(selection).map_err(|error| about(1, &error))?;
        let subresources =
            Option::<Vec<String>>::from_value(subresources).map_err(|error| about(2, &error))?;
        let found = select(&text).map_err(|error| about(1, &error))?;
        let selection = found.selection().clone();
        let selection = selection
            .with_subresources_of(&role, subresources.unwrap_or_default())
            .map_err(|error| about(2, &error))?;
        let report = preview(&role, &selection, &Settings::default()).map_err(|error| about(1, &error))?;
        Ok(Value::object(report_values(&report)))
    }
}

#[cfg(test)]
mod tests {
    use p0_grant::catalogue::Catalogue;

    use super::*;
    use crate::source::{source_type, source_value};

    fn call(role: &str, selection: &str, subresources: Value) -> Result<serde_json::Value, FunctionError> {
        let catalogue = Catalogue::embedded().unwrap();
        let role = source_value(catalogue.role(&role.parse().unwrap()).unwrap());
        let role = Value::Dynamic(source_type(), Box::new(role));
        let value = SubsetRules.call(vec![role, Value::string(selection), subresources])?;
        let json = tfplugin::value::json::write(&value, &SubsetRules.signature().gives).unwrap();
        Ok(serde_json::from_str(&json).unwrap())
    }

    #[test]
    fn the_seeds_example_comes_out_as_it_is_documented() {
        let answer = call("view", "deployment / default / nginx-deployment", Value::Null).unwrap();
        assert_eq!(
            answer["rules"],
            serde_json::json!([
                {"api_groups": ["apps"], "resources": ["deployments"], "resource_names": ["nginx-deployment"],
                 "verbs": ["get", "list", "watch"]},
                {"api_groups": ["extensions"], "resources": ["deployments"], "resource_names": ["nginx-deployment"],
                 "verbs": ["get", "list", "watch"]},
            ])
        );
        assert_eq!(answer["binding"], "RoleBinding");
        assert_eq!(answer["sha256"], "0b05d363417b81513a09103c6eca87c5980ca90b1195ba93553386ee960cac78");
        assert_eq!(answer["withheld"], serde_json::Value::Null);
        assert_eq!(answer["dropped"][0]["what"], "get, list, watch deployments/scale");
    }

    /// No server lists `nodes/metrics`, which the kubelet authorizes: the role names it, and that suffices.
    #[test]
    fn a_subresource_that_only_the_role_names_can_be_asked_for() {
        let asked = |name: &str| Value::List(vec![Value::string(name)]);
        let answer = call("system:kubelet-api-admin", "nodes", asked("metrics")).unwrap();
        let rules = answer["rules"].to_string();
        assert!(rules.contains("nodes/metrics") && !rules.contains("nodes/stats"), "{rules}");
        let left_out = answer["dropped"].to_string();
        assert!(left_out.contains("nodes/stats") && !left_out.contains("nodes/metrics"), "{left_out}");
        assert_eq!(call("view", "nodes", asked("metrics")).unwrap_err().argument, Some(2));
    }

    #[test]
    fn what_would_be_refused_is_still_shown() {
        let answer =
            call("cluster-admin", "clusterrolebindings.rbac.authorization.k8s.io", Value::Null).unwrap();
        assert_eq!(answer["danger"][0]["class"], "BLOCK");
        assert!(answer["withheld"].is_string(), "{answer}");
    }

    #[test]
    fn errors_name_their_argument() {
        let log = Value::List(vec![Value::string("log")]);
        for (role, selection, subresources, argument) in [
            ("view", "deployment / A / b", Value::Null, 1),
            ("view", "secret / a / b", Value::Null, 1),
            ("view", "deployment / a / b", log, 2),
        ] {
            assert_eq!(
                call(role, selection, subresources).unwrap_err().argument,
                Some(argument),
                "{selection}"
            );
        }
        let arguments = vec![Value::string("view"), Value::string("pods"), Value::Null];
        assert_eq!(SubsetRules.call(arguments).unwrap_err().argument, Some(0));
    }
}
