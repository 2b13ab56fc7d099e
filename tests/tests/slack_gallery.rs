//! Every modal, card and Home tab that people see, taken from what is really sent: Slack's own types allow it, its words are those of
//! `docs/slack-gallery.md`, and the pictures beside that page are drawn from it. `P0_BLESS=1` writes both anew, with Chromium.
#![expect(clippy::unwrap_used, reason = "what cannot be set up is a failed test")]

use std::fmt::Write;
use std::path::{Path, PathBuf};

use fake_slack::stage::render;
use fake_slack::{Modal, Post, Sent};
use p0_tests::slack_team::SlackTeam;
use p0_tests::slack_types::{Typed, faults};
use p0_tests::team::READERS;
use serde_json::{Value, json};

/// What somebody sees.
struct Shot {
    file: &'static str,
    title: &'static str,
    kind: &'static str,
    value: Value,
    text: String,
    html: String,
}

#[derive(Default)]
struct Gallery(Vec<Shot>);

impl Gallery {
    fn post(&mut self, file: &'static str, title: &'static str, post: &Post) {
        let is_home = post.ts.is_empty();
        let (kind, value) = match is_home {
            true => ("HomeView", json!({ "type": "home", "blocks": post.blocks })),
            false => ("KnownBlock[]", json!(post.blocks)),
        };
        let html = render::message(post).into_string();
        // What a notification says is the first line.
        let text = post.all_text().trim().to_owned();
        self.0.push(Shot { file, title, kind, value, text, html });
    }

    fn modal(&mut self, file: &'static str, title: &'static str, modal: &Modal) {
        let shown = modal.view();
        let mut value = shown.clone();
        let sent = ["type", "callback_id", "title", "close", "submit", "private_metadata", "blocks"];
        value.as_object_mut().unwrap().retain(|name, _| sent.contains(&name.as_str()));
        let text = modal.all_text();
        let html = render::view(&shown).into_string();
        self.0.push(Shot { file, title, kind: "ModalView", value, text, html });
    }
}

const POLICY: &str = "\
notify: {channel: CHANNEL, remindAfter: 30m, escalateAfter: 2h, escalateTo: OTHER}
pendingTimeout: 1d
warnings:
- {clusters: [prod], roles: [ClusterRole/view], text: 'Production: tell the duty officer before you approve.'}
";

async fn shots() -> Gallery {
    let it = SlackTeam::start(&format!("{POLICY}{READERS}")).await;
    let mut gallery = Gallery::default();
    it.alice.commands(&it.channel, "/p0 request").await.unwrap();
    let form = it.alice.modal().await.unwrap();
    gallery.modal("form", "The form, as `/p0 request` opens it", &form);
    let locator = "Deployments / default / nginx-deployment";
    form.picks("p0.resource", "deployment default nginx-deployment", locator).await.unwrap();
    form.picks("p0.role", "view", "ClusterRole/view").await.unwrap();
    assert!(form.says("get, list, watch on apps/deployments").await);
    form.writes("p0.reason", "the rollout hangs").await.unwrap();
    gallery.modal("form-filled", "The same, filled in: the exact rules before anything is asked for", &form);
    assert!(matches!(form.submits().await, Ok(Sent::Closed | Sent::Replaced)));

    let received = it.alice.hears("Your request is received").await.unwrap();
    gallery.post("received", "To the requester: received", &received);
    let card = it.bob_reads_question(&it.channel).await;
    gallery.post("card", "To the approvers: the card in their channel", &card);
    gallery.post("home-own", "Home of the requester", &it.alice.opens_home().await.unwrap().unwrap());
    gallery.post("home-approver", "Home of an approver", &it.bob.opens_home().await.unwrap().unwrap());
    it.alice.commands(&it.channel, "/p0 ls").await.unwrap();
    gallery.post("ls", "`/p0 ls`", &it.alice.is_whispered("waits for approvers").await.unwrap());
    it.mallory.presses(&card, "p0.approve-button").await.unwrap();
    let refused = it.mallory.is_whispered("p0/identities.yaml has no person").await.unwrap();
    gallery.post("refused", "A click that does not count, told to that person alone", &refused);

    it.at("2026-11-24T10:30:00Z");
    let reminder = it.bob.reads(&it.channel, "No answer yet").await.unwrap();
    gallery.post("reminder", "The reminder, a reply to the card", &reminder);
    it.at("2026-11-24T12:00:00Z");
    let escalated = it.alice.hears("No approver has answered yet").await.unwrap();
    gallery.post("escalated", "To the requester: still no answer", &escalated);
    it.bob.hears("asks for").await.unwrap();
    it.bob.presses(&card, "p0.deny-button").await.unwrap();
    let denial = it.bob.modal().await.unwrap();
    denial.writes("p0.reason", "use the staging cluster").await.unwrap();
    gallery.modal("deny", "The reason of a denial", &denial);
    assert_eq!(denial.submits().await, Ok(Sent::Closed));
    let denied = it.alice.hears("Your request is denied").await.unwrap();
    gallery.post("denied", "To the requester: denied", &denied);
    gallery.post(
        "card-denied",
        "The card of a denied request",
        &it.bob.reads(&it.channel, "Denied").await.unwrap(),
    );

    it.alice_asks("web").await;
    let card = it.bob_reads_question(&it.channel).await;
    it.bob.presses(&card, "p0.approve-button").await.unwrap();
    let live = it.alice.hears("approved and in Git").await.unwrap();
    gallery.post("live", "To the requester: approved, with the command that works", &live);
    let approved = it.bob.reads(&it.channel, "the cluster has it at its next sync").await.unwrap();
    gallery.post("card-approved", "The card of approved access", &approved);
    it.at("2026-11-24T13:50:00Z");
    let soon = it.alice.hears("Your access ends soon").await.unwrap();
    gallery.post("ends-soon", "To the requester: it ends soon", &soon);
    it.alice.presses(&soon, "p0.extend-button").await.unwrap();
    let extend = it.alice.modal().await.unwrap();
    extend.picks("p0.duration", "", "1h").await.unwrap();
    gallery.modal("extend", "Asking for longer", &extend);
    assert_eq!(extend.submits().await, Ok(Sent::Closed));
    let longer = it.bob.reads(&it.channel, "Request to extend access").await.unwrap();
    gallery.post("card-extend", "The card of an extension", &longer);
    it.bob.presses(&longer, "p0.approve-button").await.unwrap();
    let live = it.alice.hears("in Git until 2026-11-24 14:50 UTC").await.unwrap();
    it.alice.presses(&live, "p0.relinquish").await.unwrap();
    let gone = it.alice.hears("Your access is relinquished").await.unwrap();
    gallery.post("relinquished", "To the requester: relinquished", &gone);
    let over = it.bob.reads(&it.channel, "Access is gone").await.unwrap();
    gallery.post("card-over", "The card of access that is over", &over);

    it.alice_asks("api").await;
    let card = it.bob_reads_question(&it.channel).await;
    it.bob.presses(&card, "p0.approve-button").await.unwrap();
    it.alice.hears("approved and in Git").await.unwrap();
    it.at("2026-11-24T15:50:01Z");
    gallery.post(
        "expired",
        "To the requester: expired",
        &it.alice.hears("Your access has expired").await.unwrap(),
    );
    gallery
}

