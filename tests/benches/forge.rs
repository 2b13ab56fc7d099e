//! Propose, merge and revert in a repository with 10,000 live grants and 100,000 commits, against the same change made
//! and pushed by `git` itself; and the judgement of 100 grants there, the look for used ids included.
//!
//! `P0_COMMITS=1000` shows that the cost does not grow with history.

use std::process::Command;

use p0_grant::name::GrantId;
use p0_tests::site::CLUSTER;
use p0_tests::workbench::{Workbench, median, millis};

const ROUNDS: usize = 7;

fn main() {
    // The forge reads no live grant.
    let (bench, _) = Workbench::new(|_, number| format!("# live {number}\n{}", "x".repeat(2000)));
    let rounds: Vec<_> = (0..ROUNDS).map(|round| (ours(&bench, round), by_git(&bench, round))).collect();
    for (index, name) in ["propose", "merge", "revert"].iter().enumerate() {
        let own = median(rounds.iter().map(|(own, _)| own[index]));
        let git = median(rounds.iter().map(|(_, git)| git[index]));
        println!("  {name:8} {own:8.1} ms, by git {git:8.1} ms, ratio {:5.2} (at most 1.5)", own / git);
    }
    let ids: Vec<String> = (0..100).map(|number| format!("{number:c>20}")).collect();
    println!("  verify of 100 added grants {:8.1} ms (at most 1000)", bench.judging(&ids));
}

/// Each step opens the repository anew, as a command does.
fn ours(bench: &Workbench, round: usize) -> [f64; 3] {
    let (cluster, id) = (bench.cluster(), format!("{round:a>20}"));
    let manifest = bench.grant(&id);
    let id = GrantId::new(id).unwrap();
    [
        millis(|| assert!(bench.repository().propose_grant(&cluster, &manifest, &bench.by()).is_ok())),
        millis(|| assert!(bench.repository().merge_grant(&cluster, &id, &bench.by(), bench.now).is_ok())),
        millis(|| assert!(bench.repository().revert_grant(&cluster, &id, &bench.by()).is_ok())),
    ]
}

/// The same changes with git's own plumbing in a clone that shares objects, pushed to the repository.
fn by_git(bench: &Workbench, round: usize) -> [f64; 3] {
    let clone = bench.site.beside(&format!("clone-{round}"));
    let repository = bench.site.repository();
    let git = |arguments: &[&str]| {
        let mut command = Command::new("git");
        command
            .args(["-c", "user.name=bot", "-c", "user.email=bot@example.com", "-C"])
            .arg(&clone)
            .args(arguments);
        let output = command.output().unwrap();
        assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    };
    let made =
        Command::new("git").args(["clone", "-q", "--bare", "--shared"]).arg(&repository).arg(&clone).status();
    assert!(made.unwrap().success());
    let file = bench.site.beside("grant.yaml");
    std::fs::write(&file, bench.grant(&format!("{round:b>20}")).to_yaml().unwrap()).unwrap();
    let path = format!("clusters/{CLUSTER}/grants/{round:b>20}.yaml");
    let branch = format!("p0/grant/{round:b>20}");
    let commit = |update: &[&str], parents: &[&str]| {
        git(&["read-tree", "main"]);
        git(update);
        let tree = git(&["write-tree"]);
        git(&[&["commit-tree", "-m", "grant", &tree][..], parents].concat())
    };
    let propose = millis(|| {
        let blob = git(&["hash-object", "-w", file.to_str().unwrap()]);
        let made = commit(
            &["update-index", "--add", "--cacheinfo", &format!("100644,{blob},{path}")],
            &["-p", "main"],
        );
        git(&["push", "-q", "origin", &format!("{made}:refs/heads/{branch}")]);
        git(&["update-ref", "refs/heads/tip", &made]);
    });
    let merge = millis(|| {
        let made = git(&["commit-tree", "-m", "merge", "tip^{tree}", "-p", "main", "-p", "tip"]);
        git(&["push", "-q", "origin", &format!("{made}:refs/heads/main"), &format!(":refs/heads/{branch}")]);
        git(&["update-ref", "refs/heads/main", &made]);
    });
    let revert = millis(|| {
        let made = commit(&["--work-tree=.", "update-index", "--force-remove", &path], &["-p", "main"]);
        git(&["push", "-q", "origin", &format!("{made}:refs/heads/main")]);
    });
    [propose, merge, revert]
}
