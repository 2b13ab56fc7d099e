//! Completion in the shells themselves: bash, zsh and fish load the script and ask the program, as at a Tab.

use std::path::Path;
use std::process::Command;

use p0_tests::program::{finish, program};
use p0_tests::team::{READERS, Team};

const T0: &str = "2026-11-24T10:00:00Z";

/// A shell, how it is asked for the candidates of the words in `$@`, the last of which is being typed.
const SHELLS: [(&str, &[&str], &str); 3] = [
    (
        "bash",
        &["--norc", "-c"],
        r#"source "$SCRIPT"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMP_TYPE=9
        _clap_complete_p0_gitops p0-gitops "${@: -1}" "${@: -2:1}"; printf '%s\n' "${COMPREPLY[@]}""#,
    ),
    (
        "zsh",
        &["-f", "-c"],
        // Outside of zsh's line editor its own function would print nothing: the candidates are what it is called with.
        r#"compdef() { }; _describe() { print -l -- "${(@P)@[-1]}" }; source "$SCRIPT"
        words=("$@"); CURRENT=$#; _clap_dynamic_completer_p0_gitops"#,
    ),
    (
        "fish",
        &["--no-config", "-c"],
        r#"source "$SCRIPT"; complete --do-complete (string join ' ' -- $argv)"#,
    ),
];

/// The first words of the lines that a shell offers.
fn offered(team: &Team, folder: &Path, shell: (&str, &[&str], &str), typed: &[&str]) -> Vec<String> {
    let (name, options, ask) = shell;
    let script = folder.join(name);
    let made = finish(Command::new(program()).args(["completions", name])).done();
    std::fs::write(&script, made).unwrap();
    let path = std::env::join_paths(
        std::iter::once(program().parent().unwrap().to_owned())
            .chain(std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default())),
    );
    let mut command = Command::new(name);
    command.args(options).arg(ask);
    // What follows the script is `$0` for bash and zsh, and the first argument for fish.
    command.args(Some("p0-gitops").filter(|_| name != "fish")).arg("p0-gitops").args(typed);
    command
        .env_clear()
        .env("PATH", path.unwrap())
        .env("HOME", folder)
        .env("SCRIPT", &script)
        .env("TERM", "dumb");
    command.env("P0_STORE", team.store()).env("P0_REPO", team.site().repository());
    let printed = finish(&mut command).done();
    let word = |line: &str| line.split(['\t', ':']).next().unwrap_or_default().trim().to_owned();
    printed.lines().map(word).filter(|word| !word.is_empty()).collect()
}

#[test]
fn commands_requests_clusters_and_roles_are_completed_at_every_level() {
    let team = Team::new(READERS);
    let id = team.asks(T0, "web", &[]);
    let folder = tempfile::tempdir().unwrap();
    let beginning = &id[..4];
    for shell in SHELLS {
        let offered = |typed: &[&str]| offered(&team, folder.path(), shell, typed);
        for (typed, expected) in [
            (&["rel"][..], "relinquish"),
            (&["policy", ""], "replay"),
            (&["request", "k8s", ""], "resource"),
            (&["store", "b"], "backup"),
            (&["approve", "--tim"], "--timeout"),
            (&["subset", "--output", ""], "json"),
            (&["approve", beginning], id.as_str()),
            (&["show", ""], id.as_str()),
            (&["request", "k8s", "resource", "vi"], "view"),
            (&["request", "k8s", "resource", "view", "--cluster", ""], "prod"),
            (&["subset", "--role", "cluster-"], "cluster-admin"),
        ] {
            let found = offered(typed);
            assert!(found.iter().any(|word| word == expected), "{} {typed:?}: {found:?}", shell.0);
        }
        assert!(!offered(&["policy", ""]).contains(&"relinquish".to_owned()), "{}", shell.0);
    }
}

/// Asking for candidates makes no store and says nothing of what is missing.
#[test]
fn nothing_is_made_and_nothing_is_told_where_nothing_is_there() {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("none.db");
    let mut command = Command::new(program());
    command.env_clear().env("HOME", folder.path()).env("P0_STORE", format!("sqlite://{}", store.display()));
    command.env("P0_COMPLETE", "bash").env("_CLAP_COMPLETE_INDEX", "2").env("_CLAP_IFS", "\n");
    let answer = finish(command.args(["--", "p0-gitops", "approve", ""]));
    assert_eq!((answer.code, answer.err.as_str()), (0, ""), "{}", answer.out);
    assert!(!store.exists() && std::fs::read_dir(folder.path()).unwrap().next().is_none());
}
