//! The preapprovals in a snapshot, each verified once against the snapshot's persons, roles and repository.

use std::collections::BTreeMap;
use std::sync::PoisonError;

use p0_access::identity::Identities;
use p0_access::preapproval::{Opened, PREAPPROVALS, Preapproval};
use p0_grant::name::GrantId;

use super::{BaseSnapshot, present};
use crate::git::{CommitId, GitError, Remote};
use crate::repository::document::{Document, FileProblem};

impl BaseSnapshot {
    /// Every preapproval with its signers, or why it approves nothing. Without readable persons there is none.
    pub fn preapprovals(&self) -> &BTreeMap<GrantId, Result<Opened, String>> {
        self.verified.get_or_init(|| {
            let Ok(identities) = self.identities() else { return BTreeMap::new() };
            let verify = |(id, document): &(GrantId, Document<Preapproval>)| {
                let file = format!("{id}.yaml");
                let read = document
                    .parsed(|text| Preapproval::read(&file, text).map_err(|error| error.to_string()))
                    .map_err(|problem| problem.sentence().to_owned());
                let opened = read.and_then(|preapproval| self.opened(&preapproval, &identities));
                self.warn_once(id, opened.as_ref().err());
                (id.clone(), opened)
            };
            self.preapprovals.iter().map(verify).collect()
        })
    }

    /// One file that approves nothing is told once, however often base is read.
    fn warn_once(&self, id: &GrantId, problem: Option<&String>) {
        let Some(problem) = problem else { return };
        let mut warned = self.warned.lock().unwrap_or_else(PoisonError::into_inner);
        if warned.insert((id.clone(), problem.clone())) {
            tracing::warn!(%id, problem, "a preapproval approves nothing");
        }
    }

    fn opened(&self, preapproval: &Preapproval, identities: &Identities) -> Result<Opened, String> {
        let repository = present(self.repository()).transpose()?;
        let opened = preapproval.clone().open(identities, repository.as_deref().map(|file| &file.id));
        let opened = opened.map_err(|error| error.to_string())?;
        let cluster = &preapproval.cluster;
        let settings = self.settings(cluster).map_err(FileProblem::into_sentence)?;
        let catalogue = self.catalogue(cluster).map_err(FileProblem::into_sentence)?;
        opened.hold_to(&settings, &catalogue).map_err(|error| error.to_string())?;
        Ok(opened)
    }
}

pub(super) fn take(
    remote: &Remote,
    commit: CommitId,
    previous: Option<&BaseSnapshot>,
) -> Result<Vec<(GrantId, Document<Preapproval>)>, GitError> {
    let mut preapprovals = Vec::new();
    for name in remote.list(commit, PREAPPROVALS)? {
        let Some(id) = name.strip_suffix(".yaml").and_then(|id| GrantId::new(id).ok()) else { continue };
        let own = |snapshot: &'_ BaseSnapshot| snapshot.preapprovals.iter().position(|(own, _)| *own == id);
        let before = previous
            .and_then(|snapshot| snapshot.preapprovals.get(own(snapshot)?))
            .map(|(_, document)| document);
        let document = Document::take(remote, commit, &format!("{PREAPPROVALS}/{name}"), before)?;
        preapprovals.push((id, document));
    }
    Ok(preapprovals)
}
