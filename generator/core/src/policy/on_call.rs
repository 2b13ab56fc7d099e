//! Being on call: what is known of it, where it counts, and when it approves. Not here: who knows it.

use std::collections::BTreeSet;
use std::fmt;

use jiff::Timestamp;
use p0_grant::on_call::{DutyId, DutyPlace, OnCallEvidence};
use serde::{Deserialize, Serialize};

use super::approvers::{Alternative, Match};
use super::reason::Reason;
use super::rule::Auto;
use crate::duration::Lifetime;
use crate::name::PersonName;

/// What is known of who is on call.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum OnCall {
    /// It was not asked.
    #[default]
    NotAsked,
    /// These are, now.
    Duties(Vec<Duty>),
}

/// Somebody's duty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Duty {
    /// Who.
    pub person: PersonName,
    /// In which schedule, by id.
    pub schedule: Option<DutyId>,
    /// In which escalation policy, by id, and on which of its levels, from 1.
    pub escalation: Option<(DutyId, u32)>,
    /// Until when; none where it has no end.
    pub until: Option<Timestamp>,
    /// The open incident that the person works on, for people.
    pub incident: Option<String>,
}

/// A duty that approved something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct AcceptedDuty {
    /// Where, and until when: what the grant says of it.
    pub evidence: OnCallEvidence,
    /// The open incident that the person works on, for people. It proves nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub incident: Option<String>,
}

/// Where being on call would count: what has to be asked of the source of duties, and nothing else.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct OnCallPlaces {
    /// Schedules, by id.
    pub schedules: BTreeSet<DutyId>,
    /// Escalation policies, by id.
    pub escalation_policies: BTreeSet<DutyId>,
}

impl Duty {
    /// The duty that a grant's evidence tells of.
    pub fn of(person: &PersonName, evidence: &OnCallEvidence) -> Self {
        let (schedule, escalation) = match &evidence.place {
            DutyPlace::Schedule(id) => (Some(id.clone()), None),
            DutyPlace::EscalationPolicy { id, level } => (None, Some((id.clone(), *level))),
        };
        Self { person: person.clone(), schedule, escalation, until: evidence.until, incident: None }
    }

    /// Where it satisfies `auto`, if it does.
    fn place(&self, auto: &Auto) -> Option<DutyPlace> {
        let schedule = self.schedule.iter().find(|id| auto.schedules.contains(id));
        let escalation = self
            .escalation
            .iter()
            .find(|(id, level)| auto.escalation_policies.contains(id) && *level <= auto.max_level);
        let escalation = escalation.map(|(id, level)| (id.clone(), *level));
        schedule
            .cloned()
            .map(DutyPlace::Schedule)
            .or(escalation.map(|(id, level)| DutyPlace::EscalationPolicy { id, level }))
    }
}

impl AcceptedDuty {
    /// Whether `now` proves it still: the same place, for at least as long.
    pub fn is_proved_by(&self, now: &Self) -> bool {
        let lasts = match (self.evidence.until, now.evidence.until) {
            (_, None) => true,
            (None, Some(_)) => false,
            (Some(then), Some(now)) => then <= now,
        };
        self.evidence.place == now.evidence.place && lasts
    }
}

impl fmt::Display for AcceptedDuty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.evidence.fmt(f)?;
        self.incident.as_ref().map_or(Ok(()), |incident| write!(f, ", incident {incident}"))
    }
}

impl OnCallPlaces {
    /// The places that the rules of `matches` name; none where no rule has `auto`.
    pub fn of<'m>(matches: impl IntoIterator<Item = &'m Match>) -> Self {
        let mut places = Self::default();
        let with_parts = matches.into_iter().flat_map(|found| std::iter::once(found).chain(&found.parts));
        for alternative in with_parts.flat_map(|found| &found.alternatives) {
            if let Alternative::Auto(auto) = alternative {
                places.add(auto);
            }
        }
        places
    }

    /// Adds the places that a rule names.
    pub fn add(&mut self, auto: &Auto) {
        self.schedules.extend(auto.schedules.iter().cloned());
        self.escalation_policies.extend(auto.escalation_policies.iter().cloned());
    }

    /// Adds other places.
    pub fn extend(&mut self, others: Self) {
        self.schedules.extend(others.schedules);
        self.escalation_policies.extend(others.escalation_policies);
    }

    /// Whether being on call counts nowhere.
    pub fn is_empty(&self) -> bool {
        self.schedules.is_empty() && self.escalation_policies.is_empty()
    }

    /// Whether a duty is in one of the places.
    pub fn have(&self, duty: &Duty) -> bool {
        let in_schedule = duty.schedule.as_ref().is_some_and(|id| self.schedules.contains(id));
        let in_policy = duty.escalation.as_ref().is_some_and(|(id, _)| self.escalation_policies.contains(id));
        in_schedule || in_policy
    }
}

/// The duty that approves it, and for how long it does; or why none does. Of several duties the one that lasts longest counts.
pub(super) fn accepted_duty(
    auto: &Auto,
    found: &Match,
    on_call: &OnCall,
    at: Timestamp,
) -> Result<(AcceptedDuty, Lifetime), Reason> {
    let requester = &found.requester;
    match found.limits.worst {
        _ if found.owner.as_ref() != Some(requester) => return Err(Reason::OnCallForOther),
        Some(worst) if worst > auto.max_danger => {
            return Err(Reason::OnCallDanger { worst, allowed: auto.max_danger });
        }
        _ => {}
    }
    if let Some(class) = found.limits.second_channel {
        return Err(Reason::SecondChannel(class));
    }
    let duties = match on_call {
        OnCall::NotAsked => &[][..],
        OnCall::Duties(duties) => duties,
    };
    let accepted = |duty: &Duty| {
        let longest = match duty.until {
            None => auto.duration,
            Some(until) => Lifetime::between(at, until)?.min(auto.duration),
        };
        let evidence = OnCallEvidence { place: duty.place(auto)?, until: duty.until };
        Some((AcceptedDuty { evidence, incident: duty.incident.clone() }, longest))
    };
    let own = duties.iter().filter(|duty| duty.person == *requester);
    let best = own.filter_map(accepted).max_by_key(|(duty, _)| duty.evidence.until.unwrap_or(Timestamp::MAX));
    best.ok_or_else(|| Reason::NotOnCall(requester.clone()))
}
