//! A GitHub as a forge with pull requests: what ours asks, in its client's words.
//!
//! Not here: REST and GraphQL themselves (`github-client`), and what is proposed, judged and merged ([`super::PullRequestForge`]).

use async_trait::async_trait;
use github_client::{
    Client, Conclusion, Credential, GithubError, Merge, MergeMethod, NewCheckRun, Problem, StatusState,
};
use tokio::sync::OnceCell;

use super::host::{
    Account, Check, CheckAuthor, CheckState, Comment, Host, HostError, HostProblem, MergeAnswer, NewBranch,
    NewMerge, NewPull, OnExistingBranch, PostedCheck, Pull, Review,
};

mod doctor;
mod translate;

pub use doctor::{GithubPatient, diagnose};
use translate::{account, pull};

/// A repository at a GitHub, as an App or as one of its users.
pub struct GithubHost {
    client: Client,
    me: OnceCell<Account>,
    app: OnceCell<Option<u64>>,
    method: OnceCell<MergeMethod>,
}

impl GithubHost {
    /// The repository that `client` is for, as the one who asks there.
    pub fn new(client: Client) -> Self {
        Self { client, me: OnceCell::new(), app: OnceCell::new(), method: OnceCell::new() }
    }

    async fn own_account(&self) -> Result<&Account, GithubError> {
        self.me.get_or_try_init(|| async { self.client.me().await.map(account) }).await
    }

    /// The number of the App; `None` for a user.
    async fn app(&self) -> Result<Option<u64>, GithubError> {
        let app = || async { Ok(self.client.app().await?.map(|app| app.id)) };
        self.app.get_or_try_init(app).await.copied()
    }

    async fn method(&self) -> Result<MergeMethod, GithubError> {
        let method = self.method.get_or_try_init(|| async {
            self.client.repository().await?.merge_method().ok_or_else(|| {
                let why = "the repository allows neither merge commits nor squashing nor rebasing; allow one in its settings";
                GithubError { doing: "choosing how to merge", problem: Problem::Unreadable(why.to_owned()) }
            })
        });
        method.await.copied()
    }

    /// The commit is made on a branch of its own and the pull request's is moved to it: were that at base for a moment, GitHub would
    /// close the pull request.
    async fn replace_branch(&self, branch: &NewBranch<'_>) -> Result<(), HostError> {
        let head = branch.base_head.to_string();
        let beside = format!("p0/new/{}", branch.name.strip_prefix("p0/").unwrap_or(branch.name));
        // One that is there was left by a process that ended.
        self.client.delete_branch(&beside).await?;
        self.client.make_branch(&beside, &head).await?;
        let commit = self.client.commit(&translate::commit(branch, &beside)).await?;
        self.client.move_branch(branch.name, &commit).await?;
        self.client.delete_branch(&beside).await?;
        Ok(())
    }

    async fn labelled(&self, number: u64, labels: &[String]) {
        if labels.is_empty() {
            return;
        }
        if let Err(error) = self.client.add_labels(number, labels).await {
            tracing::warn!(number, why = %error, "the pull request gets no labels");
        }
    }
}

#[async_trait]
impl Host for GithubHost {
    async fn me(&self) -> Result<Account, HostError> {
        Ok(self.own_account().await?.clone())
    }

    async fn find(&self, base: &str, branch: &str) -> Result<Option<Pull>, HostError> {
        let all = self.client.pulls_between(base, branch).await?;
        // The owner may have a fork with a branch of the same name.
        let own: Vec<Pull> = all
            .into_iter()
            .filter(|pull| pull.is_of_the_repository() && pull.head.branch == branch)
            .map(pull)
            .collect();
        Ok(own.iter().find(|pull| pull.is_open()).or(own.first()).cloned())
    }

    async fn open_pulls(&self, base: &str) -> Result<Vec<Pull>, HostError> {
        Ok(self.client.open_pulls(base).await?.into_iter().map(pull).collect())
    }

    async fn open(&self, new: &NewPull) -> Result<Pull, HostError> {
        let NewPull { base, branch, title, body, labels } = new.clone();
        let new = github_client::NewPull { base, head: branch, title, body };
        match self.client.open_pull(&new).await {
            Ok(own) => {
                self.labelled(own.number, &labels).await;
                Ok(pull(own))
            }
            // GitHub answers so to everything that it cannot take.
            Err(error) if matches!(&error.problem, Problem::Invalid(said) if said.has("already exists")) => {
                Err(HostError { problem: HostProblem::Conflict, source: Box::new(error) })
            }
            Err(error) => Err(error.into()),
        }
    }

    async fn reopen(&self, number: u64) -> Result<(), HostError> {
        Ok(self.client.reopen_pull(number).await?)
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
        let own = |own: github_client::Comment| Comment {
            by: own.user.map(account),
            text: own.body.unwrap_or_default(),
        };
        Ok(all.into_iter().map(own).collect())
    }

    async fn comment(&self, number: u64, text: &str) -> Result<(), HostError> {
        Ok(self.client.comment(number, text).await?)
    }

