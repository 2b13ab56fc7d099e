//! The strict reader of a grant file: two documents, these fields, one spelling.
//!
//! Three steps: the YAML becomes two objects of known fields; what they claim becomes types that cannot be wrong, and is
//! checked for what must hold whatever the catalogue says; then the claims are written again, and must give the very bytes
//! that were read. Whatever no claim speaks of, a second label, a comment, another order, ends there. A file as it was
//! written is recognised without the first step ([`canonical`]), which takes most of the time. Not here: whether the rules are
//! what the role gives; that takes the catalogue.

use std::collections::BTreeMap;

use super::annotations::CoreText;
use super::object::{Kind, Metadata, Object};
use super::{Claims, Difference, GRANT, MANAGED_BY, Manifest, ManifestError, canonical, names};
use crate::alias::alias_group;
use crate::digest::SubsetDigest;
use crate::evaluate::BindingScope;
use crate::grant::{ManagedBy, RoleObject, Terms};
use crate::name::GrantId;
use crate::role::RoleRef;
use crate::rule::Rule;
use crate::rule::is_literal;
use crate::selection::SelectionText;
use crate::subject::{Subject, SubjectFields};
use crate::yaml::{self, Limits};

const ROLE: &str = "role object";
const BINDING: &str = "binding";

impl Manifest {
    /// Reads a grant file.
    ///
    /// # Errors
    /// [`ManifestError`] says the first thing that is wrong.
    pub fn read(text: &str) -> Result<Self, ManifestError> {
        match canonical::objects(text).and_then(|objects| proven(&objects, text)) {
            Some(manifest) => Ok(manifest),
            None => Self::read_strictly(text),
        }
    }

    /// The same by the strict reader of YAML alone: what [`Manifest::read`] is held to.
    ///
    /// # Errors
    /// As [`Manifest::read`].
    pub fn read_strictly(text: &str) -> Result<Self, ManifestError> {
        let documents: Vec<Object> = yaml::read_all(text, Limits::FILE)?;
        let count = documents.len();
        let [role, binding]: [Object; 2] =
            documents.try_into().map_err(|_| ManifestError::Documents(count))?;
        let manifest = Self::claimed(role, binding)?;
        // Equal values in other bytes are refused: what reviewers read and what is signed must be the same.
        match Difference::first(text, &manifest.to_yaml()?) {
            None => Ok(manifest),
            Some(difference) => Err(difference.into()),
        }
    }

    /// The manifest that has just these two objects.
    pub(super) fn exactly(role: &Object, binding: &Object) -> Result<Self, ManifestError> {
        let manifest = Self::claimed(role.clone(), binding.clone())?;
        if manifest.role_object != *role {
            return Err(ManifestError::Disagree("the role object is not as its grant makes it"));
        }
        if manifest.binding != *binding {
            return Err(ManifestError::Disagree("the binding is not as its grant makes it"));
        }
        Ok(manifest)
    }

    /// The manifest that two objects claim to be.
    fn claimed(role: Object, binding: Object) -> Result<Self, ManifestError> {
        let name = role.metadata.name.clone();
        let claims = claims(role, binding)?;
        check_consistent(&claims)?;
        Self::build(&name, claims)
    }
}

/// The manifest of objects that were found without any knowledge of YAML. They are what the text says if their manifest has
/// just these objects and just this text: what is written reads back equal, which is a law of the writer.
fn proven([role, binding]: &[Object; 2], text: &str) -> Option<Manifest> {
    let manifest = Manifest::exactly(role, binding).ok()?;
    (manifest.to_yaml().ok()? == text).then_some(manifest)
}

fn claims(role: Object, binding: Object) -> Result<Claims, ManifestError> {
    let (role_object, scope) = kinds(&role, &binding)?;
    let rules = role.rules.ok_or(ManifestError::Missing { object: ROLE, field: "rules" })?;
    let subject = subject(binding.subjects)?;
    let Metadata { name, labels, annotations, .. } = role.metadata;
    let mut taken = annotations.take(ROLE);
    let core = taken.core()?;
    taken.end()?;
    let mut rest = binding.metadata.annotations.take(BINDING);
    rest.core()?;
    let (signature, workflow) = rest.workflow()?;
    rest.end()?;
    let CoreText { created_at, expires_at, iam, role: source, selection, subresources, digest } = core;
    let id = id(&labels)?;
    let source = RoleRef::try_from(source).map_err(ManifestError::Role)?;
    let selection = selection.parse::<SelectionText>().map_err(ManifestError::Selection)?;
    let prefix = names::prefix(&name, &source, &selection.plural, &id);
    Ok(Claims {
        prefix: prefix.ok_or(ManifestError::Name(name))?,
        id,
        managed_by: managed_by(&labels)?,
        role: source,
        selection,
        subresources,
        digest: SubsetDigest::try_from(digest).map_err(ManifestError::Digest)?,
        created_at,
        expires_at,
        rules,
        subject,
        iam,
        role_object,
        scope,
        workflow,
        signature,
    })
}

