//! Import: a live grant of this provider becomes state, found by its id. A grant of another owner does not.

use p0_grant::arn::IamIdentity;
use p0_grant::grant::ManagedBy;
use p0_grant::manifest::{GRANT, Manifest, REASON};
use p0_grant::name::{GrantId, Namespace};
use p0_grant::resource::ApiResource;
use p0_grant::restrict::WildcardVerb;
use p0_grant::selection::{SelectionText, Target};
use p0_grant::subject::{Subject, SubjectView};
use tfplugin::diagnostics::{Diagnostic, Diagnostics};
use tfplugin::provider::{ImportBy, Stored};
use tfplugin::value::{IntoValue, Value};

use super::objects::is_of_this_product;
use crate::cluster::{Cluster, Kind, LiveObject, ObjectRef};
use crate::grant::private_state::PrivateState;
use crate::grant::record::rules_value;
use crate::grant::values::{identity, list, role_value};
use crate::text::chain;

/// A grant as state, made of what is live.
#[derive(Clone, Debug)]
pub struct Imported {
    /// What Terraform keeps.
    pub stored: Stored,
    /// What people know it by.
    pub name: String,
}

/// What is to be imported.
struct ImportTarget {
    id: GrantId,
    namespace: Option<Namespace>,
}

const NOT_THIS: &str = "This cannot be imported";

/// Finds the grant.
pub(in crate::grant) async fn import(cluster: &Cluster, by: ImportBy) -> Result<Stored, Diagnostics> {
    let target = match by {
        ImportBy::Id(text) => by_id(&text)?,
        ImportBy::Identity(identity) => by_identity(&identity)?,
    };
    let binding = find(cluster, &target).await?;
    let role = role_of(cluster, &binding).await?;
    let uid = cluster.uid().await?.map(str::to_owned);
    Ok(imported(role.as_ref(), &binding, uid)?.stored)
}

fn by_id(text: &str) -> Result<ImportTarget, Diagnostics> {
    let (namespace, id) = match text.split_once('/') {
        Some((namespace, id)) => (Some(namespace), id),
        None => (None, text),
    };
    target(id, namespace)
}

fn by_identity(identity: &Value) -> Result<ImportTarget, Diagnostics> {
    let part = |name: &str| identity.attribute(name).and_then(Value::as_str);
    target(part("id").unwrap_or_default(), part("namespace"))
}

fn target(id: &str, namespace: Option<&str>) -> Result<ImportTarget, Diagnostics> {
    let wrong = |why: String| {
        let detail = format!("{why} Import by `ID` or `NAMESPACE/ID`.");
        Diagnostics::from(Diagnostic::error("Not a grant's id", detail))
    };
    let id = GrantId::new(id).map_err(|error| wrong(chain(&error)))?;
    let namespace = namespace.map(Namespace::new).transpose().map_err(|error| wrong(chain(&error)))?;
    Ok(ImportTarget { id, namespace })
}

/// The one binding with the id.
async fn find(cluster: &Cluster, target: &ImportTarget) -> Result<LiveObject, Diagnostics> {
    let selector = format!("{GRANT}={}", target.id);
    let namespace = target.namespace.as_ref().map(Namespace::as_str);
    let mut found = cluster.list(Kind::RoleBinding, namespace, &selector).await.map_err(|error| {
        let is_forbidden = error.is_forbidden() && namespace.is_none();
        let diagnostic = Diagnostic::from(error);
        let hint =
            if is_forbidden { " Naming the namespace (`NAMESPACE/ID`) needs fewer rights." } else { "" };
        Diagnostic { detail: format!("{}{hint}", diagnostic.detail), ..diagnostic }
    })?;
    if namespace.is_none() {
        found.extend(cluster.list(Kind::ClusterRoleBinding, None, &selector).await?);
    }
    let count = found.len();
    match (found.pop(), count) {
        (Some(one), 1) => Ok(one),
        (None, _) => {
            let detail = format!(
                "No binding in the cluster carries `{selector}`; perhaps the grant has ended and was removed."
            );
            Err(Diagnostic::error("No such grant", detail).into())
        }
        _ => {
            let detail =
                format!("{count} bindings carry `{selector}`: one was copied. Remove the copies first.");
            Err(Diagnostic::error(NOT_THIS, detail).into())
        }
    }
}

async fn role_of(cluster: &Cluster, binding: &LiveObject) -> Result<Option<LiveObject>, Diagnostics> {
    let Some(kind) = binding.text("/roleRef/kind").and_then(Kind::called) else { return Ok(None) };
    let Some(name) = binding.text("/roleRef/name") else { return Ok(None) };
    let namespace = binding.text("/metadata/namespace").map(str::to_owned).filter(|_| kind == Kind::Role);
    Ok(cluster.get(&ObjectRef { kind, namespace, name: name.to_owned() }).await?)
}

