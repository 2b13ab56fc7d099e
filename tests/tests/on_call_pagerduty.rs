//! PagerDuty answers for who is on call: granted at once until the shift ends, and any doubt asks approvers, with whom the request
//! goes on.
#![expect(clippy::unwrap_used, reason = "what cannot be set up is a failed test")]

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use p0_gitops::notify::{NotificationLog, Teller};
use p0_gitops::on_call::{Overrides, PagerDuty, PagerDutyRules};
use p0_gitops::reconcile::Reconciler;
use p0_gitops::service::{Length, NewRequest, RequestItem, Service, Submitted};
use p0_gitops::store::Store;
use p0_gitops::workflow::actor::Actor;
use p0_grant::name::GrantId;
use p0_tests::fake_pagerduty::{FakePagerDuty, Incident, READER, Shift, Target, Weather};
use p0_tests::team::Team;
use pagerduty_client::{Client, Config};

const POLICY: &str = "rules:\n- name: on-call\n  requestor: any\n  resource: any\n  approval:\n  - auto: {schedules: [PSHOP], \
                      escalationPolicies: [ECORE]}\n  - reviewers: {persons: [bob]}\n";
const MORNING: &str = "2026-11-24T10:00:00Z";

/// A team whose people are in PagerDuty, and the bot that asks there.
struct Site {
    team: Team,
    pagerduty: FakePagerDuty,
    bot: (Arc<Service>, Reconciler),
}

/// What of PagerDuty's answers counts where a test says nothing else.
fn rules() -> PagerDutyRules {
    PagerDutyRules {
        email_domains: Vec::new(),
        overrides: Overrides::Refused,
        keep: SignedDuration::from_secs(30),
    }
}

fn shift(user: &str, start: &str, end: &str) -> Shift {
    Shift { user: user.to_owned(), start: start.parse().unwrap(), end: end.parse().unwrap() }
}

impl Site {
    async fn new(rules: PagerDutyRules) -> Self {
        Self::with(POLICY, rules, |identities| {
            let id = |text: String, (name, id)| {
                text.replace(&format!("- name: {name}\n"), &format!("- name: {name}\n  pagerduty: {id}\n"))
            };
            [("alice", "PALICE"), ("carol", "PCAROL")].into_iter().fold(identities, id)
        })
        .await
    }

    async fn with(policy: &str, rules: PagerDutyRules, identities: impl FnOnce(String) -> String) -> Self {
        let team = Team::new(policy);
        let pagerduty = FakePagerDuty::with_shop();
        team.publish("p0/identities.yaml", &identities(team.identities(&["alice", "bob", "carol"])));
        let config = Config {
            limit: Duration::from_secs(4),
            authorities: Some(std::fs::read(pagerduty.authority()).unwrap()),
            ..Config::new(pagerduty.url().parse().unwrap(), READER.parse().unwrap())
        };
        let lookup = PagerDuty::new(Client::new(config).unwrap(), rules);
        let (service, reconciler) = team.bot_with(Arc::new(lookup)).await;
        Self { team, pagerduty, bot: (Arc::new(service), reconciler) }
    }

    /// Somebody asks for a deployment, and the bot does what is due; the request's id.
    async fn asks(&self, person: &str, now: &str, name: &str) -> String {
        let id = self.asks_only(person, now, name).await;
        self.reconcile(now).await;
        id
    }

    async fn asks_only(&self, person: &str, now: &str, name: &str) -> String {
        let now: Timestamp = now.parse().unwrap();
        let id = GrantId::new(format!("{name:0<20}")).unwrap();
        let item = RequestItem {
            cluster: "prod".to_owned().try_into().unwrap(),
            role: "ClusterRole/view".parse().unwrap(),
            locator: format!("deployment / default / {name}").parse().unwrap(),
            subresources: Vec::new(),
        };
        let grants = vec![(id.clone(), item)];
        let new = NewRequest { to: None, grants, length: Length::For("4h".parse().unwrap()), reason: None };
        let claim = Actor::Key(self.team.signing_key(person)).claim("request", id.as_str(), now).unwrap();
        let Submitted::New(request) = self.bot.0.request(&new, &claim, now).await.unwrap() else {
            panic!("a new request")
        };
        request.id().to_string()
    }

    async fn reconcile(&self, now: &str) {
        self.bot.1.reconcile(now.parse().unwrap()).await;
    }

    async fn state(&self, now: &str, id: &str) -> String {
        let request = self.bot.0.find(&id.parse().unwrap(), now.parse().unwrap()).await.unwrap();
        request.state().name().as_str().to_owned()
    }