/// The page. Ids are different each time, and the same here.
fn page(gallery: &Gallery) -> String {
    let mut page = String::from(
        "# What people see in Slack\n\nEach picture is drawn from the blocks that the app really sends; the words below it are all of its texts, the\n\
         notification's first. A test keeps the words in step: `P0_BLESS=1 cargo test -p p0-tests --test slack_gallery` makes this page and\n\
         its pictures anew. How to set it up is in [slack.md](slack.md).\n",
    );
    for Shot { file, title, text, .. } in &gallery.0 {
        let text = same_ids(text);
        let lines: Vec<&str> = text.lines().map(str::trim_end).filter(|line| !line.is_empty()).collect();
        write!(
            page,
            "\n## {title}\n\n![{title}](slack-gallery/{file}.png)\n\n````text\n{}\n````\n",
            lines.join("\n")
        )
        .unwrap();
    }
    page
}

/// Words of 20 letters and digits, which only ids are, as one id.
fn same_ids(text: &str) -> String {
    let mut out = String::new();
    let mut word = String::new();
    let flush = |word: &mut String, out: &mut String| {
        let is_id = word.len() == 20 && word.bytes().any(|byte| byte.is_ascii_digit());
        out.push_str(if is_id { "vpl5aqzpwnnqmnkrzze2" } else { word });
        word.clear();
    };
    for letter in text.chars() {
        match letter.is_ascii_lowercase() || letter.is_ascii_digit() {
            true => word.push(letter),
            false => {
                flush(&mut word, &mut out);
                out.push(letter);
            }
        }
    }
    flush(&mut word, &mut out);
    out
}

fn docs() -> PathBuf {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs")).to_owned()
}

/// Draws each shot as its reader sees it, on a page of its own.
fn draw(gallery: &Gallery) {
    let folder = docs().join("slack-gallery");
    let _earlier_pictures = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    let pages = tempfile::tempdir().unwrap();
    for Shot { file, html, .. } in &gallery.0 {
        let page = pages.path().join(format!("{file}.html"));
        let style =
            "body { margin: 0; padding: 16px; background: #fff; width: 640px } section.person { border: 0 }";
        let text = format!(
            "<!doctype html><meta charset=utf-8><style>{}{style}</style><body><section class=person>{}</section></body>",
            render::STYLE,
            same_ids(html)
        );
        std::fs::write(&page, text).unwrap();
        let height = 220
            + 24 * u32::try_from(
                html.matches("<p").count()
                    + 3 * html.matches("<label").count()
                    + html.matches('\n').count()
                    + html.matches("<br").count(),
            )
            .unwrap();
        p0_tests::browser::picture(
            &format!("file://{}", page.display()),
            &folder.join(format!("{file}.png")),
            680,
            height.min(1400),
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_people_see_reads_well_and_is_what_slacks_types_allow() {
    let gallery = shots().await;
    let checked = tokio::task::spawn_blocking(move || {
        let typed = |shot: &Shot| Typed { name: shot.file, kind: shot.kind, value: shot.value.clone() };
        let said = faults(&gallery.0.iter().map(typed).collect::<Vec<_>>());
        let file = docs().join("slack-gallery.md");
        if std::env::var_os("P0_BLESS").is_some() {
            std::fs::write(&file, page(&gallery)).unwrap();
            draw(&gallery);
        }
        for Shot { file, .. } in &gallery.0 {
            assert!(docs().join(format!("slack-gallery/{file}.png")).exists(), "P0_BLESS=1 draws {file}");
        }
        (said, page(&gallery), std::fs::read_to_string(file).unwrap_or_default())
    });
    let (said, page, kept) = checked.await.unwrap();
    assert_eq!(said, "", "Slack's own types");
    assert!(page == kept, "docs/slack-gallery.md is stale; P0_BLESS=1 makes it anew:\n{page}");
}
