//! What is in an account, and who is on call by it. Not here: HTTP.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::time;

/// Users, schedules, escalation policies and incidents, by id.
#[derive(Default)]
pub struct Account {
    pub(super) users: BTreeMap<String, User>,
    pub(super) schedules: BTreeMap<String, Schedule>,
    pub(super) policies: BTreeMap<String, Vec<Vec<Target>>>,
    pub(super) incidents: Vec<Incident>,
    overrides_made: u32,
}

/// A user.
#[derive(Clone)]
pub(super) struct User {
    pub(super) name: String,
    pub(super) email: String,
}

/// A schedule: what its layers say, and what stands above them. The last override wins.
#[derive(Default)]
pub(super) struct Schedule {
    pub(super) shifts: Vec<Shift>,
    pub(super) overrides: Vec<(String, Shift)>,
}

/// A time in which somebody is on call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shift {
    /// Who.
    pub user: String,
    /// Since when.
    pub start: Timestamp,
    /// Until when.
    pub end: Timestamp,
}

/// Whom an escalation policy tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// The person who is on call in a schedule.
    Schedule(String),
    /// This person, always.
    User(String),
}

/// An open incident.
#[derive(Clone, Debug)]
pub struct Incident {
    /// Its id.
    pub id: String,
    /// Its number.
    pub number: u64,
    /// To whom it is assigned.
    pub user: String,
    /// By which escalation policy.
    pub policy: String,
    /// Since when.
    pub created_at: Timestamp,
}

/// An entry of who is on call.
pub(super) struct Entry {
    pub(super) policy: String,
    pub(super) level: usize,
    pub(super) schedule: Option<String>,
    pub(super) user: String,
    pub(super) span: Option<(Timestamp, Timestamp)>,
}

impl Account {
    /// Adds a user.
    pub fn user(&mut self, id: &str, email: &str) -> &mut Self {
        let name = email.split('@').next().unwrap_or_default().to_owned();
        self.users.insert(id.to_owned(), User { name, email: email.to_owned() });
        self
    }

    /// Adds a shift to a schedule, which is made where it is not there.
    pub fn shift(&mut self, schedule: &str, user: &str, start: &str, end: &str) -> &mut Self {
        let shift = Shift { user: user.to_owned(), start: time(start), end: time(end) };
        self.schedules.entry(schedule.to_owned()).or_default().shifts.push(shift);
        self
    }

    /// Adds an escalation policy, level by level.
    pub fn policy(&mut self, id: &str, levels: &[&[Target]]) -> &mut Self {
        self.policies.insert(id.to_owned(), levels.iter().map(|level| level.to_vec()).collect());
        self
    }

    /// Adds an override; its id.
    pub fn add_override(&mut self, schedule: &str, shift: Shift) -> Option<String> {
        let overrides = &mut self.schedules.get_mut(schedule)?.overrides;
        self.overrides_made += 1;
        let id = format!("Q{:06}", self.overrides_made);
        overrides.push((id.clone(), shift));
        Some(id)
    }

    /// Opens an incident.
    pub fn incident(&mut self, incident: Incident) -> &mut Self {
        self.incidents.push(incident);
        self
    }

    /// Ends all shifts and overrides of a schedule at `end`, as somebody does who rearranges it.
    pub fn cut(&mut self, schedule: &str, end: &str) {
        let Some(schedule) = self.schedules.get_mut(schedule) else { return };
        let shifts = schedule.shifts.iter_mut().chain(schedule.overrides.iter_mut().map(|(_, shift)| shift));
        shifts.for_each(|shift| shift.end = shift.end.min(time(end)));
    }

    /// Who is on call from `since` to `until`, in every place. A schedule that no escalation policy names is nowhere.
    pub(super) fn on_calls(&self, since: Timestamp, until: Timestamp) -> Vec<Entry> {
        let mut entries = Vec::new();
        for (policy, levels) in &self.policies {
            for (index, target) in levels
                .iter()
                .enumerate()
                .flat_map(|(index, level)| level.iter().map(move |target| (index, target)))
            {
                let entry = |schedule, user: &str, span| Entry {
                    policy: policy.clone(),
                    level: index + 1,
                    schedule,
                    user: user.to_owned(),
                    span,
                };
                match target {
                    Target::User(user) => entries.push(entry(None, user, None)),
                    Target::Schedule(id) => {
                        let shifts = self.schedules.get(id).map(Schedule::rendered).unwrap_or_default();
                        let touches = |shift: &Shift| shift.start <= until && since < shift.end;
                        entries.extend(shifts.iter().filter(|shift| touches(shift)).map(|shift| {
                            entry(Some(id.clone()), &shift.user, Some((shift.start, shift.end)))
                        }));
                    }
                }
            }
        }
        entries
    }
}

impl Schedule {
    /// The final schedule: at each moment the last override, else the last layer, that covers it.
    fn rendered(&self) -> Vec<Shift> {
        let all = || self.shifts.iter().chain(self.overrides.iter().map(|(_, shift)| shift));
        let bounds: BTreeSet<Timestamp> = all().flat_map(|shift| [shift.start, shift.end]).collect();
        let bounds: Vec<Timestamp> = bounds.into_iter().collect();
        let mut rendered: Vec<Shift> = Vec::new();
        for pair in bounds.windows(2) {
            let (start, end) = (pair[0], pair[1]);
            let Some(on) = all().rfind(|shift| shift.start <= start && end <= shift.end) else {
                continue;
            };
            match rendered.last_mut() {
                Some(last) if last.user == on.user && last.end == start => last.end = end,
                _ => rendered.push(Shift { user: on.user.clone(), start, end }),
            }
        }
        rendered
    }
}
