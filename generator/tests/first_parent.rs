//! The line of a branch against `git ls-tree`: whatever commits do to the folders, following the changes gives what stands there.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a repository that cannot be made is a failed test"
)]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use p0_gitops::git::{Credentials, Remote};

/// More than are looked into at once, several times.
const COMMITS: u32 = 1_700;

/// What one commit does, from a number: few names, so that each is put, deleted and turned into something else often.
fn deed(number: u32) -> String {
    // Multiplied alone, numbers that follow each other never meet the same grant soon.
    let spread = (number.wrapping_mul(0x9E37_79B1) >> 15 ^ number).wrapping_mul(0x85EB_CA6B);
    let chance = (spread >> 13 ^ spread) >> 4;
    let cluster = ["eu", "us", "ap"][usize::try_from(chance % 3).unwrap()];
    let grant = format!("clusters/{cluster}/grants/g{}.yaml", chance / 3 % 4);
    let put = |path: &str| format!("M 100644 inline {path}\ndata {}\n{number}\n", number.to_string().len());
    match chance / 12 % 16 {
        0..5 => put(&grant),
        5..8 => format!("D {grant}\n"),
        8 => format!("D {grant}\n{}", put(&format!("{grant}/inside"))),
        9 => format!("D clusters/{cluster}\n"),
        10 => format!("D clusters/{cluster}\n{}", put(&format!("clusters/{cluster}"))),
        11 => format!("D clusters/{cluster}/grants\n{}", put(&format!("clusters/{cluster}/grants"))),
        12 => put(&format!("clusters/{cluster}/cluster.yaml")),
        13 if chance.is_multiple_of(5) => "D clusters\n".to_owned(),
        13 | 14 => put("README.md"),
        _ => put(&format!("clusters/{cluster}/grants/deep/{number}.yaml")),
    }
}

fn git(folder: &Path, arguments: &[&str]) -> String {
    let output =
        Command::new("git").arg("-C").arg(folder).args(arguments).output().expect("git is installed");
    assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn grow(folder: &Path) {
    let mut stream = String::new();
    for number in 0..COMMITS {
        let at = 1_700_000_000 + number;
        write!(
            stream,
            "commit refs/heads/main\ncommitter bot <bot@x> {at} +0000\ndata 0\n{}\n",
            deed(number)
        )
        .unwrap();
    }
    let mut import = Command::new("git");
    import.arg("-C").arg(folder).args(["fast-import", "--quiet"]).stdin(Stdio::piped());
    let mut import = import.spawn().unwrap();
    import.stdin.take().unwrap().write_all(stream.as_bytes()).unwrap();
    assert!(import.wait().unwrap().success());
}

/// Everything at `clusters/*/grants/*`, with its file.
fn listed(folder: &Path, commit: &str) -> BTreeMap<String, String> {
    let all = git(folder, &["ls-tree", "-r", "-t", "--format=%(objecttype) %(objectname) %(path)", commit]);
    let lines = all.lines().map(|line| {
        let (kind, rest) = line.split_once(' ').unwrap();
        let (id, path) = rest.split_once(' ').unwrap();
        // What is no file has the id of nothing.
        (if kind == "blob" { id.to_owned() } else { "0".repeat(40) }, path)
    });
    let is_entry = |path: &str| {
        let parts: Vec<&str> = path.split('/').collect();
        matches!(parts[..], ["clusters", _, "grants", _])
    };
    lines.filter(|(_, path)| is_entry(path)).map(|(id, path)| (path.to_owned(), id)).collect()
}

#[test]
fn following_the_changes_gives_what_stands_there() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path();
    git(place, &["init", "-q", "--bare", "-b", "main"]);
    grow(place);
    let remote = Remote::open(place.to_str().unwrap(), Credentials::default(), Path::new("")).unwrap();
    let head = remote.head("main").unwrap();
    let steps = remote.line(head, "clusters", "grants").unwrap();
    let commits: Vec<String> = steps.iter().map(|step| step.commit.to_string()).collect();
    assert_eq!(commits.join("\n"), git(place, &["rev-list", "--first-parent", "--reverse", "main"]).trim());

    let mut standing: BTreeMap<String, String> = BTreeMap::new();
    for (number, step) in steps.iter().enumerate() {
        for (path, after) in &step.changes {
            match after {
                Some(file) => standing.insert(path.clone(), format!("{file:?}")),
                None => standing.remove(path),
            };
        }
        // Every one would take a process each; those where one thread's part ends are among these.
        if number % 13 == 0 || number % 512 < 3 || number % 512 > 509 {
            let wanted = listed(place, &step.commit.to_string());
            let wanted: BTreeMap<_, _> =
                wanted.into_iter().map(|(path, id)| (path, format!("BlobId({id})"))).collect();
            assert_eq!(standing, wanted, "after commit {number}");
        }
    }
}
