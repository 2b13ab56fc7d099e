//! What somebody could make of a button, a form or an address: nothing.

use fake_slack::{Delivery, NotHandled, SIGNING_SECRET, Sent, UserKind};
use p0_tests::slack_team::{By, SlackTeam};
use p0_tests::team::READERS;
use slack_client::signature::SigningSecret;

/// Alice presses her own button, Mallory presses it, a guest and a stranger press it: each is told why not, alone.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn only_those_approve_who_may() {
    let it = SlackTeam::start(READERS).await;
    it.alice_asks("web").await;
    let card = it.bob_reads_question(&it.channel).await;
    it.alice.presses(&card, "p0.approve-button").await.unwrap();
    it.alice.is_whispered("alice").await.unwrap();
    it.mallory.presses(&card, "p0.approve-button").await.unwrap();
    it.mallory.is_whispered("p0/identities.yaml has no person").await.unwrap();
    for (kind, words) in [
        (UserKind::Guest, "Guests cannot"),
        (UserKind::Bot, "Programs cannot"),
        (UserKind::Stranger, "own workspace"),
        (UserKind::Deleted, "deactivated"),
    ] {
        let name = format!("{kind:?}");
        let other = it.slack.join(&name, kind);
        other.presses(&card, "p0.approve-button").await.unwrap();
        other.is_whispered(words).await.unwrap();
    }
    assert!(it.team.grants().is_empty());
    // Nothing of it was public.
    assert_eq!(it.slack.posts(&it.channel).len(), 1);
}

/// Bob leaves Slack with the card on his screen: his click is worth nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_user_who_is_removed_from_identities_approves_nothing() {
    let it = SlackTeam::start(READERS).await;
    it.alice_asks("web").await;
    let card = it.bob_reads_question(&it.channel).await;
    it.team.publish("p0/identities.yaml", &it.team.identities(&["alice", "carol"]));
    it.bob.presses(&card, "p0.approve-button").await.unwrap();
    it.bob.is_whispered("p0/identities.yaml has no person").await.unwrap();
    assert!(it.team.grants().is_empty());
}

/// A value that no button of the app has: another request's digest, no digest, nonsense, a longer time than was asked.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn forged_values_approve_nothing() {
    let it = SlackTeam::start(READERS).await;
    it.alice_asks("web").await;
    it.alice_asks("api").await;
    let cards = it.slack.wait_for(p0_tests::PATIENCE, |slack| {
        let posts = slack.posts(&it.channel);
        (posts.len() == 2).then_some(posts)
    });
    let cards = cards.await.unwrap();
    let [one, other] = [&cards[0], &cards[1]].map(|card| card.button_value("p0.approve-button").unwrap());
    let (id, digest) = one.split_once(' ').unwrap();
    let (_, other_digest) = other.split_once(' ').unwrap();
    it.bob.forges_action(&cards[0], "p0.approve-button", &format!("{id} {other_digest}")).await.unwrap();
    it.bob.is_whispered("What is asked for has changed").await.unwrap();
    it.bob.forges_action(&cards[0], "p0.shorten", &format!("{id} {digest} 7d")).await.unwrap();
    it.bob.is_whispered("never for longer").await.unwrap();
    for value in ["", "nonsense", id, "aaaaaaaaaaaaaaaaaaaa 0"] {
        it.bob.forges_action(&cards[0], "p0.approve-button", value).await.unwrap();
    }
    it.bob.is_whispered("here is no request").await.unwrap();
    assert!(it.team.grants().is_empty());
}

/// The form comes back with a role that was never offered, a resource that is none, and another request in its metadata.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn forged_forms_are_judged_like_any_other() {
    let it = SlackTeam::start(READERS).await;
    it.alice.commands(&it.channel, "/p0 request").await.unwrap();
    let form = it.alice.modal().await.unwrap();
    form.forges("p0.resource", "Secrets / kube-system / *").await.unwrap();
    form.forges("p0.role", "ClusterRole/cluster-admin").await.unwrap();
    assert!(matches!(form.submits().await, Ok(Sent::Errors(_))));
    form.forges("p0.role", "<!channel>").await.unwrap();
    assert!(matches!(form.submits().await, Ok(Sent::Errors(_))));
    form.forges("p0.resource", "…").await.unwrap();
    assert!(matches!(form.submits().await, Ok(Sent::Errors(_))));
    form.closes();
    it.alice_asks("web").await;
    let card = it.bob_reads_question(&it.channel).await;
    it.mallory.presses(&card, "p0.deny-button").await.unwrap();
    let denial = it.mallory.modal().await.unwrap();
    assert!(matches!(denial.submits().await, Ok(Sent::Errors(_))), "Mallory may not deny");
    denial.forges_metadata("aaaaaaaaaaaaaaaaaaaa");
    assert!(matches!(denial.submits().await, Ok(Sent::Errors(_))));
    assert_eq!(it.slack.posts(&it.channel).len(), 1);
}

