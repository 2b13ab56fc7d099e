//! Whether somebody can still take each live grant away once a change has landed: somebody other than those who have it.
//!
//! Who may is read as the service reads it: who approved the grant, the members of trusted groups, who the grant's rule names,
//! and who could approve it by the rule that matches now. A grant that no other person could take away before is no reason to refuse a
//! change. Not here: files that cannot be read at all ([`super::usable_after`]).

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::Timestamp;
use p0_grant::approval::ApprovalKind;
use p0_grant::catalogue::Catalogue;
use p0_grant::grant::Workflow;
use p0_grant::manifest::Claims;

use super::after::{After, ClusterFile, Found, cluster_of};
use super::{Base, Finding, Refusal};
use crate::change::FileChange;
use crate::cluster::Cluster;
use crate::duration::Lifetime;
use crate::identity::{IDENTITIES, Identities};
use crate::layout::ClusterName;
use crate::name::{GroupName, PersonName};
use crate::planned::Planned;
use crate::policy::{POLICY, Policy, Question, Risk, Stated, Term, decide};

/// A grant that stands on base.
#[derive(Clone, Debug, PartialEq)]
pub struct LiveGrant {
    /// Whose folder it is in.
    pub cluster: ClusterName,
    /// What its file says.
    pub claims: Claims,
}

/// A cluster's settings and catalogue, where both can be used.
type ClusterFiles = (Arc<Cluster>, Arc<Catalogue>);

/// Who may take a grant away, by the files of one state.
struct State<'a> {
    identities: Arc<Identities>,
    /// Not frozen: what stops granting stops no revocation.
    policy: Option<Policy>,
    trusted: BTreeSet<GroupName>,
    cluster: &'a dyn Fn(&ClusterName) -> Option<ClusterFiles>,
}

/// Whether a change of this path can leave a live grant without anybody who can take it away.
pub(super) fn is_answer(path: &str) -> bool {
    let is_settings = || matches!(cluster_of(path), Some((_, ClusterFile::Settings)));
    path == POLICY || path == IDENTITIES || is_settings()
}

/// The finding about live grants that only those who have them could take away.
pub(super) fn finding(
    guarded: &[&FileChange],
    after: After<'_>,
    base: &Base,
    now: Timestamp,
) -> Option<Finding> {
    let path = guarded.iter().find(|file| is_answer(&file.path))?.path.clone();
    let on_base = |cluster: &ClusterName| {
        let known = base.clusters.get(cluster)?;
        Some((known.settings.clone().ok()?, known.catalogue.clone().ok()?))
    };
    let then =
        |cluster: &ClusterName| Some((after.settings(cluster)?.ok()?, after.catalogue(cluster)?.ok()?));
    let trusted = match after.changed(POLICY) {
        None => base.trusted.clone(),
        Some(_) => trusted_groups(&after.policy()),
    };
    let before = State::of(&base.identities, &base.policy, base.trusted.clone(), &on_base)?;
    let after = State::of(&after.identities(), &after.policy(), trusted, &then);
    let live = base.live.iter().filter(|live| now < live.claims.expires_at);
    let lost = live.filter(|live| {
        let is_lost = after.as_ref().is_none_or(|after| !after.can_end(live));
        is_lost && before.can_end(live)
    });
    let grants: Vec<String> = lost.map(|live| live.claims.id.to_string()).collect();
    (!grants.is_empty()).then_some(Finding { path, refusal: Refusal::Unanswered(grants) })
}

fn trusted_groups(policy: &Found<Policy>) -> BTreeSet<GroupName> {
    let policy = policy.as_ref().and_then(|read| read.as_ref().ok());
    policy.map(|policy| policy.settings().trusted_groups.clone()).unwrap_or_default()
}

impl<'a> State<'a> {
    /// Without persons, who is another person is not known.
    fn of(
        identities: &Found<Identities>,
        policy: &Found<Policy>,
        trusted: BTreeSet<GroupName>,
        cluster: &'a dyn Fn(&ClusterName) -> Option<ClusterFiles>,
    ) -> Option<Self> {
        let identities = identities.clone()?.ok()?;
        let policy = policy.clone().and_then(Result::ok).map(|policy| policy.thawed());
        Some(Self { identities, policy, trusted, cluster })
    }

    /// Whether a person other than those who have the grant may take it away. A grant that no policy allowed is the affair of who
    /// may push.
    fn can_end(&self, live: &LiveGrant) -> bool {
        let Some(flow) = live.claims.workflow.as_ref() else { return true };
        let Some(rule) = flow.policy_rule.as_deref() else { return true };
        let Ok(requester) = PersonName::new(flow.requester.as_str()) else { return false };
        let is_person =
            |name: &str| PersonName::new(name).is_ok_and(|name| self.identities.by_name(&name).is_ok());
        let trusted = || self.trusted.iter().any(|group| self.identities.members(group).next().is_some());
        flow.approvers.iter().any(|name| is_person(name))
            || trusted()
            || self.is_named(rule, &requester, live)
            || self.may_be_approved(&requester, flow, live)
    }

    /// Whether the rule that allowed it names somebody else.
    fn is_named(&self, rule: &str, requester: &PersonName, live: &LiveGrant) -> bool {
        let Some(policy) = &self.policy else { return false };
        let owner = self.identities.by_subject(&live.claims.subject).ok().map(|person| &person.name);
        let named = policy.approvers_named([rule], owner.unwrap_or(requester), &self.identities);
        named
            .iter()
            .any(|name| name != requester && Some(name) != owner && self.identities.by_name(name).is_ok())
    }

    /// Whether the rule that matches now has an approver.
    fn may_be_approved(&self, requester: &PersonName, flow: &Workflow, live: &LiveGrant) -> bool {
        let (Some(policy), Some((settings, catalogue))) = (&self.policy, (self.cluster)(&live.cluster))
        else {
            return false;
        };
        let claims = &live.claims;
        let planned = Planned::by_name(
            &claims.role,
            &claims.selection,
            &claims.subresources,
            &settings.plan_settings(),
            &catalogue,
        );
        let Ok(planned) = planned else { return false };
        let question = Question {
            requester,
            subject: &claims.subject,
            cluster: &live.cluster,
            role: &claims.role,
            selection: &planned.selection,
            risk: Risk::of(planned.plan.report()),
            // Who may approve does not depend on how long, as long as it is short enough.
            term: match flow.approval {
                Some(ApprovalKind::Persistent) => Term::Persistent,
                _ => Term::For(Some(Lifetime::seconds(1))),
            },
            reason: Stated::Hidden,
        };
        let found = decide(policy, &self.identities, &question).matched();
        found.is_ok_and(|found| !found.approvers().is_empty())
    }
}
