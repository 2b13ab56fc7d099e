//! What the status page shows, as data: who has access now, what waits, what happened.
//!
//! Not here: how it looks.

use std::time::Duration;

use jiff::Timestamp;
use p0_access::request::{AuditLine as Step, Request, State, StateName};
use p0_grant::danger::Class;
use p0_grant::rule::Rule;

use crate::service::Service;
use crate::store::{AuditLine, Store, StoreError, Stored};
use crate::workflow::in_states;

/// How many lines of the log the first page shows.
const LATEST: u32 = 50;

/// How many requests a section shows; what is beyond is said, not hidden.
const MOST: usize = 500;

/// How long a page waits for what base says. A repository that does not answer must not keep people from the rest.
const BASE_WITHIN: Duration = Duration::from_secs(2);

/// Where a page is read from.
#[derive(Clone, Copy)]
pub(super) struct Sources<'a> {
    pub(super) store: &'a Store,
    /// Knows who may still approve a request, and what it gives. A page without it says neither.
    pub(super) service: Option<&'a Service>,
}

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
    /// Who may still approve it, while it waits for that.
    pub(super) may_approve: Vec<String>,
    pub(super) rule: String,
}

/// What a request gives: one rule.
#[derive(Clone, Debug)]
pub(super) struct RuleRow {
    pub(super) verbs: String,
    pub(super) resources: String,
    pub(super) names: String,
    pub(super) groups: String,
}

/// The page of one request.
#[derive(Clone, Debug)]
pub(super) struct RequestView {
    pub(super) entry: Entry,
    /// What it gives, while it waits for an answer.
    pub(super) gives: Vec<RuleRow>,
    pub(super) history: Vec<Event>,
}

/// One grant of a request.
#[derive(Clone, Debug)]
pub(super) struct GrantRow {
    pub(super) role: String,
    /// With its subresources.
    pub(super) selection: String,
    pub(super) cluster: String,
}

/// Where a request stands, as far as a reader of the page needs it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Status {
    /// The cluster was seen to have it.
    Live,
    /// It is on base, and not yet seen in the cluster.
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
    /// Reads the store, and what base says of requests that wait.
    pub(super) async fn of(sources: Sources<'_>, now: Timestamp) -> Result<Self, StoreError> {
        let Sources { store, service } = sources;
        let mut access = requests(store, now, holds_access).await?;
        access.sort_by_key(Request::expires_at);
        let mut waiting = requests(store, now, |state| !state.is_ended() && !holds_access(state)).await?;
        waiting.sort_by_key(|request| std::cmp::Reverse(request.spec().danger()));
        let mut waiting = (Section::of(&waiting, now), waiting);
        if let Some(service) = service {
            let named = name_approvers(service, &waiting.1, &mut waiting.0.entries, now);
            // What is not known in time is not said.
            let _all_or_some = tokio::time::timeout(BASE_WITHIN, named).await;
        }
        let history = store.latest(LATEST).await?.into_iter().map(Event::of).collect();
        Ok(Self { now, access: Section::of(&access, now), waiting: waiting.0, history })
    }
}

async fn name_approvers(service: &Service, requests: &[Request], entries: &mut [Entry], now: Timestamp) {
    for (request, entry) in requests.iter().zip(entries) {
        let may = service.may_approve(request, now).await;
        entry.may_approve = may.iter().map(ToString::to_string).collect();
    }
}

/// The page of one request: itself, what it gives and its lines, if there is one.
pub(super) async fn request(
    sources: Sources<'_>,
    id: &str,
    now: Timestamp,
) -> Result<Option<RequestView>, StoreError> {
    let Some(stored) = sources.store.load(id).await? else { return Ok(None) };
    let request = stored.read::<Request>()?.at(now);
    let (mut entry, mut gives) = (Entry::of(&request, now), Vec::new());
    if let Some(service) = sources.service.filter(|_| !request.state().name().is_ended()) {
        let shown = tokio::time::timeout(BASE_WITHIN, service.show(request.id(), None, now)).await;
        if let Ok(Ok(shown)) = shown {
            let may = service.may_approve(&request, now).await;
            entry.may_approve = may.iter().map(ToString::to_string).collect();
            if !entry.may_approve.is_empty() {
                let rules = shown.findings.iter().flat_map(|findings| findings.rules());
                gives = rules.filter_map(RuleRow::of).collect();
            }
        }
    }
    let history = sources.store.history(id).await?.into_iter().map(Event::of).collect();
    Ok(Some(RequestView { entry, gives, history }))
}

impl RuleRow {
    fn of(rule: &Rule) -> Option<Self> {
        let rule = rule.as_resource()?;
        let list = |words: &[String]| words.join(", ");
        Some(Self {
            verbs: list(rule.verbs()),
            resources: list(rule.resources()),
            names: if rule.resource_names().is_empty() {
                "any".to_owned()
            } else {
                list(rule.resource_names())
            },
            groups: list(rule.api_groups()),
        })
    }
}

/// Whether somebody has access in a state, or may still have it.
fn holds_access(state: StateName) -> bool {
    state.is_live() || state == StateName::Revoking
}

async fn requests(
    store: &Store,
    now: Timestamp,
    wanted: impl Fn(StateName) -> bool,
) -> Result<Vec<Request>, StoreError> {
    let found = store.list(&in_states(&wanted)).await?;
    let mut requests = Vec::with_capacity(found.len());
    for request in found.iter().map(Stored::read::<Request>) {
        match request.map(|request| request.at(now)) {
            Ok(request) if wanted(request.state().name()) => requests.push(request),
            Ok(_) => {}
            // One row that cannot be read hides no other.
            Err(error) => tracing::error!(why = %error, "a request in the store cannot be read"),
        }
    }
    Ok(requests)
}

impl Section {
    fn of(requests: &[Request], now: Timestamp) -> Self {
        let entries = requests.iter().take(MOST).map(|request| Entry::of(request, now)).collect();
        Self { entries, more: requests.len().saturating_sub(MOST) }
    }
}

impl Entry {
    fn of(request: &Request, now: Timestamp) -> Self {
        let asked = request.spec();
        let granted = request.granted();
        let grants = asked.grants.iter().map(|grant| GrantRow {
            role: grant.role.to_string(),
            selection: grant.what(),
            cluster: grant.cluster.to_string(),
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
            may_approve: Vec::new(),
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
