//! What policy on base is asked about: the grants of a request as the catalogue makes them, and who asks.
//!
//! A file that is missing or cannot be used refuses everything that needs it. Not here: reading files
//! ([`crate::repository::BaseSnapshot`]), and what policy answers.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use p0_access::cluster::{Cluster, MergeMode};
use p0_access::eks::Eks;
use p0_access::layout::ClusterName;
use p0_access::planned::{Planned, PlannedError, select};
use p0_access::policy::{Answer, Match, Policy, Question, Risk, Stated, Term, decide};
use p0_access::preapproval::Opened;
use p0_access::repository_id::RepositoryId;
use p0_access::request::RequestedGrant;
use p0_grant::arn::IamIdentity;
use p0_grant::catalogue::Catalogue;
use p0_grant::digest::SubsetDigest;
use p0_grant::name::GrantId;
use p0_grant::role::RoleRef;
use p0_grant::selection::{Selection, SelectionText};
use p0_grant::subject::Subject;

use super::actor::People;
use super::{Result, WorkflowError};
use crate::repository::BaseSnapshot;

/// Base, as far as some clusters need it.
pub(crate) struct PolicyContext {
    pub(crate) policy: Arc<Policy>,
    pub(crate) people: People,
    pub(crate) preapprovals: Vec<Opened>,
    pub(crate) repository: Option<RepositoryId>,
    clusters: BTreeMap<ClusterName, (Arc<Cluster>, Arc<Catalogue>)>,
}

/// What one grant of a request gives, by the catalogue on base.
pub(crate) struct PlannedGrant {
    pub(crate) cluster: ClusterName,
    pub(crate) planned: Planned,
    pub(crate) settings: Arc<Cluster>,
}

impl PolicyContext {
    /// What base says about `clusters`. A preapproval that cannot be verified approves nothing.
    pub(crate) fn of(snapshot: &BaseSnapshot, clusters: &BTreeSet<ClusterName>) -> Result<Self> {
        let files = |cluster: &ClusterName| {
            Ok((cluster.clone(), (snapshot.settings(cluster)?, snapshot.catalogue(cluster)?)))
        };
        let preapprovals = snapshot.preapprovals().values().flatten().cloned();
        Ok(Self {
            policy: snapshot.policy()?,
            people: People::of(snapshot)?,
            preapprovals: preapprovals.collect(),
            repository: snapshot.repository_id()?,
            clusters: clusters.iter().map(files).collect::<Result<_>>()?,
        })
    }
}

impl PolicyContext {
    /// The same with a policy that is not frozen: for taking away.
    pub(crate) fn thawed(self) -> Self {
        Self { policy: Arc::new(self.policy.thawed()), ..self }
    }

    /// What `role` gives on a selection.
    pub(crate) fn member(
        &self,
        cluster: &ClusterName,
        role: &RoleRef,
        select: impl FnOnce(&Catalogue) -> Result<Selection>,
    ) -> Result<PlannedGrant> {
        let unknown = || WorkflowError::NoRepository {
            clusters: cluster.to_string(),
            known: self.clusters.keys().map(ToString::to_string).collect(),
        };
        let (settings, catalogue) = self.clusters.get(cluster).ok_or_else(unknown)?;
        let not_there = |error: &dyn std::error::Error| WorkflowError::NotThere(error.to_string());
        let found = catalogue.role(role).map_err(|error| not_there(&error))?;
        let selection = select(catalogue)?;
        let planned = Planned::new(found, selection, &settings.plan_settings(), catalogue);
        let planned = planned.map_err(|error| match error {
            PlannedError::Plan(error) => WorkflowError::Plan(error),
            error => not_there(&error),
        })?;
        Ok(PlannedGrant { cluster: cluster.clone(), planned, settings: settings.clone() })
    }

    /// What a want gives now.
    pub(crate) fn want(&self, want: &RequestedGrant) -> Result<PlannedGrant> {
        self.stated(&want.cluster, &want.role, &want.selection, &want.subresources)
    }

    /// What `role` gives now on a selection that is written down.
    pub(crate) fn stated(
        &self,
        cluster: &ClusterName,
        role: &RoleRef,
        selection: &str,
        subresources: &[String],
    ) -> Result<PlannedGrant> {
        let not_there = |error: &dyn std::error::Error| WorkflowError::NotThere(error.to_string());
        self.member(cluster, role, |catalogue| {
            let text: SelectionText = selection.parse().map_err(|error| not_there(&error))?;
            let found = catalogue.role(role).map_err(|error| not_there(&error))?;
            select(&text, subresources, found, catalogue).map_err(|error| not_there(&error))
        })
    }

    /// What policy says of `question`.
    pub(crate) fn decide(&self, question: &Question<'_>) -> Result<Match> {
        match decide(&self.policy, &self.people.identities, question) {
            Answer::Matched(found) => Ok(found),
            Answer::Refused(reasons) => Err(WorkflowError::Policy(reasons)),
        }
    }
}

impl PolicyContext {
    /// Who merges changes on these clusters: the most careful of their modes.
    pub(crate) fn merge_mode(&self) -> MergeMode {
        self.clusters.values().map(|(settings, _)| settings.merge).max().unwrap_or_default()
    }

    /// Whether somebody looks into the cluster to see what it has.
    pub(crate) fn is_confirmed(&self, cluster: &ClusterName) -> bool {
        self.clusters.get(cluster).is_some_and(|(settings, _)| settings.confirm.is_some())
    }
}

impl PlannedGrant {
    /// Who `subject` is for AWS, where a grant on this cluster needs an entry in `aws-auth`.
    pub(crate) fn iam(&self, known: &PolicyContext, subject: &Subject) -> Result<Option<IamIdentity>> {
        let found = Eks::identity_of(self.settings.eks.as_ref(), &known.people.identities, subject);
        found.map_err(WorkflowError::Eks)
    }

    pub(crate) fn digest(&self) -> SubsetDigest {
        SubsetDigest::of(self.planned.plan.report().rules())
    }

    pub(crate) fn into_want(self, grant: GrantId, iam: Option<IamIdentity>) -> RequestedGrant {
        RequestedGrant {
            grant,
            iam_arn: iam.map(|identity| identity.to_string()),
            digest: self.digest(),
            danger: p0_grant::danger::worst(self.planned.plan.report().dangers()),
            cluster: self.cluster,
            role: self.planned.role,
            selection: self.planned.selection.to_string(),
            subresources: self.planned.selection.subresources().iter().cloned().collect(),
        }
    }

    pub(crate) fn question<'a>(&'a self, context: &QueryContext<'a>) -> Question<'a> {
        Question {
            requester: context.requester,
            subject: context.subject,
            cluster: &self.cluster,
            role: &self.planned.role,
            selection: &self.planned.selection,
            risk: Risk::of(self.planned.plan.report()),
            term: context.term,
            reason: context.reason.map_or(Stated::Nothing, Stated::Text),
        }
    }
}

/// What all members of a request have in common.
pub(crate) struct QueryContext<'a> {
    pub(crate) requester: &'a p0_access::name::PersonName,
    pub(crate) subject: &'a p0_grant::subject::Subject,
    pub(crate) term: Term,
    pub(crate) reason: Option<&'a str>,
}
