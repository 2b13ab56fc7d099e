//! Asking the clusters: "live" and "gone" are said only on a witness's word, where a cluster has one.
//!
//! Not here: how a witness looks ([`crate::cluster::witness`]).

use std::collections::BTreeMap;

use jiff::Timestamp;
use p0_access::cluster::Confirmation;
use p0_access::layout::ClusterName;
use p0_access::request::{Event, Request, RequestedGrant, State, StateName, Witness};
use p0_grant::manifest::Manifest;

use super::{Problem, Reconciler, problem};
use crate::cluster::witness::{ClusterWitness, Expected, Failure, Lineage, Observation, still_has, witness};
use crate::cluster::{Cluster, ClusterError};
use crate::forge::Mirror;
use crate::workflow::{Result, WorkflowError, blocking, clusters_of, in_states};

/// Somebody who can look into a cluster, with a credential that only reads.
pub struct ConnectedWitness {
    by: String,
    within: jiff::SignedDuration,
    confirm: Box<dyn ClusterWitness>,
    cluster: Cluster,
}

/// What a repository says about which commit contains which.
struct Line(Mirror);

impl Lineage for Line {
    fn contains(&self, revision: &str, commit: &str) -> std::result::Result<bool, String> {
        self.0.contains(revision, commit).map_err(|error| {
            let why = WorkflowError::Forge(error).sentence();
            format!("it is not known whether {revision} contains {commit}: {why}")
        })
    }
}

/// What the witnesses of all grants of a request say together.
enum Testimony {
    Confirmed(Witness),
    Lags { within: jiff::SignedDuration, why: String },
    NotYet,
}

impl ConnectedWitness {
    /// The witness that the cluster file names, with what connects to the cluster.
    ///
    /// # Errors
    /// [`ClusterError`] where there is no way to the cluster.
    pub async fn new(
        named: &Confirmation,
        access: &crate::cluster::Access,
    ) -> std::result::Result<Self, ClusterError> {
        let by = match named.by {
            p0_access::cluster::Witness::Objects => "objects",
            p0_access::cluster::Witness::Flux(_) => "flux",
            p0_access::cluster::Witness::ArgoCd(_) => "argo-cd",
        };
        Ok(Self {
            by: by.to_owned(),
            within: named.within.duration(),
            confirm: witness(&named.by, Cluster::connect(access).await?),
            cluster: Cluster::connect(access).await?,
        })
    }
}

/// Witnesses by cluster.
pub(super) type Witnesses = BTreeMap<ClusterName, ConnectedWitness>;

impl Reconciler {
    /// The same with somebody who looks into `cluster`.
    #[must_use]
    pub fn with_witness(mut self, cluster: ClusterName, connected: ConnectedWitness) -> Self {
        self.witnesses.insert(cluster, connected);
        self
    }

    /// Asks the witnesses about whatever is not confirmed yet.
    pub(super) async fn verify_cluster(&self, now: Timestamp, problems: &mut Vec<Problem>) -> Result<usize> {
        if self.witnesses.is_empty() {
            return Ok(0);
        }
        let mut moved = self.take_out_what_fails(now, problems).await?;
        let unconfirmed = in_states(|state| {
            matches!(state, StateName::Merged | StateName::Extending | StateName::Revoking)
        });
        for request in self.workflow.list(&unconfirmed, now).await? {
            match self.confirm_one(&request, now, problems).await {
                Ok(count) => moved += count,
                Err(error) => problem(problems, request.id().as_str(), &error),
            }
        }
        Ok(moved)
    }

    /// Ends what an applier cannot apply: everything else would wait for it, revocations included.
    async fn take_out_what_fails(&self, now: Timestamp, problems: &mut Vec<Problem>) -> Result<usize> {
        let mut failing = Vec::new();
        for (cluster, connected) in &self.witnesses {
            match connected.confirm.failing().await {
                Ok(failure) => failing.extend(failure.map(|failure| (cluster, failure))),
                Err(error) => problem(problems, cluster.as_str(), &WorkflowError::Cluster(error)),
            }
        }
        if failing.is_empty() {
            return Ok(0);
        }
        let mut moved = 0;
        for request in self.workflow.list(&in_states(StateName::is_live), now).await? {
            match self.take_out_if_named(&request, &failing, now).await {
                Ok(count) => moved += count,
                Err(error) => problem(problems, request.id().as_str(), &error),
            }
        }
        Ok(moved)
    }

