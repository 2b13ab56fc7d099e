//! Sweep and audit in a repository with 10,000 live grants and 100,000 commits, against what `git` itself takes to walk the
//! same range and to read the same files; and the judgement of 1,000 grants there.

use std::process::{Command, Stdio};

use jiff::SignedDuration;
use p0_tests::big_repository::{Size, id};
use p0_tests::workbench::{Workbench, median, millis};

const ROUNDS: usize = 5;
const VERIFIED: usize = 1_000;

fn main() {
    let (bench, size) = Workbench::new(|bench, number| bench.text(&id(number)));
    sweep_and_audit(&bench, size);
    let ids: Vec<String> = (0..VERIFIED).map(|number| format!("c{number:019}")).collect();
    println!("  verify of {VERIFIED} added grants          {:8.1} ms (at most 2000)", bench.judging(&ids));
}

/// The medians of two works, measured in turns.
fn turns(ours: impl Fn(), gits: impl Fn()) -> (f64, f64) {
    let (own, git): (Vec<f64>, Vec<f64>) = (0..ROUNDS).map(|_| (millis(&ours), millis(&gits))).unzip();
    (median(own), median(git))
}

fn tell(name: &str, (own, git): (f64, f64), by: &str) {
    println!("  {name:34} {own:8.1} ms, {by} {git:8.1} ms, ratio {:5.2} (at most 1.5)", own / git);
}

fn sweep_and_audit(bench: &Workbench, size: Size) {
    let files = || {
        let paths = git(bench, &["ls-tree", "-r", "--format=%(objectname)", "main", "clusters"], "");
        git(bench, &["cat-file", "--batch", "--buffer"], &paths);
    };
    let walk = || drop(git(bench, &["log", "--first-parent", "-m", "--raw", "--format=%H %ct", "main"], ""));
    let sweep = || {
        let swept = bench.repository().sweep(SignedDuration::ZERO, None, &bench.by(), bench.now).unwrap();
        assert_eq!((swept.looked_at, swept.removed.len()), (size.live, 0));
    };
    tell("sweep", turns(sweep, files), "git ls-tree and cat-file");
    let at = || {
        let repository = bench.repository();
        let found = repository.audit(&[], bench.now).unwrap().at(bench.now).unwrap().len();
        assert_eq!(found, size.live);
    };
    let walk_and_files = || {
        walk();
        files();
    };
    tell("audit of now", turns(at, walk_and_files), "git log, ls-tree and cat-file");
    let line = || drop(bench.repository().audit(&[], bench.now).unwrap());
    tell("the same, no file read", turns(line, walk), "git log");
}

fn git(bench: &Workbench, arguments: &[&str], input: &str) -> String {
    let mut git = Command::new("git");
    git.arg("-C").arg(bench.site.repository()).args(arguments);
    let mut child = git.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let output = std::thread::scope(|scope| {
        scope.spawn(move || std::io::Write::write_all(&mut stdin, input.as_bytes()).unwrap());
        child.wait_with_output().unwrap()
    });
    assert!(output.status.success(), "git {arguments:?}");
    String::from_utf8(output.stdout).unwrap()
}
