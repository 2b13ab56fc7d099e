//! The files that decide about access: who changes them without the owners whose signatures `p0/owners` asks for.

use p0_tests::clone::GitClone;
use p0_tests::program::{Run, run};
use p0_tests::site::{CLUSTER, NOW, Site};

use super::{A, VIEW};

const POLICY: &str = "p0/policy.yaml";
const SIGNATURES: &str = "p0/owner-signatures.yaml";
const RULES: &str = "apiVersion: p0.dev/v1alpha1\nkind: Policy\nrules: []\n";

/// A site that two of alice, bob and carol own, behind its hook, and somebody's clone.
fn owned() -> (Site, GitClone) {
    let site = Site::owned_by(&["alice", "bob", "carol"], "2");
    site.install_hook();
    let clone = GitClone::of(&site, "clone");
    (site, clone)
}

/// Commits `text` at `path` on a branch of the server, from base.
fn branch(clone: &GitClone, name: &str, path: &str, text: &str) {
    clone.git(&["fetch", "-q", "origin"]);
    clone.git(&["checkout", "-q", "-B", name, "origin/main"]);
    clone.commit_file(path, text);
    clone.push(&["--force", "origin", name], &[]).done();
}

/// Merges a branch of the server as a person does, and pushes base.
fn merge(clone: &GitClone, name: &str) -> p0_tests::clone::Push {
    clone.git(&["fetch", "-q", "origin"]);
    clone.git(&["checkout", "-q", "-B", "main", "origin/main"]);
    clone.git(&["merge", "-q", "--no-ff", "-m", name, &format!("origin/{name}")]);
    clone.push(&["origin", "main"], &[])
}

/// Brings a change to base that alice and bob sign.
fn agreed(site: &Site, clone: &GitClone, name: &str, path: &str, text: &str) {
    branch(clone, name, path, text);
    site.owner_signs("alice", name).done();
    site.owner_signs("bob", name).done();
    merge(clone, name).done();
}

fn sweep(site: &Site) -> Run {
    run(&["sweep", "--repo", site.repository().to_str().unwrap(), "-o", "json", "--now", NOW])
}

#[test]
fn a_quorum_changes_the_policy_and_less_does_not() {
    let (site, clone) = owned();
    branch(&clone, "rules", POLICY, RULES);
    merge(&clone, "rules").refused("p0-gitops owners sign");
    let first = site.owner_signs("alice", "rules").done();
    assert!(first.contains("signed by alice") && first.contains("1 more owner"), "{first}");
    merge(&clone, "rules").refused("1 of 2 owners have signed");
    site.owner_signs("alice", "rules").done();
    merge(&clone, "rules").refused("1 of 2 owners have signed");
    let second = site.owner_signs("carol", "rules").done();
    assert!(second.contains("alice, carol have signed"), "{second}");
    merge(&clone, "rules").done();
    assert_eq!(site.git(&["show", &format!("main:{POLICY}")]), RULES);
}

#[test]
fn a_key_that_is_no_owners_does_not_sign() {
    let (site, clone) = owned();
    branch(&clone, "rules", POLICY, RULES);
    let (repository, bot) = (site.repository(), site.key());
    let place = ["owners", "sign", "--repo", repository.to_str().unwrap(), "--now", NOW];
    let refused = run(&[&place[..], &["--key", bot.to_str().unwrap(), "rules"]].concat());
    assert!(refused.code == 1 && refused.err.contains("no owner's"), "{}", refused.err);
    branch(&clone, "words", "README.md", "text\n");
    let nothing = site.owner_signs("alice", "words");
    assert!(nothing.code == 1 && nothing.err.contains("nothing to sign"), "{}", nothing.err);
}

#[test]
fn every_file_that_decides_about_access_is_owned() {
    let (site, clone) = owned();
    for path in [
        POLICY,
        "p0/identities.yaml",
        "p0/allowed_signers",
        "p0/owners",
        "p0/repository.yaml",
        SIGNATURES,
        "clusters/prod/p0-cluster.yaml",
        "clusters/prod/catalogue.yaml",
        "hooks/pre-receive",
        "deploy/prod/flux.yaml",
        "CODEOWNERS",
        ".gitattributes",
    ] {
        branch(&clone, "mine", path, "# mine\n");
        merge(&clone, "mine").refused("owners");
    }
    for path in ["p0/owners", "clusters/prod/p0-cluster.yaml"] {
        clone.git(&["checkout", "-q", "-B", "gone", "origin/main"]);
        clone.git(&["rm", "-q", path]);
        clone.git(&["commit", "-q", "-m", "gone"]);
        clone.push(&["origin", "HEAD:main"], &[]).refused("owners");
    }
    branch(&clone, "free", "docs.md", "text\n");
    merge(&clone, "free").done();
    assert_eq!(site.manifests().len(), 1, "the sentinel stayed");
}

