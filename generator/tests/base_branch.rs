//! The plain Git forge on real repositories, with the `git` command as second opinion.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a repository that cannot be made is a failed test"
)]

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::path::Path;
use std::process::Command;

use p0_access::change::Edit;
use p0_gitops::git::{
    AfterMerge, BaseBranch, Change, CommitId, Credentials, Ensured, GitError, Identity, MergeError, Merged,
    Message, Remote, Used, add_files, create_bare,
};

struct Fixture {
    folder: tempfile::TempDir,
    forge: BaseBranch,
}

fn by() -> Identity {
    Identity {
        name: "bot".to_owned(),
        email: "bot@example.com".to_owned(),
        at: "2026-11-24T10:00:00Z".parse().unwrap(),
    }
}

fn put(path: &str, text: &str) -> Edit {
    Edit::Put { path: path.to_owned(), bytes: text.as_bytes().to_vec() }
}

fn delete(path: &str) -> Edit {
    Edit::Delete { path: path.to_owned() }
}

fn change(branch: &str) -> Change {
    let trailers = vec![("Request-Id", branch.rsplit('/').next().unwrap_or_default().to_owned())];
    Change {
        branch: branch.to_owned(),
        message: Message { subject: branch.to_owned(), body: String::new(), trailers },
        by: by(),
    }
}

fn always(edits: Vec<Edit>) -> impl FnMut(CommitId) -> Result<Vec<Edit>, Infallible> {
    move |_| Ok(edits.clone())
}

fn same(edits: Vec<Edit>) -> impl FnMut(CommitId, CommitId) -> Result<Vec<Edit>, Infallible> {
    move |_, _| Ok(edits.clone())
}

impl Fixture {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let remote = create_bare(folder.path(), "main").unwrap();
        let first = [put("grants/sentinel.yaml", "s\n"), put("README.md", "r\n")];
        add_files(
            &remote,
            "main",
            &first,
            &by(),
            &Message { subject: "first".to_owned(), ..Message::default() },
        )
        .unwrap();
        Self { folder, forge: BaseBranch::new(remote, "main") }
    }

    fn again(&self) -> BaseBranch {
        let place = self.folder.path().to_str().unwrap();
        BaseBranch::new(Remote::open(place, Credentials::default(), Path::new("")).unwrap(), "main")
    }

    fn git(&self, arguments: &[&str]) -> String {
        let output = Command::new("git")
            .arg("-C")
            .arg(self.folder.path())
            .args(arguments)
            .output()
            .expect("git is installed");
        assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    fn tree(&self) -> String {
        self.git(&["rev-parse", "main^{tree}"])
    }

    fn propose(&self, branch: &str, edits: &[Edit]) -> Ensured {
        self.forge.ensure_change(&change(branch), always(edits.to_vec())).unwrap()
    }

    fn merge(&self, branch: &str, edits: &[Edit]) -> Result<Merged, MergeError<Infallible>> {
        self.forge.merge(&change(branch), AfterMerge::DeleteBranch, same(edits.to_vec()), |_| Ok(()))
    }
}

#[test]
fn a_proposal_is_one_commit_on_its_own_branch_and_twice_is_once() {
    let fixture = Fixture::new();
    let edits = [put("grants/a.yaml", "a\n")];
    let Ensured::Made(made) = fixture.propose("p0/grant/a", &edits) else { panic!("made") };
    assert_eq!(fixture.propose("p0/grant/a", &edits), Ensured::Unchanged(made));
    assert_eq!(fixture.git(&["rev-list", "--count", "main..p0/grant/a"]), "1");
    assert_eq!(fixture.git(&["show", "p0/grant/a:grants/a.yaml"]), "a");
    assert_eq!(
        fixture.git(&["log", "-1", "--format=%(trailers:key=Request-Id,valueonly)", "p0/grant/a"]),
        "a"
    );
    assert_eq!(fixture.git(&["fsck", "--strict", "--no-dangling", "--no-progress"]), "");
}

#[test]
fn a_branch_with_another_change_is_left_alone() {
    let fixture = Fixture::new();
    fixture.propose("p0/grant/a", &[put("grants/a.yaml", "a\n")]);
    let before = fixture.git(&["rev-parse", "p0/grant/a"]);
    let answer =
        fixture.forge.ensure_change(&change("p0/grant/a"), always(vec![put("grants/a.yaml", "b\n")]));
    assert!(matches!(answer, Err(MergeError::Git(GitError::ForeignBranch(_)))), "{answer:?}");
    assert_eq!(fixture.git(&["rev-parse", "p0/grant/a"]), before);
}

