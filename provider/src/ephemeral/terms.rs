//! What a token is asked with: where its ServiceAccount lives, how long it is good, for whom. Pure.

use jiff::SignedDuration;
use p0_grant::lifetime::Lifetime;
use p0_grant::name::Namespace;
use p0_grant::selection::Selection;
use tfplugin::diagnostics::{Diagnostic, Diagnostics};
use tfplugin::value::{Attr, FromValue, Value};

use crate::plain::unfit;
use crate::text::chain;

/// The shortest that Kubernetes gives a token for.
///
/// Source: `validateTokenRequest`,
/// <https://github.com/kubernetes/kubernetes/blob/v1.36.2/pkg/apis/authentication/validation/validation.go>.
const SHORTEST: SignedDuration = SignedDuration::from_mins(10);

tfplugin::model! {
    struct Parts {
        namespace: Attr<String>,
        ttl: Attr<String>,
        reason: Attr<String>,
        audiences: Attr<Vec<Attr<String>>>,
    }
}

/// The terms, as far as they are known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Terms {
    pub(super) namespace: Option<Namespace>,
    pub(super) ttl: Lifetime,
    pub(super) reason: Option<String>,
    pub(super) audiences: Vec<String>,
}

impl Terms {
    /// Reads a configuration, of which parts may be unknown.
    pub(super) fn read(config: &Value) -> Result<Self, Diagnostics> {
        let parts = Parts::from_value(config.clone()).map_err(unfit)?;
        let namespace = parts.namespace.into_known().map(Namespace::new).transpose().map_err(|error| {
            Diagnostics::from(Diagnostic::error("Not a namespace", chain(&error)).at_attribute("namespace"))
        })?;
        let audiences = parts.audiences.into_known().unwrap_or_default();
        Ok(Self {
            namespace,
            ttl: ttl(parts.ttl.known().map(String::as_str))?,
            reason: parts.reason.into_known(),
            audiences: audiences.into_iter().filter_map(Attr::into_known).collect(),
        })
    }

    /// Where the ServiceAccount lives: where it is said, or else where the selection is.
    pub(super) fn namespace(&self, selection: &Selection) -> Result<Namespace, Diagnostics> {
        let namespace = self.namespace.clone().or_else(|| selection.target().namespace().cloned());
        namespace.ok_or_else(|| {
            let detail = format!(
                "`{selection}` is in no one namespace, so it must be said in which the ServiceAccount is to live."
            );
            Diagnostic::error("No namespace for the ServiceAccount", detail).at_attribute("namespace").into()
        })
    }

    /// Refuses a token that would live longer than the provider block lets a grant, or without a reason where it wants one.
    pub(super) fn check(&self, longest: Option<Lifetime>, reason: Reason) -> Result<(), Diagnostics> {
        if let Some(longest) = longest.filter(|longest| self.ttl > *longest) {
            let detail = format!(
                "`{}` is longer than `max_duration = \"{longest}\"` in the provider block.",
                self.ttl
            );
            return Err(Diagnostic::error("The token would live too long", detail)
                .at_attribute("ttl")
                .into());
        }
        match (reason, &self.reason) {
            (Reason::Required, None) => {
                let detail = "`require_reason` in the provider block asks for one.";
                Err(Diagnostic::error("A reason is missing", detail).at_attribute("reason").into())
            }
            _ => Ok(()),
        }
    }
}

/// Whether there has to be a reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reason {
    /// There has to be one.
    Required,
    /// There may be one.
    Free,
}

fn ttl(text: Option<&str>) -> Result<Lifetime, Diagnostics> {
    let wrong = |detail: String| {
        Diagnostics::from(Diagnostic::error("Not a lifetime for a token", detail).at_attribute("ttl"))
    };
    let ttl =
        text.map_or(Ok(Lifetime::hours(1)), str::parse::<Lifetime>).map_err(|error| wrong(chain(&error)))?;
    match ttl.duration() < SHORTEST {
        true => {
            Err(wrong(format!("`{ttl}` is shorter than 10 minutes, the shortest that Kubernetes gives.")))
        }
        false => Ok(ttl),
    }
}

#[cfg(test)]
mod tests {
    use p0_grant::resource::{ApiResource, Scope};
    use p0_grant::selection::Target;
    use tfplugin::value::IntoValue;

    use super::*;

    fn config(namespace: Option<&str>, ttl: Option<&str>) -> Value {
        Value::object([
            ("namespace", namespace.into_value()),
            ("ttl", ttl.into_value()),
            ("reason", Value::Null),
            ("audiences", Value::UNKNOWN),
        ])
    }

    #[test]
    fn a_token_lives_an_hour_unless_it_is_said_and_never_less_than_ten_minutes() {
        for (text, expected) in
            [(None, Some("1h")), (Some("10m"), Some("10m")), (Some("9m"), None), (Some("soon"), None)]
        {
            let ttl = Terms::read(&config(None, text)).map(|terms| terms.ttl.to_string());
            assert_eq!(ttl.ok().as_deref(), expected, "{text:?}");
        }
    }

    #[test]
    fn the_service_account_lives_where_it_is_said_or_where_the_selection_is() {
        let pods = ApiResource::new("", "pods", "Pod", Scope::Namespaced).unwrap();
        let within = Target::Kind { namespace: Namespace::new("shop").unwrap() };
        let within = Selection::new(pods.clone(), within).unwrap();
        let everywhere = Selection::new(pods, Target::KindEverywhere).unwrap();
        for (asked, selection, expected) in [
            (None, &within, Some("shop")),
            (Some("ci"), &within, Some("ci")),
            (Some("ci"), &everywhere, Some("ci")),
            (None, &everywhere, None),
        ] {
            let terms = Terms::read(&config(asked, None)).unwrap();
            let namespace = terms.namespace(selection).ok();
            assert_eq!(namespace.as_ref().map(Namespace::as_str), expected);
        }
        assert!(Terms::read(&config(Some("Shop"), None)).is_err());
    }

    #[test]
    fn the_guard_rails_of_the_provider_block_hold_here_too() {
        let terms = Terms::read(&config(None, Some("2h"))).unwrap();
        assert!(terms.check(None, Reason::Free).is_ok());
        assert!(terms.check(Some(Lifetime::hours(2)), Reason::Free).is_ok());
        assert!(terms.check(Some(Lifetime::hours(1)), Reason::Free).is_err());
        assert!(terms.check(None, Reason::Required).is_err());
    }
}
