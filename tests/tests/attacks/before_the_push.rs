//! Pushes that the scaffold's own `pre-receive` hook refuses.

use p0_tests::clone::GitClone;
use p0_tests::site::{NOW, Site};

use super::{A, VIEW};

fn guarded() -> (Site, GitClone) {
    let site = Site::new(None);
    site.install_hook();
    let clone = GitClone::of(&site, "clone");
    (site, clone)
}

#[test]
fn malformed_trees_are_refused() {
    let (site, clone) = guarded();
    let base = site.git(&["rev-parse", "main"]);
    let root = clone.object("tree", "HEAD^{tree}");
    let blob = "HEAD:CODEOWNERS";
    let grants = "HEAD:clusters/prod/grants";
    let last = clone.entry("40000", b"zz", grants);
    for (added, problem) in [
        (clone.entry("100644", b"A00.md", blob), "treeNotSorted"),
        ([last.clone(), last].concat(), "duplicateEntries"),
        (clone.entry("40000", b"zz/grants", grants), "fullPathname"),
        (clone.entry("040000", b"zz", grants), "zeroPaddedFilemode"),
        (clone.entry("40000", b".git", grants), "hasDotgit"),
        (clone.entry("40000", b"GIT~1", grants), "hasDotgit"),
    ] {
        let tree = clone.write_tree(&[root.clone(), added].concat());
        let commit = clone.git(&["commit-tree", "-p", "HEAD", "-m", problem, &tree]);
        clone.push(&["origin", &format!("{commit}:refs/heads/main")], &[]).refused(problem);
        assert_eq!(site.git(&["rev-parse", "main"]), base, "{problem}");
    }
}

#[test]
fn a_server_that_accepts_malformed_trees_takes_no_push() {
    let (site, clone) = guarded();
    site.git(&["config", "--unset", "receive.fsckObjects"]);
    clone.commit_file("README.md", "text\n");
    clone.push(&["origin", "HEAD:main"], &[]).refused("git config receive.fsckObjects true");
    site.git(&["config", "receive.fsckObjects", "true"]);
    clone.push(&["origin", "HEAD:main"], &[]).done();
}

/// A replacement lets a commit without the revocation look like a successor of base.
#[test]
fn replacement_objects_do_not_bring_a_revoked_grant_back() {
    let site = Site::new(None);
    site.propose(A, VIEW).done();
    site.merge(A).done();
    let clone = GitClone::of(&site, "clone");
    site.revert(A).done();
    clone.git(&["fetch", "-q"]);
    clone.git(&["commit", "-q", "--allow-empty", "-m", "with the grant"]);
    let head = clone.git(&["rev-parse", "HEAD"]);
    clone.git(&["replace", "--graft", &head, "origin/main"]);
    let replacement = format!("refs/replace/{head}");
    // The server has the replacement from a time before the hook.
    clone.push(&["origin", &replacement], &[]).done();
    site.install_hook();
    clone.push(&["--force", "origin", "HEAD:main"], &[]).refused("cannot be rewritten");
    assert_eq!(site.manifests().len(), 1, "only the sentinel");
    site.git(&["update-ref", "-d", &replacement]);
    clone.push(&["origin", &replacement], &[]).refused("cannot be replaced");
}

/// An applier may fetch any commit of base's first-parent line, however briefly it stood there.
#[test]
fn each_step_of_a_push_is_judged() {
    let (_site, clone) = guarded();
    let path = format!("clusters/prod/grants/{A}.yaml");
    clone.commit_file(&path, "kind: ClusterRoleBinding\n");
    clone.git(&["rm", "-q", &path]);
    clone.git(&["commit", "-q", "-m", "and away"]);
    clone.push(&["origin", "HEAD:main"], &[]).refused("refused: 1 finding(s)");
}

