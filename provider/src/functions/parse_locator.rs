//! `parse_locator`: what a text picks.

use p0_grant::resource::Scope;
use tfplugin::provider::{Function, FunctionError};
use tfplugin::schema::{Parameter, Signature};
use tfplugin::value::{FromValue, IntoValue, Type, Value};

use super::offline::select;
use super::{about, broken};

pub(super) struct ParseLocator;

impl Function for ParseLocator {
    fn signature(&self) -> Signature {
        let names = ["kind", "group", "resource", "namespace", "name", "scope"];
        Signature {
            summary: "Take a locator apart.".to_owned(),
            about: "Reads a locator such as `deployment / default / nginx`, or a selection such as `apps/deployments \
                default/nginx`, and gives its parts: `kind`, `group` (`\"\"` is the core group), `resource` (the plural), \
                `namespace` and `name` (null where all are selected, or where the kind has none), and `scope` (`Namespaced` or \
                `Cluster`).\n\nNo cluster is asked. Kubernetes' own resources are known by every word that `kubectl` takes; a \
                custom resource is written as `plural.group`, and its `kind` is null."
                .to_owned(),
            parameters: vec![Parameter::new("locator", Type::String, "The locator or selection.")],
            variadic: None,
            gives: Type::object(names.map(|name| (name, Type::String))),
        }
    }

    fn call(&self, arguments: Vec<Value>) -> Result<Value, FunctionError> {
        let [locator] = <[Value; 1]>::try_from(arguments).map_err(|_| broken())?;
        let locator = String::from_value(locator).map_err(|error| about(0, &error))?;
        let found = select(&locator).map_err(|error| about(0, &error))?;
        let (resource, target) = (found.selection().resource(), found.selection().target());
        let scope = match target.scope() {
            Scope::Namespaced => "Namespaced",
            Scope::Cluster => "Cluster",
        };
        Ok(Value::object([
            ("kind", found.kind().into_value()),
            ("group", resource.group().into_value()),
            ("resource", resource.plural().into_value()),
            ("namespace", target.namespace().map(ToString::to_string).into_value()),
            ("name", target.name().map(ToString::to_string).into_value()),
            ("scope", scope.into_value()),
        ]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(text: &str) -> Result<String, FunctionError> {
        let value = ParseLocator.call(vec![Value::string(text)])?;
        let gives = ParseLocator.signature().gives;
        Ok(tfplugin::value::json::write(&value, &gives).unwrap())
    }

    #[test]
    fn the_parts_come_by_their_names() {
        for (text, expected) in [
            (
                "deploy / default / web",
                r#"{"group":"apps","kind":"Deployment","name":"web","namespace":"default","resource":"deployments","scope":"Namespaced"}"#,
            ),
            (
                "node / *",
                r#"{"group":"","kind":"Node","name":null,"namespace":null,"resource":"nodes","scope":"Cluster"}"#,
            ),
            (
                "widgets.example.com / shop / *",
                r#"{"group":"example.com","kind":null,"name":null,"namespace":"shop","resource":"widgets","scope":"Namespaced"}"#,
            ),
        ] {
            assert_eq!(call(text).as_deref(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn an_error_names_the_argument_and_its_cause() {
        let error = call("deploy / A / web").unwrap_err();
        assert_eq!(error.argument, Some(0));
        assert!(error.text.contains("`A` cannot name a namespace"), "{error}");
    }
}
