//! Commands in one line: `/p0 request …`, `/p0 grant … --to @somebody`, `/p0 ls`, `/p0 revoke ID`, `/p0 help`.
//!
//! The grammar is P0's. What is left out of a request opens the form with what was said. Not here: carrying a command out.

use clap::error::ErrorKind;
use clap::{CommandFactory, Parser};
use p0_access::duration::Lifetime;
use p0_access::request::RequestId;
use slack_client::inbound::Command;
use slack_client::text::Markup;

use super::ask::Form;
use super::{SlackApp, ids, say};
use crate::service::Choice;

mod run;
mod words;

use words::{Allow, Grant, Line, Request, Revoke, Words};

/// What a command comes to.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Verb {
    /// The form, with what was said.
    Form(Form),
    /// A request that says everything.
    Ask(Form),
    /// The command that allows requests beforehand.
    Allow(Allowance),
    /// A list of one's own.
    List,
    /// Taking a request's access away.
    Revoke(RequestId, Option<String>),
}

/// Requests that somebody wants to allow beforehand.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Allowance {
    form: Form,
    /// Whose requests, by user id.
    to: String,
    length: Lifetime,
    /// How long each access may last.
    each: Lifetime,
}

/// Reads what is behind `/p0`; the error is what its user is told.
pub(super) fn read(text: &str) -> Result<Verb, String> {
    // Phones write quotation marks as printers do.
    let text =
        text.replace(['\u{201c}', '\u{201d}', '\u{201e}'], "\"").replace(['\u{2018}', '\u{2019}'], "'");
    let words =
        shlex::split(&text).ok_or_else(|| "A quotation mark is not closed. Try `/p0 help`.".to_owned())?;
    let line = Line::try_parse_from(words).map_err(|error| explained(&error))?;
    match line.verb {
        None => Ok(Verb::Form(Form::default())),
        Some(Words::Help) => Err(format!("```\n{}\n```", Line::command().render_help())),
        Some(Words::Allow(allow)) => allow.read().map(Verb::Allow),
        Some(Words::Ls) => Ok(Verb::List),
        Some(Words::Revoke(Revoke { id, reason })) => {
            let read = id.parse().map_err(|error: p0_grant::name::NameError| error.to_string());
            Ok(Verb::Revoke(read.map_err(|why| format!("`{id}` is no request's id: {why}."))?, reason))
        }
        Some(Words::Request(request)) => {
            let form = request.form()?;
            Ok(if form.is_whole() { Verb::Ask(form) } else { Verb::Form(form) })
        }
        Some(Words::Grant(Grant { request, to })) => {
            let form = Form { to: Some(mentioned(&to)?), ..request.form()? };
            Ok(if form.is_whole() { Verb::Ask(form) } else { Verb::Form(form) })
        }
    }
}

/// What clap says, as Slack shows it.
fn explained(error: &clap::Error) -> String {
    let text = error.render().to_string();
    let is_help =
        matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand);
    let more = if is_help { "" } else { "\nTry `/p0 help`." };
    // What was typed is in it: nothing of that is markup.
    let shown = Markup::new().lines_of_code(text.trim());
    format!("{}{more}", shown.as_str())
}

/// The user id in `<@U123>` or `<@U123|name>`, as Slack writes a mention.
fn mentioned(text: &str) -> Result<String, String> {
    let inner = text.strip_prefix("<@").and_then(|text| text.strip_suffix('>'));
    let id = inner.and_then(|inner| inner.split('|').next()).filter(|id| ids::is_user(id));
    id.map(str::to_owned).ok_or_else(|| format!("`--to {text}` is no user: write `--to @name`."))
}

impl Allow {
    fn read(self) -> Result<Allowance, String> {
        let to = mentioned(&self.to)?;
        let length = |name: &str, text: &str| {
            text.parse::<Lifetime>().map_err(|error| format!("`--{name}`: {error}."))
        };
        let whole = length("length", &self.length)?;
        let each = self.request.duration.as_deref().map(|text| length("duration", text)).transpose()?;
        let form = self.request.form()?;
        match form.is_whole() && form.choice.cluster.is_some() {
            true => Ok(Allowance { form, to, length: whole, each: each.unwrap_or(whole) }),
            false => {
                Err("`/p0 allow` needs a role, `--cluster` and `--locator`. Try `/p0 allow --help`."
                    .to_owned())
            }
        }
    }
}

