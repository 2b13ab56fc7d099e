//! What a state says of a grant, in types that cannot be wrong, and the texts that a state is written in.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use p0_grant::arn::IamIdentity;
use p0_grant::digest::SubsetDigest;
use p0_grant::mapping::Mapping;
use p0_grant::name::GrantId;
use p0_grant::role::RoleRef;
use p0_grant::rule::{ResourceRule, Rule};
use p0_grant::selection::SelectionText;
use p0_grant::subject::{Subject, SubjectView};
use tfplugin::diagnostics::{Diagnostic, Diagnostics};
use tfplugin::value::{FromValue, IntoValue, Value};

use super::attributes::{eks, metadata, role, subject, subresources, texts};
use super::values::identity;
use crate::cluster::Kind;
use crate::text::chain;

/// A grant that was made, or recorded as one that would have been.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Record {
    pub(crate) id: GrantId,
    pub(crate) created_at: Timestamp,
    pub(crate) expires_at: Timestamp,
    pub(crate) role: RoleRef,
    pub(crate) subject: Subject,
    pub(crate) iam: Option<IamIdentity>,
    pub(crate) selection: SelectionText,
    pub(crate) subresources: BTreeSet<String>,
    pub(crate) rules: Vec<Rule>,
    pub(crate) digest: SubsetDigest,
    pub(crate) reason: Option<String>,
    pub(crate) annotations: BTreeMap<String, String>,
    pub(crate) labels: BTreeMap<String, String>,
    pub(crate) role_name: String,
    pub(crate) binding_name: String,
    pub(crate) binding_kind: Kind,
    pub(crate) expired: bool,
    pub(crate) active: bool,
}

tfplugin::model! {
    /// One rule.
    struct RuleTexts {
        api_groups: Vec<String>,
        resources: Vec<String>,
        resource_names: Vec<String>,
        verbs: Vec<String>,
    }
}

/// Why a state is not one of ours.
fn damaged(part: &str, why: &str) -> Diagnostics {
    let detail = format!(
        "`{part}` in the state {why}. Restore the state from a backup, or remove the grant from it (`terraform state rm`) and \
         import it by its id."
    );
    Diagnostic::error("The state is damaged", detail).at_attribute(part).into()
}

impl Record {
    /// Reads a state.
    pub(crate) fn read(state: &Value) -> Result<Self, Diagnostics> {
        let mut wrong = Diagnostics::new();
        let (role, subject) = (role(state, &mut wrong), subject(state, &mut wrong));
        let eks = eks::eks(state, &mut wrong);
        eks::check(&eks, &subject, &mut wrong);
        let reason = metadata::reason(state, &mut wrong);
        if wrong.has_errors() {
            let details: Vec<&str> = wrong.iter().map(|one| one.detail.as_str()).collect();
            return Err(damaged("role", &format!("cannot be read: {}", details.join(" "))));
        }
        let known = |what: &str| damaged(what, "is missing");
        let digest = parsed(state, "subset_sha256", |text| SubsetDigest::try_from(text.to_owned()))?;
        Ok(Self {
            id: parsed(state, "id", |text| text.parse::<GrantId>())?,
            created_at: parsed(state, "created_at", |text| text.parse::<Timestamp>())?,
            expires_at: parsed(state, "expires_at", |text| text.parse::<Timestamp>())?,
            role: role.into_known().ok_or_else(|| known("role"))?,
            subject: subject.into_known().ok_or_else(|| known("subject"))?,
            iam: eks.into_known().map(|named| named.identity),
            selection: parsed(state, "selection", |text| text.parse::<SelectionText>())?,
            subresources: subresources(state).into_known().ok_or_else(|| known("subresources"))?,
            rules: rules_from(state.attribute("rules"))?,
            digest,
            reason: reason.into_known(),
            annotations: texts(state, "annotations"),
            labels: texts(state, "labels"),
            role_name: text(state, "role_name")?.to_owned(),
            binding_name: text(state, "binding_name")?.to_owned(),
            binding_kind: Kind::called(text(state, "binding_kind")?)
                .ok_or_else(|| damaged("binding_kind", "is not the kind of a binding"))?,
            expired: flag(state, "expired"),
            active: flag(state, "active"),
        })
    }

    /// The namespace of the binding, where it has one.
    pub(crate) fn namespace(&self) -> Option<String> {
        self.selection.target.namespace().map(ToString::to_string)
    }

    /// The mapping that `aws-auth` must have for the grant to count; `None` where it needs none.
    pub(crate) fn mapping(&self) -> Option<Mapping> {
        let SubjectView::User(name) = self.subject.view() else { return None };
        Mapping::new(self.iam.clone()?, name).ok()
    }

    /// What tells this grant from others.
    pub(crate) fn identity(&self) -> Value {
        identity(Value::string(self.id.as_str()), self.namespace().into_value())
    }
}

fn text<'s>(state: &'s Value, name: &str) -> Result<&'s str, Diagnostics> {
    state.attribute(name).and_then(Value::as_str).ok_or_else(|| damaged(name, "is missing"))
}

fn flag(state: &Value, name: &str) -> bool {
    state.attribute(name) == Some(&Value::Bool(true))
}

fn parsed<T, E: std::error::Error + 'static>(
    state: &Value,
    name: &str,
    parse: impl FnOnce(&str) -> Result<T, E>,
) -> Result<T, Diagnostics> {
    parse(text(state, name)?).map_err(|error| damaged(name, &format!("cannot be read: {}", chain(&error))))
}

fn rules_from(value: Option<&Value>) -> Result<Vec<Rule>, Diagnostics> {
    let texts: Vec<RuleTexts> = value
        .cloned()
        .and_then(|value| Vec::from_value(value).ok())
        .ok_or_else(|| damaged("rules", "are missing or not a list of rules"))?;
    let rule = |texts: RuleTexts| {
        ResourceRule::new(texts.verbs, texts.api_groups, texts.resources, texts.resource_names)
            .map(Rule::from)
    };
    let rules: Result<Vec<Rule>, _> = texts.into_iter().map(rule).collect();
    rules.map_err(|error| damaged("rules", &format!("cannot be read: {}", chain(&error))))
}

/// Rules as a state has them.
pub(crate) fn rules_value(rules: &[Rule]) -> Value {
    let texts = |rule: &ResourceRule| RuleTexts {
        api_groups: rule.api_groups().to_vec(),
        resources: rule.resources().to_vec(),
        resource_names: rule.resource_names().to_vec(),
        verbs: rule.verbs().to_vec(),
    };
    let rules: Vec<RuleTexts> = rules.iter().filter_map(Rule::as_resource).map(texts).collect();
    rules.into_value()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_read_back_from_a_state() {
        let rules: Vec<Rule> = vec![
            ResourceRule::new(["get", "*"], ["apps", "extensions"], ["deployments"], ["web"]).unwrap().into(),
            ResourceRule::new(["get"], [""], ["pods", "pods/log"], [] as [&str; 0]).unwrap().into(),
        ];
        assert_eq!(rules_from(Some(&rules_value(&rules))).unwrap(), rules);
        assert!(rules_from(None).is_err());
    }
}
