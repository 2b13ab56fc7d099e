//! The audit as one page for a browser, which needs nothing else and runs nothing.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::{HEADER, Report, cells, short};

const STYLE: &str = "body{font:15px/1.5 system-ui,sans-serif;margin:2rem;color:#1c2430;background:#fff}\
h1{font-size:1.4rem}h2{font-size:1.1rem;margin-top:2rem}table{border-collapse:collapse;width:100%}\
th,td{text-align:left;padding:.35rem .6rem;border-bottom:1px solid #d8dee6;vertical-align:top}\
th{background:#f3f5f8;font-weight:600}td{font-variant-numeric:tabular-nums;overflow-wrap:anywhere}\
.odd{color:#8a1c1c}@media(prefers-color-scheme:dark){body{background:#12161c;color:#e3e8ef}\
th{background:#1d242d}th,td{border-color:#313b47}.odd{color:#ff9a9a}}";

pub(super) fn page(report: &Report<'_>) -> Markup {
    let heading = match report.from == report.until {
        true => format!("Access at {}", report.from),
        false => format!("Access from {} until {}", report.from, report.until),
    };
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (heading) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                h1 { (heading) }
                p { "What base's history meant. Whether the cluster followed is what confirmations say." }
                @if !report.oddities.is_empty() {
                    h2 class="odd" { "Not as the judgement lets it be" }
                    (table(&["When", "Commit", "What"], report.oddities.iter().map(|odd| {
                        vec![odd.at.to_string(), short(&odd.commit).to_owned(), odd.what.to_string()]
                    })))
                }
                h2 { "Who was meant to be able to do what" }
                (table(&HEADER, report.grants.iter().map(|meant| cells(meant).to_vec())))
            }
        }
    }
}

fn table(header: &[&str], rows: impl Iterator<Item = Vec<String>>) -> Markup {
    html! {
        table {
            thead { tr { @for cell in header { th scope="col" { (cell) } } } }
            tbody { @for row in rows { tr { @for cell in row { td { (cell) } } } } }
        }
    }
}
