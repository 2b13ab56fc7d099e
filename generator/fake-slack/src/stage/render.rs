//! How blocks look: HTML that is close enough to Slack's own to see what somebody sees. Everything from outside is escaped.

use maud::{Markup, PreEscaped, html};
use serde_json::Value;

use super::Surroundings;
use crate::person::Person;
use crate::server::FakeSlack;
use crate::world::Post;

/// The page.
pub const PAGE: &str = include_str!("page.html");
/// Its script.
pub const SCRIPT: &str = include_str!("page.js");
/// Its style sheet.
pub const STYLE: &str = include_str!("page.css");

/// Everything that everybody sees now.
pub(super) fn stage(
    slack: &FakeSlack,
    people: &[(String, Person)],
    channel: &str,
    around: &dyn Surroundings,
) -> Markup {
    html! {
        section.around {
            @for (heading, text) in around.panels() { div.panel { h2 { (heading) } pre { (text) } } }
            div.buttons {
                @for (name, text) in around.buttons() { button data-around=(name) { (text) } }
            }
        }
        @for (name, person) in people {
            section.person data-who=(name) {
                h2 { (name) }
                @if let Some(modal) = person.modal_now() { (view(&modal.view())) }
                h3 { "#requests" }
                @for post in visible(slack, person, channel) { (message(&post)) }
                h3 { "Direct messages from P0" }
                @for post in person.direct() { (message(&post)) }
                @if let Some(home) = person.home_now() { h3 { "Home" } (message(&home)) }
            }
        }
    }
}

/// What a person sees in a channel: what is for all, and what is for them alone.
fn visible(slack: &FakeSlack, person: &Person, channel: &str) -> Vec<Post> {
    let mut posts = slack.posts(channel);
    posts.extend(person.whispers());
    posts.sort_by(|one, other| one.ts.cmp(&other.ts));
    posts
}

/// A message.
pub fn message(post: &Post) -> Markup {
    html! {
        article.message data-channel=(post.channel) data-ts=(post.ts) {
            @if post.only_for.is_some() && !post.ts.is_empty() { p.only { "Only visible to you" } }
            (blocks(&post.blocks))
            @if post.edits > 0 { p.edited { "(edited)" } }
        }
    }
}

/// A modal.
pub fn view(view: &Value) -> Markup {
    let list = view["blocks"].as_array().cloned().unwrap_or_default();
    html! {
        form.modal {
            header { (view["title"]["text"].as_str().unwrap_or_default()) }
            (fields(&list, view))
            footer {
                button.close type="button" { (view["close"]["text"].as_str().unwrap_or("Close")) }
                @if let Some(text) = view["submit"]["text"].as_str() { button.primary type="submit" { (text) } }
            }
        }
    }
}

fn fields(list: &[Value], view: &Value) -> Markup {
    html! { @for block in list { @match block["type"].as_str() { Some("input") => (input(block, view)), _ => (one(block)) } } }
}

/// Blocks.
pub fn blocks(list: &[Value]) -> Markup {
    html! { @for block in list { (one(block)) } }
}

fn one(block: &Value) -> Markup {
    let elements = block["elements"].as_array().cloned().unwrap_or_default();
    match block["type"].as_str().unwrap_or_default() {
        "header" => html! { h4 { (text(&block["text"])) } },
        "divider" => html! { hr; },
        "context" => html! { div.context { @for element in &elements { p { (text(element)) } } } },
        "actions" => html! { div.actions { @for element in &elements { (control(element)) } } },
        _ => {
            let fields = block["fields"].as_array().cloned().unwrap_or_default();
            html! {
                div.section {
                    @if !block["text"].is_null() { p { (text(&block["text"])) } }
                    @if !fields.is_empty() { div.fields { @for field in &fields { p { (text(field)) } } } }
                    @if !block["accessory"].is_null() { (control(&block["accessory"])) }
                }
            }
        }
    }
}

fn control(element: &Value) -> Markup {
    let action = element["action_id"].as_str().unwrap_or_default();
    let confirm = element["confirm"]["text"]["text"].as_str();
    match element["type"].as_str().unwrap_or_default() {
        "button" => {
            let style = element["style"].as_str().unwrap_or("plain");
            html! { button class=(style) data-press=(action) data-confirm=[confirm] { (text(&element["text"])) } }
        }
        _ => {
            let options = element["options"].as_array().cloned().unwrap_or_default();
            html! {
                select data-choose=(action) data-confirm=[confirm] {
                    option value="" { (text(&element["placeholder"])) }
                    @for option in &options {
                        option value=(option["value"].as_str().unwrap_or_default()) { (text(&option["text"])) }
                    }
                }
            }
        }
    }
}

