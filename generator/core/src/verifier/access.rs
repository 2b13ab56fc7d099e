//! The judgement of who: may these persons have this, by the policy on base?
//!
//! The file's word is held to what proves it: the bot's signature that it saw an approval, approvers' own signatures over
//! exactly this grant, reviews that the forge knows, preapprovals that approvers signed. Not here: what policy says.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use p0_grant::approval::ApprovalKind;
use p0_grant::grant::Workflow;
use p0_grant::manifest::Claims;
use p0_grant::name::GrantId;
use p0_grant::selection::Selection;
use p0_grant::time::written;

use super::proposed::ProposedGrant;
use super::refusal::unusable;
use super::renewal::previous;
use super::{Base, MAX_CLOCK_SKEW, Refusal};
use crate::cluster::{Cluster, PolicyNeed, ReasonKept};
use crate::duration::Lifetime;
use crate::identity::{IDENTITIES, Identities};
use crate::name::PersonName;
use crate::policy::{
    Acceptance, Duty, Given, OnCall, POLICY, Policy, Proof, Question, Risk, Stated, Term, Vote, accept,
    decide,
};
use crate::preapproval::{Opened, PREAPPROVALS};

/// What is judged: a grant where it stands, and what it is of.
pub(super) struct Access<'a> {
    pub(super) proposed: &'a ProposedGrant<'a>,
    pub(super) selection: &'a Selection,
    pub(super) risk: Risk,
    pub(super) settings: &'a Cluster,
}

/// What of base answers.
struct World<'b> {
    policy: &'b Policy,
    identities: &'b Identities,
    base: &'b Base,
}

