//! Revoking: taking access away, one request's or many at once. It waits for nothing: what cannot be revoked stays, is named with
//! the reason, and stops none of the others.
//!
//! Not here: who may ([`super::revokers`]), and what is then done in Git.

use std::collections::BTreeSet;

use jiff::Timestamp;
use p0_access::layout::ClusterName;
use p0_access::request::{Event, Request, State, StateName};
use p0_grant::manifest::Manifest;
use p0_grant::name::GrantId;
use p0_grant::signature::Fingerprint;

use super::Service;
use super::close_preapprovals::Which;
use super::revokers::{Ending, check_may_end};
use super::scope::{Run, Scope, is_armor_by};
use crate::repository::BaseSnapshot;
use crate::store::Filter;
use crate::workflow::actor::{Claim, People};
use crate::workflow::{Listed, Result, WorkflowError, blocking, clusters_of, snapshot};

/// What a revocation came to, or would come to.
#[derive(Debug, Default)]
pub struct Revocation {
    /// Requests that end.
    pub ended: Vec<Request>,
    /// Grants on base that none of the requests made. They stay: `p0-gitops revert` removes one, `sweep` what has expired.
    pub strays: Vec<(ClusterName, GrantId)>,
    /// Preapprovals that are closed.
    pub closed: Vec<GrantId>,
    /// Ids of requests and preapprovals that stay, and why.
    pub kept: Vec<(String, String)>,
}

/// Why, who revokes, and when.
struct Order<'a> {
    run: Run,
    scope: &'a Scope,
    reason: Option<String>,
    claim: &'a Claim,
    now: Timestamp,
}

impl Service {
    /// Takes away everything in `scope` that the person may take away.
    ///
    /// # Errors
    /// [`WorkflowError`] where the person, or what `scope` names, is not known; [`Revocation::kept`] says what stays, and why.
    pub async fn revoke(
        &self,
        run: Run,
        scope: &Scope,
        reason: Option<String>,
        claim: &Claim,
        now: Timestamp,
    ) -> Result<Revocation> {
        self.is_known_somewhere(claim, scope, now).await?;
        let order = Order { run, scope, reason, claim, now };
        let mut done = Revocation::default();
        if let Scope::One(id) = scope {
            done.ended.push(self.revoke_one(&self.workflow.find(id, now).await?, &order).await?);
            return Ok(done);
        }
        // First, so that no new request is approved by one meanwhile.
        let preapprovals = self.close_preapprovals(run, &Which::In(scope), claim, now).await;
        done.closed = preapprovals.closed;
        done.kept.extend(preapprovals.kept);
        let requests = self.in_scope(scope, now, &mut done.kept).await?;
        for request in &requests {
            match self.revoke_one(request, &order).await {
                Ok(ended) => done.ended.push(ended),
                // Without a store or a runtime nothing more can be revoked here.
                Err(error @ (WorkflowError::Store(_) | WorkflowError::Broken(_))) => return Err(error),
                Err(error) => done.kept.push((request.id().to_string(), error.sentence())),
            }
        }
        if matches!(scope, Scope::All | Scope::Cluster(_)) {
            done.strays = self.strays(scope, &requests).await?;
        }
        Ok(done)
    }

    /// A person whom no repository knows is refused, also where there is nothing to revoke.
    async fn is_known_somewhere(&self, claim: &Claim, scope: &Scope, now: Timestamp) -> Result<()> {
        let mut refused = WorkflowError::Nowhere;
        for repository in &self.workflow.repositories {
            let people = self.workflow.people(&repository.mirror).await;
            match people.and_then(|people: People| people.who(claim, "revoke", &scope.about(), now)) {
                Ok(_) => return Ok(()),
                Err(error) => refused = error,
            }
        }
        Err(refused)
    }

    async fn revoke_one(&self, request: &Request, order: &Order<'_>) -> Result<Request> {
        let Order { run, scope, reason, claim, now } = order;
        let (base, by) = self.acting(request, claim, "revoke", &scope.about(), *now).await?;
        check_may_end(&base, request, &by, Ending::Revoke, *now)?;
        if *run == Run::Dry {
            return Ok(request.clone());
        }
        let event = || Event::Revoke { by: by.clone(), reason: reason.clone() };
        self.workflow.advance(request.id(), *now, |_| Ok(event())).await
    }

    /// The requests that are meant and have something to take away. What cannot be read, or looked at, is kept and said.
    async fn in_scope(
        &self,
        scope: &Scope,
        now: Timestamp,
        kept: &mut Vec<(String, String)>,
    ) -> Result<Vec<Request>> {
        let Listed { requests, unreadable } = self.workflow.list_all(&Filter::default(), now).await?;
        kept.extend(unreadable);
        let mut meant = Vec::new();
        for request in requests.iter().filter(|request| can_end(request, now)) {
            let is_meant = match scope {
                Scope::One(id) => request.id() == id,
                Scope::All => true,
                Scope::Person(person) => request.spec().concerns(person),
                Scope::Cluster(cluster) => clusters_of(request).contains(cluster),
                Scope::Key(key) => match self.is_signed_by(key, request).await {
                    Ok(is_signed) => is_signed,
                    Err(error) => {
                        let why = format!("whether the key signed it cannot be seen: {}", error.sentence());
                        kept.push((request.id().to_string(), why));
                        false
                    }
                },
            };
            if is_meant {
                meant.push(request.clone());
            }
        }
        if meant.is_empty() {
            self.check_named(scope, &requests).await?;
        }
        Ok(meant)
    }

