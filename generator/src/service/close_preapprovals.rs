//! Closing preapprovals: a revocation of many would be undone by the next request if what was approved beforehand stayed open.
//!
//! A preapproval is a file on base; closing it removes the file. Who has it, who signed it, members of the trusted groups and who
//! could approve such a request may close it. Not here: opening one ([`super::preapprove`]).

use std::collections::BTreeSet;

use jiff::Timestamp;
use p0_access::name::PersonName;
use p0_access::policy::Term;
use p0_access::preapproval::{Opened, Preapproval};
use p0_grant::name::GrantId;

use super::Service;
use super::preapprove::bring_to_base;
use super::scope::{Run, Scope, is_armor_by};
use crate::forge::HostedRepository;
use crate::repository::{BaseSnapshot, ChangeRequest, Removal, RemovalReason};
use crate::workflow::actor::{Claim, People};
use crate::workflow::judged::Judged;
use crate::workflow::policy_context::{PolicyContext, QueryContext};
use crate::workflow::{Result, WorkflowError, snapshot};

/// What a person signs who closes one preapproval.
pub(crate) const CLOSE: &str = "close-preapproval";

/// Which preapprovals are closed.
pub(super) enum Which<'a> {
    /// One.
    One(&'a GrantId),
    /// Those that a revocation would not end otherwise.
    In(&'a Scope),
}

/// What closing came to.
#[derive(Debug, Default)]
pub(super) struct Closed {
    /// Preapprovals that are off base.
    pub(super) closed: Vec<GrantId>,
    /// Those that stay, and why.
    pub(super) kept: Vec<(String, String)>,
}

impl Service {
    /// The preapprovals on base that may still approve something, what ends first first.
    ///
    /// # Errors
    /// [`WorkflowError`] where a repository cannot be read.
    pub async fn preapprovals(&self, now: Timestamp) -> Result<Vec<Preapproval>> {
        let mut all = Vec::new();
        for repository in &self.workflow.repositories {
            let base = snapshot(&repository.mirror).await?;
            let opened = base.preapprovals().values().flatten().map(Opened::preapproval);
            all.extend(opened.filter(|preapproval| now < preapproval.until).cloned());
        }
        all.sort_by(|one, other| (one.until, &one.id).cmp(&(other.until, &other.id)));
        Ok(all)
    }

    /// Closes one preapproval: what it has approved stays, and no further request is approved by it.
    ///
    /// # Errors
    /// [`WorkflowError`]; it is open as before.
    pub async fn close_preapproval(&self, id: &GrantId, claim: &Claim, now: Timestamp) -> Result<()> {
        if !self.preapprovals(now).await?.iter().any(|open| open.id == *id) {
            let why = format!("no preapproval `{id}` is open; `p0-gitops preapprovals ls` lists them");
            return Err(WorkflowError::NotThere(why));
        }
        for repository in &self.workflow.repositories {
            self.close_in(repository, Run::Real, &Which::One(id), claim, now, &mut Closed::default()).await?;
        }
        Ok(())
    }

    /// Closes open preapprovals, one change for each repository. A repository that cannot be used is kept and said.
    pub(super) async fn close_preapprovals(
        &self,
        run: Run,
        which: &Which<'_>,
        claim: &Claim,
        now: Timestamp,
    ) -> Closed {
        let mut done = Closed::default();
        for repository in &self.workflow.repositories {
            if let Err(error) = self.close_in(repository, run, which, claim, now, &mut done).await {
                done.kept.push((repository.mirror.place().to_owned(), error.sentence()));
            }
        }
        done
    }

    async fn close_in(
        &self,
        repository: &HostedRepository,
        run: Run,
        which: &Which<'_>,
        claim: &Claim,
        now: Timestamp,
        done: &mut Closed,
    ) -> Result<()> {
        let base = snapshot(&repository.mirror).await?;
        let meant: Vec<&Opened> =
            base.preapprovals().values().flatten().filter(|opened| is_meant(opened, which, now)).collect();
        if meant.is_empty() {
            return Ok(());
        }
        let people = People::of(&base)?;
        let by = which.who(&people, claim, now)?;
        let mut files = BTreeSet::new();
        let mut closed = Vec::new();
        for opened in meant {
            let (id, may) = (&opened.preapproval().id, who_may_close(opened, &base, &people));
            if may.contains(&by) {
                files.insert(opened.preapproval().path());
                closed.push(id.clone());
                continue;
            }
            let may = may.iter().map(ToString::to_string).collect();
            let refused = WorkflowError::NotAmong {
                who: by.to_string(),
                what: "close the preapproval".to_owned(),
                may,
            };
            match which {
                Which::One(_) => return Err(refused),
                Which::In(_) => done.kept.push((id.to_string(), refused.sentence())),
            }
        }
        if run == Run::Real && !files.is_empty() {
            let change = ChangeRequest::removal(Removal::of_files(files, RemovalReason::Revoked));
            bring_to_base(&repository.forge, &change, now).await?;
        }
        done.closed.extend(closed);
        Ok(())
    }
}

impl Which<'_> {
    /// Who closes them: what the person has signed says what they do.
    fn who(&self, people: &People, claim: &Claim, now: Timestamp) -> Result<PersonName> {
        match self {
            Self::One(id) => people.who(claim, CLOSE, id.as_str(), now),
            Self::In(scope) => people.who(claim, "revoke", &scope.about(), now),
        }
    }
}

/// Whether a preapproval is meant and can still approve something.
fn is_meant(opened: &Opened, which: &Which<'_>, now: Timestamp) -> bool {
    let preapproval = opened.preapproval();
    let is_in = match which {
        Which::One(id) => preapproval.id == **id,
        Which::In(Scope::One(_)) => false,
        Which::In(Scope::All) => true,
        Which::In(Scope::Cluster(cluster)) => preapproval.cluster == *cluster,
        // What a person opened for others is not theirs; it approves as long as they may approve.
        Which::In(Scope::Person(person)) => preapproval.to == *person,
        Which::In(Scope::Key(key)) => preapproval.by.iter().any(|own| is_armor_by(key, &own.signature)),
    };
    is_in && now < preapproval.until
}

fn who_may_close(opened: &Opened, base: &BaseSnapshot, people: &People) -> BTreeSet<PersonName> {
    let preapproval = opened.preapproval();
    let mut may: BTreeSet<PersonName> = opened.signers().iter().cloned().collect();
    may.insert(preapproval.to.clone());
    may.extend(people.trusted().cloned());
    // No policy, catalogue or person that cannot be used keeps a preapproval open.
    may.extend(could_approve(preapproval, base).unwrap_or_default());
    may
}

/// Everybody who could approve a request inside the preapproval.
fn could_approve(preapproval: &Preapproval, base: &BaseSnapshot) -> Result<BTreeSet<PersonName>> {
    let known = PolicyContext::of(base, &BTreeSet::from([preapproval.cluster.clone()]))?.thawed();
    let Preapproval { cluster, role, selection, subresources, .. } = preapproval;
    let members = [known.stated(cluster, role, selection, subresources)?];
    let subject = known.people.subject_of(&preapproval.to)?;
    let term = Term::For(Some(preapproval.request_duration));
    let context =
        QueryContext { requester: &preapproval.to, subject: &subject, term, reason: Some("a preapproval") };
    let judged = Judged::of(&known, &members, &context)?;
    Ok(judged.approvers().into_iter().cloned().collect())
}
