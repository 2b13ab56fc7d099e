//! Every call that writes to Gitea fails once before and once after its effect: one pull request, one merge. A call that
//! reads is made again.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use gitea_client::{Client, Problem};
use p0_tests::team::{READERS, Team};
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
    rig.comes_to(&id, "merged", true).await;
    assert_eq!(rig.team.landings(&id), 1, "call {at}");
    let own = rig.pulls().into_iter().filter(|(branch, _)| branch.contains(&id)).count();
    assert_eq!(own, 1, "call {at}");
    reached
}

/// A proxy has a runtime of its own, so this test is none of an asynchronous one.
#[test]
fn whichever_call_fails_there_is_one_pull_request_and_one_merge() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let mut rig = runtime.block_on(Rig::new("faults"));
    let proxy = Proxy::to(rig.repository.gitea().url());
    let url = rig.repository.url().replace(&rig.repository.gitea().url(), &proxy.url());
    rig.reconciler = runtime.block_on(rig.bot(&url, Checks::Here));
    runtime.block_on(rig.merged("warm"));
    for (what, fate) in [("lost", Fate::LostAnswer), ("failed", Fate::Refused(503, Some(1)))] {
        let mut at = 0;
        while runtime.block_on(one_fault(&mut rig, &proxy, &format!("{what}-{at}"), at, fate.clone())) {
            at += 1;
        }
        assert!(at >= 4, "branch, pull request, check and merge, and not {at}");
        println!("{what}: each of {at} calls");
    }
}

/// A Gitea on SQLite answers 500 to a read while another writes: `serve --check` would end for it.
#[test]
fn a_read_that_fails_is_made_again_and_a_write_is_not() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let (_team, repository) = hosted_team("reads", Team::new(READERS));
    let proxy = Proxy::to(repository.gitea().url());
    let url = repository.url().replace(&repository.gitea().url(), &proxy.url());
    let (server, name) = gitea_client::ServerUrl::of_repository(&url).unwrap();
    let client = Client::new(server, name, &repository.gitea().token(BOT).into()).unwrap();

    let mut left = 2;
    proxy.judge(move |_| {
        left -= 1;
        if left >= 0 { Fate::Refused(500, None) } else { Fate::Served }
    });
    assert!(runtime.block_on(client.branch("main")).unwrap().is_some());
    assert_eq!(proxy.asked().len(), 3, "twice refused, once answered");

    proxy.judge(|_| Fate::Refused(500, None));
    let failed = runtime.block_on(client.branch("main")).unwrap_err();
    assert!(matches!(failed.problem, Problem::Failed(_)), "{failed}");
    assert_eq!(proxy.asked().len(), 3, "a bounded number of times");
    runtime.block_on(client.close_pull(1)).unwrap_err();
    assert_eq!(proxy.asked().len(), 1, "what writes may have been done");
}
