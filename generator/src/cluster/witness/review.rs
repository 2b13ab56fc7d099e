//! "Still has access through …": whether other bindings give what a grant gave, by the cluster's own answer.
//!
//! SubjectAccessReviews need `create` on `subjectaccessreviews`. Only the authenticator knows a user's groups, so access
//! through them is not seen; the documentation says so. Not here: granting or removing.

use k8s_openapi::api::authorization::v1::ResourceAttributes;
use p0_cluster::{AccessReview, attributes};
use p0_grant::manifest::{Claims, Manifest};
use p0_grant::rule::Rule;
use serde::Serialize;

use crate::cluster::{Cluster, ClusterError};

/// At most so many questions for one grant: a note, not an inventory.
const QUESTIONS: usize = 12;

/// What is still allowed, and through what.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Through {
    /// `get deployments.apps`.
    pub what: String,
    /// The cluster's reason: `RBAC: allowed by RoleBinding …`.
    pub why: String,
}

impl Through {
    /// For people.
    pub fn sentence(&self) -> String {
        let through = self.why.strip_prefix("RBAC: allowed by ").unwrap_or(&self.why);
        format!("still has access ({}) through {through}", self.what)
    }
}

/// What the subject of a grant that is gone may still do of it, through something else.
///
/// # Errors
/// [`ClusterError`] where the server does not answer.
pub async fn still_has(cluster: &Cluster, grant: &Manifest) -> Result<Vec<Through>, ClusterError> {
    let mut found = Vec::new();
    for (what, question) in questions(grant.claims()) {
        let AccessReview::Allowed(why) = cluster.review(&grant.claims().subject, question).await? else {
            continue;
        };
        // The server's own view may be a moment older than the deletion.
        if !why.contains(grant.claims().id.as_str()) {
            found.push(Through { what, why });
        }
    }
    Ok(found)
}

/// One question for each verb and resource of the rules.
fn questions(claims: &Claims) -> Vec<(String, ResourceAttributes)> {
    let target = &claims.selection.target;
    let mut questions = Vec::new();
    for rule in claims.rules.iter().filter_map(Rule::as_resource) {
        for (verb, resource) in
            rule.verbs().iter().flat_map(|verb| rule.resources().iter().map(move |resource| (verb, resource)))
        {
            let group = rule.api_groups().first().map(String::as_str).unwrap_or_default();
            let (namespace, name) = (target.namespace(), target.name());
            let attributes = attributes(
                verb,
                group,
                resource,
                namespace.map(ToString::to_string),
                name.map(ToString::to_string),
            );
            let what = if group.is_empty() {
                format!("{verb} {resource}")
            } else {
                format!("{verb} {resource}.{group}")
            };
            questions.push((what, attributes));
        }
    }
    questions.truncate(QUESTIONS);
    questions
}
