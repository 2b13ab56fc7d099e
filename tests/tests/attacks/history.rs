//! Histories, trees and dates that programs read differently: the verifier, the sweep and the audit read them as a clone does.

use p0_tests::clone::GitClone;
use p0_tests::program::{Run, run};
use p0_tests::site::{NOW, Site};
use serde_json::Value;

use super::{A, VIEW};

const GRANTS: &str = "clusters/prod/grants";

/// A site with one live grant whose server takes any object, and somebody's clone.
fn unchecked() -> (Site, GitClone) {
    let site = Site::new(None);
    site.git(&["config", "receive.fsckObjects", "false"]);
    site.propose(A, VIEW).done();
    site.merge(A).done();
    let clone = GitClone::of(&site, "clone");
    (site, clone)
}

fn on(site: &Site, command: &[&str]) -> Run {
    let repository = site.repository();
    let (name, rest) = command.split_first().expect("a command");
    run(&[&[name, "--repo", repository.to_str().unwrap(), "--now", NOW], rest].concat())
}

fn is_refused(site: &Site, head: &str, code: &str) {
    let words = site.verify(head).ended(2);
    assert!(words.contains(&format!("\"code\": \"{code}\"")), "{head}: {words}");
}

/// Commits a tree of these bytes on top of base; the commit.
fn commit(clone: &GitClone, tree: &[u8]) -> String {
    let tree = clone.write_tree(tree);
    clone.git(&["commit-tree", "-p", "origin/main", "-m", "tree", &tree])
}

/// Roots that hide what a clone has, or have what no clone shows.
fn malformed(clone: &GitClone) -> Vec<(&'static str, Vec<u8>)> {
    let root = clone.object("tree", "origin/main^{tree}");
    let blob = "origin/main:CODEOWNERS";
    let grants = format!("origin/main:{GRANTS}");
    let unsorted: Vec<u8> = (0..12)
        .flat_map(|number| clone.entry("100644", format!("A{number:02}.md").as_bytes(), blob))
        .collect();
    let double = clone.entry("40000", b"clusters", "origin/main:deploy");
    vec![
        ("not sorted", [root.clone(), unsorted].concat()),
        ("two of its entries", [root.clone(), double].concat()),
        ("a slash", [root.clone(), clone.entry("40000", b"zz/grants", &grants)].concat()),
        ("begins with a zero", [root, clone.entry("040000", b"zz", &grants)].concat()),
    ]
}

#[test]
fn the_verifier_refuses_trees_that_programs_read_differently() {
    let (site, clone) = unchecked();
    for (what, tree) in malformed(&clone) {
        let head = commit(&clone, &tree);
        clone.push(&["--force", "origin", &format!("{head}:refs/heads/bent")], &[]).done();
        let words = site.verify("bent").ended(2);
        assert!(words.contains("malformed-tree") && words.contains(what), "{what}: {words}");
    }
}

/// A removal is not refused by what somebody else did to the tree, and the sweep writes it anew.
#[test]
fn the_sweep_and_the_audit_see_what_a_clone_sees() {
    for index in 0..4 {
        let (site, clone) = unchecked();
        let (what, tree) = malformed(&clone).swap_remove(index);
        let head = commit(&clone, &tree);
        clone.push(&["origin", &format!("{head}:refs/heads/main")], &[]).done();
        let audit: Value = serde_json::from_str(&on(&site, &["audit", "-o", "json"]).ended(2)).unwrap();
        assert_eq!(audit["grants"].as_array().unwrap().len(), 1, "{what}: {audit}");
        let swept = on(&site, &["sweep", "-o", "json"]);
        assert!(swept.code == 2 && swept.out.contains("malformed-tree"), "{what}: {}", swept.out);
        assert_eq!(site.manifests().len(), 2, "{what}");
        on(&site, &["sweep"]).done();
        site.revert(A).done();
        assert_eq!(site.manifests().len(), 1, "{what}");
    }
}

