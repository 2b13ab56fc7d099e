//! Grants held to a policy: those that live now. Also how any grant that was held to one is shown.

use anyhow::Context;
use jiff::Timestamp;
use p0_access::layout::ClusterName;
use p0_access::policy::Reason;
use p0_access::policy_test::{Now, Recorded, recorded};
use p0_grant::manifest::Claims;
use serde::Serialize;

use super::source::Source;
use crate::cli::output::{Format, Outcome, plain, structured, table};

/// One grant and what is said to it now.
#[derive(Serialize)]
pub(super) struct Row {
    id: String,
    cluster: String,
    requester: String,
    subject: String,
    role: String,
    selection: String,
    expires_at: Timestamp,
    rule: Option<String>,
    now: &'static str,
    new_rule: Option<String>,
    reasons: Vec<String>,
}

/// Lists the live grants that the policy would not grant again.
pub(super) fn run(source: &Source, format: Format, now: Timestamp) -> anyhow::Result<Outcome> {
    let repository = source.repository.as_ref().context("`--live` needs a repository: give `--repo`")?;
    let mut rows = Vec::new();
    let mut live = 0;
    for cluster in repository.snapshot()?.clusters() {
        let grants = repository.grants(cluster)?;
        if grants.is_empty() {
            continue;
        }
        let ground = source.ground(cluster)?;
        for (id, manifest) in grants {
            let manifest =
                manifest.with_context(|| format!("the grant `{id}` of `{cluster}` cannot be judged"))?;
            let claims = manifest.claims();
            if claims.expires_at <= now {
                continue;
            }
            live += 1;
            let recorded = recorded(claims, cluster, source.inputs(&ground));
            rows.extend((!recorded.now.is_allowed()).then(|| Row::of(claims, cluster, recorded)));
        }
    }
    match format {
        Format::Table | Format::Wide if rows.is_empty() => {
            outln!("all {live} live grant(s) are still allowed");
        }
        Format::Table | Format::Wide => print(&rows),
        format => structured(&rows, format)?,
    }
    Ok(if rows.is_empty() { Outcome::Done } else { Outcome::Refused })
}

impl Row {
    /// What is said now, in a word.
    pub(super) fn now(&self) -> &'static str {
        self.now
    }

    pub(super) fn of(claims: &Claims, cluster: &ClusterName, recorded: Recorded) -> Self {
        let sentences = |reasons: &[Reason]| reasons.iter().map(Reason::sentence).collect();
        let (now, new_rule, reasons) = match recorded.now {
            Now::Same => ("same", recorded.rule.clone(), Vec::new()),
            Now::OtherRule(rule) => ("other-rule", Some(rule), Vec::new()),
            Now::Lacks { rule, reasons } => ("lacks", Some(rule), sentences(&reasons)),
            Now::Refused(reasons) => ("refused", None, sentences(&reasons)),
            Now::Unclear(problem) => ("unclear", None, vec![problem]),
        };
        Self {
            id: claims.id.to_string(),
            cluster: cluster.to_string(),
            requester: claims.workflow.as_ref().map(|flow| flow.requester.clone()).unwrap_or_default(),
            subject: claims.subject.to_string(),
            role: claims.role.to_string(),
            selection: claims.selection.to_string(),
            expires_at: claims.expires_at,
            rule: recorded.rule,
            now,
            new_rule,
            reasons,
        }
    }
}

pub(super) fn print(rows: &[Row]) {
    let none = || "-".to_owned();
    let rows = rows.iter().map(|row| {
        vec![
            row.id.clone(),
            row.cluster.clone(),
            row.requester.clone(),
            format!("{} on {}", row.role, row.selection),
            row.rule.clone().unwrap_or_else(none),
            row.now.to_owned(),
            row.new_rule.clone().unwrap_or_else(none),
            row.reasons.join("; "),
        ]
    });
    let header = ["ID", "CLUSTER", "REQUESTER", "WHAT", "RULE THEN", "NOW", "RULE NOW", "WHY"];
    table(&header, rows).lines().for_each(|line| outln!("{}", plain(line.trim_end())));
}
