//! Sites without `p0/policy.yaml`: what the signature of the bot is worth there, and what counts as "without".
//!
//! A cluster file says `policy: optional` where a person who holds a signing key decides alone. That is theirs only: what a policy
//! allowed lands under a policy, and nothing that stands in the file's place makes a site one without a policy.

use p0_tests::clone::GitClone;
use p0_tests::site::Site;
use p0_tests::team::{READERS, Team};

use super::{A, VIEW, plant};

const POLICY: &str = "p0/policy.yaml";
const SETTINGS: &str = "clusters/prod/p0-cluster.yaml";
const T0: &str = "2026-11-24T10:00:00Z";
const T1: &str = "2026-11-24T10:01:00Z";

fn push(clone: &GitClone) {
    clone.push(&["origin", "HEAD:main"], &[]).done();
}

fn renewed(site: &Site) -> GitClone {
    let clone = GitClone::of(site, "clone");
    clone.git(&["reset", "-q", "--hard", "origin/main"]);
    clone
}

/// It says "required" where it says nothing.
#[test]
fn nothing_lands_where_a_policy_is_required_and_there_is_none() {
    let site = Site::new(None);
    let clone = renewed(&site);
    let settings = std::fs::read_to_string(clone.path.join(SETTINGS)).unwrap();
    assert!(settings.contains("policy: optional"), "{settings}");
    clone.commit_file(SETTINGS, &settings.replace("policy: optional", "policy: required"));
    push(&clone);
    site.propose(A, VIEW).done();
    let verified = site.verify(&format!("p0/grant/{A}")).ended(2);
    assert!(verified.contains("\"code\": \"base\"") && verified.contains(POLICY), "{verified}");
    site.merge(A).ended(2);
    assert_eq!(site.manifests().len(), 1, "only the sentinel");
}

/// Somebody deletes the policy between an approval and its merge, so that nothing speaks against the grant any more.
#[test]
fn what_a_policy_allowed_does_not_land_without_it() {
    let team = Team::new(READERS);
    let settings = team.site().git(&["show", &format!("main:{SETTINGS}")]);
    assert!(settings.contains("policy: optional"), "{settings}");
    team.publish(SETTINGS, &format!("{settings}merge: manual\n"));
    let id = team.asks(T0, "web", &[]);
    team.acts("bob", T1, &["approve", &id, "--yes"]).done();
    assert_eq!(team.state(T1, &id), "proposed");
    let clone = renewed(team.site());
    clone.git(&["rm", "-q", POLICY]);
    clone.git(&["commit", "-q", "-m", "no policy"]);
    push(&clone);
    let verified = team.site().verify(&format!("p0/grant/{id}")).ended(2);
    assert!(
        verified.contains("\"code\": \"base\"") && verified.contains("a policy allowed it"),
        "{verified}"
    );
    team.site().merge(&id).ended(2);
    team.bot_runs(T1, &["reconcile"]);
    assert_eq!(team.grants(), Vec::<String>::new());
    // Pushed past the hook it stands until the next sweep.
    team.site().sweep(T1).done();
    team.merges(&id);
    assert_eq!(team.grants(), std::slice::from_ref(&id));
    team.site().sweep(T1).ended(2);
    assert_eq!(team.grants(), Vec::<String>::new());
}

/// What stands in the policy's place is no permission to do without one.
#[test]
fn something_in_the_policys_place_is_not_no_policy() {
    let things = [
        ("a folder", "p0", "40000", "policy.yaml", "HEAD:hooks"),
        ("a link", "p0", "120000", "policy.yaml", "HEAD:README.md"),
        ("another repository", "p0", "160000", "policy.yaml", "HEAD"),
        ("bytes that are no text", "p0", "100644", "policy.yaml", ""),
        ("a link in place of its folder", "", "120000", "p0", "HEAD:README.md"),
        ("another repository in place of its folder", "", "160000", "p0", "HEAD"),
        ("a file in place of its folder", "", "100644", "p0", "HEAD:README.md"),
    ];
    for (what, folder, mode, name, object) in things {
        let site = Site::new(None);
        let clone = renewed(&site);
        clone.commit_file("README.md", "ours\n");
        let bytes = clone.write_blob(&[0xff, 0xfe]);
        plant(&clone, folder, mode, name.as_bytes(), if object.is_empty() { &bytes } else { object });
        push(&clone);
        // The bot's key alone is at hand, as for whoever stole it.
        site.propose(A, VIEW);
        let refused = site.verify(&format!("p0/grant/{A}"));
        assert_ne!(refused.code, 0, "{what}: {}{}", refused.out, refused.err);
        assert_ne!(site.merge(A).code, 0, "{what}");
        assert_eq!(site.manifests().len(), 1, "only the sentinel: {what}");
    }
}
