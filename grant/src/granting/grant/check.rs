//! What holds for a grant that is made and for one that is read. Not here: what only a plan or a catalogue can prove.

use jiff::Timestamp;

use super::{GrantError, Workflow};
use crate::arn::IamIdentity;
use crate::mapping::Mapping;
use crate::role::RoleRef;
use crate::rule::{ResourceRule, Rule};
use crate::subject::{Subject, SubjectView};
use crate::text::{TextError, check_line, check_text};

/// The parts of a grant that may hold what a grant must not.
pub(crate) struct Terms<'g> {
    pub(crate) role: &'g RoleRef,
    pub(crate) selection: String,
    pub(crate) subresources: String,
    pub(crate) rules: &'g [Rule],
    pub(crate) subject: &'g Subject,
    pub(crate) iam: Option<&'g IamIdentity>,
    pub(crate) created_at: Timestamp,
    pub(crate) expires_at: Timestamp,
    pub(crate) workflow: Option<&'g Workflow>,
}

impl Terms<'_> {
    /// Times first, then texts.
    pub(crate) fn check(&self) -> Result<(), GrantError> {
        self.check_times()?;
        line("the role's name", &self.role.to_string())?;
        line("the selection", &self.selection)?;
        line("the subresources", &self.subresources)?;
        line("the subject", &self.subject.to_string())?;
        self.iam.map_or(Ok(()), |iam| check_iam(iam, self.subject))?;
        self.rules.iter().filter_map(Rule::as_resource).try_for_each(check_rule)?;
        self.workflow.map_or(Ok(()), check_workflow)
    }

    /// Whole seconds, because fractions would not read back as they are written; the end after the beginning.
    fn check_times(&self) -> Result<(), GrantError> {
        let Self { created_at, expires_at, .. } = *self;
        let workflow = self.workflow.into_iter();
        let signed = workflow.clone().flat_map(|flow| flow.approver_signatures.iter().map(|own| own.at));
        let duties = workflow.clone().flat_map(|flow| flow.on_call.iter().filter_map(|duty| duty.until));
        let others = workflow.filter_map(|flow| flow.merge_before).chain(signed).chain(duties);
        for time in [created_at, expires_at].into_iter().chain(others) {
            if time.subsec_nanosecond() != 0 {
                return Err(GrantError::Fraction(time));
            }
        }
        if expires_at <= created_at { Err(GrantError::Expiry { created_at, expires_at }) } else { Ok(()) }
    }
}

/// An entry in `aws-auth` gives one person one user name.
fn check_iam(iam: &IamIdentity, subject: &Subject) -> Result<(), GrantError> {
    let SubjectView::User(name) = subject.view() else {
        return Err(GrantError::IamOfNoUser(subject.to_string()));
    };
    let mapping = Mapping::new(iam.clone(), name);
    mapping.map(drop).map_err(|source| GrantError::IamUsername { arn: iam.to_string(), source })
}

fn check_rule(rule: &ResourceRule) -> Result<(), GrantError> {
    let lists = [rule.verbs(), rule.api_groups(), rule.resources()];
    lists.into_iter().flatten().try_for_each(|entry| line("a rule of the role", entry))?;
    rule.resource_names().iter().try_for_each(|name| text("a resource name of the role", name))
}

fn check_workflow(flow: &Workflow) -> Result<(), GrantError> {
    required("the cluster", &flow.cluster)?;
    required("the requester", &flow.requester)?;
    for approver in &flow.approvers {
        line("an approver", approver)?;
        if approver.contains(',') || approver.is_empty() {
            return Err(GrantError::Approver(approver.clone()));
        }
    }
    for (field, value) in [
        ("the policy rule", &flow.policy_rule),
        ("the policy's digest", &flow.policy_sha256),
        ("the request's URL", &flow.request_url),
        ("the former file's digest", &flow.previous),
        ("the preapproval", &flow.preapproval),
    ] {
        value.as_deref().map_or(Ok(()), |value| line(field, value))?;
    }
    flow.reason.as_deref().map_or(Ok(()), |reason| text("the reason", reason))
}

fn required(field: &'static str, value: &str) -> Result<(), GrantError> {
    if value.is_empty() { Err(GrantError::Empty(field)) } else { line(field, value) }
}

fn line(field: &'static str, value: &str) -> Result<(), GrantError> {
    check_line(value).map_err(named(field))
}

fn text(field: &'static str, value: &str) -> Result<(), GrantError> {
    check_text(value).map_err(named(field))
}

fn named(field: &'static str) -> impl Fn(TextError) -> GrantError {
    move |source| GrantError::Text { field, source }
}
