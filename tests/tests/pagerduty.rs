//! The client against the account, and the account against PagerDuty's own client: what one of the two takes for PagerDuty, the
//! other has to.
#![expect(clippy::unwrap_used, reason = "what cannot be set up is a failed test")]

use std::process::Command;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use p0_tests::fake_pagerduty::{FakePagerDuty, Incident, Limiter, READER, Shift, WRITER, Weather};
use pagerduty_client::{Client, Config, Error, Id, OnCallQuery};

fn id(text: &str) -> Id {
    text.parse().unwrap()
}

fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn now() -> Timestamp {
    time("2026-11-24T10:00:00Z")
}

fn config(pagerduty: &FakePagerDuty, token: &str) -> Config {
    Config {
        authorities: Some(std::fs::read(pagerduty.authority()).unwrap()),
        ..Config::new(pagerduty.url().parse().unwrap(), token.parse().unwrap())
    }
}

fn client(pagerduty: &FakePagerDuty) -> Client {
    Client::new(config(pagerduty, READER)).unwrap()
}

fn only(user: &str) -> OnCallQuery {
    OnCallQuery { users: vec![id(user)], ..OnCallQuery::default() }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_on_call_is_read_with_place_level_and_end() {
    let pagerduty = FakePagerDuty::with_shop();
    let client = client(&pagerduty);
    let found = client.on_calls(&only("PALICE"), now()).await.unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].schedule.as_ref().unwrap().id, id("PSHOP"));
    assert_eq!((&found[0].escalation_policy.id, found[0].escalation_level), (&id("ECORE"), 1));
    assert_eq!(found[0].end, Some(time("2026-11-24T16:00:00Z")));
    // A shift ends before its last moment.
    assert!(client.on_calls(&only("PALICE"), time("2026-11-24T16:00:00Z")).await.unwrap().is_empty());
    let carol = client.on_calls(&only("PCAROL"), now()).await.unwrap();
    assert_eq!((carol[0].escalation_level, carol[0].end, &carol[0].schedule), (2, None, &None));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_override_cuts_the_shift_and_is_told_apart() {
    let pagerduty = FakePagerDuty::with_shop();
    let shift =
        |start: &str, end: &str| Shift { user: "PBOB".to_owned(), start: time(start), end: time(end) };
    pagerduty.change(|account| {
        account.add_override("PSHOP", shift("2026-11-24T12:00:00Z", "2026-11-24T13:00:00Z"));
    });
    let client = client(&pagerduty);
    let found = client.on_calls(&only("PALICE"), now()).await.unwrap();
    assert_eq!(found[0].end, Some(time("2026-11-24T12:00:00Z")));
    let noon = time("2026-11-24T12:30:00Z");
    let overrides = client.overrides(&id("PSHOP"), noon, noon).await.unwrap();
    assert_eq!((overrides.len(), &overrides[0].user.id), (1, &id("PBOB")));
    assert!(client.overrides(&id("PSHOP"), now(), now()).await.unwrap().is_empty());
    assert!(matches!(client.overrides(&id("PNONE"), noon, noon).await, Err(Error::Missing(_))));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_finds_the_users_who_have_it_and_no_other() {
    let pagerduty = FakePagerDuty::with_shop();
    pagerduty.change(|account| {
        account.user("PALI2", "not-alice@example.com").user("PPLUS", "alice+pd@example.com");
    });
    let client = client(&pagerduty);
    let found = client.users_by_email("Alice@Example.com").await.unwrap();
    assert_eq!(found.iter().map(|user| user.id.as_str()).collect::<Vec<_>>(), ["PALICE"]);
    let plus = client.users_by_email("alice+pd@example.com").await.unwrap();
    assert_eq!(plus[0].id, id("PPLUS"));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_is_read_and_more_than_pagerduty_tells_is_said() {
    let pagerduty = FakePagerDuty::with_shop();
    let incident = |number: u64| Incident {
        id: format!("Q{number}"),
        number,
        user: "PALICE".to_owned(),
        policy: "ECORE".to_owned(),
        created_at: now(),
    };
    pagerduty.change(|account| (0..250).for_each(|number| _ = account.incident(incident(number))));
    // A hundred pages take their time on a busy machine.
    let patient = Config { limit: Duration::from_secs(120), ..config(&pagerduty, READER) };
    let client = Client::new(patient).unwrap();
    assert_eq!(client.open_incidents(&id("PALICE")).await.unwrap().len(), 250);
    assert_eq!(pagerduty.asked().len(), 3);
    pagerduty.change(|account| (250..10_001).for_each(|number| _ = account.incident(incident(number))));
    pagerduty.limit(Limiter::new(1000, Duration::from_secs(60)));
    assert!(matches!(client.open_incidents(&id("PALICE")).await, Err(Error::TooMany(_))));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_for_good_is_said_at_once_and_never_shows_the_token() {
    let pagerduty = FakePagerDuty::with_shop();
    let wrong = Client::new(config(&pagerduty, "wrong-token")).unwrap();
    let error = wrong.schedule(&id("PSHOP")).await.unwrap_err();
    assert!(matches!(error, Error::Token));
    assert_eq!(pagerduty.asked().len(), 1);
    assert!(!format!("{error:?} {error} {wrong:?}").contains("wrong-token"));
    let client = client(&pagerduty);
    assert!(
        client.schedule(&id("PSHOP")).await.is_ok() && client.escalation_policy(&id("ECORE")).await.is_ok()
    );
    assert!(matches!(client.escalation_policy(&id("PSHOP")).await, Err(Error::Missing(_))));
    // Somebody else's certificate.
    let stranger = Config { authorities: None, ..config(&pagerduty, READER) };
    let error = Client::new(stranger).unwrap().schedule(&id("PSHOP")).await.unwrap_err();
    assert!(matches!(error, Error::Unreachable(_)) && !format!("{error:?}").contains(READER));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_that_passes_is_tried_again_within_the_limit() {
    let pagerduty = FakePagerDuty::with_shop();
    let client = client(&pagerduty);
    pagerduty.weather(Weather::Failing { requests: 2, status: 503 });
    assert_eq!(client.on_calls(&only("PALICE"), now()).await.unwrap().len(), 1);
    assert_eq!(pagerduty.asked().len(), 3);
    pagerduty.weather(Weather::Failing { requests: 9, status: 502 });
    assert!(matches!(client.on_calls(&only("PALICE"), now()).await, Err(Error::Status { .. })));
    pagerduty.weather(Weather::Garbled);
    assert!(matches!(client.on_calls(&only("PALICE"), now()).await, Err(Error::Unreadable { .. })));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_is_silent_or_busy_holds_nobody_up() {
    let pagerduty = FakePagerDuty::with_shop();
    let hasty = Config { limit: Duration::from_millis(300), ..config(&pagerduty, READER) };
    let hasty = Client::new(hasty).unwrap();
    pagerduty.weather(Weather::Silent);
    let began = Instant::now();
    assert!(matches!(hasty.on_calls(&only("PALICE"), now()).await, Err(Error::TimedOut(_))));
    pagerduty.weather(Weather::Fair);
    // The limit ends in an hour, and that is not waited for.
    pagerduty.limit(Limiter::new(0, Duration::from_secs(3600)));
    assert!(matches!(client(&pagerduty).on_calls(&only("PALICE"), now()).await, Err(Error::RateLimited)));
    assert!(began.elapsed() < Duration::from_secs(60), "{:?}", began.elapsed());
}

/// Every check of the script is PagerDuty's client finding what it expects of PagerDuty.
#[test]
fn pagerdutys_own_client_takes_the_account_for_pagerduty() {
    let pagerduty = FakePagerDuty::with_shop();
    pagerduty.change(|account| {
        (0..150)
            .for_each(|number| _ = account.user(&format!("PU{number}"), &format!("u{number}@example.com")));
    });
    let run = Command::new(p0_tests::upstream::python())
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/pagerdutys_client.py"))
        .args([&pagerduty.url(), pagerduty.authority().to_str().unwrap(), READER, WRITER])
        .output()
        .unwrap();
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
}
