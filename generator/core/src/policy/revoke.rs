//! Whom a policy lets take access away. What stops granting stops no revocation: neither `frozen`, nor a deny rule, nor a
//! requester who is gone, nor a file that cannot be used for anything else.
//!
//! Not here: the people of the request itself, who may always revoke it.

use std::collections::BTreeSet;

use p0_grant::yaml::{self, Limits};
use serde::Deserialize;

use super::Policy;
use super::rule::Approval;
use crate::identity::Identities;
use crate::name::{GroupName, PersonName};

/// The one field that is looked for in a file that cannot be used.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Trusted {
    #[serde(default)]
    trusted_groups: BTreeSet<GroupName>,
}

/// The trusted groups of a policy file, also where the rest of it cannot be used.
///
/// ```
/// let broken = "trustedGroups: [security]\nrules: nonsense\n";
/// assert!(p0_access::policy::Policy::read(broken).is_err());
/// assert_eq!(p0_access::policy::trusted_groups(broken).len(), 1);
/// ```
pub fn trusted_groups(text: &str) -> BTreeSet<GroupName> {
    yaml::read::<Trusted>(text, Limits::FILE).map(|file| file.trusted_groups).unwrap_or_default()
}

impl Policy {
    /// The same policy as it is when it is not frozen.
    #[must_use]
    pub fn thawed(&self) -> Self {
        let settings = super::Settings { frozen: false, ..self.settings.clone() };
        Self { settings, ..self.clone() }
    }

    /// Everybody whom the rules called `rules` name as an approver. The manager is that of `getting`.
    pub fn approvers_named<'n>(
        &self,
        rules: impl IntoIterator<Item = &'n str>,
        getting: &PersonName,
        identities: &Identities,
    ) -> BTreeSet<PersonName> {
        let mut named = BTreeSet::new();
        for name in rules {
            let rule = self.rules.iter().find(|rule| rule.name.as_str() == name);
            for approval in rule.into_iter().flat_map(|rule| &rule.approval) {
                let reviewers = match approval {
                    Approval::Deny | Approval::Auto(_) => continue,
                    Approval::Manager => {
                        let person = identities.by_name(getting).ok();
                        named.extend(person.and_then(|person| person.manager.clone()));
                        continue;
                    }
                    Approval::Reviewers(reviewers) | Approval::Git(reviewers) => reviewers.clone(),
                    Approval::Persistent(persistent) => persistent.reviewers(),
                };
                let members = reviewers.groups.iter().flat_map(|group| identities.members(group));
                named.extend(members.map(|person| person.name.clone()));
                named.extend(reviewers.persons);
            }
        }
        named
    }
}
