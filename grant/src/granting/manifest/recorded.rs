//! From a record to objects: a grant that was planned before, put together again without its role being read.
//!
//! A Terraform state is such a record: it holds the rules that a plan gave, and what they are bound to. This is no second
//! way to grant more: the record's digest must be that of its rules, and each rule must lie within the selection, so that
//! a record cannot say more than what was planned. The keeper of the record is responsible for the plan itself, as the
//! keeper of a grant file is.

use serde_json::Value;

use super::read::check_consistent;
use super::{Claims, Manifest, ManifestError, names};

impl Manifest {
    /// The objects of a grant that was recorded under the role object's name `name`.
    ///
    /// # Errors
    /// [`ManifestError`] where the record contradicts itself, or the name does not follow from it.
    pub fn recorded(name: &str, claims: Claims) -> Result<Self, ManifestError> {
        let prefix = names::prefix(name, &claims.role, &claims.selection.plural, &claims.id);
        if prefix.as_ref() != Some(&claims.prefix) {
            return Err(ManifestError::Name(name.to_owned()));
        }
        check_consistent(&claims)?;
        Self::build(name, claims)
    }

    /// The role object and the binding as the API server takes them.
    ///
    /// # Errors
    /// None for texts and lists, which is all they hold.
    pub fn to_json(&self) -> Result<[Value; 2], serde_json::Error> {
        Ok([serde_json::to_value(&self.role_object)?, serde_json::to_value(&self.binding)?])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::digest::SubsetDigest;
    use crate::rule::{ResourceRule, Rule};

    const NAME: &str = "p0-view-Deployments-vpl5aqzpwnnqmnkrzze2";

    fn rule(name: &str) -> Rule {
        ResourceRule::new(["get"], ["apps"], ["deployments"], [name]).unwrap().into()
    }

    fn claims() -> Claims {
        let rules = vec![rule("web")];
        Claims {
            id: "vpl5aqzpwnnqmnkrzze2".parse().unwrap(),
            managed_by: crate::grant::ManagedBy::TerraformProviderP0,
            role: "view".parse().unwrap(),
            selection: "apps/deployments default/web".parse().unwrap(),
            subresources: Vec::new(),
            digest: SubsetDigest::of(&rules),
            created_at: "2026-11-24T10:00:00Z".parse().unwrap(),
            expires_at: "2026-11-24T18:00:00Z".parse().unwrap(),
            rules,
            subject: "alice@example.com".parse().unwrap(),
            iam: None,
            role_object: crate::grant::RoleObject::ClusterRole,
            scope: crate::evaluate::BindingScope::Namespace("default".to_owned()),
            prefix: crate::grant::NamePrefix::default(),
            workflow: None,
            signature: None,
        }
    }

    #[test]
    fn a_record_gives_the_file_that_reads_back_as_it() {
        let manifest = Manifest::recorded(NAME, claims()).unwrap();
        assert_eq!(Manifest::read(&manifest.to_yaml().unwrap()).unwrap(), manifest);
        let [role, binding] = manifest.to_json().unwrap();
        assert_eq!(
            (role["kind"].as_str(), binding["kind"].as_str()),
            (Some("ClusterRole"), Some("RoleBinding"))
        );
        assert_eq!(Manifest::live(role, binding).unwrap(), manifest);
    }

    #[test]
    fn a_record_that_says_more_than_was_planned_is_refused() {
        let widened = |rules: Vec<Rule>| Claims { digest: SubsetDigest::of(&rules), rules, ..claims() };
        for claims in [
            Claims { rules: vec![rule("web"), rule("web")], ..claims() },
            widened(vec![rule("other")]),
            widened(vec![
                ResourceRule::new(["get"], ["apps"], ["deployments"], [] as [&str; 0]).unwrap().into(),
            ]),
            widened(vec![ResourceRule::new(["get"], [""], ["secrets"], ["web"]).unwrap().into()]),
            widened(Vec::new()),
            Claims { scope: crate::evaluate::BindingScope::Cluster, ..claims() },
            Claims { role: "edit".parse().unwrap(), ..claims() },
        ] {
            assert!(Manifest::recorded(NAME, claims.clone()).is_err(), "{claims:?}");
        }
    }
}
