//! Asking for discovery: aggregated in one answer, or group by group where the server is too old for that (before 1.27).
//! What the answers mean is the engine's ([`p0_grant::discovery`]).
//!
//! A group whose server is down is data in the answer, so that a command for another group works.

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{
    APIGroup, APIGroupList, APIResource, APIResourceList, APIVersions,
};
use kube::core::{ApiResource, GroupVersionKind};
use p0_grant::discovery::{AGGREGATED, Discovered, Document, GroupVersion, Served, ServedObject};
use p0_grant::resource::Scope;

use crate::client::Cluster;
use crate::error::ClusterError;
use crate::request::{ApiRequest, Retry};

impl Cluster {
    /// What the cluster serves, and which groups do not answer.
    ///
    /// # Errors
    /// [`ClusterError`] where discovery itself does not answer.
    pub async fn discover(&self) -> Result<Discovered, ClusterError> {
        Ok(Discovered::merge(self.group_versions().await?))
    }

    /// How kube asks for a resource; `None` where the cluster does not serve it.
    ///
    /// # Errors
    /// [`ClusterError`] where discovery itself does not answer.
    pub async fn served_as(&self, group: &str, plural: &str) -> Result<Option<ApiResource>, ClusterError> {
        let of_group = self.group_versions().await?.into_iter().filter(|version| version.group == group);
        for GroupVersion { group, version, answer } in of_group {
            let mut served = answer.unwrap_or_default().into_iter();
            let object = served.find(|served| served.plural == plural).and_then(|served| served.object);
            if let Some(object) = object {
                let kind = GroupVersionKind::gvk(&group, &version, &object.kind);
                return Ok(Some(ApiResource::from_gvk_with_plural(&kind, plural)));
            }
        }
        Ok(None)
    }

    /// Every version of every group, core first.
    async fn group_versions(&self) -> Result<Vec<GroupVersion>, ClusterError> {
        let core = self.aggregated("/api").await?;
        let groups = self.aggregated("/apis").await?;
        match (core, groups) {
            (Some(core), Some(groups)) => Ok(core.into_iter().chain(groups).collect()),
            _ => self.each_group().await,
        }
    }

    /// The aggregated answer; `None` from a server that does not know it.
    async fn aggregated(&self, path: &str) -> Result<Option<Vec<GroupVersion>>, ClusterError> {
        let request = ApiRequest::get(path, format!("discover `{path}`"), format!("get {path}"));
        let request = ApiRequest { accept: AGGREGATED, ..request };
        match self.send_json::<Document>(&request).await {
            Err(error) if error.code() == Some(406) => Ok(None),
            answer => Ok(answer?.group_versions()),
        }
    }

    async fn each_group(&self) -> Result<Vec<GroupVersion>, ClusterError> {
        tracing::debug!("no aggregated discovery, asking group by group");
        let mut found = Vec::new();
        let versions: APIVersions = self.send_json(&discovery("/api", Retry::Always)).await?;
        for version in versions.versions {
            found.push(self.group_version("", version).await?);
        }
        let groups: APIGroupList = self.send_json(&discovery("/apis", Retry::Always)).await?;
        for group in groups.groups {
            for version in by_preference(&group) {
                found.push(self.group_version(&group.name, version).await?);
            }
        }
        Ok(found)
    }

    /// An answer for one group that is an error of that group alone is data; any other error ends discovery.
    async fn group_version(&self, group: &str, version: String) -> Result<GroupVersion, ClusterError> {
        let path =
            if group.is_empty() { format!("/api/{version}") } else { format!("/apis/{group}/{version}") };
        // A group whose server is down answers 503 for good; asking each one again would take minutes.
        let answer = match self.send_json::<APIResourceList>(&discovery(&path, Retry::Never)).await {
            Ok(list) => Ok(from_list(list.resources)),
            Err(ClusterError::Refused(refusal)) if !matches!(refusal.code, 401 | 403) => {
                Err(format!("the server answers {} {}", refusal.code, refusal.message))
            }
            Err(error) => return Err(error),
        };
        Ok(GroupVersion { group: group.to_owned(), version, answer })
    }
}

fn discovery(path: &str, retry: Retry) -> ApiRequest {
    ApiRequest { retry, ..ApiRequest::get(path, format!("discover `{path}`"), format!("get {path}")) }
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
