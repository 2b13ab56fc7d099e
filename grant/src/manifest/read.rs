//! The strict reader of a grant file: two documents, these fields, one spelling.
//!
//! Whoever changes a grant by hand is told the first thing that is wrong. Not here: whether the rules are what the role
//! gives; that takes the catalogue.

use super::annotations::CoreText;
use super::object::{Kind, Object};
use super::{Claims, GRANT, MANAGED_BY, Manifest};
use crate::digest::{DigestError, SubsetDigest};
use crate::evaluate::BindingScope;
use crate::grant::{ManagedBy, RoleObject, Workflow};
use crate::name::{GrantId, NameError};
use crate::role::{RoleRef, RoleRefError};
use crate::rule::Rule;
use crate::selection::{SelectionText, SelectionTextError};
use crate::subject::{Subject, SubjectError};
use crate::text::{TextError, check_line, check_text};
use crate::yaml::{self, Limits, YamlError};

/// Why a text is not a grant file, or a grant has no manifest.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ManifestError {
    /// Not YAML, or with fields that a grant does not have.
    #[error(transparent)]
    Yaml(#[from] YamlError),
    /// Not two documents.
    #[error("a grant file has two documents, a role and a binding; this one has {0}")]
    Documents(usize),
    /// Kinds that do not go together.
    #[error("the {object} {problem}")]
    Shape {
        /// Which object.
        object: &'static str,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// Something that every grant has.
    #[error("the {object} lacks `{field}`")]
    Missing {
        /// Which object.
        object: &'static str,
        /// What.
        field: &'static str,
    },
    /// Something that no grant has.
    #[error("the {object} has `{field}`, which no grant carries")]
    Unexpected {
        /// Which object.
        object: &'static str,
        /// What.
        field: String,
    },
    /// The objects disagree with each other or with themselves.
    #[error("{0}")]
    Disagree(&'static str),
    /// Not a time as grants write it.
    #[error("`{field}` is `{text}`, not a time such as `2026-11-24T10:00:00Z`")]
    Time {
        /// Which annotation.
        field: &'static str,
        /// What it says.
        text: String,
    },
    /// Not an id.
    #[error("the label `p0.dev/grant` is wrong")]
    Id(#[source] NameError),
    /// Not a role.
    #[error("`p0.dev/role` is wrong")]
    Role(#[source] RoleRefError),
    /// Not a selection.
    #[error("`p0.dev/selection` is wrong")]
    Selection(#[source] SelectionTextError),
    /// Not a digest.
    #[error("`p0.dev/subset-sha256` is wrong")]
    Digest(#[source] DigestError),
    /// Nobody a grant may be for.
    #[error("the binding's subject is wrong")]
    Subject(#[source] SubjectError),
    /// A text that must not stand in a manifest.
    #[error("a text in the file is refused")]
    Text(#[source] TextError),
    /// Too much for Kubernetes.
    #[error("the annotations have {0} bytes, more than the 262144 that Kubernetes stores")]
    TooLong(usize),
    /// The same values in another spelling: a comment, other quotes, other order.
    #[error("line {line} is not as this grant is written: it reads `{found}`, and should read `{expected}`")]
    NotCanonical {
        /// Counted from 1.
        line: usize,
        /// What is there.
        found: String,
        /// What should be.
        expected: String,
    },
}

const ROLE: &str = "role object";
const BINDING: &str = "binding";

impl Manifest {
    /// Reads a grant file.
    ///
    /// # Errors
    /// [`ManifestError`] says the first thing that is wrong.
    pub fn read(text: &str) -> Result<Self, ManifestError> {
        let documents: Vec<Object> = yaml::read_all(text, Limits::FILE)?;
        let count = documents.len();
        let [role_object, binding]: [Object; 2] =
            documents.try_into().map_err(|_| ManifestError::Documents(count))?;
        let claims = claims(&role_object, &binding)?;
        check_consistent(&claims)?;
        let manifest = Self::build(&role_object.metadata.name, claims)?;
        if manifest.role_object != role_object || manifest.binding != binding {
            return Err(ManifestError::Disagree(
                "names, namespaces, kinds or references of the two objects do not belong together",
            ));
        }
        check_canonical(text, &manifest.to_yaml()?)?;
        Ok(manifest)
    }
}

fn claims(role: &Object, binding: &Object) -> Result<Claims, ManifestError> {
    let (role_object, scope) = kinds(role, binding)?;
    let rules = role.rules.clone().ok_or(ManifestError::Missing { object: ROLE, field: "rules" })?;
    let subject = subject(binding)?;
    let mut taken = role.metadata.annotations.clone().take(ROLE);
    let core = taken.core()?;
    taken.end()?;
    let mut rest = binding.metadata.annotations.clone().take(BINDING);
    rest.core()?;
    let (signature, workflow) = rest.workflow()?;
    rest.end()?;
    let CoreText { created_at, expires_at, role: source, selection, subresources, digest } = core;
    Ok(Claims {
        id: id(role)?,
        managed_by: managed_by(role)?,
        role: RoleRef::try_from(source).map_err(ManifestError::Role)?,
        selection: selection.parse::<SelectionText>().map_err(ManifestError::Selection)?,
        subresources,
        digest: SubsetDigest::try_from(digest).map_err(ManifestError::Digest)?,
        created_at,
        expires_at,
        rules,
        subject,
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

fn subject(binding: &Object) -> Result<Subject, ManifestError> {
    match binding.subjects.as_deref() {
        Some([fields]) => Subject::try_from(fields.clone()).map_err(ManifestError::Subject),
        Some(_) => Err(ManifestError::Shape { object: BINDING, problem: "has not exactly one subject" }),
        None => Err(ManifestError::Missing { object: BINDING, field: "subjects" }),
    }
}

fn id(role: &Object) -> Result<GrantId, ManifestError> {
    let label =
        role.metadata.labels.get(GRANT).ok_or(ManifestError::Missing { object: ROLE, field: GRANT })?;
    GrantId::new(label.as_str()).map_err(ManifestError::Id)
}

fn managed_by(role: &Object) -> Result<ManagedBy, ManifestError> {
    let label = role
        .metadata
        .labels
        .get(MANAGED_BY)
        .ok_or(ManifestError::Missing { object: ROLE, field: MANAGED_BY })?;
    let known = [ManagedBy::P0Gitops, ManagedBy::TerraformProviderP0];
    let known = known.into_iter().find(|product| product.to_string() == *label);
    known.ok_or(ManifestError::Shape { object: ROLE, problem: "is managed by neither of the two products" })
}

/// What the claims must be whatever the catalogue says.
fn check_consistent(claims: &Claims) -> Result<(), ManifestError> {
    let disagree = |problem| Err(ManifestError::Disagree(problem));
    if claims.expires_at <= claims.created_at {
        return disagree("the grant expires before it was created");
    }
    if claims.rules.is_empty() {
        return disagree("the role object has no rules");
    }
    if SubsetDigest::of(&claims.rules) != claims.digest {
        return disagree("`p0.dev/subset-sha256` is not the digest of the rules");
    }
    if claims.scope != BindingScope::of(&claims.selection.target) {
        return disagree("the binding does not count where the selection is");
    }
    if !claims.rules.iter().all(|rule| is_on(rule, &claims.selection)) {
        return disagree("a rule reaches beyond the selection");
    }
    check_texts(claims).map_err(ManifestError::Text)
}

/// Literal groups, the selected resource and its subresources, and the selected name where there is one.
fn is_on(rule: &Rule, selection: &SelectionText) -> bool {
    let Some(rule) = rule.as_resource() else { return false };
    let own = |entry: &String| match entry.strip_prefix(selection.plural.as_str()) {
        Some("") => true,
        Some(rest) => rest.starts_with('/') && !rest.contains('*'),
        None => false,
    };
    let named = selection.target.name().is_none_or(|name| rule.resource_names() == [name.as_str()]);
    named && rule.resources().iter().all(own) && !rule.api_groups().iter().any(|group| group.contains('*'))
}

fn check_texts(claims: &Claims) -> Result<(), TextError> {
    check_line(&claims.role.to_string())?;
    check_line(&claims.selection.to_string())?;
    check_line(&claims.subject.to_string())?;
    claims
        .rules
        .iter()
        .filter_map(Rule::as_resource)
        .flat_map(|rule| rule.resource_names())
        .try_for_each(|name| check_text(name))?;
    let Some(Workflow {
        cluster,
        requester,
        approvers,
        policy_rule,
        policy_sha256,
        merge_before: _,
        request_url,
        reason,
    }) = &claims.workflow
    else {
        return Ok(());
    };
    [cluster, requester].into_iter().chain(approvers).try_for_each(|text| check_line(text))?;
    [policy_rule, policy_sha256, request_url].into_iter().flatten().try_for_each(|text| check_line(text))?;
    reason.iter().try_for_each(|text| check_text(text))
}

/// Equal values in other bytes are refused: what reviewers read and what is signed must be the same.
fn check_canonical(found: &str, expected: &str) -> Result<(), ManifestError> {
    if found == expected {
        return Ok(());
    }
    let lines = |text: &str| text.split('\n').map(str::to_owned).chain([String::new()]).collect::<Vec<_>>();
    let (found, expected) = (lines(found), lines(expected));
    let pairs = found.iter().zip(&expected).enumerate();
    let first = pairs.into_iter().find(|(_, (found, expected))| found != expected);
    let (line, found, expected) = match first {
        Some((index, (found, expected))) => (index + 1, found.clone(), expected.clone()),
        None => (found.len().min(expected.len()), String::new(), String::new()),
    };
    Err(ManifestError::NotCanonical { line, found, expected })
}
