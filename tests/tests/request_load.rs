//! Many at once: a thousand requests on one repository, approved before any is merged.

use std::time::Instant;

use jiff::Timestamp;
use p0_access::request::RequestId;
use p0_gitops::service::{Length, NewRequest, RequestItem};
use p0_gitops::workflow::actor::Actor;
use p0_grant::name::GrantId;
use p0_tests::team::{READERS, Team};

const COUNT: usize = 1000;

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_approved_at_once_are_all_merged() {
    let team = Team::new(READERS);
    let (service, reconciler) = team.bot().await;
    let (alice, bob) = (Actor::Key(team.signing_key("alice")), Actor::Key(team.signing_key("bob")));
    let now: Timestamp = "2026-11-24T10:00:00Z".parse().unwrap();
    let begun = Instant::now();
    let mut ids = Vec::with_capacity(COUNT);
    for number in 0..COUNT {
        let id = GrantId::new(format!("load{number:016}")).unwrap();
        let item = RequestItem {
            cluster: p0_access::layout::ClusterName::new("prod").unwrap(),
            role: "ClusterRole/view".parse().unwrap(),
            locator: format!("deployment / default / web-{number}").parse().unwrap(),
            subresources: Vec::new(),
        };
        let grants = vec![(id.clone(), item)];
        let new = NewRequest { to: None, grants, length: Length::Default, reason: Some("load".to_owned()) };
        let claim = alice.claim("request", id.as_str(), now).unwrap();
        service.request(&new, &claim, now).await.unwrap();
        ids.push(RequestId::from(id));
    }
    let asked = begun.elapsed();
    for id in &ids {
        let approval = service.show(id, None, now).await.unwrap().approval(&bob).unwrap();
        service.approve(id, &approval, now).await.unwrap();
    }
    let approved = begun.elapsed() - asked;
    assert!(team.grants().is_empty(), "nothing is merged yet");
    let merging = Instant::now();
    assert_eq!(reconciler.reconcile(now).await.problems, []);
    let merged = merging.elapsed();
    assert_eq!(team.grants().len(), COUNT, "all are merged, none is lost");
    for id in &ids {
        assert_eq!(service.find(id, now).await.unwrap().state().name().as_str(), "merged", "{id}");
    }
    let chain = service.store().verify_chain().await.unwrap();
    println!(
        "{COUNT} requests: asked in {asked:.1?}, approved in {approved:.1?}, merged in {merged:.1?} ({:.1?} each); {} lines of log; peak memory {}",
        merged / u32::try_from(COUNT).unwrap(),
        chain.lines,
        peak_memory(),
    );
}

/// The most memory that this process had, as the kernel says it.
fn peak_memory() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.map_or_else(|| "unknown".to_owned(), |line| line.trim().to_owned())
}
