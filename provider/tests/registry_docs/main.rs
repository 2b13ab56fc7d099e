//! The registry's pages in `docs/` say what the schemas say, and show no configuration that is not an example.
//!
//! `P0_BLESS=1 cargo test -p terraform-provider-p0 --test registry_docs` makes the generated parts anew. What people write
//! stands outside the markers. Not here: whether the examples work; the end to end tests apply them.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a page that cannot be read is a failed test"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use tfplugin::provider::Provider;
use tfplugin::schema::{Attribute, AttributeKind, Schema};

mod page;
mod render;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// What the generated part of each page is to say, by the page's path below `docs/`.
fn generated(provider: &dyn Provider) -> BTreeMap<String, String> {
    let page = |folder: &str, name: &str| format!("{folder}/{}.md", name.strip_prefix("p0_").unwrap_or(name));
    let mut pages = BTreeMap::from([("index.md".to_owned(), render::schema(&provider.schema()))]);
    let mut add = |folder: &str, name: &str, text: String| drop(pages.insert(page(folder, name), text));
    for (name, resource) in provider.resources() {
        add("resources", name, render::resource(&resource.schema(), resource.identity().as_ref()));
    }
    for (name, source) in provider.data_sources() {
        add("data-sources", name, render::schema(&source.schema()));
    }
    for (name, ephemeral) in provider.ephemerals() {
        add("ephemeral-resources", name, render::schema(&ephemeral.schema()));
    }
    for (name, list) in provider.lists() {
        add("list-resources", name, render::schema(&list.schema()));
    }
    for (name, function) in provider.functions() {
        add("functions", name, render::function(name, &function.signature()));
    }
    pages
}

/// The pages of the registry that are there, by their path below `docs/`.
fn written() -> BTreeSet<String> {
    let docs = root().join("docs");
    let folders =
        ["resources", "data-sources", "ephemeral-resources", "list-resources", "functions", "guides"];
    let files = folders.iter().flat_map(|folder| {
        let files = std::fs::read_dir(docs.join(folder)).unwrap();
        files.map(move |file| format!("{folder}/{}", file.unwrap().file_name().into_string().unwrap()))
    });
    files.chain(["index.md".to_owned()]).collect()
}

#[test]
fn every_page_says_what_the_schema_says() {
    let generated = generated(&p0_provider::provider());
    for path in written() {
        let file = root().join("docs").join(&path);
        let old = std::fs::read_to_string(&file).unwrap();
        let new = page::renewed(&old, generated.get(&path).map(String::as_str), &root());
        if std::env::var_os("P0_BLESS").is_some() {
            std::fs::write(&file, new).unwrap();
        } else {
            assert_eq!(old, new, "{path} is old: run with P0_BLESS=1");
        }
    }
}

#[test]
fn there_is_a_page_for_everything_and_none_for_nothing() {
    let generated: BTreeSet<String> = generated(&p0_provider::provider()).into_keys().collect();
    let (guides, pages): (BTreeSet<_>, BTreeSet<_>) =
        written().into_iter().partition(|path| path.starts_with("guides/"));
    assert_eq!(pages, generated);
    assert!(guides.len() >= 3, "{guides:?}");
}

#[test]
fn every_page_has_what_the_registry_asks_of_it() {
    for path in written() {
        let text = std::fs::read_to_string(root().join("docs").join(&path)).unwrap();
        let front = page::front_matter(&text).unwrap_or_else(|| panic!("{path} has no front matter"));
        for key in ["page_title", "description"] {
            assert!(front.contains(&format!("{key}:")), "{path} has no {key}");
        }
        assert_eq!(front.contains("subcategory:"), path != "index.md", "{path}");
        assert!(text.len() < 500_000, "{path} is too long for the registry");
    }
}

#[test]
fn every_attribute_is_described() {
    let provider = p0_provider::provider();
    let mut undescribed = Vec::new();
    let mut look = |name: &str, schema: &Schema| {
        assert!(!schema.about.is_empty(), "{name} is not described");
        look_at(name, &schema.attributes, &mut undescribed);
        for (block, content) in &schema.blocks {
            look_at(&format!("{name}.{block}"), &content.content.attributes, &mut undescribed);
        }
    };
    look("provider", &provider.schema());
    provider.resources().iter().for_each(|(name, one)| look(name, &one.schema()));
    provider.data_sources().iter().for_each(|(name, one)| look(name, &one.schema()));
    provider.ephemerals().iter().for_each(|(name, one)| look(name, &one.schema()));
    provider.lists().iter().for_each(|(name, one)| look(name, &one.schema()));
    assert!(undescribed.is_empty(), "{undescribed:?}");
}

fn look_at(of: &str, attributes: &BTreeMap<String, Attribute>, undescribed: &mut Vec<String>) {
    for (name, attribute) in attributes {
        let path = format!("{of}.{name}");
        if let AttributeKind::Nested(_, nested) = &attribute.kind {
            look_at(&path, nested, undescribed);
        }
        if !attribute.about.ends_with('.') {
            undescribed.push(path);
        }
    }
}

#[test]
fn every_example_is_shown_on_a_page() {
    let shown: String = written()
        .iter()
        .map(|path| std::fs::read_to_string(root().join("docs").join(path)).unwrap())
        .collect();
    let folders = [
        "provider",
        "resources",
        "data-sources",
        "ephemeral-resources",
        "list-resources",
        "functions",
        "guides",
    ];
    for folder in folders {
        for file in page::files(&root().join("examples").join(folder)) {
            let path = file.strip_prefix(root()).unwrap().display().to_string();
            assert!(shown.contains(&page::example_marker(&path)), "{path} is shown nowhere");
        }
    }
}
