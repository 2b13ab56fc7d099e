//! Aggregation: the rules of a ClusterRole that is put together from others by their labels.
//!
//! kube-controller-manager writes them into the live role; where it does not run (and in files) they are missing, and
//! this finds the same ones.
//!
//! Source:
//! <https://github.com/kubernetes/kubernetes/blob/v1.36.2/pkg/controller/clusterroleaggregation/clusterroleaggregation_controller.go>.

use std::collections::BTreeMap;

use super::listed::ListedRole;
use super::selector::Selector;
use super::text;
use crate::discovery::LeftOut;
use crate::role::{Role, RoleRef};
use crate::rule::Rule;
use crate::yaml::YamlError;

/// The roles of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleList {
    /// Those that can be read, sorted, each with all its labels.
    pub roles: Vec<Role>,
    /// What of the text does not count, and why: objects of other kinds, roles that cannot be read, and the own rules of
    /// aggregated roles.
    pub left_out: Vec<LeftOut>,
}

/// Reads a `List`, a ClusterRoleList, a RoleList, a single role, or several such documents, in YAML or JSON, and resolves
/// aggregation from the very same roles.
///
/// An aggregated role whose members are in the text has their rules, as in a cluster, where a controller writes them over
/// the role's own. Where no member is in the text, the rules that the role has stay: kubectl prints a role so.
///
/// # Errors
/// [`YamlError`] with line and column for a text that is not YAML or holds no role that can be read.
///
/// ```
/// use p0_grant::catalogue::read_roles;
///
/// let text = "kind: ClusterRole
/// apiVersion: rbac.authorization.k8s.io/v1
/// metadata: {name: readers, uid: 0d2c}
/// rules:
/// - {apiGroups: [''], resources: [pods], verbs: [get]}
/// ";
/// let list = read_roles(text)?;
/// assert_eq!(list.roles[0].reference().to_string(), "ClusterRole/readers");
/// # Ok::<(), p0_grant::yaml::YamlError>(())
/// ```
pub fn read_roles(text: &str) -> Result<RoleList, YamlError> {
    let text::Listed { roles: listed, mut left_out } = text::read(text)?;
    let own = listed.iter().filter(|role| role.has_rules() && !role.selectors().is_empty());
    let own: Vec<Role> = own.cloned().map(ListedRole::into_role).collect();
    let roles = fill(listed, |_, members| !members.is_empty());
    let is_overwritten = |role: &&Role| !roles.contains(role);
    left_out.extend(own.iter().filter(is_overwritten).map(|role| LeftOut {
        what: format!("the own rules of {}", role.reference()),
        reason: "it is an aggregated role: the cluster gives it the rules of its members instead".to_owned(),
    }));
    Ok(RoleList { roles, left_out })
}

/// The roles of a cluster with the rules of aggregated ones filled in where the cluster's controller has not, sorted, each
/// with all its labels. Rules that a role has stay: they are what the cluster allows.
pub fn resolve(listed: Vec<ListedRole>) -> Vec<Role> {
    fill(listed, |role, _| role.is_unresolved())
}

/// The roles, with the rules of those that `is_open` says of role and members put together from the members.
///
/// Members come selector by selector, sorted by name; their rules are appended in order, a rule that is already there is
/// not repeated, and a role is no member of itself.
fn fill(listed: Vec<ListedRole>, is_open: impl Fn(&ListedRole, &[RoleRef]) -> bool) -> Vec<Role> {
    let open: Vec<(RoleRef, Vec<RoleRef>)> = listed
        .iter()
        .filter(|role| !role.selectors().is_empty())
        .map(|role| (role, members(role, &listed)))
        .filter(|(role, members)| is_open(role, members))
        .map(|(role, members)| (role.reference().clone(), members))
        .collect();
    let mut roles: BTreeMap<RoleRef, Role> =
        listed.into_iter().map(|listed| (listed.reference().clone(), listed.into_role())).collect();
    for (reference, _) in &open {
        if let Some(role) = roles.get_mut(reference) {
            *role = Role::new(reference.clone(), Vec::new()).with_labels(role.labels().clone());
        }
    }
    // A member may itself be aggregated (`admin` holds `edit`), so rules travel one step a round. As many rounds as there
    // are such roles reach the end of the longest chain, and end a ring of roles that hold each other.
    for _ in &open {
        for (reference, rules) in gather(&open, &roles) {
            if let Some(role) = roles.get_mut(&reference) {
                *role = Role::new(reference, rules).with_labels(role.labels().clone());
            }
        }
    }
    roles.into_values().collect()
}

fn members(role: &ListedRole, listed: &[ListedRole]) -> Vec<RoleRef> {
    let of = |selector: &Selector| {
        let mut names: Vec<RoleRef> = listed
            .iter()
            .filter(|other| matches!(other.reference(), RoleRef::ClusterRole(_)))
            .filter(|other| other.reference() != role.reference())
            .filter(|other| selector.matches(other.labels()))
            .map(|other| other.reference().clone())
            .collect();
        names.sort();
        names
    };
    role.selectors().iter().flat_map(of).collect()
}

