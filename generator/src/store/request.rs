//! Requests: one row each, moved by steps that exactly one of several racing writers makes.
//!
//! Not here: what a step is, and whether it may be made.

use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::database::{Cell, Transaction};
use super::{Result, Store, StoreError, audit};

/// One step of a request: its new state, what is to be done for it, and what the audit log says.
#[derive(Clone, Debug)]
pub struct NewStep {
    /// When.
    pub at: Timestamp,
    /// The request as it is from now on.
    pub request: Value,
    /// What of it is looked for.
    pub columns: Columns,
    /// What is to be done. A key is done once ever: one that was given before is left out.
    pub effects: Vec<NewEffect>,
    /// The line for the audit log.
    pub line: Value,
}

/// What requests are looked for by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Columns {
    /// The state's name, in kebab case.
    pub state: String,
    /// Who asked.
    pub requester: String,
    /// Who gets access.
    pub subject: String,
    /// Where; the names of several clusters with commas between.
    pub cluster: String,
    /// When access ends.
    pub expires_at: Option<Timestamp>,
    /// When something is to happen by itself; nothing once the request has ended.
    pub next_due: Option<Timestamp>,
}

/// Something to be done.
#[derive(Clone, Debug)]
pub struct NewEffect {
    /// What makes doing it twice one deed.
    pub key: String,
    /// What it is, for metrics.
    pub kind: String,
    /// Whether others wait for it.
    pub urgency: Urgency,
    /// The rest.
    pub body: Value,
    /// Not before.
    pub due: Timestamp,
    /// To whom it goes, where it is a message.
    pub recipient: Option<String>,
}

/// What comes first when much is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Urgency {
    /// It takes access away.
    Revocation,
    /// Anything else.
    Normal,
}

/// A request as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// Its id.
    pub id: String,
    /// How many steps it has made; what a next step must name.
    pub version: i64,
    /// The request, in JSON.
    body: String,
}

/// What became of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Advanced {
    /// It is made, and this is the new version.
    To(i64),
    /// Somebody else made one before: load and decide again.
    Conflict,
}

/// Which requests.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// In one of these states; in any where there is none.
    pub states: Vec<String>,
    /// Who asked.
    pub requester: Option<String>,
    /// For.
    pub subject: Option<String>,
    /// On.
    pub cluster: Option<String>,
    /// At most as many, the newest first.
    pub limit: Option<u32>,
}

impl Stored {
    /// The request in its own type.
    ///
    /// # Errors
    /// [`StoreError::Unreadable`] with its id.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T> {
        serde_json::from_str(&self.body)
            .map_err(|source| StoreError::Unreadable { what: self.id.clone(), source })
    }
}

impl Store {
    /// Makes a request's first step.
    ///
    /// # Errors
    /// [`StoreError::Exists`], or another; nothing was written.
    pub async fn create(&self, id: &str, step: &NewStep) -> Result<()> {
        const SQL: &str = "INSERT INTO p0_requests \
            (id, version, state, requester, subject, cluster, expires_at, next_due, body, opened_at) \
            VALUES ($1, 1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (id) DO NOTHING";
        match self.write(SQL, id, step.at.as_millisecond(), step).await? {
            true => Ok(()),
            false => Err(StoreError::Exists(id.to_owned())),
        }
    }

    /// Makes the next step of a request that is at `version`.
    ///
    /// # Errors
    /// [`StoreError`]; nothing was written.
    pub async fn advance(&self, id: &str, version: i64, step: &NewStep) -> Result<Advanced> {
        const SQL: &str = "UPDATE p0_requests SET version = version + 1, state = $2, requester = $3, \
            subject = $4, cluster = $5, expires_at = $6, next_due = $7, body = $8 WHERE id = $1 AND version = $9";
        match self.write(SQL, id, version, step).await? {
            true => Ok(Advanced::To(version + 1)),
            false => Ok(Advanced::Conflict),
        }
    }

