//! What owners agree to by mistake, with real Git and the real hook: files that could not be used afterwards, and live grants that
//! no other person could revoke. The table of cases is beside the verifier (`generator/core/tests/impostors`).

use p0_tests::clone::GitClone;
use p0_tests::program::run;
use p0_tests::site::Site;
use p0_tests::team::{READERS, Team};

const POLICY: &str = "p0/policy.yaml";
const IDENTITIES: &str = "p0/identities.yaml";
const T0: &str = "2026-11-24T10:00:00Z";
const T1: &str = "2026-11-24T10:01:00Z";
/// The hook judges by the clock, so what is live must live for longer than the test.
const LONG: [&str; 2] = ["--duration", "8h"];

/// A team whose server has the hook, a grant of Alice's that lives now, and somebody's clone.
fn with_access() -> (Team, String, GitClone) {
    let team = Team::new(READERS);
    let now = jiff::Timestamp::now().to_string();
    let id = team.asks(&now, "web", &LONG);
    team.acts("bob", &now, &["approve", &id, "--yes"]).done();
    assert_eq!(team.grants(), std::slice::from_ref(&id));
    team.site().install_hook();
    let clone = GitClone::of(team.site(), "clone");
    (team, id, clone)
}

fn renew(clone: &GitClone) {
    clone.git(&["fetch", "-q", "origin"]);
    clone.git(&["reset", "-q", "--hard", "origin/main"]);
}

fn push_file(clone: &GitClone, path: &str, text: &str) -> p0_tests::clone::Push {
    renew(clone);
    clone.commit_file(path, text);
    clone.push(&["origin", "HEAD:main"], &[])
}

fn push_removal(clone: &GitClone, path: &str) -> p0_tests::clone::Push {
    renew(clone);
    clone.git(&["rm", "-q", path]);
    clone.git(&["commit", "-q", "-m", "gone"]);
    clone.push(&["origin", "HEAD:main"], &[])
}

#[test]
fn owners_who_all_sign_bring_no_broken_file_to_base() {
    let site = Site::owned_by(&["alice", "bob"], "2");
    site.install_hook();
    let clone = GitClone::of(&site, "clone");
    for (branch, path) in [("policy", POLICY), ("settings", "clusters/prod/p0-cluster.yaml")] {
        clone.git(&["checkout", "-q", "-B", branch, "origin/main"]);
        clone.commit_file(path, "rules: nonsense\n");
        clone.push(&["origin", branch], &[]).done();
        site.owner_signs("alice", branch).done();
        site.owner_signs("bob", branch).done();
        let verified = site.verify(branch).ended(2);
        assert!(verified.contains("\"unusable\"") && !verified.contains("\"owners\""), "{verified}");
        clone.git(&["fetch", "-q", "origin"]);
        clone.git(&["checkout", "-q", "-B", "main", "origin/main"]);
        clone.git(&["merge", "-q", "--no-ff", "-m", branch, &format!("origin/{branch}")]);
        clone.push(&["origin", "main"], &[]).refused("this file could not be used afterwards");
    }
}

#[test]
fn the_hook_keeps_somebody_who_can_revoke() {
    let (team, id, clone) = with_access();
    let alone = team.identities(&["alice"]);
    push_file(&clone, IDENTITIES, &alone).refused(&format!("could revoke the live grant `{id}`"));
    push_file(&clone, POLICY, "rules: nonsense\n").refused("could not be used afterwards");
    push_removal(&clone, IDENTITIES).refused("p0/policy.yaml needs it");
    push_removal(&clone, "clusters/prod/p0-cluster.yaml").refused("the cluster has 1 live grant");
    // Each step of a push is judged, also one that a later step takes back.
    renew(&clone);
    clone.commit_file(IDENTITIES, &alone);
    clone.git(&["revert", "--no-edit", "HEAD"]);
    clone.push(&["origin", "HEAD:main"], &[]).refused("could revoke");
    // One approver may leave, and once the access is gone the other may as well.
    push_file(&clone, IDENTITIES, &team.identities(&["alice", "carol"])).done();
    push_file(&clone, IDENTITIES, &alone).refused("could revoke");
    push_removal(&clone, &format!("clusters/prod/grants/{id}.yaml")).done();
    push_file(&clone, IDENTITIES, &alone).done();
}

#[test]
fn a_base_that_is_broken_already_is_mended_file_by_file() {
    let (team, id, clone) = with_access();
    let (rules, persons) =
        (team.site().git(&["show", &format!("main:{POLICY}")]), team.identities(&["alice", "bob", "carol"]));
    std::fs::remove_file(team.site().repository().join("hooks/pre-receive")).expect("the hook is there");
    team.publish(IDENTITIES, "persons: nobody\n");
    team.publish(POLICY, "rules: nonsense\n");
    team.site().install_hook();
    push_file(&clone, "README.md", "text\n").done();
    push_removal(&clone, &format!("clusters/prod/grants/{id}.yaml")).done();
    push_file(&clone, POLICY, "rules: still nonsense\n").refused("could not be used afterwards");
    push_file(&clone, POLICY, &rules).done();
    push_file(&clone, IDENTITIES, &persons).done();
}

/// Pushed past the hook, by an administrator of the server: the last state that can be used comes back.
#[test]
fn what_was_pushed_past_the_hook_is_put_back() {
    let team = Team::new(READERS);
    let id = team.asks(T0, "web", &[]);
    team.acts("bob", T1, &["approve", &id, "--yes"]).done();
    let old = team.site().git(&["rev-parse", "main"]);
    let good = team.site().git(&["rev-parse", &format!("main:{POLICY}")]);
    team.policy("rules: nonsense\n");
    let repository = team.site().repository();
    let place = ["verify", "--repo", repository.to_str().expect("UTF-8"), "--base", "main", "--now", T1];
    let restored = run(&[&place[..], &["--push", old.trim(), "main"]].concat());
    assert!(restored.code == 2 && restored.err.contains("is restored"), "{}{}", restored.out, restored.err);
    assert_eq!(team.site().git(&["rev-parse", &format!("main:{POLICY}")]), good);
    assert_eq!(team.grants(), [id], "the grant stays");
}
