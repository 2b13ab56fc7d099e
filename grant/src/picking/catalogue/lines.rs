//! A catalogue's file as the exporter writes it: block YAML outside, one line of JSON for each thing inside.
//!
//! So a role that gains a rule is one line more in Git's diff, and JSON's quick reader does the work. See
//! `docs/decisions/catalogue-format.md`.

use std::io;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::ser::Formatter;

use super::Catalogue;
use super::entry::Entry;
use crate::role::Role;
use crate::yaml::YamlError;

const HEADER: &str = "apiVersion: p0.dev/v1alpha1\nkind: Catalogue\nkubernetesVersion: ";
const ROLE: &str = "- role: ";
const LABELS: &str = "  labels: ";
const RULE: &str = "  - ";
const ITEM: &str = "- ";

pub(super) fn write(catalogue: &Catalogue) -> Result<String, YamlError> {
    let mut file = String::from(HEADER);
    put(&mut file, "", catalogue.kubernetes_version())?;
    list(&mut file, "namespaces", catalogue.namespaces(), |file, name| put(file, ITEM, name))?;
    list(&mut file, "resources", catalogue.resources(), |file, resource| put(file, ITEM, resource))?;
    list(&mut file, "roles", catalogue.roles(), write_role)?;
    Ok(file)
}

fn write_role(file: &mut String, role: &Role) -> Result<(), YamlError> {
    put(file, ROLE, role.reference())?;
    if !role.labels().is_empty() {
        put(file, LABELS, role.labels())?;
    }
    list(file, "  rules", role.rules(), |file, rule| put(file, RULE, rule))
}

/// A key and its items below it.
fn list<T>(
    file: &mut String,
    key: &str,
    items: &[T],
    write: impl Fn(&mut String, &T) -> Result<(), YamlError>,
) -> Result<(), YamlError> {
    file.push_str(key);
    file.push_str(if items.is_empty() { ": []\n" } else { ":\n" });
    items.iter().try_for_each(|item| write(file, item))
}

/// One line: what comes before, and the value as JSON.
fn put<T: Serialize + ?Sized>(file: &mut String, before: &str, value: &T) -> Result<(), YamlError> {
    let mut json = Vec::new();
    value
        .serialize(&mut serde_json::Serializer::with_formatter(&mut json, Line))
        .map_err(|error| YamlError::Write(error.to_string()))?;
    let json = String::from_utf8(json).map_err(|error| YamlError::Write(error.to_string()))?;
    file.push_str(before);
    file.push_str(&json);
    file.push('\n');
    Ok(())
}

/// Reads what [`write`] writes, and guesses at the rest: the caller checks by writing it again.
pub(super) fn read(text: &str) -> Option<Catalogue> {
    let (version, body) = text.strip_prefix(HEADER)?.split_once('\n')?;
    let (mut namespaces, mut resources) = (Vec::new(), Vec::new());
    let mut roles: Vec<Entry> = Vec::new();
    let mut section = "";
    for line in body.lines() {
        if let Some(rule) = line.strip_prefix(RULE) {
            roles.last_mut()?.rules.push(json(rule)?);
        } else if let Some(role) = line.strip_prefix(ROLE) {
            roles.push(Entry::new(json(role)?));
        } else if let Some(labels) = line.strip_prefix(LABELS) {
            roles.last_mut()?.labels = json(labels)?;
        } else if let Some(item) = line.strip_prefix(ITEM) {
            match section {
                "namespaces:" => namespaces.push(json(item)?),
                "resources:" => resources.push(json(item)?),
                _ => return None,
            }
        } else {
            section = line;
        }
    }
    let roles = roles.into_iter().map(Role::from).collect();
    Catalogue::new(json::<String>(version)?, namespaces, resources, roles).ok()
}

fn json<T: DeserializeOwned>(text: &str) -> Option<T> {
    serde_json::from_str(text).ok()
}

/// JSON on one line as people write it in YAML, with a blank after `,` and `:`, and nothing raw that YAML takes for
/// unprintable.
struct Line;

impl Formatter for Line {
    fn begin_array_value<W: ?Sized + io::Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        writer.write_all(if first { b"" } else { b", " })
    }

    fn begin_object_key<W: ?Sized + io::Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        writer.write_all(if first { b"" } else { b", " })
    }

    fn begin_object_value<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        writer.write_all(b": ")
    }

    fn write_string_fragment<W: ?Sized + io::Write>(
        &mut self,
        writer: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        if fragment.is_ascii() && !fragment.contains('\u{7f}') {
            return writer.write_all(fragment.as_bytes());
        }
        fragment.chars().try_for_each(|letter| match letter {
            '\u{7f}'..='\u{9f}' | '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}' => {
                write!(writer, "\\u{:04x}", u32::from(letter))
            }
            _ => write!(writer, "{letter}"),
        })
    }
}
