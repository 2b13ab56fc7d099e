//! Asking the cluster whether somebody may do something: how a grant is seen to be in effect.

use http::Method;
use p0_grant::rule::ResourceRule;
use p0_grant::selection::Target;
use p0_grant::subject::{Subject, SubjectView};
use serde_json::{Value, json};

use super::{Ask, Cluster, ClusterError};

impl Cluster {
    /// Whether `subject` may do what `rule` says first, where `target` is.
    ///
    /// # Errors
    /// [`ClusterError`].
    pub async fn allows(
        &self,
        subject: &Subject,
        rule: &ResourceRule,
        target: &Target,
    ) -> Result<bool, ClusterError> {
        let body = json!({
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SubjectAccessReview",
            "spec": spec(subject, rule, target),
        });
        let right = "create subjectaccessreviews.authorization.k8s.io";
        let path = "/apis/authorization.k8s.io/v1/subjectaccessreviews";
        let ask = Ask::get(path, format!("ask whether {subject} has access"), right);
        let ask = ask.sending(Method::POST, "application/json", body.to_string().into_bytes());
        let answer: Value = self.ask_json(&ask).await?;
        Ok(answer.pointer("/status/allowed").and_then(Value::as_bool).unwrap_or(false))
    }
}

fn spec(subject: &Subject, rule: &ResourceRule, target: &Target) -> Value {
    let first = |list: &[String]| list.first().cloned().unwrap_or_default();
    let entry = first(rule.resources());
    let (resource, subresource) = entry.split_once('/').unwrap_or((entry.as_str(), ""));
    let attributes = json!({
        "verb": first(rule.verbs()),
        "group": first(rule.api_groups()),
        "resource": resource,
        "subresource": subresource,
        "name": first(rule.resource_names()),
        "namespace": target.namespace().map(ToString::to_string).unwrap_or_default(),
    });
    match subject.view() {
        SubjectView::User(name) => json!({ "resourceAttributes": attributes, "user": name }),
        // Groups are never asked about alone, so somebody stands in who is in no other.
        SubjectView::Group(name) => {
            json!({ "resourceAttributes": attributes, "user": "p0:nobody", "groups": [name] })
        }
        SubjectView::ServiceAccount { namespace, name } => json!({
            "resourceAttributes": attributes,
            "user": format!("system:serviceaccount:{namespace}:{name}"),
            "groups": ["system:serviceaccounts", format!("system:serviceaccounts:{namespace}")],
        }),
    }
}
