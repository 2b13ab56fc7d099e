//! Base and the branches that change it, on real repositories, with the `git` command as second opinion.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a repository that cannot be made is a failed test"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::path::Path;
use std::process::Command;

use jiff::Timestamp;
use p0_access::change::Edit;
use p0_gitops::git::{
    BaseBranch, Change, CommitId, Credentials, Ensured, GitError, Identity, MergeError, Message, Proposed,
    Remote, Traces, add_files, create_bare,
};

struct Fixture {
    folder: tempfile::TempDir,
    base: BaseBranch,
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

/// Merges one branch; the commit that base moved to.
fn merge_on<E: std::error::Error>(
    base: &BaseBranch,
    branch: &str,
    edits: &[Edit],
    verify: impl FnMut(Proposed) -> Result<(), E>,
) -> Result<CommitId, MergeError<E>> {
    let merged = base.merge_many(&[change(branch)], |_, _| Ok(edits.to_vec()), verify)?;
    Ok(*merged.get(branch).expect("what is merged has a commit"))
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
        Self { folder, base: BaseBranch::new(remote, "main") }
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
        self.base.ensure_change(&change(branch), always(edits.to_vec())).unwrap()
    }

    fn merge(&self, branch: &str, edits: &[Edit]) -> Result<CommitId, MergeError<Infallible>> {
        merge_on(&self.base, branch, edits, |_| Ok(()))
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
    let answer = fixture.base.ensure_change(&change("p0/grant/a"), always(vec![put("grants/a.yaml", "b\n")]));
    assert!(matches!(answer, Err(MergeError::Git(GitError::ForeignBranch(_)))), "{answer:?}");
    assert_eq!(fixture.git(&["rev-parse", "p0/grant/a"]), before);
}

#[test]
fn a_merge_is_a_merge_commit_and_the_branch_goes() {
    let fixture = Fixture::new();
    let edits = [put("grants/a.yaml", "a\n")];
    fixture.propose("p0/grant/a", &edits);
    assert_eq!(fixture.merge("p0/grant/a", &edits).unwrap(), fixture.base.head().unwrap());
    assert_eq!(fixture.git(&["rev-list", "--parents", "-1", "main"]).split(' ').count(), 3);
    assert_eq!(fixture.git(&["for-each-ref", "--format=%(refname)"]), "refs/heads/main");
    assert_eq!(fixture.propose("p0/grant/a", &edits), Ensured::AlreadyOnBase(fixture.base.head().unwrap()));
}

#[test]
fn a_push_in_between_is_kept_and_judged_again() {
    let fixture = Fixture::new();
    let edits = vec![put("grants/a.yaml", "a\n")];
    fixture.propose("p0/grant/a", &edits);
    let mut judged = 0;
    let answer = merge_on(&fixture.base, "p0/grant/a", &edits, |proposed| {
        judged += 1;
        if judged == 1 {
            let other = fixture.again();
            let message = Message { subject: "theirs".to_owned(), ..Message::default() };
            add_files(other.remote(), "main", &[put("theirs.txt", "t\n")], &by(), &message).unwrap();
        } else {
            assert!(fixture.base.remote().read_file(proposed.head, "theirs.txt").unwrap().is_some());
        }
        Ok::<(), Infallible>(())
    });
    assert!(answer.is_ok(), "{answer:?}");
    assert_eq!((judged, fixture.git(&["show", "main:theirs.txt"])), (2, "t".to_owned()));
}

#[test]
fn a_refused_merge_leaves_base_where_it_was() {
    let fixture = Fixture::new();
    let edits = vec![put("grants/a.yaml", "a\n")];
    fixture.propose("p0/grant/a", &edits);
    let before = fixture.git(&["rev-parse", "main"]);
    let answer = merge_on(&fixture.base, "p0/grant/a", &edits, |_| Err(std::fmt::Error));
    assert!(matches!(answer, Err(MergeError::Refused(_))));
    assert_eq!(fixture.git(&["rev-parse", "main"]), before);
}

#[test]
fn a_tip_that_was_changed_by_hand_is_refused() {
    let fixture = Fixture::new();
    let edits = vec![put("grants/a.yaml", "a\n")];
    fixture.propose("p0/grant/a", &edits);
    let message = Message { subject: "more".to_owned(), ..Message::default() };
    add_files(fixture.base.remote(), "p0/grant/a", &[put("grants/b.yaml", "b\n")], &by(), &message).unwrap();
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
        let edits = [put(&format!("clusters/prod/grants/{id}.yaml"), "x\n")];
        fixture.propose(&format!("p0/grant/{id}"), &edits);
        fixture.merge(&format!("p0/grant/{id}"), &edits).unwrap();
    }
    let gone = [delete("clusters/prod/grants/a.yaml")];
    fixture.propose("p0/revoke/a", &gone);
    fixture.merge("p0/revoke/a", &gone).unwrap();
    let message = Message { subject: "by hand, without a trailer".to_owned(), ..Message::default() };
    // The first commit says the beginning of time: a search that believed it would end there.
    let epoch = Identity { at: Timestamp::UNIX_EPOCH, ..by() };
    let by_hand = [
        put("clusters/dev/grants/c.yaml", "c\n"),
        delete("clusters/dev/grants/c.yaml"),
        put("README.md", "r\n"),
    ];
    for (edit, who) in by_hand.into_iter().zip([by(), by(), epoch]) {
        add_files(fixture.base.remote(), "main", &[edit], &who, &message).unwrap();
    }
    // A trailer of a commit that did not touch the file burns no id.
    let unrelated = Message { trailers: vec![("Request-Id", "e".to_owned())], ..Message::default() };
    add_files(fixture.base.remote(), "main", &[put("README.md", "s\n")], &by(), &unrelated).unwrap();
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<String>>();
    let files = ["a", "b", "c", "d", "e"].map(|id| (id.to_owned(), format!("{id}.yaml")));
    let traces = Traces { root: "clusters", leaf: "grants", files: files.into() };
    let found = |base: &BaseBranch| {
        let since = "2026-11-24T09:00:00Z".parse().unwrap();
        base.remote().used(base.head().unwrap(), since, &traces).unwrap()
    };
    assert_eq!(found(&fixture.base), names(&["a", "b", "c"]));

