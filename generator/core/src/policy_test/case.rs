//! Fixtures: requests with what a policy should say to them. Not here: where the files are.

use std::collections::BTreeSet;

use jiff::Timestamp;
use p0_grant::approval::ApprovalKind;
use p0_grant::on_call::DutyId;
use p0_grant::yaml::{self, Limits, YamlError};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_saphyr::Spanned;

use super::query::{PolicyInputs, Query};
use crate::api_version::ApiVersion;
use crate::duration::Lifetime;
use crate::name::{PersonName, RuleName};
use crate::policy::{Duty, Given, Match, OnCall, Proof, Reason, Vote, accept, decide};

/// A file of fixtures.
#[derive(Clone, Debug)]
pub struct Suite {
    /// The policy's file, from where the fixtures are.
    pub policy: Option<String>,
    /// The identities' file, from where the fixtures are.
    pub identities: Option<String>,
    /// A catalogue's file, from where the fixtures are.
    pub catalogue: Option<String>,
    /// The cases, each with its line.
    pub cases: Vec<(u64, Case)>,
}

/// The file.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(title = "A file for `p0-gitops policy test`")]
pub(crate) struct File {
    #[serde(rename = "apiVersion")]
    _api_version: ApiVersion,
    #[serde(rename = "kind")]
    _kind: Kind,
    /// The policy, relative to this file.
    #[serde(default)]
    policy: Option<String>,
    /// The identities, relative to this file.
    #[serde(default)]
    identities: Option<String>,
    /// A catalogue, relative to this file; without it, Kubernetes' own roles and resources.
    #[serde(default)]
    catalogue: Option<String>,
    /// The cases.
    #[schemars(with = "Vec<Case>")]
    tests: Vec<Spanned<Case>>,
}

#[derive(Debug, Deserialize, JsonSchema)]
enum Kind {
    PolicyTest,
}

/// One case.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Case {
    /// What it shows.
    pub name: String,
    /// What is asked.
    pub ask: Query,
    /// What is given for it, if anything.
    #[serde(default)]
    given: GivenFields,
    /// What the policy should say. What is left out may be anything.
    expect: Expect,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct GivenFields {
    /// Who approves by a click.
    approved: Vec<PersonName>,
    /// Who approves with their own key.
    signed: Vec<PersonName>,
    /// Who approves by reviewing the change.
    reviewed: Vec<PersonName>,
    /// Who is on call.
    on_call: Vec<DutyFields>,
    /// When; without it, the beginning of 2026.
    #[schemars(with = "Option<String>")]
    at: Option<Timestamp>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct DutyFields {
    person: PersonName,
    #[serde(default)]
    schedule: Option<DutyId>,
    #[serde(default)]
    escalation_policy: Option<DutyId>,
    #[serde(default)]
    level: Option<u32>,
    /// When the duty ends; without it, not in the test.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    until: Option<Timestamp>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct Expect {
    /// The rule that answers.
    rule: Option<RuleName>,
    /// Why it is refused, as codes.
    refused: Option<BTreeSet<String>>,
    /// Who may approve.
    approvers: Option<BTreeSet<PersonName>>,
    /// Which approval what is given is enough for.
    #[schemars(with = "Option<String>")]
    via: Option<ApprovalKind>,
    /// What what is given lacks, as codes.
    lacks: Option<BTreeSet<String>>,
    /// How long it lives.
    duration: Option<Lifetime>,
}

/// One case after it was tried.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CaseResult {
    /// What it shows.
    pub name: String,
    /// Its line in the file.
    pub line: u64,
    /// Where the policy says something else; empty where it passes.
    pub differences: Vec<Difference>,
}

/// One thing that is not as expected.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// Which field.
    pub field: &'static str,
    /// What should be.
    pub expected: String,
    /// What is.
    pub found: String,
}

/// What a policy says to a case, in the words of [`Expect`].
#[derive(Default)]
struct Said {
    rule: Option<String>,
    refused: Vec<String>,
    approvers: Vec<String>,
    via: Option<String>,
    lacks: Vec<String>,
    duration: Option<String>,
}

impl Suite {
    /// Reads a file of fixtures.
    ///
    /// # Errors
    /// [`YamlError`] with line and column; also where a case expects nothing, and so could never fail.
    pub fn read(text: &str) -> Result<Self, YamlError> {
        let File { policy, identities, catalogue, tests, .. } = yaml::read(text, Limits::FILE)?;
        if tests.is_empty() {
            return Err(YamlError::Somewhere("there are no tests".to_owned()));
        }
        let mut cases = Vec::with_capacity(tests.len());
        for case in tests {
            let at = case.referenced;
            if case.value.expect == Expect::default() {
                let message = format!("`{}` expects nothing", case.value.name);
                return Err(YamlError::At { line: at.line(), column: at.column(), message });
            }
            cases.push((at.line(), case.value));
        }
        Ok(Self { policy, identities, catalogue, cases })
    }

