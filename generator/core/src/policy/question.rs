//! The question that a policy answers: who asks for what, for whom, for how long and why. Not here: the answer.

use p0_grant::danger::{Class, worst};
use p0_grant::offer::Withheld;
use p0_grant::plan::PlanReport;
use p0_grant::role::RoleRef;
use p0_grant::selection::Selection;
use p0_grant::subject::Subject;

use crate::duration::Lifetime;
use crate::layout::ClusterName;
use crate::name::PersonName;

/// What somebody asks for. Whose the subject is, the identities say.
#[derive(Clone, Debug)]
pub struct Question<'a> {
    /// Who asks.
    pub requester: &'a PersonName,
    /// Who gets access.
    pub subject: &'a Subject,
    /// Where.
    pub cluster: &'a ClusterName,
    /// Which role.
    pub role: &'a RoleRef,
    /// On what.
    pub selection: &'a Selection,
    /// How dangerous that is there.
    pub risk: Risk,
    /// For how long.
    pub term: Term,
    /// Why.
    pub reason: Stated<'a>,
}

/// How dangerous what is asked for is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Risk {
    /// The worst class of danger; `None` where there is none.
    pub worst: Option<Class>,
    /// Whether the cluster file opens it under `allowPrivileged`.
    pub privileged: bool,
    /// Why it is not offered at all.
    pub withheld: Option<Withheld>,
}

/// For how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Term {
    /// So long, or as long as the rule gives.
    For(Option<Lifetime>),
    /// So much longer, and so long in all.
    Extended {
        /// From now on.
        by: Lifetime,
        /// From the first grant to the new end.
        total: Lifetime,
    },
    /// Until it is reviewed.
    Persistent,
}

/// Whether a reason is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stated<'a> {
    /// This one.
    Text(&'a str),
    /// One that is not readable here: the grant keeps its hash, or nothing.
    Hidden,
    /// None.
    Nothing,
}

impl Risk {
    /// The risk that a plan's report shows.
    pub fn of(report: &PlanReport) -> Self {
        Self {
            worst: worst(report.dangers()),
            privileged: report.is_opened(),
            withheld: report.withheld().cloned(),
        }
    }
}