    // What is remembered is what somebody finds who reads all of it: after more commits, and after a base that was rewritten.
    let before = fixture.git(&["rev-parse", "main"]);
    let edits = [put("clusters/prod/grants/d.yaml", "d\n")];
    fixture.propose("p0/grant/d", &edits);
    fixture.merge("p0/grant/d", &edits).unwrap();
    assert_eq!(found(&fixture.base), names(&["a", "b", "c", "d"]));
    assert_eq!(found(&fixture.base), found(&fixture.again()));
    fixture.git(&["update-ref", "refs/heads/main", &before]);
    // What base had is not even there any more.
    fixture.git(&["gc", "-q", "--prune=now"]);
    assert_eq!(found(&fixture.base), names(&["a", "b", "c"]));
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
    let traces = Traces { root: "clusters", leaf: "grants", files: BTreeMap::new() };
    assert!(matches!(remote.used(head, by().at, &traces), Err(GitError::Shallow)));
}

#[test]
fn a_checked_out_base_is_not_moved_under_its_files() {
    let fixture = Fixture::new();
    let clone = tempfile::tempdir().unwrap();
    fixture.git(&["clone", "--quiet", ".", clone.path().to_str().unwrap()]);
    let base = BaseBranch::new(
        Remote::open(clone.path().to_str().unwrap(), Credentials::default(), Path::new("")).unwrap(),
        "main",
    );
    let edits = vec![put("grants/a.yaml", "a\n")];
    base.ensure_change(&change("p0/grant/a"), always(edits.clone())).unwrap();
    let answer = merge_on(&base, "p0/grant/a", &edits, |_| Ok::<(), Infallible>(()));
    assert!(matches!(answer, Err(MergeError::Git(GitError::CheckedOut { .. }))), "{answer:?}");
}

#[test]
fn a_missing_branch_or_repository_is_named() {
    let fixture = Fixture::new();
    let error = fixture.base.remote().head("trunk").unwrap_err().to_string();
    assert!(error.contains("no branch `trunk`; it has `main`"), "{error}");
    let error =
        Remote::open("/nowhere/at/all", Credentials::default(), Path::new("")).err().unwrap().to_string();
    assert!(error.contains("cannot open the repository `/nowhere/at/all`"), "{error}");
}
