//! PagerDuty knows who is on call. An answer counts only where nothing about it is in doubt; else approvers are asked.
//!
//! A duty ends with the shift. Two kinds of entries are no duty: one that has no schedule, because the escalation policy names the
//! person for ever, and an override for the person. PagerDuty does not tell who made an override, and a person could put
//! themselves on call. Not here: what being on call permits (`p0_access::policy`), and HTTP (`pagerduty_client`).

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use p0_access::identity::Person;
use p0_access::name::PersonName;
use p0_access::policy::{Duty, OnCallPlaces};
use p0_grant::on_call::DutyId;
use pagerduty_client::{Client, Id, IdError, OnCall, OnCallQuery as Query, Override};
use serde::{Deserialize, Serialize};

use super::{OnCallLookup, OnCallQuery};

/// How far ahead overrides are looked for: no grant that a duty approves lasts longer.
const AHEAD: SignedDuration = SignedDuration::from_hours(7 * 24);

/// Who is on call, as PagerDuty has it.
pub struct PagerDuty {
    client: Client,
    rules: PagerDutyRules,
    cache: Mutex<BTreeMap<Question, Answer>>,
}

/// What of PagerDuty's answers counts here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PagerDutyRules {
    /// Domains whose e-mail addresses find a user where a person has no PagerDuty id.
    pub email_domains: Vec<String>,
    /// Whether an override puts somebody on call.
    pub overrides: Overrides,
    /// How long an answer is kept.
    pub keep: SignedDuration,
}

/// Whether an override puts somebody on call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Overrides {
    /// It does not: it could be one's own, as PagerDuty does not tell who made it.
    #[default]
    Refused,
    /// It does: only others can make overrides, as the site says.
    Counted,
}

/// Who is asked about, by what PagerDuty knows them, and where.
type Question = (PersonKey, OnCallPlaces);

/// By what PagerDuty knows somebody.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum PersonKey {
    Id(Id),
    Email(String),
}

struct Answer {
    at: Timestamp,
    duties: Vec<Duty>,
}

impl PagerDuty {
    /// Asks `client`.
    pub fn new(client: Client, rules: PagerDutyRules) -> Self {
        Self { client, rules, cache: Mutex::default() }
    }

    /// By what PagerDuty knows `person`: by the id in the identities, else by the address where the site allows it.
    fn known(&self, person: &Person) -> Result<PersonKey, String> {
        if let Some(id) = &person.pagerduty {
            return id.as_str().parse().map(PersonKey::Id).map_err(|error| format!("{error}"));
        }
        let is_taken = |email: &&String| {
            let domain = email.rsplit_once('@').map(|(_, domain)| domain);
            domain.is_some_and(|domain| {
                self.rules.email_domains.iter().any(|own| own.eq_ignore_ascii_case(domain))
            })
        };
        let email = person.email.as_ref().filter(is_taken);
        email
            .map(|email| PersonKey::Email(email.clone()))
            .ok_or_else(|| format!("`{}` has no `pagerduty` id in p0/identities.yaml", person.name))
    }

    async fn user(&self, known: &PersonKey) -> Result<Id, String> {
        let email = match known {
            PersonKey::Id(id) => return Ok(id.clone()),
            PersonKey::Email(email) => email,
        };
        let found = self.client.users_by_email(email).await.map_err(sentence)?;
        match found.as_slice() {
            [user] => Ok(user.id.clone()),
            [] => Err("PagerDuty has no user with the person's e-mail address".to_owned()),
            _ => Err("PagerDuty has several users with the person's e-mail address".to_owned()),
        }
    }

    async fn ask(
        &self,
        person: &PersonName,
        (known, places): &Question,
        at: Timestamp,
    ) -> Result<Vec<Duty>, String> {
        let user = self.user(known).await?;
        let only = Query { users: vec![user.clone()], ..Query::default() };
        let (entries, incidents) =
            tokio::join!(self.client.on_calls(&only, at), self.client.open_incidents(&user));
        let mut duties = Vec::new();
        for entry in entries.map_err(sentence)?.into_iter().filter(|entry| entry.user.id == user) {
            let Some(mut duty) = duty(person, &entry).filter(|duty| places.have(duty)) else { continue };
            let Some(until) = self.lasts(&entry, at).await? else { continue };
            duty.until = Some(until);
            // An incident is told to people and proves nothing: where it is not known, it is left out.
            let open =
                incidents.iter().flatten().filter(|open| open.escalation_policy == entry.escalation_policy);
            let latest = open.max_by_key(|open| open.created_at);
            duty.incident = latest.map(|open| format!("#{} ({})", open.incident_number, open.id));
            duties.push(duty);
        }
        Ok(duties)
    }