#[test]
fn a_merge_is_a_merge_commit_and_the_branch_goes() {
    let fixture = Fixture::new();
    let edits = [put("grants/a.yaml", "a\n")];
    fixture.propose("p0/grant/a", &edits);
    assert!(matches!(fixture.merge("p0/grant/a", &edits), Ok(Merged::Now(_))));
    assert_eq!(fixture.git(&["rev-list", "--parents", "-1", "main"]).split(' ').count(), 3);
    assert_eq!(fixture.git(&["for-each-ref", "--format=%(refname)"]), "refs/heads/main");
    assert_eq!(fixture.propose("p0/grant/a", &edits), Ensured::AlreadyOnBase(fixture.forge.head().unwrap()));
}

#[test]
fn a_kept_branch_merges_once() {
    let fixture = Fixture::new();
    let edits = vec![put("grants/a.yaml", "a\n")];
    fixture.propose("p0/grant/a", &edits);
    let merge = || {
        fixture.forge.merge(&change("p0/grant/a"), AfterMerge::KeepBranch, same(edits.clone()), |_| {
            Ok::<(), Infallible>(())
        })
    };
    assert!(matches!(merge(), Ok(Merged::Now(_))));
    assert!(matches!(merge(), Ok(Merged::Before)));
}

#[test]
fn a_push_in_between_is_kept_and_judged_again() {
    let fixture = Fixture::new();
    let edits = vec![put("grants/a.yaml", "a\n")];
    fixture.propose("p0/grant/a", &edits);
    let mut judged = 0;
    let answer =
        fixture.forge.merge(&change("p0/grant/a"), AfterMerge::DeleteBranch, same(edits), |proposed| {
            judged += 1;
            if judged == 1 {
                let other = fixture.again();
                let message = Message { subject: "theirs".to_owned(), ..Message::default() };
                add_files(other.remote(), "main", &[put("theirs.txt", "t\n")], &by(), &message).unwrap();
            } else {
                assert!(fixture.forge.remote().read_file(proposed.head, "theirs.txt").unwrap().is_some());
            }
            Ok::<(), Infallible>(())
        });
    assert!(matches!(answer, Ok(Merged::Now(_))), "{answer:?}");
    assert_eq!((judged, fixture.git(&["show", "main:theirs.txt"])), (2, "t".to_owned()));
}

#[test]
fn a_refused_merge_leaves_base_where_it_was() {
    let fixture = Fixture::new();
    let edits = vec![put("grants/a.yaml", "a\n")];
    fixture.propose("p0/grant/a", &edits);
    let before = fixture.git(&["rev-parse", "main"]);
    let answer = fixture.forge.merge(
        &change("p0/grant/a"),
        AfterMerge::DeleteBranch,
        move |_, _| Ok(edits.clone()),
        |_| Err(std::fmt::Error),
    );
    assert!(matches!(answer, Err(MergeError::Refused(_))));
    assert_eq!(fixture.git(&["rev-parse", "main"]), before);
}

#[test]
fn a_tip_that_was_changed_by_hand_is_refused() {
    let fixture = Fixture::new();
    let edits = vec![put("grants/a.yaml", "a\n")];
    fixture.propose("p0/grant/a", &edits);
    let message = Message { subject: "more".to_owned(), ..Message::default() };
    add_files(fixture.forge.remote(), "p0/grant/a", &[put("grants/b.yaml", "b\n")], &by(), &message).unwrap();
    assert!(matches!(fixture.merge("p0/grant/a", &edits), Err(MergeError::Git(GitError::ForeignTip { .. }))));
    let other = [put("grants/c.yaml", "c\n"), put("p0/allowed_signers", "me\n")];
    fixture.propose("p0/grant/c", &other);
    let answer = fixture.merge("p0/grant/c", &other[..1]);
    assert!(matches!(answer, Err(MergeError::Git(GitError::ForeignTip { .. }))), "{answer:?}");
}

/// P12: whatever lands in between, a revert removes exactly what the grant added.
#[test]
fn a_revert_leaves_the_tree_as_if_the_grant_had_never_been() {
    let fixture = Fixture::new();
    let grant = [put("grants/a.yaml", "a\n"), put("deep/er/x", "x\n")];
    let before = fixture.tree();
    fixture.propose("p0/grant/a", &grant);
    fixture.merge("p0/grant/a", &grant).unwrap();
    let others = [put("grants/b.yaml", "b\n")];
    fixture.propose("p0/grant/b", &others);
    fixture.merge("p0/grant/b", &others).unwrap();
    for (branch, edits) in [
        ("p0/revoke/a", vec![delete("grants/a.yaml"), delete("deep/er/x")]),
        ("p0/revoke/b", vec![delete("grants/b.yaml")]),
    ] {
        fixture.propose(branch, &edits);
        fixture.merge(branch, &edits).unwrap();
        assert!(matches!(fixture.propose(branch, &edits), Ensured::AlreadyOnBase(_)));
    }
    assert_eq!(fixture.tree(), before);
}

