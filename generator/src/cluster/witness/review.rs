//! "Still has access through …": whether other bindings give what a grant gave, by the cluster's own answer.
//!
//! SubjectAccessReviews need `create` on `subjectaccessreviews`. A user's groups are known to whoever authenticates them and
//! to nobody here, so access through groups is not seen; that is said in the documentation. Not here: granting or taking.

use k8s_openapi::api::authorization::v1::{ResourceAttributes, SubjectAccessReview, SubjectAccessReviewSpec};
use kube::api::{Api, PostParams};
use p0_grant::manifest::{Claims, Manifest};
use p0_grant::rule::Rule;
use p0_grant::subject::SubjectView;
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
    let api: Api<SubjectAccessReview> = Api::all(cluster.client());
    let mut found = Vec::new();
    for (what, question) in questions(grant.claims()) {
        let review = SubjectAccessReview { spec: question, ..SubjectAccessReview::default() };
        let answer = api.create(&PostParams::default(), &review).await;
        let answer = answer.map_err(|error| cluster.failed("review access", error))?;
        let Some(status) = answer.status.filter(|status| status.allowed) else { continue };
        let why = status.reason.unwrap_or_default();
        // The server's own view may be a moment older than the deletion.
        if !why.contains(grant.claims().id.as_str()) {
            found.push(Through { what, why });
        }
    }
    Ok(found)
}

/// One question for each verb and resource of the rules.
fn questions(claims: &Claims) -> Vec<(String, SubjectAccessReviewSpec)> {
    let (user, groups) = asker(claims.subject.view());
    let target = &claims.selection.target;
    let mut questions = Vec::new();
    for rule in claims.rules.iter().filter_map(Rule::as_resource) {
        for (verb, resource) in
            rule.verbs().iter().flat_map(|verb| rule.resources().iter().map(move |resource| (verb, resource)))
        {
            let (plural, subresource) = resource.split_once('/').unwrap_or((resource, ""));
            let some = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
            let group = rule.api_groups().first().map(String::as_str).unwrap_or_default();
            let attributes = ResourceAttributes {
                group: some(group),
                resource: some(plural),
                subresource: some(subresource),
                verb: some(verb),
                namespace: target.namespace().map(ToString::to_string),
                name: target.name().map(ToString::to_string),
                ..ResourceAttributes::default()
            };
            let what = if group.is_empty() {
                format!("{verb} {resource}")
            } else {
                format!("{verb} {resource}.{group}")
            };
            let spec = SubjectAccessReviewSpec {
                user: user.clone(),
                groups: groups.clone(),
                resource_attributes: Some(attributes),
                ..SubjectAccessReviewSpec::default()
            };
            questions.push((what, spec));
        }
    }
    questions.truncate(QUESTIONS);
    questions
}

/// Whom the server is asked about.
///
/// Source: <https://kubernetes.io/docs/reference/access-authn-authz/service-accounts-admin/> for the names of accounts.
fn asker(subject: SubjectView<'_>) -> (Option<String>, Option<Vec<String>>) {
    match subject {
        SubjectView::User(name) => (Some(name.to_owned()), None),
        SubjectView::Group(name) => (None, Some(vec![name.to_owned()])),
        SubjectView::ServiceAccount { namespace, name } => (
            Some(format!("system:serviceaccount:{namespace}:{name}")),
            Some(vec!["system:serviceaccounts".to_owned(), format!("system:serviceaccounts:{namespace}")]),
        ),
    }
}
