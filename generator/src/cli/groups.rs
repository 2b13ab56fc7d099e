//! The commands in the program's help, by what people do.

use comfy_table::Table;

use super::output::table_within;

/// What people do, and the commands for it. A command that no group names stands under the last heading.
const GROUPS: &[(&str, &[&str])] = &[
    ("Begin", &["demo", "init", "config", "completions"]),
    ("Ask", &["request", "status", "can-i", "watch", "extend", "cancel", "relinquish", "retry"]),
    ("Answer", &["review", "approve", "deny", "allow", "preapprovals", "revoke"]),
    ("Look", &["ls", "show", "audit", "stats"]),
    ("Operate", &["serve", "reconcile", "sweep", "reap", "store", "doctor"]),
    (
        "Repository",
        &[
            "catalogue",
            "policy",
            "identities",
            "owners",
            "subset",
            "generate",
            "propose",
            "verify",
            "merge",
            "revert",
        ],
    ),
];

/// `command` with its commands in groups, within a terminal's width where there is one.
pub(super) fn grouped(command: clap::Command, width: Option<u16>) -> clap::Command {
    let named: Vec<&str> = GROUPS.iter().flat_map(|(_, names)| names.iter().copied()).collect();
    let all = || command.get_subcommands().map(clap::Command::get_name);
    let rest: Vec<&str> = all().filter(|name| !named.contains(name)).collect();
    let last = ("More", rest.as_slice());
    let groups =
        GROUPS.iter().copied().chain([last]).filter(|(_, names)| all().any(|own| names.contains(&own)));
    let longest = all().map(str::len).max().unwrap_or_default();
    let parts: Vec<String> = groups
        .map(|(heading, names)| format!("{heading}:\n{}", rows(&command, names, longest, width)))
        .collect();
    let template = format!(
        "{{before-help}}{{about-with-newline}}\n{{usage-heading}} {{usage}}\n\n{}\n\nOptions:\n{{options}}{{after-help}}",
        parts.join("\n\n")
    );
    command.help_template(template)
}

/// A line for each command.
fn rows(command: &clap::Command, names: &[&str], longest: usize, width: Option<u16>) -> String {
    let row = |name: &&str| {
        let about = command.find_subcommand(name)?.get_about()?;
        Some(vec![format!("  {name:longest$}"), about.to_string()])
    };
    let table: Table = table_within(&[], names.iter().filter_map(row), width);
    table.lines().map(|line| line.trim_end().to_owned()).collect::<Vec<_>>().join("\n")
}
