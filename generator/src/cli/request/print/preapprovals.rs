//! Preapprovals: what is approved beforehand, for whom, and until when.

use jiff::Timestamp;
use p0_access::preapproval::Preapproval;
use p0_access::request::with_subresources;

use crate::cli::output::{Column, Format, Line, Show, list as print_list, plain, structured};
use crate::when::{relative, written};

/// One that is open from now on.
pub(in crate::cli::request) fn allowed(new: &Preapproval, output: Format) -> anyhow::Result<()> {
    if !output.is_for_people() {
        return structured(new, output);
    }
    outln!(
        "{} may have {} on {} until {}, without further approval ({})",
        new.to,
        new.role,
        plain(&with_subresources(&new.selection, &new.subresources)),
        written(new.until),
        new.path()
    );
    outln!("  `p0-gitops preapprovals close {}` ends it before", new.id);
    Ok(())
}

const COLUMNS: [Column; 8] = [
    ("ID", Show::Whole),
    ("FOR", Show::Cut),
    ("WHAT", Show::Cut),
    ("CLUSTER", Show::Cut),
    ("EACH", Show::Whole),
    ("ENDS", Show::Whole),
    ("UNTIL", Show::Wide),
    ("BY", Show::Cut),
];

/// Those that are open.
pub(in crate::cli::request) fn preapprovals(
    open: &[Preapproval],
    now: Timestamp,
    output: Format,
) -> anyhow::Result<()> {
    if !output.is_for_people() {
        return structured(&open, output);
    }
    let line = |open: &Preapproval| {
        let by: Vec<&str> = open.by.iter().map(|signed| signed.person.as_str()).collect();
        Line::from(vec![
            open.id.to_string(),
            open.to.to_string(),
            format!("{} on {}", open.role, with_subresources(&open.selection, &open.subresources)),
            open.cluster.to_string(),
            open.request_duration.to_string(),
            relative(open.until, now),
            written(open.until),
            by.join(", "),
        ])
    };
    print_list(&COLUMNS, &open.iter().map(line).collect::<Vec<_>>(), output);
    Ok(())
}
