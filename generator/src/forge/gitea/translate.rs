//! Gitea's words as ours, and ours as Gitea's.

use gitea_client::{FileEdit, GiteaError, Problem, PullRequest, ReviewState, User};
use p0_access::change::FileChange;

use crate::forge::host::{
    Account, HostError, MergeAnswer, OnExistingBranch, Origin, Pull, PullState, Review, ReviewVerdict,
};
use crate::git::BlobId;
use crate::repository::RepositoryError;

pub(super) fn account(user: User) -> Account {
    Account { id: user.id, login: user.login }
}

pub(super) fn pull(own: PullRequest) -> Pull {
    let state = match (own.merged, own.state) {
        (true, _) => PullState::Merged(own.merge_commit_sha.clone()),
        (false, gitea_client::PullState::Open) => PullState::Open,
        (false, gitea_client::PullState::Closed) => PullState::Closed,
    };
    let origin = match own.is_of_the_repository() {
        true => Origin::Own,
        false => Origin::Fork,
    };
    Pull {
        number: own.number,
        url: own.html_url,
        title: own.title,
        body: own.body,
        state,
        branch: own.head.branch,
        origin,
    }
}

/// A comment is no review, and neither is one that was dismissed, or whose user is gone.
pub(super) fn review(own: gitea_client::Review) -> Option<Review> {
    let verdict = match own.state {
        _ if own.dismissed => return None,
        ReviewState::Approved => ReviewVerdict::Approved,
        ReviewState::ChangesRequested => ReviewVerdict::ChangesRequested,
        ReviewState::Other => return None,
    };
    Some(Review { by: account(own.user?), verdict, commit: own.commit_id })
}

pub(super) fn existing(own: OnExistingBranch) -> gitea_client::OnExistingBranch {
    match own {
        OnExistingBranch::Keep => gitea_client::OnExistingBranch::Keep,
        OnExistingBranch::Replace => gitea_client::OnExistingBranch::Replace,
    }
}

/// One file, guarded by what it was on base.
pub(super) fn edit(file: &FileChange) -> Result<FileEdit, RepositoryError> {
    let path = file.path.clone();
    Ok(match (&file.before, &file.after) {
        (None, Some(after)) => FileEdit::Create { path, bytes: after.bytes.clone() },
        (Some(before), Some(after)) => {
            let blob = BlobId::of(&before.bytes)?.to_string();
            FileEdit::Update { path, bytes: after.bytes.clone(), blob }
        }
        (Some(before), None) => FileEdit::Delete { path, blob: BlobId::of(&before.bytes)?.to_string() },
        (None, None) => {
            let problem = "it changes and is on neither side".to_owned();
            return Err(RepositoryError::Unusable { path, problem });
        }
    })
}

/// Gitea answers the same to everything that is in the way; the words tell what it is.
pub(super) fn merge_answer(error: GiteaError) -> Result<MergeAnswer, HostError> {
    match error.problem {
        Problem::NotAllowed(said) if said.has("try again later") || said.has("already merged") => {
            Ok(MergeAnswer::Again(said.to_string()))
        }
        Problem::NotAllowed(said) if said.has("behind the base") => Ok(MergeAnswer::Behind(said.to_string())),
        Problem::NotAllowed(said) => Ok(MergeAnswer::Waiting(said.to_string())),
        Problem::Conflict(said) => Ok(MergeAnswer::Again(said.to_string())),
        problem => Err(GiteaError { problem, ..error }.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neither_a_comment_nor_a_dismissed_review_counts() {
        use ReviewState::{Approved, ChangesRequested, Other};
        let counts = |state, dismissed, user: Option<u64>| {
            let user = user.map(|id| User { id, login: "u".to_owned() });
            let own = gitea_client::Review { id: 1, user, state, commit_id: String::new(), dismissed };
            review(own).map(|review| review.verdict)
        };
        assert_eq!(counts(Approved, false, Some(1)), Some(ReviewVerdict::Approved));
        assert_eq!(counts(ChangesRequested, false, Some(1)), Some(ReviewVerdict::ChangesRequested));
        for none in [(Approved, true, Some(1)), (Other, false, Some(1)), (Approved, false, None)] {
            assert_eq!(counts(none.0, none.1, none.2), None);
        }
    }
}
