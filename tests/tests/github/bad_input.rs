//! A repository or an App that is not as it should be: nothing is granted, and it is said why and what to do.

use p0_tests::team::READERS;

use crate::rig::*;

/// What one fault leads to: a problem that holds `words`, and no grant. With the fault gone it goes on.
async fn fault(break_it: impl FnOnce(&Rig), mend_it: impl FnOnce(&Rig), words: &str) {
    let mut rig = Rig::new().await;
    let id = rig.approved("web");
    break_it(&rig);
    let problems = rig.round().await;
    assert!(problems.iter().any(|own| own.contains(words)), "{words} in {problems:?}");
    assert!(!rig.has(&id), "{words}");
    mend_it(&rig);
    // Keys are asked for anew.
    let hosted = rig.on.repository(&rig.team, &rig.on.url(), Checks::Here);
    rig.reconciler = rig.bot(hosted).await;
    for _ in 0..2 {
        rig.round().await;
    }
    assert_eq!((rig.state(&id).as_str(), rig.has(&id)), ("merged", true), "{words}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_archived_repository_gets_nothing_until_it_is_none() {
    let set = |is| move |rig: &Rig| rig.on.github.set(NAME, |repo| repo.is_archived = is);
    fault(set(true), set(false), "archived").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_suspended_app_and_reduced_permissions_are_told_apart() {
    let suspend = |is| {
        move |rig: &Rig| {
            rig.on.github.end_tokens();
            rig.on.github.suspend(BOT, is);
        }
    };
    fault(suspend(true), suspend(false), "suspended").await;
    let only_read = [("contents", "read"), ("pull_requests", "write"), ("metadata", "read")];
    fault(
        |rig| rig.on.github.permit(BOT, &only_read),
        |rig| rig.on.github.permit(BOT, &BOT_MAY),
        "Resource not accessible by integration",
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repository_that_is_renamed_or_missing_gets_nothing() {
    let rename = |to: Option<&'static str>| {
        move |rig: &Rig| rig.on.github.set(NAME, |repo| repo.renamed = to.map(str::to_owned))
    };
    fault(rename(Some("ops/elsewhere")), rename(None), "access").await;
}

/// With a user's tokens in place of Apps: the check is a status, which the ruleset cannot pin.
#[tokio::test(flavor = "multi_thread")]
async fn users_tokens_do_it_too_where_the_ruleset_pins_no_app() {
    use github_client::Credential::Token;
    let mut rig = Rig::with(READERS, Checks::Elsewhere).await;
    rig.on.github.set(NAME, |repo| {
        repo.rules.checks = vec![("p0/verify".to_owned(), None)];
    });
    let token = |user: &str| Token(rig.on.github.token(user).into());
    let hosted = hosted(&rig.team, &rig.on.url(), token("carol"), Some(token("mallory")));
    rig.reconciler = rig.bot(hosted).await;
    let id = rig.approved("web");
    assert_eq!(rig.round().await, [] as [String; 0]);
    assert_eq!((rig.state(&id).as_str(), rig.has(&id)), ("merged", true));
}
