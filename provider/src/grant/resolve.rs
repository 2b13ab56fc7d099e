//! From words to rules: which resource a locator means here, and what the role gives on it. Asks the cluster.
//!
//! Not here: the judgement itself ([`p0_grant::plan`]).

use std::collections::BTreeSet;

use p0_grant::danger::Danger;
use p0_grant::digest::SubsetDigest;
use p0_grant::discovery::FailedGroup;
use p0_grant::locator::{Locator, LocatorError};
use p0_grant::plan::{self, Plan, PlanError, PlanReport};
use p0_grant::resource::ApiResource;
use p0_grant::role::{Role, RoleRef};
use p0_grant::rule::Rule;
use p0_grant::selection::{Selection, SelectionText};
use p0_grant::subset::Dropped;
use tfplugin::diagnostics::{Diagnostic, Diagnostics};

use crate::cluster::Cluster;
use crate::text::chain;

mod role_selection;

pub(crate) use role_selection::RoleSelection;

/// Rules that may be granted.
pub(crate) struct ResolvedGrant {
    pub(crate) selection: Selection,
    pub(crate) digest: SubsetDigest,
    /// Whether an allowance was needed for them, or would have been.
    pub(crate) privileged: bool,
    plan: Plan,
}

impl ResolvedGrant {
    pub(crate) fn rules(&self) -> &[Rule] {
        self.plan.report().rules()
    }

    /// The warnings of the plan.
    pub(crate) fn warnings(&self) -> Vec<Diagnostic> {
        warnings(self.plan.report())
    }
}

/// The warnings about rules before they are granted.
pub(crate) fn warnings(report: &PlanReport) -> Vec<Diagnostic> {
    [dangers(report.dangers()), dropped(report.dropped())].into_iter().flatten().collect()
}

/// The summaries are always the same, so that Terraform tells many as one.
fn dangers(found: &[Danger]) -> Option<Diagnostic> {
    let lines: Vec<String> =
        found.iter().map(|danger| format!("{} {}: {}.", danger.class, danger.what, danger.why)).collect();
    (!lines.is_empty()).then(|| {
        Diagnostic::warning("The grant gives more than it may seem", lines.join("\n")).at_attribute("role")
    })
}

fn dropped(found: &[Dropped]) -> Option<Diagnostic> {
    let lines: Vec<String> =
        found.iter().map(|dropped| format!("{}: {}.", dropped.what(), dropped.reason.sentence())).collect();
    (!lines.is_empty())
        .then(|| Diagnostic::warning("Parts of the role are left out", lines.join("\n")).at_attribute("role"))
}

/// What `locator` means in this cluster, without subresources.
pub(crate) async fn select(
    cluster: &Cluster,
    locator: &Locator,
    attribute: &str,
) -> Result<Selection, Diagnostics> {
    let served = cluster.served().await?;
    locator.resolve(served).map_err(|error| unresolved(&error, cluster.failed_groups(), attribute))
}

/// What a selection's text means in this cluster, without subresources.
pub(crate) async fn select_again(cluster: &Cluster, text: &SelectionText) -> Result<Selection, Diagnostics> {
    let served = cluster.served().await?;
    let Some(resource) = served.resource(&text.group, &text.plural) else {
        let detail =
            format!("The cluster no longer serves what is selected, `{} {}`.", text.plural, text.target);
        return Err(Diagnostic::error("The kind is gone", detail).at_attribute("selection").into());
    };
    Selection::new(resource.clone(), text.target.clone())
        .map_err(|error| Diagnostic::error("Not a selection", chain(&error)).at_attribute("selection").into())
}

/// A selection as its text says it. Good for asking which rules apply, which needs no more than group, plural and target.
pub(crate) fn selection_of(text: &SelectionText, subresources: &BTreeSet<String>) -> Option<Selection> {
    let resource = ApiResource::new(&text.group, &text.plural, &text.plural, text.target.scope()).ok()?;
    let resource = resource.with_subresources(subresources).ok()?;
    Selection::new(resource, text.target.clone()).ok()?.with_subresources(subresources).ok()
}

