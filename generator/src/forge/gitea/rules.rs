//! The rules that the base branch needs on a Gitea: made by `init`, and looked for by `doctor`.
//!
//! A removal waits for nothing but the check: no approvals are required of every pull request, because the bot itself counts reviews
//! of grants where a cluster's file asks for them.

use gitea_client::BranchProtection;

use crate::forge::VERIFY_CHECK;

/// What the webhook has to deliver so that the server looks at once.
pub(super) const HOOK_EVENTS: [&str; 3] = ["push", "pull_request", "status"];
/// Where the server takes deliveries.
pub(super) const HOOK_PATH: &str = "/webhooks/gitea";

/// Who has to reach the base branch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BranchUsers {
    /// Who opens and merges pull requests.
    pub bot: String,
    /// Who removes what has expired, from Git alone: only this user may push.
    pub sweeper: String,
    /// People who merge changes of policy, and grants in the mode `manual`.
    pub mergers: Vec<String>,
}

/// `rules` as the base branch needs them; what does not matter stays as it is, people who may merge already too.
pub(super) fn mended(rules: &BranchProtection, base: &str, users: &BranchUsers) -> BranchProtection {
    let mut checks = rules.status_check_contexts.clone();
    add(&mut checks, VERIFY_CHECK);
    let mut mergers = match rules.enable_merge_whitelist {
        true => rules.merge_whitelist_usernames.clone(),
        false => Vec::new(),
    };
    std::iter::once(&users.bot).chain(&users.mergers).for_each(|user| add(&mut mergers, user));
    BranchProtection {
        rule_name: base.to_owned(),
        enable_push: true,
        enable_push_whitelist: true,
        push_whitelist_usernames: vec![users.sweeper.clone()],
        push_whitelist_teams: Vec::new(),
        push_whitelist_deploy_keys: false,
        enable_force_push: false,
        enable_merge_whitelist: true,
        merge_whitelist_usernames: mergers,
        enable_status_check: true,
        status_check_contexts: checks,
        required_approvals: 0,
        block_on_rejected_reviews: true,
        block_on_official_review_requests: false,
        protected_file_patterns: String::new(),
        unprotected_file_patterns: String::new(),
        block_admin_merge_override: true,
        ..rules.clone()
    }
}

/// What of `rules` lets somebody past the check, or keeps a removal waiting; each with its remedy.
pub(super) fn faults(rules: &BranchProtection) -> Vec<String> {
    let base = &rules.rule_name;
    let wrong = [
        (
            rules.enable_push && !rules.enable_push_whitelist,
            format!("every writer may push to `{base}`: let the sweeper alone push"),
        ),
        (
            rules.enable_push && rules.push_whitelist_deploy_keys,
            format!("deploy keys may push to `{base}` past the check: take that right from them"),
        ),
        (
            !rules.push_whitelist_teams.is_empty(),
            format!(
                "the teams {} may push to `{base}` past the check: take them from the list",
                list(&rules.push_whitelist_teams)
            ),
        ),
        (
            rules.enable_force_push,
            format!(
                "the history of `{base}` may be rewritten by a force push: forbid it in the branch's rules"
            ),
        ),
        (
            !rules.unprotected_file_patterns.trim().is_empty(),
            format!(
                "every writer may push files that match `{}` to `{base}`: empty the unprotected file patterns",
                rules.unprotected_file_patterns
            ),
        ),
        (
            !rules.protected_file_patterns.trim().is_empty(),
            format!(
                "files that match `{}` cannot be changed by a pull request: empty the protected file patterns",
                rules.protected_file_patterns
            ),
        ),
        (
            !rules.enable_merge_whitelist,
            format!(
                "every writer may merge to `{base}` with a check that they post themselves: name the bot, and people who may, in the list of \
                 those who may merge"
            ),
        ),
        (
            !rules.block_admin_merge_override,
            format!("administrators may merge to `{base}` past its rules: let the rules hold for them too"),
        ),
        (
            rules.required_approvals > 0,
            format!(
                "`{base}` requires {} approval(s) of every pull request, so what takes access away waits for them: require none, and write \
                 `merge: review` into the cluster's file, where the bot counts reviews of grants",
                rules.required_approvals
            ),
        ),
        (
            rules.block_on_official_review_requests,
            format!(
                "a review that was asked for blocks merging to `{base}`, and the bot asks for reviews in every mode: switch that off"
            ),
        ),
    ];
    wrong.into_iter().filter_map(|(is_wrong, fault)| is_wrong.then_some(fault)).collect()
}

/// Who may change base besides the bot, in a sentence: what a site has to know of itself.
pub(super) fn who(rules: &BranchProtection) -> String {
    let pushers = match rules.enable_push {
        true => list(&rules.push_whitelist_usernames),
        false => "no user".to_owned(),
    };
    let mergers = list(&rules.merge_whitelist_usernames);
    let teams = match rules.merge_whitelist_teams.is_empty() {
        true => String::new(),
        false => format!(" and the teams {}", list(&rules.merge_whitelist_teams)),
    };
    format!("{pushers} may push, {mergers}{teams} may merge")
}

pub(super) fn list(names: &[String]) -> String {
    match names {
        [] => "no user".to_owned(),
        names => names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", "),
    }
}

fn add(names: &mut Vec<String>, name: &str) {
    if !names.iter().any(|own| own.eq_ignore_ascii_case(name)) {
        names.push(name.to_owned());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn users() -> BranchUsers {
        BranchUsers { bot: "bot".to_owned(), sweeper: "sweeper".to_owned(), mergers: vec!["ann".to_owned()] }
    }

    #[test]
    fn mended_rules_have_no_fault_and_are_not_mended_again() {
        let open = BranchProtection {
            enable_push: true,
            push_whitelist_deploy_keys: true,
            push_whitelist_teams: vec!["all".to_owned()],
            enable_force_push: true,
            unprotected_file_patterns: "docs/*".to_owned(),
            protected_file_patterns: "p0/*".to_owned(),
            required_approvals: 1,
            block_on_official_review_requests: true,
            rule_name: "main".to_owned(),
            ..BranchProtection::default()
        };
        assert_eq!(faults(&open).len(), 10);
        let rules = mended(&open, "main", &users());
        assert_eq!(faults(&rules), [] as [String; 0]);
        assert_eq!(mended(&rules, "main", &users()), rules);
        assert_eq!(who(&rules), "`sweeper` may push, `bot`, `ann` may merge");
    }

    #[test]
    fn other_checks_and_people_who_may_merge_stay() {
        let own = BranchProtection {
            enable_merge_whitelist: true,
            merge_whitelist_usernames: vec!["eve".to_owned(), "Bot".to_owned()],
            status_check_contexts: vec!["lint".to_owned()],
            ..BranchProtection::default()
        };
        let rules = mended(&own, "main", &users());
        assert_eq!(rules.merge_whitelist_usernames, ["eve", "Bot", "ann"]);
        assert_eq!(rules.status_check_contexts, ["lint", "p0/verify"]);
    }
}
