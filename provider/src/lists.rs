//! The list resource of `p0_k8s_grant`: grants of this provider that are in the cluster, whether a state knows them or not.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use p0_grant::grant::ManagedBy;
use p0_grant::manifest::GRANT;
use tfplugin::diagnostics::Diagnostic;
use tfplugin::provider::{Call, ListResource, Listed, Outcome, Query};
use tfplugin::schema::Schema;
use tfplugin::value::Value;

use crate::cluster::{LiveObject, ObjectRef, granted_role};
use crate::discovered::{DiscoveredGrant, discover};
use crate::grant::imported;
use crate::grant_filter::{GrantFilter, with_filter};
use crate::session::Session;

/// All of them, by the resource that they list.
pub fn all(session: &Session) -> Vec<(&'static str, Arc<dyn ListResource>)> {
    vec![("p0_k8s_grant", Arc::new(Grants(session.clone())))]
}

struct Grants(Session);

#[async_trait]
impl ListResource for Grants {
    fn schema(&self) -> Schema {
        with_filter(Schema::new(
            "The grants of this provider that are in the cluster, whether a state knows them or not. Those of `p0-gitops` are \
             not among them.",
        ))
    }

    async fn validate(&self, _call: &mut Call, config: Value) -> Outcome<()> {
        GrantFilter::read(&config).map(drop)
    }

    async fn list(&self, call: &mut Call, query: Query) -> Outcome<Vec<Listed>> {
        let filter = GrantFilter::read(&query.config)?;
        let cluster = self.0.cluster()?;
        let objects = cluster.granted(filter.namespace()).await?;
        let uid = cluster.uid().await?.map(str::to_owned);
        let own = ManagedBy::TerraformProviderP0.to_string();
        let wanted = discover(&objects, cluster.now().await?)
            .into_iter()
            .filter(|found| found.managed_by == own && found.live && filter.matches(found));
        let by_reference: BTreeMap<ObjectRef, &LiveObject> =
            objects.iter().filter_map(|live| Some((live.reference()?, live))).collect();
        let mut listed = Vec::new();
        for found in wanted {
            if listed.len() == query.limit {
                break;
            }
            match one(&found, &by_reference, uid.clone()) {
                Ok(stored) => listed.push(stored),
                Err(problem) => call.diagnostics.push(problem),
            }
        }
        if !query.with_objects {
            listed.iter_mut().for_each(|one| one.object = None);
        }
        Ok(listed)
    }
}

/// One grant as state; what is no longer as a grant makes it is told and left out.
fn one(
    found: &DiscoveredGrant,
    by_reference: &BTreeMap<ObjectRef, &LiveObject>,
    uid: Option<String>,
) -> Result<Listed, Diagnostic> {
    let left_out = |detail: String| Diagnostic::warning("A grant is left out of the list", detail);
    let is_it = |reference: &ObjectRef, live: &LiveObject| {
        live.label(GRANT) == Some(found.id.as_str()) && granted_role(reference, live).is_some()
    };
    let binding = by_reference.iter().find(|(reference, live)| is_it(reference, live));
    let (reference, binding) = binding.ok_or_else(|| left_out(format!("`{}` has no binding.", found.id)))?;
    let role = granted_role(reference, binding).and_then(|role| by_reference.get(&role).copied());
    let imported = imported(role, binding, uid).map_err(|told| {
        let why: Vec<&str> = told.iter().map(|one| one.detail.as_str()).collect();
        left_out(format!("`{}`: {}", found.id, why.join(" ")))
    })?;
    let identity = imported.stored.identity.unwrap_or(Value::Null);
    Ok(Listed { identity, name: imported.name, object: Some(imported.stored.state) })
}