    /// The one transaction that moves anything: request, effects and log, or nothing of them.
    async fn write(&self, sql: &'static str, id: &str, last: i64, step: &NewStep) -> Result<bool> {
        let body = step.request.to_string();
        let Columns { state, requester, subject, cluster, expires_at, next_due } = &step.columns;
        let cells = [
            id.into(),
            state.into(),
            requester.into(),
            subject.into(),
            cluster.into(),
            Cell::Number(expires_at.map(Timestamp::as_millisecond)),
            Cell::Number(next_due.map(Timestamp::as_millisecond)),
            (&body).into(),
            last.into(),
        ];
        let mut transaction = self.database.begin().await.map_err(self.failed())?;
        if transaction.execute(sql, &cells).await.map_err(self.failed())? == 0 {
            return Ok(false);
        }
        for effect in &step.effects {
            add_effect(&mut transaction, id, step.at, effect).await.map_err(self.failed())?;
        }
        audit::append(&mut transaction, self, id, (step.at, &step.line)).await?;
        transaction.commit().await.map_err(self.failed())?;
        Ok(true)
    }

    /// One request.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn load(&self, id: &str) -> Result<Option<Stored>> {
        let sql = "SELECT id, version, body FROM p0_requests WHERE id = $1";
        let found = self.database.rows(sql, &[id.into()]).await.map_err(self.failed())?;
        Ok(found.into_iter().next().map(stored))
    }

    /// Requests, the newest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn list(&self, filter: &Filter) -> Result<Vec<Stored>> {
        // Names of states and clusters are letters, digits and hyphens, which LIKE takes as they are.
        const SQL: &str = "SELECT id, version, body FROM p0_requests \
            WHERE (CAST($1 AS TEXT) IS NULL OR $1 LIKE '%,' || state || ',%') \
            AND (CAST($2 AS TEXT) IS NULL OR requester = $2) AND (CAST($3 AS TEXT) IS NULL OR subject = $3) \
            AND (CAST($4 AS TEXT) IS NULL OR ',' || cluster || ',' LIKE '%,' || $4 || ',%') ORDER BY opened_at DESC, id LIMIT $5";
        let states = format!(",{},", filter.states.join(","));
        let cells = [
            Cell::Text((!filter.states.is_empty()).then_some(&states)),
            Cell::Text(filter.requester.as_deref()),
            Cell::Text(filter.subject.as_deref()),
            Cell::Text(filter.cluster.as_deref()),
            Cell::from(filter.limit.map_or(i64::MAX, i64::from)),
        ];
        let found = self.database.rows(SQL, &cells).await.map_err(self.failed())?;
        Ok(found.into_iter().map(stored).collect())
    }

    /// The ids of requests to which something is to happen by now, the longest due first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn due(&self, now: Timestamp, limit: u32) -> Result<Vec<String>> {
        let sql = "SELECT id FROM p0_requests WHERE next_due <= $1 ORDER BY next_due, id LIMIT $2";
        let cells = [now.as_millisecond().into(), i64::from(limit).into()];
        let found: Vec<(String,)> = self.database.rows(sql, &cells).await.map_err(self.failed())?;
        Ok(found.into_iter().map(|(id,)| id).collect())
    }

    /// How many requests are in each state.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn census(&self) -> Result<Vec<(String, i64)>> {
        let sql = "SELECT state, COUNT(*) FROM p0_requests GROUP BY state ORDER BY state";
        self.database.rows(sql, &[]).await.map_err(self.failed())
    }
}

pub(super) async fn add_effect(
    transaction: &mut Transaction,
    request: &str,
    at: Timestamp,
    effect: &NewEffect,
) -> std::result::Result<(), sqlx::Error> {
    const SQL: &str = "INSERT INTO p0_effects (key, request, kind, urgency, body, since, due, recipient) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (key) DO NOTHING";
    let body = effect.body.to_string();
    let cells = [
        (&effect.key).into(),
        request.into(),
        (&effect.kind).into(),
        (effect.urgency as i64).into(),
        (&body).into(),
        at.as_millisecond().into(),
        effect.due.as_millisecond().into(),
        Cell::Text(effect.recipient.as_deref()),
    ];
    transaction.execute(SQL, &cells).await.map(|_| ())
}

fn stored((id, version, body): (String, i64, String)) -> Stored {
    Stored { id, version, body }
}
