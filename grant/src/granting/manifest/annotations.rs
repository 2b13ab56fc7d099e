//! Annotations: a grant's claims as text, both ways. Not here: which object carries which.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::ser::SerializeMap;
use serde::{Deserialize, Serialize, Serializer};
use serde_saphyr::LitStr;

use super::{Claims, ManifestError};
use crate::approval;
use crate::arn::IamIdentity;
use crate::grant::Workflow;
use crate::on_call;
use crate::signature::Signature;

/// The annotation that holds the SSH signature.
pub const SIGNATURE: &str = "p0.dev/signature";

/// What Kubernetes stores at most, keys and values together.
///
/// Source: `TotalAnnotationSizeLimitB`,
/// <https://github.com/kubernetes/apimachinery/blob/v0.36.2/pkg/api/validation/objectmeta.go>.
pub const MAX_ANNOTATION_BYTES: usize = 256 * 1024;

/// Keeps Flux from substituting variables in the object.
const FLUX_SUBSTITUTE: (&str, &str) = ("kustomize.toolkit.fluxcd.io/substitute", "disabled");

const APPROVAL: &str = "p0.dev/approval";
const APPROVERS: &str = "p0.dev/approvers";
const APPROVER_SIGNATURES: &str = "p0.dev/approver-signatures";
const CLUSTER: &str = "p0.dev/cluster";
const CREATED_AT: &str = "p0.dev/created-at";
/// The annotation that says when a grant ends.
pub const EXPIRES_AT: &str = "p0.dev/expires-at";
/// The annotation that names the IAM identity of the subject, where the grant needs its entry in `aws-auth`.
pub const IAM_ARN: &str = "p0.dev/iam-arn";
const MERGE_BEFORE: &str = "p0.dev/merge-before";
const ON_CALL: &str = "p0.dev/on-call";
const POLICY_RULE: &str = "p0.dev/policy-rule";
const POLICY_SHA256: &str = "p0.dev/policy-sha256";
const PREVIOUS: &str = "p0.dev/previous";
const REPOSITORY: &str = "p0.dev/repository";
const REQUESTER: &str = "p0.dev/requester";
const REQUEST_URL: &str = "p0.dev/request-url";
const ROLE: &str = "p0.dev/role";
const SELECTION: &str = "p0.dev/selection";
const SUBRESOURCES: &str = "p0.dev/subresources";
const SUBSET_SHA256: &str = "p0.dev/subset-sha256";
const WINDOW: &str = "p0.dev/window";

/// The reason, where an object carries one.
pub const REASON: &str = "p0.dev/reason";

/// What stands on both objects of every grant.
pub(super) const CORE: [&str; 8] =
    [FLUX_SUBSTITUTE.0, CREATED_AT, EXPIRES_AT, IAM_ARN, ROLE, SELECTION, SUBRESOURCES, SUBSET_SHA256];

/// Annotations in the order of their keys.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
pub(super) struct Annotations(BTreeMap<String, String>);

/// The annotations that both objects of every grant carry.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Core(Annotations);

impl Annotations {
    pub(super) fn remove(&mut self, key: &str) {
        self.0.remove(key);
    }

    fn put(&mut self, key: &str, value: impl Into<String>) {
        self.0.insert(key.to_owned(), value.into());
    }

    fn put_some(&mut self, key: &str, value: Option<impl Into<String>>) {
        if let Some(value) = value {
            self.put(key, value);
        }
    }

    /// Takes the annotations apart; what is left over is refused by [`Taken::end`].
    pub(super) fn take(self, object: &'static str) -> Taken {
        Taken { left: self.0, object }
    }
}

impl Core {
    pub(super) fn of(claims: &Claims) -> Self {
        let mut annotations = Annotations::default();
        annotations.put(FLUX_SUBSTITUTE.0, FLUX_SUBSTITUTE.1);
        annotations.put(CREATED_AT, claims.created_at.to_string());
        annotations.put(EXPIRES_AT, claims.expires_at.to_string());
        annotations.put_some(IAM_ARN, claims.iam.as_ref().map(ToString::to_string));
        annotations.put(ROLE, claims.role.to_string());
        annotations.put(SELECTION, claims.selection.to_string());
        let subresources = Some(claims.subresources.join(",")).filter(|list| !list.is_empty());
        annotations.put_some(SUBRESOURCES, subresources);
        annotations.put(SUBSET_SHA256, claims.digest.to_string());
        Self(annotations)
    }

    pub(super) fn alone(self) -> Annotations {
        self.0
    }

    pub(super) fn with_workflow(
        self,
        workflow: Option<&Workflow>,
        signature: Option<&Signature>,
    ) -> Annotations {
        let Self(mut annotations) = self;
        annotations.put_some(SIGNATURE, signature.map(Signature::armor));
        let Some(flow) = workflow else { return annotations };
        annotations.put(CLUSTER, flow.cluster.as_str());
        annotations.put_some(REPOSITORY, flow.repository.as_deref());
        annotations.put(REQUESTER, flow.requester.as_str());
        annotations.put_some(APPROVAL, flow.approval.map(|kind| kind.as_str()));
        annotations.put_some(APPROVERS, Some(flow.approvers.join(",")).filter(|list| !list.is_empty()));
        let signatures = Some(approval::write(&flow.approver_signatures)).filter(|text| !text.is_empty());
        annotations.put_some(APPROVER_SIGNATURES, signatures);
        annotations.put_some(POLICY_RULE, flow.policy_rule.as_deref());
        annotations.put_some(POLICY_SHA256, flow.policy_sha256.as_deref());
        annotations.put_some(MERGE_BEFORE, flow.merge_before.map(|time| time.to_string()));
        annotations.put_some(REQUEST_URL, flow.request_url.as_deref());
        annotations.put_some(REASON, flow.reason.as_deref());
        annotations.put_some(PREVIOUS, flow.previous.as_deref());
        annotations.put_some(WINDOW, flow.preapproval.as_deref());
        annotations.put_some(ON_CALL, Some(on_call::write(&flow.on_call)).filter(|text| !text.is_empty()));
        annotations
    }
}

