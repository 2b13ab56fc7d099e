//! A request as people write it, found in a catalogue. Not here: what a policy says to it.

use p0_grant::catalogue::{Catalogue, UnknownRole};
use p0_grant::danger::Class;
use p0_grant::locator::{Locator, LocatorError};
use p0_grant::plan::{PlanError, Settings, preview};
use p0_grant::role::{RoleRef, RoleRefError};
use p0_grant::selection::{Selection, SelectionError};
use p0_grant::subject::{Subject, SubjectError};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::duration::Lifetime;
use crate::grant_schema::ClassSchema;
use crate::identity::{Identities, WhoError};
use crate::layout::ClusterName;
use crate::name::PersonName;
use crate::policy::{Policy, Question, Risk, Stated, Term};

/// What a request is held to.
#[derive(Clone, Copy, Debug)]
pub struct PolicyInputs<'a> {
    /// The policy.
    pub policy: &'a Policy,
    /// The persons.
    pub identities: &'a Identities,
    /// The cluster's roles and resources.
    pub catalogue: &'a Catalogue,
    /// How its grants are made.
    pub settings: &'a Settings,
}

/// A request in people's words.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Query {
    /// Who asks.
    pub requester: PersonName,
    /// Who gets access, if somebody else: a person's name, or a subject such as `Group/dev`.
    #[serde(default)]
    pub to: Option<String>,
    /// Where.
    pub cluster: ClusterName,
    /// Which role: `view`, `ClusterRole/view`, `Role/shop/deployer`.
    pub role: String,
    /// On what: `<kind> / <namespace> / <name>`.
    pub locator: String,
    /// Subresources besides the resource itself.
    #[serde(default)]
    pub subresources: Vec<String>,
    /// For how long.
    #[serde(default)]
    pub duration: Option<Lifetime>,
    /// Until it is reviewed.
    #[serde(default)]
    pub persistent: bool,
    /// Why.
    #[serde(default)]
    pub reason: Option<String>,
    /// Take it for so dangerous instead of looking.
    #[serde(default)]
    #[schemars(with = "Option<ClassSchema>")]
    pub danger: Option<Class>,
}

/// A request whose every word was found.
#[derive(Clone, Debug)]
pub struct ResolvedQuery {
    /// Who asks.
    pub requester: PersonName,
    /// Who gets access.
    pub subject: Subject,
    /// Where.
    pub cluster: ClusterName,
    /// Which role.
    pub role: RoleRef,
    /// On what.
    pub selection: Selection,
    /// How dangerous that is.
    pub risk: Risk,
    /// For how long.
    pub term: Term,
    /// Why.
    pub reason: Option<String>,
}

/// Why there is nothing to ask a policy.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QueryError {
    /// The file has no person who gets access.
    #[error(transparent)]
    Who(#[from] WhoError),
    /// No subject.
    #[error(transparent)]
    Subject(#[from] SubjectError),
    /// No role's name.
    #[error(transparent)]
    RoleName(#[from] RoleRefError),
    /// The cluster has no such role.
    #[error(transparent)]
    Role(#[from] UnknownRole),
    /// Nothing is picked.
    #[error(transparent)]
    Locator(#[from] LocatorError),
    /// It has no such subresource.
    #[error(transparent)]
    Selection(#[from] SelectionError),
    /// The role gives nothing there.
    #[error(transparent)]
    Plan(#[from] PlanError),
}

impl Query {
    /// Finds every word of it.
    ///
    /// # Errors
    /// [`QueryError`].
    pub fn find(&self, inputs: PolicyInputs<'_>) -> Result<ResolvedQuery, QueryError> {
        let selection = self.locator.parse::<Locator>()?.resolve(inputs.catalogue)?;
        let role = inputs.catalogue.role(&self.role.parse()?)?;
        let selection = selection.with_subresources_of(role, self.subresources.iter().cloned())?;
        let mut risk = Risk::of(&preview(role, &selection, inputs.settings)?);
        if self.danger.is_some() {
            risk.worst = self.danger;
        }
        Ok(ResolvedQuery {
            requester: self.requester.clone(),
            subject: self.subject(inputs.identities)?,
            cluster: self.cluster.clone(),
            role: role.reference().clone(),
            selection,
            risk,
            term: if self.persistent { Term::Persistent } else { Term::For(self.duration) },
            reason: self.reason.clone(),
        })
    }

    /// A person's name comes before a user of Kubernetes that is called the same.
    fn subject(&self, identities: &Identities) -> Result<Subject, QueryError> {
        let named = match &self.to {
            None => Some(identities.by_name(&self.requester)?),
            Some(text) => PersonName::new(text.as_str()).ok().and_then(|name| identities.by_name(&name).ok()),
        };
        match (named, &self.to) {
            (Some(person), _) => Ok(identities.subject_of(person)?),
            (None, Some(text)) => Ok(text.parse()?),
            (None, None) => Err(WhoError::Unknown(format!("`{}`", self.requester)).into()),
        }
    }
}

impl ResolvedQuery {
    /// As a policy is asked.
    pub fn question(&self) -> Question<'_> {
        Question {
            requester: &self.requester,
            subject: &self.subject,
            cluster: &self.cluster,
            role: &self.role,
            selection: &self.selection,
            risk: self.risk.clone(),
            term: self.term,
            reason: self.reason.as_deref().map_or(Stated::Nothing, Stated::Text),
        }
    }
}

impl QueryError {
    /// A word for machines.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Who(_) => "unknown-person",
            Self::Subject(_) => "subject",
            Self::RoleName(_) | Self::Role(_) => "role",
            Self::Locator(_) | Self::Selection(_) => "selection",
            Self::Plan(_) => "plan",
        }
    }
}
