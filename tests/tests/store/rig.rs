//! An empty database of each kind, and what is put into it.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use p0_gitops::store::{Columns, NewEffect, NewStep, Urgency};
use p0_tests::postgres::Postgres;
use serde_json::json;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Executor};

/// One empty database of each kind.
pub(crate) struct Both {
    _folder: tempfile::TempDir,
    _server: Arc<Postgres>,
    pub(crate) urls: [String; 2],
}

impl Both {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let server = Postgres::shared();
        let urls = [format!("sqlite://{}", folder.path().join("p0.db").display()), server.database()];
        Self { _folder: folder, _server: server, urls }
    }
}

/// Runs SQL behind the store's back.
pub(crate) async fn behind(url: &str, sql: &str) {
    let sql = AssertSqlSafe(sql.to_owned());
    if url.starts_with("postgres") {
        let mut database = sqlx::PgConnection::connect(url).await.expect("a connection");
        database.execute(sqlx::raw_sql(sql)).await.expect("SQL");
    } else {
        let options: sqlx::sqlite::SqliteConnectOptions = url.parse().expect("an address");
        let mut database = options.connect().await.expect("a connection");
        database.execute(sqlx::raw_sql(sql)).await.expect("SQL");
    }
}

pub(crate) fn time(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + seconds).expect("a time")
}

pub(crate) fn step(at: i64, state: &str) -> NewStep {
    let columns = Columns {
        state: state.to_owned(),
        requester: "alice".to_owned(),
        subject: "User/alice@example.com".to_owned(),
        cluster: "prod".to_owned(),
        expires_at: Some(time(3600)),
        next_due: Some(time(60)),
    };
    let (request, line) = (json!({ "state": state }), json!({ "to": state }));
    NewStep { at: time(at), request, columns, effects: vec![], line }
}

pub(crate) fn effect(key: &str, urgency: Urgency, due: i64) -> NewEffect {
    let (key, kind) = (key.to_owned(), "tell".to_owned());
    NewEffect { body: json!({ "key": key }), key, kind, urgency, due: time(due), recipient: None }
}

pub(crate) const LEASE: SignedDuration = SignedDuration::from_secs(30);
