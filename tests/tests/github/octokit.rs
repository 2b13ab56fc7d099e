//! GitHub's own client against the fake: what octokit takes for an answer, a refusal and an installation is what the fake gives.

use p0_tests::team::{READERS, Team};
use p0_tests::upstream::npm;
use serde_json::{Value, json};

use crate::rig::*;

#[test]
fn githubs_own_client_works_with_the_fake() {
    let folder = npm::installed("github");
    let team = Team::new(READERS);
    let on = Hosted::new(&team);
    let key = team.site().beside("app.pem");
    std::fs::write(&key, on.keys()[0]).unwrap();
    let out = std::process::Command::new("node")
        .arg(folder.join("client.mjs"))
        .args([&on.github.url(), &BOT.to_string(), key.to_str().unwrap(), NAME])
        .output()
        .expect("Node is installed (apt-get install nodejs)");
    let said = String::from_utf8_lossy(&out.stdout);
    assert!(out.status.success(), "{said}{}", String::from_utf8_lossy(&out.stderr));
    let seen: Vec<Value> = said.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let saw = |expected: Value| assert!(seen.contains(&expected), "{expected} in {seen:?}");
    saw(json!({ "saw": "app", "slug": "p0-bot" }));
    saw(json!({ "saw": "pull", "number": 1, "by": "p0-bot[bot]" }));
    saw(json!({ "saw": "refusal", "what": "branch", "status": 422 }));
    saw(json!({ "saw": "refusal", "what": "pull", "status": 422 }));
    saw(json!({ "saw": "refusal", "what": "stale", "type": "STALE_DATA" }));
    saw(json!({ "saw": "refusal", "what": "head", "status": 409 }));
    saw(json!({ "saw": "refusal", "what": "unchecked", "status": 405 }));
    saw(json!({ "saw": "refusal", "what": "permission", "status": 403 }));
    saw(json!({ "saw": "refusal", "what": "token", "status": 401 }));
    saw(json!({ "saw": "unchanged", "status": 304 }));
}
