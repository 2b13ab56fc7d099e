//! The rules of a branch, from all rulesets that hold for it, and who may pass them.

use serde::Deserialize;
use serde_json::Value;

use super::Client;
use super::error::GithubError;

/// What holds for a branch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BranchRules {
    /// The checks that are required.
    pub required_checks: Vec<RequiredCheck>,
    /// Whether every change goes through a pull request.
    pub requires_pull_request: bool,
    /// How many approvals are required, of every pull request.
    pub required_approvals: u64,
    /// Whether code owners have to approve.
    pub requires_code_owners: bool,
    /// Whether its history cannot be rewritten.
    pub forbids_force_push: bool,
    /// Whether it cannot be deleted.
    pub forbids_deletion: bool,
    /// Whether changes go through a merge queue.
    pub has_merge_queue: bool,
    /// The rulesets of the repository that these are from.
    pub rulesets: Vec<u64>,
}

/// A check that is required.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct RequiredCheck {
    /// Its name.
    pub context: String,
    /// The App that has to post it; `None` where everybody may.
    #[serde(default)]
    pub integration_id: Option<u64>,
}

/// A ruleset.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Ruleset {
    /// What it is called.
    pub name: String,
    /// Who passes it; `None` where the one who asks may not know.
    #[serde(default)]
    pub bypass_actors: Option<Vec<BypassActor>>,
}

/// Somebody whom a ruleset does not hold for.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct BypassActor {
    /// Their number.
    #[serde(default)]
    pub actor_id: Option<u64>,
    /// `Integration`, `OrganizationAdmin`, `RepositoryRole`, `Team`, `DeployKey`, ….
    pub actor_type: String,
    /// `always`, `pull_request`, ….
    #[serde(default)]
    pub bypass_mode: Option<String>,
}

#[derive(Deserialize)]
struct Rule {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    parameters: Value,
    #[serde(default)]
    ruleset_source_type: String,
    #[serde(default)]
    ruleset_id: Option<u64>,
}

impl BranchRules {
    /// Whether a check is required.
    pub fn requires(&self, context: &str) -> bool {
        self.required_checks.iter().any(|check| check.context == context)
    }

    /// Whether a check is required of this App. Where another ruleset requires it of anybody, both have to be satisfied.
    pub fn pins(&self, context: &str, app: u64) -> bool {
        let own = |check: &RequiredCheck| check.context == context && check.integration_id == Some(app);
        self.required_checks.iter().any(own)
    }

    fn add(&mut self, rule: &Rule) {
        let number = |name: &str| rule.parameters.get(name).and_then(Value::as_u64).unwrap_or(0);
        let is_on = |name: &str| rule.parameters.get(name).and_then(Value::as_bool).unwrap_or(false);
        match rule.kind.as_str() {
            "required_status_checks" => {
                let checks = rule.parameters.get("required_status_checks").cloned().unwrap_or_default();
                self.required_checks.extend(serde_json::from_value::<Vec<_>>(checks).unwrap_or_default());
            }
            "pull_request" => {
                self.requires_pull_request = true;
                self.required_approvals =
                    self.required_approvals.max(number("required_approving_review_count"));
                self.requires_code_owners |= is_on("require_code_owner_review");
            }
            "non_fast_forward" => self.forbids_force_push = true,
            "deletion" => self.forbids_deletion = true,
            "merge_queue" => self.has_merge_queue = true,
            _ => {}
        }
        if let Some(id) = rule
            .ruleset_id
            .filter(|id| rule.ruleset_source_type == "Repository" && !self.rulesets.contains(id))
        {
            self.rulesets.push(id);
        }
    }
}

impl Client {
    /// What holds for a branch, from every ruleset. Who passes them is not here ([`Client::ruleset`]).
    ///
    /// # Errors
    /// [`GithubError`].
    pub async fn branch_rules(&self, branch: &str) -> Result<BranchRules, GithubError> {
        let all: Vec<Rule> =
            self.list("reading the branch's rules", &["rules", "branches", branch], &[]).await?;
        let mut rules = BranchRules::default();
        all.into_iter().for_each(|rule| rules.add(&rule));
        Ok(rules)
    }

    /// A ruleset of the repository.
    ///
    /// # Errors
    /// [`GithubError`].
    pub async fn ruleset(&self, id: u64) -> Result<Ruleset, GithubError> {
        self.get("reading the ruleset", &["rulesets", &id.to_string()], &[]).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_of_several_rulesets_add_up() {
        let text = r#"[
            {"type": "deletion", "ruleset_source_type": "Repository", "ruleset_id": 1},
            {"type": "pull_request", "ruleset_source_type": "Repository", "ruleset_id": 1,
             "parameters": {"required_approving_review_count": 2, "require_code_owner_review": true}},
            {"type": "required_status_checks", "ruleset_source_type": "Organization", "ruleset_id": 2,
             "parameters": {"required_status_checks": [{"context": "p0/verify", "integration_id": 7}, {"context": "lint"}]}}
        ]"#;
        let mut rules = BranchRules::default();
        serde_json::from_str::<Vec<Rule>>(text).unwrap().into_iter().for_each(|rule| rules.add(&rule));
        assert!(rules.pins("p0/verify", 7) && !rules.pins("p0/verify", 8) && !rules.pins("lint", 7));
        assert!(rules.requires("lint") && rules.forbids_deletion && !rules.forbids_force_push);
        assert_eq!(
            (rules.required_approvals, rules.requires_code_owners, rules.rulesets),
            (2, true, vec![1])
        );
    }
}
