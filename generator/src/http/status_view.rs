//! What the status page shows, as data: who has access now, what waits, what happened.
//!
//! Not here: how it looks.

use jiff::Timestamp;
use p0_access::request::{AuditLine as Step, Request, State, StateName};
use p0_grant::danger::Class;

use crate::store::{AuditLine, Store, StoreError};
use crate::workflow::in_states;

/// How many lines of the log the first page shows.
const LATEST: u32 = 50;

/// How many requests a section shows; what is beyond is said, not hidden.
const MOST: usize = 500;

/// The first page.
#[derive(Clone, Debug)]
pub(super) struct StatusView {
    pub(super) now: Timestamp,
    /// Access that there is, or that is not known to be gone; what ends first comes first.
    pub(super) access: Section,
    /// What waits for somebody or something; the most dangerous first.
    pub(super) waiting: Section,
    /// The latest lines of the log.
    pub(super) history: Vec<Event>,
}

/// Requests of one kind.
#[derive(Clone, Debug, Default)]
pub(super) struct Section {
    pub(super) entries: Vec<Entry>,
    /// How many more there are.
    pub(super) more: usize,
}

/// One request.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) id: String,
    pub(super) requester: String,
    pub(super) subject: String,
    pub(super) grants: Vec<GrantRow>,
    pub(super) reason: Option<String>,
    pub(super) danger: Option<Class>,
    pub(super) status: Status,
    pub(super) asked_at: Timestamp,
    pub(super) lifetime: String,
    pub(super) expires_at: Option<Timestamp>,
    pub(super) approvers: Vec<String>,
    pub(super) rule: String,
}

/// One grant of a request.
#[derive(Clone, Debug)]
pub(super) struct GrantRow {
    pub(super) role: String,
    pub(super) selection: String,
    pub(super) cluster: String,
    pub(super) subresources: Vec<String>,
}

/// Where a request stands, as far as it matters to whoever looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Status {
    /// The cluster was seen to have it.
    Live,
    /// It is on base; nobody has seen it in the cluster.
    Merged,
    /// It is over, and not known to be gone.
    Ending,
    /// Its time is over, and it is not known to be gone.
    Overdue,
    /// Anything else.
    Other(StateName),
}

/// One line of the log.
#[derive(Clone, Debug)]
pub(super) struct Event {
    pub(super) at: Timestamp,
    pub(super) request: String,
    /// Where the request stood from then on.
    pub(super) what: String,
    /// What led there, and who did it.
    pub(super) why: String,
    pub(super) hash: String,
}

impl StatusView {
    /// Reads the store.
    pub(super) async fn of(store: &Store, now: Timestamp) -> Result<Self, StoreError> {
        let mut access = entries(store, now, holds_access).await?;
        access.sort_by_key(|entry| entry.expires_at);
        let mut waiting = entries(store, now, |state| !state.is_ended() && !holds_access(state)).await?;
        waiting.sort_by_key(|entry| std::cmp::Reverse(entry.danger));
        let history = store.latest(LATEST).await?.into_iter().map(Event::of).collect();
        Ok(Self { now, access: Section::of(access), waiting: Section::of(waiting), history })
    }
}

/// The page of one request: itself and its lines, if there is one.
pub(super) async fn request(
    store: &Store,
    id: &str,
    now: Timestamp,
) -> Result<Option<(Entry, Vec<Event>)>, StoreError> {
    let Some(stored) = store.load(id).await? else { return Ok(None) };
    let entry = Entry::of(&stored.read()?, now);
    let events = store.history(id).await?.into_iter().map(Event::of).collect();
    Ok(Some((entry, events)))
}

/// Whether somebody has access in a state, or may still have it.
fn holds_access(state: StateName) -> bool {
    state.is_live() || state == StateName::Revoking
}

async fn entries(
    store: &Store,
    now: Timestamp,
    wanted: impl Fn(StateName) -> bool,
) -> Result<Vec<Entry>, StoreError> {
    let found = store.list(&in_states(wanted)).await?;
    found.iter().map(|stored| Ok(Entry::of(&stored.read()?, now))).collect()
}

impl Section {
    fn of(mut entries: Vec<Entry>) -> Self {
        let more = entries.len().saturating_sub(MOST);
        entries.truncate(MOST);
        Self { entries, more }
    }
}

impl Entry {
    fn of(request: &Request, now: Timestamp) -> Self {
        let asked = request.spec();
        let granted = request.granted();
        let grants = asked.grants.iter().map(|grant| GrantRow {
            role: grant.role.to_string(),
            selection: grant.selection.to_string(),
            cluster: grant.cluster.to_string(),
            subresources: grant.subresources.iter().map(ToString::to_string).collect(),
        });
        let approvers = granted.into_iter().flat_map(|granted| granted.approval.approvers());
        Self {
            id: asked.id.to_string(),
            requester: asked.requester.to_string(),
            subject: asked.subject.to_string(),
            grants: grants.collect(),
            reason: asked.reason.clone(),
            danger: asked.danger(),
            status: Status::of(request, now),
            asked_at: asked.at,
            lifetime: asked.lifetime.to_string(),
            expires_at: granted.map(|granted| granted.expires_at),
            approvers: approvers.map(ToString::to_string).collect(),
            rule: asked.rule.to_string(),
        }
    }
}

impl Status {
    fn of(request: &Request, now: Timestamp) -> Self {
        let state = request.state();
        let is_over = request.granted().is_some_and(|granted| granted.expires_at <= now);
        match state {
            _ if is_over && holds_access(state.name()) => Self::Overdue,
            State::Active(_) => Self::Live,
            State::Extending(extending) if extending.merged.seen.is_some() => Self::Live,
            State::Merged(_) | State::Extending(_) => Self::Merged,
            State::Revoking(_) => Self::Ending,
            _ => Self::Other(state.name()),
        }
    }

    /// What it is called, in a word or two.
    pub(super) fn label(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Merged => "merged",
            Self::Ending => "ending",
            Self::Overdue => "overdue",
            Self::Other(name) => name.as_str(),
        }
    }

    /// What it means.
    pub(super) fn meaning(self) -> &'static str {
        match self {
            Self::Live => "the cluster was seen to have it",
            Self::Merged => "it is in Git; the cluster was not yet seen to have it",
            Self::Ending => "it was taken away; the cluster was not yet seen without it",
            Self::Overdue => "its time is over, and it is not known to be gone",
            Self::Other(name) => name.label(),
        }
    }
}

impl Event {
    fn of(line: AuditLine) -> Self {
        let AuditLine { at, request, line, hash, .. } = line;
        // A line of a later version is shown without being understood.
        let Ok(step) = serde_json::from_value::<Step>(line) else {
            return Self { at, request, what: "made a step".to_owned(), why: String::new(), hash };
        };
        let event = step.event.as_str();
        let why = step.by.map_or_else(|| event.to_owned(), |by| format!("{event} by {by}"));
        Self { at, request, what: step.to.label().to_owned(), why, hash }
    }
}
