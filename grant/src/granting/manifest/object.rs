//! The two objects as Kubernetes writes them: fields, and nothing else. Not here: which objects go together.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::annotations::Annotations;
use super::{GRANT, MANAGED_BY};
use crate::grant::ManagedBy;
use crate::name::GrantId;
use crate::rule::Rule;
use crate::subject::{RBAC_GROUP, Subject, SubjectFields};

const API_VERSION: &str = "rbac.authorization.k8s.io/v1";

/// The four kinds.
///
/// Source: <https://kubernetes.io/docs/reference/access-authn-authz/rbac/#api-overview>.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Kind {
    ClusterRole,
    Role,
    ClusterRoleBinding,
    RoleBinding,
}

/// An object of one of the four kinds; fields in alphabetical order, which is the order they are written in.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Object {
    pub(super) api_version: String,
    pub(super) kind: Kind,
    pub(super) metadata: Metadata,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) role_ref: Option<RoleReference>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) rules: Option<Vec<Rule>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) subjects: Option<Vec<SubjectFields>>,
}

/// What an object is called, and what is said about it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Metadata {
    pub(super) annotations: Annotations,
    pub(super) labels: BTreeMap<String, String>,
    pub(super) name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) namespace: Option<String>,
}

/// What a binding refers to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct RoleReference {
    pub(super) api_group: String,
    pub(super) kind: Kind,
    pub(super) name: String,
}

impl Object {
    pub(super) fn role(kind: Kind, metadata: Metadata, rules: &[Rule]) -> Self {
        Self {
            api_version: API_VERSION.to_owned(),
            kind,
            metadata,
            role_ref: None,
            rules: Some(rules.to_vec()),
            subjects: None,
        }
    }

    pub(super) fn binding(kind: Kind, metadata: Metadata, role: RoleReference, subject: &Subject) -> Self {
        let (role_ref, subjects) = (Some(role), Some(vec![subject.into()]));
        Self { api_version: API_VERSION.to_owned(), kind, metadata, role_ref, rules: None, subjects }
    }
}

impl Metadata {
    pub(super) fn new(
        name: String,
        annotations: Annotations,
        namespace: Option<String>,
        managed_by: ManagedBy,
        id: &GrantId,
    ) -> Self {
        let labels = [(MANAGED_BY, managed_by.to_string()), (GRANT, id.to_string())];
        let labels = labels.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
        Self { annotations, labels, name, namespace }
    }
}

impl RoleReference {
    pub(super) fn to(kind: Kind, name: String) -> Self {
        Self { api_group: RBAC_GROUP.to_owned(), kind, name }
    }
}
