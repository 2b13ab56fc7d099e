//! Pushes that no hook judged: `verify --push`, the sweep and the server put the last good state back.

use std::collections::BTreeSet;

use p0_tests::clone::GitClone;
use p0_tests::program::{Run, run};
use p0_tests::site::{NOW, Site};
use p0_tests::team::{READERS, Team};
use serde_json::Value;

use super::{A, VIEW, plant};

const B: &str = "bbbbbbbbbbbbbbbbbbbb";
const FOLDER: &str = "clusters/prod/grants";
/// What grants everything to somebody, if an applier reads it.
const OWNED: &str = "\
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: mine}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cluster-admin}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: mallory@example.com}]
";

/// A site with one live grant, whose head a sweep has seen.
fn swept() -> (Site, GitClone) {
    let site = Site::new(None);
    site.propose(A, VIEW).done();
    site.merge(A).done();
    sweep(&site).done();
    let clone = GitClone::of(&site, "clone");
    (site, clone)
}

fn sweep(site: &Site) -> Run {
    let repository = site.repository();
    run(&["sweep", "--repo", repository.to_str().unwrap(), "-o", "json", "--now", NOW])
}

/// Judges what came to base since `old`, as a job after a push does.
fn after_push(site: &Site, old: &str) -> Run {
    let repository = site.repository();
    let place = ["verify", "--repo", repository.to_str().unwrap(), "--base", "main", "--now", NOW];
    run(&[&place[..], &["--push", old, "main"]].concat())
}

/// The tree of the grants folder on base.
fn folder(site: &Site) -> String {
    site.git(&["ls-tree", "-r", &format!("main:{FOLDER}")])
}

/// The codes of what a sweep found.
fn codes(run: Run) -> BTreeSet<String> {
    assert_eq!(run.code, 2, "{}{}", run.out, run.err);
    assert!(run.err.contains("alarm: "), "{}", run.err);
    let swept: Value = serde_json::from_str(&run.out).unwrap();
    let code = |finding: &Value| finding["code"].as_str().unwrap().to_owned();
    let mut codes: BTreeSet<String> = swept["findings"].as_array().unwrap().iter().map(code).collect();
    let unreadable = |removed: &Value| removed["expired_at"].is_null();
    if swept["removed"].as_array().unwrap().iter().any(unreadable) {
        codes.insert("unreadable".to_owned());
    }
    codes
}

/// Commits something.
type Attack = fn(&GitClone);

