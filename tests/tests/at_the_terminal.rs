//! The program at a terminal, as a person meets it: it asks before it signs or ends much, its tables fit, and Ctrl-C leaves
//! nothing behind.

use std::process::Command;

use p0_tests::eventually;
use p0_tests::git_http::{Access, GitHttp, Served};
use p0_tests::team::{READERS, Team};
use p0_tests::terminal::Terminal;

const T0: &str = "2026-11-24T10:00:00Z";
const T1: &str = "2026-11-24T10:01:00Z";
const T2: &str = "2026-11-24T10:02:00Z";

fn at_80_columns(command: &Command) -> Terminal {
    Terminal::start(command, 80)
}

#[test]
fn approve_shows_everything_and_asks_before_it_signs() {
    let team = Team::new(READERS);
    let id = team.asks(T0, "web", &["--reason", "rollout hangs"]);
    for (keys, code) in [("\r", 2), ("no\r", 2), ("y\r", 0)] {
        let mut terminal = at_80_columns(&team.command("bob", T1, &["approve", &id]));
        terminal.wait_for("Approve it? [y/N] ");
        for words in ["asked by", "alice", "rollout hangs", "It gives", "would end at"] {
            assert!(terminal.seen().contains(words), "{words} in {}", terminal.seen());
        }
        assert_eq!(team.state(T1, &id), "pending");
        terminal.types(keys);
        let (ended, screen) = terminal.end();
        assert_eq!(ended, code, "{screen}");
    }
    assert_eq!(team.state(T1, &id), "merged");
}

#[test]
fn who_may_not_approve_is_not_asked() {
    let team = Team::new(READERS);
    let id = team.asks(T0, "web", &[]);
    let (code, screen) = at_80_columns(&team.command("alice", T1, &["approve", &id])).end();
    assert!(code == 2 && !screen.contains("[y/N]") && screen.contains("these may: bob, carol"), "{screen}");
}

#[test]
fn ctrl_c_at_the_question_leaves_the_request_as_it_was() {
    let team = Team::new(READERS);
    let id = team.asks(T0, "web", &[]);
    let mut terminal = at_80_columns(&team.command("bob", T1, &["approve", &id]));
    terminal.wait_for("[y/N] ");
    terminal.types("\u{3}");
    assert_eq!(terminal.end().0, 130);
    assert_eq!(team.state(T1, &id), "pending");
    team.acts("bob", T1, &["approve", &id, "--yes"]).done();
    assert_eq!(team.state(T1, &id), "merged");
}

/// The forge never answers the push. What the command had claimed is free at once, not when its lease is over.
#[test]
fn ctrl_c_while_it_lands_leaves_the_rest_to_the_next_one() {
    let team = Team::new(READERS);
    let id = team.asks(T0, "web", &[]);
    let repository = team.site().repository();
    let (root, name) = (repository.parent().unwrap(), repository.file_name().unwrap().to_str().unwrap());
    let served = Served { root: root.to_owned(), password: None, access: Access::Stalls };
    let forge = GitHttp::start(served);
    let mut command = team.command("bob", T1, &["approve", &id, "--yes"]);
    let stalling = forge.url(name);
    command = replaced(&command, repository.to_str().unwrap(), &stalling);
    let mut terminal = at_80_columns(&command);
    eventually("a push", || forge.pushes() > 0);
    terminal.types("\u{3}");
    let (code, screen) = terminal.end();
    assert!(code == 130 && !screen.contains("could not be given back"), "{screen}");
    assert_eq!(team.state(T1, &id), "approved");
    team.bot_runs(T1, &["reconcile"]).done();
    assert_eq!(team.state(T1, &id), "merged");
}

/// The same command with one argument replaced.
fn replaced(command: &Command, argument: &str, by: &str) -> Command {
    let mut other = Command::new(command.get_program());
    other.args(command.get_args().map(|own| if own == argument { by.as_ref() } else { own }));
    other.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    other
}

#[test]
fn revoking_more_than_one_grant_asks_first() {
    let team = Team::new(READERS);
    let ids = ["a", "b"].map(|name| {
        let id = team.asks(T0, name, &[]);
        team.acts("bob", T1, &["approve", &id]).done();
        id
    });
    let revoke = |keys: &str| {
        let mut terminal = at_80_columns(&team.command("carol", T2, &["revoke", "--person", "alice"]));
        terminal.wait_for("Revoke all of it? [y/N] ");
        assert!(ids.iter().all(|id| terminal.seen().contains(&format!("ends {id}"))), "{}", terminal.seen());
        terminal.types(keys);
        terminal.end().0
    };
    assert_eq!((revoke("\r"), team.grants().len()), (2, 2));
    assert_eq!((revoke("y\r"), team.grants().len()), (0, 0));
}

#[test]
fn a_list_fits_the_terminal_with_colours_and_a_pipe_gets_all_of_it() {
    let team = Team::new(READERS);
    let name = "a-deployment-with-a-very-long-name-that-no-terminal-of-eighty-columns-has-room-for";
    let id = team.asks(T0, name, &["--reason", "rollout hangs"]);
    let list = |more: &[&str]| {
        let mut command = Command::new(p0_tests::program::program());
        command.args(["ls", "--now", T1, "--store", team.store()]).args(more);
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command
    };
    let (code, screen) = at_80_columns(&list(&[])).end();
    assert_eq!(code, 0, "{screen}");
    assert!(screen.contains("\u{1b}[33mpending\u{1b}[0m"), "{screen:?}");
    let plain = screen.replace("\u{1b}[33m", "").replace("\u{1b}[0m", "");
    assert!(plain.lines().all(|line| line.trim_end().chars().count() <= 80), "{plain}");
    assert!(plain.contains(&id) && plain.contains('…') && !plain.contains(name), "{plain}");
    let piped = team.reads(T1, &["ls"]).done();
    assert!(piped.contains(name) && !piped.contains('\u{1b}') && !piped.contains("rollout hangs"), "{piped}");
    let wide = team.reads(T1, &["ls", "-o", "wide"]).done();
    assert!(wide.contains(name) && wide.contains("rollout hangs"), "{wide}");
}

#[test]
fn a_watched_list_is_printed_again_when_it_changes_until_ctrl_c() {
    let team = Team::new(READERS);
    let id = team.asks(T0, "web", &[]);
    let mut command = Command::new(p0_tests::program::program());
    command.args(["ls", "--watch", "--now", T1, "--store", team.store()]);
    command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
    let mut terminal = at_80_columns(&command);
    terminal.wait_for("pending");
    team.acts("bob", T1, &["approve", &id]).done();
    terminal.wait_for("merged");
    terminal.types("\u{3}");
    assert_eq!(terminal.end().0, 130);
}
