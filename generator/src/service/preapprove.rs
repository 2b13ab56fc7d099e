//! Allowing beforehand: a preapproval, signed by an approver, as a file on base.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::Timestamp;
use p0_access::duration::Lifetime;
use p0_access::name::PersonName;
use p0_access::policy::Term;
use p0_access::preapproval::{Preapproval, Signed, Terms};
use p0_grant::name::GrantId;
use p0_grant::signature::Purpose;

use super::Service;
use super::request::{RequestItem, member};
use crate::forge::{Forge, MergeOutcome};
use crate::git::Message;
use crate::repository::{ChangeRequest, Content, ReviewNeed};
use crate::signing::SigningKey;
use crate::workflow::judged::Judged;
use crate::workflow::policy_context::QueryContext;
use crate::workflow::{Result, WorkflowError};

/// A preapproval that somebody opens.
pub struct NewPreapproval {
    /// Its id.
    pub id: GrantId,
    /// For whom.
    pub to: PersonName,
    /// For what.
    pub item: RequestItem,
    /// From when on.
    pub from: Timestamp,
    /// For how long it is open.
    pub length: Lifetime,
    /// How long each grant may live.
    pub request_duration: Lifetime,
}

impl Service {
    /// Opens a preapproval; the holder of `key` must be a person who could approve each request in it.
    ///
    /// # Errors
    /// [`WorkflowError`]; base is as it was.
    pub async fn allow(&self, new: &NewPreapproval, key: &SigningKey, now: Timestamp) -> Result<Preapproval> {
        let clusters = BTreeSet::from([new.item.cluster.clone()]);
        let (repository, known) = self.workflow.known(&clusters).await?;
        let member = member(&known, &new.item)?;
        let subject = known.people.subject_of(&new.to)?;
        let term = Term::For(Some(new.request_duration));
        let context =
            QueryContext { requester: &new.to, subject: &subject, term, reason: Some("a preapproval") };
        let until = new.from.checked_add(new.length.duration());
        let until = until.map_err(|_| p0_access::request::Refused::Overflow)?;
        let mut preapproval = Preapproval::new(Terms {
            id: new.id.clone(),
            repository: known.repository.clone(),
            to: new.to.clone(),
            cluster: member.cluster.clone(),
            role: member.planned.role.clone(),
            selection: member.planned.selection.clone(),
            digest: member.digest(),
            from: new.from,
            until,
            request_duration: new.request_duration,
        });
        let unwritable = |error: p0_grant::yaml::YamlError| WorkflowError::Render(error.to_string());
        let signature =
            key.sign(Purpose::Preapproval, preapproval.signed_text().map_err(unwritable)?.as_bytes())?;
        let by = signature
            .signer(Purpose::Preapproval, preapproval.signed_text().map_err(unwritable)?.as_bytes())
            .map_err(|refused| WorkflowError::Proof(refused.to_string()))?;
        let by = known.people.identities.by_key(&by).map_err(WorkflowError::Who)?.name.clone();
        let members = [member];
        if !Judged::of(&known, &members, &context)?.may_approve(&by) || by == new.to {
            let why = "only a person who could approve such a request may".to_owned();
            return Err(WorkflowError::NotAllowed { who: by.to_string(), what: "allow it beforehand", why });
        }
        preapproval.by = vec![Signed { person: by.clone(), signature: signature.armor().to_owned() }];
        let subject = format!(
            "Preapproval {}: {} for {} until {until}, by {by}",
            preapproval.id, preapproval.role, preapproval.to
        );
        let change = ChangeRequest {
            branch: format!("p0/preapproval/{}", preapproval.id),
            message: Message { subject, ..Message::default() },
            content: Content::File {
                path: preapproval.path(),
                bytes: preapproval.write().map_err(unwritable)?.into_bytes(),
            },
            review: ReviewNeed::None,
            page: None,
        };
        bring_to_base(&repository.forge, &change, now).await?;
        Ok(preapproval)
    }
}

/// Merges a change that no request waits for: what is not on base afterwards is an error.
pub(super) async fn bring_to_base(
    forge: &Arc<dyn Forge>,
    change: &ChangeRequest,
    now: Timestamp,
) -> Result<()> {
    forge.ensure(change, now).await?;
    let outcome = forge.merge(std::slice::from_ref(change), now).await?.remove(&change.branch);
    let why = match outcome {
        Some(MergeOutcome::Merged { .. }) => return Ok(()),
        Some(MergeOutcome::Waiting { why }) => vec![format!("it waits on the forge: {why}")],
        Some(MergeOutcome::Refused { why }) => why,
        None => vec!["the forge gives no answer about it".to_owned()],
    };
    Err(WorkflowError::NotMerged { branch: change.branch.clone(), why })
}