    async fn take_out_if_named(
        &self,
        request: &Request,
        failing: &[(&ClusterName, Failure)],
        now: Timestamp,
    ) -> Result<usize> {
        let commit = match request.state() {
            State::Merged(merged) | State::Active(merged) => &merged.commit,
            State::Extending(extending) => &extending.merged.commit,
            _ => return Ok(0),
        };
        let names = |(cluster, failure): &&(&ClusterName, Failure)| {
            let grants = &request.spec().grants;
            grants.iter().any(|want| want.cluster == **cluster && failure.grants.contains(&want.grant))
        };
        let Some((_, failure)) = failing.iter().find(names) else { return Ok(0) };
        let line = Line(self.workflow.repository_of(&clusters_of(request)).await?.mirror);
        if !failure.is_of(commit, &line).map_err(WorkflowError::Unanswered)? {
            return Ok(0);
        }
        self.post(request, Event::Unapplied { why: failure.message.clone() }, now).await.map(|()| 1)
    }

    async fn confirm_one(
        &self,
        request: &Request,
        now: Timestamp,
        problems: &mut Vec<Problem>,
    ) -> Result<usize> {
        let (expected, commit, since) = match request.state() {
            State::Merged(merged) => (Expected::Present, &merged.commit, merged.since),
            State::Extending(extending) if extending.merged.seen.is_none() => {
                (Expected::Present, &extending.merged.commit, extending.merged.since)
            }
            State::Revoking(ending) => match (&ending.removed_in, ending.off_base) {
                (Some(commit), Some(since)) => (Expected::Absent, commit, since),
                _ => return Ok(0),
            },
            _ => return Ok(0),
        };
        // What has to be there, or to be gone, is read where it last stood.
        let stood_in = match request.state() {
            State::Revoking(ending) => ending.commit.as_ref().unwrap_or(commit),
            _ => commit,
        };
        let seen = self.look_into(request, expected, [commit, stood_in], now, problems).await?;
        let event = match (seen, expected) {
            (Testimony::NotYet, _) => return Ok(0),
            (Testimony::Confirmed(witness), Expected::Present) => Event::Live(witness),
            (Testimony::Confirmed(witness), Expected::Absent) => Event::Gone(witness),
            (Testimony::Lags { within, why }, _) if now.duration_since(since) > within => {
                Event::Unsynced { why: format!("the cluster does not follow since {since}: {why}") }
            }
            (Testimony::Lags { .. }, _) => return Ok(0),
        };
        self.post(request, event, now).await.map(|()| 1)
    }

    /// What all witnesses say; the worst of it counts.
    async fn look_into(
        &self,
        request: &Request,
        expected: Expected,
        [commit, stood_in]: [&String; 2],
        now: Timestamp,
        problems: &mut Vec<Problem>,
    ) -> Result<Testimony> {
        let mirror = self.workflow.repository_of(&clusters_of(request)).await?.mirror;
        let (mut by, mut notes) = (Vec::new(), Vec::new());
        for want in &request.spec().grants {
            let Some(connected) = self.witnesses.get(&want.cluster) else { return Ok(Testimony::NotYet) };
            let Some(grant) = manifest(&mirror, want, stood_in).await? else { return Ok(Testimony::NotYet) };
            let line = Line(mirror.clone());
            let within = connected.within;
            match connected.confirm.look(&grant, expected, commit, &line).await {
                Ok(Observation::Confirmed) => {}
                Ok(Observation::NotYet(why)) => return Ok(Testimony::Lags { within, why }),
                // Who cannot be asked confirms nothing, and that must not stay unnoticed.
                Err(error) => {
                    let error = WorkflowError::Cluster(error);
                    problem(problems, request.id().as_str(), &error);
                    return Ok(Testimony::Lags { within, why: error.sentence() });
                }
            }
            if expected == Expected::Absent {
                // A note, and no more: a cluster that does not answer it says nothing.
                let through = still_has(&connected.cluster, &grant).await.unwrap_or_default();
                notes.extend(through.first().map(|still| still.sentence()));
            }
            by.push(connected.by.clone());
        }
        by.dedup();
        let note = (!notes.is_empty()).then(|| notes.join("; "));
        Ok(Testimony::Confirmed(Witness { by: by.join(", "), at: now, note }))
    }
}

/// The grant as it stood in `commit`.
async fn manifest(mirror: &Mirror, want: &RequestedGrant, commit: &str) -> Result<Option<Manifest>> {
    let (mirror, commit, path) = (mirror.clone(), commit.to_owned(), want.cluster.grant_path(&want.grant));
    let bytes = blocking(move || mirror.file_at(&commit, &path)).await?;
    let text = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
    Ok(text.and_then(|text| Manifest::read(&text).ok()))
}
