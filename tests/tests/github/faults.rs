//! Every call that writes to GitHub fails once before and once after its effect: one pull request, one merge.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use p0_tests::{Fate, Proxy};

use crate::rig::*;

/// What happens when the call that writes as number `at` meets this fate; whether there was such a call.
async fn one_fault(rig: &mut Rig, proxy: &Proxy, name: &str, at: usize, fate: Fate) -> bool {
    let counter = Arc::new(AtomicUsize::new(0));
    let seen = Arc::clone(&counter);
    let judge = move |asked: &p0_tests::Asked| {
        let writes = asked.writes() && asked.path.starts_with("/api/");
        match writes && seen.fetch_add(1, Ordering::SeqCst) == at {
            true => fate.clone(),
            false => Fate::Served,
        }
    };
    let id = rig.approved(name);
    proxy.judge(judge);
    rig.round().await;
    let reached = counter.load(Ordering::SeqCst) > at;
    proxy.judge(|_| Fate::Served);
    for _ in 0..3 {
        if rig.state(&id) == "merged" {
            break;
        }
        rig.round().await;
    }
    assert_eq!((rig.state(&id).as_str(), rig.team.landings(&id)), ("merged", 1), "{name}");
    let own = rig.pulls().into_iter().filter(|(branch, _)| branch.contains(&id)).count();
    assert_eq!(own, 1, "{name}");
    reached
}

/// A proxy has a runtime of its own, so this test is none of an asynchronous one.
#[test]
fn whichever_call_fails_there_is_one_pull_request_and_one_merge() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let mut rig = runtime.block_on(Rig::new());
    let proxy = Proxy::to(rig.on.github.url());
    let url = rig.on.url().replace(&rig.on.github.url(), &proxy.url());
    for (what, fate) in [
        ("lost", Fate::LostAnswer),
        ("failed", Fate::Refused(502, None)),
        ("conflict", Fate::Refused(409, None)),
    ] {
        let mut at = 0;
        loop {
            // Keys are got anew, so that those calls fail too.
            let hosted = rig.on.repository(&rig.team, &url, Checks::Here);
            rig.reconciler = runtime.block_on(rig.bot(hosted));
            let name = format!("{what}-{at}");
            if !runtime.block_on(one_fault(&mut rig, &proxy, &name, at, fate.clone())) {
                break;
            }
            at += 1;
        }
        assert!(
            at >= 8,
            "tokens, branch, commit, pull request, labels, check, merge and branch, and not {at}"
        );
        println!("{what}: each of {at} calls");
    }
}

/// A secondary limit in the midst: nothing is said before it is so, and afterwards it goes on.
#[tokio::test(flavor = "multi_thread")]
async fn a_secondary_limit_stops_everything_and_nothing_is_granted_or_lost() {
    let mut rig = Rig::new().await;
    let id = rig.approved("web");
    rig.on.github.limit(Some(3));
    let problems = rig.round().await;
    assert!(problems.iter().any(|own| own.contains("limits how often")), "{problems:?}");
    assert!(rig.state(&id) != "merged" && !rig.has(&id), "{}", rig.state(&id));
    rig.on.github.calls();
    rig.round().await;
    assert_eq!(rig.on.github.calls(), 0, "while it wants to be left alone, it is not asked");
    rig.on.github.limit(None);
    let hosted = rig.on.repository(&rig.team, &rig.on.url(), Checks::Here);
    rig.reconciler = rig.bot(hosted).await;
    rig.round().await;
    assert_eq!((rig.state(&id).as_str(), rig.team.landings(&id)), ("merged", 1));
}
