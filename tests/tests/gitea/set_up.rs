//! Setting up: docs/gitea.md by the letter, `init --forge gitea` again and again, and the doctor on each fault alone.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use p0_tests::eventually;
use p0_tests::gitea::{Gitea, GiteaRepository, OWNER};
use p0_tests::program::{Run, finish, program, run_with};
use p0_tests::team::{READERS, Team};
use serde_json::{Value, json};

use crate::rig::*;

/// The commands of the page, with this Gitea's address in place of the example's.
fn commands(gitea: &Gitea) -> String {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/gitea.md");
    let page = std::fs::read_to_string(page).expect("the page");
    let blocks =
        page.split("\n```sh\n").skip(1).map(|part| part.split_once("\n```").expect("a block ends").0);
    let token = format!("P0_GITEA_ADMIN_TOKEN={}", gitea.token(OWNER));
    let script = blocks.collect::<Vec<_>>().join("\n");
    // Other tests of this machine may have a server on the usual port.
    let [port] = p0_tests::ports::reserve();
    script
        .replace("https://git.example.com", &gitea.url())
        .replace("P0_GITEA_ADMIN_TOKEN=…", &token)
        .replace("kind: Server\n", &format!("kind: Server\nlisten: 127.0.0.1:{port}\n"))
        .replace("127.0.0.1:8420", &format!("127.0.0.1:{port}"))
}

/// A shell in `folder` that has `p0-gitops` and this machine's `gitea`, and whose Git may push as the administrator.
fn shell(gitea: &Gitea, folder: &Path, script: &str) -> Command {
    let programs = folder.join("bin");
    std::fs::create_dir_all(&programs).expect("a folder");
    let own = gitea.command(&[]);
    let words: Vec<String> = std::iter::once(own.get_program())
        .chain(std::iter::once(std::ffi::OsStr::new("\"$@\"")))
        .chain(own.get_args())
        .map(|word| word.to_string_lossy().into_owned())
        .collect();
    let wrapper = programs.join("gitea");
    std::fs::write(&wrapper, format!("#!/bin/sh\nexec {}\n", words.join(" "))).expect("a program");
    std::fs::set_permissions(&wrapper, std::fs::Permissions::from_mode(0o755)).expect("a program");
    let path = format!(
        "{}:{}:{}",
        program().parent().expect("a folder").display(),
        programs.display(),
        std::env::var("PATH").unwrap_or_default()
    );
    let mut shell = Command::new("bash");
    shell.args(["-euo", "pipefail", "-c", script]).current_dir(folder).env_clear();
    for (name, value) in own.get_envs() {
        if let Some(value) = value {
            shell.env(name, value);
        }
    }
    shell
        .env("PATH", path)
        .env("HOME", folder)
        .env("GIT_CONFIG_COUNT", "1")
        .env("GIT_CONFIG_KEY_0", "http.extraHeader")
        .env("GIT_CONFIG_VALUE_0", format!("Authorization: token {}", gitea.token(OWNER)));
    shell
}

#[test]
fn the_page_by_the_letter_sets_up_and_grants() {
    let gitea = Gitea::alone();
    for person in ["alice", "bob"] {
        gitea.token(person);
    }
    let repository = gitea.empty_repository("access");
    let folder = tempfile::tempdir().expect("a temporary folder");
    let done = finish(&mut shell(gitea, folder.path(), &commands(gitea)));
    let said = format!("{}\n{}", done.out, done.err);
    assert_eq!(done.code, 0, "{said}");
    for words in
        ["ON THE FORGE", "a collaborator with write access", " 0 failed", "access is granted on base"]
    {
        assert!(said.contains(words), "{words} in {said}");
    }
    let (_, pulls) = repository.call(OWNER, "GET", "pulls?state=all", &Value::Null);
    assert_eq!(
        (&pulls[0]["head"]["label"], &pulls[0]["merged"]),
        (&json!("p0/grant/vpl5aqzpwnnqmnkrzze2"), &json!(true))
    );
    let (_, rules) = repository.call(OWNER, "GET", "branch_protections/main", &Value::Null);
    assert_eq!(rules["push_whitelist_usernames"], json!(["p0-sweeper"]));
    assert_eq!(rules["status_check_contexts"], json!(["p0/verify"]));
}

/// A repository with files and no setting, and the command that sets it up.
struct Fresh {
    team: Team,
    repository: GiteaRepository,
}

impl Fresh {
    fn new(name: &str) -> Self {
        let team = Team::new(READERS);
        let gitea = Gitea::shared();
        for user in [BOT, CHECKER, "p0-sweeper", "bob"] {
            gitea.token(user);
        }
        let repository = gitea.repository(name, &team.site().repository(), &[]);
        Self { team, repository }
    }

