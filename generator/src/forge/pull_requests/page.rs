//! What people read on a pull request. The reconciler describes a request's own change; here is the rest, from the change alone.

use std::collections::BTreeSet;

use crate::forge::markdown::{code, one_line};
use crate::repository::{ChangeRequest, Content, PullRequestPage, Removal};

/// The page of a change.
pub(super) fn of(change: &ChangeRequest) -> PullRequestPage {
    if let Some(page) = &change.page {
        return page.clone();
    }
    let (body, label) = match &change.content {
        Content::Removal(removal) => (removed(removal), format!("p0/{}", removal.why.as_str())),
        Content::Grants(_) => {
            ("A signed grant. The check says what it gives.".to_owned(), "p0/grant".to_owned())
        }
        Content::File { path, .. } => (format!("It writes {}.", code(path)), "p0/file".to_owned()),
    };
    PullRequestPage {
        title: one_line(&change.message.subject),
        body,
        labels: vec!["p0".to_owned(), label],
        reviewers: BTreeSet::new(),
    }
}

fn removed(removal: &Removal) -> String {
    let grants = removal.grants.iter().flat_map(|(cluster, ids)| {
        ids.iter().map(move |id| format!("- {} on {}\n", code(id.as_str()), code(cluster.as_str())))
    });
    let files = removal.files.iter().map(|path| format!("- {}\n", code(path)));
    let list: String = grants.chain(files).collect();
    format!(
        "This takes access away: {}. It removes exactly the files of these grants, and what companion files held for them.\n\n{list}\n\
         Merging it waits for no review. Closing it does not keep the access: it is opened again, and an alarm is raised.\n",
        removal.why.as_str(),
    )
}
