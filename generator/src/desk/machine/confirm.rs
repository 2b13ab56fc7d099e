//! Asking the clusters: "live" and "gone" are said only on a witness's word, where a cluster has one.
//!
//! Not here: how a witness looks ([`crate::confirm`]).

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use p0_access::cluster::Confirmation;
use p0_access::layout::ClusterName;
use p0_access::request::{Event, Request, State, StateName, Want, Witness};
use p0_grant::manifest::Manifest;

use super::problem;
use crate::cluster::{Cluster, ClusterError};
use crate::confirm::{Confirm, Failure, Lineage, Verdict, Wanted, still_has, witness};
use crate::desk::ports::Forge;
use crate::desk::{Desk, DeskError, Result, blocking, clusters_of, in_states};

/// Somebody who can look into a cluster, with a credential that only reads.
pub struct Watch {
    by: String,
    within: jiff::SignedDuration,
    confirm: Box<dyn Confirm>,
    cluster: Cluster,
}

/// What a repository says about which commit contains which.
struct Line(Arc<dyn Forge>);

impl Lineage for Line {
    fn contains(&self, revision: &str, commit: &str) -> bool {
        self.0.contains(revision, commit)
    }
}

/// What the witnesses of all grants of a request say together.
enum Seen {
    Confirmed(Witness),
    Lags { within: jiff::SignedDuration, why: String },
    NotYet,
}

impl Watch {
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
pub(in crate::desk) type Watches = BTreeMap<ClusterName, Watch>;

impl Desk {
    /// The same with somebody who looks into `cluster`.
    #[must_use]
    pub fn with_watch(mut self, cluster: ClusterName, watch: Watch) -> Self {
        self.watches.insert(cluster, watch);
        self
    }

    /// Asks the witnesses about whatever is not confirmed yet.
    pub(super) async fn confirm(
        &self,
        now: Timestamp,
        problems: &mut Vec<(String, String)>,
    ) -> Result<usize> {
        if self.watches.is_empty() {
            return Ok(0);
        }
        let mut moved = self.take_out_what_fails(now, problems).await?;
        let unconfirmed = in_states(|state| {
            matches!(state, StateName::Merged | StateName::Extending | StateName::Revoking)
        });
        for request in self.list(&unconfirmed).await? {
            match self.confirm_one(&request, now, problems).await {
                Ok(count) => moved += count,
                Err(error) => problem(problems, request.id().as_str(), &error),
            }
        }
        Ok(moved)
    }

    /// Ends what an applier cannot apply: everything else would wait for it, revocations included.
    async fn take_out_what_fails(
        &self,
        now: Timestamp,
        problems: &mut Vec<(String, String)>,
    ) -> Result<usize> {
        let mut failing = Vec::new();
        for (cluster, watch) in &self.watches {
            match watch.confirm.failing().await {
                Ok(failure) => failing.extend(failure.map(|failure| (cluster, failure))),
                Err(error) => problem(problems, cluster.as_str(), &DeskError::Cluster(error)),
            }
        }
        if failing.is_empty() {
            return Ok(0);
        }
        let mut moved = 0;
        for request in self.list(&in_states(StateName::is_live)).await? {
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
            State::Merged(landed) | State::Active(landed) => &landed.commit,
            State::Extending(extending) => &extending.landed.commit,
            _ => return Ok(0),
        };
        let names = |(cluster, failure): &&(&ClusterName, Failure)| {
            let wants = &request.asked().wants;
            wants.iter().any(|want| want.cluster == **cluster && failure.grants.contains(&want.grant))
        };
        let Some((_, failure)) = failing.iter().find(names) else { return Ok(0) };
        let line = Line(self.forge_of(&clusters_of(request)).await?);
        if !failure.is_of(commit, &line) {
            return Ok(0);
        }
        self.post(request, Event::Unapplied { why: failure.message.clone() }, now).await.map(|()| 1)
    }

    async fn confirm_one(
        &self,
        request: &Request,
        now: Timestamp,
        problems: &mut Vec<(String, String)>,
    ) -> Result<usize> {
        let (wanted, commit, since) = match request.state() {
            State::Merged(landed) => (Wanted::Present, &landed.commit, landed.since),
            State::Extending(extending) if extending.landed.seen.is_none() => {
                (Wanted::Present, &extending.landed.commit, extending.landed.since)
            }
            State::Revoking(ending) => match (&ending.removed_in, ending.off_base) {
                (Some(commit), Some(since)) => (Wanted::Absent, commit, since),
                _ => return Ok(0),
            },
            _ => return Ok(0),
        };
        // What has to be there, or to be gone, is read where it last stood.
        let stood_in = match request.state() {
            State::Revoking(ending) => ending.commit.as_ref().unwrap_or(commit),
            _ => commit,
        };
        let seen = self.look_into(request, wanted, [commit, stood_in], now, problems).await?;
        let event = match (seen, wanted) {
            (Seen::NotYet, _) => return Ok(0),
            (Seen::Confirmed(witness), Wanted::Present) => Event::Live(witness),
            (Seen::Confirmed(witness), Wanted::Absent) => Event::Gone(witness),
            (Seen::Lags { within, why }, _) if now.duration_since(since) > within => {
                Event::Unsynced { why: format!("the cluster does not follow since {since}: {why}") }
            }
            (Seen::Lags { .. }, _) => return Ok(0),
        };
        self.post(request, event, now).await.map(|()| 1)
    }

    /// What all witnesses say; the worst of it counts.
    async fn look_into(
        &self,
        request: &Request,
        wanted: Wanted,
        [commit, stood_in]: [&String; 2],
        now: Timestamp,
        problems: &mut Vec<(String, String)>,
    ) -> Result<Seen> {
        let forge = self.forge_of(&clusters_of(request)).await?;
        let (mut by, mut notes) = (Vec::new(), Vec::new());
        for want in &request.asked().wants {
            let Some(watch) = self.watches.get(&want.cluster) else { return Ok(Seen::NotYet) };
            let Some(grant) = manifest(&forge, want, stood_in).await? else { return Ok(Seen::NotYet) };
            let line = Line(forge.clone());
            let within = watch.within;
            match watch.confirm.look(&grant, wanted, commit, &line).await {
                Ok(Verdict::Confirmed) => {}
                Ok(Verdict::NotYet(why)) => return Ok(Seen::Lags { within, why }),
                // Who cannot be asked confirms nothing, and that must not stay unnoticed.
                Err(error) => {
                    let error = DeskError::Cluster(error);
                    problem(problems, request.id().as_str(), &error);
                    return Ok(Seen::Lags { within, why: error.sentence() });
                }
            }
            if wanted == Wanted::Absent {
                // A note, and no more: a cluster that does not answer it says nothing.
                let through = still_has(&watch.cluster, &grant).await.unwrap_or_default();
                notes.extend(through.first().map(|still| still.sentence()));
            }
            by.push(watch.by.clone());
        }
        by.dedup();
        let note = (!notes.is_empty()).then(|| notes.join("; "));
        Ok(Seen::Confirmed(Witness { by: by.join(", "), at: now, note }))
    }
}

/// The grant as it stood in `commit`.
async fn manifest(forge: &Arc<dyn Forge>, want: &Want, commit: &str) -> Result<Option<Manifest>> {
    let (forge, commit, path) = (forge.clone(), commit.to_owned(), want.cluster.grant_path(&want.grant));
    let bytes = blocking(move || forge.file_at(&commit, &path)).await?;
    let text = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
    Ok(text.and_then(|text| Manifest::read(&text).ok()))
}
