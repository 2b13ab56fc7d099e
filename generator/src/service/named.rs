//! Naming a request by the beginning of its id, and a person by their key. Not here: what is then done.

use std::collections::BTreeSet;

use jiff::Timestamp;
use p0_access::name::PersonName;
use p0_access::request::RequestId;

use super::Service;
use crate::store::Filter;
use crate::workflow::actor::{Actor, People};
use crate::workflow::{Result, WorkflowError};

/// How many candidates an error lists.
const CANDIDATES: usize = 5;

impl Service {
    /// The request whose id, or that of one of its grants, begins with `beginning`.
    ///
    /// # Errors
    /// [`WorkflowError::NoRequestLike`] where there is none, [`WorkflowError::Ambiguous`] where there are several.
    pub async fn find_id(&self, beginning: &str, now: Timestamp) -> Result<RequestId> {
        if let Ok(whole) = beginning.parse::<RequestId>() {
            return Ok(whole);
        }
        let listed = self.workflow.list_all(&Filter::default(), now).await?;
        let begins = |id: &str| id.starts_with(beginning);
        let found = listed.requests.iter().filter(|request| {
            let mut ids = request.spec().grants.iter().map(|want| want.grant.as_str());
            begins(request.id().as_str()) || ids.any(begins)
        });
        let mut ids: BTreeSet<String> = found.map(|request| request.id().to_string()).collect();
        // One that cannot be read is named like the others, and never guessed away.
        ids.extend(listed.unreadable.into_iter().map(|(id, _)| id).filter(|id| begins(id)));
        match ids.len() {
            0 => Err(WorkflowError::NoRequestLike(beginning.to_owned())),
            1 => {
                let only = ids.pop_first().unwrap_or_default();
                only.parse().map_err(|_| WorkflowError::NoRequestLike(only))
            }
            count => {
                let named = ids.into_iter().take(CANDIDATES).collect();
                Err(WorkflowError::Ambiguous { beginning: beginning.to_owned(), count, named })
            }
        }
    }

    /// Who acts, by the first repository that knows them.
    ///
    /// # Errors
    /// [`WorkflowError::Who`] or [`WorkflowError::Proof`] where none does.
    pub async fn who_is(&self, actor: &Actor) -> Result<PersonName> {
        let mut refused = WorkflowError::Nowhere;
        for repository in &self.workflow.repositories {
            let people = self.workflow.people(&repository.mirror).await;
            match people.and_then(|people| people.person(actor)) {
                Ok(person) => return Ok(person),
                Err(error) => refused = error,
            }
        }
        Err(refused)
    }
}

impl People {
    /// Who has the key, or the name where policy lets a name count.
    pub(crate) fn person(&self, actor: &Actor) -> Result<PersonName> {
        match actor {
            Actor::Name(name) => self.named(name),
            Actor::Key(key) => {
                Ok(self.identities.by_key(&key.public()).map_err(WorkflowError::Who)?.name.clone())
            }
        }
    }
}
