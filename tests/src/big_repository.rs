//! A GitOps repository with a long history, made in seconds by `git fast-import`.
//!
//! History is what years of use leave: grants that came and went, each commit with its trailer. What a file says is the
//! caller's.

use std::fmt::Write as _;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

/// How big.
#[derive(Clone, Copy, Debug)]
pub struct Size {
    /// Grants on the head of base.
    pub live: usize,
    /// Commits behind it.
    pub commits: usize,
}

/// The id of the nth grant.
pub fn id(number: usize) -> String {
    format!("{number:020}")
}

/// Adds history to the bare `repository`, on top of its base branch: pairs of commits that add and remove a grant, and near
/// the end one that brings the live ones, whose files `text` makes. The last commit is at `until` (Unix seconds); they are
/// ten minutes apart.
///
/// # Panics
/// Where `git` is missing or refuses.
pub fn grow(repository: &Path, size: Size, cluster: &str, until: i64, text: &dyn Fn(usize) -> String) {
    let mut git = Command::new("git");
    git.arg("-C").arg(repository).args(["fast-import", "--quiet", "--force"]).stdin(Stdio::piped());
    let mut child = git.spawn().expect("git is installed");
    let mut stream = std::io::BufWriter::with_capacity(1 << 20, child.stdin.take().expect("a pipe"));
    let start = until - 600 * i64::try_from(size.commits).expect("a number");
    for number in 0..size.commits {
        let at = start + 600 * i64::try_from(number).expect("a number");
        stream.write_all(commit(number, at, size, cluster, text).as_bytes()).expect("git listens");
    }
    stream.flush().expect("git listens");
    drop(stream);
    assert!(child.wait().expect("git ends").success(), "git fast-import");
    let packed =
        Command::new("git").arg("-C").arg(repository).args(["commit-graph", "write", "--reachable"]).status();
    assert!(packed.expect("git").success());
}

/// Commits behind the one that brings the live grants. Each writes a tree of all of them, which is what takes the time.
const RECENT: usize = 200;

fn commit(number: usize, at: i64, size: Size, cluster: &str, live: &dyn Fn(usize) -> String) -> String {
    let grant = size.live + number / 2;
    let adds = number.is_multiple_of(2);
    let message = format!("{} grant\n\nRequest-Id: {}\n", if adds { "Merge" } else { "Revert" }, id(grant));
    let length = message.len();
    let mut text = format!(
        "commit refs/heads/main\ncommitter bot <bot@example.com> {at} +0000\ndata {length}\n{message}\n"
    );
    let path = |grant: usize| format!("clusters/{cluster}/grants/{}.yaml", id(grant));
    let mut put = |grant: usize, body: &str| {
        write!(text, "M 100644 inline {}\ndata {}\n{body}\n", path(grant), body.len()).expect("text");
    };
    if number + RECENT == size.commits {
        (0..size.live).for_each(|number| put(number, &live(number)));
    }
    match adds {
        true => put(grant, &format!("# gone {grant}\n")),
        false => writeln!(text, "D {}", path(grant)).expect("text"),
    }
    if number == 0 {
        text = text.replacen("\nM ", "\nfrom refs/heads/main^0\nM ", 1);
    }
    text.push('\n');
    text
}
