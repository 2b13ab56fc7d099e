//! Access reviews: what the cluster's own authorizer says that a subject may do.
//!
//! A subject is asked about with the groups that Kubernetes gives everybody of its kind. The other groups of a user are
//! known to the authenticator alone, so access through them is not seen.
//!
//! Source: <https://kubernetes.io/docs/reference/access-authn-authz/rbac/#default-roles-and-role-bindings> for
//! `system:authenticated`, <https://kubernetes.io/docs/reference/access-authn-authz/service-accounts-admin/> for the names and
//! groups of service accounts.

use http::Method;
use k8s_openapi::api::authorization::v1::{ResourceAttributes, SubjectAccessReview, SubjectAccessReviewSpec};
use p0_grant::rule::ResourceRule;
use p0_grant::selection::Target;
use p0_grant::subject::{Subject, SubjectView};

use crate::client::Cluster;
use crate::error::ClusterError;
use crate::request::ApiRequest;

/// The answer to one question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AccessReview {
    /// Allowed, with the cluster's reason: `RBAC: allowed by RoleBinding …`.
    Allowed(String),
    /// Not allowed.
    Denied,
}

impl Cluster {
    /// Asks whether `subject` may do `attributes`. Needs `create` on `subjectaccessreviews.authorization.k8s.io`.
    ///
    /// # Errors
    /// [`ClusterError`].
    pub async fn review(
        &self,
        subject: &Subject,
        attributes: ResourceAttributes,
    ) -> Result<AccessReview, ClusterError> {
        let (user, groups) = identity(subject.view());
        let review = SubjectAccessReview {
            spec: SubjectAccessReviewSpec {
                user,
                groups: Some(groups),
                resource_attributes: Some(attributes),
                ..SubjectAccessReviewSpec::default()
            },
            ..SubjectAccessReview::default()
        };
        let action = format!("ask whether {subject} has access");
        let wrong = |detail: String| ClusterError::Answer { action: action.clone(), detail };
        let body = serde_json::to_vec(&review).map_err(|error| wrong(error.to_string()))?;
        let right = "create subjectaccessreviews.authorization.k8s.io";
        let request =
            ApiRequest::get("/apis/authorization.k8s.io/v1/subjectaccessreviews", action.as_str(), right)
                .sending(Method::POST, "application/json", body);
        let answer: SubjectAccessReview = self.send_json(&request).await?;
        Ok(match answer.status.filter(|status| status.allowed) {
            Some(status) => AccessReview::Allowed(status.reason.unwrap_or_default()),
            None => AccessReview::Denied,
        })
    }

    /// Asks whether `subject` may do the first verb of `rule` on its first resource, where `target` is.
    ///
    /// # Errors
    /// [`ClusterError`].
    pub async fn allows(
        &self,
        subject: &Subject,
        rule: &ResourceRule,
        target: &Target,
    ) -> Result<bool, ClusterError> {
        let first = |list: &[String]| list.first().cloned().unwrap_or_default();
        let question = attributes(
            &first(rule.verbs()),
            &first(rule.api_groups()),
            &first(rule.resources()),
            target.namespace().map(ToString::to_string),
            rule.resource_names().first().cloned(),
        );
        Ok(self.review(subject, question).await? != AccessReview::Denied)
    }
}

/// The attributes of one question; `resource` may name a subresource, as in `pods/log`.
pub fn attributes(
    verb: &str,
    group: &str,
    resource: &str,
    namespace: Option<String>,
    name: Option<String>,
) -> ResourceAttributes {
    let (plural, subresource) = resource.split_once('/').unwrap_or((resource, ""));
    let some = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    ResourceAttributes {
        group: some(group),
        resource: some(plural),
        subresource: some(subresource),
        verb: some(verb),
        namespace,
        name,
        ..ResourceAttributes::default()
    }
}

/// The user name and groups that a subject is asked about with. A group is asked about without a user.
fn identity(subject: SubjectView<'_>) -> (Option<String>, Vec<String>) {
    let authenticated = "system:authenticated".to_owned();
    match subject {
        SubjectView::User(name) => (Some(name.to_owned()), vec![authenticated]),
        SubjectView::Group(name) => (None, vec![name.to_owned(), authenticated]),
        SubjectView::ServiceAccount { namespace, name } => (
            Some(format!("system:serviceaccount:{namespace}:{name}")),
            vec![
                "system:serviceaccounts".to_owned(),
                format!("system:serviceaccounts:{namespace}"),
                authenticated,
            ],
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_is_asked_about_with_the_groups_of_its_kind() {
        let asked = |text: &str| {
            let subject: Subject = text.parse().unwrap();
            identity(subject.view())
        };
        assert_eq!(asked("alice"), (Some("alice".to_owned()), vec!["system:authenticated".to_owned()]));
        let (user, groups) = asked("Group/dev");
        assert_eq!((user, groups.join(" ").as_str()), (None, "dev system:authenticated"));
        let (user, groups) = asked("ServiceAccount/shop/ci");
        assert_eq!(user.as_deref(), Some("system:serviceaccount:shop:ci"));
        assert_eq!(
            groups.join(" "),
            "system:serviceaccounts system:serviceaccounts:shop system:authenticated"
        );
    }
}
