//! What base says: policy, persons, clusters and preapprovals, parsed once for each text.
//!
//! A file that is missing or cannot be read refuses whatever needs it; what it said before is never used. Not here: what
//! is asked of them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use p0_access::cluster::Cluster;
use p0_access::digest::sha256;
use p0_access::identity::{IDENTITIES, Identities};
use p0_access::layout::ClusterName;
use p0_access::policy::{Answer, Match, POLICY, Policy, Question, Risk, Stated, Term, decide};
use p0_access::preapproval::{Opened, Preapproval};
use p0_access::request::RequestedGrant;
use p0_grant::catalogue::Catalogue;
use p0_grant::digest::SubsetDigest;
use p0_grant::name::GrantId;
use p0_grant::plan::{Plan, plan};
use p0_grant::role::RoleRef;
use p0_grant::selection::{Selection, SelectionText};

use super::actor::People;
use super::{Result, WorkflowError};

pub(crate) use p0_access::preapproval::PREAPPROVALS;

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
    pub(crate) role: RoleRef,
    pub(crate) selection: Selection,
    pub(crate) plan: Plan,
    pub(crate) settings: Arc<Cluster>,
}

/// Files that were parsed before, by their path and digest.
#[derive(Default)]
pub(crate) struct SnapshotCache {
    policies: Parsed<Policy>,
    identities: Parsed<Identities>,
    clusters: Parsed<Cluster>,
    catalogues: Parsed<Catalogue>,
}

struct Parsed<T>(Mutex<BTreeMap<String, (String, Arc<T>)>>);

impl<T> Default for Parsed<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T> Parsed<T> {
    fn read<E: std::error::Error>(
        &self,
        files: &BTreeMap<String, Vec<u8>>,
        path: &str,
        parse: impl FnOnce(&str) -> std::result::Result<T, E>,
    ) -> Result<Arc<T>> {
        let unusable = |problem: String| WorkflowError::Unusable { file: path.to_owned(), problem };
        let bytes = files.get(path).ok_or_else(|| unusable("there is none".to_owned()))?;
        let digest = sha256(bytes);
        let mut parsed = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, value)) = parsed.get(path).filter(|(known, _)| *known == digest) {
            return Ok(value.clone());
        }
        let text = std::str::from_utf8(bytes).map_err(|_| unusable("it is not UTF-8 text".to_owned()))?;
        let value = Arc::new(parse(text).map_err(|error| unusable(error.to_string()))?);
        parsed.insert(path.to_owned(), (digest, value.clone()));
        Ok(value)
    }
}

/// The files of base that `clusters` need, besides preapprovals.
pub(crate) fn paths(clusters: &BTreeSet<ClusterName>) -> Vec<String> {
    let own = clusters.iter().flat_map(|cluster| [cluster.settings_path(), cluster.catalogue_path()]);
    [POLICY.to_owned(), IDENTITIES.to_owned()].into_iter().chain(own).collect()
}

impl SnapshotCache {
    pub(crate) fn read(
        &self,
        clusters: &BTreeSet<ClusterName>,
        files: &BTreeMap<String, Vec<u8>>,
    ) -> Result<PolicyContext> {
        let policy = self.policies.read(files, POLICY, Policy::read)?;
        let people = self.people(files)?;
        let mut known = BTreeMap::new();
        for cluster in clusters {
            let settings = self.clusters.read(files, &cluster.settings_path(), Cluster::read)?;
            let catalogue = self.catalogues.read(files, &cluster.catalogue_path(), Catalogue::read)?;
            known.insert(cluster.clone(), (settings, catalogue));
        }
        let preapprovals = preapprovals(files, &people.identities);
        Ok(PolicyContext { policy, people, preapprovals, clusters: known })
    }

    /// The persons alone: giving back what one has needs no policy, and no policy makes nobody a demo.
    pub(crate) fn people(&self, files: &BTreeMap<String, Vec<u8>>) -> Result<People> {
        let identities = self.identities.read(files, IDENTITIES, Identities::read)?;
        let policy = self.policies.read(files, POLICY, Policy::read);
        Ok(People { identities, demo: policy.is_ok_and(|policy| policy.settings().demo) })
    }
}

/// A preapproval that cannot be read or verified opens nothing.
fn preapprovals(files: &BTreeMap<String, Vec<u8>>, identities: &Identities) -> Vec<Opened> {
    let prefix = format!("{PREAPPROVALS}/");
    let open = |(path, bytes): (&String, &Vec<u8>)| {
        let file = path.strip_prefix(&prefix)?;
        let text = std::str::from_utf8(bytes).ok()?;
        match Preapproval::read(file, text).and_then(|preapproval| preapproval.open(identities)) {
            Ok(opened) => Some(opened),
            Err(error) => {
                tracing::warn!(path, %error, "a preapproval that opens nothing");
                None
            }
        }
    };
    files.iter().filter_map(open).collect()
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
        if let Some(namespace) = selection.target().namespace() {
            catalogue.check_namespace(namespace).map_err(|error| not_there(&error))?;
        }
        let plan = plan(found, &selection, &settings.plan_settings()).map_err(WorkflowError::Plan)?;
        Ok(PlannedGrant {
            cluster: cluster.clone(),
            role: role.clone(),
            selection,
            plan,
            settings: settings.clone(),
        })
    }

    /// What a want gives now.
    pub(crate) fn want(&self, want: &RequestedGrant) -> Result<PlannedGrant> {
        let not_there = |error: &dyn std::error::Error| WorkflowError::NotThere(error.to_string());
        self.member(&want.cluster, &want.role, |catalogue| {
            let text: SelectionText = want.selection.parse().map_err(|error| not_there(&error))?;
            let resource = catalogue.resource(&text.group, &text.plural).ok_or_else(|| {
                WorkflowError::NotThere(format!(
                    "the cluster's catalogue has no `{}/{}`",
                    text.group, text.plural
                ))
            })?;
            let role = catalogue.role(&want.role).map_err(|error| not_there(&error))?;
            let asked = want.subresources.iter().cloned();
            let selection = Selection::new(resource.clone(), text.target)
                .and_then(|selection| selection.with_subresources_of(role, asked));
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
        SubsetDigest::of(self.plan.report().rules())
    }

    pub(crate) fn into_want(self, grant: GrantId) -> RequestedGrant {
        RequestedGrant {
            grant,
            digest: self.digest(),
            danger: p0_grant::danger::worst(self.plan.report().dangers()),
            cluster: self.cluster,
            role: self.role,
            selection: self.selection.to_string(),
            subresources: self.selection.subresources().iter().cloned().collect(),
        }
    }

    pub(crate) fn question<'a>(&'a self, context: &QueryContext<'a>) -> Question<'a> {
        Question {
            requester: context.requester,
            subject: context.subject,
            cluster: &self.cluster,
            role: &self.role,
            selection: &self.selection,
            risk: Risk::of(self.plan.report()),
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
