//! The ConfigMap `aws-auth` of an EKS cluster: one entry is added or removed by an edit of the text that keeps every other
//! byte, or nothing is edited and a reason says why.
//!
//! A broken `mapRoles` takes every node out of its cluster, so this is stricter than AWS' reader: it takes only text that
//! every reader of YAML takes alike, reads the edited text again, and compares. Not here: the API server and Git.
//!
//! Source: <https://github.com/kubernetes-sigs/aws-iam-authenticator/blob/v0.6.13/pkg/mapper/configmap/configmap.go>.

use std::collections::BTreeMap;

use crate::arn::IamIdentity;
use crate::mapping::Mapping;
use crate::username::{can_be_equal, render};

mod block;
mod characters;
mod edit;
mod entry;
pub mod file;
mod flow;
mod lines;
mod list;
mod owned;
mod read;
mod refusal;
mod scalar;
mod start;

pub use edit::Edit;
pub use owned::Owner;
pub use refusal::{FileProblem, Key, Problem, Refusal};

use entry::Entry;
use list::List;

/// What the API server stores of one ConfigMap, in bytes of its values.
const LARGEST: usize = 1 << 20;

/// The data of a ConfigMap, read strictly: all three keys.
#[derive(Clone, Debug)]
pub struct AwsAuth<'a> {
    roles: List<'a>,
    users: List<'a>,
    accounts: List<'a>,
    bytes: usize,
}

/// What adding a mapping comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Addition {
    /// The ARN has this user name already. Nothing is edited.
    Mapped(MappedBy),
    /// One entry is added.
    Edit(Edit),
}

/// Who keeps an existing entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MappedBy {
    /// One of our programs wrote it.
    Owner(Owner),
    /// A person or another program.
    Others,
    /// `mapAccounts`: AWS knows every identity of the account by its ARN.
    Account,
}

impl<'a> AwsAuth<'a> {
    /// Reads the `data` of the ConfigMap.
    ///
    /// # Errors
    /// [`Refusal::Unreadable`] where one of the lists is not read strictly.
    pub fn read(data: &'a BTreeMap<String, String>) -> Result<Self, Refusal> {
        let list = |key: Key| {
            List::read(key, data.get(key.name()).map(String::as_str))
                .map_err(|(line, problem)| Refusal::Unreadable { key, line, problem })
        };
        let bytes = data.values().map(String::len).sum();
        Ok(Self { roles: list(Key::Roles)?, users: list(Key::Users)?, accounts: list(Key::Accounts)?, bytes })
    }

    /// The user name that the ConfigMap gives an identity today, if any.
    ///
    /// # Errors
    /// [`Refusal`] where the identity has several entries, or its entry's user name is not one person.
    pub fn username_of(&self, identity: &IamIdentity) -> Result<Option<String>, Refusal> {
        let Some((entry, _)) = self.entry_of(identity)? else {
            return self.account_username(identity);
        };
        let username = rendered(identity, entry)?;
        self.check_unshared(identity, &username, &entry.username)?;
        Ok(Some(username))
    }