    /// What `scope` names must exist, or have existed: a misspelt name is no incident that is over.
    async fn check_named(&self, scope: &Scope, requests: &[Request]) -> Result<()> {
        let is_named = match scope {
            Scope::One(_) | Scope::All => true,
            Scope::Person(person) => requests.iter().any(|request| request.spec().concerns(person)),
            Scope::Cluster(cluster) => requests.iter().any(|request| clusters_of(request).contains(cluster)),
            Scope::Key(key) => requests.iter().any(|request| voted_with(key, request)),
        };
        if is_named {
            return Ok(());
        }
        let mut clusters = BTreeSet::new();
        for repository in &self.workflow.repositories {
            let snapshot = snapshot(&repository.mirror).await?;
            if has(&snapshot, scope) {
                return Ok(());
            }
            clusters.extend(snapshot.clusters().map(ToString::to_string));
        }
        Err(WorkflowError::NotThere(match scope {
            Scope::One(_) | Scope::All => return Ok(()),
            Scope::Person(person) => {
                format!("`{person}` is not in p0/identities.yaml, and no request names them")
            }
            Scope::Cluster(cluster) => {
                let clusters: Vec<String> = clusters.into_iter().collect();
                let clusters = clusters.join(", ");
                format!(
                    "no repository has the cluster `{cluster}`, and no request names it; there are {clusters}"
                )
            }
            Scope::Key(key) => format!(
                "the key {key} is neither in p0/allowed_signers nor in p0/identities.yaml, and signed no request's approval"
            ),
        }))
    }

    /// Whether `key` signed an approval of `request`, or one of its grants on base.
    async fn is_signed_by(&self, key: &Fingerprint, request: &Request) -> Result<bool> {
        if voted_with(key, request) {
            return Ok(true);
        }
        let repository = self.workflow.repository_of(&clusters_of(request)).await?;
        let grants = &request.spec().grants;
        let paths: Vec<String> = grants.iter().map(|want| want.cluster.grant_path(&want.grant)).collect();
        let files = blocking(move || {
            let head = repository.mirror.head()?;
            let read = paths.iter().map(|path| repository.mirror.file_at(&head, path));
            read.collect::<std::result::Result<Vec<_>, crate::forge::ForgeError>>()
        });
        let files = files.await?;
        let texts = files.iter().flatten().filter_map(|bytes| std::str::from_utf8(bytes).ok());
        let mut manifests = texts.filter_map(|text| Manifest::read(text).ok());
        Ok(manifests.any(|manifest| is_by(key, &manifest)))
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
        for repository in &self.workflow.repositories {
            let asked = repository.mirror.clone();
            let there = blocking(move || asked.on_base()).await?;
            let unknown =
                there.files.into_keys().filter(|(cluster, id)| is_meant(cluster) && !known.contains(id));
            strays.extend(unknown);
        }
        Ok(strays)
    }
}

impl Scope {
    /// What the person who revokes it signs.
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

/// Whether there is something to take away: access, or an approval that still may become some.
fn can_end(request: &Request, now: Timestamp) -> bool {
    match request.state() {
        State::Failed { granted, .. } => granted.as_ref().is_some_and(|granted| now < granted.merge_before),
        state => !state.name().is_ended() && state.name() != StateName::Revoking,
    }
}

/// Whether base has what `scope` names.
fn has(base: &BaseSnapshot, scope: &Scope) -> bool {
    match scope {
        Scope::One(_) | Scope::All => true,
        Scope::Person(person) => base.identities().is_ok_and(|people| people.by_name(person).is_ok()),
        Scope::Cluster(cluster) => base.clusters().any(|own| own == cluster),
        Scope::Key(key) => {
            let is_signer = base.signers().is_ok_and(|signers| signers.iter().any(|own| own.key() == *key));
            is_signer || base.identities().is_ok_and(|people| people.has_key(key))
        }
    }
}

fn voted_with(key: &Fingerprint, request: &Request) -> bool {
    let mut armors = request.votes().flat_map(|vote| vote.evidence.signatures());
    armors.any(|(_, armor)| is_armor_by(key, armor))
}

fn is_by(key: &Fingerprint, manifest: &Manifest) -> bool {
    let claims = manifest.claims();
    let own = claims.workflow.iter().flat_map(|flow| &flow.approver_signatures);
    let signatures = claims.signature.iter().chain(own.map(|own| &own.signature));
    signatures.into_iter().any(|signature| signature.key() == *key)
}