fn kinds(role: &Object, binding: &Object) -> Result<(RoleObject, BindingScope), ManifestError> {
    let shape = |object, problem| Err(ManifestError::Shape { object, problem });
    let role_object = match role.kind {
        Kind::ClusterRole => RoleObject::ClusterRole,
        Kind::Role => RoleObject::Role,
        _ => return shape(ROLE, "comes first and is a ClusterRole or a Role"),
    };
    match (binding.kind, &binding.metadata.namespace) {
        (Kind::ClusterRoleBinding, None) => Ok((role_object, BindingScope::Cluster)),
        (Kind::RoleBinding, Some(namespace)) => Ok((role_object, BindingScope::Namespace(namespace.clone()))),
        (Kind::RoleBinding, None) => shape(BINDING, "is a RoleBinding without a namespace"),
        (Kind::ClusterRoleBinding, Some(_)) => shape(BINDING, "is a ClusterRoleBinding with a namespace"),
        _ => shape(BINDING, "comes second and is a RoleBinding or a ClusterRoleBinding"),
    }
}

fn subject(subjects: Option<Vec<SubjectFields>>) -> Result<Subject, ManifestError> {
    let subjects = subjects.ok_or(ManifestError::Missing { object: BINDING, field: "subjects" })?;
    let [fields]: [SubjectFields; 1] = subjects
        .try_into()
        .map_err(|_| ManifestError::Shape { object: BINDING, problem: "has not exactly one subject" })?;
    Subject::try_from(fields).map_err(ManifestError::Subject)
}

fn id(labels: &BTreeMap<String, String>) -> Result<GrantId, ManifestError> {
    let label = labels.get(GRANT).ok_or(ManifestError::Missing { object: ROLE, field: GRANT })?;
    GrantId::new(label.as_str()).map_err(ManifestError::Id)
}

fn managed_by(labels: &BTreeMap<String, String>) -> Result<ManagedBy, ManifestError> {
    let label = labels.get(MANAGED_BY).ok_or(ManifestError::Missing { object: ROLE, field: MANAGED_BY })?;
    let known = [ManagedBy::P0Gitops, ManagedBy::TerraformProviderP0];
    let known = known.into_iter().find(|product| product.to_string() == *label);
    known.ok_or(ManifestError::Shape { object: ROLE, problem: "is managed by neither of the two products" })
}

/// What the claims must be whatever the catalogue says.
pub(super) fn check_consistent(claims: &Claims) -> Result<(), ManifestError> {
    let disagree = |problem| Err(ManifestError::Disagree(problem));
    if claims.rules.is_empty() {
        return disagree("the role object has no rules");
    }
    if SubsetDigest::of(&claims.rules) != claims.digest {
        return disagree("`p0.dev/subset-sha256` is not the digest of the rules");
    }
    if claims.scope != claims.selection.target.binding_scope() {
        return disagree("the binding does not count where the selection is");
    }
    if !claims.subresources.is_sorted_by(|one, next| one < next)
        || !claims.subresources.iter().all(|name| is_literal(name))
    {
        return disagree("`p0.dev/subresources` is not a sorted list of subresources");
    }
    if !claims.rules.iter().all(|rule| is_within(rule, claims)) {
        return disagree("a rule reaches beyond the selection");
    }
    terms(claims).check().map_err(ManifestError::Grant)
}

/// The selected resource and subresources, in its own group or the other one of the same objects, and the selected name
/// where there is one.
fn is_within(rule: &Rule, claims: &Claims) -> bool {
    let Some(rule) = rule.as_resource() else { return false };
    let SelectionText { group, plural, target } = &claims.selection;
    let is_own_group = |entry: &String| entry == group || alias_group(group, plural) == Some(entry.as_str());
    let is_own_resource = |entry: &String| match entry.split_once('/') {
        None => entry == plural,
        Some((resource, subresource)) => {
            resource == plural && claims.subresources.iter().any(|own| own == subresource)
        }
    };
    rule.api_groups().iter().all(is_own_group)
        && rule.resources().iter().all(is_own_resource)
        && target.name().is_none_or(|name| rule.resource_names() == [name.as_str()])
}

fn terms(claims: &Claims) -> Terms<'_> {
    Terms {
        role: &claims.role,
        selection: claims.selection.to_string(),
        subresources: claims.subresources.join(","),
        rules: &claims.rules,
        subject: &claims.subject,
        iam: claims.iam.as_ref(),
        created_at: claims.created_at,
        expires_at: claims.expires_at,
        workflow: claims.workflow.as_ref(),
    }
}
