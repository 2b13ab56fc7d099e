//! Schemas as Markdown, in the order and with the headings that the registry's readers know.

use std::collections::BTreeMap;
use std::fmt::Write;

use tfplugin::schema::{
    Attribute, AttributeKind, Block, BlockNesting, IdentitySchema, ImportUse, Mode, Nesting, Schema,
    Signature,
};
use tfplugin::value::Type;

/// A block's or a data source's attributes.
pub(crate) fn schema(schema: &Schema) -> String {
    let mut text = format!("{}\n\n## Schema\n", schema.about);
    let mut nested = Vec::new();
    groups(&mut text, "###", "", &schema.attributes, &schema.blocks, &mut nested);
    for section in nested {
        text += &section;
    }
    text + "\n"
}

/// A resource's attributes and its identity.
pub(crate) fn resource(of: &Schema, identity: Option<&IdentitySchema>) -> String {
    let mut text = schema(of);
    let Some(identity) = identity else { return text };
    text += "## Identity\n\n";
    for (name, attribute) in &identity.attributes {
        let import = match attribute.import {
            ImportUse::Required => "required for import",
            ImportUse::Optional => "optional for import",
        };
        line(&mut text, name, &format!("{}, {import}", type_name(&attribute.of)), &attribute.about);
    }
    text + "\n"
}

/// A function's signature and parameters.
pub(crate) fn function(name: &str, signature: &Signature) -> String {
    let parameters: Vec<String> =
        signature.parameters.iter().map(|one| format!("{} {}", one.name, signature_type(&one.of))).collect();
    let mut text = format!(
        "{}\n\n## Signature\n\n```text\n{name}({}) {}\n```\n\n## Arguments\n\n",
        signature.about,
        parameters.join(", "),
        signature_type(&signature.gives)
    );
    for (number, one) in signature.parameters.iter().enumerate() {
        let null = if one.takes_null { ", may be null" } else { "" };
        let _ = writeln!(text, "{}. `{}` ({}{null}) {}", number + 1, one.name, type_name(&one.of), one.about);
    }
    text + "\n"
}

fn groups(
    text: &mut String,
    heading: &str,
    within: &str,
    attributes: &BTreeMap<String, Attribute>,
    blocks: &BTreeMap<String, Block>,
    nested: &mut Vec<String>,
) {
    let optional = |mode: Mode| matches!(mode, Mode::Optional | Mode::OptionalComputed);
    let kinds: [(&str, &dyn Fn(Mode) -> bool); 3] = [
        ("Required", &|mode| mode == Mode::Required),
        ("Optional", &optional),
        ("Read-Only", &|mode| mode == Mode::Computed),
    ];
    for (title, belongs) in kinds {
        let own: Vec<_> = attributes.iter().filter(|(_, attribute)| belongs(attribute.mode)).collect();
        let blocks = blocks.iter().filter(|_| title == "Optional").collect::<Vec<_>>();
        if own.is_empty() && blocks.is_empty() {
            continue;
        }
        let _ = write!(text, "\n{heading} {title}\n\n");
        for (name, attribute) in own {
            describe(text, &path(within, name), name, attribute, nested);
        }
        for (name, block) in blocks {
            let path = path(within, name);
            let kind = format!("{}; {}", block_name(block.nesting), below(&path));
            line(text, name, &kind, &block.content.about);
            section(&path, &block.content.attributes, nested);
        }
    }
}

fn describe(text: &mut String, path: &str, name: &str, attribute: &Attribute, nested: &mut Vec<String>) {
    let mut kind = match &attribute.kind {
        AttributeKind::Value(of) => type_name(of),
        AttributeKind::Nested(nesting, _) => format!("{}; {}", nesting_name(*nesting), below(path)),
    };
    for (is, word) in [(attribute.sensitive, "Sensitive"), (attribute.write_only, "Write-only")] {
        if is {
            kind += &format!(", {word}");
        }
    }
    line(text, name, &kind, &attribute.about);
    if let AttributeKind::Nested(_, attributes) = &attribute.kind {
        section(path, attributes, nested);
    }
}

fn section(path: &str, attributes: &BTreeMap<String, Attribute>, nested: &mut Vec<String>) {
    let place = nested.len();
    nested.push(String::new());
    let mut text = format!("\n<a id=\"{}\"></a>\n### Nested: `{path}`\n", anchor(path));
    groups(&mut text, "####", path, attributes, &BTreeMap::new(), nested);
    nested[place] = text;
}

fn line(text: &mut String, name: &str, kind: &str, about: &str) {
    let _ = writeln!(text, "- `{name}` ({kind}) {about}");
}

fn path(within: &str, name: &str) -> String {
    if within.is_empty() { name.to_owned() } else { format!("{within}.{name}") }
}

fn anchor(path: &str) -> String {
    format!("nested--{}", path.replace('.', "--"))
}

fn below(path: &str) -> String {
    format!("[see below](#{})", anchor(path))
}

fn nesting_name(nesting: Nesting) -> &'static str {
    match nesting {
        Nesting::Single => "Attributes",
        Nesting::List => "Attributes List",
        Nesting::Set => "Attributes Set",
        Nesting::Map => "Attributes Map",
    }
}

fn block_name(nesting: BlockNesting) -> String {
    match nesting {
        BlockNesting::Single | BlockNesting::Group => "Block".to_owned(),
        BlockNesting::List(_, 1) | BlockNesting::Set(_, 1) => "Block, at most one".to_owned(),
        BlockNesting::List(..) => "Block List".to_owned(),
        BlockNesting::Set(..) => "Block Set".to_owned(),
        BlockNesting::Map => "Block Map".to_owned(),
    }
}

fn type_name(of: &Type) -> String {
    match of {
        Type::Bool => "Boolean".to_owned(),
        Type::Number => "Number".to_owned(),
        Type::String => "String".to_owned(),
        Type::Dynamic => "Dynamic".to_owned(),
        Type::List(of) => format!("List of {}", type_name(of)),
        Type::Set(of) => format!("Set of {}", type_name(of)),
        Type::Map(of) => format!("Map of {}", type_name(of)),
        Type::Object(_) => "Object".to_owned(),
        Type::Tuple(_) => "Tuple".to_owned(),
    }
}

/// As type constraints are written in configurations.
fn signature_type(of: &Type) -> String {
    match of {
        Type::Bool => "bool".to_owned(),
        Type::Number => "number".to_owned(),
        Type::String => "string".to_owned(),
        Type::Dynamic => "dynamic".to_owned(),
        Type::List(of) => format!("list({})", signature_type(of)),
        Type::Set(of) => format!("set({})", signature_type(of)),
        Type::Map(of) => format!("map({})", signature_type(of)),
        Type::Object(attributes) => {
            let attributes = attributes.iter().map(|(name, of)| format!("{name} = {}", signature_type(of)));
            format!("object({{{}}})", attributes.collect::<Vec<_>>().join(", "))
        }
        Type::Tuple(items) => {
            format!("tuple([{}])", items.iter().map(signature_type).collect::<Vec<_>>().join(", "))
        }
    }
}