/// Every way to bring something into the folder that an applier would read or follow, and what it is called.
const ATTACKS: [(&str, &str, Attack); 17] = [
    ("a sentinel with more behind it", "sentinel", |clone| {
        let sentinel = std::fs::read_to_string(clone.path.join(FOLDER).join("sentinel.yaml")).unwrap();
        clone.commit_file(&format!("{FOLDER}/sentinel.yaml"), &format!("{sentinel}{OWNED}"));
    }),
    ("no sentinel", "sentinel", |clone| {
        clone.git(&["rm", "-q", &format!("{FOLDER}/sentinel.yaml")]);
        clone.git(&["commit", "-q", "-m", "no sentinel"]);
    }),
    ("a list that fetches more", "kustomization", |clone| {
        let list = format!("resources:\n- sentinel.yaml\n- {A}.yaml\n- https://example.com/mine\n");
        clone.commit_file(&format!("{FOLDER}/kustomization.yaml"), &list);
    }),
    ("a file that is no grant", "foreign", |clone| {
        clone.commit_file(&format!("{FOLDER}/mine.yaml"), OWNED);
    }),
    ("an unsigned grant", "unsigned", |clone| {
        let grant = std::fs::read_to_string(clone.path.join(FOLDER).join(format!("{A}.yaml"))).unwrap();
        let (head, rest) = grant.split_once("p0.dev/signature").unwrap();
        let rest = rest.split_once("-----END SSH SIGNATURE-----").unwrap().1;
        let unsigned = format!("{}{}", head.trim_end(), rest).replace(A, B);
        clone.commit_file(&format!("{FOLDER}/{B}.yaml"), &unsigned);
    }),
    ("a name that is no text", "foreign", |clone| {
        raw_entry(clone, "100644", b"\xffmine.yaml", "HEAD:README.md");
    }),
    ("a folder that is called like a grant", "unreadable", |clone| {
        raw_entry(clone, "40000", format!("{B}.yaml").as_bytes(), "HEAD:hooks");
    }),
    ("a link that is called like a grant", "unreadable", |clone| {
        raw_entry(clone, "120000", format!("{B}.yaml").as_bytes(), "HEAD:README.md");
    }),
    ("another repository that is called like a grant", "unreadable", |clone| {
        raw_entry(clone, "160000", format!("{B}.yaml").as_bytes(), "HEAD");
    }),
    ("an executable that is called like a grant", "unreadable", |clone| {
        raw_entry(clone, "100755", format!("{B}.yaml").as_bytes(), "HEAD:README.md");
    }),
    ("a folder in place of the sentinel", "sentinel", |clone| {
        raw_entry(clone, "40000", b"sentinel.yaml", "HEAD:hooks");
    }),
    ("a link in place of the sentinel", "sentinel", |clone| {
        raw_entry(clone, "120000", b"sentinel.yaml", "HEAD:README.md");
    }),
    ("another repository in place of the sentinel", "sentinel", |clone| {
        raw_entry(clone, "160000", b"sentinel.yaml", "HEAD");
    }),
    ("a link that is called like the list", "kustomization", |clone| {
        raw_entry(clone, "120000", b"kustomization.yaml", "HEAD:README.md");
    }),
    ("a folder that is called like the list", "kustomization", |clone| {
        raw_entry(clone, "40000", b"kustomization.yaml", "HEAD:hooks");
    }),
    ("a folder of manifests", "foreign", |clone| {
        raw_entry(clone, "40000", b"more", "HEAD:deploy");
    }),
    ("what says which files an applier reads", "foreign", |clone| {
        clone.commit_file(&format!("{FOLDER}/.sourceignore"), "*.yaml\n");
    }),
];

/// Commits one more entry of the grants folder, past what Git's index takes.
fn raw_entry(clone: &GitClone, mode: &str, name: &[u8], object: &str) {
    plant(clone, FOLDER, mode, name, object);
}

#[test]
fn a_sweep_restores_the_last_good_state() {
    for (what, code, attack) in ATTACKS {
        let (site, clone) = swept();
        clone.commit_file("README.md", "ours\n");
        clone.push(&["origin", "HEAD:main"], &[]).done();
        let good = folder(&site);
        attack(&clone);
        clone.push(&["origin", "HEAD:main"], &[]).done();
        let repository = site.repository();
        let audit = run(&["audit", "--repo", repository.to_str().unwrap(), "--now", NOW]).ended(2);
        assert!(audit.contains("must not stand there"), "{what}: {audit}");
        let found = codes(sweep(&site));
        assert!(found.iter().any(|own| own.contains(code)), "{what}: {found:?}");
        assert_eq!(folder(&site), good, "{what}");
        // Once is enough, and what was good stayed.
        sweep(&site).done();
    }
}

/// No heartbeat says what was good, as in the first sweep of a repository.
#[test]
fn a_first_sweep_knows_what_must_not_stand_there() {
    for (what, code, attack) in ATTACKS {
        let (site, clone) = swept();
        clone.commit_file("README.md", "ours\n");
        let good = folder(&site);
        attack(&clone);
        clone.push(&["origin", "HEAD:main"], &[]).done();
        site.git(&["update-ref", "-d", "refs/heads/p0/heartbeat/sweep"]);
        let found = codes(sweep(&site));
        assert!(found.iter().any(|own| own.contains(code)), "{what}: {found:?}");
        assert_eq!(folder(&site), good, "{what}");
    }
}

#[test]
fn a_job_after_the_push_restores_the_last_good_state() {
    for (what, _, attack) in ATTACKS {
        let (site, clone) = swept();
        clone.commit_file("README.md", "ours\n");
        clone.push(&["origin", "HEAD:main"], &[]).done();
        let (good, old) = (folder(&site), site.git(&["rev-parse", "main"]));
        attack(&clone);
        clone.push(&["origin", "HEAD:main"], &[]).done();
        let judged = after_push(&site, old.trim());
        assert_eq!(judged.code, 2, "{what}: {}{}", judged.out, judged.err);
        assert_eq!(folder(&site), good, "{what}");
    }
}