impl Request {
    fn form(self) -> Result<Form, String> {
        let mut words = self.words.iter().map(String::as_str);
        match (words.next(), words.next()) {
            (None, _) | (Some("k8s" | "kubernetes"), None | Some("resource")) => {}
            (Some("k8s" | "kubernetes"), Some(other)) => {
                return Err(format!(
                    "There is no access type `{other}`: write `/p0 request k8s resource …`."
                ));
            }
            (Some(other), _) => {
                return Err(format!("There is no resource `{other}`: write `/p0 request k8s resource …`."));
            }
        }
        let role: Vec<&str> = words.collect();
        let role = (!role.is_empty()).then(|| role.join(" "));
        let role = role.map(|role| crate::service::role_called(&role).map(|role| role.to_string()));
        Ok(Form {
            choice: Choice {
                cluster: self.cluster,
                resource: self.locator,
                role: role.transpose()?,
                subresources: self.subresources,
            },
            reason: self.reason,
            duration: self.duration,
            to: None,
        })
    }
}

impl Form {
    /// Whether it says what is wanted; reason and duration may be left to the rule.
    fn is_whole(&self) -> bool {
        self.choice.resource.is_some() && self.choice.role.is_some()
    }
}

impl SlackApp {
    /// Says something to the one who gave a command.
    async fn answers(&self, command: &Command, message: slack_client::Message) {
        Self::logged(self.web().respond(&command.response_url, &message).await);
    }

    /// The same as a sentence.
    async fn answers_text(&self, command: &Command, text: &str) {
        self.answers(command, say::message(text)).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(text: &str) -> Form {
        match read(text).unwrap() {
            Verb::Form(form) | Verb::Ask(form) => form,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_is_left_out_opens_the_form() {
        for text in
            ["", "request", "request k8s", "request k8s resource", "request k8s resource view --cluster prod"]
        {
            assert!(matches!(read(text), Ok(Verb::Form(_))), "{text}");
        }
        assert_eq!(form("request k8s resource view").choice.role.as_deref(), Some("ClusterRole/view"));
    }

    #[test]
    fn p0s_own_line_is_a_whole_request() {
        let line = "request k8s resource \u{201c}ClusterRole / view\u{201d} --cluster prod \
                    --locator \"Deployment / default / nginx-deployment\" --reason 'rollout hangs' --duration '2 hours'";
        let Ok(Verb::Ask(form)) = read(line) else { panic!("{:?}", read(line)) };
        assert_eq!(form.choice.resource.as_deref(), Some("Deployment / default / nginx-deployment"));
        assert_eq!(
            (form.reason.as_deref(), form.duration.as_deref()),
            (Some("rollout hangs"), Some("2 hours"))
        );
        let granted = read(&format!("{} --to <@U0ALICE|alice>", line.replacen("request", "grant", 1)));
        assert!(matches!(granted, Ok(Verb::Ask(form)) if form.to.as_deref() == Some("U0ALICE")));
        let short = read("grant k8s resource view --to <@U0ALICE>");
        assert!(matches!(short, Ok(Verb::Form(form)) if form.to.as_deref() == Some("U0ALICE")));
    }

    #[test]
    fn what_is_wrong_says_what_to_type_instead() {
        for (text, words) in [
            ("reqest", "request"),
            ("request aws", "k8s resource"),
            ("request k8s shell", "k8s resource"),
            ("request --colour red", "--colour"),
            ("revoke abc", "request's id"),
            ("grant k8s resource view --locator 'pod / a / b' --to bob", "@name"),
            ("request \"k8s", "not closed"),
            ("allow k8s resource view --to x --length 8h", "@name"),
            ("allow k8s resource view --to <@U1> --length soon", "not a duration"),
            ("allow k8s resource view --to <@U1> --length 8h", "--locator"),
            ("grant k8s resource view", "--to"),
            ("allow --help", "--length"),
            ("grant --help", "@alice"),
            ("revoke --help", "request's id"),
            ("help", "/p0 [COMMAND]"),
            ("request --help", "--locator"),
        ] {
            let told = read(text).unwrap_err();
            assert!(told.contains(words), "{text}: {told}");
        }
        let told = read("<!channel>").unwrap_err();
        assert!(!told.contains('<') || told.contains("&lt;!channel&gt;"), "{told}");
    }
}
