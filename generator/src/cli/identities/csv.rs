//! A list of persons as CSV, with a line of headings. Not here: what becomes of them.

use anyhow::{Context, bail};
use csv::{ReaderBuilder, StringRecord, Trim};
use p0_access::identity::{NewPerson, SlackId, document};
use p0_grant::yaml::YamlError;

/// The columns that may be there.
const COLUMNS: [&str; 12] = [
    "name",
    "kubernetes",
    "email",
    "slackTeam",
    "slackUser",
    "forge",
    "forgeId",
    "pagerduty",
    "iamArn",
    "manager",
    "sshKeys",
    "groups",
];

/// The persons of a list; each has been read as p0/identities.yaml would read it.
pub(super) fn persons(text: &str) -> anyhow::Result<Vec<NewPerson>> {
    // Spreadsheets write a mark before the first heading.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut reader = ReaderBuilder::new().trim(Trim::All).from_reader(text.as_bytes());
    let headings = reader.headers().context("it is not CSV")?.clone();
    check(&headings)?;
    let mut persons = Vec::new();
    for record in reader.records() {
        let record = record.context("it is not CSV")?;
        let line = record.position().map_or(0, csv::Position::line);
        let person = person(&headings, &record).with_context(|| format!("line {line}"))?;
        document(std::slice::from_ref(&person)).map_err(unread).with_context(|| format!("line {line}"))?;
        persons.push(person);
    }
    Ok(persons)
}

fn check(headings: &StringRecord) -> anyhow::Result<()> {
    let known = || COLUMNS.join(", ");
    if let Some(stranger) = headings.iter().find(|heading| !COLUMNS.contains(heading)) {
        bail!("`{stranger}` is no column that is known; the first line may name {}", known());
    }
    let mut seen = std::collections::BTreeSet::new();
    if let Some(twice) = headings.iter().find(|heading| !seen.insert(*heading)) {
        bail!("the column `{twice}` stands there twice");
    }
    if !seen.contains("name") {
        bail!("there is no column `name`; the first line may name {}", known());
    }
    Ok(())
}

fn person(headings: &StringRecord, record: &StringRecord) -> anyhow::Result<NewPerson> {
    let field = |name: &str| {
        let index = headings.iter().position(|heading| heading == name);
        let value = index.and_then(|index| record.get(index)).filter(|value| !value.is_empty());
        value.map(str::to_owned)
    };
    let list = |name: &str| -> Vec<String> {
        let values = field(name).unwrap_or_default();
        let values = values.split(';').map(str::trim).filter(|value| !value.is_empty());
        values.map(str::to_owned).collect()
    };
    let slack = match (field("slackTeam"), field("slackUser")) {
        (None, None) => None,
        (Some(team), Some(user)) => Some(SlackId { team, user }),
        _ => bail!("a user in Slack has both `slackTeam` and `slackUser`"),
    };
    let forge_id = field("forgeId").map(|number| number.parse().context("`forgeId` is not a number"));
    Ok(NewPerson {
        name: field("name").unwrap_or_default(),
        kubernetes: list("kubernetes"),
        email: field("email"),
        slack,
        forge: field("forge"),
        forge_id: forge_id.transpose()?,
        pagerduty: field("pagerduty"),
        iam_arn: field("iamArn"),
        manager: field("manager"),
        ssh_keys: list("sshKeys"),
        groups: list("groups"),
    })
}

/// What is wrong, without its place in a file that only this program has seen.
fn unread(error: YamlError) -> anyhow::Error {
    match error {
        YamlError::At { message, .. } => anyhow::anyhow!(message),
        error => error.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_come_in_any_order_and_a_field_may_hold_several_values() {
        let text = "\u{feff}email,name,groups,slackTeam,slackUser\r\nalice@example.com, alice ,sre;leads,T01,U01\r\n,bob,,,\r\n";
        let persons = persons(text).unwrap();
        assert_eq!(persons[0].groups, ["sre", "leads"]);
        assert_eq!(persons[0].slack.as_ref().map(|id| id.user.as_str()), Some("U01"));
        assert_eq!(persons[1], NewPerson { name: "bob".to_owned(), ..NewPerson::default() });
    }

    #[test]
    fn what_is_wrong_is_said_with_its_line_and_what_to_write() {
        for (text, words) in [
            ("name,phone\n", "`phone` is no column"),
            ("email\nalice@example.com\n", "no column `name`"),
            ("name,name\n", "twice"),
            ("name\nalice\nAlice B.\n", "line 3"),
            ("name,slackUser\nalice,U01\n", "both `slackTeam` and `slackUser`"),
            ("name,forgeId\nalice,seven\n", "`forgeId` is not a number"),
            ("name,pagerduty\nalice,alice@example.com\n", "PagerDuty user"),
            ("name,email\nalice\n", "CSV"),
        ] {
            let error = format!("{:#}", persons(text).unwrap_err());
            assert!(error.contains(words), "{text:?}: {error}");
        }
    }
}