/// Text from people mentions no user and hides nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn reasons_are_text_wherever_they_are_shown() {
    let it = SlackTeam::start(READERS).await;
    it.alice.commands(&it.channel, "/p0 request k8s resource view").await.unwrap();
    let form = it.alice.modal().await.unwrap();
    form.picks("p0.resource", "deploy default web", "Deployments / default / web").await.unwrap();
    form.writes("p0.reason", "<!channel> <@U0BOB> <https://evil.example|approve here> *bold*").await.unwrap();
    assert_eq!(form.submits().await, Ok(Sent::Closed));
    let card = it.bob_reads_question(&it.channel).await;
    let in_markup = card
        .blocks
        .iter()
        .filter_map(|block| block["text"]["type"].as_str().zip(block["text"]["text"].as_str()));
    for (kind, text) in in_markup {
        assert!(kind == "plain_text" || !text.contains("evil.example"), "{text}");
        assert!(kind == "plain_text" || !text.contains("<!channel>"), "{text}");
    }
    assert!(!card.text.contains("<!channel>"), "{}", card.text);
}

/// Requests that Slack did not sign, or signed long ago, or signed over something else.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_slack_did_not_sign_is_refused() {
    let it = SlackTeam::start_by(READERS, By::Http).await;
    let url = format!("http://{}/slack", it.address);
    let body =
        "command=%2Fp0&text=ls&user_id=U0ALICE&team_id=T0FAKE&trigger_id=1&response_url=&channel_id=C1";
    let now = jiff::Timestamp::now().as_second();
    let sign = |at: i64, secret: &str, body: &str| {
        SigningSecret::new(secret.to_owned().into()).sign(&at.to_string(), body.as_bytes()).unwrap()
    };
    let send = async |at: i64, signature: Option<String>, body: &str| {
        let request =
            reqwest::Client::new().post(&url).header("content-type", "application/x-www-form-urlencoded");
        let request = request.header("x-slack-request-timestamp", at.to_string()).body(body.to_owned());
        let request = match signature {
            Some(signature) => request.header("x-slack-signature", signature),
            None => request,
        };
        request.send().await.unwrap().status().as_u16()
    };
    assert_eq!(send(now, Some(sign(now, SIGNING_SECRET, body)), body).await, 200);
    assert_eq!(send(now, None, body).await, 401);
    assert_eq!(send(now, Some(sign(now, "another", body)), body).await, 401);
    assert_eq!(send(now, Some(sign(now, SIGNING_SECRET, body)), &body.replace("ALICE", "BOB")).await, 401);
    assert_eq!(send(now - 301, Some(sign(now - 301, SIGNING_SECRET, body)), body).await, 401);
    assert_eq!(
        send(now, Some(sign(now, SIGNING_SECRET, "nonsense")), "nonsense").await,
        200,
        "nothing is asked"
    );
    it.slack.deliver_by(Delivery::Http(format!("http://{}/other", it.address)));
    assert!(matches!(it.alice.commands(&it.channel, "/p0 ls").await, Err(NotHandled::BadAnswer(_))));
}

/// At the danger from which policy wants a second channel, a click alone is not enough, also by an approver.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_click_alone_is_not_enough_where_policy_wants_more() {
    let policy = format!("secondChannel: NOTE\n{READERS}");
    let it = SlackTeam::start(&policy).await;
    it.alice
        .commands(&it.channel, "/p0 request k8s resource view --reason x --locator \"pod / default / *\"")
        .await
        .unwrap();
    let card = it.bob_reads_question(&it.channel).await;
    it.bob.presses(&card, "p0.approve-button").await.unwrap();
    it.bob.is_whispered("own signature or a review on the forge").await.unwrap();
    assert!(it.team.grants().is_empty());
}

/// Bob said yes, and is removed, or is somebody else by name, before the second approval: what he said counts no more.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_approver_who_is_removed_or_renamed_before_the_approval_is_complete_does_not_count() {
    let policy = READERS.replace("persons: [bob, carol]", "persons: [bob, carol], count: 2");
    for rename in [None, Some("robert")] {
        let it = SlackTeam::start(&policy).await;
        it.alice_asks("web").await;
        let card = it.bob_reads_question(&it.channel).await;
        it.bob.presses(&card, "p0.approve-button").await.unwrap();
        let card = it.carol.reads(&it.channel, "approved so far by bob").await.unwrap();
        let people = it.team.site().git(&["show", "main:p0/identities.yaml"]);
        let others = match rename {
            Some(name) => people.replace("- name: bob\n", &format!("- name: {name}\n")),
            None => {
                let (before, rest) = people.split_once("- name: bob\n").unwrap();
                format!("{before}- name: carol\n{}", rest.split_once("- name: carol\n").unwrap().1)
            }
        };
        it.team.publish("p0/identities.yaml", &others);
        it.carol.presses(&card, "p0.approve-button").await.unwrap();
        let answered = |slack: &fake_slack::FakeSlack| {
            let is_edited = slack.posts(&it.channel).iter().any(|post| post.edits > card.edits);
            (is_edited || !it.carol.whispers().is_empty()).then_some(())
        };
        it.slack.wait_for(p0_tests::PATIENCE, answered).await.expect("an answer");
        assert!(it.team.grants().is_empty(), "{rename:?}");
        let last = it.slack.posts(&it.channel).remove(0);
        assert!(!last.all_text().contains("on its way"), "{}", last.all_text());
    }
}
