//! docs/github.md by the letter, with the fake's address and Apps, and the examples that it names.

use std::path::Path;
use std::process::Command;

use p0_tests::fake_github::{FakeGithub, OWNER};
use p0_tests::program::{finish, program};
use serde_json::{Value, json};

use crate::rig::*;

fn text(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The commands of the page, with this GitHub's address in place of the real one's.
fn commands(github: &FakeGithub) -> Vec<String> {
    let page = text("docs/github.md");
    let blocks =
        page.split("\n```sh\n").skip(1).map(|part| part.split_once("\n```").expect("a block ends").0);
    // Other tests of this machine may have a server on the usual port.
    let [port] = p0_tests::ports::reserve();
    let own = |block: &str| {
        block
            .replace("https://github.com", &github.url())
            .replace("forgeId: 1001", &format!("forgeId: {}", github.user("alice")))
            .replace("forgeId: 1002", &format!("forgeId: {}", github.user("bob")))
            .replace("kind: Server\n", &format!("kind: Server\nlisten: 127.0.0.1:{port}\n"))
            .replace("127.0.0.1:8420", &format!("127.0.0.1:{port}"))
    };
    blocks.map(own).collect()
}

/// A shell in `folder` that has `p0-gitops`, and whose Git may push as the administrator.
fn shell(github: &FakeGithub, folder: &Path, script: &str) -> String {
    let programs = program().parent().expect("a folder").display().to_string();
    let token = base64(&format!("x-access-token:{}", github.token(OWNER)));
    let mut shell = Command::new("bash");
    shell.args(["-euo", "pipefail", "-c", script]).current_dir(folder).env_clear();
    shell
        .env("PATH", format!("{programs}:{}", std::env::var("PATH").unwrap_or_default()))
        .env("HOME", folder)
        .env("GIT_CONFIG_COUNT", "1")
        .env("GIT_CONFIG_KEY_0", "http.extraHeader")
        .env("GIT_CONFIG_VALUE_0", format!("Authorization: Basic {token}"));
    let done = finish(&mut shell);
    let said = format!("{}\n{}", done.out, done.err);
    assert_eq!(done.code, 0, "{said}");
    said
}

fn base64(text: &str) -> String {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.encode(text)
}

#[test]
fn the_page_by_the_letter_sets_up_and_grants() {
    let github = FakeGithub::start();
    github.empty_repository(NAME);
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (name, pem) in [
        ("bot.pem", github.app(BOT, "p0-bot", &BOT_MAY)),
        ("checker.pem", github.app(CHECKER, "p0-checker", &CHECKER_MAY)),
    ] {
        std::fs::write(folder.path().join(name), pem).expect("a key");
    }
    let commands = commands(&github);
    let [files, rest @ ..] = commands.as_slice() else { panic!("the page has commands") };
    shell(&github, folder.path(), files);
    // What a person does on the web.
    let ruleset: Value = serde_json::from_str(&text("examples/github/ruleset.json")).expect("JSON");
    github.import_ruleset(NAME, &ruleset);
    let said = shell(&github, folder.path(), &rest.join("\n"));
    for words in [" 0 failed", "access is granted on base"] {
        assert!(said.contains(words), "{words} in {said}");
    }
    let (_, pulls) =
        github.call(OWNER, "GET", &format!("repos/{OWNER}/{NAME}/pulls?state=all"), &Value::Null);
    assert_eq!(pulls[0]["head"]["ref"], json!("p0/grant/vpl5aqzpwnnqmnkrzze2"));
    assert!(!pulls[0]["merged_at"].is_null(), "{pulls}");
}

/// Whoever copies an example gets one that is as safe as it says.
#[test]
fn the_workflow_has_no_permissions_and_pins_what_it_runs() {
    let workflow = text("examples/github/sweep.yml");
    assert!(workflow.contains("\npermissions: {}\n"));
    for line in workflow.lines().filter_map(|line| line.trim().strip_prefix("uses: ")) {
        let (_, commit) = line.split_once('@').expect("a version");
        assert!(commit.len() == 40 && commit.chars().all(|letter| letter.is_ascii_hexdigit()), "{line}");
    }
    let template = text("generator/templates/CODEOWNERS").replace("{owners}", "@ops/security");
    assert_eq!(text("examples/github/CODEOWNERS"), template);
}