impl Access<'_> {
    /// What speaks against these persons having this.
    pub(super) fn findings(&self, base: &Base) -> Vec<Refusal> {
        match world(base, self.settings) {
            Ok(None) => self.unbacked().into_iter().collect(),
            Ok(Some(world)) => self.verify(&world).err().unwrap_or_default(),
            Err(refusal) => vec![refusal],
        }
    }

    /// Where there is no policy, a person decides who holds a signing key. A grant that says what a policy allowed is not theirs: it
    /// was made while there was one, and must not outlive what the policy would say now.
    fn unbacked(&self) -> Option<Refusal> {
        let flow = self.claims().workflow.as_ref()?;
        let says_approved = flow.approval.is_some()
            || flow.policy_rule.is_some()
            || flow.policy_sha256.is_some()
            || flow.preapproval.is_some()
            || !flow.on_call.is_empty()
            || !flow.approver_signatures.is_empty();
        says_approved.then(|| unusable(POLICY, "there is none, and the grant says that a policy allowed it"))
    }

    fn claims(&self) -> &Claims {
        self.proposed.manifest.claims()
    }

    fn verify(&self, world: &World<'_>) -> Result<(), Vec<Refusal>> {
        let claims = self.claims();
        let flow = claims.workflow.as_ref().ok_or_else(|| vec![Refusal::Missing("p0.dev/requester")])?;
        let requester = person(&flow.requester).map_err(|refusal| vec![refusal])?;
        let question = Question {
            requester: &requester,
            subject: &claims.subject,
            cluster: self.proposed.cluster,
            role: &claims.role,
            selection: self.selection,
            risk: self.risk.clone(),
            term: self.term(flow).map_err(|refusal| vec![refusal])?,
            reason: stated(flow, self.settings.grants.reason),
        };
        let refused = |reasons: Vec<_>| reasons.into_iter().map(Refusal::Policy).collect::<Vec<_>>();
        let answer = decide(world.policy, world.identities, &question);
        let found = answer.matched().map_err(refused)?;
        let given = self.given(flow, world)?;
        let accepted = accept(&found, &question, &given).map_err(refused)?;
        let findings = self.compare(flow, world.policy, &accepted);
        if findings.is_empty() { Ok(()) } else { Err(findings) }
    }

    fn term(&self, flow: &Workflow) -> Result<Term, Refusal> {
        let claims = self.claims();
        let lives =
            |from| Lifetime::between(from, claims.expires_at).ok_or(Refusal::Expired(claims.expires_at));
        Ok(match flow.approval {
            Some(ApprovalKind::Persistent) => Term::Persistent,
            _ if previous(claims).is_some() => Term::Extended {
                by: lives(claims.created_at)?,
                total: lives(self.proposed.first_created_at)?,
            },
            _ => Term::For(Some(lives(claims.created_at)?)),
        })
    }

    /// What the file gives for its approval, each vote with what proves it.
    fn given(&self, flow: &Workflow, world: &World<'_>) -> Result<Given, Vec<Refusal>> {
        let one = |refusal| vec![refusal];
        let via = flow.approval.ok_or_else(|| one(Refusal::Missing("p0.dev/approval")))?;
        let requester = person(&flow.requester).map_err(one)?;
        let duties = flow.on_call.iter().map(|evidence| Duty::of(&requester, evidence)).collect();
        let on_call = OnCall::Duties(duties);
        let given = Given { via: Some(via), on_call, ..Given::nothing(self.claims().created_at) };
        let signed = self.signatures(flow, world)?;
        match via {
            // A duty may answer for the whole and a preapproval for a part.
            ApprovalKind::Auto if flow.preapproval.is_none() => return Ok(given),
            ApprovalKind::Auto | ApprovalKind::Preapproval => {
                let preapproval = preapproval(flow, world.base).map_err(one)?;
                return Ok(Given { preapproval: Some(preapproval), ..given });
            }
            ApprovalKind::Reviewers
            | ApprovalKind::Manager
            | ApprovalKind::Git
            | ApprovalKind::Persistent => {}
        }
        let reviews = world.base.reviews.get(&self.claims().id);
        let mut votes = Vec::with_capacity(flow.approvers.len());
        for name in &flow.approvers {
            let person = person(name).map_err(one)?;
            let reviewed = reviews.is_some_and(|persons| persons.contains(&person));
            let proof = match (signed.contains(&person), reviewed) {
                // On a forge without reviews, an own signature over the very change is one.
                (true, _) if via == ApprovalKind::Git => Proof::Review,
                (_, true) => Proof::Review,
                (true, false) => Proof::Signature,
                (false, false) => Proof::Bot,
            };
            votes.push(Vote { person, proof });
        }
        Ok(given.with_votes(votes))
    }

    /// Who approved with a key of their own. One signature that does not fit refuses the grant: it does not get there by
    /// mistake.
    fn signatures(&self, flow: &Workflow, world: &World<'_>) -> Result<BTreeSet<PersonName>, Vec<Refusal>> {
        let claims = self.claims();
        let wrong = |problem: String| vec![Refusal::ApproverSignature(problem)];
        let lives = claims.expires_at.duration_since(claims.created_at);
        let patience = world.policy.settings().pending_timeout.duration();
        let mut persons = BTreeSet::new();
        for own in &flow.approver_signatures {
            let key = own.signer(claims).map_err(|error| wrong(error.to_string()))?;
            let person = world.identities.by_key(&key).map_err(|error| wrong(error.to_string()))?;
            let age = claims.created_at.duration_since(own.at);
            if !flow.approvers.iter().any(|name| name == person.name.as_str()) {
                return Err(wrong(format!("`{}` is not among the approvers", person.name)));
            }
            if own.lifetime < lives {
                return Err(wrong(format!("`{}` approved a shorter time", person.name)));
            }
            if age > patience || age < -MAX_CLOCK_SKEW {
                return Err(wrong(format!(
                    "`{}` approved at {}, which is not then",
                    person.name,
                    written(own.at)
                )));
            }
            persons.insert(person.name.clone());
        }
        let is_signed = |name: &String| persons.iter().any(|person| person.as_str() == name);
        if flow.approvers.iter().all(is_signed) {
            self.check_last_signature(flow, world.policy).map_err(wrong)?;
        }
        Ok(persons)
    }

    /// A request is approved when the last approver signs. An approval that did not become a grant then, because the request was
    /// cancelled or denied, makes none later, with new times.
    fn check_last_signature(&self, flow: &Workflow, policy: &Policy) -> Result<(), String> {
        let Some(last) = flow.approver_signatures.iter().max_by_key(|own| own.at) else { return Ok(()) };
        let claims = self.claims();
        let merge_within = policy.settings().merge_within;
        let by = |span: SignedDuration| last.at.checked_add(span).unwrap_or(Timestamp::MAX);
        let latest_end = by(last.lifetime).checked_add(MAX_CLOCK_SKEW).unwrap_or(Timestamp::MAX);
        if claims.created_at > by(merge_within.duration()) {
            return Err(format!(
                "the last one is of {}, and the grant was made at {}: an approval is good for {merge_within}",
                written(last.at),
                written(claims.created_at)
            ));
        }
        if claims.expires_at > latest_end {
            return Err(format!(
                "the last one is of {}, for {:#}, and the grant ends at {}, later than that",
                written(last.at),
                last.lifetime,
                written(claims.expires_at)
            ));
        }
        Ok(())
    }

    /// In what the file says otherwise than policy does.
    fn compare(&self, flow: &Workflow, policy: &Policy, acceptance: &Acceptance) -> Vec<Refusal> {
        let claims = self.claims();
        let accepted = &acceptance.accepted;
        let mut findings = Vec::new();
        if flow.policy_rule.as_deref() != Some(accepted.rule.as_str()) {
            let says = flow.policy_rule.clone().unwrap_or_default();
            findings.push(Refusal::Rule { says, is: accepted.rule.to_string() });
        }
        if flow.policy_sha256.as_deref() != Some(policy.digest()) {
            findings.push(Refusal::OtherPolicy);
        }
        let approvers: BTreeSet<&str> = flow.approvers.iter().map(String::as_str).collect();
        let counted = accepted.approvers();
        if approvers != counted.iter().map(|person| person.as_str()).collect() {
            findings.push(Refusal::Approvers(counted.into_iter().map(ToString::to_string).collect()));
        }
        let lives = claims.expires_at.duration_since(claims.created_at);
        if lives > acceptance.max_duration.duration() {
            let allowed = acceptance.max_duration.to_string();
            findings.push(Refusal::TooLong { asked: format!("{lives:#}"), allowed });
        }
        let latest = claims.created_at.checked_add(policy.settings().merge_within.duration());
        let latest = latest.unwrap_or(Timestamp::MAX);
        if flow.merge_before.is_some_and(|before| before > latest) {
            findings.push(Refusal::MergeSpan(latest));
        }
        findings
    }
}