fn input(block: &Value, view: &Value) -> Markup {
    let element = &block["element"];
    let action = element["action_id"].as_str().unwrap_or_default();
    let id = block["block_id"].as_str().unwrap_or_default();
    let filled = &view["state"]["values"][id][action];
    html! {
        label.field {
            span {
                (text(&block["label"]))
                @if block["optional"] == true { small { " (optional)" } }
            }
            @match element["type"].as_str().unwrap_or_default() {
                "plain_text_input" => {
                    textarea data-write=(action) { (filled["value"].as_str().unwrap_or_default()) }
                }
                "static_select" => {
                    select data-pick=(action) {
                        @for option in element["options"].as_array().into_iter().flatten() {
                            option value=(option["value"].as_str().unwrap_or_default())
                                selected[*option == filled["selected_option"]] { (text(&option["text"])) }
                        }
                    }
                }
                _ => {
                    input data-suggest=(action) autocomplete="off" value=(chosen(filled))
                        placeholder=(element["placeholder"]["text"].as_str().unwrap_or_default());
                    ul.options {}
                }
            }
            @if !block["hint"].is_null() { small { (text(&block["hint"])) } }
            em.error data-error=(action) {}
        }
    }
}

/// What is chosen in a select, for reading.
fn chosen(filled: &Value) -> String {
    let several = filled["selected_options"].as_array().into_iter().flatten();
    let all = several.chain(Some(&filled["selected_option"]).filter(|option| option.is_object()));
    all.filter_map(|option| option["text"]["text"].as_str()).collect::<Vec<_>>().join(", ")
}

/// A text object.
fn text(object: &Value) -> Markup {
    let words = object["text"].as_str().unwrap_or_default();
    match object["type"] == "mrkdwn" {
        true => mrkdwn(words),
        false => html! { (words) },
    }
}

/// Markup as Slack shows it. In it `&`, `<` and `>` of people are entities already, so that what is left of them is markup.
fn mrkdwn(words: &str) -> Markup {
    let mut html = String::new();
    for (place, part) in words.split("```").enumerate() {
        match place % 2 {
            1 => html.push_str(&format!("<pre>{}</pre>", quotes(part.trim_matches('\n')))),
            _ => inline(part, &mut html),
        }
    }
    PreEscaped(html)
}

fn inline(part: &str, html: &mut String) {
    let (mut is_bold, mut is_code) = (false, false);
    let mut rest = part;
    while let Some(letter) = rest.chars().next() {
        rest = rest.get(letter.len_utf8()..).unwrap_or_default();
        match letter {
            '<' => {
                let (inside, after) = rest.split_once('>').unwrap_or((rest, ""));
                rest = after;
                html.push_str(&reference(inside));
            }
            '*' if !is_code => {
                html.push_str(if is_bold { "</b>" } else { "<b>" });
                is_bold = !is_bold;
            }
            '`' => {
                html.push_str(if is_code { "</code>" } else { "<code>" });
                is_code = !is_code;
            }
            '\n' => html.push_str("<br>"),
            other => html.push_str(&quotes(&other.to_string())),
        }
    }
    html.push_str(if is_code { "</code>" } else { "" });
    html.push_str(if is_bold { "</b>" } else { "" });
}

/// A mention or a link.
fn reference(inside: &str) -> String {
    let label = inside.split_once('|').map_or(inside, |(_, label)| label);
    match inside.strip_prefix('@') {
        Some(id) => format!("<i>@{}</i>", quotes(id.trim_start_matches("U0").to_lowercase().as_str())),
        None => format!("<u>{}</u>", quotes(label)),
    }
}

fn quotes(text: &str) -> String {
    text.replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").replace('\'', "&#39;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_is_shown_and_nothing_else_is_html() {
        let shown =
            mrkdwn("*view* on `pods` &lt;script&gt; <@U0ALICE> <https://x.example|page>\n```\na < b\n```")
                .into_string();
        assert!(shown.contains("<b>view</b>") && shown.contains("<code>pods</code>"), "{shown}");
        assert!(shown.contains("&lt;script&gt;") && shown.contains("<i>@alice</i>"), "{shown}");
        assert!(shown.contains("<pre>a &lt; b</pre>") && !shown.contains("<script"), "{shown}");
        assert!(!mrkdwn("<\"><img src=x>").into_string().contains("<img"), "references are escaped");
    }
}
