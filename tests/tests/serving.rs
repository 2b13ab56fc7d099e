//! The server as a program: what people ask for on the command line, it carries out; and it stops when it is told to.

use p0_tests::fake_pagerduty::{FakePagerDuty, READER, Target};
use p0_tests::postgres::Postgres;
use p0_tests::program::program;
use p0_tests::serving::Serving;
use p0_tests::team::{READERS, Team};
use p0_tests::{browser, eventually, program::run};

/// The moment: the program's own clock runs here.
fn now() -> String {
    jiff::Timestamp::from_second(jiff::Timestamp::now().as_second()).expect("now").to_string()
}

/// Alice asks and Bob approves, with their own keys alone; the server does the rest.
fn carried_out(team: &Team) {
    let server = Serving::start(program(), team, None);
    let id = &team.asks_alone(&now(), "deployment / default / web", &[]);
    team.acts_alone("bob", &now(), &["approve", id]).done();
    eventually("the grant is on base", || team.grants() == [id.as_str()]);
    team.acts_alone("alice", &now(), &["relinquish", id]).done();
    eventually("the grant is gone from base", || team.grants().is_empty());
    let (status, said) = server.stop();
    assert_eq!(status.code(), Some(0), "{said:?}");
    assert!(said.iter().any(|line| line["message"] == "stopping"), "{said:?}");
    for message in ["access is granted on base", "access is removed from base"] {
        let is_it = |line: &serde_json::Value| {
            line["message"] == message && line["level"] == "INFO" && line["id"] == id.as_str()
        };
        let logged = said.iter().find(|line| is_it(line)).unwrap_or_else(|| panic!("{message}: {said:?}"));
        assert_eq!(
            (&logged["requester"], &logged["subject"]),
            (&"alice".into(), &"User/alice@example.com".into())
        );
    }
    assert_eq!(team.state(&now(), id), "revoked");
    team.check_store();
}

#[test]
fn what_people_ask_for_is_carried_out_from_a_file() {
    carried_out(&Team::new(READERS));
}

#[test]
fn what_people_ask_for_is_carried_out_from_postgresql() {
    let server = Postgres::shared();
    carried_out(&Team::new(READERS).with_store(&server.database()));
}

#[test]
fn of_two_replicas_on_postgresql_one_does_each_thing() {
    let database = Postgres::shared();
    let team = Team::new(READERS).with_store(&database.database());
    let replicas = [Serving::start(program(), &team, None), Serving::start(program(), &team, None)];
    let ids: Vec<String> = (0..8)
        .map(|number| team.asks_alone(&now(), &format!("deployment / default / web-{number}"), &[]))
        .collect();
    ids.iter().for_each(|id| drop(team.acts_alone("bob", &now(), &["approve", id]).done()));
    eventually("all grants are on base", || team.grants().len() == ids.len());
    ids.iter().for_each(|id| assert_eq!(team.landings(id), 1, "{id}"));
    for replica in replicas {
        assert_eq!(replica.stop().0.code(), Some(0));
    }
}

#[test]
fn a_second_server_on_one_file_ends_and_says_why() {
    let team = Team::new(READERS);
    let server = Serving::start(program(), &team, None);
    let (settings, key) = (server.settings().to_str().unwrap(), team.site().key());
    let second = run(&["serve", "--settings", settings, "--key", key.to_str().unwrap()]);
    assert_eq!(second.code, 1, "{}", second.err);
    assert!(second.err.contains("another server"), "{}", second.err);
    assert_eq!(server.stop().0.code(), Some(0));
}

#[test]
fn check_judges_key_clusters_and_the_on_call_file() {
    let team = Team::new(READERS);
    let settings = team.site().beside("settings.yaml");
    let check = |clusters: &str, on_call: &str, key: &std::path::Path| {
        let text = format!(
            "apiVersion: p0.dev/v1alpha1\nkind: Server\nstore: {}\nlisten: 127.0.0.1:0\n{on_call}\
             repositories: [{{url: {}, clusters: [{clusters}]}}]\n",
            team.store(),
            team.site().repository().display()
        );
        std::fs::write(&settings, text).unwrap();
        run(&["serve", "--check", "--settings", settings.to_str().unwrap(), "--key", key.to_str().unwrap()])
    };
    let right = team.site().key();
    assert!(check("prod", "", &right).done().contains("sound: store, key, prod"));
    let told = check("prod, stage", "onCall: {file: /nowhere/on-call.yaml}\n", &team.key("mallory")).ended(1);
    for words in
        ["the cluster `stage`", "on-call file: cannot read `/nowhere/on-call.yaml`", "does not count on base"]
    {
        assert!(told.contains(words), "{words}: {told}");
    }
    let duties = team.site().beside("on-call.yaml");
    std::fs::write(&duties, "duties:\n- {person: alice, shedule: P1}\n").unwrap();
    let told = check("prod", &format!("onCall: {{file: {}}}\n", duties.display()), &right).ended(1);
    assert!(told.contains("the on-call file") && told.contains("shedule"), "{told}");
}

