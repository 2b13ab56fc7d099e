//! The command line as a user meets it: help, usage, output and exit codes; and its reference, made from itself.
#![expect(clippy::unwrap_used, reason = "a program that does not start is a failed test")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn program(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_p0-gitops"));
    command
        .args(arguments)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("HOME", "/nonexistent");
    command.output().unwrap()
}

fn out(arguments: &[&str]) -> String {
    let output = program(arguments);
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// Every command with its full path, the program itself first.
fn commands() -> Vec<(String, clap::Command)> {
    fn visit(path: &str, command: &clap::Command, found: &mut Vec<(String, clap::Command)>) {
        found.push((path.to_owned(), command.clone()));
        for sub in command.get_subcommands().filter(|sub| sub.get_name() != "help") {
            visit(&format!("{path} {}", sub.get_name()), sub, found);
        }
    }
    let mut command = p0_gitops::cli::command();
    command.build();
    let mut found = Vec::new();
    visit("p0-gitops", &command, &mut found);
    found
}

#[test]
fn every_command_has_help_with_an_example() {
    for (path, _) in commands() {
        let arguments: Vec<&str> = path.split(' ').skip(1).chain(["--help"]).collect();
        let help = out(&arguments);
        assert!(help.contains("Examples:") || path == "p0-gitops", "{path}");
        assert!(!help.contains('\u{1b}'), "{path}: colour without a terminal");
    }
}

/// `docs/cli.md` is made from the command line itself: `P0_BLESS=1 cargo test -p p0-gitops --test command_line` writes it.
#[test]
fn the_reference_is_the_programs_own_help() {
    let mut text = String::from(
        "# Command line\n\nMade from the program's own help; see CONTRIBUTING.md for how to make it again.\n",
    );
    for (path, mut command) in commands() {
        let help = command.render_long_help().to_string();
        let lines: Vec<&str> = help.lines().map(str::trim_end).collect();
        text.push_str(&format!("\n## `{path}`\n\n```text\n{}\n```\n", lines.join("\n").trim_end()));
    }
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../docs/cli.md");
    if std::env::var_os("P0_BLESS").is_some() {
        std::fs::write(&file, &text).unwrap();
    }
    let found = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(found == text, "docs/cli.md is stale; make it again with P0_BLESS=1");
}

#[test]
fn usage_errors_end_with_64_and_say_how_it_is_used() {
    for arguments in [
        &["nonsense"] as &[&str],
        &["subset"],
        &["subset", "--role", "view", "--locator", "a / b / c / d"],
        &["subset", "--role", "a/b/c/d", "--locator", "pod / *"],
        &["generate", "--role", "view", "--locator", "pod / default / x", "--to", "system:admin"],
        &["generate", "--role", "view", "--locator", "pod / default / x", "--to", "a", "--duration", "soon"],
        &["generate", "--role", "view", "--locator", "pod / default / x", "--to", "a", "--id", "short"],
        &["--now", "yesterday", "subset", "--role", "view", "--locator", "pod / *"],
        &["merge", "--repo", "x", "--cluster", "Prod", "aaaaaaaaaaaaaaaaaaaa"],
    ] {
        let output = program(arguments);
        let words = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(64), "{arguments:?}: {words}");
        assert!(words.contains("error:") && words.contains("--help"), "{words}");
    }
    assert!(program(&["--version"]).status.success());
}

const SEED: [&str; 5] = ["subset", "--role", "view", "--locator", "deployment / default / nginx-deployment"];

#[test]
fn a_subset_is_a_table_for_people_and_a_contract_for_programs() {
    insta::assert_snapshot!("subset_table", out(&SEED));
    insta::assert_snapshot!("subset_json", out(&[&SEED[..], &["-o", "json"]].concat()));
    insta::assert_snapshot!(
        "subset_yaml",
        out(&["subset", "--role", "admin", "--locator", "secret / default / s", "-o", "yaml"])
    );
    insta::assert_snapshot!(
        "subset_withheld",
        out(&[
            "subset",
            "--role",
            "cluster-admin",
            "--locator",
            "nodes / *",
            "--subresource",
            "proxy",
            "--exact"
        ])
    );
}

