//! Allowing beforehand: a window, signed by an approver, as a file on base.

use std::collections::BTreeSet;

use jiff::Timestamp;
use p0_access::duration::Lifetime;
use p0_access::name::PersonName;
use p0_access::policy::Term;
use p0_access::window::{Signed, Terms, Window};
use p0_grant::name::GrantId;
use p0_grant::signature::Purpose;

use super::Judged;
use super::ask::{Asking, member};
use crate::desk::known::Asks;
use crate::desk::ports::Publication;
use crate::desk::{Desk, DeskError, Result, blocking};
use crate::signing::SigningKey;

/// A window that somebody opens.
pub struct Allowance {
    /// Its id.
    pub id: GrantId,
    /// For whom.
    pub to: PersonName,
    /// For what.
    pub asking: Asking,
    /// From when on.
    pub from: Timestamp,
    /// For how long it is open.
    pub length: Lifetime,
    /// How long each grant may live.
    pub request_duration: Lifetime,
}

impl Desk {
    /// Opens a window; whoever holds `key` must be who could approve each request in it.
    ///
    /// # Errors
    /// [`DeskError`]; base is as it was.
    pub async fn allow(&self, allowance: &Allowance, key: &SigningKey, now: Timestamp) -> Result<Window> {
        let clusters = BTreeSet::from([allowance.asking.cluster.clone()]);
        let (forge, known) = self.known(&clusters).await?;
        let member = member(&known, &allowance.asking)?;
        let person = known.people.identities.by_name(&allowance.to).map_err(DeskError::Who)?;
        let subject = known.people.identities.subject_of(person).map_err(DeskError::Who)?;
        let term = Term::For(Some(allowance.request_duration));
        let asks = Asks { requester: &allowance.to, subject: &subject, term, reason: Some("a window") };
        let until = allowance.from.checked_add(allowance.length.duration());
        let until = until.map_err(|_| p0_access::request::Refused::Overflow)?;
        let mut window = Window::new(Terms {
            id: allowance.id.clone(),
            to: allowance.to.clone(),
            cluster: member.cluster.clone(),
            role: member.role.clone(),
            selection: member.selection.clone(),
            from: allowance.from,
            until,
            request_duration: allowance.request_duration,
        });
        let unwritable = |error: p0_grant::yaml::YamlError| DeskError::Paper(error.to_string());
        let signature = key.sign(Purpose::Window, window.signed_text().map_err(unwritable)?.as_bytes())?;
        let by = signature
            .signer(Purpose::Window, window.signed_text().map_err(unwritable)?.as_bytes())
            .map_err(|refused| DeskError::Proof(refused.to_string()))?;
        let by = known.people.identities.by_key(&by).map_err(DeskError::Who)?.name.clone();
        let members = [member];
        if !Judged::of(&known, &members, &asks)?.may_approve(&by) || by == allowance.to {
            let why = "only whoever could approve such a request can allow it beforehand".to_owned();
            return Err(DeskError::NotAllowed { who: by.to_string(), why });
        }
        window.by = vec![Signed { person: by.clone(), signature: signature.armor().to_owned() }];
        let file = Publication {
            branch: format!("p0/window/{}", window.id),
            path: window.path(),
            bytes: window.write().map_err(unwritable)?.into_bytes(),
            subject: format!(
                "Window {}: {} for {} until {until}, by {by}",
                window.id, window.role, window.to
            ),
        };
        blocking(move || forge.publish(&file, now)).await?;
        Ok(window)
    }
}
