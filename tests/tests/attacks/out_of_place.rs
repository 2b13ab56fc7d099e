//! Folders, links, other repositories and bytes that are no text in place of the files that decide about access.
//!
//! Past the hook, such a thing grants nothing, is put back by the next sweep where base once was good, and stops no removal.

use p0_tests::clone::GitClone;
use p0_tests::program::{Run, run};
use p0_tests::site::{NOW, Site};
use p0_tests::team::{READERS, Team};

use super::{A, VIEW, plant};

const B: &str = "bbbbbbbbbbbbbbbbbbbb";
/// When every grant of [`VIEW`] has expired.
const LATE: &str = "2026-11-25T10:00:00Z";
const RULES: &str = "apiVersion: p0.dev/v1alpha1\nkind: Policy\nrules: []\n";
const PERSONS: &str = "apiVersion: p0.dev/v1alpha1\nkind: Identities\npersons: []\n";

/// The files that decide about access, and the folders that they are in.
const FILES: [(&str, &str); 9] = [
    ("p0", "policy.yaml"),
    ("p0", "identities.yaml"),
    ("p0", "allowed_signers"),
    ("p0", "owners"),
    ("p0", "repository.yaml"),
    ("clusters/prod", "p0-cluster.yaml"),
    ("clusters/prod", "catalogue.yaml"),
    ("", "p0"),
    ("clusters", "prod"),
];

/// What can stand in their place.
const THINGS: [(&str, &str); 4] = [
    ("40000", "HEAD:hooks"),
    ("120000", "HEAD:CODEOWNERS"),
    ("160000", "HEAD"),
    // Bytes that are no text.
    ("100644", ""),
];

/// Puts the thing in the file's place.
fn put_in_place(clone: &GitClone, (folder, name): (&str, &str), (mode, object): (&str, &str)) {
    let bytes = clone.write_blob(b"apiVersion: \xff\xfe\n");
    plant(clone, folder, mode, name.as_bytes(), if object.is_empty() { &bytes } else { object });
    clone.push(&["origin", "HEAD:main"], &[]).done();
}

fn renew(clone: &GitClone) {
    clone.git(&["fetch", "-q", "origin"]);
    clone.git(&["reset", "-q", "--hard", "origin/main"]);
}

/// A site with a policy and a live grant, and somebody's clone.
fn site() -> (Site, GitClone) {
    let site = Site::owned_by(&["alice", "bob"], "2");
    site.propose(A, VIEW).done();
    site.merge(A).done();
    let clone = GitClone::of(&site, "clone");
    clone.commit_file("p0/policy.yaml", RULES);
    clone.commit_file("p0/identities.yaml", PERSONS);
    clone.push(&["origin", "HEAD:main"], &[]).done();
    (site, clone)
}

fn sweep(site: &Site, now: &str) -> Run {
    run(&["sweep", "--repo", site.repository().to_str().unwrap(), "-o", "json", "--now", now])
}

#[test]
fn a_sweep_puts_the_file_back() {
    let (site, clone) = site();
    sweep(&site, NOW).done();
    let state = || site.git(&["ls-tree", "-r", "main", "p0", "clusters"]);
    for file in FILES {
        // A folder is what should be there, and what is in it beside the files is nobody's.
        for thing in THINGS.into_iter().filter(|thing| (file.1, thing.0) != ("prod", "40000")) {
            renew(&clone);
            let good = state();
            put_in_place(&clone, file, thing);
            assert_ne!(state(), good, "{file:?}: {thing:?}");
            let swept = sweep(&site, NOW);
            assert_eq!(swept.code, 2, "{file:?}: {thing:?}: {}{}", swept.out, swept.err);
            assert_eq!(restored(&state()), restored(&good), "{file:?}: {thing:?}");
            sweep(&site, NOW).done();
        }
    }
}

/// What of a state comes back. A grant goes with the folder that it was in, and does not rise again.
fn restored(state: &str) -> Vec<&str> {
    state.lines().filter(|line| !line.ends_with(&format!("{A}.yaml"))).collect()
}

/// Where no state is known to be good, owners have to mend it. Until then nothing lands, and what expires goes.
#[test]
fn removals_go_on_where_only_owners_can_mend_it() {
    for (file, thing) in FILES.into_iter().flat_map(|file| THINGS.into_iter().map(move |thing| (file, thing)))
    {
        // Without the cluster's folder there is nothing left to remove.
        if file.1 == "prod" {
            continue;
        }
        let (site, clone) = site();
        site.propose(B, VIEW).done();
        put_in_place(&clone, file, thing);
        assert_ne!(site.verify(&format!("p0/grant/{B}")).code, 0, "{file:?}: {thing:?}");
        assert_ne!(site.merge(B).code, 0, "{file:?}: {thing:?}");
        let swept = sweep(&site, LATE);
        assert!(swept.code == 0 || swept.code == 2, "{file:?}: {thing:?}: {}{}", swept.out, swept.err);
        assert_eq!(site.manifests().len(), 1, "only the sentinel: {file:?}: {thing:?}");
    }
}

/// The server does the same in its next round, also where owners sign nothing.
#[tokio::test(flavor = "multi_thread")]
async fn the_server_puts_the_file_back_in_one_round() {
    let team = Team::new(READERS);
    let (_service, reconciler) = team.bot().await;
    let now = NOW.parse().unwrap();
    assert_eq!(reconciler.reconcile(now).await.problems, []);
    let clone = GitClone::of(team.site(), "clone");
    for file in
        [("p0", "policy.yaml"), ("p0", "identities.yaml"), ("clusters/prod", "p0-cluster.yaml"), ("", "p0")]
    {
        for thing in THINGS {
            renew(&clone);
            let good = team.site().git(&["ls-tree", "-r", "main", "p0", "clusters"]);
            put_in_place(&clone, file, thing);
            let problems = reconciler.reconcile(now).await.problems;
            assert!(!problems.is_empty(), "{file:?}: {thing:?}");
            assert_eq!(
                team.site().git(&["ls-tree", "-r", "main", "p0", "clusters"]),
                good,
                "{file:?}: {thing:?}"
            );
            assert_eq!(reconciler.reconcile(now).await.problems, [], "{file:?}: {thing:?}");
        }
    }
}
