//! `policy check`: whether the files are sound, what one request would be told and why, and which live grants no longer fit.

use jiff::Timestamp;
use p0_access::duration::Lifetime;
use p0_access::layout::ClusterName;
use p0_access::name::PersonName;
use p0_access::policy::{Alternative, Answer, Decision, Match, Misses, Rule, RuleOutcome, explain};
use p0_access::policy_test::{Query, ResolvedQuery, lint};
use p0_grant::danger::Class;
use serde::Serialize;

use super::live;
use super::source::{Source, SourceArgs};
use crate::cli::complete;
use crate::cli::output::{Format, Outcome, plain, section, structured, table};
use crate::when::written;

/// Check a policy; with a request, explain what it would be told; with `--live`, list grants it no longer allows.
///
/// Without a request the files are read and held to each other: every person who is named exists, every rule can answer.
/// With one, the rule that answers is named with who may approve, and every rule before it with what does not fit.
/// Ends with 0 where the request may be approved, or every live grant is still allowed, and with 2 where not.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  p0-gitops policy check --policy p0/policy.yaml --identities p0/identities.yaml
  p0-gitops policy check --repo ./access.git --requester alice --cluster prod --role view --locator 'deploy / shop / web'
  p0-gitops policy check --repo ./access.git --policy new.yaml --live")]
pub(super) struct Args {
    #[command(flatten)]
    source: SourceArgs,

    #[command(flatten)]
    ask: AskArgs,

    /// List the live grants on base that the policy would not grant again.
    #[arg(long, conflicts_with = "requester")]
    live: bool,

    /// How to print it.
    #[arg(short, long, value_name = "FORMAT", default_value = "table")]
    output: Format,
}

/// The request.
#[derive(Debug, clap::Args)]
struct AskArgs {
    /// Who asks, as `p0/identities.yaml` has them.
    #[arg(long, value_name = "PERSON", requires_all = ["cluster", "role", "locator"], help_heading = "The request")]
    requester: Option<PersonName>,

    /// Who gets access, if somebody else: a person or a subject such as `Group/dev`.
    #[arg(long, value_name = "WHO", requires = "requester", help_heading = "The request")]
    to: Option<String>,

    /// Where.
    #[arg(long, value_name = "NAME", requires = "requester", help_heading = "The request", add = complete::clusters())]
    cluster: Option<ClusterName>,

    /// Which role.
    #[arg(long, value_name = "ROLE", requires = "requester", help_heading = "The request", add = complete::roles())]
    role: Option<String>,

    /// On what: `<kind> / <namespace> / <name>`.
    #[arg(long, value_name = "LOCATOR", requires = "requester", help_heading = "The request")]
    locator: Option<String>,

    /// A subresource besides; may be repeated.
    #[arg(long = "subresource", value_name = "NAME", requires = "requester", help_heading = "The request")]
    subresources: Vec<String>,

    /// For how long.
    #[arg(long, value_name = "DURATION", requires = "requester", help_heading = "The request")]
    duration: Option<Lifetime>,

    /// Until it is reviewed.
    #[arg(long, requires = "requester", conflicts_with = "duration", help_heading = "The request")]
    persistent: bool,

    /// Why.
    #[arg(long, value_name = "TEXT", requires = "requester", help_heading = "The request")]
    reason: Option<String>,
}

/// What is told of one request.
#[derive(Serialize)]
struct Told {
    answer: &'static str,
    rule: Option<String>,
    danger: Option<Class>,
    duration: Option<String>,
    /// Where the catalogue is from that has the role and the resource.
    catalogue: String,
    approvals: Vec<ApprovalTold>,
    /// Earlier rules that hold a part of the selection: each has to be satisfied too.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    parts: Vec<PartTold>,
    reasons: Vec<ReasonView>,
    rules: Vec<RuleTold>,
}

#[derive(Serialize)]
struct PartTold {
    rule: String,
    approvals: Vec<ApprovalTold>,
}

