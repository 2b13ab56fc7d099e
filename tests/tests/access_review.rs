//! Who looks at access after it was given: the access review from Git alone, and the figures of the store.

use std::sync::OnceLock;

use jiff::Timestamp;
use p0_tests::program::run;
use p0_tests::team::{READERS, Team, allow_for, request_for};
use serde_json::Value;

/// A time so many minutes after the test began: settings are committed by Git's own clock, and base's clock never goes back.
fn minutes(after: i64) -> String {
    static BEGAN: OnceLock<i64> = OnceLock::new();
    let began = *BEGAN.get_or_init(|| Timestamp::now().as_second() + 60);
    Timestamp::from_second(began + after * 60).expect("a time").to_string()
}

/// A moment as people read it.
fn words(after: i64) -> String {
    p0_grant::time::written(minutes(after).parse().expect("a time"))
}

fn review(team: &Team, more: &[&str]) -> String {
    let repository = team.site().repository();
    let place = ["audit", "--repo", repository.to_str().expect("UTF-8"), "--review"];
    run(&[&place[..], more, &["--now", &minutes(60)]].concat()).done()
}

fn stats(team: &Team, more: &[&str]) -> String {
    let repository = team.site().repository();
    let repo = ["--repo", repository.to_str().expect("UTF-8")];
    team.reads(&minutes(60), &[&["stats"], more, &repo[..]].concat()).done()
}

/// Alice has two, one of them extended; what she had and gave back is no more to be reviewed.
fn team() -> (Team, [String; 3]) {
    let team = Team::new(&format!(
        "{READERS}- name: unused\n  requestor: any\n  resource: {{k8s: {{roles: [ClusterRole/edit]}}}}\n  approval: [reviewers: {{persons: [carol]}}]\n"
    ));
    let ids = ["web", "api", "old"].map(|name| team.asks(&minutes(0), name, &["--reason", "=1+1"]));
    team.acts("bob", &minutes(2), &["approve", &ids[0]]).done();
    team.acts("carol", &minutes(10), &["approve", &ids[1]]).done();
    team.acts("carol", &minutes(10), &["approve", &ids[2]]).done();
    team.acts("alice", &minutes(20), &["extend", &ids[0], "--duration", "3h"]).done();
    team.acts("carol", &minutes(25), &["approve", &ids[0]]).done();
    team.acts("alice", &minutes(30), &["relinquish", &ids[2]]).done();
    (team, ids)
}

#[test]
fn a_review_says_who_has_what_since_when_by_whose_approval_and_the_last_extension() {
    let (team, ids) = team();
    let all: Value = serde_json::from_str(&review(&team, &["-o", "json"])).expect("JSON");
    let grants = all["grants"].as_array().expect("grants");
    assert_eq!(grants.len(), 2, "{all}");
    let of = |id: &str| grants.iter().find(|grant| grant["id"] == id).expect("the grant");
    let (web, api) = (of(&ids[0]), of(&ids[1]));
    assert_eq!((&web["person"], &web["since"]), (&"alice".into(), &minutes(2).as_str().into()));
    assert_eq!(
        (&web["extended"], &web["approvers"]),
        (&minutes(25).as_str().into(), &serde_json::json!(["carol"]))
    );
    assert_eq!((&api["since"], &api["extended"]), (&minutes(10).as_str().into(), &Value::Null));
    let table = review(&team, &[]);
    assert!(table.starts_with("2 grant(s) to review") && table.contains(&words(25)), "{table}");
    // As it was before the extension.
    let before: Value =
        serde_json::from_str(&review(&team, &["--at", &minutes(15), "-o", "json"])).expect("JSON");
    assert_eq!(before["grants"].as_array().map(Vec::len), Some(3));
}

#[test]
fn a_review_is_a_spreadsheet_without_formulas_and_a_page() {
    let (team, ids) = team();
    let csv = review(&team, &["-o", "csv"]);
    let mut lines = csv.lines();
    assert_eq!(
        lines.next(),
        Some("person,subject,role,on,cluster,since,extended,ends,asked by,approved by,why,grant")
    );
    let first = lines.next().expect("a line");
    assert!(
        first.starts_with("alice,User/alice@example.com,ClusterRole/view,") && first.contains("'=1+1"),
        "{first}"
    );
    assert!(first.ends_with(&ids[0]), "{first}");
    let page = review(&team, &["-o", "html"]);
    for own in ["Access review, ", "extended <time", "p0-gitops revoke", &ids[1]] {
        assert!(page.contains(own), "{own} in {page}");
    }
    assert!(!page.contains(&ids[2]));
}

#[test]
fn the_figures_say_how_long_approvals_take_and_what_no_request_used() {
    let (team, _) = team();
    let denied = team.asks(&minutes(31), "no", &[]);
    team.acts("bob", &minutes(32), &["deny", &denied]).done();
    team.asks(&minutes(33), "late", &[]);
    let open = ["--to", "alice", "--length", "1d", "--request-duration", "1h", "-o", "json"];
    let open =
        team.acts("bob", &minutes(34), &[&allow_for("pod / default / web")[..], &open].concat()).done();
    let open: Value = serde_json::from_str(&open).expect("JSON");
    let told: Value = serde_json::from_str(&stats(&team, &["-o", "json"])).expect("JSON");
    let all = &told["all"];
    for (name, expected) in
        [("requests", 5), ("approved", 3), ("denied", 1), ("waiting", 1), ("without-approver", 0)]
    {
        assert_eq!(all[name], expected, "{name} in {all}");
    }
    assert_eq!(
        (&all["median-to-approve"], &told["rules"]["readers"]["requests"]),
        (&"10m".into(), &5.into())
    );
    assert_eq!(told["unused"]["rules"], serde_json::json!(["unused"]));
    assert_eq!(told["unused"]["preapprovals"], serde_json::json!([open["id"]]));
    let table = stats(&team, &["--since", &minutes(31)]);
    assert!(
        table.contains("HALF WITHIN") && table.contains("rules that answered none of them: unused"),
        "{table}"
    );
    // The preapproval opens one. Its signer answered before it was made, so nobody was asked and nothing was waited for.
    let taken = ["--reason", "why", "--duration", "1h"];
    team.acts("alice", &minutes(40), &[&request_for("pod / default / web")[..], &taken].concat()).done();
    let told: Value = serde_json::from_str(&stats(&team, &["-o", "json"])).expect("JSON");
    let all = &told["all"];
    assert_eq!((&all["approved"], &all["without-approver"]), (&4.into(), &1.into()), "{all}");
    assert_eq!(all["median-to-approve"], "10m");
    assert_eq!(told["unused"]["preapprovals"], serde_json::json!([]));
}