/// Somebody's malformed tree keeps no grant: neither from a person who takes it away, nor from the sweep once it has expired.
#[test]
fn a_removal_is_not_refused_by_a_malformed_tree() {
    for index in 0..4 {
        let (site, clone) = unchecked();
        let (what, tree) = malformed(&clone).swap_remove(index);
        let head = commit(&clone, &tree);
        clone.push(&["origin", &format!("{head}:refs/heads/main")], &[]).done();
        match index % 2 {
            0 => drop(site.revert(A).done()),
            _ => drop(site.sweep("2026-11-25T10:00:00Z")),
        }
        assert_eq!(site.manifests().len(), 1, "only the sentinel: {what}");
    }
}

/// With two merge bases, the author of the change chooses what it is compared with.
#[test]
fn a_merge_of_histories_that_cross_is_refused() {
    let (site, clone) = unchecked();
    clone.git(&["checkout", "-q", "-b", "cross"]);
    clone.commit_file("README.md", "theirs\n");
    let theirs = clone.git(&["rev-parse", "HEAD"]);
    site.revert(A).done();
    clone.git(&["fetch", "-q", "origin"]);
    let ours = clone.git(&["rev-parse", "origin/main"]);
    clone.git(&["checkout", "-q", "-B", "main", "origin/main"]);
    clone.git(&["merge", "-q", "--no-ff", "-m", "theirs into base", &theirs]);
    clone.push(&["origin", "main"], &[]).done();
    clone.git(&["checkout", "-q", "cross"]);
    // The revoked grant stays in their merge.
    clone.git(&["merge", "-q", "-s", "ours", "-m", "base into theirs", &ours]);
    clone.push(&["origin", "cross"], &[]).done();
    is_refused(&site, "cross", "merge-bases");
}

#[test]
fn what_both_sides_changed_is_a_conflict() {
    let (site, clone) = unchecked();
    clone.git(&["checkout", "-q", "-b", "theirs"]);
    clone.commit_file("README.md", "theirs\n");
    clone.push(&["origin", "theirs"], &[]).done();
    clone.git(&["checkout", "-q", "-B", "main", "origin/main"]);
    clone.commit_file("README.md", "ours\n");
    clone.push(&["origin", "main"], &[]).done();
    is_refused(&site, "theirs", "conflict");
}

/// A force push to where the revocation never was.
#[test]
fn an_update_has_base_on_its_first_parent_line() {
    let (site, clone) = unchecked();
    clone.commit_file("README.md", "with the grant\n");
    clone.push(&["origin", "HEAD:refs/heads/back"], &[]).done();
    site.revert(A).done();
    let back = on(&site, &["verify", "--update", "main", "back"]);
    assert!(
        back.code == 2 && back.err.contains("is not on the first-parent line"),
        "{}{}",
        back.out,
        back.err
    );
    // As a merge into base it is only the file.
    on(&site, &["verify", "--base", "main", "--head", "back"]).done();
}

fn dated(clone: &GitClone, date: &str) {
    clone.git(&["fetch", "-q", "origin"]);
    clone.git(&["checkout", "-q", "-B", "main", "origin/main"]);
    std::fs::write(clone.path.join("README.md"), date).unwrap();
    clone.git(&["add", "-A"]);
    let tree = clone.git(&["write-tree"]);
    let commit = clone.commit_dated(&tree, date);
    clone.push(&["origin", &format!("{commit}:refs/heads/main")], &[]).done();
}