    /// Tries every case.
    pub fn run(&self, inputs: PolicyInputs<'_>) -> Vec<CaseResult> {
        let tried = |(line, case): &(u64, Case)| CaseResult {
            name: case.name.clone(),
            line: *line,
            differences: case.expect.differences(&case.said(inputs)),
        };
        self.cases.iter().map(tried).collect()
    }
}

impl Case {
    fn said(&self, inputs: PolicyInputs<'_>) -> Said {
        let asked = match self.ask.find(inputs) {
            Ok(asked) => asked,
            Err(error) => return Said { refused: vec![error.code().to_owned()], ..Said::default() },
        };
        let question = asked.question();
        match decide(inputs.policy, inputs.identities, &question).matched() {
            Err(reasons) => Said { refused: codes(&reasons), ..Said::default() },
            Ok(found) => match accept(&found, &question, &self.given.given()) {
                Ok(done) => Said {
                    via: Some(done.accepted.kind().to_string()),
                    duration: Some(done.max_duration.to_string()),
                    ..Said::matched(&found)
                },
                Err(reasons) => Said { lacks: codes(&reasons), ..Said::matched(&found) },
            },
        }
    }
}

impl Said {
    fn matched(found: &Match) -> Self {
        Self {
            rule: Some(found.rule.to_string()),
            approvers: found.approvers().into_iter().map(ToString::to_string).collect(),
            duration: Some(found.limits.duration.to_string()),
            ..Self::default()
        }
    }
}

fn codes(reasons: &[Reason]) -> Vec<String> {
    let codes: BTreeSet<&str> = reasons.iter().map(Reason::code).collect();
    codes.into_iter().map(str::to_owned).collect()
}

impl GivenFields {
    fn given(&self) -> Given {
        let votes = |persons: &[PersonName], proof| {
            persons.iter().map(|person| Vote { person: person.clone(), proof }).collect::<Vec<_>>()
        };
        let duty = |duty: &DutyFields| Duty {
            person: duty.person.clone(),
            schedule: duty.schedule.clone(),
            escalation: duty.escalation_policy.clone().map(|id| (id, duty.level.unwrap_or(1))),
            until: duty.until,
            incident: None,
        };
        let at = self.at.unwrap_or_else(|| {
            jiff::civil::date(2026, 1, 1)
                .to_zoned(jiff::tz::TimeZone::UTC)
                .map_or(Timestamp::UNIX_EPOCH, |at| at.timestamp())
        });
        let given =
            Given { on_call: OnCall::Duties(self.on_call.iter().map(duty).collect()), ..Given::nothing(at) };
        given
            .with_votes(votes(&self.approved, Proof::Bot))
            .with_votes(votes(&self.signed, Proof::Signature))
            .with_votes(votes(&self.reviewed, Proof::Review))
    }
}

impl Expect {
    fn differences(&self, said: &Said) -> Vec<Difference> {
        let none = || "none".to_owned();
        let list = |words: Vec<String>| if words.is_empty() { none() } else { words.join(", ") };
        let set = |words: &BTreeSet<String>| list(words.iter().cloned().collect());
        let names = |names: &BTreeSet<PersonName>| list(names.iter().map(ToString::to_string).collect());
        let fields = [
            ("rule", self.rule.as_ref().map(ToString::to_string), said.rule.clone().unwrap_or_else(none)),
            ("refused", self.refused.as_ref().map(set), list(said.refused.clone())),
            ("approvers", self.approvers.as_ref().map(names), list(said.approvers.clone())),
            ("via", self.via.map(|via| via.to_string()), said.via.clone().unwrap_or_else(none)),
            ("lacks", self.lacks.as_ref().map(set), list(said.lacks.clone())),
            (
                "duration",
                self.duration.map(|time| time.to_string()),
                said.duration.clone().unwrap_or_else(none),
            ),
        ];
        let differ = |(field, expected, found): (&'static str, Option<String>, String)| {
            expected.filter(|expected| *expected != found).map(|expected| Difference {
                field,
                expected,
                found,
            })
        };
        fields.into_iter().filter_map(differ).collect()
    }
}
