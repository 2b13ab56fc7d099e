//! What base says: policy, persons, clusters and windows, parsed once for each text.
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
use p0_access::request::Want;
use p0_access::window::{Opened, Window};
use p0_grant::catalogue::Catalogue;
use p0_grant::digest::SubsetDigest;
use p0_grant::name::GrantId;
use p0_grant::plan::{Plan, plan};
use p0_grant::role::RoleRef;
use p0_grant::selection::{Selection, SelectionText};

use super::actor::People;
use super::{DeskError, Result};

pub(super) use p0_access::window::WINDOWS;

/// Base, as far as some clusters need it.
pub(super) struct Known {
    pub(super) policy: Arc<Policy>,
    pub(super) people: People,
    pub(super) windows: Vec<Opened>,
    clusters: BTreeMap<ClusterName, (Arc<Cluster>, Arc<Catalogue>)>,
}

/// What one grant of a request gives, by the catalogue on base.
pub(super) struct Member {
    pub(super) cluster: ClusterName,
    pub(super) role: RoleRef,
    pub(super) selection: Selection,
    pub(super) plan: Plan,
    pub(super) settings: Arc<Cluster>,
}

/// Files that were parsed before, by their path and digest.
#[derive(Default)]
pub(super) struct Memo {
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
        let unusable = |problem: String| DeskError::Unusable { file: path.to_owned(), problem };
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

/// The files of base that `clusters` need, besides windows.
pub(super) fn paths(clusters: &BTreeSet<ClusterName>) -> Vec<String> {
    let own = clusters.iter().flat_map(|cluster| [cluster.settings_path(), cluster.catalogue_path()]);
    [POLICY.to_owned(), IDENTITIES.to_owned()].into_iter().chain(own).collect()
}

impl Memo {
    pub(super) fn read(
        &self,
        clusters: &BTreeSet<ClusterName>,
        files: &BTreeMap<String, Vec<u8>>,
    ) -> Result<Known> {
        let policy = self.policies.read(files, POLICY, Policy::read)?;
        let people = self.people(files)?;
        let mut known = BTreeMap::new();
        for cluster in clusters {
            let settings = self.clusters.read(files, &cluster.settings_path(), Cluster::read)?;
            let catalogue = self.catalogues.read(files, &cluster.catalogue_path(), Catalogue::read)?;
            known.insert(cluster.clone(), (settings, catalogue));
        }
        let windows = windows(files, &people.identities);
        Ok(Known { policy, people, windows, clusters: known })
    }

    /// The persons alone: giving back what one has needs no policy, and no policy makes nobody a demo.
    pub(super) fn people(&self, files: &BTreeMap<String, Vec<u8>>) -> Result<People> {
        let identities = self.identities.read(files, IDENTITIES, Identities::read)?;
        let policy = self.policies.read(files, POLICY, Policy::read);
        Ok(People { identities, demo: policy.is_ok_and(|policy| policy.settings().demo) })
    }
}

/// A window that cannot be read or verified opens nothing.
fn windows(files: &BTreeMap<String, Vec<u8>>, identities: &Identities) -> Vec<Opened> {
    let prefix = format!("{WINDOWS}/");
    let open = |(path, bytes): (&String, &Vec<u8>)| {
        let file = path.strip_prefix(&prefix)?;
        let text = std::str::from_utf8(bytes).ok()?;
        match Window::read(file, text).and_then(|window| window.open(identities)) {
            Ok(opened) => Some(opened),
            Err(error) => {
                tracing::warn!(path, %error, "a window that opens nothing");
                None
            }
        }
    };
    files.iter().filter_map(open).collect()
}

impl Known {
    /// What `role` gives on a selection.
    pub(super) fn member(
        &self,
        cluster: &ClusterName,
        role: &RoleRef,
        select: impl FnOnce(&Catalogue) -> Result<Selection>,
    ) -> Result<Member> {
        let (settings, catalogue) =
            self.clusters.get(cluster).ok_or_else(|| DeskError::NoRepository(cluster.to_string()))?;
        let not_there = |error: &dyn std::error::Error| DeskError::NotThere(error.to_string());
        let found = catalogue.role(role).map_err(|error| not_there(&error))?;
        let selection = select(catalogue)?;
        if let Some(namespace) = selection.target().namespace() {
            catalogue.check_namespace(namespace).map_err(|error| not_there(&error))?;
        }
        let plan = plan(found, &selection, &settings.plan_settings()).map_err(DeskError::Plan)?;
        Ok(Member {
            cluster: cluster.clone(),
            role: role.clone(),
            selection,
            plan,
            settings: settings.clone(),
        })
    }

    /// What a want gives now.
    pub(super) fn want(&self, want: &Want) -> Result<Member> {
        let not_there = |error: &dyn std::error::Error| DeskError::NotThere(error.to_string());
        self.member(&want.cluster, &want.role, |catalogue| {
            let text: SelectionText = want.selection.parse().map_err(|error| not_there(&error))?;
            let resource = catalogue.resource(&text.group, &text.plural).ok_or_else(|| {
                DeskError::NotThere(format!(
                    "the cluster's catalogue has no `{}/{}`",
                    text.group, text.plural
                ))
            })?;
            let selection = Selection::new(resource.clone(), text.target);
            let selection = selection
                .and_then(|selection| selection.with_subresources(want.subresources.iter().cloned()));
            selection.map_err(|error| not_there(&error))
        })
    }

    /// What policy says of `question`.
    pub(super) fn decide(&self, question: &Question<'_>) -> Result<Match> {
        match decide(&self.policy, &self.people.identities, question) {
            Answer::Matched(found) => Ok(found),
            Answer::Refused(reasons) => Err(DeskError::Policy(reasons)),
        }
    }
}

impl Known {
    /// Whether somebody looks into the cluster to see what it has.
    pub(super) fn is_confirmed(&self, cluster: &ClusterName) -> bool {
        self.clusters.get(cluster).is_some_and(|(settings, _)| settings.confirm.is_some())
    }
}

impl Member {
    pub(super) fn digest(&self) -> SubsetDigest {
        SubsetDigest::of(self.plan.findings().rules())
    }

    pub(super) fn into_want(self, grant: GrantId) -> Want {
        Want {
            grant,
            digest: self.digest(),
            danger: p0_grant::danger::worst(self.plan.findings().dangers()),
            cluster: self.cluster,
            role: self.role,
            selection: self.selection.to_string(),
            subresources: self.selection.subresources().iter().cloned().collect(),
        }
    }

    pub(super) fn question<'a>(&'a self, asks: &Asks<'a>) -> Question<'a> {
        Question {
            requester: asks.requester,
            subject: asks.subject,
            cluster: &self.cluster,
            role: &self.role,
            selection: &self.selection,
            risk: Risk::of(self.plan.findings()),
            term: asks.term,
            reason: asks.reason.map_or(Stated::Nothing, Stated::Text),
        }
    }
}

/// What all members of a request have in common.
pub(super) struct Asks<'a> {
    pub(super) requester: &'a p0_access::name::PersonName,
    pub(super) subject: &'a p0_grant::subject::Subject,
    pub(super) term: Term,
    pub(super) reason: Option<&'a str>,
}
