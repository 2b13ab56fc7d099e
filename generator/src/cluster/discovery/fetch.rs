//! Asking for discovery: aggregated in one answer, or group by group where the server is too old for that (before 1.27).

use std::collections::BTreeMap;

use http::header::ACCEPT;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{APIGroup, APIResource, APIResourceList};
use p0_grant::discovery::{AGGREGATED, Document, GroupVersion, Served, ServedObject};
use p0_grant::resource::Scope;

use super::super::{Cluster, ClusterError};

impl Cluster {
    /// Every version of every group, core first.
    pub(super) async fn group_versions(&self) -> Result<Vec<GroupVersion>, ClusterError> {
        let core = self.aggregated("/api").await?;
        let groups = self.aggregated("/apis").await?;
        match (core, groups) {
            (Some(core), Some(groups)) => Ok(core.into_iter().chain(groups).collect()),
            _ => self.each_group().await,
        }
    }

    /// The aggregated answer; `None` from a server that does not know it.
    async fn aggregated(&self, path: &str) -> Result<Option<Vec<GroupVersion>>, ClusterError> {
        let action = format!("discover `{path}`");
        let failed = |error| ClusterError::answer(&self.server, action.as_str(), error);
        let request = http::Request::get(path)
            .header(ACCEPT, AGGREGATED)
            .body(Vec::new())
            .map_err(|error| failed(kube::Error::HttpError(error)))?;
        match self.client.request::<Document>(request).await {
            Err(kube::Error::Api(status)) if status.code == 406 => Ok(None),
            answer => Ok(answer.map_err(failed)?.group_versions()),
        }
    }

    async fn each_group(&self) -> Result<Vec<GroupVersion>, ClusterError> {
        tracing::debug!("no aggregated discovery, asking group by group");
        let failed = |error| ClusterError::answer(&self.server, "discover the API groups", error);
        let mut found = Vec::new();
        for version in self.client.list_core_api_versions().await.map_err(failed)?.versions {
            let answer = self.client.list_core_api_resources(&version).await;
            found.push(self.group_version("", version, answer)?);
        }
        for group in self.client.list_api_groups().await.map_err(failed)?.groups {
            for version in by_preference(&group) {
                let path = format!("{}/{version}", group.name);
                let answer = self.client.list_api_group_resources(&path).await;
                found.push(self.group_version(&group.name, version, answer)?);
            }
        }
        Ok(found)
    }

    /// An answer for one group that is an error of that group alone is data; any other error ends discovery.
    fn group_version(
        &self,
        group: &str,
        version: String,
        answer: Result<APIResourceList, kube::Error>,
    ) -> Result<GroupVersion, ClusterError> {
        let answer = match answer {
            Ok(list) => Ok(from_list(list.resources)),
            Err(kube::Error::Api(status)) if !matches!(status.code, 401 | 403) => {
                Err(format!("the server answers {} {}", status.code, status.message))
            }
            Err(error) => {
                let action = format!("discover `{group}/{version}`");
                return Err(ClusterError::answer(&self.server, action, error));
            }
        };
        Ok(GroupVersion { group: group.to_owned(), version, answer })
    }
}

fn by_preference(group: &APIGroup) -> Vec<String> {
    let preferred = group.preferred_version.iter().map(|version| &version.version);
    let others = group.versions.iter().map(|version| &version.version);
    let others = others.filter(|version| !preferred.clone().any(|preferred| preferred == *version));
    preferred.clone().chain(others).cloned().collect()
}

/// The older form lists `pods` and `pods/log` side by side.
fn from_list(resources: Vec<APIResource>) -> Vec<Served> {
    let mut found: BTreeMap<String, Served> = BTreeMap::new();
    for resource in resources {
        let (plural, subresource) = match resource.name.split_once('/') {
            Some((plural, subresource)) => (plural.to_owned(), Some(subresource.to_owned())),
            None => (resource.name.clone(), None),
        };
        let served = found.entry(plural.clone()).or_default();
        served.plural = plural;
        match subresource {
            Some(subresource) => served.subresources.push(subresource),
            None => served.object = Some(object(resource)),
        }
    }
    found.into_values().collect()
}

fn object(resource: APIResource) -> ServedObject {
    ServedObject {
        kind: resource.kind,
        scope: if resource.namespaced { Scope::Namespaced } else { Scope::Cluster },
        singular: resource.singular_name,
        short_names: resource.short_names.unwrap_or_default(),
    }
}