fn gather(open: &[(RoleRef, Vec<RoleRef>)], roles: &BTreeMap<RoleRef, Role>) -> Vec<(RoleRef, Vec<Rule>)> {
    let of = |members: &[RoleRef]| {
        let mut rules: Vec<Rule> = Vec::new();
        let found = members.iter().filter_map(|member| roles.get(member));
        for rule in found.flat_map(Role::rules) {
            if !rules.contains(rule) {
                rules.push(rule.clone());
            }
        }
        rules
    };
    open.iter().map(|(role, members)| (role.clone(), of(members))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::read_roles;
    use crate::rule::ResourceRule;

    fn role(name: &str, labels: &str, resources: &str) -> String {
        let rules: Vec<String> = resources
            .split_whitespace()
            .map(|resource| format!("{{apiGroups: [''], resources: [{resource}], verbs: [get]}}"))
            .collect();
        let metadata = format!("metadata: {{name: {name}, labels: {{{labels}}}}}");
        format!("kind: ClusterRole\n{metadata}\nrules: [{}]\n---\n", rules.join(", "))
    }

    fn aggregate(name: &str, labels: &str, selectors: &str) -> String {
        let metadata = format!("metadata: {{name: {name}, labels: {{{labels}}}}}");
        let rule = format!("aggregationRule: {{clusterRoleSelectors: [{selectors}]}}");
        format!("kind: ClusterRole\n{metadata}\n{rule}\nrules: null\n---\n")
    }

    /// The resources of a role's rules, in order.
    fn resources(listed: &[String], name: &str) -> String {
        let roles = read_roles(&listed.concat()).unwrap().roles;
        let role = roles.iter().find(|role| role.reference().name().as_str() == name);
        let resource = |rule: &Rule| match rule {
            Rule::Resource(rule) => rule.resources()[0].clone(),
            Rule::Url(_) => panic!("no such rule here"),
        };
        let resources: Vec<String> = role.unwrap().rules().iter().map(resource).collect();
        resources.join(" ")
    }

    #[test]
    fn rules_come_by_selector_then_name_and_never_twice() {
        let listed = [
            aggregate("all", "first: a", "{matchLabels: {second: a}}, {matchLabels: {first: a}}"),
            role("b", "first: a", "pods secrets"),
            role("a", "first: a", "nodes pods"),
            role("z", "second: a", "events"),
            role("n", "first: b", "never"),
        ];
        assert_eq!(resources(&listed, "all"), "events nodes pods secrets");
    }

    #[test]
    fn aggregates_of_aggregates_and_rings_are_resolved() {
        let listed = [
            aggregate("admin", "to: nobody", "{matchLabels: {to: admin}}"),
            aggregate("edit", "to: admin", "{matchLabels: {to: edit}}"),
            aggregate("view", "to: edit", "{matchLabels: {to: view}}"),
            role("base", "to: view", "pods"),
            aggregate("egg", "ring: hen", "{matchLabels: {ring: egg}}"),
            aggregate("hen", "ring: egg", "{matchLabels: {ring: hen}}"),
            role("farm", "ring: egg", "eggs"),
        ];
        for name in ["view", "edit", "admin"] {
            assert_eq!(resources(&listed, name), "pods", "{name}");
        }
        assert_eq!(resources(&listed, "hen"), "eggs");
    }

    #[test]
    fn expressions_match_as_label_selectors_do() {
        for (expression, expected) in [
            ("{key: team, operator: In, values: [red, blue]}", "blues reds"),
            ("{key: team, operator: NotIn, values: [red]}", "blues nobodys"),
            ("{key: team, operator: Exists}", "blues reds"),
            ("{key: team, operator: DoesNotExist}", "nobodys"),
        ] {
            let listed = [
                aggregate("all", "", &format!("{{matchExpressions: [{expression}]}}")),
                role("blue", "team: blue", "blues"),
                role("nobody", "", "nobodys"),
                role("red", "team: red", "reds"),
            ];
            assert_eq!(resources(&listed, "all"), expected, "{expression}");
        }
    }

    /// An aggregated role with a rule of its own on pods.
    fn with_own_rule(name: &str, labels: &str) -> String {
        let rule = "rules: [{apiGroups: [''], resources: [pods], verbs: [get]}]";
        aggregate(name, labels, "{matchLabels: {to: all}}").replace("rules: null", rule)
    }

    #[test]
    fn an_aggregated_role_has_its_members_rules_as_in_a_cluster() {
        let listed = [with_own_rule("all", ""), role("part", "to: all", "nodes")];
        assert_eq!(resources(&listed, "all"), "nodes");
        let left_out = read_roles(&listed.concat()).unwrap().left_out;
        assert_eq!(left_out.len(), 1);
        assert_eq!(left_out[0].what, "the own rules of ClusterRole/all");
        // As kubectl prints one that the controller has filled.
        let filled = [with_own_rule("all", ""), role("part", "to: all", "pods")];
        assert_eq!(read_roles(&filled.concat()).unwrap().left_out, []);
        let alone = [with_own_rule("all", "")];
        assert_eq!(resources(&alone, "all"), "pods");
        // Two that hold each other keep none of their own.
        let ring = [
            with_own_rule("one", "to: all"),
            with_own_rule("two", "to: all"),
            role("part", "to: all", "nodes"),
        ];
        assert_eq!(resources(&ring, "one"), "nodes");
    }

    #[test]
    fn rules_that_a_live_role_has_stay() {
        let listed = [with_own_rule("all", ""), role("part", "to: all", "nodes")]
            .map(|text| text.replace("---\n", ""));
        let listed = listed.map(|text| crate::yaml::read(&text, crate::yaml::Limits::CLUSTER).unwrap());
        let roles = resolve(listed.into());
        let pods = ResourceRule::new(["get"], [""], ["pods"], [] as [&str; 0]).unwrap();
        assert_eq!(roles[0].rules(), [pods.into()]);
    }
}