/// The pusher's own `p0/owners` does not decide about the push that brings it.
#[test]
fn new_owners_do_not_let_themselves_in() {
    let (site, clone) = owned();
    let mallory = Site::owned_by(&["mallory"], "1");
    let theirs = mallory.git(&["show", "main:p0/owners"]);
    branch(&clone, "mine", "p0/owners", &theirs);
    clone.commit_file(POLICY, RULES);
    clone.push(&["origin", "mine"], &[]).done();
    merge(&clone, "mine").refused("owners");
    // Nor with owners who could never be enough, although the present ones agree.
    let stuck = site.git(&["show", "main:p0/owners"]).replace("threshold: 2", "threshold: 9");
    branch(&clone, "stuck", "p0/owners", &stuck);
    site.owner_signs("alice", "stuck").done();
    site.owner_signs("bob", "stuck").done();
    merge(&clone, "stuck").refused("no owner could change it again");
}

/// Owners went to a policy and back: the first signatures do not bring it again.
#[test]
fn signatures_do_not_bring_a_former_state_back() {
    let (site, clone) = owned();
    agreed(&site, &clone, "open", POLICY, RULES);
    let open = site.git(&["rev-parse", "main:p0"]);
    clone.git(&["fetch", "-q", "origin"]);
    clone.git(&["checkout", "-q", "-B", "gone", "origin/main"]);
    clone.git(&["rm", "-q", POLICY]);
    clone.git(&["commit", "-q", "-m", "gone"]);
    clone.push(&["origin", "gone"], &[]).done();
    site.owner_signs("alice", "gone").done();
    site.owner_signs("bob", "gone").done();
    merge(&clone, "gone").done();
    // The very files of the first change, its signatures among them.
    clone.git(&["fetch", "-q", "origin"]);
    clone.git(&["checkout", "-q", "-B", "again", "origin/main"]);
    clone.git(&["rm", "-q", "-r", "--cached", "p0"]);
    clone.git(&["read-tree", "--prefix=p0/", open.trim()]);
    clone.git(&["commit", "-q", "-m", "again"]);
    clone.push(&["origin", "HEAD:main"], &[]).refused("the number of the change differs");
}

/// Two repositories with the same owners and the same files.
#[test]
fn signatures_of_another_repository_do_not_count() {
    let (site, clone) = owned();
    let other = Site::owned_by(&["alice", "bob", "carol"], "2");
    for owner in ["alice", "bob", "carol"] {
        std::fs::copy(site.owner_key(owner), other.owner_key(owner)).unwrap();
    }
    let theirs = GitClone::of(&other, "clone");
    theirs.commit_file("p0/owners", &site.git(&["show", "main:p0/owners"]));
    theirs.push(&["origin", "HEAD:main"], &[]).done();
    branch(&theirs, "rules", POLICY, RULES);
    other.owner_signs("alice", "rules").done();
    other.owner_signs("bob", "rules").done();
    let signatures = other.git(&["show", &format!("rules:{SIGNATURES}")]);
    branch(&clone, "rules", POLICY, RULES);
    clone.commit_file(SIGNATURES, &signatures);
    clone.push(&["origin", "rules"], &[]).done();
    merge(&clone, "rules").refused("the repository differs");
}

#[test]
fn no_key_is_a_persons_and_the_bots() {
    let (site, clone) = owned();
    let bot = std::fs::read_to_string(site.beside("bot_key.pub")).unwrap();
    let persons = format!(
        "apiVersion: p0.dev/v1alpha1\nkind: Identities\npersons:\n- name: bob\n  sshKeys: [{}]\n",
        bot.trim()
    );
    branch(&clone, "persons", "p0/identities.yaml", &persons);
    site.owner_signs("alice", "persons").done();
    site.owner_signs("bob", "persons").done();
    merge(&clone, "persons").refused("give the bot a key of its own");
}

/// What a push does to the policy gives its own grants nothing, whatever owners agreed to it.
#[test]
fn in_one_push_grants_are_held_to_the_files_before_it() {
    let (site, clone) = owned();
    let cluster = format!("clusters/{CLUSTER}/p0-cluster.yaml");
    let settings = site.git(&["show", &format!("main:{cluster}")]);
    let shorter = settings.replace("name: prod\n", "name: prod\n# shorter\n").replace("7d", "1m");
    agreed(&site, &clone, "shorter", &cluster, &shorter);
    // The hook has the real time.
    let now = jiff::Timestamp::now().to_string();
    site.propose(A, &[VIEW, &["--now", &now]].concat()).done();
    branch(&clone, "longer", &cluster, &settings);
    site.owner_signs("alice", "longer").done();
    site.owner_signs("bob", "longer").done();
    clone.git(&["fetch", "-q", "origin"]);
    clone.git(&["checkout", "-q", "-B", "main", "origin/main"]);
    clone.git(&["merge", "-q", "--no-ff", "-m", "longer", "origin/longer"]);
    let longer = clone.git(&["rev-parse", "HEAD"]);
    clone.git(&["merge", "-q", "--no-ff", "-m", "grant", &format!("origin/p0/grant/{A}")]);
    clone.push(&["origin", "main"], &[]).refused("too-long");
    // One after the other they land.
    clone.push(&["origin", &format!("{longer}:refs/heads/main")], &[]).done();
    clone.push(&["origin", "main"], &[]).done();
    assert_eq!(site.manifests().len(), 2);
}

