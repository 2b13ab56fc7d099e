//! Where approvers are asked, and what happens while they do not answer.

use fake_slack::UserKind;
use p0_tests::slack_team::SlackTeam;
use p0_tests::team::READERS;

/// Nobody answers: one reminder, then each approver directly, the other channel and the requester; an answer closes all of it.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn approvers_who_do_not_answer_are_reminded_and_then_asked_directly() {
    let policy = "notify: {channel: CHANNEL, remindAfter: 30m, escalateAfter: 2h, escalateTo: OTHER}\npendingTimeout: 1d\n";
    let it = SlackTeam::start(&format!("{policy}{READERS}")).await;
    it.alice_asks("web").await;
    let card = it.bob_reads_question(&it.channel).await;
    it.at("2026-11-24T10:30:00Z");
    let reminder = it.bob.reads(&it.channel, "No answer yet").await.unwrap();
    assert_eq!(reminder.thread.as_deref(), Some(card.ts.as_str()));
    let text = reminder.all_text();
    assert!(text.contains("until 2026-11-25 10:00 UTC"), "{text}");
    assert!(text.contains("<@U0BOB>") && text.contains("<@U0CAROL>"), "{text}");
    assert!(it.slack.posts(&it.other).is_empty() && it.bob.direct().is_empty());

    it.at("2026-11-24T12:00:00Z");
    let told = it.alice.hears("No approver has answered yet").await.unwrap();
    assert!(told.has_button("p0.cancel"), "{}", told.all_text());
    let escalated = it.bob_reads_question(&it.other).await;
    assert!(escalated.all_text().contains("the rollout hangs"), "{}", escalated.all_text());
    let direct = it.bob.hears("asks for").await.unwrap();
    let to_carol = it.carol.hears("asks for").await.unwrap();
    assert!(to_carol.has_button("p0.approve-button"));

    it.bob.presses(&direct, "p0.approve-button").await.unwrap();
    it.alice.hears("approved and in Git until 2026-11-24 14:00 UTC").await.unwrap();
    let asks_no_more = |slack: &fake_slack::FakeSlack| {
        let places = [slack.posts(&it.channel), slack.posts(&it.other), it.carol.direct(), it.bob.direct()];
        let asks = places.iter().flatten().any(|post| post.has_button("p0.approve-button"));
        (!asks).then_some(())
    };
    it.slack.wait_for(p0_tests::PATIENCE, asks_no_more).await.unwrap();
    assert_eq!(it.slack.posts(&it.other).len(), 1, "edited, and not posted again");
}

/// A server that was away for both asks once, and the request still ends in time.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_was_missed_is_not_made_up_for_one_by_one() {
    let policy = "notify: {channel: CHANNEL, remindAfter: 30m, escalateAfter: 2h, escalateTo: OTHER}\npendingTimeout: 4h\n";
    let it = SlackTeam::start(&format!("{policy}{READERS}")).await;
    it.alice_asks("web").await;
    it.bob_reads_question(&it.channel).await;
    it.at("2026-11-24T13:00:00Z");
    it.alice.hears("No approver has answered yet").await.unwrap();
    it.bob.reads(&it.channel, "No answer yet").await.unwrap();
    it.at("2026-11-24T14:00:00Z");
    it.alice.hears("was not answered in time").await.unwrap();
    assert_eq!(it.slack.posts(&it.channel).len(), 2, "the card, and one reply");
    assert!(it.team.grants().is_empty());
}

/// Carol's account is gone: she is named, and Bob's answer is enough.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_approver_who_is_gone_from_slack_is_named_and_stops_nothing() {
    let it = SlackTeam::start(READERS).await;
    it.slack.change_user("U0CAROL", UserKind::Deleted);
    it.alice_asks("web").await;
    let card = it.bob_reads_question(&it.channel).await;
    assert!(card.all_text().contains("Not reached in Slack: carol"), "{}", card.all_text());
    assert!(!card.all_text().contains("<@U0CAROL>"));
    let received = it.alice.hears("1 approver is asked").await.unwrap();
    assert!(received.all_text().contains("carol"), "{}", received.all_text());
    it.bob.presses(&card, "p0.approve-button").await.unwrap();
    it.alice.hears("approved and in Git").await.unwrap();
}

/// A rule has a channel and the site warns: the card is there, says so first, and is nowhere else.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_rule_asks_in_its_own_channel_and_warnings_are_read_first() {
    let warnings = "warnings:\n- {clusters: [prod], roles: [ClusterRole/view], text: Tell the duty officer first.}\n\
                    - {clusters: [staging], text: This is about another cluster.}\n";
    let policy = format!("notify: {{channel: CHANNEL}}\n{warnings}{READERS}  notify: {{channel: OTHER}}\n");
    let it = SlackTeam::start(&policy).await;
    it.alice_asks("web").await;
    let card = it.bob_reads_question(&it.other).await;
    let text = card.all_text();
    assert!(text.contains("Tell the duty officer first."), "{text}");
    assert!(!text.contains("another cluster"), "{text}");
    let received = it.alice.hears("Your request is received").await.unwrap();
    assert!(received.all_text().contains("Tell the duty officer first."), "{}", received.all_text());
    it.bob.presses(&card, "p0.approve-button").await.unwrap();
    it.alice.hears("approved and in Git").await.unwrap();
    assert!(it.slack.posts(&it.channel).is_empty());
    assert_eq!(it.slack.posts(&it.other).len(), 1);
}
