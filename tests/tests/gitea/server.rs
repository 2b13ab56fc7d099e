//! `serve` as a user runs it on a Gitea: two replicas, killed, woken by signed webhooks.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

use p0_tests::eventually;
use p0_tests::gitea::OWNER;
use p0_tests::postgres::Postgres;
use p0_tests::program::{program, run_with};
use p0_tests::serving::Serving;
use p0_tests::team::{READERS, Team};
use serde_json::json;

use crate::rig::*;

const SECRET: &str = "a webhook secret of some length";

/// Tokens and secret as docs/gitea.md names them.
fn serve(team: &Team, repository: &p0_tests::gitea::GiteaRepository, interval: &str) -> Serving {
    // Replicas are on machines of their own.
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let cache = format!("serve-cache-{}", COUNT.fetch_add(1, Ordering::Relaxed));
    let token = |user: &str| repository.gitea().token(user);
    let environment = [
        ("P0_GITEA_TOKEN", token(BOT)),
        ("P0_GITEA_CHECKER_TOKEN", token(CHECKER)),
        ("P0_GITEA_WEBHOOK_SECRET", SECRET.to_owned()),
        ("XDG_CACHE_HOME", team.site().beside(&cache).display().to_string()),
    ];
    let settings = format!(
        "repositories: [{{url: {}, forge: gitea, clusters: [prod]}}]\ninterval: {interval}\n",
        repository.url()
    );
    Serving::start_with(program(), team, &settings, &environment)
}

fn now() -> String {
    jiff::Timestamp::from_second(jiff::Timestamp::now().as_second()).unwrap().to_string()
}

fn asks_and_bob_approves(team: &Team, name: &str) -> String {
    let id = asks(team, &now(), name);
    team.acts_alone("bob", &now(), &["approve", &id]).done();
    id
}

fn has(team: &Team, repository: &p0_tests::gitea::GiteaRepository, id: &str) -> bool {
    repository.fetch(&team.site().repository());
    team.grants().iter().any(|own| own == id)
}

#[test]
fn two_replicas_one_of_them_killed_open_and_merge_each_request_once() {
    let database = Postgres::shared();
    let team = Team::new(READERS).with_store(&database.database());
    let (team, repository) = hosted_team("replicas", team);
    let (one, two) = (serve(&team, &repository, "1s"), serve(&team, &repository, "1s"));
    let first: Vec<String> =
        (0..3).map(|number| asks_and_bob_approves(&team, &format!("a-{number}"))).collect();
    eventually("the first is there", || has(&team, &repository, &first[0]));
    // Wherever it is, it is killed with -9.
    drop(one);
    let second: Vec<String> =
        (0..3).map(|number| asks_and_bob_approves(&team, &format!("b-{number}"))).collect();
    let all: Vec<String> = first.into_iter().chain(second).collect();
    eventually("all are there", || all.iter().all(|id| has(&team, &repository, id)));
    for id in &all {
        assert_eq!(team.landings(id), 1);
        team.acts_alone("alice", &now(), &["relinquish", id]).done();
    }
    eventually("all are gone", || {
        repository.fetch(&team.site().repository());
        team.grants().is_empty()
    });
    assert_eq!(two.stop().0.code(), Some(0));
}

/// The interval is an hour, so only a webhook can have woken it.
#[test]
fn a_signed_webhook_wakes_the_server_and_a_forged_one_does_not() {
    let (team, repository) = hosted_team("hooks", Team::new(READERS));
    let id = asks_and_bob_approves(&team, "web");
    let server = serve(&team, &repository, "1h");
    eventually("it is there", || has(&team, &repository, &id));
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let post = |signature: &str| {
        let request = reqwest::Client::new()
            .post(format!("http://{}/webhooks/gitea", server.address()))
            .header("x-gitea-event", "push")
            .header("x-gitea-delivery", "one")
            .header("x-gitea-signature", signature)
            .body("{}");
        runtime.block_on(request.send()).unwrap().status().as_u16()
    };
    assert_eq!(post(&"00".repeat(32)), 401);
    // Another process tells the store; the server hears of it from Gitea.
    team.acts_alone("alice", &now(), &["relinquish", &id]).done();
    let hook = json!({
        "type": "gitea", "active": true, "events": ["push", "pull_request", "status"],
        "config": { "url": format!("http://{}/webhooks/gitea", server.address()), "content_type": "json", "secret": SECRET },
    });
    let (status, said) = repository.call(OWNER, "POST", "hooks", &hook);
    assert_eq!(status, 201, "{said}");
    let branch = json!({ "new_branch_name": "anything", "old_branch_name": "main" });
    assert_eq!(repository.call("bob", "POST", "branches", &branch).0, 201);
    eventually("it is gone", || !has(&team, &repository, &id));
    assert_eq!(server.stop().0.code(), Some(0));
}

/// Each fault alone: a wrong token, a user without rights, no rules, one user for two roles.
#[test]
fn what_is_missing_on_the_forge_is_said_with_its_remedy_before_it_starts() {
    let (team, repository) = hosted_team("checked", Team::new(READERS));
    let gitea = repository.gitea();
    let settings = team.site().beside("checked.yaml");
    let text = format!(
        "apiVersion: p0.dev/v1alpha1\nkind: Server\nstore: {}\nlisten: 127.0.0.1:0\n\
         repositories: [{{url: {}, forge: gitea, clusters: [prod]}}]\n",
        team.store(),
        repository.url(),
    );
    std::fs::write(&settings, text).unwrap();
    let key = team.site().key();
    let [settings, key] = [&settings, &key].map(|path: &PathBuf| path.to_str().unwrap().to_owned());
    let check = |bot: &str, checker: &str| {
        let environment = [("P0_GITEA_TOKEN", bot), ("P0_GITEA_CHECKER_TOKEN", checker)];
        run_with(&["serve", "--settings", &settings, "--key", &key, "--check"], &environment)
    };
    let (bot, checker) = (gitea.token(BOT), gitea.token(CHECKER));
    let sound = check(&bot, &checker);
    assert_eq!(sound.code, 0, "{}", sound.err);
    let fault = |bot: &str, checker: &str, words: &str| {
        let found = check(bot, checker);
        assert!(found.code != 0 && found.err.contains(words), "{words} in {}", found.err);
        assert!(!found.err.contains(&gitea.token(BOT)), "no token is printed");
    };
    fault("", &checker, "P0_GITEA_TOKEN");
    fault("0000000000000000000000000000000000000000", &checker, "does not accept the token");
    fault(&bot, &bot, "are both `p0-bot`");
    fault(&gitea.token("stranger"), &checker, "`stranger` may not write to");
    fault(&gitea.token(OWNER), &checker, "`ops` administers");
    fault(&gitea.token("alice"), &checker, "`alice` may not merge to `main`");
    unprotect(&repository);
    fault(&bot, &checker, "`main` has no rules");
}