#[derive(Serialize)]
struct ApprovalTold {
    by: String,
    count: usize,
    persons: Vec<String>,
    note: String,
}

#[derive(Serialize)]
struct ReasonView {
    code: &'static str,
    message: String,
}

#[derive(Serialize)]
struct RuleTold {
    rule: String,
    verdict: &'static str,
    misses: Vec<ReasonView>,
}

/// What is told of the files.
#[derive(Serialize)]
struct Sound {
    rules: usize,
    persons: usize,
    sha256: String,
    /// Where the catalogues are from that the rules' words are looked up in.
    catalogues: Vec<String>,
    warnings: Vec<String>,
}

pub(super) fn run(args: &Args, now: Timestamp) -> anyhow::Result<Outcome> {
    let source = args.source.read()?;
    if args.live {
        return live::run(&source, args.output, now);
    }
    match args.ask.ask() {
        None => sound(&source, args.output),
        Some(ask) => tell(&source, &ask, args.output),
    }
}

impl AskArgs {
    fn ask(&self) -> Option<Query> {
        Some(Query {
            requester: self.requester.clone()?,
            to: self.to.clone(),
            cluster: self.cluster.clone()?,
            role: self.role.clone()?,
            locator: self.locator.clone()?,
            subresources: self.subresources.clone(),
            duration: self.duration,
            persistent: self.persistent,
            reason: self.reason.clone(),
            danger: None,
        })
    }
}

fn sound(source: &Source, format: Format) -> anyhow::Result<Outcome> {
    let unknown = source.unknown_resources()?;
    if let Some(first) = unknown.first() {
        let more = unknown.len() - 1;
        let more = if more == 0 { String::new() } else { format!("; and {more} more of the kind") };
        anyhow::bail!(
            "{first}: {}{more}. Correct the word, or give the clusters' catalogues with `--catalogue` or `--repo`",
            first.why
        );
    }
    let warnings = lint(&source.policy, &source.identities, &source.known_names()?);
    let told = Sound {
        rules: source.policy.rules().len(),
        persons: source.identities.iter().count(),
        sha256: source.policy.digest().to_owned(),
        catalogues: source.catalogues_from()?,
        warnings: warnings.iter().map(ToString::to_string).collect(),
    };
    match format {
        Format::Table | Format::Wide => {
            outln!("sound: {} rule(s), {} person(s)", told.rules, told.persons);
            outln!("sha256: {}", told.sha256);
            outln!("catalogue: {}", plain(&told.catalogues.join(", ")));
            told.warnings.iter().for_each(|warning| outln!("warning: {}", plain(warning)));
        }
        format => structured(&told, format)?,
    }
    Ok(Outcome::Done)
}

fn tell(source: &Source, ask: &Query, format: Format) -> anyhow::Result<Outcome> {
    let ground = source.ground(&ask.cluster)?;
    let asked = ask.find(source.inputs(&ground))?;
    let decision = explain(&source.policy, &source.identities, &asked.question());
    let told = Told::of(&decision, &asked, &ground.from);
    match format {
        Format::Table | Format::Wide => print(&told, &asked),
        format => structured(&told, format)?,
    }
    Ok(match decision.answer {
        Answer::Matched(_) => Outcome::Done,
        Answer::Refused(_) => Outcome::Refused,
    })
}

impl Told {
    fn of(decision: &Decision<'_>, asked: &ResolvedQuery, catalogue: &str) -> Self {
        let rules = decision.trace.iter().map(RuleTold::of).collect();
        let empty = Self {
            answer: "refused",
            rule: None,
            danger: asked.risk.worst,
            duration: None,
            catalogue: catalogue.to_owned(),
            approvals: Vec::new(),
            parts: Vec::new(),
            reasons: Vec::new(),
            rules,
        };
        match &decision.answer {
            Answer::Refused(reasons) => {
                let reason = |reason: &p0_access::policy::Reason| ReasonView {
                    code: reason.code(),
                    message: reason.sentence(),
                };
                Self { reasons: reasons.iter().map(reason).collect(), ..empty }
            }
            Answer::Matched(found) => Self {
                answer: "may-be-approved",
                rule: Some(found.rule.to_string()),
                duration: Some(found.limits.duration.to_string()),
                approvals: approvals(found),
                parts: found.parts.iter().map(PartTold::of).collect(),
                reasons: found
                    .unusable
                    .iter()
                    .map(|one| ReasonView { code: one.why.code(), message: one.why.sentence() })
                    .collect(),
                ..empty
            },
        }
    }
}