    fn init(&self, more: &[&str]) -> Run {
        let path = self.team.site().repository();
        let (path, url, token) =
            (path.to_str().unwrap(), self.repository.url(), self.repository.gitea().token(OWNER));
        let own = [
            "init",
            path,
            "--bare",
            "--cluster",
            "prod",
            "--url",
            &url,
            "--forge",
            "gitea",
            "--merger",
            "bob",
        ];
        let environment =
            [("P0_GITEA_ADMIN_TOKEN", token.as_str()), ("P0_GITEA_WEBHOOK_SECRET", "0123456789abcdef")];
        run_with(&[&own[..], more].concat(), &environment)
    }

    fn rules(&self) -> Value {
        self.repository.call(OWNER, "GET", "branch_protections/main", &Value::Null).1
    }
}

const HOOK: [&str; 2] = ["--webhook-url", "https://p0.example.com/webhooks/gitea"];

#[test]
fn a_dry_run_makes_nothing_and_a_second_run_finds_all_of_it_there() {
    let fresh = Fresh::new("fresh");
    let said = fresh.init(&[&HOOK[..], &["--dry-run"]].concat()).done();
    assert!(said.contains("would be made"), "{said}");
    assert_eq!(fresh.repository.call(OWNER, "GET", "branch_protections", &Value::Null).1, json!([]));
    assert_eq!(fresh.repository.call(OWNER, "GET", "hooks", &Value::Null).1, json!([]));
    assert_eq!(fresh.repository.call(OWNER, "GET", "collaborators", &Value::Null).1, json!([]));
    let said = fresh.init(&HOOK).done();
    let forge = said.split("ON THE FORGE").nth(1).unwrap();
    assert_eq!(forge.matches("  made ").count(), 7, "four users, labels, rules, webhook: {forge}");
    let (rules, hooks) = (fresh.rules(), fresh.repository.call(OWNER, "GET", "hooks", &Value::Null).1);
    assert_eq!(rules["merge_whitelist_usernames"], json!(["bob", "p0-bot"]));
    assert_eq!(hooks.as_array().unwrap().len(), 1);
    let said = fresh.init(&HOOK).done();
    let forge = said.split("ON THE FORGE").nth(1).unwrap();
    assert!(!forge.contains("made ") && forge.matches("  there ").count() == 7, "{forge}");
    assert_eq!(fresh.rules(), rules, "not even its time");
}

#[test]
fn what_a_site_opened_is_closed_again_and_its_own_checks_stay() {
    let fresh = Fresh::new("opened");
    fresh.init(&[]).done();
    let open = json!({
        "enable_force_push": true, "required_approvals": 2, "unprotected_file_patterns": "docs/*",
        "status_check_contexts": ["lint"],
    });
    assert_eq!(fresh.repository.call(OWNER, "PATCH", "branch_protections/main", &open).0, 200);
    fresh.init(&[]).done();
    let rules = fresh.rules();
    assert_eq!(rules["status_check_contexts"], json!(["lint", "p0/verify"]));
    assert_eq!(
        (&rules["enable_force_push"], &rules["required_approvals"], &rules["unprotected_file_patterns"]),
        (&json!(false), &json!(0), &json!(""))
    );
}

#[test]
fn what_a_person_has_to_do_is_said_and_no_half_of_it_is_made() {
    let fresh = Fresh::new("unready");
    let said = fresh.init(&["--sweeper", "no-such-user"]).done();
    assert!(said.contains("there is no such user") && said.contains("for you to do"), "{said}");
    assert_eq!(fresh.repository.call(OWNER, "GET", "branch_protections", &Value::Null).1, json!([]));
    let gitea = fresh.repository.gitea();
    let path = fresh.team.site().repository();
    let url = fresh.repository.url();
    let arguments =
        ["init", path.to_str().unwrap(), "--bare", "--cluster", "prod", "--url", &url, "--forge", "gitea"];
    let as_bob = run_with(&arguments, &[("P0_GITEA_ADMIN_TOKEN", gitea.token("bob").as_str())]);
    assert!(as_bob.out.contains("does not administer"), "{} {}", as_bob.out, as_bob.err);
    let without = run_with(&arguments, &[]);
    assert!(without.code == 1 && without.err.contains("P0_GITEA_ADMIN_TOKEN"), "{}", without.err);
}