/// Refuses what the API server would not store.
pub(super) fn check_length(annotations: &Annotations) -> Result<(), ManifestError> {
    let bytes = annotations.0.iter().map(|(key, value)| key.len() + value.len()).sum();
    if bytes > MAX_ANNOTATION_BYTES { Err(ManifestError::TooLong(bytes)) } else { Ok(()) }
}

/// Annotations that are being taken apart, and the object they stand on.
pub(super) struct Taken {
    left: BTreeMap<String, String>,
    object: &'static str,
}

/// What the core annotations say.
pub(super) struct CoreText {
    pub(super) created_at: Timestamp,
    pub(super) expires_at: Timestamp,
    pub(super) iam: Option<IamIdentity>,
    pub(super) role: String,
    pub(super) selection: String,
    pub(super) subresources: Vec<String>,
    pub(super) digest: String,
}

impl Taken {
    fn text(&mut self, key: &'static str) -> Option<String> {
        self.left.remove(key)
    }

    fn required(&mut self, key: &'static str) -> Result<String, ManifestError> {
        self.text(key).ok_or(ManifestError::Missing { object: self.object, field: key })
    }

    /// RFC 3339 in UTC with whole seconds, and in the one spelling that is written.
    fn time(&mut self, key: &'static str) -> Result<Option<Timestamp>, ManifestError> {
        let Some(text) = self.text(key) else { return Ok(None) };
        match text.parse::<Timestamp>() {
            Ok(time) if time.to_string() == text && time.subsec_nanosecond() == 0 => Ok(Some(time)),
            _ => Err(ManifestError::Time { field: key, text }),
        }
    }

    fn list(&mut self, key: &'static str) -> Vec<String> {
        self.text(key).map(|list| list.split(',').map(str::to_owned).collect()).unwrap_or_default()
    }

    fn iam(&mut self) -> Result<Option<IamIdentity>, ManifestError> {
        let read = self.text(IAM_ARN).map(|arn| IamIdentity::read(&arn)).transpose();
        Ok(read.map_err(ManifestError::IamArn)?.map(|(identity, _)| identity))
    }

    pub(super) fn core(&mut self) -> Result<CoreText, ManifestError> {
        let missing = |field| ManifestError::Missing { object: self.object, field };
        let (created, expires) = (missing(CREATED_AT), missing(EXPIRES_AT));
        self.required(FLUX_SUBSTITUTE.0)?;
        Ok(CoreText {
            created_at: self.time(CREATED_AT)?.ok_or(created)?,
            expires_at: self.time(EXPIRES_AT)?.ok_or(expires)?,
            iam: self.iam()?,
            role: self.required(ROLE)?,
            selection: self.required(SELECTION)?,
            subresources: self.list(SUBRESOURCES),
            digest: self.required(SUBSET_SHA256)?,
        })
    }

    /// The signature, and the workflow where there is one.
    pub(super) fn workflow(&mut self) -> Result<(Option<Signature>, Option<Workflow>), ManifestError> {
        let signature = self.text(SIGNATURE).map(|armor| Signature::read(&armor)).transpose();
        let signature = signature.map_err(ManifestError::Signature)?;
        let Some(cluster) = self.text(CLUSTER) else { return Ok((signature, None)) };
        let approval = self.text(APPROVAL).map(|word| word.parse()).transpose();
        let approver_signatures = self.text(APPROVER_SIGNATURES).map(|text| approval::read(&text));
        let on_call = self.text(ON_CALL).map(|text| on_call::read(&text)).transpose();
        let workflow = Workflow {
            cluster,
            repository: self.text(REPOSITORY),
            requester: self.required(REQUESTER)?,
            approval: approval.map_err(ManifestError::Approval)?,
            approvers: self.list(APPROVERS),
            approver_signatures: approver_signatures
                .transpose()
                .map_err(ManifestError::ApproverSignatures)?
                .unwrap_or_default(),
            policy_rule: self.text(POLICY_RULE),
            policy_sha256: self.text(POLICY_SHA256),
            merge_before: self.time(MERGE_BEFORE)?,
            request_url: self.text(REQUEST_URL),
            reason: self.text(REASON),
            previous: self.text(PREVIOUS),
            preapproval: self.text(WINDOW),
            on_call: on_call.map_err(ManifestError::OnCall)?.unwrap_or_default(),
        };
        Ok((signature, Some(workflow)))
    }

    /// Refuses annotations that no field was read from.
    pub(super) fn end(self) -> Result<(), ManifestError> {
        match self.left.into_keys().next() {
            None => Ok(()),
            Some(key) => Err(ManifestError::Unexpected { object: self.object, field: key }),
        }
    }
}

/// Signatures have lines, and are written as lines; other text is quoted where it must be.
impl Serialize for Annotations {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (key, value) in &self.0 {
            match key.as_str() {
                SIGNATURE | APPROVER_SIGNATURES => map.serialize_entry(key, &LitStr(value))?,
                _ => map.serialize_entry(key, value)?,
            }
        }
        map.end()
    }
}
