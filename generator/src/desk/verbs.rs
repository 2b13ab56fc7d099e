//! What people do to requests, one file for each part of it.

mod allow;
mod answer;
mod ask;
mod end;
mod extend;

use p0_access::duration::Lifetime;
use p0_access::name::PersonName;
use p0_access::policy::{self, Acceptance, Given, Match, Proof, Question, Reason, accept_all};
use p0_access::request::{Accepted, Approval, Channel, Request, Vote};
use p0_grant::approval::ApprovalKind;
use p0_grant::name::GrantId;

use super::known::{Asks, Known, Member};
use super::{DeskError, Result};

pub use allow::Allowance;
pub use answer::{Shown, Yes};
pub use ask::{Ask, Asking, Length, Opened};
pub use end::{Revocation, Scope};

/// A vote as policy counts it.
fn counted(vote: &Vote) -> policy::Vote {
    let proof = match vote.channel {
        Channel::Cli if !vote.signatures.is_empty() => Proof::Signature,
        Channel::Cli | Channel::Slack => Proof::Bot,
        Channel::Git => Proof::Review,
        Channel::Demo => Proof::Name,
    };
    policy::Vote { person: vote.person.clone(), proof }
}

/// Each member with what policy answered for it.
struct Judged<'m> {
    found: Vec<(Match, Question<'m>)>,
}

impl<'m> Judged<'m> {
    fn of(known: &Known, members: &'m [Member], asks: &Asks<'m>) -> Result<Self> {
        // It will stand in a file that appliers read: better said now than when somebody has approved it.
        if let Some(reason) = asks.reason {
            p0_grant::text::check_text(reason).map_err(DeskError::Reason)?;
        }
        let found = members.iter().map(|member| {
            let question = member.question(asks);
            known.decide(&question).map(|found| (found, question))
        });
        Ok(Self { found: found.collect::<Result<_>>()? })
    }

    fn pairs(&self) -> Vec<(&Match, &Question<'m>)> {
        self.found.iter().map(|(found, question)| (found, question)).collect()
    }

    fn accept(&self, given: &Given) -> std::result::Result<Vec<Acceptance>, Vec<Reason>> {
        accept_all(&self.pairs(), given)
    }

    /// Whether `person` may approve every member in some way.
    fn may_approve(&self, person: &PersonName) -> bool {
        self.found.iter().all(|(found, _)| found.approvers().contains(person))
    }
}

/// The approval that acceptances, one for each grant, come to.
fn approval(
    known: &Known,
    accepted: Vec<Acceptance>,
    lifetime: Lifetime,
    votes: Vec<Vote>,
    window: Option<&GrantId>,
) -> Approval {
    let longest = accepted.iter().map(|acceptance| acceptance.max_duration).min().unwrap_or(lifetime);
    let one = |acceptance: Acceptance| Accepted {
        rule: acceptance.rule.to_string(),
        via: acceptance.via,
        approvers: acceptance.approvers,
        window: window.filter(|_| acceptance.via == ApprovalKind::Window).cloned(),
    };
    Approval {
        policy: known.policy.digest().to_owned(),
        accepted: accepted.into_iter().map(one).collect(),
        votes,
        lifetime: lifetime.min(longest),
        merge_within: known.policy.settings().merge_within,
    }
}

/// The members of a request, as base gives them now.
fn members(known: &Known, request: &Request) -> Result<Vec<Member>> {
    request.asked().wants.iter().map(|want| known.want(want)).collect()
}
