//! Allowing beforehand: a preapproval, signed by an approver, as a file on base.

use std::collections::BTreeSet;

use jiff::Timestamp;
use p0_access::duration::Lifetime;
use p0_access::name::PersonName;
use p0_access::policy::Term;
use p0_access::preapproval::{Preapproval, Signed, Terms};
use p0_grant::name::GrantId;
use p0_grant::signature::Purpose;

use super::request::{RequestItem, member};
use super::{Judged, Service};
use crate::forge::Publication;
use crate::signing::SigningKey;
use crate::workflow::policy_context::QueryContext;
use crate::workflow::{Result, WorkflowError, blocking};

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
    /// Opens a preapproval; whoever holds `key` must be who could approve each request in it.
    ///
    /// # Errors
    /// [`WorkflowError`]; base is as it was.
    pub async fn allow(&self, new: &NewPreapproval, key: &SigningKey, now: Timestamp) -> Result<Preapproval> {
        let clusters = BTreeSet::from([new.item.cluster.clone()]);
        let (forge, known) = self.workflow.known(&clusters).await?;
        let member = member(&known, &new.item)?;
        let person = known.people.identities.by_name(&new.to).map_err(WorkflowError::Who)?;
        let subject = known.people.identities.subject_of(person).map_err(WorkflowError::Who)?;
        let term = Term::For(Some(new.request_duration));
        let context =
            QueryContext { requester: &new.to, subject: &subject, term, reason: Some("a preapproval") };
        let until = new.from.checked_add(new.length.duration());
        let until = until.map_err(|_| p0_access::request::Refused::Overflow)?;
        let mut preapproval = Preapproval::new(Terms {
            id: new.id.clone(),
            to: new.to.clone(),
            cluster: member.cluster.clone(),
            role: member.planned.role.clone(),
            selection: member.planned.selection.clone(),
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
            let why = "only whoever could approve such a request can allow it beforehand".to_owned();
            return Err(WorkflowError::NotAllowed { who: by.to_string(), why });
        }
        preapproval.by = vec![Signed { person: by.clone(), signature: signature.armor().to_owned() }];
        let file = Publication {
            branch: format!("p0/preapproval/{}", preapproval.id),
            path: preapproval.path(),
            bytes: preapproval.write().map_err(unwritable)?.into_bytes(),
            subject: format!(
                "Preapproval {}: {} for {} until {until}, by {by}",
                preapproval.id, preapproval.role, preapproval.to
            ),
        };
        blocking(move || forge.publish(&file, now)).await?;
        Ok(preapproval)
    }
}