impl RuleTold {
    fn of(trace: &p0_access::policy::RuleTrace<'_>) -> Self {
        let (verdict, misses) = match trace.outcome {
            RuleOutcome::Disabled => ("disabled", Vec::new()),
            RuleOutcome::Denied => ("denies", Vec::new()),
            RuleOutcome::Matched => ("answers", Vec::new()),
            RuleOutcome::Missed(misses) => ("not-this", missed(trace.rule, misses)),
            RuleOutcome::Part(misses) => ("also", missed(trace.rule, misses)),
        };
        Self { rule: trace.rule.name.to_string(), verdict, misses }
    }
}

impl PartTold {
    fn of(part: &Match) -> Self {
        Self { rule: part.rule.to_string(), approvals: approvals(part) }
    }
}

fn missed(rule: &Rule, misses: Misses) -> Vec<ReasonView> {
    misses.iter().map(|miss| ReasonView { code: miss.code(), message: miss.sentence(rule) }).collect()
}

fn approvals(found: &Match) -> Vec<ApprovalTold> {
    let told = |alternative: &Alternative| {
        let (count, note) = match alternative {
            Alternative::Reviewers(who) | Alternative::Git(who) => (who.count, who.skipped.clone()),
            Alternative::Persistent { who, until } => (
                who.count,
                who.skipped.iter().cloned().chain([format!("until {}", written(*until))]).collect(),
            ),
            Alternative::Manager(_) => (1, Vec::new()),
            Alternative::Auto(auto) => (0, vec![format!("on call, for {} at most", auto.duration)]),
        };
        ApprovalTold {
            by: alternative.kind().to_string(),
            count,
            persons: alternative.persons().into_iter().map(ToString::to_string).collect(),
            note: note.join(", "),
        }
    };
    found.alternatives.iter().map(told).collect()
}

fn print(told: &Told, asked: &ResolvedQuery) {
    outln!(
        "{} on {} for {}",
        asked.role,
        plain(&asked.selection.to_string()),
        plain(&asked.subject.to_string())
    );
    outln!("catalogue: {}", plain(&told.catalogue));
    let danger = told.danger.map_or("none".to_owned(), |class| class.to_string());
    match (&told.rule, &told.duration) {
        (Some(rule), Some(duration)) => {
            outln!("may be approved under the rule `{rule}`, for {duration}; danger {danger}");
        }
        _ => outln!("refused; danger {danger}"),
    }
    told.reasons.iter().for_each(|reason| outln!("  {} [{}]", plain(&reason.message), reason.code));
    section("Who may approve: any one of these", &approval_table(&told.approvals));
    for part in &told.parts {
        let heading = format!("And for a part, under the rule `{}`: any one of these", part.rule);
        section(&heading, &approval_table(&part.approvals));
    }
    let rules = told.rules.iter().map(|rule| {
        let misses: Vec<&str> = rule.misses.iter().map(|miss| miss.message.as_str()).collect();
        vec![rule.rule.clone(), rule.verdict.to_owned(), misses.join("; ")]
    });
    section("Rules, in the order in which they are tried", &table(&["RULE", "VERDICT", "WHY NOT"], rules));
}

fn approval_table(approvals: &[ApprovalTold]) -> comfy_table::Table {
    let rows = approvals
        .iter()
        .map(|one| vec![one.by.clone(), one.count.to_string(), one.persons.join(", "), one.note.clone()]);
    table(&["BY", "COUNT", "PERSONS", "NOTE"], rows)
}