#[test]
fn generating_twice_gives_the_same_bytes() {
    let fixed =
        ["--to", "alice@example.com", "--id", "aaaaaaaaaaaaaaaaaaaa", "--created-at", "2026-11-24T10:00:00Z"];
    let arguments = [&["generate"], &SEED[1..], &fixed].concat();
    let text = out(&arguments);
    assert_eq!(out(&arguments), text);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("grant.yaml");
    assert_eq!(out(&[&arguments[..], &["--file", file.to_str().unwrap()]].concat()), "");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), text);
    insta::assert_snapshot!("generate", text);
}

/// Commands that only print.
const PRINTING: [&[&str]; 7] = [
    &["catalogue", "show", "-o", "json"],
    &["subset", "--role", "view", "--locator", "pods / a / b", "-o", "yaml"],
    &["subset", "--role", "view", "--locator", "pods / a / b"],
    &["generate", "--role", "view", "--locator", "pods / a / b", "--to", "alice@example.com"],
    &["completions", "bash"],
    &["--help"],
    &["--version"],
];

#[test]
fn a_reader_that_leaves_early_has_seen_enough() {
    for arguments in PRINTING {
        let mut command = Command::new(env!("CARGO_BIN_EXE_p0-gitops"));
        command.args(arguments).stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
        let mut child = command.spawn().unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{arguments:?}");
        assert_eq!(output.status.code(), Some(0), "{arguments:?}");
    }
}

#[test]
fn an_output_that_cannot_be_written_is_an_error_and_no_panic() {
    for arguments in PRINTING {
        let full = || std::fs::File::options().write(true).open("/dev/full").unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_p0-gitops"));
        let output = command.args(arguments).stdout(full()).output().unwrap();
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(
            told.starts_with("error: the output could not be written: No space left"),
            "{arguments:?}: {told}"
        );
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        // Where not even the error can be written, the code still says it.
        let mut command = Command::new(env!("CARGO_BIN_EXE_p0-gitops"));
        let status = command.args(arguments).stdout(full()).stderr(full()).status().unwrap();
        assert_eq!(status.code(), Some(1), "{arguments:?}");
    }
}

#[test]
fn a_preapproval_of_more_than_31_days_is_refused_before_anything_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let store = format!("sqlite://{}", folder.path().join("p0.db").display());
    let what = ["allow", "k8s", "resource", "view", "--cluster", "prod", "--locator", "pods / a / *"];
    let allow = [&what[..], &["--to", "alice"]].concat();
    let output = program(
        &[
            &allow[..],
            &["--length", "40d", "--request-duration", "1h", "--repo", "/nowhere", "--store", &store],
        ]
        .concat(),
    );
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.code() == Some(64) && told.contains("the longest is 31d"), "{told}");
    assert!(std::fs::read_dir(folder.path()).unwrap().next().is_none(), "nothing is made");
}

#[test]
fn a_mistyped_store_is_an_error_and_makes_no_file() {
    let folder = tempfile::tempdir().unwrap();
    let store = format!("sqlite://{}", folder.path().join("p1.db").display());
    let elsewhere = tempfile::tempdir().unwrap();
    let repository = elsewhere.path().join("access.git").display().to_string();
    out(&["init", &repository, "--bare", "--cluster", "prod"]);
    let commands: [&[&str]; 7] = [
        &["ls"],
        &["watch", "vpl5aqzpwnnqmnkrzze2"],
        &["review", "--repo", &repository],
        &["show", "vpl5aqzpwnnqmnkrzze2", "--repo", &repository],
        &["reconcile", "--repo", &repository],
        &["store", "check"],
        &["store", "log"],
    ];
    for arguments in commands {
        let output = program(&[arguments, &["--store", &store]].concat());
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(
            output.status.code() == Some(1) && told.contains("there is no store"),
            "{arguments:?}: {told}"
        );
        assert!(std::fs::read_dir(folder.path()).unwrap().next().is_none(), "{arguments:?} makes nothing");
    }
    out(&["store", "init", "--store", &store]);
    out(&["store", "init", "--store", &store]);
    assert!(out(&["store", "check", "--store", &store]).contains("is whole"));
    assert_eq!(out(&["ls", "--store", &store]), "none\n");
}