/// With its parents swapped, a merge would take base's own line out of the audit.
#[test]
fn a_merge_with_swapped_parents_is_refused() {
    let (site, clone) = guarded();
    let other = GitClone::of(&site, "other");
    other.commit_file("README.md", "theirs\n");
    other.push(&["origin", "HEAD:main"], &[]).done();
    clone.commit_file("NOTES.md", "mine\n");
    clone.git(&["fetch", "-q"]);
    clone.git(&["merge", "-q", "-m", "base into mine", "origin/main"]);
    clone.push(&["origin", "HEAD:main"], &[]).refused("is not on the first-parent line");
    clone.git(&["reset", "-q", "--hard", "HEAD^1"]);
    let mine = clone.git(&["rev-parse", "HEAD"]);
    clone.git(&["reset", "-q", "--hard", "origin/main"]);
    clone.git(&["merge", "-q", "-m", "mine into base", &mine]);
    clone.push(&["origin", "HEAD:main"], &[]).done();
}

/// A grant that has expired is in time for a hook that believes the pusher's clock.
#[test]
fn the_hook_takes_no_settings_from_the_pusher() {
    let (site, clone) = guarded();
    site.propose(A, VIEW).done();
    clone.git(&["fetch", "-q"]);
    clone.commit_file("README.md", "text\n");
    let elsewhere = [("P0_REPO", "/nonexistent"), ("P0_BASE", "other"), ("P0_NOW", NOW)];
    clone.push(&["origin", "HEAD:main"], &elsewhere).done();
    clone.git(&["merge", "-q", "--no-ff", "-m", "late", &format!("origin/p0/grant/{A}")]);
    clone.push(&["origin", "HEAD:main"], &elsewhere).refused("refused: ");
    assert_eq!(site.manifests().len(), 1, "only the sentinel");
}

/// A server of SSH may hand on what the pusher sets (`AcceptEnv`), to the hook as well.
#[test]
fn no_variable_of_git_reaches_the_judgement() {
    let (site, clone) = guarded();
    site.propose(A, VIEW).done();
    clone.git(&["fetch", "-q", "origin"]);
    clone.git(&["merge", "-q", "--no-ff", "-m", "late", &format!("origin/p0/grant/{A}")]);
    clone.push(&["origin", "HEAD:refs/heads/late"], &[]).done();
    let [old, new] = ["main", "late"].map(|name| site.git(&["rev-parse", name]).trim().to_owned());
    let line = format!("{old} {new} refs/heads/main\n");
    // In the pusher's own repository there is nothing to judge, and no check of objects is missing.
    let own = clone.path.join(".git").display().to_string();
    let settings = [
        ("P0_NOW", NOW),
        ("GIT_CONFIG_COUNT", "1"),
        ("GIT_CONFIG_KEY_0", "receive.fsckObjects"),
        ("GIT_CONFIG_VALUE_0", "true"),
        ("GIT_WORK_TREE", "/"),
        ("GIT_COMMON_DIR", own.as_str()),
        ("GIT_REPLACE_REF_BASE", "refs/heads/"),
        ("GIT_GRAFT_FILE", "/dev/null"),
    ];
    let judged = site.runs_hook(&line, &settings);
    assert!(judged.code != 0 && judged.out.contains("[expired]"), "{}{}", judged.out, judged.err);
    site.git(&["config", "--unset", "receive.fsckObjects"]);
    let judged = site.runs_hook(&line, &settings);
    assert!(judged.code != 0 && judged.err.contains("malformed trees"), "{}{}", judged.out, judged.err);
}

#[test]
fn a_path_with_a_line_feed_forges_no_workflow_command() {
    let site = Site::new(None);
    let clone = GitClone::of(&site, "clone");
    clone.commit_file("clusters/prod/grants/x\n::notice title=p0::passed", "kind: ConfigMap\n");
    clone.push(&["origin", "HEAD:refs/heads/forged"], &[]).done();
    let repository = site.repository();
    let arguments = ["--base", "main", "--head", "forged", "--format", "github", "--now", NOW];
    let place = ["verify", "--repo", repository.to_str().unwrap()];
    let words = p0_tests::program::run(&[&place[..], &arguments[..]].concat()).ended(2);
    let commands: Vec<&str> = words.lines().filter(|line| line.starts_with("::")).collect();
    assert!(!commands.is_empty() && commands.iter().all(|line| line.starts_with("::error ")), "{words}");
}
