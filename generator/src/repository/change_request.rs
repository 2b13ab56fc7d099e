//! A change request: the files that come to base or go from it together, and the branch that is its key.
//!
//! Making it twice is making it once: branch, message and content follow from what is wanted, and the edits from them and from
//! base. Not here: merging it ([`super::merging`]), and what forges add to it.

use std::collections::{BTreeMap, BTreeSet};

use p0_access::change::Edit;
use p0_access::companion::{GrantsChange, mapping_of};
use p0_access::digest::sha256;
use p0_access::layout::ClusterName;
use p0_access::name::PersonName;
use p0_grant::manifest::Claims;
use p0_grant::name::GrantId;

use super::grant_message::GrantMessage;
use super::{Removal, Repository, Result};
use crate::git::{Change, CommitId, Identity, Message};

/// A change that is wanted of base.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangeRequest {
    /// The branch that proposes it: its key.
    pub branch: String,
    /// What the commits say.
    pub message: Message,
    /// What it changes.
    pub content: Content,
    /// Who has to review it on the forge before it is merged, besides whom policy asks for.
    pub review: ReviewNeed,
    /// What a forge with pull requests shows of it.
    pub page: Option<PullRequestPage>,
}

/// Who has to review a change request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum ReviewNeed {
    /// No person.
    #[default]
    None,
    /// A person of `p0/identities.yaml` who is none of these.
    ByAnother {
        /// Who it concerns: the requester, and whose subject gets access.
        not: BTreeSet<PersonName>,
    },
}

/// What people read on a pull request. It is written by the program alone, and nothing is ever read from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PullRequestPage {
    /// One line.
    pub title: String,
    /// Markdown.
    pub body: String,
    /// Short names to sort by.
    pub labels: Vec<String>,
    /// Whom the forge asks for a review.
    pub reviewers: BTreeSet<PersonName>,
}

/// What a change request changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// Grant files that come to base together or not at all; an extension replaces a file.
    Grants(Vec<GrantFile>),
    /// Grants, and foreign files, that go.
    Removal(Removal),
    /// A file that is no grant.
    File {
        /// Its path.
        path: String,
        /// What it holds.
        bytes: Vec<u8>,
    },
}

/// A grant's file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GrantFile {
    /// The cluster.
    pub cluster: ClusterName,
    /// The grant.
    pub id: GrantId,
    /// What it holds.
    pub bytes: Vec<u8>,
}

impl ChangeRequest {
    /// The change that removes grants in one commit.
    pub fn removal(removal: Removal) -> Self {
        let ids: Vec<&str> = removal.grants.values().flatten().map(GrantId::as_str).collect();
        let key = match (ids.as_slice(), removal.files.is_empty()) {
            ([only], true) => (*only).to_owned(),
            (ids, _) => {
                let all = ids.iter().copied().chain(removal.files.iter().map(String::as_str));
                sha256(all.collect::<Vec<_>>().join("\n").as_bytes()).chars().take(20).collect()
            }
        };
        Self {
            branch: format!("p0/revoke/{key}"),
            message: removal.message(),
            content: Content::Removal(removal),
            review: ReviewNeed::None,
            page: None,
        }
    }

    /// The change that brings one grant; `verb` says whether it proposes or merges.
    pub(super) fn grant(verb: &str, claims: &Claims, file: GrantFile) -> Self {
        Self {
            branch: grant_branch(&claims.id),
            message: grant_message(verb, claims),
            content: Content::Grants(vec![file]),
            review: ReviewNeed::None,
            page: None,
        }
    }

    /// The SHA-256 of each grant file that it puts on base.
    pub fn digests(&self) -> BTreeMap<GrantId, String> {
        let files = match &self.content {
            Content::Grants(files) => files.as_slice(),
            Content::Removal(_) | Content::File { .. } => &[],
        };
        files.iter().map(|file| (file.id.clone(), sha256(&file.bytes))).collect()
    }

    pub(super) fn commit_by(&self, by: &Identity) -> Change {
        Change { branch: self.branch.clone(), message: self.message.clone(), by: by.clone() }
    }

    /// Whether it puts a file at `path`.
    pub(super) fn puts(&self, path: &str) -> bool {
        match &self.content {
            Content::Grants(files) => files.iter().any(|file| file.path() == path),
            Content::File { path: own, .. } => own == path,
            Content::Removal(_) => false,
        }
    }
}

impl GrantFile {
    /// Where it stands.
    pub fn path(&self) -> String {
        self.cluster.grant_path(&self.id)
    }
}

impl Repository {
    /// The edits that make `content` of what `base` holds.
    pub(super) fn edits(&self, base: CommitId, content: &Content) -> Result<Vec<Edit>> {
        match content {
            Content::Grants(files) => self.additions(base, files),
            Content::Removal(removal) => self.removals(base, removal),
            Content::File { path, bytes } => Ok(vec![Edit::Put { path: path.clone(), bytes: bytes.clone() }]),
        }
    }

    fn additions(&self, base: CommitId, files: &[GrantFile]) -> Result<Vec<Edit>> {
        let mut edits = Vec::new();
        let mut changes: BTreeMap<&ClusterName, GrantsChange> = BTreeMap::new();
        for file in files {
            let path = file.path();
            let change = changes.entry(&file.cluster).or_default();
            if self.remote().read_file(base, &path)?.is_none() {
                change.added.insert(file.id.clone());
            }
            change.mapping.extend(mapping_of(&file.bytes).map(|mapping| (file.id.clone(), mapping)));
            edits.push(Edit::Put { path, bytes: file.bytes.clone() });
        }
        for (cluster, change) in changes {
            edits.extend(self.companions(base, cluster, change)?);
        }
        Ok(edits)
    }
}

/// The branch that proposes a grant.
pub fn grant_branch(id: &GrantId) -> String {
    format!("p0/grant/{id}")
}

fn grant_message(verb: &str, claims: &Claims) -> Message {
    let flow = claims.workflow.as_ref();
    let message = GrantMessage {
        verb,
        summary: format!("{} on {}", claims.role, claims.selection),
        subject: claims.subject.to_string(),
        ids: vec![claims.id.to_string()],
        requester: flow.map(|flow| flow.requester.clone()),
        approvers: flow.map(|flow| flow.approvers.to_vec()).unwrap_or_default(),
        rules: flow.and_then(|flow| flow.policy_rule.clone()).into_iter().collect(),
        expires_at: claims.expires_at.to_string(),
    };
    message.message()
}