#[test]
fn a_time_that_is_none_is_told_as_people_write_times() {
    for (arguments, remedy) in [
        (&["--now", "yesterday", "ls"] as &[&str], "write a time as `2026-11-24T12:00:00Z`"),
        (&["audit", "--repo", ".", "--since", "last week"], "how long ago as `90m`, `30d`"),
        (&["policy", "replay", "--repo", ".", "--since", "soon"], "how long ago as `90m`, `30d`"),
    ] {
        let output = program(arguments);
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.code() == Some(64) && told.contains(remedy), "{arguments:?}: {told}");
    }
}

#[test]
fn a_catalogue_shows_what_may_be_asked_for_and_the_rest_on_demand() {
    let short = out(&["catalogue", "show"]);
    assert!(short.contains("\nClusterRole/view\n") && !short.contains("system:"), "{short}");
    assert!(short.contains("are not offered; `--all` lists them"), "{short}");
    let all = out(&["catalogue", "show", "--all"]);
    assert!(all.contains("Not offered") && all.contains("system:"), "{all}");
}

#[test]
fn help_has_every_command_once_under_what_people_do() {
    let help = out(&["--help"]);
    for heading in ["Begin:", "Ask:", "Answer:", "Look:", "Operate:", "Repository:"] {
        assert!(help.contains(&format!("\n{heading}\n")), "{heading} in {help}");
    }
    for (path, _) in commands().iter().filter(|(path, _)| path.matches(' ').count() == 1) {
        let name = path.trim_start_matches("p0-gitops ");
        let lines = help.lines().filter(|line| line.starts_with(&format!("  {name} "))).count();
        assert_eq!(lines, 1, "{name} in {help}");
    }
}

/// The configuration file gives what is not typed and not in the environment.
#[test]
fn a_context_gives_what_is_not_typed() {
    let folder = tempfile::tempdir().unwrap();
    let stores = ["one", "two"].map(|name| format!("sqlite://{}", folder.path().join(name).display()));
    stores.iter().for_each(|store| drop(out(&["store", "init", "--store", store])));
    let file = folder.path().join("config.yaml");
    let head = "apiVersion: p0.dev/v1alpha1\nkind: Config # mine\n";
    let contexts = format!(
        "contexts:\n- name: one\n  store: {}\n- name: two\n  store: {}\n- name: none\n",
        stores[0], stores[1]
    );
    std::fs::write(&file, format!("{head}{contexts}")).unwrap();
    let run = |arguments: &[&str], environment: &[(&str, &str)]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_p0-gitops"));
        command.args(arguments).env_clear().env("HOME", folder.path()).env("P0_CONFIG", &file);
        let output = command.envs(environment.iter().copied()).output().unwrap();
        (
            output.status.code().unwrap(),
            String::from_utf8(output.stdout).unwrap() + &String::from_utf8_lossy(&output.stderr),
        )
    };
    let which = |arguments: &[&str], environment: &[(&str, &str)]| {
        let (code, told) = run(&[&["store", "check"], arguments].concat(), environment);
        ["one", "two"]
            .into_iter()
            .find(|name| code == 0 && told.contains(&format!("/{name}`")))
            .unwrap_or("none")
    };
    assert_eq!(which(&[], &[]), "none");
    assert_eq!(run(&["config", "use", "one"], &[]), (0, "the context is `one` now\n".to_owned()));
    assert!(std::fs::read_to_string(&file).unwrap().contains("# mine"), "comments stay");
    assert_eq!(which(&[], &[]), "one");
    assert_eq!(which(&["--context", "two"], &[]), "two");
    assert_eq!(which(&[], &[("P0_CONTEXT", "two")]), "two");
    assert_eq!(which(&[], &[("P0_STORE", &stores[1])]), "two", "the environment wins");
    assert_eq!(which(&["--store", &stores[1]], &[("P0_STORE", &stores[0])]), "two", "what is typed wins");
    assert!(run(&["config", "view"], &[]).1.contains("context: one"));
    let (code, told) = run(&["ls", "--context", "three"], &[]);
    assert!(code == 1 && told.contains("there is no context `three`") && told.contains("one, two"), "{told}");
    // A file that cannot be used stops no help, and holds no password.
    std::fs::write(&file, format!("{head}contexts:\n- name: a\n  store: postgres://p0:hunter2@db/p0\n"))
        .unwrap();
    let (code, told) = run(&["ls"], &[]);
    assert!(code == 1 && told.contains("PGPASSWORD") && !told.contains("hunter2"), "{told}");
    assert_eq!(run(&["ls", "--help"], &[]).0, 0);
}

