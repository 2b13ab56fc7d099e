//! Taking grants off base: changes are closed, what base still has goes in one change for each reason.

use std::collections::BTreeMap;

use jiff::Timestamp;
use p0_access::layout::ClusterName;
use p0_access::request::{EndReason, Event, Request, State};
use p0_grant::name::GrantId;

use super::{Applied, NO_ANSWER};
use crate::forge::{Forge, HostedRepository, MergeOutcome};
use crate::reconcile::{Reconciler, git_witness};
use crate::repository::{ChangeRequest, OnBase, Removal, RemovalReason, grant_branch};
use crate::workflow::{Result, blocking};

impl Reconciler {
    /// Closes the changes of requests and takes their grants off base.
    pub(super) async fn apply_removals(
        &self,
        repository: &HostedRepository,
        requests: &[Request],
        now: Timestamp,
        applied: &mut Applied,
    ) -> Result<()> {
        if requests.is_empty() {
            return Ok(());
        }
        let forge = repository.forge.as_ref();
        // Closed first, so that nothing comes to base behind the removal. A change that cannot be closed keeps no grant on base.
        for request in requests {
            if let Err(error) = close_all(forge, request).await {
                applied.failed.insert(request.id().clone(), error.sentence());
            }
        }
        let mirror = repository.mirror.clone();
        let base = blocking(move || mirror.on_base()).await?;
        let changes = removals(requests, &base);
        let wanted: Vec<ChangeRequest> = changes.values().cloned().collect();
        for (why, change) in &changes {
            let opened = forge.ensure(change, now).await?;
            // A person who closes a removal does not keep the access, and is named.
            for request in requests.iter().filter(|request| opened.alarm.is_some() && reason(request) == *why)
            {
                let why = opened.alarm.clone().unwrap_or_default();
                self.post(request, Event::Unsynced { why }, now).await?;
            }
        }
        let outcomes = match wanted.is_empty() {
            true => BTreeMap::new(),
            false => forge.merge(&wanted, now).await?,
        };
        for request in requests {
            let id = request.id().clone();
            if applied.failed.contains_key(&id) {
                continue;
            }
            if on_base(request, &base).next().is_none() {
                self.absent(request, &base.commit.to_string(), now).await?;
                applied.done.push(id);
                continue;
            }
            match changes.get(&reason(request)).and_then(|change| outcomes.get(&change.branch)) {
                Some(MergeOutcome::Merged { commit }) => {
                    self.absent(request, commit, now).await?;
                    applied.done.push(id);
                }
                Some(MergeOutcome::Waiting { why }) => drop(applied.waiting.insert(id, why.clone())),
                Some(MergeOutcome::Refused { why }) => drop(applied.failed.insert(id, why.join("; "))),
                None => drop(applied.failed.insert(id, NO_ANSWER.to_owned())),
            }
        }
        Ok(())
    }

    /// A request whose files are off base in `commit`, and whose changes are closed.
    async fn absent(&self, request: &Request, commit: &str, now: Timestamp) -> Result<()> {
        if matches!(request.state(), State::Revoking(_)) {
            self.post(request, Event::Absent { commit: commit.to_owned(), closed_by: None }, now).await?;
            if !self.is_watched(request).await? {
                self.post(request, Event::Gone(git_witness(now)), now).await?;
            }
        }
        Ok(())
    }
}

/// The grants of a request that base has.
fn on_base<'r>(request: &'r Request, base: &'r OnBase) -> impl Iterator<Item = (ClusterName, GrantId)> + 'r {
    let own = request.spec().grants.iter().map(|want| (want.cluster.clone(), want.grant.clone()));
    own.filter(|grant| base.files.contains_key(grant))
}

/// One change for each reason, with every grant on base that goes for it.
fn removals(requests: &[Request], base: &OnBase) -> BTreeMap<RemovalReason, ChangeRequest> {
    let mut grants: BTreeMap<RemovalReason, Vec<_>> = BTreeMap::new();
    let mut endings: BTreeMap<RemovalReason, BTreeMap<GrantId, String>> = BTreeMap::new();
    for request in requests {
        let own: Vec<_> = on_base(request, base).collect();
        let told = ending(request)
            .into_iter()
            .flat_map(|words| own.iter().map(move |(_, id)| (id.clone(), words.clone())));
        endings.entry(reason(request)).or_default().extend(told);
        if !own.is_empty() {
            grants.entry(reason(request)).or_default().extend(own);
        }
    }
    let change = |(why, grants)| {
        let endings = endings.remove(&why).unwrap_or_default();
        (why, ChangeRequest::removal(Removal::of(grants, why).with_endings(endings)))
    };
    grants.into_iter().map(change).collect()
}

/// How a request ended and who ended it. What they said about it stays in the store: Git would keep it for ever.
fn ending(request: &Request) -> Option<String> {
    let State::Revoking(ending) = request.state() else { return None };
    let by = ending.by.as_ref().map(|by| format!(", by {by}")).unwrap_or_default();
    Some(format!("{}{by}", ending.why.sentence()))
}

/// Closes every change that a request may have open.
async fn close_all(forge: &dyn Forge, request: &Request) -> Result<()> {
    for branch in branches(request) {
        forge.close(&branch).await?;
    }
    Ok(())
}

fn reason(request: &Request) -> RemovalReason {
    match request.state() {
        State::Revoking(ending) => match ending.why {
            EndReason::Expired => RemovalReason::Expired,
            EndReason::Tampered | EndReason::Late => RemovalReason::Tampered,
            EndReason::Unapplied => RemovalReason::Unappliable,
            EndReason::Relinquished
            | EndReason::Revoked
            | EndReason::RevertedInGit
            | EndReason::PolicyRevoked => RemovalReason::Revoked,
        },
        _ => RemovalReason::Revoked,
    }
}

/// The branches that an ended request may have open.
fn branches(request: &Request) -> Vec<String> {
    let last = request.granted().map_or(0, |granted| granted.number) + 1;
    let extensions = (1..=last).map(|number| format!("p0/extend/{}/{number}", request.id()));
    std::iter::once(grant_branch(request.id().grant())).chain(extensions).collect()
}
