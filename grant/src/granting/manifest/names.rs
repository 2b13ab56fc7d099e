//! What the objects are called: `p0-view-Deployments-<id>`, and the same with `-binding`.
//!
//! Not here: the kind's capitals, which only discovery knows ([`crate::resource::ApiResource::capitalised_plural`]).

use crate::grant::NamePrefix;
use crate::name::GrantId;
use crate::role::RoleRef;

/// The role object's name. `:` is legal in it, and a nuisance in paths and URLs.
///
/// `resources` is the kind's plural in the kind's own capitals ([`crate::resource::ApiResource::capitalised_plural`]).
pub fn role_object(prefix: &NamePrefix, role: &RoleRef, resources: &str, id: &GrantId) -> String {
    format!("{prefix}-{}-{resources}-{id}", part(role))
}

/// The binding's name.
pub(super) fn binding(role_object: &str) -> String {
    format!("{role_object}-binding")
}

/// The prefix of a role object's name, if all the rest of the name is what these three give, whatever the capitals of the
/// plural.
pub(super) fn prefix(name: &str, role: &RoleRef, plural: &str, id: &GrantId) -> Option<NamePrefix> {
    let rest = name.strip_suffix(id.as_str())?.strip_suffix('-')?;
    let (at, _) = rest.char_indices().nth_back(plural.chars().count().checked_sub(1)?)?;
    let (rest, resources) = rest.split_at_checked(at)?;
    if resources.to_lowercase() != plural.to_lowercase() {
        return None;
    }
    let prefix = rest.strip_suffix('-')?.strip_suffix(part(role).as_str())?.strip_suffix('-')?;
    NamePrefix::new(prefix).ok()
}

fn part(role: &RoleRef) -> String {
    role.name().as_str().replace(':', ".")
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "vpl5aqzpwnnqmnkrzze2";

    fn read(name: &str, role: &str, plural: &str) -> Option<String> {
        let id = GrantId::new(ID).unwrap();
        prefix(name, &role.parse().unwrap(), plural, &id).map(String::from)
    }

    #[test]
    fn the_prefix_is_what_the_rest_of_the_name_leaves() {
        for (role, plural, resources, prefix) in [
            ("view", "deployments", "Deployments", "p0"),
            ("team:view", "networkpolicies", "NetworkPolicies", "acme-access"),
            ("default/a-b", "csidrivers", "CSIDrivers", "p0"),
            ("é", "x", "x", "p0"),
        ] {
            let (id, wanted) = (GrantId::new(ID).unwrap(), NamePrefix::new(prefix).unwrap());
            let name = role_object(&wanted, &role.parse().unwrap(), resources, &id);
            assert_eq!(read(&name, role, plural).as_deref(), Some(prefix), "{name}");
        }
    }

    #[test]
    fn another_role_resource_or_id_in_the_name_is_seen() {
        for name in [
            "p0-view-Deployments-aaaaaaaaaaaaaaaaaaaa",
            "p0-edit-Deployments-vpl5aqzpwnnqmnkrzze2",
            "p0-view-Pods-vpl5aqzpwnnqmnkrzze2",
            "view-Deployments-vpl5aqzpwnnqmnkrzze2",
            "P0-view-Deployments-vpl5aqzpwnnqmnkrzze2",
            "p0-view-vpl5aqzpwnnqmnkrzze2",
            "vpl5aqzpwnnqmnkrzze2",
            "",
        ] {
            assert_eq!(read(name, "view", "deployments"), None, "{name}");
        }
    }
}
