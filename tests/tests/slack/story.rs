//! The story of a request, as P0's users know it.

use fake_slack::Sent;
use p0_tests::slack_team::{By, SlackTeam};
use p0_tests::team::READERS;

/// A moment after the start.
const LATER: &str = "2026-11-24T10:00:10Z";

/// From `/p0 request` to relinquish: what everybody sees, and what Git has.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn alice_asks_bob_approves_and_alice_gives_it_back() {
    let it = SlackTeam::start(READERS).await;
    assert_eq!(it.alice.commands(&it.channel, "/p0 request").await, Ok(None));
    let modal = it.alice.modal().await.unwrap();
    let view = modal.view();
    assert_eq!(
        (view["title"]["text"].as_str(), view["submit"]["text"].as_str()),
        (Some("Request access"), Some("Request"))
    );
    for words in
        ["Resource", "Kubernetes", "Access type", "Kubernetes resource", "Role", "Reason", "Duration"]
    {
        assert!(modal.all_text().contains(words), "{words}");
    }
    let locator = "Deployments / default / nginx-deployment";
    modal.picks("p0.resource", "deployment default nginx-deployment", locator).await.unwrap();
    let roles = modal.suggests("p0.role", "").await.unwrap();
    assert!(
        ["ClusterRole/view", "ClusterRole/edit", "ClusterRole/admin"]
            .iter()
            .all(|role| roles.contains(&(*role).to_owned()))
    );
    assert!(!roles.iter().any(|role| role.contains("system:")), "{roles:?}");
    modal.picks("p0.role", "view", "ClusterRole/view").await.unwrap();
    // What it would give is shown before it is asked for.
    assert!(modal.says("get, list, watch on apps/deployments").await, "{}", modal.all_text());
    modal.writes("p0.reason", "the rollout hangs").await.unwrap();
    assert_eq!(modal.submits().await, Ok(Sent::Closed));

    let received = it.alice.hears("Your request is received. 2 approvers are asked.").await.unwrap();
    assert!(received.has_button("p0.cancel"));
    let card = it.bob_reads_question(&it.channel).await;
    let text = card.all_text();
    for words in [
        "<@U0ALICE>",
        "the rollout hangs",
        "get, list, watch",
        "named nginx-deployment",
        "readers",
        "<@U0BOB>",
        "2h",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
    assert!(it.team.grants().is_empty());

    it.bob.presses(&card, "p0.approve-button").await.unwrap();
    let live = it.alice.hears("Your access is approved and in Git until 2026-11-24 12:00 UTC").await.unwrap();
    assert!(
        live.all_text()
            .contains("kubectl --context prod get deployments.apps nginx-deployment --namespace default")
    );
    assert!(live.has_button("p0.relinquish") && live.has_button("p0.extend-button"));
    assert_eq!(it.team.grants().len(), 1);
    // The one card of the channel is edited, and says so; it asks nothing more.
    let card = it.alice.reads(&it.channel, "the cluster has it at its next sync").await.unwrap();
    assert_eq!(it.slack.posts(&it.channel).len(), 1);
    assert!(card.edits > 0 && !card.has_button("p0.approve-button") && card.all_text().contains("bob"));
    // No person was told before it was so.
    assert_eq!(it.alice.direct().len(), 2, "received, and live");

    it.alice.presses(&live, "p0.relinquish").await.unwrap();
    it.alice.hears("Your access is relinquished.").await.unwrap();
    assert!(it.team.grants().is_empty());
    it.alice.reads(&it.channel, "Access is gone").await.unwrap();
    let last = it.alice.direct().into_iter().rev().nth(1).unwrap();
    assert!(!last.has_button("p0.relinquish"), "an earlier message keeps no button");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_denial_says_why_and_expiry_is_told_when_it_is_so() {
    let it = SlackTeam::start(READERS).await;
    it.alice_asks("web").await;
    let card = it.bob_reads_question(&it.channel).await;
    it.bob.presses(&card, "p0.deny-button").await.unwrap();
    let form = it.bob.modal().await.unwrap();
    form.writes("p0.reason", "use the staging cluster").await.unwrap();
    assert_eq!(form.submits().await, Ok(Sent::Closed));
    let denied = it.alice.hears("Your request is denied.").await.unwrap();
    assert!(denied.all_text().contains("bob says: use the staging cluster"), "{}", denied.all_text());
    assert!(denied.has_button("p0.again"));
    it.alice.reads(&it.channel, "Denied").await.unwrap();

    // Request again opens the form with what was asked for.
    it.alice.presses(&denied, "p0.again").await.unwrap();
    let again = it.alice.modal().await.unwrap();
    assert_eq!(again.submits().await, Ok(Sent::Closed));
    let card = it
        .slack
        .wait_for(p0_tests::PATIENCE, |slack| slack.posts(&it.channel).into_iter().nth(1))
        .await
        .unwrap();
    // Bob approves for less than was asked.
    let short =
        card.blocks.iter().flat_map(|block| block["elements"].as_array().cloned().unwrap_or_default());
    let select = short.into_iter().find(|element| element["action_id"] == "p0.shorten").unwrap();
    let hour = select["options"][0]["value"].as_str().unwrap().to_owned();
    it.bob.chooses(&card, "p0.shorten", &hour).await.unwrap();
    it.alice.hears("in Git until 2026-11-24 11:00 UTC").await.unwrap();
    it.at("2026-11-24T10:50:00Z");
    let soon = it.alice.hears("Your access ends soon").await.unwrap();
    assert!(soon.has_button("p0.extend-button"));
    it.at("2026-11-24T11:00:01Z");
    it.alice.hears("Your access has expired.").await.unwrap();
    assert!(it.team.grants().is_empty());
}

/// The same over signed requests.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn signed_requests_do_what_the_websocket_does() {
    let it = SlackTeam::start_by(READERS, By::Http).await;
    it.alice_asks("web").await;
    let card = it.bob_reads_question(&it.channel).await;
    it.bob.presses(&card, "p0.approve-button").await.unwrap();
    let live = it.alice.hears("Your access is approved and in Git").await.unwrap();
    it.alice.presses(&live, "p0.relinquish").await.unwrap();
    it.alice.hears("Your access is relinquished.").await.unwrap();
    assert!(it.team.grants().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_line_is_enough_and_home_shows_what_is_there() {
    let it = SlackTeam::start(READERS).await;
    let line = "/p0 request k8s resource view --cluster prod --locator \"deployment / default / web\" --reason hangs";
    assert_eq!(it.alice.commands(&it.channel, line).await, Ok(None));
    it.alice.is_whispered("You asked for").await.unwrap();
    it.alice.hears("Your request is received.").await.unwrap();
    it.alice.commands(&it.channel, "/p0 ls").await.unwrap();
    it.alice.is_whispered("waits for approvers").await.unwrap();
    let home = it.alice.opens_home().await.unwrap().unwrap();
    assert!(home.all_text().contains("waits for approvers") && home.has_button("p0.cancel"));
    let home = it.bob.opens_home().await.unwrap().unwrap();
    assert!(home.has_button("p0.approve-button"), "{}", home.all_text());
    it.bob.presses(&home, "p0.approve-button").await.unwrap();
    let live = it.alice.hears("approved and in Git").await.unwrap();

    // For longer: asked and answered as a request is.
    it.alice.presses(&live, "p0.extend-button").await.unwrap();
    let form = it.alice.modal().await.unwrap();
    form.picks("p0.duration", "", "4h").await.unwrap();
    assert_eq!(form.submits().await, Ok(Sent::Closed));
    let card = it.carol.reads(&it.channel, "Request to extend access").await.unwrap();
    it.carol.presses(&card, "p0.approve-button").await.unwrap();
    it.carol.reads(&it.channel, "until 2026-11-24 14:00 UTC").await.unwrap();

    let id = card.button_value("p0.approve-button").unwrap();
    let id = id.split(' ').next().unwrap();
    it.bob.commands(&it.channel, &format!("/p0 revoke {id} --reason incident")).await.unwrap();
    it.bob.is_whispered("It is being revoked").await.unwrap();
    let gone = it.alice.hears("Your access is gone").await.unwrap();
    assert!(gone.all_text().contains("incident"), "{}", gone.all_text());
    assert!(it.team.grants().is_empty());
}

/// Every field that is wrong says so itself, and nothing is asked for.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn errors_stand_on_the_field_that_is_wrong() {
    let policy = READERS.replace("options: {", "options: {requireReason: true, ");
    let it = SlackTeam::start(&policy).await;
    it.alice.commands(&it.channel, "/p0 request k8s resource view").await.unwrap();
    let form = it.alice.modal().await.unwrap();
    form.picks("p0.resource", "deploy default web", "Deployments / default / web").await.unwrap();
    let Ok(Sent::Errors(errors)) = form.submits().await else { panic!("no errors") };
    assert_eq!(errors.keys().collect::<Vec<_>>(), ["p0.reason"], "{errors:?}");
    form.writes("p0.reason", "hangs").await.unwrap();
    form.picks("p0.duration", "", "1d").await.unwrap();
    let Ok(Sent::Errors(errors)) = form.submits().await else { panic!("no errors") };
    assert_eq!(errors.keys().collect::<Vec<_>>(), ["p0.duration"], "{errors:?}");
    form.picks("p0.duration", "", "1h").await.unwrap();
    form.picks("p0.role", "edit", "ClusterRole/edit").await.unwrap();
    let Ok(Sent::Errors(errors)) = form.submits().await else { panic!("no errors") };
    assert_eq!(errors.keys().collect::<Vec<_>>(), ["p0.role"], "{errors:?}");
    assert!(it.slack.posts(&it.channel).is_empty());
    assert!(it.alice.direct().is_empty());
}

/// A command line that shares the store has no tokens, so it leaves what people are told to the server.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_is_answered_at_the_command_line_is_told_in_slack() {
    let it = SlackTeam::start(READERS).await;
    let id = it.team.asks(LATER, "web", &[]);
    it.team.acts("bob", LATER, &["approve", &id]).done();
    it.at(LATER);
    it.alice.hears("Your access is approved and in Git").await.unwrap();
    assert!(it.has_grants(1).await);
}

