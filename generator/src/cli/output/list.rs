//! Lists of things, one a line, as kubectl prints them: at a terminal they fit its width, and `-o wide` prints every column in full.
//! Not here: tables of sentences, which wrap ([`super::table`]).

use std::io::IsTerminal;

use anstyle::Style;
use comfy_table::{ColumnConstraint, ContentArrangement, Row, Table, presets};

use super::{Format, plain};

/// When a column is printed, and whether it gives way to a narrow terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::cli) enum Show {
    /// Always, and in full.
    Whole,
    /// Always; a narrow terminal cuts it.
    Cut,
    /// Only with `-o wide`.
    Wide,
}

/// A column: its title, and how it is shown.
pub(in crate::cli) type Column = (&'static str, Show);

/// One line: its cells, and the style of the second one, which says how it stands.
pub(in crate::cli) struct Line {
    pub(in crate::cli) cells: Vec<String>,
    pub(in crate::cli) style: Style,
}

impl From<Vec<String>> for Line {
    fn from(cells: Vec<String>) -> Self {
        Self { cells, style: Style::new() }
    }
}

/// Prints a list; without lines it says so.
pub(in crate::cli) fn list(columns: &[Column], lines: &[Line], format: Format) {
    if lines.is_empty() {
        outln!("none");
        return;
    }
    let shown: Vec<usize> = (0..columns.len()).filter(|at| is_shown(columns, *at, format)).collect();
    let table = fitted(columns, &shown, lines, Some(format).and_then(width));
    let (mut header, mut status) = (true, 0..0);
    let styles = lines.iter().map(|line| line.style);
    for (line, style) in table.lines().zip(std::iter::once(Style::new()).chain(styles)) {
        if header {
            status = second_column(&line);
            header = false;
        }
        outln!("{}", styled(line.trim_end(), &status, style));
    }
}

/// The width of the terminal that `format` has to fit.
fn width(format: Format) -> Option<u16> {
    (format == Format::Table).then(super::terminal_width).flatten()
}

fn is_shown(columns: &[Column], at: usize, format: Format) -> bool {
    columns.get(at).is_some_and(|(_, show)| *show != Show::Wide || format == Format::Wide)
}

fn fitted(columns: &[Column], shown: &[usize], lines: &[Line], width: Option<u16>) -> Table {
    let mut table = Table::new();
    let titles = shown.iter().filter_map(|at| columns.get(*at)).map(|(title, _)| *title);
    table.load_style(presets::NOTHING).set_header(titles);
    table.set_content_arrangement(ContentArrangement::Disabled);
    if let Some(width) = width {
        table.set_content_arrangement(ContentArrangement::Dynamic).set_width(width);
    }
    for line in lines {
        let cells =
            shown.iter().filter_map(|at| line.cells.get(*at)).map(|cell| plain(cell).replace('\n', " "));
        let mut row = Row::from(cells.collect::<Vec<_>>());
        row.max_height(1);
        table.add_row(row);
    }
    for (column, at) in table.column_iter_mut().zip(shown) {
        column.set_padding((0, 2));
        if columns.get(*at).is_some_and(|(_, show)| *show == Show::Whole) {
            column.set_constraint(ColumnConstraint::ContentWidth);
        }
    }
    table
}

/// Where the second column stands: from its title to the next one.
fn second_column(header: &str) -> std::ops::Range<usize> {
    let after = |from: usize| {
        let gap = header.get(from..).and_then(|rest| rest.find("  ")).map_or(header.len(), |gap| from + gap);
        header.get(gap..).map_or(header.len(), |rest| header.len() - rest.trim_start().len())
    };
    let start = after(0);
    start..after(start)
}

/// A line with its second column in a style. What stands before it is an id, so bytes are columns.
fn styled(line: &str, at: &std::ops::Range<usize>, style: Style) -> String {
    let end = at.end.min(line.len());
    match (line.get(..at.start), line.get(at.start..end), line.get(end..)) {
        (Some(before), Some(status), Some(rest)) if style != Style::new() => {
            let word = status.trim_end();
            let gap = status.get(word.len()..).unwrap_or_default();
            format!("{before}{style}{word}{style:#}{gap}{rest}")
        }
        _ => line.to_owned(),
    }
}

/// Clears the terminal before a list is printed again.
pub(in crate::cli) fn begin_again() {
    match std::io::stdout().is_terminal() {
        true => out!("\u{1b}[2J\u{1b}[H"),
        false => outln!(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: [Column; 4] =
        [("ID", Show::Whole), ("STATE", Show::Whole), ("WHAT", Show::Cut), ("WHY", Show::Wide)];

    fn lines(width: Option<u16>, format: Format) -> Vec<String> {
        let cells = ["abcdefgh", "merged", "ClusterRole/view on a very long selection", "because"];
        let line = Line::from(cells.map(str::to_owned).to_vec());
        let shown: Vec<usize> = (0..COLUMNS.len()).filter(|at| is_shown(&COLUMNS, *at, format)).collect();
        let table = fitted(&COLUMNS, &shown, &[line], width);
        table.lines().map(|line| line.trim_end().to_owned()).collect()
    }

    #[test]
    fn a_list_fits_the_terminal_and_cuts_no_id() {
        let fitted = lines(Some(40), Format::Table);
        assert!(fitted.iter().all(|line| line.chars().count() <= 40), "{fitted:?}");
        assert!(fitted[1].starts_with("abcdefgh  merged") && fitted[1].ends_with('…'), "{fitted:?}");
        assert_eq!(fitted.len(), 2);
    }

    #[test]
    fn wide_and_a_pipe_cut_nothing() {
        assert!(lines(None, Format::Table)[1].ends_with("a very long selection"));
        let wide = lines(None, Format::Wide);
        assert!(wide[0].contains("WHY") && wide[1].ends_with("because"), "{wide:?}");
    }

    #[test]
    fn only_the_second_column_is_coloured() {
        let style = Style::new().bold();
        let at = second_column("ID        STATE   WHAT");
        assert_eq!(at, 10..18);
        assert_eq!(styled("abcdefgh  merged  x", &at, style), format!("abcdefgh  {style}merged{style:#}  x"));
    }
}