    /// Adds the entry that a mapping needs, unless the ConfigMap has it.
    ///
    /// # Errors
    /// [`Refusal`]: nothing is to be written then.
    ///
    /// ```
    /// use p0_grant::{arn::IamIdentity, aws_auth::{Addition, AwsAuth, Owner}, mapping::Mapping};
    /// let data = [("mapUsers".to_owned(), "# people\n".to_owned())].into();
    /// let alice = IamIdentity::read("arn:aws:iam::123456789012:user/alice")?.0;
    /// let mapping = Mapping::new(alice, "alice@example.com")?;
    /// let Addition::Edit(edit) = AwsAuth::read(&data)?.add(&mapping, Owner::P0Gitops)? else { panic!() };
    /// assert_eq!(edit.after(), Some(concat!(
    ///     "# people\n",
    ///     "# p0.dev/managed-by: p0-gitops\n",
    ///     "- userarn: arn:aws:iam::123456789012:user/alice\n",
    ///     "  username: \"alice@example.com\"\n",
    /// )));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn add(&self, mapping: &Mapping, owner: Owner) -> Result<Addition, Refusal> {
        let identity = mapping.identity();
        let existing = match self.entry_of(identity)? {
            Some((entry, list)) => {
                Some((rendered(identity, entry)?, &*entry.username, self.owner_of(entry, list)))
            }
            None => self.account_username(identity)?.map(|name| (name, mapping.written(), MappedBy::Account)),
        };
        if let Some((username, written, by)) = existing {
            if username != mapping.username() {
                let (existing, wanted) = (username, mapping.username().to_owned());
                return Err(Refusal::OtherUsername { arn: identity.arn(), existing, wanted });
            }
            self.check_unshared(identity, &username, written)?;
            return Ok(Addition::Mapped(by));
        }
        self.check_unshared(identity, mapping.username(), mapping.written())?;
        let key = key_of(identity);
        let list = self.list(key);
        let edit = edit::add(key, list, mapping, owner)?;
        let bytes = self.bytes - list.text.len() + edit.after().map_or(0, str::len);
        match bytes > LARGEST {
            true => Err(Refusal::TooLarge { bytes, limit: LARGEST }),
            false => Ok(Addition::Edit(edit)),
        }
    }

    /// Removes the entry of an identity; none where it has no entry.
    ///
    /// # Errors
    /// [`Refusal::NotOurs`] where the entry is not exactly what this owner writes; and other [`Refusal`]s.
    pub fn remove(&self, identity: &IamIdentity, owner: Owner) -> Result<Option<Edit>, Refusal> {
        let arn = identity.arn();
        let key = key_of(identity);
        let list = self.list(key);
        let Some(_) = self.entry_of(identity)? else { return Ok(None) };
        let index = list.entries.iter().position(|entry| entry.arn.eq_ignore_ascii_case(&arn));
        index.map(|index| edit::remove(key, list, index, owner)).transpose()
    }

    /// The ARNs of the entries that this owner wrote.
    pub fn owned_arns(&self, owner: Owner) -> Vec<String> {
        [Key::Roles, Key::Users]
            .into_iter()
            .flat_map(|key| self.list(key).entries.iter().map(move |entry| (key, entry)))
            .filter(|(key, entry)| owned::place(*key, self.list(*key), entry, owner).is_some())
            .map(|(_, entry)| entry.arn.to_string())
            .collect()
    }

    /// The one entry of an identity, and its list.
    fn entry_of(&self, identity: &IamIdentity) -> Result<Option<(&Entry<'a>, Key)>, Refusal> {
        let arn = identity.arn();
        let (key, other) = match key_of(identity) {
            Key::Roles => (Key::Roles, Key::Users),
            _ => (Key::Users, Key::Roles),
        };
        match (self.list(key).of(&arn).as_slice(), self.list(other).of(&arn).is_empty()) {
            (_, false) => Err(Refusal::WrongList { arn, key: other }),
            ([], true) => Ok(None),
            ([entry], true) => Ok(Some((*entry, key))),
            (several, true) => Err(Refusal::DuplicateArn { count: several.len(), arn }),
        }
    }

    /// The user name of an IAM user whose account is in `mapAccounts`: its ARN. A role's ARN would be many persons.
    fn account_username(&self, identity: &IamIdentity) -> Result<Option<String>, Refusal> {
        let arn = identity.arn();
        match (self.accounts.entries.iter().any(|entry| entry.arn == identity.account()), identity.session())
        {
            (false, _) => Ok(None),
            (true, None) => Ok(Some(arn)),
            (true, Some(_)) => Err(Refusal::NotOnePerson { written: arn.clone(), arn }),
        }
    }

    fn owner_of(&self, entry: &Entry<'_>, key: Key) -> MappedBy {
        let wrote = |owner: &Owner| owned::place(key, self.list(key), entry, *owner).is_some();
        Owner::ALL.into_iter().find(wrote).map_or(MappedBy::Others, MappedBy::Owner)
    }

    /// Refuses a user name that another entry has, or can have for some session.
    fn check_unshared(&self, identity: &IamIdentity, username: &str, written: &str) -> Result<(), Refusal> {
        let arn = identity.arn();
        let others = self.roles.entries.iter().chain(&self.users.entries);
        let shared = others
            .filter(|entry| !entry.arn.eq_ignore_ascii_case(&arn))
            .find(|entry| can_be_equal(&entry.username, written));
        match shared {
            None => Ok(()),
            Some(entry) => Err(Refusal::SharedUsername {
                username: username.to_owned(),
                arn: entry.arn.to_string(),
                written: entry.username.to_string(),
            }),
        }
    }

    fn list(&self, key: Key) -> &List<'a> {
        match key {
            Key::Roles => &self.roles,
            Key::Users => &self.users,
            Key::Accounts => &self.accounts,
        }
    }
}

/// The list that an identity's entry belongs to.
fn key_of(identity: &IamIdentity) -> Key {
    if identity.session().is_some() { Key::Roles } else { Key::Users }
}

/// The user name that an entry gives an identity, where no other session gets the same one.
fn rendered(identity: &IamIdentity, entry: &Entry<'_>) -> Result<String, Refusal> {
    let refused =
        || Refusal::NotOnePerson { arn: entry.arn.to_string(), written: entry.username.to_string() };
    let written = &*entry.username;
    match identity.session() {
        // A user's entry has no session: each of its access keys would be another user.
        None if written.contains("{{") || written.is_empty() => Err(refused()),
        None => Ok(written.to_owned()),
        Some(session) => {
            let raw = written.contains("{{SessionNameRaw}}");
            // `{{SessionName}}` writes `@` as `-`, so that `a@b` and `a-b` are the same user.
            let told_apart = raw || (written.contains("{{SessionName}}") && !session.contains(['@', '-']));
            let username = render(written, identity.account(), session).filter(|_| told_apart);
            username.ok_or_else(refused)
        }
    }
}
