//! `grant_manifest`: a grant's YAML, the same bytes as `p0-gitops generate` prints for the same inputs.

use std::collections::BTreeSet;

use jiff::Timestamp;
use p0_grant::grant::{Grant, GrantSpec, ManagedBy, NamePrefix, RoleObject};
use p0_grant::manifest::Manifest;
use p0_grant::name::{GrantId, Namespace};
use p0_grant::plan::{Settings, plan};
use p0_grant::role::Role;
use p0_grant::selection::Selection;
use p0_grant::subject::{Subject, SubjectError};
use serde::Deserialize;
use tfplugin::provider::{Function, FunctionError};
use tfplugin::schema::{Parameter, Signature};
use tfplugin::value::{IntoValue, Type, Value};

use super::fields::Fields;
use super::offline::select;
use super::{about, broken, role_parameter};
use crate::source::role_of;
use crate::text::chain;

pub(super) struct GrantManifest;

const ABOUT: &str = "Gives the YAML of a grant's two objects, the role object and the binding, for applying manifests \
    instead of resources. The bytes are those that `p0-gitops generate` prints for the same inputs, unsigned: a repository \
    that `p0-gitops verify` guards wants `p0-gitops propose` instead.\n\nNo cluster is asked, and there is no clock: equal \
    arguments give equal bytes. What `p0_k8s_grant` would refuse is refused.";

const GRANT: &str = "An object of:\n\n\
    - `id` (string): 20 characters of `a-z0-9`, used once ever.\n\
    - `created_at`, `expires_at` (string): RFC 3339 in whole seconds.\n\
    - `locator` (string): as the second argument of `subset_rules`.\n\
    - `subject` (object): `kind` (`User`, `Group` or `ServiceAccount`), `name`, and `namespace` for a ServiceAccount.\n\
    - `subresources` (list of string, optional).\n\
    - `kind` (string, optional): the kind of a custom resource, such as `Certificate`, which no catalogue here knows.\n\
    - `role_object` (string, optional): `ClusterRole`, the default, or `Role`.\n\
    - `prefix` (string, optional): what names begin with, `p0` by default.\n\
    - `managed_by` (string, optional): `p0-gitops`, the default, or `terraform-provider-p0`.";

impl Function for GrantManifest {
    fn signature(&self) -> Signature {
        Signature {
            summary: "Write a grant's YAML.".to_owned(),
            about: ABOUT.to_owned(),
            parameters: vec![role_parameter(), Parameter::new("grant", Type::Dynamic, GRANT)],
            variadic: None,
            gives: Type::String,
        }
    }

    fn call(&self, arguments: Vec<Value>) -> Result<Value, FunctionError> {
        let [role, grant] = <[Value; 2]>::try_from(arguments).map_err(|_| broken())?;
        let role = role_of(&role).map_err(|error| about(0, &error))?;
        let asked = ManifestArguments::of(&grant)?;
        let text = manifest(&role, asked).map_err(|text| FunctionError::about(1, text))?;
        Ok(text.into_value())
    }
}

/// What the second argument says.
struct ManifestArguments {
    id: GrantId,
    created_at: Timestamp,
    expires_at: Timestamp,
    selection: Selection,
    subresources: BTreeSet<String>,
    subject: Subject,
    managed_by: ManagedBy,
    role_object: RoleObject,
    prefix: NamePrefix,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SubjectFields {
    kind: String,
    name: String,
    namespace: Option<Namespace>,
}

impl ManifestArguments {
    fn of(grant: &Value) -> Result<Self, FunctionError> {
        let mut fields = Fields::of(1, grant)?;
        let locator: String = fields.required("locator")?;
        let subresources: Option<BTreeSet<String>> = fields.optional("subresources")?;
        let kind: Option<String> = fields.optional("kind")?;
        let selection = select(&locator)
            .and_then(|found| found.with_kind(kind.as_deref()))
            .map_err(|error| fields.wrong(&format!("`locator`: {}", chain(&error))))?;
        let subject: SubjectFields = fields.required("subject")?;
        let subject = Subject::try_from(subject)
            .map_err(|error| fields.wrong(&format!("`subject`: {}", chain(&error))))?;
        let asked = Self {
            id: fields.required("id")?,
            created_at: fields.required("created_at")?,
            expires_at: fields.required("expires_at")?,
            managed_by: fields.optional("managed_by")?.unwrap_or(ManagedBy::P0Gitops),
            role_object: fields.optional("role_object")?.unwrap_or_default(),
            prefix: fields.optional("prefix")?.unwrap_or_default(),
            selection,
            subresources: subresources.unwrap_or_default(),
            subject,
        };
        fields.end()?;
        Ok(asked)
    }
}

impl TryFrom<SubjectFields> for Subject {
    type Error = SubjectError;

    fn try_from(fields: SubjectFields) -> Result<Self, SubjectError> {
        match (fields.kind.as_str(), fields.namespace) {
            ("User", None) => Self::user(fields.name),
            ("Group", None) => Self::group(fields.name),
            ("ServiceAccount", Some(namespace)) => Self::service_account(namespace, fields.name),
            (kind, _) => Err(SubjectError::Form(format!("{kind}/{}", fields.name))),
        }
    }
}

fn manifest(role: &Role, asked: ManifestArguments) -> Result<String, String> {
    let selection = asked.selection.with_subresources_of(role, asked.subresources);
    let selection = selection.map_err(|error| format!("`subresources`: {}", chain(&error)))?;
    let plan = plan(role, &selection, &Settings::default()).map_err(|error| chain(&error))?;
    let spec = GrantSpec {
        id: asked.id,
        role: role.reference().clone(),
        selection,
        plan: &plan,
        subject: asked.subject,
        iam: None,
        created_at: asked.created_at,
        expires_at: asked.expires_at,
        managed_by: asked.managed_by,
        role_object: asked.role_object,
        prefix: asked.prefix,
        workflow: None,
    };
    let grant = Grant::new(spec).map_err(|error| chain(&error))?;
    Manifest::of(&grant).and_then(|manifest| manifest.to_yaml()).map_err(|error| chain(&error))
}