#[test]
fn a_postgresql_that_does_not_answer_is_told_within_three_seconds() {
    // It takes the connection and says nothing; the other address refuses it.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    for port in [silent.local_addr().unwrap().port(), 1] {
        let url = format!("postgres://u:hunter2@127.0.0.1:{port}/p0");
        let before = std::time::Instant::now();
        let output = program(&["store", "check", "--store", &url]);
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(before.elapsed() < std::time::Duration::from_secs(3), "{:?}", before.elapsed());
        assert!(told.contains("cannot reach the store") && !told.contains("hunter2"), "{told}");
        assert_eq!(output.status.code(), Some(1));
    }
}

/// What the documentation shows behind `$ p0-gitops` is what the program prints.
#[test]
fn the_documentation_shows_what_the_program_prints() {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut shown = 0;
    for page in ["README.md", "docs/semantics.md", "docs/grant-file.md"] {
        let text = std::fs::read_to_string(root.join(page)).unwrap();
        for block in text.split("```console\n$ p0-gitops ").skip(1) {
            let (line, rest) = block.split_once('\n').unwrap();
            let (expected, _) = rest.split_once("```").unwrap();
            let arguments = shlex::split(line).unwrap();
            let printed = out(&arguments.iter().map(String::as_str).collect::<Vec<_>>());
            assert_eq!(printed.trim_end(), expected.trim_end(), "{page}: {line}");
            shown += 1;
        }
    }
    assert!(shown > 0);
}

/// What is wrong with the input, and what the answer must say.
#[test]
fn bad_input_gets_an_error_that_names_the_place_and_the_remedy() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    let not_a_role = file("pod.yaml", "apiVersion: v1\nkind: Pod\nmetadata:\n  name: x\n");
    let broken = file(
        "broken.yaml",
        "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata:\n  name: x\nrules:\n- verbs: get\n",
    );
    let deep = file("deep.yaml", &format!("a: {}{}", "[".repeat(5000), "]".repeat(5000)));
    let bomb = file("bomb.yaml", &bomb());
    let nowhere = folder.path().join("nowhere").display().to_string();
    let pick =
        |role: &'static str, locator: &'static str| vec!["subset", "--role", role, "--locator", locator];
    let from = |file: &str| {
        ["subset", "--role", "view", "--locator", "pod / *", "--catalogue", file].map(str::to_owned).to_vec()
    };
    let own = |words: Vec<&str>| words.into_iter().map(str::to_owned).collect::<Vec<_>>();
    for (arguments, words) in [
        (own(pick("veiw", "pod / *")), &["no `ClusterRole/veiw`", "`ClusterRole/view`"] as &[&str]),
        (own(pick("view", "deploymint / *")), &["serves no `deploymint`", "deployment"]),
        (own(pick("view", "pod / default")), &["namespace"]),
        (own(pick("view", "pod / * / x")), &["all namespaces"]),
        (own(pick("view", "node / default / x")), &["no namespace"]),
        (
            own(pick("view", "secret / default / s")),
            &["gives nothing on `secrets default/s`", "it has rules on"],
        ),
        (
            own([&pick("view", "pod / *")[..], &["--subresource", "logs"]].concat()),
            &["no subresource `logs`", "`log`"],
        ),
        (from(&not_a_role), &["pod.yaml"]),
        (from(&broken), &["line 6"]),
        (from(&deep), &["deep.yaml"]),
        (from(&bomb), &["bomb.yaml"]),
        (from(&nowhere), &["cannot read", "nowhere"]),
        (own(vec!["catalogue", "export", "--kubeconfig", &nowhere]), &["nowhere"]),
        (
            own(vec!["merge", "--repo", &nowhere, "--cluster", "prod", "aaaaaaaaaaaaaaaaaaaa"]),
            &["cannot open the repository", "nowhere"],
        ),
        (own(vec!["verify", "--repo", &nowhere]), &["cannot open the repository"]),
    ] {
        let output = program(&arguments.iter().map(String::as_str).collect::<Vec<_>>());
        let told = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {told}");
        for word in words {
            assert!(told.contains(word), "{arguments:?}: `{word}` is not in: {told}");
        }
        assert!(output.stdout.is_empty() && !told.contains("panicked"), "{told}");
    }
}

