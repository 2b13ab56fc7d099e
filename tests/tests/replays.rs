//! What rises again in Git: reverts of reverts, old branches, pushes past the program. Judged by the program and the hook.

use p0_tests::clone::GitClone;
use p0_tests::site::{NOW, Site};

const A: &str = "aaaaaaaaaaaaaaaaaaaa";
const VIEW: &[&str] = &["--role", "view", "--locator", "deploy / default / web", "--to", "alice@example.com"];

fn granted_and_reverted(site: &Site) -> String {
    site.propose(A, VIEW).done();
    let tip = site.git(&["rev-parse", &format!("p0/grant/{A}")]).trim().to_owned();
    site.merge(A).done();
    site.revert(A).done();
    tip
}

fn is_refused(site: &Site, head: &str, code: &str) {
    let words = site.verify(head).ended(2);
    assert!(words.contains(&format!("\"code\": \"{code}\"")), "{words}");
}

#[test]
fn a_reverted_revert_is_refused() {
    let site = Site::new(None);
    granted_and_reverted(&site);
    let clone = GitClone::of(&site, "clone");
    clone.git(&["checkout", "-q", "-b", "again"]);
    clone.git(&["revert", "--no-edit", "-m", "1", "HEAD"]);
    clone.git(&["push", "-q", "origin", "again"]);
    is_refused(&site, "again", "used-id");
}

#[test]
fn an_old_branch_is_refused_by_judge_and_merge() {
    let site = Site::new(None);
    let tip = granted_and_reverted(&site);
    site.git(&["branch", &format!("p0/grant/{A}"), &tip]);
    // The branch is on base already, so there is nothing to merge; and what it held stays gone.
    assert!(site.merge(A).ended(2).contains("has ended"));
    assert_eq!(site.manifests().len(), 1, "only the sentinel");
    let clone = GitClone::of(&site, "clone");
    clone.git(&["checkout", "-q", "-b", "copy"]);
    clone.git(&["cherry-pick", &tip]);
    clone.git(&["push", "-q", "origin", "copy"]);
    is_refused(&site, "copy", "used-id");
}

/// A branch that is behind base is judged by what it changes, not by what base has gained meanwhile.
#[test]
fn a_branch_behind_base_is_judged_by_its_own_change() {
    let site = Site::new(None);
    let other = "bbbbbbbbbbbbbbbbbbbb";
    site.propose(A, VIEW).done();
    site.propose(other, VIEW).done();
    site.merge(other).done();
    let words = site.verify(&format!("p0/grant/{A}")).done();
    assert!(words.contains(A) && !words.contains(other), "{words}");
    site.merge(A).done();
    assert_eq!(site.manifests().len(), 3);
}

/// A database was restored, and a request that has ended is approved once more under its old id.
#[test]
fn a_restored_request_with_the_same_id_is_refused_however_it_is_dated() {
    let site = Site::new(None);
    granted_and_reverted(&site);
    assert!(site.propose(A, VIEW).ended(2).contains("has ended"));
    let other = "bbbbbbbbbbbbbbbbbbbb";
    site.propose(other, VIEW).done();
    site.merge(other).done();
    // Proposing reads recent history only; what it lets through the judgement, which reads all of it, does not.
    site.propose(A, &[VIEW, &["--now", "2026-11-25T10:00:00Z"]].concat()).done();
    is_refused(&site, &format!("p0/grant/{A}"), "used-id");
    assert!(
        site.run("merge", &[A, "--now", "2026-11-25T10:00:00Z"]).ended(2).contains("used on base before")
    );
}