    /// Until when an entry is a duty; `None` where it is none.
    async fn lasts(&self, entry: &OnCall, at: Timestamp) -> Result<Option<Timestamp>, String> {
        let Some(schedule) = &entry.schedule else { return Ok(None) };
        let ahead = at.saturating_add(AHEAD).unwrap_or(Timestamp::MAX);
        let end = entry.end.unwrap_or(ahead).min(ahead);
        if end <= at || entry.start.is_some_and(|start| at < start) {
            return Ok(None);
        }
        if self.rules.overrides == Overrides::Counted {
            return Ok(Some(end));
        }
        let overrides = self.client.overrides(&schedule.id, at, end).await.map_err(sentence)?;
        let own: Vec<Override> = overrides.into_iter().filter(|one| one.user == entry.user).collect();
        if own.iter().any(|one| one.start <= at && at < one.end) {
            return Ok(None);
        }
        // PagerDuty tells a shift and an override that follows it as one entry.
        Ok(own.iter().map(|one| one.start).filter(|start| at < *start).chain([end]).min())
    }

    async fn check_schedule(&self, id: &DutyId) -> Result<(), String> {
        let id = id.as_str().parse().map_err(|error: IdError| error.to_string())?;
        self.client.schedule(&id).await.map(drop).map_err(sentence)
    }

    async fn check_escalation_policy(&self, id: &DutyId) -> Result<(), String> {
        let id = id.as_str().parse().map_err(|error: IdError| error.to_string())?;
        self.client.escalation_policy(&id).await.map(drop).map_err(sentence)
    }

    /// The cache, whatever happened to a thread that held it: entries are whole or not there.
    fn cached(&self, question: &Question, at: Timestamp) -> Option<Vec<Duty>> {
        let cache = self.cache.lock().unwrap_or_else(PoisonError::into_inner);
        cache.get(question).filter(|answer| self.is_fresh(answer, at)).map(|answer| answer.duties.clone())
    }

    fn keep(&self, question: Question, answer: Answer) {
        let mut cache = self.cache.lock().unwrap_or_else(PoisonError::into_inner);
        cache.retain(|_, kept| self.is_fresh(kept, answer.at));
        cache.insert(question, answer);
    }

    fn is_fresh(&self, answer: &Answer, at: Timestamp) -> bool {
        let age = at.duration_since(answer.at);
        age >= SignedDuration::ZERO && age < self.rules.keep
    }
}

#[async_trait]
impl OnCallLookup for PagerDuty {
    async fn duties(&self, query: OnCallQuery<'_>) -> Result<Vec<Duty>, String> {
        let OnCallQuery { person, places, at } = query;
        let question = (self.known(person)?, places.clone());
        let lasts = |duty: &Duty| duty.until.is_none_or(|until| at < until);
        if let Some(duties) = self.cached(&question, at) {
            return Ok(duties.into_iter().filter(lasts).collect());
        }
        let duties = self.ask(&person.name, &question, at).await?;
        self.keep(question, Answer { at, duties: duties.clone() });
        Ok(duties)
    }

    async fn faults(&self, places: &OnCallPlaces) -> Vec<String> {
        let mut faults = Vec::new();
        for id in &places.schedules {
            faults.extend(self.check_schedule(id).await.err());
        }
        for id in &places.escalation_policies {
            faults.extend(self.check_escalation_policy(id).await.err());
        }
        // A token that is refused is refused for each of them.
        faults.dedup();
        faults
    }
}

/// The duty that an entry tells of, before it is known until when.
fn duty(person: &PersonName, entry: &OnCall) -> Option<Duty> {
    let of = |id: &Id| id.as_str().parse::<DutyId>().ok();
    let schedule = of(&entry.schedule.as_ref()?.id)?;
    let escalation = (of(&entry.escalation_policy.id)?, entry.escalation_level);
    Some(Duty {
        person: person.clone(),
        schedule: Some(schedule),
        escalation: Some(escalation),
        until: None,
        incident: None,
    })
}

/// An error with what is below it.
#[expect(clippy::needless_pass_by_value, reason = "it is what `map_err` gives")]
fn sentence(error: pagerduty_client::Error) -> String {
    p0_grant::cause::chain(&error)
}
