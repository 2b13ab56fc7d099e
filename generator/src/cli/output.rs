//! What a person or a program is told, and how it ends. Colours are stripped where there is no terminal.

use std::io::IsTerminal;
use std::process::ExitCode;

use anstyle::{AnsiColor, Style};
use comfy_table::{ContentArrangement, Table, presets};
use p0_access::verifier::Finding;
use p0_grant::danger::Class;
use p0_grant::plan::PlanError;
use serde::Serialize;
use terminal_size::{Width, terminal_size_of};

use super::stream;
use crate::git::GitError;
use crate::repository::RepositoryError;
use crate::workflow::WorkflowError;

mod file;
mod list;

pub(super) use file::write_whole;
pub(super) use list::{Column, Line, Show, begin_again, list};

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// What was asked is done, or was done before.
    Done,
    /// The answer is no.
    Refused,
    /// The time was over.
    TimedOut,
    /// The arguments are none.
    Usage,
}

/// How to print an answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Format {
    /// For people: what fits the terminal.
    #[default]
    Table,
    /// For people: everything.
    Wide,
    /// YAML.
    Yaml,
    /// JSON, a documented contract.
    Json,
}

impl Format {
    /// Whether people read it, rather than programs.
    pub(super) fn is_for_people(self) -> bool {
        matches!(self, Self::Table | Self::Wide)
    }
}

impl From<Outcome> for ExitCode {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Done => Self::SUCCESS,
            Outcome::Refused => Self::from(2),
            Outcome::TimedOut => Self::from(4),
            Outcome::Usage => Self::from(64),
        }
    }
}

/// Prints what went wrong, each cause once, and gives the exit code.
pub(super) fn end(result: anyhow::Result<Outcome>) -> ExitCode {
    let error = match result {
        Ok(outcome) => return written(outcome),
        Err(error) => error,
    };
    let red = Style::new().bold().fg_color(Some(AnsiColor::Red.into()));
    let mut told = String::new();
    for (index, cause) in error.chain().enumerate() {
        let words = cause.to_string();
        // A transparent error repeats its source's words, and some errors end with them.
        if index > 0 && told.ends_with(&words) {
            continue;
        }
        match index {
            0 => errln!("{red}error{red:#}: {}", plain(&words)),
            _ => errln!("  because {}", plain(&words)),
        }
        told = words;
    }
    if let Some(RepositoryError::Refused(findings)) = error.downcast_ref() {
        findings.iter().for_each(|finding| errln!("  {}", finding_line(finding)));
    }
    exit_code(&error)
}

/// The exit code of a command that came to its end, where its output could be written.
fn written(outcome: Outcome) -> ExitCode {
    match stream::failure() {
        None => outcome.into(),
        Some(error) => {
            errln!("error: the output could not be written: {error}");
            match outcome {
                Outcome::Done => ExitCode::FAILURE,
                outcome => outcome.into(),
            }
        }
    }
}

fn exit_code(error: &anyhow::Error) -> ExitCode {
    let is_refused = error.downcast_ref::<RepositoryError>().is_some_and(|error| {
        matches!(error, RepositoryError::Refused(_) | RepositoryError::Ended(_))
            || matches!(error, RepositoryError::Git(GitError::ForeignBranch(_) | GitError::ForeignTip { .. }))
    });
    let is_withheld =
        error.downcast_ref::<PlanError>().is_some_and(|error| !matches!(error, PlanError::Subset(_)));
    let is_no = error.downcast_ref::<WorkflowError>().is_some_and(WorkflowError::is_no);
    if is_refused || is_withheld || is_no { Outcome::Refused.into() } else { ExitCode::FAILURE }
}

/// One finding for people.
pub(super) fn finding_line(finding: &Finding) -> String {
    let (path, sentence) = (one_line(&finding.path), one_line(&finding.refusal.sentence()));
    format!("{path}: {sentence} [{}]", finding.refusal.code())
}

/// As [`plain`], on one line: a path with a line feed cannot begin a line of its own, which CI would read as a command.
fn one_line(text: &str) -> String {
    plain(text).replace('\n', "\\n")
}

/// Text from elsewhere cannot move the cursor.
pub(super) fn plain(text: &str) -> String {
    let show = |letter: char| match letter {
        '\n' => letter.to_string(),
        _ if letter.is_control() => letter.escape_default().to_string(),
        _ => letter.to_string(),
    };
    text.chars().map(show).collect()
}

/// Prints a value as YAML or JSON.
pub(super) fn structured<T: Serialize>(value: &T, format: Format) -> anyhow::Result<()> {
    match format {
        Format::Yaml => out!("{}", p0_grant::yaml::write(&[value])?),
        Format::Table | Format::Wide | Format::Json => outln!("{}", serde_json::to_string_pretty(value)?),
    }
    Ok(())
}

/// The width of the terminal that is written to; none where it is a file or a pipe.
pub(super) fn terminal_width() -> Option<u16> {
    terminal_size_of(std::io::stdout()).map(|(Width(columns), _)| columns)
}

/// A table without lines between its cells. At a terminal, long sentences wrap inside of their column.
pub(super) fn table(header: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> Table {
    table_within(header, rows, terminal_width())
}

/// A table within a width.
pub(super) fn table_within(
    header: &[&str],
    rows: impl IntoIterator<Item = Vec<String>>,
    width: Option<u16>,
) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    if !header.is_empty() {
        table.set_header(header);
    }
    if let Some(width) = width {
        table.set_content_arrangement(ContentArrangement::Dynamic).set_width(width);
    }
    for row in rows {
        table.add_row(row.iter().map(|cell| plain(cell)));
    }
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    table
}

/// Prints a table under its heading; nothing where it has no rows.
pub(super) fn section(heading: &str, table: &Table) {
    if table.row_count() > 0 {
        let bold = Style::new().bold();
        outln!("\n{bold}{heading}{bold:#}");
        table.lines().for_each(|line| outln!("{}", line.trim_end()));
    }
}

/// The colour of a danger class.
pub(super) fn danger_style(class: Class) -> Style {
    let colour = match class {
        Class::Note => AnsiColor::Blue,
        Class::High => AnsiColor::Yellow,
        Class::Critical | Class::Block => AnsiColor::Red,
    };
    Style::new().fg_color(Some(colour.into()))
}

/// Whether progress would be seen.
pub(super) fn shows_progress() -> bool {
    std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none()
}

/// Sends logs to standard error.
pub(super) fn log_to_stderr(filter: &str) -> anyhow::Result<()> {
    let filter = tracing_subscriber::EnvFilter::try_new(filter)?;
    let colour = shows_progress();
    let logs =
        tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(colour);
    let logs = logs.log_internal_errors(false);
    // A second call in one process keeps the first one's logs.
    let _set_before = logs.try_init();
    Ok(())
}

/// Sends logs to standard error, one JSON object a line.
pub(super) fn log_as_json(filter: &str) -> anyhow::Result<()> {
    let filter = tracing_subscriber::EnvFilter::try_new(filter)?;
    let logs = tracing_subscriber::fmt().json().flatten_event(true).with_env_filter(filter);
    let logs = logs.log_internal_errors(false);
    let _set_before = logs.with_writer(std::io::stderr).try_init();
    Ok(())
}