/// Beside a server, and before there is one: it makes no store, and takes neither store nor address.
#[test]
fn the_doctor_reads_alone_and_says_what_is_missing() {
    let team = Team::new(READERS);
    let server = Serving::start(program(), &team, None);
    let key = team.site().key();
    let doctor = |settings: &std::path::Path, key: &std::path::Path| {
        run(&["doctor", "--settings", settings.to_str().unwrap(), "--key", key.to_str().unwrap()])
    };
    let said = doctor(server.settings(), &key).done();
    for words in [
        "has the tables of this program",
        "the key may sign grants",
        "its file and its catalogue",
        " 0 failed",
    ] {
        assert!(said.contains(words), "{words} in {said}");
    }
    let text = std::fs::read_to_string(server.settings()).unwrap();
    assert_eq!(server.stop().0.code(), Some(0));
    let elsewhere = team.site().beside("elsewhere.yaml");
    let store = team.site().beside("no-such.db");
    let changed = text.replace(team.store(), &format!("sqlite://{}", store.display()));
    std::fs::write(&elsewhere, format!("{changed}onCall: {{file: /nowhere.yaml}}\nslack: {{}}\n")).unwrap();
    let said = doctor(&elsewhere, &team.key("mallory")).ended(1);
    for words in [
        "yet: `serve` makes it",
        "cannot read `/nowhere.yaml`",
        "does not count on base",
        "P0_SLACK_BOT_TOKEN",
    ] {
        assert!(said.contains(words), "{words} in {said}");
    }
    assert!(!store.exists(), "it makes no store");
    std::fs::write(&elsewhere, "kind: Server\n").unwrap();
    let said = doctor(&elsewhere, &key).ended(1);
    assert!(said.contains("elsewhere.yaml` cannot be used") && said.contains("1 of 1 failed"), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_page_names_who_may_approve_and_has_the_command_to_paste() {
    let team = std::sync::Arc::new(Team::new(READERS));
    let asked = team.clone();
    let (server, id) = tokio::task::spawn_blocking(move || {
        let id = asked.asks(&now(), "web", &["--subresource", "scale", "--reason", "rollout hangs"]);
        (Serving::start(program(), &asked, None), id)
    })
    .await
    .expect("a server");
    let (status, page) = server.get("/").await;
    assert_eq!(status, 200);
    for words in
        ["bob, carol", "rule readers", "rollout hangs", "http-equiv=\"refresh\"", "deployments/scale"]
    {
        assert!(page.contains(words), "{words} in {page}");
    }
    assert!(page.contains(&format!("p0-gitops approve {id}")), "{page}");
    assert!(!server.get("/?refresh=off").await.1.contains("http-equiv"));
    let (_, page) = server.get(&format!("/requests/{id}")).await;
    for words in ["What it gives", "get, list, watch", "May approve", "To paste", "p0-gitops deny"] {
        assert!(page.contains(words), "{words} in {page}");
    }
    if let Some(folder) = std::env::var_os("P0_PICTURES") {
        let folder = std::path::PathBuf::from(folder);
        let urls = [server.url("/"), server.url(&format!("/requests/{id}"))];
        let pictures = move || {
            for (name, url) in ["waiting", "request"].iter().zip(&urls) {
                browser::picture(url, &folder.join(format!("{name}.png")), 1200, 900);
                browser::dark_picture(url, &folder.join(format!("{name}-dark.png")), 800, 1100);
            }
        };
        tokio::task::spawn_blocking(pictures).await.expect("pictures");
    }
}

#[test]
fn check_asks_pagerduty_for_the_token_and_for_what_the_policy_names() {
    let rule = "rules:\n- name: on-call\n  requestor: any\n  resource: any\n  approval:\n  - auto: {schedules: [PSHOP], \
                escalationPolicies: [ECORE]}\n";
    let team = Team::new(rule);
    let pagerduty = FakePagerDuty::start();
    let (file, token, key) =
        (team.site().beside("settings.yaml"), team.site().beside("token"), team.site().key());
    let settings = format!(
        "apiVersion: p0.dev/v1alpha1\nkind: Server\nstore: {}\nlisten: 127.0.0.1:0\n\
         onCall: {{pagerduty: {{url: {}, caFile: {}, tokenFile: {}}}}}\nrepositories: [{{url: {}, clusters: [prod]}}]\n",
        team.store(),
        pagerduty.url(),
        pagerduty.authority().display(),
        token.display(),
        team.site().repository().display()
    );
    std::fs::write(&file, settings).unwrap();
    let check = |key_of_pagerduty: &str| {
        std::fs::write(&token, key_of_pagerduty).unwrap();
        run(&["serve", "--check", "--settings", file.to_str().unwrap(), "--key", key.to_str().unwrap()])
    };
    let told = check("hunter2\n").ended(1);
    assert!(told.contains("does not accept the API token") && !told.contains("hunter2"), "{told}");
    let told = check(READER).ended(1);
    assert!(told.contains("no schedule `PSHOP`") && told.contains("no escalation policy `ECORE`"), "{told}");
    pagerduty.change(|account| {
        account.shift("PSHOP", "PALICE", "2026-11-24T08:00:00Z", "2026-11-24T16:00:00Z");
        account.policy("ECORE", &[&[Target::Schedule("PSHOP".to_owned())]]);
    });
    check(READER).done();
}
