//! The audit as a report: who ended what and why, and a page that people look at in a browser and on paper.

use std::sync::OnceLock;

use jiff::Timestamp;
use p0_tests::browser;
use p0_tests::program::run;
use p0_tests::team::{READERS, Team};

/// A time so many minutes after the test began: settings are committed by Git's own clock, and base's clock never goes back.
fn minutes(after: i64) -> String {
    static BEGAN: OnceLock<i64> = OnceLock::new();
    let began = *BEGAN.get_or_init(|| Timestamp::now().as_second() + 60);
    Timestamp::from_second(began + after * 60).expect("a time").to_string()
}

const LONG: &str =
    "a-deployment-with-a-very-long-name-that-is-one-word-and-still-has-to-fit-the-paper-it-is-printed-on";

/// Grants that ended in several ways, and one that stands.
fn team() -> (Team, [String; 4]) {
    let team = Team::new(READERS);
    let pod = ["request", "k8s", "resource", "view", "--cluster", "prod", "--locator", "pod / default / web"];
    let ask = |locator: &str, more: &[&str]| {
        let mut words = pod.to_vec();
        words[7] = locator;
        let out = team.acts("alice", &minutes(0), &[&words[..], more, &["-o", "json"]].concat()).done();
        let id = serde_json::from_str::<serde_json::Value>(&out).unwrap()["id"].as_str().unwrap().to_owned();
        team.acts("bob", &minutes(0), &["approve", &id]).done();
        id
    };
    let ids = [
        ask("pod / default / web", &["--subresource", "log", "--reason", "<b>checkout</b> is slow"]),
        ask("configmap / default / settings", &["--reason", "a look at the settings of the night before"]),
        ask(&format!("deployment / default / {LONG}"), &[]),
        ask("service / default / web", &["--duration", "5m"]),
    ];
    team.acts("carol", &minutes(1), &["revoke", &ids[0], "--reason", "incident 42"]).done();
    team.acts("alice", &minutes(1), &["relinquish", &ids[1]]).done();
    team.bot_runs(&minutes(10), &["reconcile"]).done();
    (team, ids)
}

fn audit(team: &Team, format: &str) -> String {
    let repository = team.site().repository();
    let place = ["audit", "--repo", repository.to_str().unwrap(), "--since", "30d", "-o", format];
    run(&[&place[..], &["--now", &minutes(60)]].concat()).done()
}

#[test]
fn the_report_says_who_ended_what_and_how() {
    let (team, ids) = team();
    let report: serde_json::Value = serde_json::from_str(&audit(&team, "json")).unwrap();
    let ended = |id: &str| {
        let grants = report["grants"].as_array().unwrap();
        grants.iter().find(|grant| grant["id"] == id).unwrap()["ended"].clone()
    };
    assert_eq!(ended(&ids[0]), "it was revoked, by carol");
    assert_eq!(ended(&ids[1]), "it was given back, by alice");
    assert!(ended(&ids[2]).is_null());
    assert_eq!(ended(&ids[3]), "its time was over");
    // What was said of an incident stays in the store.
    assert!(!team.site().git(&["log", "main"]).contains("incident 42"));
    let wide = audit(&team, "wide");
    for words in ["pods default/web, pods/log", "it was revoked, by carol", "checkout"] {
        assert!(wide.contains(words), "{words} in {wide}");
    }
    assert!(audit(&team, "yaml").contains("ended: it was given back, by alice"));
}

#[test]
fn the_page_fits_800_pixels_and_a_phone_and_shows_text_as_text() {
    let (team, _) = team();
    let page = audit(&team, "html");
    for words in
        ["pods/<wbr>log", "it was revoked, by carol", "&lt;b&gt;checkout&lt;/b&gt; is slow", "rule readers"]
    {
        assert!(page.contains(words), "{words} in {page}");
    }
    let folder = tempfile::tempdir().unwrap();
    for width in [800, 360] {
        let escaped = page.replace('&', "&amp;").replace('"', "&quot;");
        let measured = format!(
            "<!DOCTYPE html><title></title><iframe width={width} height=900 srcdoc=\"{escaped}\" \
             onload=\"document.title=this.contentDocument.documentElement.scrollWidth\"></iframe>"
        );
        let file = folder.path().join("measure.html");
        std::fs::write(&file, measured).unwrap();
        let document = browser::document(&format!("file://{}", file.display()));
        let found =
            document.split("<title>").nth(1).and_then(|rest| rest.split('<').next()).unwrap_or_default();
        let found: u32 = found.parse().unwrap_or_else(|_| panic!("no width in {document}"));
        assert!(found <= width, "{found} of {width}");
    }
    if let Some(pictures) = std::env::var_os("P0_PICTURES") {
        let (pictures, file) = (std::path::PathBuf::from(pictures), folder.path().join("audit.html"));
        std::fs::write(&file, &page).unwrap();
        let url = format!("file://{}", file.display());
        browser::picture(&url, &pictures.join("audit.png"), 800, 900);
        browser::dark_picture(&url, &pictures.join("audit-dark.png"), 800, 900);
        browser::paper(&url, &pictures.join("audit.pdf"));
    }
}