/// The files before the push decide: what the push itself changed counts from the next commit on.
#[test]
fn a_grant_that_was_changed_in_place_goes() {
    let (site, clone) = swept();
    let path = format!("{FOLDER}/{A}.yaml");
    let grant = std::fs::read_to_string(clone.path.join(&path)).unwrap();
    clone.commit_file(&path, &grant.replace("alice@example.com", "mallory@example.com"));
    clone.push(&["origin", "HEAD:main"], &[]).done();
    codes(sweep(&site));
    assert_eq!(site.manifests().len(), 1, "only the sentinel");
    assert!(site.propose(A, VIEW).ended(2).contains("has ended"));
}

/// What stands in place of a whole folder would be followed by an applier.
#[test]
fn what_stands_in_place_of_the_folder_goes_and_the_sentinel_comes_back() {
    let things = [("120000", "HEAD:mine.yaml"), ("100644", "HEAD:mine.yaml"), ("160000", "HEAD")];
    let places = [("clusters/prod", "grants"), ("clusters", "prod"), ("", "clusters")];
    for (mode, object) in things {
        for (above, name) in places {
            let (site, clone) = swept();
            clone.commit_file("mine.yaml", OWNED);
            plant(&clone, above, mode, name.as_bytes(), object);
            clone.push(&["origin", "HEAD:main"], &[]).done();
            codes(sweep(&site));
            let stands = site.git(&["ls-tree", "main", format!("{above}/{name}").trim_start_matches('/')]);
            assert!(!stands.starts_with(mode), "{mode} {above}/{name}: {stands}");
            if name == "grants" {
                let names = site.git(&["ls-tree", "--name-only", &format!("main:{FOLDER}")]);
                assert_eq!(names, "sentinel.yaml\n", "{mode}");
            }
        }
    }
}

/// What has expired goes although something beside it cannot be read.
#[test]
fn one_unreadable_entry_does_not_stop_the_sweep() {
    let (site, clone) = swept();
    raw_entry(&clone, "160000", format!("{B}.yaml").as_bytes(), "HEAD");
    clone.push(&["origin", "HEAD:main"], &[]).done();
    let repository = site.repository();
    let late = "2026-11-25T10:00:00Z";
    let run = run(&["sweep", "--repo", repository.to_str().unwrap(), "-o", "json", "--now", late]);
    let swept: Value = serde_json::from_str(&run.out).unwrap();
    assert_eq!(swept["removed"].as_array().unwrap().len(), 2, "{}", run.out);
    assert_eq!(site.manifests().len(), 1, "only the sentinel");
}

#[test]
fn a_kustomization_is_restored_with_what_stays() {
    let (site, clone) = swept();
    let path = format!("{FOLDER}/kustomization.yaml");
    let list = format!("# ours\nresources:\n- sentinel.yaml\n- {A}.yaml\n");
    clone.commit_file(&path, &list);
    clone.push(&["origin", "HEAD:main"], &[]).done();
    sweep(&site).done();
    for tampered in [format!("{list}patches: [{{path: mine.yaml}}]\n"), format!("{list}- {B}.yaml\n")] {
        clone.commit_file(&path, &tampered);
        clone.push(&["origin", "HEAD:main"], &[]).done();
        codes(sweep(&site));
        assert_eq!(site.git(&["show", &format!("main:{path}")]), list);
        clone.git(&["fetch", "-q"]);
        clone.git(&["reset", "-q", "--hard", "origin/main"]);
    }
}

/// The server does the same in each of its rounds.
#[tokio::test(flavor = "multi_thread")]
async fn the_server_restores_the_last_good_state() {
    let team = Team::new(READERS);
    let (_service, reconciler) = team.bot().await;
    let now = NOW.parse().unwrap();
    let problems = reconciler.reconcile(now).await.problems;
    assert_eq!(problems, []);
    team.publish(&format!("{FOLDER}/mine.yaml"), OWNED);
    let problems = reconciler.reconcile(now).await.problems;
    assert!(problems.iter().any(|problem| problem.what.ends_with("mine.yaml")), "{problems:?}");
    assert_eq!(team.site().manifests().len(), 1, "only the sentinel");
    assert_eq!(reconciler.reconcile(now).await.problems, []);
}
