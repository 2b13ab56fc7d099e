//! What policy on base is asked about: the grants of a request as the catalogue makes them, and who asks.
//!
//! A file that is missing or cannot be used refuses everything that needs it. Not here: reading files
//! ([`crate::repository::BaseSnapshot`]), and what policy answers.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use p0_access::cluster::Cluster;
use p0_access::layout::ClusterName;
use p0_access::planned::{Planned, PlannedError, select};
use p0_access::policy::{Answer, Match, Policy, Question, Risk, Stated, Term, decide};
use p0_access::preapproval::Opened;
use p0_access::request::RequestedGrant;
use p0_grant::catalogue::Catalogue;
use p0_grant::digest::SubsetDigest;
use p0_grant::name::GrantId;
use p0_grant::role::RoleRef;
use p0_grant::selection::{Selection, SelectionText};

use super::actor::People;
use super::{Result, WorkflowError};
use crate::repository::BaseSnapshot;

/// Base, as far as some clusters need it.
pub(crate) struct PolicyContext {
    pub(crate) policy: Arc<Policy>,
    pub(crate) people: People,
    pub(crate) preapprovals: Vec<Opened>,
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
    pub(super) fn of(snapshot: &BaseSnapshot, clusters: &BTreeSet<ClusterName>) -> Result<Self> {
        let files = |cluster: &ClusterName| {
            Ok((cluster.clone(), (snapshot.settings(cluster)?, snapshot.catalogue(cluster)?)))
        };
        let preapprovals = snapshot.preapprovals().iter().filter_map(|(id, read)| match read {
            Ok(opened) => Some(opened.clone()),
            Err(problem) => {
                tracing::warn!(%id, problem, "a preapproval approves nothing");
                None
            }
        });
        Ok(Self {
            policy: snapshot.policy()?,
            people: People::of(snapshot)?,
            preapprovals: preapprovals.collect(),
            clusters: clusters.iter().map(files).collect::<Result<_>>()?,
        })
    }
}

impl PolicyContext {
    /// What `role` gives on a selection.
    pub(crate) fn member(
        &self,
        cluster: &ClusterName,
        role: &RoleRef,
        select: impl FnOnce(&Catalogue) -> Result<Selection>,
    ) -> Result<PlannedGrant> {
        let (settings, catalogue) =
            self.clusters.get(cluster).ok_or_else(|| WorkflowError::NoRepository(cluster.to_string()))?;
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
        let not_there = |error: &dyn std::error::Error| WorkflowError::NotThere(error.to_string());
        self.member(&want.cluster, &want.role, |catalogue| {
            let text: SelectionText = want.selection.parse().map_err(|error| not_there(&error))?;
            let role = catalogue.role(&want.role).map_err(|error| not_there(&error))?;
            let selection = select(&text, &want.subresources, role, catalogue);
            selection.map_err(|error| not_there(&error))
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
    /// Whether somebody looks into the cluster to see what it has.
    pub(crate) fn is_confirmed(&self, cluster: &ClusterName) -> bool {
        self.clusters.get(cluster).is_some_and(|(settings, _)| settings.confirm.is_some())
    }
}

impl PlannedGrant {
    pub(crate) fn digest(&self) -> SubsetDigest {
        SubsetDigest::of(self.planned.plan.report().rules())
    }

    pub(crate) fn into_want(self, grant: GrantId) -> RequestedGrant {
        RequestedGrant {
            grant,
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