/// A live grant's two objects as state.
///
/// # Errors
/// Where they are not the two objects of one grant of this provider, exactly as it was made.
pub fn imported(
    role: Option<&LiveObject>,
    binding: &LiveObject,
    cluster: Option<String>,
) -> Result<Imported, Diagnostics> {
    let refuse = |detail: String| Diagnostics::from(Diagnostic::error(NOT_THIS, detail));
    let reference =
        binding.reference().map_or_else(|| "the binding".to_owned(), |reference| reference.to_string());
    if !is_of_this_product(binding) {
        let detail = format!(
            "{reference} is not kept by `{}`. A grant of `{}` is a file in Git, and is changed there.",
            ManagedBy::TerraformProviderP0,
            ManagedBy::P0Gitops
        );
        return Err(refuse(detail));
    }
    let role = role.ok_or_else(|| refuse(format!("{reference} refers to a role that is not there.")))?;
    let manifest = Manifest::live(role.value().clone(), binding.value().clone()).map_err(|error| {
        refuse(format!("{reference} and its role are no longer as a grant makes them: {}", chain(&error)))
    })?;
    Ok(state(&manifest, &private_state(&manifest, cluster), binding.annotation(REASON)))
}

fn private_state(manifest: &Manifest, cluster: Option<String>) -> PrivateState {
    let claims = manifest.claims();
    PrivateState {
        role_object: claims.role_object,
        prefix: claims.prefix.clone(),
        resources: String::new(),
        wildcard: WildcardVerb::default(),
        privileged: false,
        ended: None,
        cluster,
    }
}

fn state(manifest: &Manifest, private: &PrivateState, reason: Option<&str>) -> Imported {
    let claims = manifest.claims();
    let text = |text: &dyn ToString| Value::string(text.to_string());
    let namespace = claims.selection.target.namespace().map(ToString::to_string);
    let subresources = match claims.subresources.as_slice() {
        [] => Value::Null,
        names => Value::Set(names.iter().map(Value::string).collect()),
    };
    let binding_kind = if namespace.is_some() { Kind::RoleBinding } else { Kind::ClusterRoleBinding };
    let state = Value::object([
        ("role", role_value(&claims.role)),
        ("locator", locator(&claims.selection).into_value()),
        ("resource", Value::Null),
        ("subresources", subresources),
        ("subject", subject(&claims.subject)),
        ("eks", eks(claims.iam.as_ref())),
        ("reason", reason.map(str::to_owned).into_value()),
        ("expires_at", text(&claims.expires_at)),
        ("duration", Value::Null),
        ("subset_sha256", text(&claims.digest)),
        ("annotations", Value::Null),
        ("labels", Value::Null),
        ("timeouts", Value::Null),
        ("id", text(&claims.id)),
        ("created_at", text(&claims.created_at)),
        ("role_name", Value::string(manifest.role_name())),
        ("binding_name", Value::string(manifest.binding_name())),
        ("binding_kind", text(&binding_kind)),
        ("selection", text(&claims.selection)),
        ("rules", rules_value(&claims.rules)),
        ("expired", Value::Bool(false)),
        ("active", Value::Bool(true)),
        ("drift", list([])),
        ("available_subset_sha256", text(&claims.digest)),
    ]);
    let identity = Some(identity(text(&claims.id), namespace.into_value()));
    let name =
        format!("{} has {} on {} until {}", claims.subject, claims.role, claims.selection, claims.expires_at);
    Imported { stored: Stored { state, private: private.write(), identity }, name }
}

/// A locator for what is selected, in the spelling that is never ambiguous.
fn locator(selection: &SelectionText) -> Option<String> {
    let scope = selection.target.scope();
    let resource = ApiResource::new(&selection.group, &selection.plural, &selection.plural, scope).ok()?;
    let kind =
        if selection.group.is_empty() { format!("{}.core", resource.plural()) } else { resource.to_string() };
    Some(match &selection.target {
        Target::Object { namespace, name } => format!("{kind} / {namespace} / {name}"),
        Target::Kind { namespace } => format!("{kind} / {namespace} / *"),
        Target::KindEverywhere => format!("{kind} / * / *"),
        Target::ClusterObject { name } => format!("{kind} / {name}"),
        Target::ClusterKind => format!("{kind} / *"),
    })
}

fn eks(identity: Option<&IamIdentity>) -> Value {
    identity.map_or(Value::Null, |identity| Value::object([("iam_arn", Value::string(identity.to_string()))]))
}

fn subject(subject: &Subject) -> Value {
    let (kind, name, namespace) = match subject.view() {
        SubjectView::User(name) => ("User", name, None),
        SubjectView::Group(name) => ("Group", name, None),
        SubjectView::ServiceAccount { namespace, name } => {
            ("ServiceAccount", name, Some(namespace.to_string()))
        }
    };
    Value::object([
        ("kind", Value::string(kind)),
        ("name", Value::string(name)),
        ("namespace", namespace.into_value()),
    ])
}
