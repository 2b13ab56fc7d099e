//! Ending: taking back what waits, giving back what is had, and taking away.

use std::collections::BTreeSet;

use jiff::Timestamp;
use p0_access::layout::ClusterName;
use p0_access::name::PersonName;
use p0_access::request::{Event, Request, RequestId, StateName};
use p0_grant::name::GrantId;
use p0_grant::signature::Fingerprint;

use super::answer::context;
use super::{Judged, Service, members};
use crate::workflow::actor::Claim;
use crate::workflow::{Result, WorkflowError, blocking, clusters_of, in_states};

/// What is revoked.
#[derive(Clone, Debug)]
pub enum Scope {
    /// One request.
    One(RequestId),
    /// Everything that a person asked for or has.
    Person(PersonName),
    /// Everything that a key signed.
    Key(Fingerprint),
    /// Everything on a cluster.
    Cluster(ClusterName),
    /// Everything.
    All,
}

/// What a revocation came to.
#[derive(Debug, Default)]
pub struct Revocation {
    /// Requests that end.
    pub ended: Vec<Request>,
    /// Grants on base that none of the requests made. They stay: `p0-gitops revert` removes one, `sweep` what has expired.
    pub strays: Vec<(ClusterName, GrantId)>,
    /// What was not revoked, and why not.
    pub kept: Vec<(RequestId, String)>,
}

impl Service {
    /// Takes back what is not live yet.
    ///
    /// # Errors
    /// [`WorkflowError`].
    pub async fn cancel(&self, id: &RequestId, claim: &Claim, now: Timestamp) -> Result<Request> {
        let by = self.acting(id, claim, "cancel", now).await?;
        self.workflow.advance(id, now, |_| Ok(Event::Cancel { by: by.clone() })).await
    }

    /// Gives back access.
    ///
    /// # Errors
    /// [`WorkflowError`].
    pub async fn relinquish(&self, id: &RequestId, claim: &Claim, now: Timestamp) -> Result<Request> {
        let by = self.acting(id, claim, "relinquish", now).await?;
        self.workflow.advance(id, now, |_| Ok(Event::Relinquish { by: by.clone() })).await
    }

    /// Tries again what could not land.
    ///
    /// # Errors
    /// [`WorkflowError`].
    pub async fn retry(&self, id: &RequestId, claim: &Claim, now: Timestamp) -> Result<Request> {
        let by = self.acting(id, claim, "retry", now).await?;
        self.workflow.advance(id, now, |_| Ok(Event::Retry { by: by.clone() })).await
    }

    async fn acting(&self, id: &RequestId, claim: &Claim, verb: &str, now: Timestamp) -> Result<PersonName> {
        let request = self.workflow.find(id).await?;
        let forge = self.workflow.forge_of(&clusters_of(&request)).await?;
        Ok(self.workflow.people(&forge).await?.who(claim, verb, id.as_str(), now)?.person)
    }

    /// Takes away everything in `scope` that whoever acts may take away: what they could approve, or have.
    ///
    /// # Errors
    /// [`WorkflowError`]; [`Revocation::kept`] says what stays, and why.
    pub async fn revoke(
        &self,
        scope: &Scope,
        reason: Option<String>,
        claim: &Claim,
        now: Timestamp,
    ) -> Result<Revocation> {
        // Whoever is nobody is told so, even where there is nothing to revoke.
        let forge = self.workflow.forge_of(&BTreeSet::new()).await?;
        self.workflow.people(&forge).await?.who(claim, "revoke", &scope.about(), now)?;
        let requests = self.in_scope(scope).await?;
        let mut done = Revocation::default();
        for request in &requests {
            match self.revoke_one(request, scope, reason.as_ref(), claim, now).await {
                Ok(ended) => done.ended.push(ended),
                Err(error) if error.is_no() => done.kept.push((request.id().clone(), error.sentence())),
                Err(error) => return Err(error),
            }
        }
        if let (Scope::One(id), Some((_, why))) = (scope, done.kept.first()) {
            return Err(WorkflowError::NotAllowed { who: id.to_string(), why: why.clone() });
        }
        if matches!(scope, Scope::All | Scope::Cluster(_)) {
            done.strays = self.strays(scope, &requests).await?;
        }
        Ok(done)
    }

