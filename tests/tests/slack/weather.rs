//! Slack in bad weather: down for an hour, slow, sending twice, ending connections. Access is taken away in time all the same.

use p0_tests::slack_team::SlackTeam;
use p0_tests::team::READERS;

/// Slack is down while access expires: base loses it in time, and people are told afterwards.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_hour_without_slack_delays_no_revocation() {
    let it = SlackTeam::start(READERS).await;
    it.alice_asks("web").await;
    let card = it.bob_reads_question(&it.channel).await;
    it.bob.presses(&card, "p0.approve-button").await.unwrap();
    it.alice.hears("approved and in Git").await.unwrap();
    it.slack.set_down(true);
    it.at("2026-11-24T12:00:01Z");
    assert!(it.has_grants(0).await, "it is removed without Slack");
    it.slack.set_down(false);
    it.at("2026-11-24T13:00:00Z");
    it.alice.hears("Your access has expired.").await.unwrap();
}

/// The replacement is open before the old connection is left, and nothing is lost in between.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_connection_that_ends_is_replaced_first() {
    let it = SlackTeam::start(READERS).await;
    for _ in 0..3 {
        it.slack.warn_connections();
        // At once, and again when the next one is there.
        assert_eq!(it.alice.commands(&it.channel, "/p0 ls").await, Ok(None));
        let replaced = |slack: &fake_slack::FakeSlack| (slack.connections() >= 2).then_some(());
        it.slack.wait_for(p0_tests::PATIENCE, replaced).await.unwrap();
        assert_eq!(it.alice.commands(&it.channel, "/p0 ls").await, Ok(None));
    }
}

/// Slack's rate limit: every message arrives, later.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_rate_limit_is_kept_and_nothing_is_lost() {
    let it = SlackTeam::start(READERS).await;
    it.slack.limit("chat.postMessage", 1);
    for name in ["one", "two", "three"] {
        it.alice_asks(name).await;
    }
    let all = |slack: &fake_slack::FakeSlack| (slack.posts(&it.channel).len() == 3).then_some(());
    it.slack.wait_for(p0_tests::PATIENCE, all).await.unwrap();
}

/// Two approvers press at the same moment: one approval counts, one grant is made, and the other is told.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_answers_at_once_are_one() {
    let it = SlackTeam::start(READERS).await;
    it.alice_asks("web").await;
    let card = it.bob_reads_question(&it.channel).await;
    let (one, other) = tokio::join!(
        it.bob.presses(&card, "p0.approve-button"),
        it.carol.presses(&card, "p0.approve-button")
    );
    assert!(one.is_ok() && other.is_ok());
    it.alice.hears("approved and in Git").await.unwrap();
    let told = |_: &fake_slack::FakeSlack| {
        let whispers = it.bob.whispers().len() + it.carol.whispers().len();
        (whispers == 1).then_some(())
    };
    it.slack.wait_for(p0_tests::PATIENCE, told).await.unwrap();
    assert_eq!(it.team.grants().len(), 1);
}

/// A channel that the bot is not in: the request goes on, and the requester is told directly.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_channel_that_cannot_be_reached_stops_no_request() {
    let it = SlackTeam::start(READERS).await;
    it.slack.remove_bot(&it.channel);
    it.alice_asks("web").await;
    it.alice.hears("Your request is received").await.unwrap();
    let home = it.bob.opens_home().await.unwrap().unwrap();
    it.bob.presses(&home, "p0.approve-button").await.unwrap();
    it.alice.hears("approved and in Git").await.unwrap();
}
