//! What becomes of grants after they landed, from Git alone: the sweep, its heartbeat, and the audit.

use p0_tests::clone::GitClone;
use p0_tests::program::{Run, run};
use p0_tests::site::{NOW, Site};
use serde_json::Value;

const NGINX: &[&str] = &["--role", "view", "--locator", "deployment / default / nginx-deployment"];
const LATER: &str = "2026-11-24T15:00:00Z";

fn id(letter: char) -> String {
    letter.to_string().repeat(20)
}

/// A merged grant for so long.
fn granted(site: &Site, letter: char, duration: &str) {
    site.propose(&id(letter), &[NGINX, &["--to", "alice@example.com", "--duration", duration]].concat())
        .done();
    site.merge(&id(letter)).done();
}

fn on_repository(site: &Site, command: &str, rest: &[&str]) -> Run {
    let repository = site.repository();
    let arguments = [&[command, "--repo", repository.to_str().unwrap(), "-o", "json"], rest].concat();
    run(&arguments)
}

fn json(run: Run, code: i32) -> Value {
    assert_eq!(run.code, code, "{}{}", run.out, run.err);
    serde_json::from_str(&run.out).unwrap()
}

fn live(site: &Site) -> Vec<String> {
    let names = site.git(&["ls-tree", "--name-only", "main:clusters/prod/grants"]);
    names
        .lines()
        .filter_map(|name| name.strip_suffix(".yaml"))
        .filter(|name| *name != "sentinel")
        .map(str::to_owned)
        .collect()
}

#[test]
fn what_has_expired_leaves_base_and_what_has_not_stays() {
    let site = Site::new(None);
    for (letter, duration) in [('a', "1h"), ('b', "4h"), ('c', "1h")] {
        granted(&site, letter, duration);
    }
    let early = json(on_repository(&site, "sweep", &["--now", NOW]), 0);
    assert_eq!((&early["looked_at"], early["removed"].as_array().unwrap().len()), (&3.into(), 0));

    let swept = json(on_repository(&site, "sweep", &["--now", "2026-11-24T11:05:00Z"]), 0);
    assert_eq!(swept["removed"].as_array().unwrap().len(), 2);
    assert_eq!(live(&site), [id('b')]);
    let body = site.git(&["log", "-1", "--format=%B", "main"]);
    assert!(body.contains(&format!("Request-Id: {}", id('a'))) && body.contains("Reason: expired"), "{body}");
    let touched = site.git(&["diff", "--name-status", "main~1", "main"]);
    assert!(touched.lines().all(|line| line.starts_with('D')), "only deletions: {touched}");

    // An hour later than the bot should have removed it: gone as well, and loud.
    let late = on_repository(&site, "sweep", &["--now", LATER]);
    assert!(late.err.contains("alarm: 1 grant(s)"), "{}", late.err);
    assert_eq!(json(late, 2)["removed"][0]["overdue"], true);
    assert_eq!(live(&site), [] as [String; 0]);
    let heartbeat = site.git(&["show", "p0/heartbeat/sweep:heartbeat.json"]);
    let heartbeat: Value = serde_json::from_str(&heartbeat).unwrap();
    assert_eq!((&heartbeat["at"], &heartbeat["removed"]), (&LATER.into(), &1.into()));
    assert_eq!(site.git(&["rev-list", "--count", "p0/heartbeat/sweep"]).trim(), "1");
    // An id that was used stays used, whatever took the grant away.
    assert_eq!(site.propose(&id('a'), &[NGINX, &["--to", "alice@example.com"]].concat()).code, 2);
}

#[test]
fn a_file_that_does_not_say_when_it_ends_is_taken_for_tampered() {
    let site = Site::new(None);
    granted(&site, 'a', "4h");
    let work = site.beside("work");
    site.git(&["clone", "-q", ".", work.to_str().unwrap()]);
    let file = work.join(format!("clusters/prod/grants/{}.yaml", id('a')));
    std::fs::write(&file, std::fs::read_to_string(&file).unwrap().replace("expires-at", "ends-at")).unwrap();
    let clone = work.to_str().unwrap();
    let commit = ["-C", clone, "-c", "user.name=x", "-c", "user.email=x@x", "commit", "-qam", "x"];
    site.git(&commit);
    site.git(&["-C", clone, "push", "-q", "origin", "main"]);
    let swept = json(on_repository(&site, "sweep", &["--now", NOW]), 2);
    assert_eq!(swept["removed"][0]["expired_at"], Value::Null);
    assert_eq!(live(&site), [] as [String; 0]);
}

