//! What only the store itself can bring about: a disk without space, by SQLite's own limit.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Advanced, Columns, NewStep, Store, StoreError};

fn step(bytes: usize) -> NewStep {
    let columns = Columns {
        state: "pending".to_owned(),
        requester: "alice".to_owned(),
        subject: "User/alice".to_owned(),
        cluster: "prod".to_owned(),
        expires_at: None,
        next_due: None,
    };
    let request = Value::String("x".repeat(bytes));
    NewStep { at: Timestamp::UNIX_EPOCH, request, columns, effects: vec![], line: json!({}) }
}

#[tokio::test]
async fn without_space_nothing_is_written_and_all_that_was_there_stays() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}", folder.path().join("p0.db").display());
    let store = Store::open(&url).await.unwrap();
    store.create("a", &step(10)).await.unwrap();
    // The limit is per connection; one that is refused a page says what a full disk says.
    for _ in 0..8 {
        let mut transaction = store.database.begin().await.unwrap();
        transaction.rows::<(i64,)>("PRAGMA max_page_count = 1", &[]).await.unwrap();
    }
    let full = store.advance("a", 1, &step(1_000_000)).await.unwrap_err();
    assert!(matches!(full, StoreError::DiskFull { .. }), "{full:?}");
    let again = Store::open(&url).await.unwrap();
    assert_eq!(again.load("a").await.unwrap().unwrap().version, 1);
    assert_eq!(again.verify_chain().await.unwrap().lines, 1);
    assert_eq!(again.advance("a", 1, &step(1_000_000)).await.unwrap(), Advanced::To(2));
}