/// What of base answers; nothing where the cluster file does without a policy, and there is none.
fn world<'b>(base: &'b Base, settings: &Cluster) -> Result<Option<World<'b>>, Refusal> {
    let policy = match (&base.policy, settings.grants.policy) {
        (None, PolicyNeed::Optional) => return Ok(None),
        (None, PolicyNeed::Required) => return Err(unusable(POLICY, "there is none")),
        (Some(Err(problem)), _) => return Err(unusable(POLICY, problem)),
        (Some(Ok(policy)), _) => policy,
    };
    match &base.identities {
        None => Err(unusable(IDENTITIES, "there is none")),
        Some(Err(problem)) => Err(unusable(IDENTITIES, problem)),
        Some(Ok(identities)) => Ok(Some(World { policy, identities, base })),
    }
}

fn person(name: &str) -> Result<PersonName, Refusal> {
    PersonName::new(name).map_err(|_| Refusal::Person(name.to_owned()))
}

/// Where only a hash or nothing is kept, the reason cannot be read here.
fn stated(flow: &Workflow, kept: ReasonKept) -> Stated<'_> {
    match (&flow.reason, kept) {
        (Some(reason), ReasonKept::Text) => Stated::Text(reason),
        (None, ReasonKept::Text | ReasonKept::Hash) => Stated::Nothing,
        (Some(_), ReasonKept::Hash | ReasonKept::None) | (None, ReasonKept::None) => Stated::Hidden,
    }
}

fn preapproval(flow: &Workflow, base: &Base) -> Result<Opened, Refusal> {
    let id = flow.preapproval.as_deref().ok_or(Refusal::Missing("p0.dev/window"))?;
    let found: Option<&Result<Opened, String>> =
        GrantId::new(id).ok().and_then(|id| BTreeMap::get(&base.preapprovals, &id));
    match found {
        None => Err(unusable(&format!("{PREAPPROVALS}/{id}.yaml"), "there is none")),
        Some(Err(problem)) => Err(unusable(&format!("{PREAPPROVALS}/{id}.yaml"), problem)),
        Some(Ok(preapproval)) => Ok(preapproval.clone()),
    }
}