#[test]
fn twice_is_once_for_every_step() {
    let site = Site::new(None);
    let dated = [VIEW, &["--created-at", NOW]].concat();
    assert!(site.propose(A, &dated).done().starts_with("proposed"));
    assert!(site.propose(A, &dated).done().contains("nothing to do"));
    let other = [VIEW, &["--created-at", NOW, "--duration", "2h"]].concat();
    assert!(site.propose(A, &other).ended(2).contains("holds another change"));
    assert!(site.merge(A).done().starts_with("merged"));
    assert!(site.merge(A).done().contains("nothing to do"));
    assert!(site.propose(A, &dated).done().contains("is merged"));
    assert!(site.revert(A).done().starts_with("reverted"));
    assert!(site.revert(A).done().contains("nothing to do"));
    assert!(site.merge(A).ended(2).contains("has ended"));
    let other = "bbbbbbbbbbbbbbbbbbbb";
    site.propose(other, VIEW).done();
    assert!(site.revert(other).done().starts_with("withdrawn"));
    assert!(site.revert(other).ended(1).contains("there is no grant"));
}

/// A site that keeps a kustomization has each grant's line come and go with its file.
#[test]
fn a_kustomization_is_kept_in_step() {
    let site = Site::new(None);
    let clone = GitClone::of(&site, "clone");
    let list = "# ours\nresources:\n- sentinel.yaml\n";
    std::fs::write(clone.path.join("clusters/prod/grants/kustomization.yaml"), list).unwrap();
    clone.git(&["add", "-A"]);
    clone.git(&["commit", "-q", "-m", "list"]);
    clone.git(&["push", "-q", "origin", "HEAD:main"]);
    let text = || site.git(&["show", "main:clusters/prod/grants/kustomization.yaml"]);
    let other = "bbbbbbbbbbbbbbbbbbbb";
    // Both are proposed before either lands: the second is rebuilt on the first.
    site.propose(other, VIEW).done();
    site.propose(A, VIEW).done();
    site.merge(other).done();
    site.merge(A).done();
    assert_eq!(text(), format!("{list}- {A}.yaml\n- {other}.yaml\n"));
    site.revert(other).done();
    assert_eq!(text(), format!("{list}- {A}.yaml\n"));
    site.revert(A).done();
    assert_eq!(text(), list);
}

/// The scaffold's hook on a real server side: a push past the program is judged too.
#[test]
fn the_pre_receive_hook_judges_every_push_to_base() {
    let site = Site::new(None);
    site.install_hook();
    let clone = GitClone::of(&site, "clone");
    let push = |arguments: &[&str]| {
        let push = clone.push(arguments, &[]);
        (push.accepted, push.words)
    };

    // A file by hand is refused, and nothing of it stays.
    std::fs::write(clone.path.join(format!("clusters/prod/grants/{A}.yaml")), "kind: ClusterRoleBinding\n")
        .unwrap();
    clone.git(&["add", "-A"]);
    clone.git(&["commit", "-q", "-m", "mine"]);
    let (pushed, words) = push(&["origin", "HEAD:main"]);
    assert!(!pushed && words.contains("refused: 1 finding(s)"), "{words}");
    // Base can be neither rewritten nor deleted.
    clone.git(&["reset", "-q", "--hard", "origin/main"]);
    clone.git(&["commit", "-q", "--amend", "-m", "rewritten"]);
    let (pushed, words) = push(&["--force", "origin", "HEAD:main"]);
    assert!(!pushed && words.contains("cannot be rewritten"), "{words}");
    let (pushed, words) = push(&["origin", ":main"]);
    assert!(
        !pushed && (words.contains("cannot be deleted") || words.contains("deletion of the current branch")),
        "{words}"
    );
    // What the program proposes may be merged and pushed by hand.
    clone.git(&["reset", "-q", "--hard", "origin/main"]);
    // The hook believes no clock but the server's.
    let now = jiff::Timestamp::now().to_string();
    site.propose(A, &[VIEW, &["--now", &now]].concat()).done();
    clone.git(&["fetch", "-q"]);
    clone.git(&["merge", "-q", "--no-ff", "-m", "by hand", &format!("origin/p0/grant/{A}")]);
    let (pushed, words) = push(&["origin", "HEAD:main"]);
    assert!(pushed, "{words}");
    assert_eq!(site.manifests().len(), 2);
}
