//! The members of a Slack workspace as persons: full members only, each with the ids by which Slack knows them.
//!
//! Names are made of what members call themselves, for a reviewer to correct. Not here: what becomes of the persons.

use std::collections::BTreeSet;

use anyhow::Context;
use p0_access::identity::{NewPerson, SlackId};
use p0_access::name::PersonName;
use slack_client::{Member, Web};

use crate::slack::Tokens;

/// What a workspace has: persons, and whom the list leaves out with the reason.
pub(super) struct Found {
    pub(super) persons: Vec<NewPerson>,
    pub(super) left_out: Vec<String>,
}

/// Asks Slack, with the bot's token of the environment.
pub(super) fn persons(api: Option<&str>) -> anyhow::Result<Found> {
    let token = Tokens::bot(|name| std::env::var(name).ok())?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let web = Web::new(token, api)?;
        let team = web.who().await.context("the bot's token")?.team_id;
        let members = web.members().await.context("the members of the workspace")?;
        Ok(of_members(members, &team))
    })
}

fn of_members(members: Vec<Member>, team: &str) -> Found {
    let mut found = Found { persons: Vec::new(), left_out: Vec::new() };
    let mut names = BTreeSet::new();
    for member in members {
        let profile = &member.profile;
        let id = profile.id.clone();
        if profile.is_bot || profile.is_workflow_bot || profile.deleted || id == "USLACKBOT" {
            continue;
        }
        if profile.is_restricted || profile.is_ultra_restricted {
            found.left_out.push(format!("`{id}` is a guest, and guests cannot use the app"));
            continue;
        }
        if profile.is_stranger || profile.team_id != team {
            found.left_out.push(format!("`{id}` is of another organisation"));
            continue;
        }
        let name = name_of(&member, &mut names);
        let email = member.details.email.filter(|email| !email.is_empty());
        let slack = Some(SlackId { team: team.to_owned(), user: id });
        found.persons.push(NewPerson { name, email, slack, ..NewPerson::default() });
    }
    found
}

/// A name that no person of the list has yet: the account's name, else the one that people read, else the id.
fn name_of(member: &Member, taken: &mut BTreeSet<String>) -> String {
    let id = member.profile.id.to_lowercase();
    let written = [plain(&member.name), plain(&member.details.real_name)];
    let mut usable = written.into_iter().filter(|name| PersonName::new(name.as_str()).is_ok());
    let name = usable.next().unwrap_or_else(|| id.clone());
    let name = if taken.contains(&name) { format!("{name}-{id}") } else { name };
    taken.insert(name.clone());
    name
}

/// What is left of a text in the letters of names.
fn plain(text: &str) -> String {
    let letter = |letter: char| match letter {
        'a'..='z' | '0'..='9' | '.' | '_' | '-' => Some(letter),
        'A'..='Z' => Some(letter.to_ascii_lowercase()),
        ' ' => Some('-'),
        _ => None,
    };
    let name: String = text.trim().chars().filter_map(letter).take(80).collect();
    name.trim_start_matches(['.', '_', '-']).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn member(json: &str) -> Member {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn full_members_become_persons_and_the_others_are_named_or_left_out() {
        let members = [
            r#"{"id": "U1", "team_id": "T1", "name": "Alice B.", "profile": {"email": "alice@example.com"}}"#,
            r#"{"id": "U2", "team_id": "T1", "name": "alice-b."}"#,
            r#"{"id": "U3", "team_id": "T1", "name": "日本", "profile": {"real_name": "日本"}}"#,
            r#"{"id": "U4", "team_id": "T1", "name": "gone", "deleted": true}"#,
            r#"{"id": "U5", "team_id": "T1", "name": "bot", "is_bot": true}"#,
            r#"{"id": "U6", "team_id": "T1", "name": "guest", "is_restricted": true}"#,
            r#"{"id": "U7", "team_id": "T2", "name": "other"}"#,
            r#"{"id": "USLACKBOT", "team_id": "T1", "name": "slackbot"}"#,
        ];
        let found = of_members(members.map(member).into(), "T1");
        let names: Vec<&str> = found.persons.iter().map(|person| person.name.as_str()).collect();
        assert_eq!(names, ["alice-b.", "alice-b.-u2", "u3"]);
        assert_eq!(found.persons[0].email.as_deref(), Some("alice@example.com"));
        assert_eq!(found.persons[0].slack, Some(SlackId { team: "T1".to_owned(), user: "U1".to_owned() }));
        assert_eq!(found.left_out.len(), 2, "{:?}", found.left_out);
        p0_access::identity::document(&found.persons).unwrap();
    }
}