fn live(site: &Site, arguments: &[&str]) -> (Vec<String>, Vec<String>) {
    let run = on(site, &[&["audit", "-o", "json"], arguments].concat());
    let report: Value = serde_json::from_str(&run.out).unwrap_or_else(|_| panic!("{}", run.err));
    let texts = |list: &str, field: &str| {
        let list = report[list].as_array().unwrap().iter();
        list.map(|one| one[field].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    (texts("grants", "id"), texts("oddities", "code"))
}

/// A file that is dated 2099, or 1970, empties no audit.
#[test]
fn dates_decide_nothing_in_the_audit() {
    let (site, clone) = unchecked();
    dated(&clone, "2099-01-01T00:00:00Z");
    dated(&clone, "1970-01-02T00:00:00Z");
    let other = "b".repeat(20);
    site.propose(&other, VIEW).done();
    site.merge(&other).done();
    let (grants, odd) = live(&site, &[]);
    assert_eq!(grants, [A, &other]);
    assert_eq!(odd, ["from-the-future", "clock-back"]);
    site.revert(A).done();
    assert_eq!(live(&site, &["--at", NOW]).0, [other]);
}

/// A commit that says 1970 does not end the search for used ids.
#[test]
fn an_old_id_does_not_land_again_behind_an_old_date() {
    let (site, clone) = unchecked();
    let tip = site.git(&["rev-parse", &format!("main:{GRANTS}/{A}.yaml")]);
    site.revert(A).done();
    dated(&clone, "1970-01-02T00:00:00Z");
    clone.git(&["fetch", "-q", "origin"]);
    clone.git(&["checkout", "-q", "-B", "again", "origin/main"]);
    let grant = clone.git(&["cat-file", "blob", tip.trim()]);
    clone.commit_file(&format!("{GRANTS}/{A}.yaml"), &format!("{grant}\n"));
    clone.push(&["origin", "again"], &[]).done();
    is_refused(&site, "again", "used-id");
}

/// A key that was taken off the list is stolen afterwards: neither the grant's own time nor the commit's brings it back.
#[test]
fn a_key_that_was_taken_off_signs_nothing_behind_an_old_date() {
    let (site, clone) = unchecked();
    let other = "b".repeat(20);
    site.propose(&other, VIEW).done();
    let path = format!("{GRANTS}/{other}.yaml");
    let grant = site.git(&["show", &format!("p0/grant/{other}:{path}")]);
    let another = Site::new(None);
    clone.commit_file("p0/allowed_signers", &another.git(&["show", "main:p0/allowed_signers"]));
    clone.push(&["origin", "HEAD:main"], &[]).done();
    let old = clone.git(&["rev-parse", "HEAD"]);
    std::fs::write(clone.path.join(&path), grant).unwrap();
    clone.git(&["add", "-A"]);
    let tree = clone.git(&["write-tree"]);
    let commit = clone.commit_dated(&tree, "2026-11-24T09:00:00Z");
    clone.push(&["origin", &format!("{commit}:refs/heads/main")], &[]).done();
    let words = on(&site, &["verify", "--base", "main", "--push", &old, "main"]).ended(2);
    assert!(words.contains(&other), "{words}");
    assert!(!site.manifests().iter().any(|text| text.contains(&other)), "{words}");
}

/// A commit that has nothing to do with a request cannot use its id up.
#[test]
fn a_trailer_alone_burns_no_id() {
    let (site, clone) = unchecked();
    let other = "b".repeat(20);
    site.propose(&other, VIEW).done();
    std::fs::write(clone.path.join("README.md"), "text\n").unwrap();
    clone.git(&["add", "-A"]);
    clone.git(&["commit", "-q", "-m", &format!("words\n\nRequest-Id: {other}")]);
    clone.push(&["origin", "HEAD:main"], &[]).done();
    site.merge(&other).done();
    assert_eq!(site.manifests().len(), 3);
}

/// Two repositories with a cluster of the same name, and one bot.
#[test]
fn a_grant_of_another_repository_is_none_here() {
    let (one, other) = (Site::new(None), Site::new(None));
    let signers = one.git(&["show", "main:p0/allowed_signers"]);
    let clone = GitClone::of(&other, "clone");
    clone.commit_file("p0/allowed_signers", &signers);
    clone.push(&["origin", "HEAD:main"], &[]).done();
    one.propose(A, VIEW).done();
    clone.git(&["fetch", "-q", "origin"]);
    clone.git(&["checkout", "-q", "-B", "replay", "origin/main"]);
    clone.commit_file(
        &format!("{GRANTS}/{A}.yaml"),
        &one.git(&["show", &format!("p0/grant/{A}:{GRANTS}/{A}.yaml")]),
    );
    clone.push(&["origin", "replay"], &[]).done();
    is_refused(&other, "replay", "repository");
}
