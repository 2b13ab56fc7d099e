//! The configuration of one `p0_k8s_grant`, attribute by attribute known, absent or not known yet; what is known is checked.
//!
//! Not here: whether the cluster has such a role or kind ([`super::resolve`]), and what a plan does with a grant that exists
//! (`planning::action`).

use std::collections::BTreeSet;
use std::time::Duration;

use p0_grant::digest::SubsetDigest;
use p0_grant::lifetime::Lifetime;
use p0_grant::locator::Locator;
use p0_grant::mapping::Mapping;
use p0_grant::role::RoleRef;
use p0_grant::subject::{Subject, SubjectView};
use tfplugin::diagnostics::Diagnostics;
use tfplugin::value::{Attr, Path, Value};

use super::attributes::eks::{self, NamedIdentity};
use super::attributes::parts::TimeoutParts;
use super::attributes::{at, locator, metadata, part, refuse, role, subject, subresources};
use super::expiry::{Expiry, time};
use crate::text::chain;

/// The configuration of a grant, read.
#[derive(Clone, Debug)]
pub(crate) struct GrantConfig {
    pub(crate) role: Attr<RoleRef>,
    pub(crate) locator: Attr<Locator>,
    pub(crate) subresources: Attr<BTreeSet<String>>,
    pub(crate) subject: Attr<Subject>,
    pub(super) eks: Attr<NamedIdentity>,
    pub(crate) reason: Attr<String>,
    pub(crate) expiry: Expiry,
    pub(crate) subset: Attr<SubsetDigest>,
    pub(crate) timeouts: Timeouts,
}

/// How long each operation may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Timeouts {
    pub(crate) create: Duration,
    pub(crate) read: Duration,
    pub(crate) update: Duration,
    pub(crate) delete: Duration,
}

impl GrantConfig {
    /// Reads a configuration.
    ///
    /// # Errors
    /// All that is wrong, each about its attribute.
    pub(crate) fn read(config: &Value) -> Result<Self, Diagnostics> {
        let mut wrong = Diagnostics::new();
        let grant = Self {
            role: role(config, &mut wrong),
            locator: locator(config, &mut wrong),
            subresources: subresources(config),
            subject: subject(config, &mut wrong),
            eks: eks::eks(config, &mut wrong),
            reason: metadata::reason(config, &mut wrong),
            expiry: expiry(config, &mut wrong),
            subset: subset(config, &mut wrong),
            timeouts: timeouts(config, &mut wrong),
        };
        eks::check(&grant.eks, &grant.subject, &mut wrong);
        metadata::check(config, "annotations", &mut wrong);
        metadata::check(config, "labels", &mut wrong);
        if wrong.has_errors() { Err(wrong) } else { Ok(grant) }
    }
}

impl GrantConfig {
    /// The mapping that `aws-auth` must have; `None` where there is none to be, or it is not known yet.
    pub(crate) fn mapping(&self) -> Option<Mapping> {
        let SubjectView::User(name) = self.subject.known()?.view() else { return None };
        Mapping::new(self.eks.known()?.identity.clone(), name).ok()
    }
}

fn expiry(config: &Value, wrong: &mut Diagnostics) -> Expiry {
    const SUMMARY: &str = "Not an end";
    let expires_at: Attr<String> = part(config, "expires_at", wrong);
    let duration: Attr<String> = part(config, "duration", wrong);
    match (expires_at, duration) {
        (Attr::Null, Attr::Null) => {
            refuse(
                wrong,
                Path::attribute("duration"),
                SUMMARY,
                "Every grant ends: set `duration` or `expires_at`.",
            );
            Expiry::At(Attr::Unknown)
        }
        (Attr::Known(_), Attr::Known(_)) => {
            let detail = "`expires_at` and `duration` both say when it ends: leave one out.";
            refuse(wrong, Path::attribute("duration"), SUMMARY, detail);
            Expiry::At(Attr::Unknown)
        }
        (Attr::Null, duration) => {
            Expiry::After(match duration.known().map(|text| text.parse::<Lifetime>()) {
                None => Attr::Unknown,
                Some(Ok(lifetime)) => Attr::Known(lifetime),
                Some(Err(error)) => {
                    refuse(wrong, Path::attribute("duration"), SUMMARY, chain(&error));
                    Attr::Unknown
                }
            })
        }
        (expires_at, _) => Expiry::At(match expires_at.known().map(|text| time(text)) {
            None => Attr::Unknown,
            Some(Ok(time)) => Attr::Known(time),
            Some(Err(detail)) => {
                refuse(wrong, Path::attribute("expires_at"), SUMMARY, detail);
                Attr::Unknown
            }
        }),
    }
}

fn subset(config: &Value, wrong: &mut Diagnostics) -> Attr<SubsetDigest> {
    match part::<String>(config, "subset_sha256", wrong) {
        Attr::Null => Attr::Null,
        Attr::Unknown => Attr::Unknown,
        Attr::Known(text) => SubsetDigest::try_from(text).map_or_else(
            |error| {
                refuse(wrong, Path::attribute("subset_sha256"), "Not a digest", chain(&error));
                Attr::Unknown
            },
            Attr::Known,
        ),
    }
}

impl Timeouts {
    /// The timeouts of a state. A state that was read has timeouts that are read; the defaults stand in for others.
    pub(super) fn of_state(state: &Value) -> Self {
        timeouts(state, &mut Diagnostics::new())
    }
}

fn timeouts(config: &Value, wrong: &mut Diagnostics) -> Timeouts {
    let parts: Attr<TimeoutParts> = part(config, "timeouts", wrong);
    let none =
        || TimeoutParts { create: Attr::Null, read: Attr::Null, update: Attr::Null, delete: Attr::Null };
    let TimeoutParts { create, read, update, delete } = parts.into_known().unwrap_or_else(none);
    let mut one = |text: &Attr<String>, name: &str| {
        let minute = Duration::from_secs(60);
        let Some(text) = text.known() else { return minute };
        match text.parse::<Lifetime>() {
            Ok(lifetime) => lifetime.duration().try_into().unwrap_or(minute),
            Err(error) => {
                refuse(wrong, at("timeouts", name), "Not a timeout", chain(&error));
                minute
            }
        }
    };
    Timeouts {
        create: one(&create, "create"),
        read: one(&read, "read"),
        update: one(&update, "update"),
        delete: one(&delete, "delete"),
    }
}

#[cfg(test)]
mod tests;
