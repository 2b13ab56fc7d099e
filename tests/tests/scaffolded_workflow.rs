//! The workflow that `init` writes: two linters accept it, and its steps, run as a runner would, install only the released
//! program and judge what they should. GitHub's own runner is not here: it cannot be had.

use std::path::{Path, PathBuf};
use std::process::Command;

use axum::Router;
use axum::routing::get;
use p0_tests::clone::GitClone;
use p0_tests::https::Https;
use p0_tests::program::{Run, finish, program};
use p0_tests::site::{NOW, Site};
use p0_tests::upstream::{Module, python};
use sha2::{Digest, Sha256};

const FILE: &str = ".github/workflows/p0-verify.yml";
const A: &str = "aaaaaaaaaaaaaaaaaaaa";
const VIEW: &[&str] = &["--role", "view", "--locator", "deploy / default / web", "--to", "alice@example.com"];

/// A runner's empty folder, a site, and the server that has the released program.
struct Runner {
    site: Site,
    workflow: String,
    folder: tempfile::TempDir,
    releases: Https,
}

impl Runner {
    fn new() -> Self {
        let site = Site::new(None);
        let workflow = site.git(&["show", &format!("main:{FILE}")]);
        let released = std::fs::read(program()).expect("the program");
        let releases = Https::start(Router::new().route("/p0-gitops", get(async move || released)));
        Self { site, workflow, folder: tempfile::tempdir().expect("a folder"), releases }
    }

    /// The script of a step, run by `bash -e` as GitHub does, with what its expressions stand for.
    fn step(&self, name: &str, environment: &[(&str, &str)]) -> Run {
        let (_, step) = self.workflow.split_once(&format!("- name: {name}\n")).expect("the step");
        let (_, script) = step.split_once("      run: |\n").expect("a script");
        let lines = script.lines().map_while(|line| line.strip_prefix("        "));
        let script: Vec<&str> = lines.collect();
        let mut command = Command::new("bash");
        command.args(["-e", "-c", &script.join("\n")]).current_dir(self.folder.path());
        command
            .env("P0_NOW", NOW)
            .env("CURL_CA_BUNDLE", self.releases.authority())
            .envs(environment.iter().copied());
        finish(&mut command)
    }

    fn commit(&self, name: &str) -> String {
        self.site.git(&["rev-parse", name]).trim().to_owned()
    }

    fn install(&self, url: &str, sha256: &str) -> Run {
        self.step("Install p0-gitops", &[("URL", url), ("SHA256", sha256)])
    }

    fn released(&self) -> String {
        format!("{}/p0-gitops", self.releases.url())
    }

    fn judge(&self, event: &str, base: &str, head: &str) -> Run {
        let repository = format!("file://{}", self.site.repository().display());
        let commits = [("BASE", base), ("HEAD", head)];
        std::fs::remove_dir_all(self.folder.path().join("repository.git")).ok();
        let fetch = [&commits[..], &[("TOKEN", "token"), ("REPOSITORY", &repository)]].concat();
        self.step("Fetch base and head with all of their history", &fetch).done();
        self.step("Judge", &[&commits[..], &[("EVENT", event)]].concat())
    }
}

fn sha256_of(file: &Path) -> String {
    Sha256::digest(std::fs::read(file).expect("the program"))
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

#[test]
fn two_linters_accept_it_and_the_example_of_a_sweep() {
    let runner = Runner::new();
    for (name, text) in [
        ("p0-verify.yml", runner.workflow.as_str()),
        ("sweep.yml", include_str!("../../examples/github/sweep.yml")),
    ] {
        let file = runner.folder.path().join(name);
        std::fs::write(&file, text).expect("the workflow");
        finish(Module::ActionLint.command().arg(&file)).done();
        let zizmor: PathBuf = python().with_file_name("zizmor");
        finish(Command::new(zizmor).args(["--offline", "--no-progress", "--persona", "pedantic"]).arg(&file))
            .done();
    }
}

#[test]
fn it_runs_only_the_release_that_the_site_names() {
    let runner = Runner::new();
    let (right, wrong) = (sha256_of(program()), "0".repeat(64));
    for (url, sha256) in [("", right.as_str()), (&runner.released(), "")] {
        let told = runner.install(url, sha256).ended(1);
        assert!(told.contains("::error::") && told.contains("P0_GITOPS_SHA256"), "{told}");
    }
    assert_ne!(runner.install(&runner.released(), &wrong).code, 0);
    assert_ne!(runner.install(&format!("{}/other", runner.releases.url()), &right).code, 0);
    let plain = runner.released().replace("https://", "http://");
    assert_ne!(runner.install(&plain, &right).code, 0, "a program over plain HTTP");
    runner.install(&runner.released(), &right).done();
}

#[test]
fn it_judges_pull_requests_merge_groups_and_pushes() {
    let runner = Runner::new();
    runner.install(&runner.released(), &sha256_of(program())).done();
    let site = &runner.site;
    let base = runner.commit("main");
    site.propose(A, VIEW).done();
    let proposed = runner.commit(&format!("p0/grant/{A}"));
    let clone = GitClone::of(site, "clone");
    clone.commit_file("p0/policy.yaml", "rules: []\n");
    clone.git(&["push", "-q", "origin", "HEAD:refs/heads/foreign"]);
    let foreign = runner.commit("foreign");
    for event in ["pull_request_target", "merge_group"] {
        runner.judge(event, &base, &proposed).done();
        let told = runner.judge(event, &base, &foreign).ended(2);
        assert!(told.contains("::error"), "{event}: {told}");
    }
    runner.judge("push", &base, &foreign).ended(2);
    site.merge(A).done();
    runner.judge("push", &base, &runner.commit("main")).done();
}