#[test]
fn the_audit_tells_who_was_meant_to_be_able_to_do_what_at_a_time() {
    let site = Site::new(None);
    granted(&site, 'a', "1h");
    granted(&site, 'b', "4h");
    on_repository(&site, "sweep", &["--now", "2026-11-24T11:05:00Z"]).done();
    let at = |time: &str| {
        let report = json(on_repository(&site, "audit", &["--at", time]), 0);
        let grants = report["grants"].as_array().unwrap().iter();
        grants
            .map(|own| {
                (own["id"].as_str().unwrap()[..1].to_owned(), own["standing"].as_str().unwrap().to_owned())
            })
            .collect::<Vec<_>>()
    };
    let own = |letter: &str, standing: &str| (letter.to_owned(), standing.to_owned());
    assert_eq!(at("2026-11-24T09:59:59Z"), []);
    assert_eq!(at("2026-11-24T10:30:00Z"), [own("a", "meant"), own("b", "meant")]);
    // Between its expiry and the sweep it stood on base, and did not count.
    assert_eq!(at("2026-11-24T11:02:00Z"), [own("a", "overdue"), own("b", "meant")]);
    assert_eq!(at("2026-11-24T11:06:00Z"), [own("b", "meant")]);
    let since = json(on_repository(&site, "audit", &["--since", "2026-11-24T10:30:00Z", "--now", LATER]), 0);
    let grants = since["grants"].as_array().unwrap();
    assert_eq!(grants.len(), 2);
    assert_eq!(
        (&grants[0]["subject"], &grants[0]["until"]),
        (&"User/alice@example.com".into(), &"2026-11-24T11:00:00Z".into())
    );
    let repository = site.repository();
    let page =
        run(&["audit", "--repo", repository.to_str().unwrap(), "--at", "2026-11-24T10:30:00Z", "-o", "html"])
            .done();
    assert!(
        page.starts_with("<!DOCTYPE html>") && page.contains(&id('a')) && !page.contains("<script"),
        "{page}"
    );
}

#[test]
fn a_rewritten_base_is_a_break() {
    let site = Site::new(None);
    granted(&site, 'a', "4h");
    on_repository(&site, "sweep", &["--now", NOW]).done();
    json(on_repository(&site, "audit", &["--now", NOW]), 0);
    // Somebody makes the grant unseen.
    site.git(&["update-ref", "refs/heads/main", "main~1"]);
    let report = json(on_repository(&site, "audit", &["--now", NOW]), 2);
    assert_eq!(report["oddities"][0]["code"], "rewritten");
}

/// Base goes on as the second parent of a merge, so its own line is not what was seen. Sweeps do not make that forgotten.
#[test]
fn a_merge_with_swapped_parents_is_told_until_a_person_looks() {
    let site = Site::new(None);
    let clone = GitClone::of(&site, "clone");
    granted(&site, 'a', "4h");
    on_repository(&site, "sweep", &["--now", NOW]).done();
    clone.commit_file("README.md", "mine\n");
    clone.git(&["fetch", "-q", "origin"]);
    clone.git(&["merge", "-q", "-m", "base into mine", "origin/main"]);
    clone.push(&["origin", "HEAD:main"], &[]).done();
    let audit = || json(on_repository(&site, "audit", &["--now", NOW]), 2);
    let is_told = |report: &Value| {
        report["oddities"].as_array().unwrap().iter().any(|oddity| oddity["code"] == "rewritten")
    };
    assert!(is_told(&audit()), "{}", audit());
    for _ in 0..2 {
        assert_eq!(json(on_repository(&site, "sweep", &["--now", NOW]), 2)["rewritten"], true);
        assert!(is_told(&audit()), "{}", audit());
    }
}