#[test]
fn history_tells_every_id_that_base_has_had() {
    let fixture = Fixture::new();
    for id in ["a", "b"] {
        let edits = [put(&format!("grants/{id}.yaml"), "x\n")];
        fixture.propose(&format!("p0/grant/{id}"), &edits);
        fixture.merge(&format!("p0/grant/{id}"), &edits).unwrap();
    }
    let gone = [delete("grants/a.yaml")];
    fixture.propose("p0/revoke/a", &gone);
    fixture.merge("p0/revoke/a", &gone).unwrap();
    let message = Message { subject: "by hand, without a trailer".to_owned(), ..Message::default() };
    for edits in [[put("grants/c.yaml", "c\n")], [delete("grants/c.yaml")]] {
        add_files(fixture.forge.remote(), "main", &edits, &by(), &message).unwrap();
    }
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<String>>();
    let entries = ["a.yaml", "b.yaml", "c.yaml", "d.yaml", "sentinel.yaml"];
    let asked = Used { trailers: names(&["a", "b", "c", "d"]), entries: names(&entries) };
    let found = |forge: &BaseBranch| {
        let since = "2026-11-24T09:00:00Z".parse().unwrap();
        forge.remote().used(forge.head().unwrap(), &["grants".to_owned()], since, &asked).unwrap()
    };
    let wanted = Used {
        trailers: names(&["a", "b"]),
        entries: names(&["a.yaml", "b.yaml", "c.yaml", "sentinel.yaml"]),
    };
    assert_eq!(found(&fixture.forge), wanted);

    // What is remembered is what somebody finds who reads all of it: after more commits, and after a base that was rewritten.
    let before = fixture.git(&["rev-parse", "main"]);
    let edits = [put("grants/d.yaml", "d\n")];
    fixture.propose("p0/grant/d", &edits);
    fixture.merge("p0/grant/d", &edits).unwrap();
    assert_eq!(found(&fixture.forge).trailers, names(&["a", "b", "d"]));
    assert_eq!(found(&fixture.forge), found(&fixture.again()));
    fixture.git(&["update-ref", "refs/heads/main", &before]);
    // What base had is not even there any more.
    fixture.git(&["gc", "-q", "--prune=now"]);
    assert_eq!(found(&fixture.forge), wanted);
}

#[test]
fn a_shallow_clone_says_that_its_history_is_cut_off() {
    let fixture = Fixture::new();
    let edits = [put("grants/a.yaml", "a\n")];
    fixture.propose("p0/grant/a", &edits);
    fixture.merge("p0/grant/a", &edits).unwrap();
    let clone = tempfile::tempdir().unwrap();
    let url = format!("file://{}", fixture.folder.path().display());
    fixture.git(&["clone", "--quiet", "--bare", "--depth", "1", &url, clone.path().to_str().unwrap()]);
    let remote = Remote::open(clone.path().to_str().unwrap(), Credentials::default(), Path::new("")).unwrap();
    let head = remote.head("main").unwrap();
    assert!(matches!(remote.used(head, &[], by().at, &Used::default()), Err(GitError::Shallow)));
}

#[test]
fn a_checked_out_base_is_not_moved_under_its_files() {
    let fixture = Fixture::new();
    let clone = tempfile::tempdir().unwrap();
    fixture.git(&["clone", "--quiet", ".", clone.path().to_str().unwrap()]);
    let forge = BaseBranch::new(
        Remote::open(clone.path().to_str().unwrap(), Credentials::default(), Path::new("")).unwrap(),
        "main",
    );
    let edits = vec![put("grants/a.yaml", "a\n")];
    forge.ensure_change(&change("p0/grant/a"), always(edits.clone())).unwrap();
    let answer = forge
        .merge(&change("p0/grant/a"), AfterMerge::DeleteBranch, same(edits), |_| Ok::<(), Infallible>(()));
    assert!(matches!(answer, Err(MergeError::Git(GitError::CheckedOut { .. }))), "{answer:?}");
}

#[test]
fn a_missing_branch_or_repository_is_named() {
    let fixture = Fixture::new();
    let error = fixture.forge.remote().head("trunk").unwrap_err().to_string();
    assert!(error.contains("no branch `trunk`; it has `main`"), "{error}");
    let error =
        Remote::open("/nowhere/at/all", Credentials::default(), Path::new("")).err().unwrap().to_string();
    assert!(error.contains("cannot open the repository `/nowhere/at/all`"), "{error}");
}