/// Access for somebody else: what is left out opens the form, which says for whom, and the grant is theirs.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_line_for_somebody_else_opens_the_form_for_them() {
    let it = SlackTeam::start(READERS).await;
    it.bob.commands(&it.channel, "/p0 grant k8s resource view --to <@U0ALICE|alice>").await.unwrap();
    let form = it.bob.modal().await.unwrap();
    assert!(form.all_text().contains("For <@U0ALICE>"), "{}", form.all_text());
    form.picks("p0.resource", "deploy default web", "Deployments / default / web").await.unwrap();
    assert!(form.says("get, list, watch on apps/deployments").await);
    assert!(form.all_text().contains("For <@U0ALICE>"), "it stays when the form is drawn anew");
    form.writes("p0.reason", "she helps").await.unwrap();
    assert_eq!(form.submits().await, Ok(Sent::Closed));
    let card = it.bob_reads_question(&it.channel).await;
    assert!(card.all_text().contains("alice@example.com"), "{}", card.all_text());
    it.carol.presses(&card, "p0.approve-button").await.unwrap();
    it.alice.hears("approved and in Git").await.unwrap();

    // Somebody whom the repository does not know gets nothing.
    it.bob.commands(&it.channel, "/p0 grant k8s resource view --to <@U0MALLORY>").await.unwrap();
    let form = it.bob.modal().await.unwrap();
    form.picks("p0.resource", "deploy default web", "Deployments / default / web").await.unwrap();
    assert!(matches!(form.submits().await, Ok(Sent::Errors(_))));
    form.closes();

    let line = "/p0 allow k8s resource view --cluster prod --locator \"pod / default / *\" --to <@U0ALICE> --length 8h --duration 1h";
    it.bob.commands(&it.channel, line).await.unwrap();
    let told = it.bob.is_whispered("your own signature").await.unwrap();
    let command = "p0-gitops allow k8s resource ClusterRole/view --cluster prod --locator 'pod / default / *' --person alice \
                   --length 8h --request-duration 1h";
    assert!(told.all_text().contains(command), "{}", told.all_text());
}
