//! The nested attributes as Terraform sends them.

use tfplugin::value::Attr;

tfplugin::model! {
    /// `role`.
    pub(in crate::grant) struct RoleParts {
        pub(in crate::grant) name: Attr<String>,
        pub(in crate::grant) kind: Attr<String>,
        pub(in crate::grant) namespace: Attr<String>,
    }
}

tfplugin::model! {
    /// `resource`.
    pub(in crate::grant) struct ResourceParts {
        pub(in crate::grant) kind: Attr<String>,
        pub(in crate::grant) group: Attr<String>,
        pub(in crate::grant) namespace: Attr<String>,
        pub(in crate::grant) name: Attr<String>,
    }
}

tfplugin::model! {
    /// `subject`.
    pub(in crate::grant) struct SubjectParts {
        pub(in crate::grant) kind: Attr<String>,
        pub(in crate::grant) name: Attr<String>,
        pub(in crate::grant) namespace: Attr<String>,
    }
}

tfplugin::model! {
    /// `eks`.
    pub(in crate::grant) struct EksParts {
        pub(in crate::grant) iam_arn: Attr<String>,
    }
}

tfplugin::model! {
    /// `timeouts`.
    pub(in crate::grant) struct TimeoutParts {
        pub(in crate::grant) create: Attr<String>,
        pub(in crate::grant) read: Attr<String>,
        pub(in crate::grant) update: Attr<String>,
        pub(in crate::grant) delete: Attr<String>,
    }
}

impl ResourceParts {
    /// The locator that means the same; `None` where a part is not known yet.
    pub(in crate::grant) fn locator(&self) -> Option<String> {
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
