//! The server as a program: what people ask for on the command line, it carries out; and it stops when it is told to.

use p0_tests::postgres::Postgres;
use p0_tests::program::program;
use p0_tests::serving::Serving;
use p0_tests::team::{READERS, Team};
use p0_tests::{eventually, program::run};

/// The moment: the program's own clock runs here.
fn now() -> String {
    jiff::Timestamp::from_second(jiff::Timestamp::now().as_second()).expect("now").to_string()
}

/// Alice asks and Bob approves, with their own keys alone; the server does the rest.
fn carried_out(team: &Team) {
    let server = Serving::start(program(), team, None);
    let locator = "deployment / default / web";
    let ask = ["request", "k8s", "resource", "view", "--cluster", "prod", "--locator", locator, "-o", "json"];
    let asked = team.acts_alone("alice", &now(), &ask).done();
    let asked: serde_json::Value = serde_json::from_str(&asked).expect("JSON");
    let id = asked["id"].as_str().expect("an id");
    team.acts_alone("bob", &now(), &["approve", id]).done();
    eventually("the grant is on base", || team.grants() == [id]);
    team.acts_alone("alice", &now(), &["relinquish", id]).done();
    eventually("the grant is gone from base", || team.grants().is_empty());
    let (status, said) = server.stop();
    assert_eq!(status.code(), Some(0), "{said:?}");
    assert!(said.iter().any(|line| line["message"] == "stopping"), "{said:?}");
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
        .map(|number| {
            let locator = format!("deployment / default / web-{number}");
            let ask = [
                "request",
                "k8s",
                "resource",
                "view",
                "--cluster",
                "prod",
                "--locator",
                &locator,
                "-o",
                "json",
            ];
            let asked: serde_json::Value =
                serde_json::from_str(&team.acts_alone("alice", &now(), &ask).done()).expect("JSON");
            asked["id"].as_str().expect("an id").to_owned()
        })
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
    let settings = team.site().beside("server.yaml");
    let key = team.site().key();
    let second = run(&["serve", "--settings", settings.to_str().unwrap(), "--key", key.to_str().unwrap()]);
    assert_eq!(second.code, 1, "{}", second.err);
    assert!(second.err.contains("another server"), "{}", second.err);
    assert_eq!(server.stop().0.code(), Some(0));
}
