//! Reviews, counted as persons. A review is about the bytes of the grants' files: bringing the branch up to date loses none, and
//! another file has none.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use p0_access::identity::Identities;
use p0_access::name::PersonName;

use crate::forge::host::{Host, Review, ReviewVerdict};
use crate::forge::{ForgeError, Mirror};
use crate::git::CommitId;
use crate::repository::Reviews;

/// What reviewers say of a pull request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Reviewed {
    /// Who approves of each grant's file as it is.
    pub(super) approved: Reviews,
    /// Who asks for changes.
    pub(super) against: BTreeSet<PersonName>,
}

impl Reviewed {
    /// Who approves of every grant of the change.
    pub(super) fn approvers(&self) -> BTreeSet<PersonName> {
        let mut all = self.approved.values();
        let first = all.next().cloned().unwrap_or_default();
        all.fold(first, |before, own| before.intersection(own).cloned().collect())
    }
}

/// The reviews of pull request `number`, whose branch is at `tip`, by persons of base.
pub(super) async fn read(
    host: &dyn Host,
    mirror: &Mirror,
    number: u64,
    tip: CommitId,
) -> Result<Reviewed, ForgeError> {
    let last = last_of_each(host.reviews(number).await.map_err(|error| mirror.lost(error))?);
    mirror
        .run(move |repository| {
            let identities: Arc<Identities> = repository.snapshot()?.identities()?;
            let grants = repository.grants_of(tip)?;
            let mut reviewed = Reviewed::default();
            reviewed.approved.extend(grants.keys().map(|id| (id.clone(), BTreeSet::new())));
            for review in last {
                let Some(person) = person(&identities, &review) else { continue };
                if review.verdict == ReviewVerdict::ChangesRequested {
                    reviewed.against.insert(person);
                    continue;
                }
                for (id, (path, bytes)) in &grants {
                    if repository.commit_holds(&review.commit, path, bytes)? {
                        reviewed.approved.entry(id.clone()).or_default().insert(person.clone());
                    }
                }
            }
            Ok(reviewed)
        })
        .await
}

/// The last word of each user.
fn last_of_each(reviews: Vec<Review>) -> Vec<Review> {
    let last: BTreeMap<u64, Review> = reviews.into_iter().map(|review| (review.by.id, review)).collect();
    last.into_values().collect()
}

fn person(identities: &Identities, review: &Review) -> Option<PersonName> {
    identities.by_forge(&review.by.login, review.by.id).ok().map(|person| person.name.clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::forge::host::Account;

    #[test]
    fn the_last_word_of_each_user_counts() {
        use ReviewVerdict::{Approved, ChangesRequested};
        let review = |user, verdict| {
            let by = Account { id: user, login: format!("u{user}") };
            Review { by, verdict, commit: String::new() }
        };
        let last = last_of_each(vec![review(1, Approved), review(2, Approved), review(2, ChangesRequested)]);
        let said: Vec<_> = last.iter().map(|review| (review.by.id, review.verdict)).collect();
        assert_eq!(said, [(1, Approved), (2, ChangesRequested)]);
    }
}
