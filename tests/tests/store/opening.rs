//! Opening: tables, newer and foreign and damaged databases, addresses, and who may serve.

use p0_gitops::store::{Store, StoreError};
use serde_json::Value;

use crate::rig::*;

#[tokio::test]
async fn a_newer_or_foreign_database_is_refused_and_left_alone() {
    let both = Both::new();
    for url in &both.urls {
        Store::open(url).await.expect("opened").close().await;
        behind(url, "INSERT INTO p0_schema (step, digest) VALUES (99, 'later')").await;
        let error = Store::open(url).await.map(|_| ()).unwrap_err();
        assert!(matches!(error, StoreError::Newer { theirs: 99, .. }), "{error}");
        behind(url, "DELETE FROM p0_schema WHERE step = 99; UPDATE p0_schema SET digest = 'other'").await;
        let error = Store::open(url).await.map(|_| ()).unwrap_err();
        assert!(matches!(error, StoreError::Foreign { step: 1, .. }), "{error}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn replicas_that_start_together_make_the_tables_once() {
    let both = Both::new();
    for url in &both.urls {
        let starting: Vec<_> = (0..8)
            .map(|_| {
                let url = url.clone();
                tokio::spawn(async move { Store::open(&url).await.map(|_| ()) })
            })
            .collect();
        for replica in starting {
            replica.await.expect("it ends").expect("it opens");
        }
    }
}

#[tokio::test]
async fn of_two_servers_on_one_file_the_second_is_told() {
    let both = Both::new();
    let [file, server] = &both.urls;
    let (one, two) = (Store::open(file).await.unwrap(), Store::open(file).await.unwrap());
    let alone = one.serve_alone().expect("the first");
    let error = two.serve_alone().map(|_| ()).unwrap_err();
    assert!(matches!(error, StoreError::Taken(_)), "{error}");
    two.create("a", &step(0, "pending")).await.expect("a command line may share the file");
    drop(alone);
    let _next = two.serve_alone().expect("the first has ended");
    let (one, two) = (Store::open(server).await.unwrap(), Store::open(server).await.unwrap());
    let _replicas = [one.serve_alone().expect("a replica"), two.serve_alone().expect("another")];
}

#[tokio::test]
async fn a_damaged_file_is_refused() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("p0.db");
    let url = format!("sqlite://{}", file.display());
    std::fs::write(&file, "this is no database, however long it may be; ".repeat(100)).expect("written");
    let error = Store::open(&url).await.map(|_| ()).unwrap_err();
    assert!(matches!(error, StoreError::Damaged { .. }), "{error}");

    std::fs::remove_file(&file).expect("removed");
    let store = Store::open(&url).await.expect("opened");
    for number in 0..200 {
        let mut step = step(number, "pending");
        step.request = Value::String("x".repeat(400));
        store.create(&format!("r{number}"), &step).await.expect("created");
    }
    store.check().await.expect("it is whole");
    store.close().await;
    let mut bytes = std::fs::read(&file).expect("read");
    let middle = bytes.len() / 2;
    bytes[middle..middle + 8192].fill(0xa5);
    std::fs::write(&file, bytes).expect("written");
    // Reading the file through finds it, if opening did not.
    let found = match Store::open(&url).await {
        Ok(store) => store.check().await.unwrap_err(),
        Err(error) => error,
    };
    assert!(matches!(found, StoreError::Damaged { .. }), "{found}");
}

#[tokio::test]
async fn addresses_that_lead_nowhere_are_told_without_their_password() {
    for url in
        ["p0.db", "sqlite://", "sqlite://a?mode=ro", "mysql://root:secret@host/db", "postgres://u:secret@[/"]
    {
        let error = Store::open(url).await.map(|_| ()).unwrap_err();
        assert!(matches!(error, StoreError::Address(_)), "{url}: {error}");
        assert!(!error.to_string().contains("secret"), "{error}");
    }
    let missing = Store::open("sqlite:///nonexistent/folder/p0.db").await.map(|_| ()).unwrap_err();
    assert!(matches!(missing, StoreError::Open { .. }), "{missing}");
    let nobody = Store::open("postgres://u:secret@127.0.0.1:1/db").await.map(|_| ()).unwrap_err();
    assert!(matches!(nobody, StoreError::Unreachable { .. }), "{nobody}");
    assert!(!format!("{nobody} {nobody:?}").contains("secret"), "{nobody:?}");
}

#[tokio::test]
async fn the_file_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("p0.db");
    let store = Store::open(&format!("sqlite://{}", file.display())).await.expect("opened");
    store.create("a", &step(0, "pending")).await.expect("created");
    let _alone = store.serve_alone().expect("alone");
    for entry in std::fs::read_dir(folder.path()).expect("a folder") {
        let entry = entry.expect("an entry");
        let mode = entry.metadata().expect("metadata").permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{}", entry.path().display());
    }
}
