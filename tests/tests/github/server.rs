//! `serve` and `doctor` as a user runs them on a GitHub: the settings, the keys in the environment, signed webhooks.

use std::path::PathBuf;

use p0_tests::eventually;
use p0_tests::fake_github::{OWNER, Rules};
use p0_tests::program::{Run, program, run_with};
use p0_tests::serving::Serving;
use p0_tests::team::{READERS, Team};

use crate::rig::*;

const SECRET: &str = "a webhook secret of some length";

/// The keys as docs/github.md names them.
fn environment(team: &Team, on: &Hosted) -> Vec<(&'static str, String)> {
    let file = |name: &str, pem: &str| {
        let path = team.site().beside(name);
        std::fs::write(&path, pem).unwrap();
        path.display().to_string()
    };
    let [bot, checker] = on.keys();
    vec![
        ("P0_GITHUB_APP_ID", BOT.to_string()),
        ("P0_GITHUB_APP_KEY_FILE", file("bot.pem", bot)),
        ("P0_GITHUB_CHECKER_APP_ID", CHECKER.to_string()),
        ("P0_GITHUB_CHECKER_APP_KEY_FILE", file("checker.pem", checker)),
        ("P0_GITHUB_WEBHOOK_SECRET", SECRET.to_owned()),
        ("XDG_CACHE_HOME", team.site().beside("serve-cache").display().to_string()),
    ]
}

fn now() -> String {
    jiff::Timestamp::from_second(jiff::Timestamp::now().as_second()).unwrap().to_string()
}

fn has(team: &Team, on: &Hosted, id: &str) -> bool {
    let from = on.github.path(&format!("{OWNER}/{NAME}")).display().to_string();
    team.site().git(&["fetch", "-q", &from, "+main:main"]);
    team.grants().iter().any(|own| own == id)
}

/// `printf '{}' | openssl dgst -sha256 -hmac 'a webhook secret of some length'`, computed here.
fn signature() -> String {
    use hmac::{Hmac, Mac};
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
    mac.update(b"{}");
    let hex: String = mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256={hex}")
}

/// The interval is an hour, so only a webhook can have woken it.
#[test]
fn a_signed_webhook_wakes_the_server_and_a_forged_one_does_not() {
    let team = Team::new(READERS);
    let on = Hosted::new(&team);
    let id = asks(&team, &now(), "web");
    team.acts_alone("bob", &now(), &["approve", &id]).done();
    let settings =
        format!("repositories: [{{url: {}, forge: github, clusters: [prod]}}]\ninterval: 1h\n", on.url());
    let server = Serving::start_with(program(), &team, &settings, &environment(&team, &on));
    eventually("it is there", || has(&team, &on, &id));
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let post = |signature: &str| {
        let request = reqwest::Client::new()
            .post(format!("http://{}/webhooks/github", server.address()))
            .header("x-github-event", "push")
            .header("x-github-delivery", "one")
            .header("x-hub-signature-256", signature)
            .body("{}");
        runtime.block_on(request.send()).unwrap().status().as_u16()
    };
    assert_eq!(post(&format!("sha256={}", "00".repeat(32))), 401);
    team.acts_alone("alice", &now(), &["relinquish", &id]).done();
    // A delivery that comes twice changes nothing but when the next look is.
    assert_eq!((post(&signature()), post(&signature())), (202, 202));
    eventually("it is gone", || !has(&team, &on, &id));
    assert_eq!(server.stop().0.code(), Some(0));
}

/// Each fault alone: keys, permissions, repository, rules.
#[test]
fn what_is_missing_is_said_with_its_remedy() {
    let team = Team::new(READERS);
    let on = Hosted::new(&team);
    let settings = team.site().beside("checked.yaml");
    let text = format!(
        "apiVersion: p0.dev/v1alpha1\nkind: Server\nstore: {}\nlisten: 127.0.0.1:0\n\
         repositories: [{{url: {}, forge: github, clusters: [prod]}}]\n",
        team.store(),
        on.url(),
    );
    std::fs::write(&settings, text).unwrap();
    let key = team.site().key();
    let [settings, key] = [&settings, &key].map(|path: &PathBuf| path.to_str().unwrap().to_owned());
    let known = environment(&team, &on);
    let doctor = |changes: &[(&'static str, String)]| -> Run {
        let mut environment = known.clone();
        for (name, value) in changes {
            environment.retain(|(own, _)| own != name);
            environment.push((name, value.clone()));
        }
        let environment: Vec<(&str, &str)> =
            environment.iter().map(|(name, value)| (*name, value.as_str())).collect();
        run_with(&["doctor", "--settings", &settings, "--key", &key, "-o", "json"], &environment)
    };
    let sound = doctor(&[]);
    assert_eq!(sound.code, 0, "{}{}", sound.out, sound.err);
    let fault = |changes: &[(&'static str, String)], words: &str| {
        let found = doctor(changes);
        assert!(found.code != 0 && found.out.contains(words), "{words} in {}", found.out);
        assert!(!found.out.contains("PRIVATE KEY-----\\n"), "no key is printed");
    };
    let one = |name: &'static str, value: &str| [(name, value.to_owned())];
    fault(&one("P0_GITHUB_APP_ID", ""), "P0_GITHUB_APP_ID");
    fault(&one("P0_GITHUB_APP_ID", "999"), "does not accept the token");
    fault(&one("P0_GITHUB_APP_KEY_FILE", "/nowhere.pem"), "cannot read");
    let both = [
        ("P0_GITHUB_CHECKER_APP_ID", BOT.to_string()),
        ("P0_GITHUB_CHECKER_APP_KEY_FILE", known[1].1.clone()),
    ];
    fault(&both, "are both `p0-bot[bot]`");
    let workflow = [("P0_GITHUB_APP_ID", String::new()), ("P0_GITHUB_TOKEN", on.github.workflow_token())];
    fault(&workflow, "GITHUB_TOKEN");
    let user = [("P0_GITHUB_APP_ID", String::new()), ("P0_GITHUB_TOKEN", on.github.token(OWNER))];
    fault(&user, "`ops` administers");
    on.github.permit(
        BOT,
        &[("contents", "write"), ("metadata", "read"), ("workflows", "write"), ("pull_requests", "read")],
    );
    fault(&[], "may not write `pull_requests`");
    fault(&[], "may write `workflows`, which it does not need");
    on.github.permit(BOT, &BOT_MAY);
    on.github.set(NAME, |repo| repo.rules.checks = vec![("p0/verify".to_owned(), None)]);
    fault(&[], "pin it in the ruleset to the App `p0-checker`");
    on.github.set(NAME, |repo| repo.rules = Rules::default());
    fault(&[], "no active ruleset requires the check");
    on.github.set(NAME, |repo| repo.is_archived = true);
    fault(&[], "is archived");
    on.github.set(NAME, |repo| repo.default_branch = "trunk".to_owned());
    fault(&[], "the default branch of");
    on.github.suspend(BOT, true);
    fault(&[], "suspended");
    on.github.suspend(BOT, false);
    on.github.set(NAME, |repo| repo.renamed = Some("ops/elsewhere".to_owned()));
    fault(&[], "it has moved");
    on.github.uninstall(BOT);
    fault(&[], "does not accept");
}