    /// What people were told of a request.
    async fn told(&self, now: &str, id: &str) -> String {
        let store = Store::open(self.team.store()).await.unwrap();
        let teller = Teller::new(self.bot.0.clone(), Arc::new(NotificationLog::new(store.clone())));
        assert!(teller.tell(now.parse().unwrap()).await.unwrap().is_empty());
        let notices = store.notices(id).await.unwrap();
        notices.iter().map(|notice| notice.body["sentence"].as_str().unwrap().to_owned() + "\n").collect()
    }

    /// Approvers are asked, and their answer makes the grant.
    async fn asks_approvers(&self, now: &str, id: &str) {
        assert_eq!(self.state(now, id).await, "pending");
        assert!(!self.team.grants().iter().any(|grant| grant == id));
        self.team.acts("bob", now, &["approve", id]).done();
        self.reconcile(now).await;
        assert_eq!(self.state(now, id).await, "merged");
        let grant = self.team.grant(id);
        assert!(grant.contains("p0.dev/approvers: bob") && !grant.contains("p0.dev/on-call"), "{grant}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_on_call_has_access_at_once_for_an_hour_and_the_grant_says_why() {
    let site = Site::new(rules()).await;
    site.pagerduty.change(|account| {
        account.incident(Incident {
            id: "QINC".to_owned(),
            number: 42,
            user: "PALICE".to_owned(),
            policy: "ECORE".to_owned(),
            created_at: "2026-11-24T09:50:00Z".parse().unwrap(),
        });
    });
    let id = site.asks("alice", MORNING, "web").await;
    assert_eq!(site.state(MORNING, &id).await, "merged");
    let grant = site.team.grant(&id);
    for line in [
        "p0.dev/approval: auto",
        "p0.dev/on-call: schedule PSHOP until 2026-11-24T16:00:00Z",
        "p0.dev/expires-at: \"2026-11-24T11:00:00Z\"",
    ] {
        assert!(grant.contains(line), "{line}: {grant}");
    }
    let told = site.told(MORNING, &id).await;
    let why = "without an approver, because alice is on call: schedule PSHOP until 2026-11-24T16:00:00Z, incident #42 (QINC)";
    assert!(told.contains(why), "{told}");
    // It ends on time, whatever PagerDuty does.
    site.pagerduty.weather(Weather::Silent);
    site.reconcile("2026-11-24T11:00:00Z").await;
    assert_eq!(site.state("2026-11-24T11:00:00Z", &id).await, "revoked");
    assert!(site.team.grants().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn access_ends_with_the_shift_and_after_it_approvers_are_asked() {
    let site = Site::new(rules()).await;
    let late = "2026-11-24T15:30:00Z";
    let id = site.asks("alice", late, "web").await;
    assert!(site.team.grant(&id).contains("p0.dev/expires-at: \"2026-11-24T16:00:00Z\""));
    let end = "2026-11-24T16:00:00Z";
    site.reconcile(end).await;
    assert_eq!(site.state(end, &id).await, "revoked");
    let next = site.asks("alice", end, "other").await;
    site.asks_approvers(end, &next).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_override_for_the_requester_asks_approvers_unless_the_site_counts_it() {
    let late = "2026-11-24T18:00:00Z";
    let own = || shift("PALICE", "2026-11-24T17:00:00Z", "2026-11-24T20:00:00Z");
    let site = Site::new(rules()).await;
    site.pagerduty.change(|account| account.add_override("PSHOP", own()));
    let id = site.asks("alice", late, "web").await;
    site.asks_approvers(late, &id).await;
    // One's own shift ends when it ends, also where an override of one's own goes on after it.
    let site = Site::new(rules()).await;
    let after = shift("PALICE", "2026-11-24T16:00:00Z", "2026-11-24T20:00:00Z");
    site.pagerduty.change(|account| account.add_override("PSHOP", after));
    let id = site.asks("alice", "2026-11-24T15:30:00Z", "web").await;
    assert!(site.team.grant(&id).contains("p0.dev/expires-at: \"2026-11-24T16:00:00Z\""));
    // Bob covers an hour of Alice's shift: she is not on call then, and that is no override of hers.
    let site = Site::new(rules()).await;
    let cover = shift("PBOB", "2026-11-24T09:30:00Z", "2026-11-24T10:30:00Z");
    site.pagerduty.change(|account| account.add_override("PSHOP", cover));
    let id = site.asks("alice", MORNING, "web").await;
    assert_eq!(site.state(MORNING, &id).await, "pending");
    let id = site.asks("alice", "2026-11-24T10:31:00Z", "other").await;
    assert_eq!(site.state("2026-11-24T10:31:00Z", &id).await, "merged");
    let counted = Site::new(PagerDutyRules { overrides: Overrides::Counted, ..rules() }).await;
    counted.pagerduty.change(|account| account.add_override("PSHOP", own()));
    let id = counted.asks("alice", late, "web").await;
    assert_eq!(counted.state(late, &id).await, "merged");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_in_trouble_asks_approvers_and_the_request_goes_on() {
    for weather in [
        Weather::Failing { requests: u32::MAX, status: 500 },
        Weather::Failing { requests: u32::MAX, status: 403 },
        Weather::Garbled,
        Weather::Silent,
    ] {
        let site = Site::new(rules()).await;
        site.pagerduty.weather(weather);
        let id = site.asks("alice", MORNING, "web").await;
        site.asks_approvers(MORNING, &id).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_on_a_later_level_or_for_ever_or_unknown_is_not_on_call() {
    let site = Site::new(rules()).await;
    let id = site.asks("carol", MORNING, "web").await;
    site.asks_approvers(MORNING, &id).await;
    // The escalation policy names Carol herself on its first level: that is no shift.
    site.pagerduty.change(|account| {
        account.policy("ECORE", &[&[Target::User("PCAROL".to_owned())]]);
    });
    let later = "2026-11-24T10:05:00Z";
    let id = site.asks("carol", later, "other").await;
    assert_eq!(site.state(later, &id).await, "pending");
    // Bob's PagerDuty id is in no file, although he is on call.
    let evening = "2026-11-24T18:00:00Z";
    let id = site.asks("bob", evening, "third").await;
    assert_eq!(site.state(evening, &id).await, "pending");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_finds_a_person_only_where_a_setting_allows_it_and_it_is_one() {
    let with_address = |identities: String| {
        identities.replace("- name: alice\n", "- name: alice\n  email: alice@example.com\n")
    };
    let site = Site::with(POLICY, rules(), with_address).await;
    let id = site.asks("alice", MORNING, "web").await;
    assert_eq!((site.state(MORNING, &id).await.as_str(), site.pagerduty.asked().len()), ("pending", 0));
    let allowed = PagerDutyRules { email_domains: vec!["Example.com".to_owned()], ..rules() };
    let site = Site::with(POLICY, allowed.clone(), with_address).await;
    let id = site.asks("alice", MORNING, "web").await;
    assert_eq!(site.state(MORNING, &id).await, "merged");
    let site = Site::with(POLICY, allowed, with_address).await;
    site.pagerduty.change(|account| _ = account.user("PTWIN", "ALICE@example.com"));
    let id = site.asks("alice", MORNING, "web").await;
    site.asks_approvers(MORNING, &id).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shift_that_is_cut_before_the_grant_is_signed_grants_nothing() {
    let site = Site::new(PagerDutyRules { keep: SignedDuration::ZERO, ..rules() }).await;
    let id = site.asks_only("alice", MORNING, "web").await;
    assert_eq!(site.state(MORNING, &id).await, "approved");
    site.pagerduty.change(|account| account.cut("PSHOP", "2026-11-24T10:30:00Z"));
    site.reconcile(MORNING).await;
    site.asks_approvers(MORNING, &id).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_is_kept_for_a_while_and_never_past_the_shift() {
    let site = Site::new(rules()).await;
    site.asks("alice", "2026-11-24T15:59:40Z", "web").await;
    // Who is on call, the incidents and the overrides: once for the request and the signing.
    assert_eq!(site.pagerduty.asked().len(), 3);
    let end = "2026-11-24T16:00:00Z";
    let id = site.asks("alice", end, "other").await;
    assert_eq!((site.state(end, &id).await.as_str(), site.pagerduty.asked().len()), ("pending", 0));
    let later = "2026-11-24T16:00:11Z";
    site.asks("alice", later, "third").await;
    assert!(!site.pagerduty.asked().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_site_s_switch_asks_pagerduty_nothing() {
    let off = format!("onCall: {{routing: off}}\n{POLICY}");
    let with_id =
        |identities: String| identities.replace("- name: alice\n", "- name: alice\n  pagerduty: PALICE\n");
    let site = Site::with(&off, rules(), with_id).await;
    let id = site.asks("alice", MORNING, "web").await;
    assert!(site.pagerduty.asked().is_empty());
    site.asks_approvers(MORNING, &id).await;
}