/// Aliases that stand for nine times more at each of twenty levels.
fn bomb() -> String {
    let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..20 {
        text.push_str(&format!("a{level}: &a{level} [{}]\n", vec![format!("*a{}", level - 1); 9].join(", ")));
    }
    text
}

#[test]
fn a_refusal_ends_with_2_and_says_what_would_have_to_be_allowed() {
    let arguments =
        ["generate", "--role", "cluster-admin", "--locator", "rolebindings / default / *", "--to", "alice"];
    let output = program(&arguments);
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{told}");
    assert!(
        told.contains("the holder can grant any role to any subject")
            && told.contains("allows privileged access"),
        "{told}"
    );
}

#[test]
fn a_second_init_keeps_what_people_edited() {
    for bare in [false, true] {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("access");
        let mut arguments = vec!["init", root.to_str().unwrap(), "--cluster", "prod"];
        arguments.extend(bare.then_some("--bare"));
        let first = out(&arguments);
        assert!(first.contains("made") && !first.contains("kept"), "{first}");
        if !bare {
            std::fs::write(root.join("CODEOWNERS"), "mine\n").unwrap();
        }
        let second = out(&arguments);
        assert!(!second.contains("made"), "{second}");
        if !bare {
            assert!(second.contains("kept: it was edited"), "{second}");
            assert_eq!(std::fs::read_to_string(root.join("CODEOWNERS")).unwrap(), "mine\n");
        }
        // Another cluster's folder is added beside the first one's.
        arguments[3] = "staging";
        assert!(out(&arguments).contains("clusters/staging/p0-cluster.yaml"));
    }
}

/// The demo prints commands that a reader pastes; here they are pasted, all of them, into a shell.
#[test]
fn the_demo_ends_well_twice_and_its_commands_can_be_pasted() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("demo").display().to_string();
    let first = out(&["demo", &place]);
    for words in [
        "merged until",
        "revoked (it was given back",
        "its time was over",
        "refused: ",
        "it was revoked, by bob",
    ] {
        assert!(first.contains(words), "{words}: {first}");
    }
    // The grant is shown once, and what its revert takes away is counted.
    assert_eq!(first.matches("+kind: ClusterRole\n").count(), 1, "{first}");
    let added = first.split("\ndiff --git ").nth(1).unwrap().split("\n# ").next().unwrap();
    let count = added.matches("\n+").count() - added.matches("\n+++").count();
    assert!(first.contains(&format!("1 file changed, {count} deletions(-)")), "{count} in {first}");
    out(&["demo", &place]);
    let elsewhere = folder.path().join("by-hand").display().to_string();
    std::fs::create_dir_all(&elsewhere).unwrap();
    let mut heading = "";
    for line in first.lines() {
        heading = line.strip_prefix("# ").unwrap_or(heading);
        let Some(line) = line.strip_prefix("$ ").map(|line| line.replace(&place, &elsewhere)) else {
            continue;
        };
        let status = Command::new("sh").args(["-c", &line]).current_dir(folder.path()).output().unwrap();
        // What is refused is refused by hand too.
        let expected = if heading.ends_with("refused") { 2 } else { 0 };
        let words = String::from_utf8_lossy(&status.stderr);
        assert_eq!(status.status.code(), Some(expected), "{line}: {words}");
    }
    assert!(Path::new(&elsewhere).join("access.git").exists());
}
