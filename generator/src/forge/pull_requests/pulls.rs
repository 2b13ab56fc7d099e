//! The pull request of a change: found, opened, described, and opened again where a person closed what takes access away.

use super::branches::Branch;
use super::{PullRequestForge, page};
use crate::forge::host::{Comment, HostError, HostProblem, NewPull, Pull};
use crate::forge::{ForgeError, Opened};
use crate::repository::{ChangeRequest, Content, PullRequestPage};

/// No forge takes a longer title.
const LONGEST_TITLE: usize = 250;

impl PullRequestForge {
    /// Opens the pull request where it is not open, on a branch that holds exactly the change.
    pub(super) async fn open(&self, change: &ChangeRequest) -> Result<Opened, ForgeError> {
        let (proposal, found) = tokio::join!(self.proposal(change), self.find(&change.branch));
        let (proposal, found) = (proposal?, found?.filter(|pull| !pull.is_merged()));
        if proposal.files.is_empty() {
            return Ok(Opened::default());
        }
        let closed = found.as_ref().filter(|pull| !pull.is_open());
        let closer = match closed {
            Some(pull) => self.stranger_who_closed(pull.number).await?,
            None => None,
        };
        let takes_away = matches!(change.content, Content::Removal(_));
        if closer.is_some() && !takes_away {
            // A person closed it: that is a no, and the reconciler hears it from its status.
            return Ok(Opened::default());
        }
        let branch = self.ensure_branch(change, proposal).await?;
        let page = page::of(change);
        let pull = match found {
            Some(pull) => self.reopened(pull, change, &page).await?,
            None => self.opened(change, &page).await?,
        };
        if branch == Branch::Remade {
            let text = "The branch held something else than the request. It was made anew from the request.";
            self.say_once(pull.number, text).await?;
        }
        let alarm = closer.map(|login| {
            format!(
                "`{login}` closed the pull request that takes the access away; it is open again: {}",
                pull.url
            )
        });
        Ok(Opened { url: Some(pull.url), alarm })
    }

    /// The pull request of a branch: the open one, else one that was.
    pub(super) async fn find(&self, branch: &str) -> Result<Option<Pull>, ForgeError> {
        self.host.find(&self.base, branch).await.map_err(|error| self.lost(error))
    }

    async fn opened(&self, change: &ChangeRequest, page: &PullRequestPage) -> Result<Pull, ForgeError> {
        let new = NewPull {
            base: self.base.clone(),
            branch: change.branch.clone(),
            title: title(page),
            body: page.body.clone(),
            labels: page.labels.clone(),
        };
        let pull = match self.host.open(&new).await {
            Ok(pull) => pull,
            // The answer to an earlier try was lost, or somebody opened one on the bot's branch.
            Err(error) if error.problem == HostProblem::Conflict => match self.find(&change.branch).await? {
                Some(pull) if pull.is_open() => self.described(pull, page).await?,
                _ => return Err(self.lost(error)),
            },
            Err(error) => return Err(self.lost(error)),
        };
        self.ask_reviewers(pull.number, page).await;
        Ok(pull)
    }

    /// An open one as it is, with our own words; a closed one opened again.
    async fn reopened(
        &self,
        pull: Pull,
        change: &ChangeRequest,
        page: &PullRequestPage,
    ) -> Result<Pull, ForgeError> {
        if !pull.is_open() {
            match self.host.reopen(pull.number).await {
                Ok(()) => {}
                // It cannot be opened again; another one can be opened.
                Err(HostError { problem: HostProblem::Invalid | HostProblem::Conflict, .. }) => {
                    return self.opened(change, page).await;
                }
                Err(error) => return Err(self.lost(error)),
            }
        }
        self.described(pull, page).await
    }

    /// Title and text are ours: what others wrote there is written over.
    async fn described(&self, pull: Pull, page: &PullRequestPage) -> Result<Pull, ForgeError> {
        let lines = |text: &str| text.replace("\r\n", "\n").trim().to_owned();
        let title = title(page);
        if pull.title != title || lines(&pull.body) != lines(&page.body) {
            let told = self.host.describe(pull.number, &title, &page.body).await;
            told.map_err(|error| self.lost(error))?;
        }
        Ok(pull)
    }

    /// Who closed a pull request, where that was not the bot itself.
    pub(super) async fn stranger_who_closed(&self, number: u64) -> Result<Option<String>, ForgeError> {
        let closer = self.host.closed_by(number).await.map_err(|error| self.lost(error))?;
        let me = self.me().await?;
        Ok(closer.filter(|user| user.id != me.id).map(|user| user.login))
    }

    /// Says something once, however often it is asked to.
    pub(super) async fn say_once(&self, number: u64, text: &str) -> Result<(), ForgeError> {
        let me = self.me().await?.id;
        let said = async {
            let comments = self.host.comments(number).await?;
            let own = |comment: &Comment| comment.by.as_ref().is_some_and(|user| user.id == me);
            match comments.iter().any(|comment| own(comment) && comment.text.trim() == text.trim()) {
                true => Ok(()),
                false => self.host.comment(number, text).await,
            }
        };
        said.await.map_err(|error| self.lost(error))
    }

    /// Asks whom policy names for a review. It decides nothing: a person without a login is not asked.
    async fn ask_reviewers(&self, number: u64, page: &PullRequestPage) {
        if page.reviewers.is_empty() {
            return;
        }
        let identities = self.mirror.run(|repository| Ok(repository.snapshot()?.identities()?)).await;
        let Ok(identities) = identities else { return };
        let login = |name| identities.as_ref().by_name(name).ok()?.forge.clone();
        let logins: Vec<String> = page.reviewers.iter().filter_map(login).collect();
        if logins.is_empty() {
            return;
        }
        if let Err(error) = self.host.ask_for_review(number, &logins).await {
            tracing::warn!(number, why = %error, "no person is asked for a review");
        }
    }
}

/// No longer than a forge takes it.
fn title(page: &PullRequestPage) -> String {
    page.title.chars().take(LONGEST_TITLE).collect()
}
