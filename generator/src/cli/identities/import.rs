//! `identities import`: persons of a list as a file for review. Not here: reading the list.

use std::path::PathBuf;

use anyhow::{Context, bail};
use p0_access::identity::{Identities, NewPerson, document};
use p0_access::name::PersonName;

use crate::cli::output::{Outcome, plain, write_whole};

/// Write persons of a list as a file for review.
///
/// The file has the form of p0/identities.yaml. Nothing is granted and no repository is changed: read it, and put what is right into
/// p0/identities.yaml as any other change. An e-mail address never proves who somebody is.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
The first line of a CSV file names its columns: name, and as many as there are of kubernetes, email, slackTeam, slackUser, forge,
forgeId, pagerduty, iamArn, manager, sshKeys, groups. Several values in one field are separated by `;`.

`--from slack` takes the bot's token from P0_SLACK_BOT_TOKEN, which needs the scope users:read, and users:read.email for addresses. Bots and
accounts that are gone are left out; guests and people of other organisations are left out and named.

Examples:
  p0-gitops identities import --from csv people.csv
  p0-gitops identities import --from csv people.csv --known p0/identities.yaml --file new-persons.yaml
  p0-gitops identities import --from slack --known p0/identities.yaml --file new-persons.yaml")]
pub(super) struct Args {
    /// What the list is.
    #[arg(long, value_name = "SOURCE")]
    from: Source,

    /// The list, where the source is a file.
    #[arg(value_name = "FILE", required_if_eq("from", "csv"))]
    list: Option<PathBuf>,

    /// Another address of Slack's Web API, for tests.
    #[arg(long, value_name = "URL", hide = true)]
    slack_api: Option<String>,

    /// The persons that the repository has: these are left out.
    #[arg(long, value_name = "FILE")]
    known: Option<PathBuf>,

    /// Write here instead of to standard output; the file appears whole or not at all.
    #[arg(short, long, value_name = "FILE")]
    file: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Source {
    /// A CSV file, as a directory or a spreadsheet exports it
    Csv,
    /// The members of the Slack workspace of the bot's token
    Slack,
}

pub(super) fn run(args: &Args) -> anyhow::Result<Outcome> {
    let read = |path: &PathBuf| {
        std::fs::read_to_string(path).with_context(|| format!("cannot read `{}`", path.display()))
    };
    let known = match &args.known {
        None => Identities::default(),
        Some(path) => Identities::read(&read(path)?).with_context(|| format!("`{}`", path.display()))?,
    };
    let (persons, place) = match (args.from, &args.list) {
        (Source::Csv, Some(list)) => {
            let place = format!("`{}`", list.display());
            (super::csv::persons(&read(list)?).with_context(|| place.clone())?, place)
        }
        (Source::Csv, None) => {
            bail!("`--from csv` needs the file: `identities import --from csv people.csv`")
        }
        (Source::Slack, Some(list)) => {
            bail!("`--from slack` asks Slack and reads no file: leave `{}` out", list.display())
        }
        (Source::Slack, None) => {
            let found = super::slack::persons(args.slack_api.as_deref())?;
            for why in &found.left_out {
                errln!("left out: {}", plain(why));
            }
            (found.persons, "Slack".to_owned())
        }
    };
    let (there, new): (Vec<NewPerson>, Vec<NewPerson>) =
        persons.into_iter().partition(|person| is_known(person, &known));
    for person in &there {
        errln!("left out: `{}` is there already", plain(&person.name));
    }
    let text = document(&new).with_context(|| place)?;
    match &args.file {
        None => out!("{text}"),
        Some(path) => write_whole(path, text.as_bytes())
            .with_context(|| format!("cannot write `{}`", path.display()))?,
    }
    Ok(Outcome::Done)
}

/// Whether the repository has the name, or the user in Slack under another name.
fn is_known(person: &NewPerson, known: &Identities) -> bool {
    let by_name = PersonName::new(person.name.as_str()).is_ok_and(|name| known.by_name(&name).is_ok());
    by_name || person.slack.as_ref().is_some_and(|id| known.by_slack(id).is_ok())
}