    async fn revoke_one(
        &self,
        request: &Request,
        scope: &Scope,
        reason: Option<&String>,
        claim: &Claim,
        now: Timestamp,
    ) -> Result<Request> {
        let forge = self.workflow.forge_of(&clusters_of(request)).await?;
        let by = self.workflow.people(&forge).await?.who(claim, "revoke", &scope.about(), now)?.person;
        let may = request.spec().concerns(&by) || {
            let (_, known) = self.workflow.known(&clusters_of(request)).await?;
            let found = members(&known, request)?;
            Judged::of(&known, &found, &context(request, now)?)?.may_approve(&by)
        };
        if !may {
            let why = "only whoever could approve it can revoke it".to_owned();
            return Err(WorkflowError::NotAllowed { who: by.to_string(), why });
        }
        let event = || Event::Revoke { by: by.clone(), reason: reason.cloned() };
        self.workflow.advance(request.id(), now, |_| Ok(event())).await
    }

    async fn in_scope(&self, scope: &Scope) -> Result<Vec<Request>> {
        if let Scope::One(id) = scope {
            return Ok(vec![self.workflow.find(id).await?]);
        }
        let going_on = in_states(|state| !state.is_ended() && state != StateName::Revoking);
        let requests = self.workflow.list(&going_on).await?;
        let signed = match scope {
            Scope::Key(key) => self.signed_by(key, &requests).await?,
            _ => BTreeSet::new(),
        };
        let is_meant = |request: &Request| match scope {
            Scope::One(_) | Scope::All => true,
            Scope::Person(person) => request.spec().concerns(person),
            Scope::Cluster(cluster) => clusters_of(request).contains(cluster),
            Scope::Key(_) => request.spec().grants.iter().any(|want| signed.contains(&want.grant)),
        };
        Ok(requests.into_iter().filter(is_meant).collect())
    }

    /// Grants on base that `key` signed.
    async fn signed_by(&self, key: &Fingerprint, requests: &[Request]) -> Result<BTreeSet<GrantId>> {
        let mut signed = BTreeSet::new();
        for request in requests {
            let forge = self.workflow.forge_of(&clusters_of(request)).await?;
            let grants = &request.spec().grants;
            let paths: Vec<String> = grants.iter().map(|want| want.cluster.grant_path(&want.grant)).collect();
            let files = blocking(move || {
                let head = forge.head()?;
                paths
                    .iter()
                    .map(|path| forge.file_at(&head, path))
                    .collect::<std::result::Result<Vec<_>, crate::forge::ForgeError>>()
            });
            let files = files.await?;
            let by_key = files.iter().flatten().filter_map(|bytes| std::str::from_utf8(bytes).ok());
            let by_key = by_key.filter_map(|text| p0_grant::manifest::Manifest::read(text).ok());
            let by_key = by_key.filter(|manifest| {
                manifest.claims().signature.as_ref().is_some_and(|signature| signature.key() == *key)
            });
            signed.extend(by_key.map(|manifest| manifest.claims().id.clone()));
        }
        Ok(signed)
    }

    /// Grants on base that belong to none of these requests, and to none that is known.
    async fn strays(&self, scope: &Scope, requests: &[Request]) -> Result<Vec<(ClusterName, GrantId)>> {
        let known: BTreeSet<&GrantId> =
            requests.iter().flat_map(|request| &request.spec().grants).map(|want| &want.grant).collect();
        let is_meant = |cluster: &ClusterName| match scope {
            Scope::All => true,
            Scope::Cluster(meant) => meant == cluster,
            Scope::One(_) | Scope::Person(_) | Scope::Key(_) => false,
        };
        let mut strays = Vec::new();
        for forge in &self.workflow.forges {
            let asked = forge.clone();
            let there = blocking(move || asked.on_base()).await?;
            let unknown =
                there.files.into_keys().filter(|(cluster, id)| is_meant(cluster) && !known.contains(id));
            strays.extend(unknown);
        }
        Ok(strays)
    }
}

impl Scope {
    /// What whoever revokes it signs.
    pub fn about(&self) -> String {
        match self {
            Self::One(id) => id.to_string(),
            Self::Person(person) => format!("user {person}"),
            Self::Key(key) => format!("key {key}"),
            Self::Cluster(cluster) => format!("cluster {cluster}"),
            Self::All => "all".to_owned(),
        }
    }
}
