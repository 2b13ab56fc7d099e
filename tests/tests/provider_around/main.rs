//! What the provider has around its resource, against a real API server and without Terraform: data sources, functions, the
//! token that dies, the list. A stand-in for Terraform's core asks, over the protocol, and judges each answer.

use rig::{Rig, object, text};
use serde_json::Value as Json;
use tfplugin::value::Value;

mod looking;
mod rig;
mod token;

/// A grant of `view` on one Deployment.
fn grant(name: &str, user: &str) -> Vec<(&'static str, Value)> {
    vec![
        ("role", object(&[("name", "view")])),
        ("locator", text(&format!("deployment / default / {name}"))),
        ("subject", object(&[("kind", "User"), ("name", user)])),
        ("duration", text("8h")),
    ]
}

/// The entry of a list whose `name` is `value`.
fn entry<'j>(list: &'j Json, name: &str, value: &str) -> &'j Json {
    let entries = list.as_array().expect("a list");
    entries.iter().find(|entry| entry[name] == value).unwrap_or_else(|| panic!("no {name} {value}: {list}"))
}
