//! Whether a requester is on call is asked only where a rule makes it count, and for that person in those places alone.
#![expect(clippy::unwrap_used, reason = "what cannot be set up is a failed test")]

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use p0_access::policy::{Duty, OnCallPlaces};
use p0_gitops::on_call::{OnCallLookup, OnCallQuery};
use p0_gitops::service::{Length, NewRequest, RequestItem, Submitted};
use p0_gitops::workflow::actor::Actor;
use p0_grant::name::GrantId;
use p0_grant::on_call::DutyId;
use p0_tests::team::{READERS, Team};

const ON_CALL: &str = "rules:\n- name: on-call\n  requestor: any\n  resource: any\n  approval:\n  - auto: {schedules: [SHOP], \
                       escalationPolicies: [CORE]}\n  - reviewers: {persons: [bob]}\n";

/// Whom it was asked about, and in which schedules and escalation policies.
type Asked = (String, BTreeSet<DutyId>, BTreeSet<DutyId>);

/// Keeps what it is asked, and answers as it is told.
#[derive(Default)]
struct Lookup {
    asked: Mutex<Vec<Asked>>,
    duty: Option<Duty>,
}

#[async_trait]
impl OnCallLookup for Lookup {
    async fn duties(&self, query: OnCallQuery<'_>) -> Result<Vec<Duty>, String> {
        let OnCallQuery { person, places, .. } = query;
        let asked = (person.name.to_string(), places.schedules.clone(), places.escalation_policies.clone());
        self.asked.lock().unwrap().push(asked);
        self.duty.clone().map(|duty| vec![duty]).ok_or_else(|| "the service is down".to_owned())
    }

    async fn faults(&self, _places: &OnCallPlaces) -> Vec<String> {
        Vec::new()
    }
}

/// The state of a request that Alice makes, and what the lookup was asked.
async fn request(policy: &str, lookup: Lookup) -> (String, Vec<Asked>) {
    let team = Team::new(policy);
    let lookup = Arc::new(lookup);
    let service = team.service(lookup.clone()).await;
    let now = "2026-11-24T10:00:00Z".parse().unwrap();
    let id = GrantId::new("vpl5aqzpwnnqmnkrzze2").unwrap();
    let item = RequestItem {
        cluster: "prod".to_owned().try_into().unwrap(),
        role: "ClusterRole/view".parse().unwrap(),
        locator: "deployment / default / web".parse().unwrap(),
        subresources: Vec::new(),
    };
    let new =
        NewRequest { to: None, grants: vec![(id.clone(), item)], length: Length::Default, reason: None };
    let claim = Actor::Key(team.signing_key("alice")).claim("request", id.as_str(), now).unwrap();
    let Submitted::New(request) = service.request(&new, &claim, now).await.unwrap() else { panic!("new") };
    let asked = lookup.asked.lock().unwrap().clone();
    (request.state().name().as_str().to_owned(), asked)
}

fn ids(ids: &[&str]) -> BTreeSet<DutyId> {
    ids.iter().map(|id| id.parse().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_without_auto_asks_no_service() {
    assert_eq!(request(READERS, Lookup::default()).await, ("pending".to_owned(), vec![]));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_requester_is_asked_about_in_the_places_of_the_rule_and_a_failure_asks_approvers() {
    let asked = vec![("alice".to_owned(), ids(&["SHOP"]), ids(&["CORE"]))];
    assert_eq!(request(ON_CALL, Lookup::default()).await, ("pending".to_owned(), asked.clone()));
    let duty = |person: &str| Duty {
        person: person.parse().unwrap(),
        schedule: Some("SHOP".parse().unwrap()),
        escalation: None,
        until: None,
        incident: None,
    };
    let on_duty = Lookup { duty: Some(duty("alice")), ..Lookup::default() };
    assert_eq!(request(ON_CALL, on_duty).await, ("approved".to_owned(), asked.clone()));
    // A service that answers about somebody else approves nothing.
    let other = Lookup { duty: Some(duty("bob")), ..Lookup::default() };
    assert_eq!(request(ON_CALL, other).await, ("pending".to_owned(), asked));
}
