//! GitHub's words as ours, and ours as GitHub's.

use github_client::{
    CheckRun, CommitStatus, Conclusion, FileAddition, FileChanges, NewCommit, PullRequest, ReviewState, Said,
    StatusState, User,
};

use crate::forge::host::{
    Account, CheckAuthor, CheckState, MergeAnswer, NewBranch, Origin, PostedCheck, Pull, PullState, Review,
    ReviewVerdict,
};

pub(super) fn account(user: User) -> Account {
    Account { id: user.id, login: user.login }
}

pub(super) fn pull(own: PullRequest) -> Pull {
    let state = match own.state {
        // Before it is merged, GitHub names the commit of a test merge.
        _ if own.is_merged() => PullState::Merged(own.merge_commit_sha.clone()),
        github_client::PullState::Open => PullState::Open,
        github_client::PullState::Closed => PullState::Closed,
    };
    let origin = match own.is_of_the_repository() {
        true => Origin::Own,
        false => Origin::Fork,
    };
    Pull {
        number: own.number,
        url: own.html_url,
        title: own.title,
        body: own.body.unwrap_or_default(),
        state,
        branch: own.head.branch,
        origin,
    }
}

/// A comment is no review, and neither is one that was dismissed, or whose user or commit is gone.
pub(super) fn review(own: github_client::Review) -> Option<Review> {
    let verdict = match own.state {
        ReviewState::Approved => ReviewVerdict::Approved,
        ReviewState::ChangesRequested => ReviewVerdict::ChangesRequested,
        ReviewState::Other => return None,
    };
    Some(Review { by: account(own.user?), verdict, commit: own.commit_id.unwrap_or_default() })
}

/// The commit of a branch, on `at`. GitHub guards it by the head that it expects, so that each file is on base as it was seen.
pub(super) fn commit(branch: &NewBranch<'_>, at: &str) -> NewCommit {
    let text = branch.message.text();
    let (headline, body) = text.split_once('\n').unwrap_or((&text, ""));
    let mut files = FileChanges::default();
    for file in branch.files {
        match &file.after {
            Some(after) => {
                files.additions.push(FileAddition { path: file.path.clone(), bytes: after.bytes.clone() });
            }
            None => files.deletions.push(file.path.clone()),
        }
    }
    NewCommit {
        branch: at.to_owned(),
        expected_head: branch.base_head.to_string(),
        headline: headline.to_owned(),
        body: body.trim().to_owned(),
        files,
    }
}

/// What keeps a pull request from being merged: GitHub's own judgement of it, and what it said.
pub(super) fn in_the_way(own: &PullRequest, said: &Said) -> MergeAnswer {
    let why = said.to_string();
    match own.mergeable_state.as_deref().unwrap_or_default() {
        _ if own.is_merged() => MergeAnswer::Again("it is merged already".to_owned()),
        "behind" => MergeAnswer::Behind(why),
        // It conflicts, is not judged yet, or was in order a moment ago.
        "dirty" | "unknown" | "clean" | "unstable" | "has_hooks" => MergeAnswer::Again(why),
        _ if said.has("base branch was modified") => MergeAnswer::Again(why),
        _ => MergeAnswer::Waiting(why),
    }
}

pub(super) fn check_run(own: CheckRun, by: CheckAuthor) -> PostedCheck {
    let state = match own.conclusion {
        Some(Conclusion::Success) => CheckState::Success,
        Some(_) => CheckState::Failure,
        None => CheckState::Pending,
    };
    PostedCheck { by, state, line: own.output.title.unwrap_or_default() }
}

pub(super) fn status(own: CommitStatus, by: CheckAuthor) -> PostedCheck {
    let state = match own.state {
        StatusState::Success => CheckState::Success,
        StatusState::Failure | StatusState::Error => CheckState::Failure,
        StatusState::Pending => CheckState::Pending,
    };
    PostedCheck { by, state, line: own.description.unwrap_or_default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(state: &str, merged: bool) -> PullRequest {
        let at = merged.then_some("2026-11-24T10:00:00Z");
        let side = serde_json::json!({ "ref": "x", "sha": "1", "repo": { "id": 1 } });
        let own = serde_json::json!({
            "number": 1, "html_url": "u", "title": "t", "state": "open", "merged_at": at, "mergeable_state": state,
            "base": side, "head": side,
        });
        serde_json::from_value(own).unwrap()
    }

    #[test]
    fn what_is_in_the_way_is_read_and_not_guessed_from_words() {
        let said: Said = Said::of(br#"{"message":"Repository rule violations found"}"#);
        let of = |state: &str| in_the_way(&seen(state, false), &said);
        assert!(matches!(of("behind"), MergeAnswer::Behind(_)));
        for state in ["dirty", "unknown", "clean"] {
            assert!(matches!(of(state), MergeAnswer::Again(_)), "{state}");
        }
        assert!(matches!(of("blocked"), MergeAnswer::Waiting(_)));
        assert!(matches!(in_the_way(&seen("blocked", true), &said), MergeAnswer::Again(_)));
    }
}