    async fn reviews(&self, number: u64) -> Result<Vec<Review>, HostError> {
        let all = self.client.reviews(number).await?;
        Ok(all.into_iter().filter_map(translate::review).collect())
    }

    /// The commit is GitHub's, which signs it: `createCommitOnBranch` is the one call that does, for an App and for a user.
    async fn write_branch(&self, branch: &NewBranch<'_>) -> Result<(), HostError> {
        match branch.existing {
            OnExistingBranch::Replace => self.replace_branch(branch).await,
            OnExistingBranch::Keep => {
                self.client.make_branch(branch.name, &branch.base_head.to_string()).await?;
                self.client.commit(&translate::commit(branch, branch.name)).await?;
                Ok(())
            }
        }
    }

    async fn delete_branch(&self, branch: &str) -> Result<(), HostError> {
        self.client.delete_branch(branch).await?;
        Ok(())
    }

    /// GitHub's own auto-merge is never armed: it would merge by the word of the check alone, and another head than the one that was
    /// judged.
    async fn merge(&self, merge: &NewMerge<'_>) -> Result<MergeAnswer, HostError> {
        let text = merge.message.text();
        let (title, text) = text.split_once('\n').unwrap_or((&text, ""));
        let body = Merge {
            head: merge.head.to_string(),
            method: self.method().await?,
            title: title.to_owned(),
            text: text.trim().to_owned(),
        };
        match self.client.merge_pull(merge.number, &body).await {
            Ok(()) => {
                self.after_merging(merge.number).await;
                Ok(MergeAnswer::Merged)
            }
            Err(GithubError { problem: Problem::NotAllowed(said), .. }) => {
                // GitHub answers the same to everything that is in the way, in words that change; its own judgement tells more.
                let state = self.client.pull(merge.number).await?;
                Ok(translate::in_the_way(&state, &said))
            }
            Err(GithubError { problem: Problem::Conflict(said), .. }) => {
                Ok(MergeAnswer::Again(said.to_string()))
            }
            Err(error) => Err(error.into()),
        }
    }

    async fn update(&self, number: u64) -> Result<(), HostError> {
        match self.client.update_pull(number).await {
            // The two do not fit together, or it is up to date meanwhile: the next try tells.
            Err(error @ GithubError { problem: Problem::Invalid(_), .. }) => {
                Err(HostError { problem: HostProblem::Conflict, source: Box::new(error) })
            }
            done => Ok(done?),
        }
    }

    async fn check(&self, commit: &str, name: &str) -> Result<Option<PostedCheck>, HostError> {
        match self.app().await? {
            Some(app) => {
                let runs = self.client.check_runs(commit, name).await?;
                let is_own =
                    |run: &github_client::CheckRun| run.app.as_ref().is_some_and(|own| own.id == app);
                // A ruleset that pins the App sees no other one's.
                let last = runs.into_iter().max_by_key(|run| (is_own(run), run.id));
                Ok(last.map(|run| {
                    let by = if is_own(&run) { CheckAuthor::Me } else { CheckAuthor::Another };
                    translate::check_run(run, by)
                }))
            }
            None => {
                let Some(status) = self.client.status(commit, name).await? else { return Ok(None) };
                let me = self.own_account().await?.id;
                let is_own = status.creator.as_ref().is_some_and(|user| user.id == me);
                let by = if is_own { CheckAuthor::Me } else { CheckAuthor::Another };
                Ok(Some(translate::status(status, by)))
            }
        }
    }

    async fn post_check(&self, commit: &str, name: &str, check: &Check) -> Result<(), HostError> {
        let Check { state, line, summary } = check;
        match self.app().await? {
            Some(_) => {
                let conclusion = match state {
                    CheckState::Success => Some(Conclusion::Success),
                    CheckState::Failure => Some(Conclusion::Failure),
                    CheckState::Pending => None,
                };
                let run = NewCheckRun { name, commit, conclusion, title: line, summary };
                Ok(self.client.post_check_run(&run).await?)
            }
            None => {
                let state = match state {
                    CheckState::Success => StatusState::Success,
                    CheckState::Failure => StatusState::Failure,
                    CheckState::Pending => StatusState::Pending,
                };
                Ok(self.client.post_status(commit, name, state, line).await?)
            }
        }
    }
}

impl GithubHost {
    /// The branch goes with the pull request; where that fails, only a branch is left.
    async fn after_merging(&self, number: u64) {
        let gone = async {
            let own = self.client.pull(number).await?;
            match own.is_of_the_repository() {
                true => self.client.delete_branch(&own.head.branch).await,
                false => Ok(false),
            }
        };
        if let Err(error) = gone.await {
            tracing::warn!(number, why = %error, "the branch of a merged pull request is left");
        }
    }
}

impl From<GithubError> for HostError {
    fn from(error: GithubError) -> Self {
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

/// Whether a credential is an App's.
fn is_app(client: &Client) -> bool {
    matches!(client.credential(), Credential::App { .. })
}
