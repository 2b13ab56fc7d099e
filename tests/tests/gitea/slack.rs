//! The story as a person lives it, with nothing between that is not real but Slack: a slash command, a form, a click, a pull request on
//! Gitea, Flux, the API server's yes, a direct message, Relinquish, and the API server's no.

use p0_tests::slack_team::{By, SlackTeam};
use p0_tests::team::READERS;

use crate::flux::{follow, may_read};
use crate::rig::*;

#[test]
fn asked_and_answered_in_slack_merged_on_gitea_applied_by_flux_and_given_back() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let mut hosted_on = None;
    let it = runtime.block_on(SlackTeam::start_on(READERS, By::Socket, |team| {
        let (team, repository) = hosted_team("slack", team);
        let hosted = hosted(&repository, &team, &repository.url(), Checks::Here);
        hosted_on = Some(repository);
        (team, hosted)
    }));
    let repository = hosted_on.unwrap();
    let base = || repository.fetch(&it.team.site().repository());
    follow("slack", &it.team, &repository.url());
    assert!(!may_read("slack", &it.team, "shop-web"));

    let live = runtime.block_on(async {
        it.alice_asks("shop-web").await;
        let card = it.bob_reads_question(&it.channel).await;
        it.bob.presses(&card, "p0.approve-button").await.unwrap();
        it.alice.hears("Your access is approved and in Git").await.unwrap()
    });
    base();
    let [id] = &it.team.grants()[..] else { panic!("{:?}", it.team.grants()) };
    let pull = runtime
        .block_on(repository.client(p0_tests::gitea::OWNER).pull_between("main", &format!("p0/grant/{id}")));
    let pull = pull.unwrap().unwrap();
    assert!(pull.merged && pull.body.contains("the rollout hangs"), "{}", pull.body);
    assert!(may_read("slack", &it.team, "shop-web"));
    assert!(
        live.all_text().contains("get deployments.apps shop-web --namespace default"),
        "{}",
        live.all_text()
    );

    runtime.block_on(async {
        it.alice.presses(&live, "p0.relinquish").await.unwrap();
        it.alice.hears("Your access is relinquished.").await.unwrap();
    });
    base();
    assert!(it.team.grants().is_empty());
    assert!(!may_read("slack", &it.team, "shop-web"));
}
