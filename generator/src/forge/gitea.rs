//! A Gitea as a forge with pull requests: what ours asks, in its client's words. Forgejo speaks the same API.
//!
//! Not here: REST itself (`gitea-client`), and what is proposed, judged and merged ([`super::PullRequestForge`]).

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use gitea_client::{Client, GiteaError, Merge, MergeStyle, Problem, StatusState};
use tokio::sync::OnceCell;

use super::host::{
    Account, Check, CheckAuthor, CheckState, Comment, Host, HostError, HostProblem, MergeAnswer, NewBranch,
    NewMerge, NewPull, PostedCheck, Pull, Review,
};

mod doctor;
mod rules;
mod setup;
mod translate;

pub use doctor::{GiteaPatient, diagnose};
pub use rules::BranchUsers;
pub use setup::{GiteaSetup, set_up};
use translate::{account, edit, pull};

/// The colour of our labels.
const COLOUR: &str = "#1d76db";

/// A repository at a Gitea, as one of its users.
pub struct GiteaHost {
    client: Client,
    me: OnceCell<Account>,
    style: OnceCell<MergeStyle>,
    /// The numbers of the labels that are known to be there.
    labels: Mutex<BTreeMap<String, u64>>,
}

impl GiteaHost {
    /// The repository that `client` is for, as its user.
    pub fn new(client: Client) -> Self {
        Self { client, me: OnceCell::new(), style: OnceCell::new(), labels: Mutex::default() }
    }

    async fn own_account(&self) -> Result<&Account, GiteaError> {
        self.me.get_or_try_init(|| async { self.client.me().await.map(account) }).await
    }

    async fn style(&self) -> Result<MergeStyle, GiteaError> {
        let style = self.style.get_or_try_init(|| async {
            let repository = self.client.repository().await?;
            repository.merge_style().ok_or_else(|| {
                let why = "the repository allows neither merge commits nor squashing nor rebasing; allow one in its settings";
                GiteaError { doing: "choosing how to merge", problem: Problem::Unreadable(why.to_owned()) }
            })
        });
        style.await.copied()
    }

    /// A fork may have a branch of the same name.
    async fn open_one(
        &self,
        base: &str,
        branch: &str,
    ) -> Result<Option<gitea_client::PullRequest>, GiteaError> {
        let own = |pull: &gitea_client::PullRequest| {
            pull.is_of_the_repository() && pull.head.branch == branch && pull.base.branch == base
        };
        Ok(self.client.open_pulls().await?.into_iter().find(own))
    }

    /// The numbers of labels, which are made where they are missing.
    async fn label_ids(&self, names: &[String]) -> Result<Vec<u64>, GiteaError> {
        let mut ids = self.known_labels(names);
        if names.iter().any(|name| !ids.contains_key(name)) {
            let there = self.client.labels().await?.into_iter().map(|label| (label.name, label.id));
            ids.extend(there.filter(|(name, _)| names.contains(name)));
            for name in names {
                if !ids.contains_key(name) {
                    let made = self.client.make_label(name, COLOUR, "made by p0-gitops").await?;
                    ids.insert(name.clone(), made.id);
                }
            }
            self.labels.lock().unwrap_or_else(PoisonError::into_inner).extend(ids.clone());
        }
        Ok(ids.into_values().collect())
    }

    /// The lock is held for the look alone: making a label asks the network.
    fn known_labels(&self, names: &[String]) -> BTreeMap<String, u64> {
        let known = self.labels.lock().unwrap_or_else(PoisonError::into_inner);
        names.iter().filter_map(|name| Some((name.clone(), *known.get(name)?))).collect()
    }
}

#[async_trait]
impl Host for GiteaHost {
    async fn me(&self) -> Result<Account, HostError> {
        Ok(self.own_account().await?.clone())
    }

    async fn find(&self, base: &str, branch: &str) -> Result<Option<Pull>, HostError> {
        let Some(one) = self.client.pull_between(base, branch).await?.map(pull) else { return Ok(None) };
        // Where there were several, Gitea picks any of them.
        match one.is_open() {
            true => Ok(Some(one)),
            false => Ok(self.open_one(base, branch).await?.map(pull).or(Some(one))),
        }
    }

    async fn open_pulls(&self, base: &str) -> Result<Vec<Pull>, HostError> {
        let all = self.client.open_pulls().await?;
        Ok(all.into_iter().filter(|pull| pull.base.branch == base).map(pull).collect())
    }

    async fn open(&self, new: &NewPull) -> Result<Pull, HostError> {
        let labels = self.label_ids(&new.labels).await.unwrap_or_else(|error| {
            tracing::warn!(why = %error, "the pull request gets no labels");
            Vec::new()
        });
        let NewPull { base, branch, title, body, .. } = new.clone();
        let new = gitea_client::NewPull { base, head: branch, title, body, labels };
        Ok(pull(self.client.open_pull(&new).await?))
    }