/// The doctor with these tokens: what failed, and all that it says.
fn doctor(team: &Team, repository: &GiteaRepository, bot: &str, admin: Option<&str>) -> (Vec<String>, Value) {
    let settings = team.site().beside("doctor.yaml");
    let text = format!(
        "apiVersion: p0.dev/v1alpha1\nkind: Server\nstore: {}\nlisten: 127.0.0.1:0\n\
         repositories: [{{url: {}, forge: gitea, clusters: [prod]}}]\n",
        team.store(),
        repository.url(),
    );
    std::fs::write(&settings, text).unwrap();
    let gitea = repository.gitea();
    let (bot, checker) = (gitea.token(bot), gitea.token(CHECKER));
    let admin = admin.map(|user| gitea.token(user)).unwrap_or_default();
    let environment = [
        ("P0_GITEA_TOKEN", bot.as_str()),
        ("P0_GITEA_CHECKER_TOKEN", &checker),
        ("P0_GITEA_ADMIN_TOKEN", &admin),
    ];
    let (settings, key) = (settings.to_str().unwrap(), team.site().key());
    let said = run_with(
        &["doctor", "--settings", settings, "--key", key.to_str().unwrap(), "-o", "json"],
        &environment,
    );
    assert!(!said.out.contains(&bot) && !said.err.contains(&bot), "no token is printed");
    let report: Value =
        serde_json::from_str(&said.out).unwrap_or_else(|_| panic!("{} {}", said.out, said.err));
    let all = report["examinations"].as_array().unwrap();
    let failed = all.iter().filter(|own| own["verdict"] == "failed");
    let failed: Vec<String> = failed.map(|own| own["says"].as_str().unwrap().to_owned()).collect();
    assert_eq!(
        (said.code == 0, &report["sound"]),
        (failed.is_empty(), &json!(failed.is_empty())),
        "{report}"
    );
    (failed, report)
}

/// Each fault alone, so that each line can fail.
#[test]
fn the_doctor_finds_each_way_past_the_rules() {
    let (team, repository) = hosted_team("doctor", Team::new(READERS));
    let sound = |what: &str| {
        let (failed, report) = doctor(&team, &repository, BOT, Some(OWNER));
        assert_eq!(failed, [] as [String; 0], "{what}");
        report
    };
    let report = sound("as docs/gitea.md sets it up");
    let says = report.to_string();
    for words in [
        "no user may push",
        "`ops` can change the rules",
        "clock and Gitea's agree",
        "may sign grants on base",
    ] {
        assert!(says.contains(words), "{words} in {says}");
    }
    let faults = [
        (json!({ "enable_push": true, "enable_push_whitelist": false }), "every writer may push"),
        (
            json!({ "enable_push": true, "enable_push_whitelist": true, "push_whitelist_deploy_keys": true }),
            "deploy keys may push",
        ),
        (json!({ "enable_push": true, "enable_force_push": true }), "force push"),
        (json!({ "unprotected_file_patterns": "clusters/**" }), "every writer may push files"),
        (json!({ "enable_merge_whitelist": false }), "every writer may merge"),
        (json!({ "block_admin_merge_override": false }), "administrators may merge"),
        (json!({ "required_approvals": 1 }), "waits for them"),
        (json!({ "enable_status_check": false }), "does not require the check"),
        (json!({ "merge_whitelist_usernames": ["bob"] }), "may not merge"),
    ];
    for (change, words) in faults {
        assert_eq!(repository.call(OWNER, "PATCH", "branch_protections/main", &change).0, 200, "{change}");
        let (failed, _) = doctor(&team, &repository, BOT, Some(OWNER));
        assert!(failed.iter().any(|fault| fault.contains(words)), "{words} in {failed:?}");
        unprotect(&repository);
        protect(&repository);
    }
    sound("each was taken back");
    // What only an administrator sees is not said to be right.
    let (failed, report) = doctor(&team, &repository, BOT, None);
    assert!(failed.is_empty() && report.to_string().contains("not-checked"), "{report}");
    let hook = json!({
        "type": "gitea", "active": false, "events": ["push"],
        "config": { "url": "https://p0.example.com/webhooks/gitea", "content_type": "json", "secret": "x" },
    });
    assert_eq!(repository.call(OWNER, "POST", "hooks", &hook).0, 201);
    let (failed, _) = doctor(&team, &repository, BOT, Some(OWNER));
    assert!(failed.iter().any(|fault| fault.contains("switched off")), "{failed:?}");
    assert!(failed.iter().any(|fault| fault.contains("`pull_request`, `status`")), "{failed:?}");
}

#[test]
fn the_doctor_finds_a_repository_that_is_not_as_it_was() {
    let (team, repository) = hosted_team("patient", Team::new(READERS));
    let failed = |bot: &str| doctor(&team, &repository, bot, None).0.join("\n");
    assert!(failed("stranger").contains("may not write to"));
    let name = repository.client(OWNER).name().to_string();
    let change = |body: Value| {
        // Gitea fails where what the last change started in the background is not done yet.
        eventually("the repository is changed", || {
            repository.gitea().call(OWNER, "PATCH", &format!("repos/{name}"), &body).0 == 200
        });
    };
    let branch = json!({ "new_branch_name": "trunk", "old_branch_name": "main" });
    assert_eq!(repository.call("bob", "POST", "branches", &branch).0, 201);
    change(json!({ "default_branch": "trunk" }));
    assert!(failed(BOT).contains("make `main` the default"));
    change(json!({ "default_branch": "main" }));
    change(json!({ "archived": true }));
    assert!(failed(BOT).contains("is archived: unarchive it"));
    change(json!({ "archived": false }));
    assert_eq!(failed(BOT), "");
    change(json!({ "name": "renamed-patient" }));
    assert!(failed(BOT).contains("was renamed"));
}
