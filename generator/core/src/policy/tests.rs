use jiff::Timestamp;
use p0_grant::approval::ApprovalKind;
use p0_grant::name::Namespace;
use p0_grant::offer::Withheld;
use p0_grant::resource::ApiResource;
use p0_grant::role::RoleRef;
use p0_grant::selection::{Selection, SelectionText};
use p0_grant::subject::Subject;

use super::*;
use crate::identity::Identities;
use crate::layout::ClusterName;
use crate::name::PersonName;

const HEAD: &str = "apiVersion: p0.dev/v1alpha1\nkind: Policy\n";

const PERSONS: &str = "apiVersion: p0.dev/v1alpha1\nkind: Identities\npersons:\n\
    - {name: alice, kubernetes: [alice@x, ServiceAccount/ci/alice], groups: [dev], manager: carol}\n\
    - {name: bob, kubernetes: [bob@x], groups: [sre], manager: gone}\n\
    - {name: carol, kubernetes: [carol@x], groups: [sre, leads], manager: carol}\n\
    - {name: dave, kubernetes: [dave@x], groups: [leads]}\n";

fn policy(rules: &str) -> Policy {
    Policy::read(&format!("{HEAD}{rules}")).unwrap()
}

/// Everything a question is made of, owned.
struct Ask {
    requester: PersonName,
    subject: Subject,
    cluster: ClusterName,
    role: RoleRef,
    selection: Selection,
    risk: Risk,
    term: Term,
    reason: Option<&'static str>,
}

fn ask(selection: &str) -> Ask {
    Ask {
        requester: PersonName::new("alice").unwrap(),
        subject: "alice@x".parse().unwrap(),
        cluster: ClusterName::new("prod").unwrap(),
        role: "view".parse().unwrap(),
        selection: self::selection(selection),
        risk: Risk::default(),
        term: Term::For(None),
        reason: None,
    }
}

fn selection(text: &str) -> Selection {
    let parts: SelectionText = text.parse().unwrap();
    let resource = ApiResource::new(parts.group, parts.plural, "Kind", parts.target.scope()).unwrap();
    Selection::new(resource.with_subresources(["log", "exec"]).unwrap(), parts.target).unwrap()
}

impl Ask {
    fn by(mut self, requester: &str, subject: &str) -> Self {
        self.requester = PersonName::new(requester).unwrap();
        self.subject = subject.parse().unwrap();
        self
    }

    fn for_so_long(mut self, text: &str) -> Self {
        self.term = Term::For(Some(text.parse().unwrap()));
        self
    }

    fn at_danger(mut self, worst: Class) -> Self {
        self.risk.worst = Some(worst);
        self
    }

    fn question(&self) -> Question<'_> {
        Question {
            requester: &self.requester,
            subject: &self.subject,
            cluster: &self.cluster,
            role: &self.role,
            selection: &self.selection,
            risk: self.risk.clone(),
            term: self.term,
            reason: self.reason.map_or(Stated::Nothing, Stated::Text),
        }
    }

    fn answer(&self, policy: &Policy) -> Result<Match, Vec<Reason>> {
        let identities = Identities::read(PERSONS).unwrap();
        decide(policy, &identities, &self.question()).matched()
    }

    /// The rule that answers, or the first reason's code.
    fn told(&self, policy: &Policy) -> String {
        match self.answer(policy) {
            Ok(found) => found.rule.to_string(),
            Err(reasons) => reasons[0].code().to_owned(),
        }
    }
}

fn at() -> Timestamp {
    "2026-11-24T10:00:00Z".parse().unwrap()
}

fn vote(person: &str, proof: Proof) -> Vote {
    Vote { person: PersonName::new(person).unwrap(), proof }
}

fn codes(reasons: &[Reason]) -> Vec<&'static str> {
    reasons.iter().map(Reason::code).collect()
}

mod approving;
mod deciding;
mod reading;