/// The selection with subresources that the cluster serves or that the role names, such as `nodes/metrics`.
fn with_subresources(
    selection: Selection,
    role: &Role,
    subresources: &BTreeSet<String>,
) -> Result<Selection, Diagnostics> {
    selection.with_subresources_of(role, subresources).map_err(|error| {
        Diagnostic::error("No such subresource", chain(&error)).at_attribute("subresources").into()
    })
}

fn unresolved(error: &LocatorError, failed: &[FailedGroup], attribute: &str) -> Diagnostics {
    let summary = match error {
        LocatorError::Unknown { .. } => "No such kind",
        LocatorError::Ambiguous { .. } => "An ambiguous kind",
        _ => "Not a selection",
    };
    let mut detail = chain(error);
    if matches!(error, LocatorError::Unknown { .. }) && !failed.is_empty() {
        let groups: Vec<String> = failed.iter().map(ToString::to_string).collect();
        detail.push_str(&format!(
            " These API groups do not answer, and the kind may be in one of them: {}. `kubectl get apiservices` says why.",
            groups.join("; ")
        ));
    }
    Diagnostic::error(summary, detail).at_attribute(attribute).into()
}

/// What the role gives on the selection with these subresources, if it may be granted.
pub(crate) async fn resolve(
    cluster: &Cluster,
    reference: &RoleRef,
    selection: Selection,
    subresources: &BTreeSet<String>,
    settings: &plan::Settings,
) -> Result<ResolvedGrant, Diagnostics> {
    let role = role(cluster, reference).await?;
    let selection = with_subresources(selection, &role, subresources)?;
    let plan = plan::plan(&role, &selection, settings).map_err(|error| refused(&error))?;
    let digest = SubsetDigest::of(plan.report().rules());
    let resource = selection.resource().to_string();
    let privileged =
        settings.allow_privileged.iter().any(|one| one.role == *reference && one.resource == resource);
    Ok(ResolvedGrant { selection, digest, privileged, plan })
}

/// The role; an error where the cluster does not have it.
pub(crate) async fn role(cluster: &Cluster, reference: &RoleRef) -> Result<Role, Diagnostics> {
    let found =
        cluster.role(reference).await.map_err(|error| Diagnostic::from(error).at_attribute("role"))?;
    found.ok_or_else(|| {
        let detail = format!(
            "The cluster has no `{reference}`. `data.p0_k8s_roles` lists those that may be asked for; a role that the same \
             configuration makes has to be applied first."
        );
        Diagnostic::error("No such role", detail).at_attribute("role").into()
    })
}

/// Why nothing is granted.
pub(crate) fn refused(error: &PlanError) -> Diagnostics {
    let (summary, more) = match error {
        PlanError::Withheld { .. } => (
            "The grant is not offered",
            " If it has to be, name the pair in `allow_privileged` in the provider block.",
        ),
        PlanError::Subset(_) => ("The role gives nothing there", ""),
        PlanError::NothingLeft(_) => ("Nothing is left of the role", ""),
    };
    Diagnostic::error(summary, format!("{}{more}", chain(error))).at_attribute("role").into()
}

/// What the role would give today, for comparison only; `None` where it gives nothing or cannot be read.
pub(crate) async fn available(
    cluster: &Cluster,
    reference: &RoleRef,
    selection: &Selection,
    settings: &plan::Settings,
) -> Result<Option<Vec<Rule>>, Diagnostics> {
    let role = match cluster.role(reference).await {
        Ok(Some(role)) => role,
        Ok(None) => return Ok(None),
        Err(error) if error.is_forbidden() => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    Ok(plan::preview(&role, selection, settings).ok().map(|report| report.rules().to_vec()))
}
