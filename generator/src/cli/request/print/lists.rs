//! Requests as lists, a line for each grant.

use jiff::Timestamp;
use p0_access::request::Request;

use super::view::{view, view_with};
use super::{Persons, names, state_style};
use crate::cli::output::{Column, Format, Line, Show, list as print_list, structured};
use crate::when::{relative, written};

/// Several requests.
pub(in crate::cli::request) fn list(
    requests: &[Request],
    now: Timestamp,
    output: Format,
) -> anyhow::Result<()> {
    if !output.is_for_people() {
        return structured(&requests.iter().map(view).collect::<Vec<_>>(), output);
    }
    let lines: Vec<Line> = requests.iter().flat_map(|request| lines(request, now)).collect();
    print_list(&COLUMNS, &lines, output);
    Ok(())
}

/// Requests that wait, each with who may still approve it.
pub(in crate::cli::request) fn to_review(
    requests: &[(Request, Persons)],
    now: Timestamp,
    output: Format,
) -> anyhow::Result<()> {
    if !output.is_for_people() {
        let views: Vec<_> = requests.iter().map(|(request, may)| view_with(request, may)).collect();
        return structured(&views, output);
    }
    let mut columns: Vec<Column> = COLUMNS.to_vec();
    if let Some((_, show)) = columns.iter_mut().find(|(title, _)| *title == "DANGER") {
        *show = Show::Whole;
    }
    columns.push(("APPROVERS", Show::Cut));
    let waiting: Vec<Line> = requests.iter().flat_map(|waiting| lines_with_approvers(waiting, now)).collect();
    print_list(&columns, &waiting, output);
    Ok(())
}

const COLUMNS: [Column; 10] = [
    ("ID", Show::Whole),
    ("STATE", Show::Whole),
    ("WHO", Show::Cut),
    ("FOR", Show::Cut),
    ("WHAT", Show::Cut),
    ("CLUSTER", Show::Cut),
    ("DANGER", Show::Wide),
    ("ENDS", Show::Whole),
    ("UNTIL", Show::Wide),
    ("WHY", Show::Wide),
];

/// The lines of a request, each with who may still approve it.
fn lines_with_approvers((request, may): &(Request, Persons), now: Timestamp) -> Vec<Line> {
    let approvers = names(may).join(", ");
    let with_approvers = |mut line: Line| {
        line.cells.push(approvers.clone());
        line
    };
    lines(request, now).map(with_approvers).collect()
}

/// A line for each grant of a request.
fn lines(request: &Request, now: Timestamp) -> impl Iterator<Item = Line> {
    let (asked, state) = (request.spec(), request.state().name());
    asked.grants.iter().map(move |want| Line {
        cells: vec![
            want.grant.to_string(),
            state.as_str().to_owned(),
            asked.requester.to_string(),
            asked.subject.to_string(),
            format!("{} on {}", want.role, want.what()),
            want.cluster.to_string(),
            want.danger.map(|class| class.to_string()).unwrap_or_default(),
            match request.expires_at() {
                Some(end) => relative(end, now),
                None if state.is_ended() => "-".to_owned(),
                None => format!("for {}", asked.lifetime),
            },
            request.expires_at().map(written).unwrap_or_default(),
            asked.reason.clone().unwrap_or_default(),
        ],
        style: state_style(state),
    })
}
