//! Repositories behind an address: the whole life over HTTP, and what goes wrong there.

use std::path::Path;

use p0_tests::git_http::{Access, GitHttp, Served};
use p0_tests::program::{Run, run_with};
use p0_tests::site::{CLUSTER, NOW, Site};

const A: &str = "aaaaaaaaaaaaaaaaaaaa";
const VIEW: &[&str] = &["--role", "view", "--locator", "deploy / default / web", "--to", "alice@example.com"];

/// A site behind a server, and a cache of the program's own.
struct Remote {
    site: Site,
    server: GitHttp,
}

impl Remote {
    fn new(password: Option<&str>, access: Access) -> Self {
        let site = Site::new(None);
        site.git(&["config", "http.receivepack", "true"]);
        let root = site.repository().parent().unwrap().to_owned();
        Self { site, server: GitHttp::start(Served { root, password: password.map(str::to_owned), access }) }
    }

    fn run(&self, command: &str, arguments: &[&str], environment: &[(&str, &str)]) -> Run {
        let (url, key, cache) = (self.server.url("access.git"), self.site.key(), self.site.beside("cache"));
        let mut all = vec![command, "--repo", &url, "--cluster", CLUSTER, "--now", NOW];
        if command == "propose" {
            all.extend(["--key", path(&key), "--id", A]);
        }
        all.extend(arguments);
        run_with(&all, &[environment, &[("XDG_CACHE_HOME", path(&cache))]].concat())
    }
}