/// A manifest of aws-auth says who is an administrator.
#[test]
fn aws_auth_is_owned_where_no_grant_changes_with_it() {
    let (site, clone) = owned();
    let cluster = format!("clusters/{CLUSTER}/p0-cluster.yaml");
    let settings = site.git(&["show", &format!("main:{cluster}")]);
    agreed(
        &site,
        &clone,
        "eks",
        &cluster,
        &format!("{settings}eks:\n  awsAuth: {{file: platform/aws-auth.yaml}}\n"),
    );
    std::fs::create_dir_all(clone.path.join("platform")).unwrap();
    branch(&clone, "admin", "platform/aws-auth.yaml", "kind: ConfigMap\n");
    merge(&clone, "admin").refused("owners");
}

/// Without a hook the sweep finds it, and what no owner agreed to decides about no grant.
#[test]
fn a_sweep_puts_owned_files_back() {
    let site = Site::owned_by(&["alice", "bob", "carol"], "2");
    sweep(&site).done();
    let clone = GitClone::of(&site, "clone");
    let before = site.git(&["ls-tree", "-r", "main", "p0", "deploy", "hooks"]);
    let mine = Site::new(None);
    clone.commit_file("p0/allowed_signers", &mine.git(&["show", "main:p0/allowed_signers"]));
    clone.git(&["rm", "-q", "p0/owners"]);
    clone.git(&["commit", "-q", "-m", "mine"]);
    mine.propose(A, VIEW).done();
    clone.git(&["fetch", "-q", mine.repository().to_str().unwrap(), &format!("p0/grant/{A}")]);
    let grant = clone.git(&["show", &format!("FETCH_HEAD:clusters/prod/grants/{A}.yaml")]);
    clone.commit_file(&format!("clusters/prod/grants/{A}.yaml"), &format!("{grant}\n"));
    clone.push(&["origin", "HEAD:main"], &[]).done();
    let swept = sweep(&site);
    assert_eq!(swept.code, 2, "{}{}", swept.out, swept.err);
    assert!(swept.out.contains("\"owners\""), "{}", swept.out);
    assert_eq!(site.git(&["ls-tree", "-r", "main", "p0", "deploy", "hooks"]), before);
    assert_eq!(site.manifests().len(), 1, "only the sentinel");
    // What was put back is no change of its own.
    sweep(&site).done();
    site.install_hook();
    clone.git(&["fetch", "-q", "origin"]);
    clone.git(&["reset", "-q", "--hard", "origin/main"]);
    clone.commit_file("README.md", "text\n");
    clone.push(&["origin", "HEAD:main"], &[]).done();
}

/// Another program that restored the files first does not make this one bring the attack back.
#[test]
fn two_restorers_do_not_undo_each_other() {
    let site = Site::owned_by(&["alice", "bob", "carol"], "2");
    sweep(&site).done();
    let clone = GitClone::of(&site, "clone");
    let old = site.git(&["rev-parse", "main"]);
    let good = site.git(&["rev-parse", "main:p0"]);
    clone.commit_file(POLICY, RULES);
    clone.push(&["origin", "HEAD:main"], &[]).done();
    let repository = site.repository();
    let place = ["verify", "--repo", repository.to_str().unwrap(), "--base", "main", "--now", NOW];
    let restored = run(&[&place[..], &["--push", old.trim(), "main"]].concat());
    assert!(restored.code == 2 && restored.err.contains("is restored"), "{}{}", restored.out, restored.err);
    assert_eq!(site.git(&["rev-parse", "main:p0"]), good);
    // The sweep saw neither commit before.
    assert_eq!(sweep(&site).code, 2);
    assert_eq!(site.git(&["rev-parse", "main:p0"]), good);
    sweep(&site).done();
}

/// Where the forge requires a review by code owners, no signature is asked for.
#[test]
fn the_forges_review_stands_in_where_the_file_says_so() {
    let site = Site::new(None);
    assert!(site.git(&["show", "main:p0/owners"]).contains("# p0-threshold: forge-review"));
    site.install_hook();
    let clone = GitClone::of(&site, "clone");
    branch(&clone, "rules", POLICY, RULES);
    let refused = site.owner_signs("alice", "rules");
    assert!(refused.err.contains("review changes on the forge"), "{}", refused.err);
    merge(&clone, "rules").done();
}