    async fn reopen(&self, number: u64) -> Result<(), HostError> {
        match self.client.reopen_pull(number).await {
            // Gitea fails so where it cannot be opened again.
            Err(error @ GiteaError { problem: Problem::Failed(_), .. }) => {
                Err(HostError { problem: HostProblem::Invalid, source: Box::new(error) })
            }
            done => Ok(done?),
        }
    }

    async fn close(&self, number: u64) -> Result<(), HostError> {
        Ok(self.client.close_pull(number).await?)
    }

    async fn describe(&self, number: u64, title: &str, body: &str) -> Result<(), HostError> {
        Ok(self.client.describe_pull(number, title, body).await?)
    }

    async fn ask_for_review(&self, number: u64, logins: &[String]) -> Result<(), HostError> {
        Ok(self.client.ask_for_review(number, logins).await?)
    }

    async fn closed_by(&self, number: u64) -> Result<Option<Account>, HostError> {
        Ok(self.client.closed_by(number).await?.map(account))
    }

    async fn comments(&self, number: u64) -> Result<Vec<Comment>, HostError> {
        let all = self.client.comments(number).await?;
        Ok(all.into_iter().map(|own| Comment { by: own.user.map(account), text: own.body }).collect())
    }

    async fn comment(&self, number: u64, text: &str) -> Result<(), HostError> {
        Ok(self.client.comment(number, text).await?)
    }

    async fn reviews(&self, number: u64) -> Result<Vec<Review>, HostError> {
        let all = self.client.reviews(number).await?;
        Ok(all.into_iter().filter_map(translate::review).collect())
    }

    async fn write_branch(&self, branch: &NewBranch<'_>) -> Result<(), HostError> {
        let files = branch.files.iter().map(edit).collect::<Result<Vec<_>, _>>();
        let files =
            files.map_err(|error| HostError { problem: HostProblem::Failed, source: Box::new(error) })?;
        let commit = gitea_client::NewCommit {
            base: branch.base.to_owned(),
            branch: branch.name.to_owned(),
            message: branch.message.text(),
            files,
            existing: translate::existing(branch.existing),
        };
        self.client.commit(&commit).await?;
        Ok(())
    }

    async fn delete_branch(&self, branch: &str) -> Result<(), HostError> {
        self.client.delete_branch(branch).await?;
        Ok(())
    }

    /// Gitea's own "merge when checks succeed" is never armed: any user who may write can post the check, and Gitea would merge by
    /// that word alone what the bot has not judged.
    async fn merge(&self, merge: &NewMerge<'_>) -> Result<MergeAnswer, HostError> {
        let text = merge.message.text();
        let (title, text) = text.split_once('\n').unwrap_or((&text, ""));
        let style = self.style().await?;
        let body = Merge {
            head: merge.head.to_string(),
            style,
            title: title.to_owned(),
            text: text.trim().to_owned(),
        };
        match self.client.merge_pull(merge.number, &body).await {
            Ok(()) => Ok(MergeAnswer::Merged),
            Err(error) => translate::merge_answer(error),
        }
    }

    async fn update(&self, number: u64) -> Result<(), HostError> {
        Ok(self.client.update_pull(number).await?)
    }

    async fn check(&self, commit: &str, name: &str) -> Result<Option<PostedCheck>, HostError> {
        let Some(status) = self.client.status(commit, name).await? else { return Ok(None) };
        let me = self.own_account().await?.id;
        let state = match status.state {
            StatusState::Success => CheckState::Success,
            StatusState::Failure | StatusState::Error => CheckState::Failure,
            StatusState::Pending | StatusState::Other => CheckState::Pending,
        };
        let by = match status.creator.is_some_and(|user| user.id == me) {
            true => CheckAuthor::Me,
            false => CheckAuthor::Another,
        };
        Ok(Some(PostedCheck { by, state, line: status.description }))
    }

    async fn post_check(&self, commit: &str, name: &str, check: &Check) -> Result<(), HostError> {
        let state = match check.state {
            CheckState::Success => StatusState::Success,
            CheckState::Failure => StatusState::Failure,
            CheckState::Pending => StatusState::Pending,
        };
        Ok(self.client.post_status(commit, name, state, &check.line).await?)
    }
}

impl From<GiteaError> for HostError {
    fn from(error: GiteaError) -> Self {
        let problem = match &error.problem {
            Problem::Conflict(_) => HostProblem::Conflict,
            Problem::Invalid(_) => HostProblem::Invalid,
            Problem::NotFound => HostProblem::NotFound,
            Problem::Limited(after) => HostProblem::Limited(*after),
            _ => HostProblem::Failed,
        };
        Self { problem, source: Box::new(error) }
    }
}
