//! The nested attributes as Terraform sends them, and the smallest readings of them.

use jiff::Timestamp;
use p0_grant::lifetime::Lifetime;
use tfplugin::value::Attr;

tfplugin::model! {
    /// `role`.
    pub(super) struct RoleParts {
        pub(super) name: Attr<String>,
        pub(super) kind: Attr<String>,
        pub(super) namespace: Attr<String>,
    }
}

tfplugin::model! {
    /// `resource`.
    pub(super) struct ResourceParts {
        pub(super) kind: Attr<String>,
        pub(super) group: Attr<String>,
        pub(super) namespace: Attr<String>,
        pub(super) name: Attr<String>,
    }
}

tfplugin::model! {
    /// `subject`.
    pub(super) struct SubjectParts {
        pub(super) kind: Attr<String>,
        pub(super) name: Attr<String>,
        pub(super) namespace: Attr<String>,
    }
}

tfplugin::model! {
    /// `timeouts`.
    pub(super) struct TimeoutParts {
        pub(super) create: Attr<String>,
        pub(super) read: Attr<String>,
        pub(super) update: Attr<String>,
        pub(super) delete: Attr<String>,
    }
}

/// When a grant is to end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Until {
    /// At a time.
    Time(Attr<Timestamp>),
    /// So long after its creation.
    Lasting(Attr<Lifetime>),
}

impl ResourceParts {
    /// The locator that means the same; `None` where a part is not known yet.
    pub(super) fn locator(&self) -> Option<String> {
        let Self { kind, group, namespace, name } = self;
        if [kind, group, namespace, name].iter().any(|part| part.is_unknown()) {
            return None;
        }
        let kind = kind.known().cloned().unwrap_or_default();
        let kind = group.known().map_or_else(|| kind.clone(), |group| format!("{kind}.{group}"));
        Some(match (namespace.known(), name.known()) {
            (None, None) => kind,
            (None, Some(name)) => format!("{kind} / {name}"),
            (Some(namespace), None) => format!("{kind} / {namespace} / *"),
            (Some(namespace), Some(name)) => format!("{kind} / {namespace} / {name}"),
        })
    }
}

/// A time in RFC 3339, in whole seconds.
pub(super) fn time(text: &str) -> Result<Timestamp, String> {
    match text.parse::<Timestamp>() {
        Ok(time) if time.subsec_nanosecond() == 0 => Ok(time),
        Ok(_) => Err(format!("`{text}` has a fraction of a second; grants end on whole seconds.")),
        Err(_) => Err(format!("`{text}` is not a time: write it as `2030-01-31T18:00:00Z`.")),
    }
}
