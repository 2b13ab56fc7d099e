//! Writing into a store behind the program's back, as somebody does who holds its credentials.

use serde_json::Value;
use sqlx::{Connection, SqliteConnection};

/// Rewrites the row of one request in a SQLite store: `edit` gets the request in JSON. The row's columns follow its state.
///
/// # Panics
/// Where there is no such row.
pub fn rewrite<T>(store: &str, id: &str, edit: impl FnOnce(&mut Value) -> T) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let mut database = SqliteConnection::connect(store).await.expect("the store");
        let (body,): (String,) = sqlx::query_as("SELECT body FROM p0_requests WHERE id = ?")
            .bind(id)
            .fetch_one(&mut database)
            .await
            .expect("a request");
        let mut request: Value = serde_json::from_str(&body).expect("JSON");
        edit(&mut request);
        let state = request["state"]["state"].as_str().map(str::to_owned);
        sqlx::query(
            "UPDATE p0_requests SET body = ?, state = COALESCE(?, state), version = version + 1 WHERE id = ?",
        )
        .bind(request.to_string())
        .bind(state)
        .bind(id)
        .execute(&mut database)
        .await
        .expect("a row");
        database.close().await.expect("closed");
    });
}
