//! A vote, and what proves that the person gave it, as the store keeps them.
//!
//! A grant's file carries it on: signatures as `approver-signatures`; what the bot alone has seen by the bot's own signature on the
//! file. Not here: whether evidence holds, which the shell verifies again before it signs anything, and what it is worth to a policy
//! ([`crate::policy::Proof`]).

use std::collections::BTreeMap;

use jiff::Timestamp;
use p0_grant::name::GrantId;
use serde::{Deserialize, Serialize};

use crate::duration::Lifetime;
use crate::name::PersonName;

/// One person's approval.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Vote {
    /// Who.
    pub person: PersonName,
    /// When.
    pub at: Timestamp,
    /// For how long at most.
    pub lifetime: Lifetime,
    /// What proves it.
    pub evidence: Evidence,
}

/// What proves a vote.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Evidence {
    /// The person's own signatures over what was shown, by grant, in OpenSSH's armor.
    Signatures(BTreeMap<GrantId, String>),
    /// A click that the bot verified where it was given.
    Click {
        /// The bot's seal: its signature over request, what was shown, person, time and lifetime.
        seal: String,
    },
    /// A name alone, which counts in a demo and nowhere else.
    Name,
}

impl Evidence {
    /// The person's own signatures, in OpenSSH's armor, where there are any.
    pub fn signatures(&self) -> impl Iterator<Item = (&GrantId, &String)> {
        let own = match self {
            Self::Signatures(own) => Some(own),
            Self::Click { .. } | Self::Name => None,
        };
        own.into_iter().flatten()
    }

    /// The person's own signature over one grant.
    pub fn signature_of(&self, grant: &GrantId) -> Option<&String> {
        self.signatures().find_map(|(own, armor)| (own == grant).then_some(armor))
    }
}
