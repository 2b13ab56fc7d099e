//! From "approve" to "merged" on a repository in a folder, with few and with many live grants, against the same change made
//! and pushed by `git` itself; and the memory of a server that has nothing to do.

use std::process::Command;
use std::time::Instant;

use jiff::Timestamp;
use p0_access::layout::ClusterName;
use p0_access::request::RequestId;
use p0_gitops::reconcile::Reconciler;
use p0_gitops::service::{Length, NewRequest, RequestItem, Service};
use p0_gitops::workflow::actor::Actor;
use p0_grant::name::GrantId;
use p0_tests::program::build_for_release;
use p0_tests::serving::Serving;
use p0_tests::site::CLUSTER;
use p0_tests::team::{READERS, Team};
use p0_tests::workbench::median;

/// Measured with none, and again with these many live ones.
const LIVE: usize = 1_000;
const ROUNDS: usize = 21;

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let team = Team::new(READERS);
    runtime.block_on(async {
        let (service, reconciler) = team.bot().await;
        let few = measure(&team, (&service, &reconciler), 0).await;
        for number in ROUNDS..ROUNDS + LIVE {
            let id = asked(&team, &service, number).await;
            approved(&team, &service, &id).await;
        }
        reconciler.reconcile(now()).await;
        let many = measure(&team, (&service, &reconciler), ROUNDS + LIVE).await;
        let git = by_git(&team);
        println!("approve to merged, median of {ROUNDS}:");
        println!("  {:5} live grants {few:7.1} ms (at most 100)", 0);
        println!("  {:5} live grants {many:7.1} ms (at most 100)", ROUNDS + LIVE);
        println!("  git commit and push {git:7.1} ms, ratio {:.2}", many / git);
    });
    let server = Serving::start(&build_for_release("--bin", "p0-gitops"), &Team::new(READERS), None);
    let ready = async { while server.get("/readyz").await.0 != 200 {} };
    runtime.block_on(ready);
    println!("a server with nothing to do holds {:.1} MB (at most 60)", server.memory());
    assert!(server.stop().0.success());
}

fn now() -> Timestamp {
    "2026-11-24T10:00:00Z".parse().unwrap()
}

async fn measure(team: &Team, (service, reconciler): (&Service, &Reconciler), from: usize) -> f64 {
    let mut times = Vec::with_capacity(ROUNDS);
    for number in from..from + ROUNDS {
        let id = asked(team, service, number).await;
        let began = Instant::now();
        approved(team, service, &id).await;
        assert_eq!(reconciler.reconcile(now()).await.problems, []);
        times.push(began.elapsed().as_secs_f64() * 1000.0);
        assert_eq!(service.find(&id, now()).await.unwrap().state().name().as_str(), "merged");
    }
    median(times)
}

async fn asked(team: &Team, service: &Service, number: usize) -> RequestId {
    let id = GrantId::new(format!("load{number:016}")).unwrap();
    let item = RequestItem {
        cluster: ClusterName::new(CLUSTER).unwrap(),
        role: "ClusterRole/view".parse().unwrap(),
        locator: format!("deployment / default / web-{number}").parse().unwrap(),
        subresources: Vec::new(),
    };
    let grants = vec![(id.clone(), item)];
    let new = NewRequest { to: None, grants, length: Length::Default, reason: Some("load".to_owned()) };
    let claim = Actor::Key(team.signing_key("alice")).claim("request", id.as_str(), now()).unwrap();
    service.request(&new, &claim, now()).await.unwrap();
    RequestId::from(id)
}

async fn approved(team: &Team, service: &Service, id: &RequestId) {
    let bob = Actor::Key(team.signing_key("bob"));
    let approval = service.show(id, None, now()).await.unwrap().approval(&bob).unwrap();
    service.approve(id, &approval, now()).await.unwrap();
}

/// What somebody at a keyboard does in a clone that is up to date: add one file, commit, push.
fn by_git(team: &Team) -> f64 {
    let clone = team.site().beside("clone");
    let git = |arguments: &[&str]| {
        let mut command = Command::new("git");
        command.args(["-c", "user.name=bot", "-c", "user.email=bot@example.com", "-C"]);
        let output = command.arg(&clone).args(arguments).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    };
    let repository = team.site().repository();
    assert!(
        Command::new("git").args(["clone", "-q"]).arg(&repository).arg(&clone).status().unwrap().success()
    );
    let times = (0..ROUNDS).map(|round| {
        let path = format!("clusters/{CLUSTER}/grants/g{round:019}.yaml");
        std::fs::write(clone.join(&path), format!("# {round}\n{}", "x".repeat(2000))).unwrap();
        let began = Instant::now();
        git(&["add", &path]);
        git(&["commit", "-q", "-m", "grant"]);
        git(&["push", "-q", "origin", "HEAD:main"]);
        began.elapsed().as_secs_f64() * 1000.0
    });
    median(times)
}
