//! Questions about grants that exist: which of them are wanted. Shared by the data source and the list.

use p0_grant::role::RoleRef;
use tfplugin::diagnostics::{Diagnostic, Diagnostics};
use tfplugin::schema::{Attribute, Mode, Nesting, Schema};
use tfplugin::value::{Attr, FromValue, Type, Value};

use crate::discovered::DiscoveredGrant;
use crate::plain::unfit;
use crate::text::chain;

tfplugin::model! {
    struct Parts {
        namespace: Attr<String>,
        role: Attr<String>,
        subject: Attr<Subject>,
        include_expired: Attr<bool>,
    }
}

tfplugin::model! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    struct Subject {
        kind: Attr<String>,
        name: Attr<String>,
        namespace: Attr<String>,
    }
}

/// A question; what is absent, or not known yet, asks nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct GrantFilter {
    namespace: Option<String>,
    role: Option<RoleRef>,
    subject: Option<Subject>,
    expired: ExpiredGrants,
}

/// Whether grants whose end has come are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ExpiredGrants {
    Shown,
    Hidden,
}

/// The attributes of a question.
pub(crate) fn with_filter(schema: Schema) -> Schema {
    let text = |about: &str| Attribute::optional(Type::String).about(about);
    let subject = [
        ("kind", text("`User`, `Group` or `ServiceAccount`.")),
        ("name", text("The name.")),
        ("namespace", text("The namespace of a ServiceAccount.")),
    ];
    let namespace = "Only grants whose binding is in this namespace. That takes the rights to list Roles and RoleBindings \
                     there, and to get the ClusterRoles that those give.";
    schema
        .with("namespace", text(namespace))
        .with("role", text("Only grants from this role: `ClusterRole/view`, `Role/shop/deployer`."))
        .with(
            "subject",
            Attribute::nested(Mode::Optional, Nesting::Single, subject)
                .about("Only grants for this subject. What is left out is any."),
        )
        .with(
            "include_expired",
            Attribute::optional(Type::Bool)
                .about("Whether grants past their end are shown too; `true` without it."),
        )
}

impl GrantFilter {
    /// Reads a configuration.
    ///
    /// # Errors
    /// Where `role` is not a role.
    pub(crate) fn read(config: &Value) -> Result<Self, Diagnostics> {
        let Parts { namespace, role, subject, include_expired } =
            Parts::from_value(config.clone()).map_err(unfit)?;
        let role = role.into_known().map(|text| text.parse::<RoleRef>()).transpose();
        let role = role.map_err(|error| {
            Diagnostics::from(Diagnostic::error("Not a role", chain(&error)).at_attribute("role"))
        })?;
        Ok(Self {
            namespace: namespace.into_known(),
            role,
            subject: subject.into_known(),
            expired: if include_expired == Attr::Known(false) {
                ExpiredGrants::Hidden
            } else {
                ExpiredGrants::Shown
            },
        })
    }

    /// The one namespace that is asked about.
    pub(crate) fn namespace(&self) -> Option<&str> {
        self.namespace.as_deref()
    }

    /// Whether a grant is one that is asked for.
    pub(crate) fn matches(&self, found: &DiscoveredGrant) -> bool {
        let role = self.role.as_ref().is_none_or(|role| found.role == Some(role.to_string()));
        let subject = self.subject.as_ref().is_none_or(|subject| subject.matches(found));
        role && subject && (self.expired == ExpiredGrants::Shown || !found.expired)
    }
}

impl Subject {
    fn matches(&self, found: &DiscoveredGrant) -> bool {
        let same =
            |asked: &Attr<String>, own: Option<&String>| asked.known().is_none_or(|asked| Some(asked) == own);
        found.subject.as_ref().is_some_and(|own| {
            same(&self.kind, Some(&own.kind))
                && same(&self.name, Some(&own.name))
                && same(&self.namespace, own.namespace.as_ref())
        })
    }
}

#[cfg(test)]
mod tests {
    use tfplugin::value::IntoValue;

    use super::*;
    use crate::discovered::SubjectModel;

    fn config(role: Option<&str>, name: Option<&str>, include_expired: Option<bool>) -> Value {
        let subject = name.map(|name| {
            Value::object([("kind", Value::Null), ("name", name.into_value()), ("namespace", Value::Null)])
        });
        Value::object([
            ("namespace", Value::UNKNOWN),
            ("role", role.into_value()),
            ("subject", subject.into_value()),
            ("include_expired", include_expired.into_value()),
        ])
    }

    #[test]
    fn questions_narrow_and_what_is_absent_asks_nothing() {
        let alice = SubjectModel { kind: "User".to_owned(), name: "alice".to_owned(), namespace: None };
        let found = DiscoveredGrant {
            role: Some("ClusterRole/view".to_owned()),
            subject: Some(alice),
            expired: true,
            ..DiscoveredGrant::default()
        };
        for (config, expected) in [
            (config(None, None, None), true),
            (config(Some("view"), None, None), true),
            (config(Some("ClusterRole/view"), None, Some(true)), true),
            (config(Some("edit"), None, None), false),
            (config(None, Some("alice"), None), true),
            (config(None, Some("bob"), None), false),
            (config(None, None, Some(false)), false),
        ] {
            assert_eq!(GrantFilter::read(&config).unwrap().matches(&found), expected, "{config:?}");
        }
        assert!(GrantFilter::read(&config(Some("a/b/c/d"), None, None)).is_err());
    }
}