fn path(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn the_whole_life_of_a_grant_over_http() {
    let remote = Remote::new(None, Access::ReadWrite);
    assert!(remote.run("propose", VIEW, &[]).done().starts_with("proposed"));
    assert!(remote.run("propose", VIEW, &[]).done().contains("nothing to do"));
    remote.site.verify(&format!("p0/grant/{A}")).done();
    assert!(remote.run("merge", &[A], &[]).done().starts_with("merged"));
    assert!(remote.run("merge", &[A], &[]).done().contains("nothing to do"));
    assert_eq!(remote.site.manifests().len(), 2);
    assert!(remote.run("revert", &[A], &[]).done().starts_with("reverted"));
    assert!(remote.run("revert", &[A], &[]).done().contains("nothing to do"));
    assert_eq!(remote.site.manifests().len(), 1);
    assert_eq!(remote.site.git(&["for-each-ref", "--format=%(refname)"]).trim(), "refs/heads/main");
    assert_eq!(remote.site.git(&["fsck", "--strict", "--no-dangling", "--no-progress"]), "");
}

#[test]
fn a_moved_base_is_fetched_and_built_upon() {
    let remote = Remote::new(None, Access::ReadWrite);
    remote.run("propose", VIEW, &[]).done();
    let other = "bbbbbbbbbbbbbbbbbbbb";
    remote.site.propose(other, VIEW).done();
    remote.site.merge(other).done();
    remote.run("merge", &[A], &[]).done();
    assert_eq!(remote.site.manifests().len(), 3);
}

#[test]
fn a_token_opens_and_its_absence_says_how_to_give_one() {
    let remote = Remote::new(Some("t0ken"), Access::ReadWrite);
    let told = remote.run("propose", VIEW, &[]).ended(1);
    assert!(told.contains("refuses the credentials") && told.contains("P0_GIT_TOKEN"), "{told}");
    let told = remote.run("propose", VIEW, &[("P0_GIT_TOKEN", "wrong")]).ended(1);
    assert!(told.contains("tried: the token") && !told.contains("wrong"), "{told}");
    remote.run("propose", VIEW, &[("P0_GIT_TOKEN", "t0ken")]).done();
}

#[test]
fn what_may_only_be_read_is_not_written() {
    let remote = Remote::new(None, Access::ReadOnly);
    let told = remote.run("propose", VIEW, &[]).ended(1);
    assert!(told.contains("cannot be written by you"), "{told}");
    assert_eq!(remote.site.git(&["branch", "--list", "p0/*"]), "");
}

#[test]
fn a_hook_that_says_no_is_heard() {
    use std::os::unix::fs::PermissionsExt;
    let remote = Remote::new(None, Access::ReadWrite);
    let hook = remote.site.repository().join("hooks/pre-receive");
    std::fs::create_dir_all(hook.parent().unwrap()).unwrap();
    std::fs::write(&hook, "#!/bin/sh\necho not today >&2\nexit 1\n").unwrap();
    std::fs::set_permissions(&hook, std::fs::Permissions::from_mode(0o755)).unwrap();
    let told = remote.run("propose", VIEW, &[]).ended(1);
    assert!(told.contains("did not accept `p0/grant/"), "{told}");
}

#[test]
fn nobody_there_and_nothing_there_are_told_apart() {
    let remote = Remote::new(None, Access::ReadWrite);
    let cache = remote.site.beside("cache");
    let key = remote.site.key();
    for (url, words) in [
        ("http://127.0.0.1:1/access.git".to_owned(), "cannot reach"),
        (remote.server.url("nowhere.git"), "nowhere.git"),
    ] {
        let arguments = ["propose", "--repo", &url, "--cluster", CLUSTER, "--key", path(&key)];
        let told = run_with(&[&arguments[..], VIEW].concat(), &[("XDG_CACHE_HOME", path(&cache))]).ended(1);
        assert!(told.contains(words), "{told}");
    }
}

/// Git's own words for these repositories say nothing of what to do.
#[test]
fn a_sha_256_repository_and_a_shallow_clone_get_words_of_ours() {
    let remote = Remote::new(None, Access::ReadWrite);
    let cache = remote.site.beside("cache");
    let audit = |place: &str| {
        let audit = ["audit", "--repo", place, "--now", NOW];
        run_with(&audit, &[("XDG_CACHE_HOME", path(&cache))]).ended(1)
    };
    let sha256 = remote.site.beside("sha256.git");
    remote.site.git(&["init", "-q", "--bare", "--object-format=sha256", path(&sha256)]);
    let commit =
        ["-c", "user.name=a", "-c", "user.email=a@x", "--git-dir", path(&sha256), "commit-tree", "-m", "a"];
    let tree = remote.site.git(&["--git-dir", path(&sha256), "write-tree"]);
    let tip = remote.site.git(&[&commit[..], &[tree.trim()]].concat());
    remote.site.git(&["--git-dir", path(&sha256), "update-ref", "refs/heads/main", tip.trim()]);
    for place in [path(&sha256), &remote.server.url("sha256.git")] {
        let told = audit(place);
        assert!(told.contains("is a SHA-256 repository") && told.contains("--object-format=sha1"), "{told}");
    }
    let shallow = remote.site.beside("shallow.git");
    let origin = format!("file://{}", path(&remote.site.repository()));
    remote.site.git(&["clone", "-q", "--bare", "--depth", "1", &origin, path(&shallow)]);
    let told = audit(path(&shallow));
    assert!(told.contains("shallow clone") && told.contains("--unshallow"), "{told}");
}

/// A server that takes the call and never says a word.
#[test]
fn silence_ends_with_4_when_the_time_is_over() {
    let site = Site::new(None);
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/access.git", silent.local_addr().unwrap());
    let (key, cache) = (site.key(), site.beside("cache"));
    let arguments = ["propose", "--repo", &url, "--cluster", CLUSTER, "--key", path(&key), "--timeout", "1s"];
    let told = run_with(&[&arguments[..], VIEW].concat(), &[("XDG_CACHE_HOME", path(&cache))]).ended(4);
    assert!(told.contains("not done within 1s"), "{told}");
}

/// Folders that cannot be written, and a disk that is full.
#[test]
fn a_folder_that_cannot_be_written_changes_nothing() {
    let site = Site::new(None);
    let repository = site.repository();
    // Root writes everywhere, so the folder of objects becomes a file instead of losing its write bit.
    let objects = repository.join("refs/heads/p0");
    std::fs::write(&objects, "in the way").unwrap();
    let told = site.propose(A, VIEW).ended(1);
    assert!(told.contains("error:") && !told.contains("panicked"), "{told}");
    std::fs::remove_file(&objects).unwrap();
    site.propose(A, VIEW).done();
}
