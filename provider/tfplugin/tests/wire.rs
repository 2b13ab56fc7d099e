//! Our text of the protocol against the published table: every message and field that is here is there, and the other way
//! round but for what is left out on purpose.
#![expect(clippy::expect_used, reason = "a text that does not compile is a failed test")]

use std::collections::BTreeMap;

use prost::Message;
use prost_types::field_descriptor_proto::{Label, Type};
use prost_types::{DescriptorProto, EnumDescriptorProto, FieldDescriptorProto, FileDescriptorSet};

const TABLE: &str = include_str!("wire/table.txt");
const DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.bin"));

/// State stores and actions. A call of a method that is not served is answered with UNIMPLEMENTED, and a field that is not
/// there is empty; Terraform takes both for "none".
const LEFT_OUT: &[&str] = &[
    "ActionMetadata",
    "ActionSchema",
    "ConfigureStateStore",
    "DeleteState",
    "GetStates",
    "InvokeAction",
    "LockState",
    "PlanAction",
    "ReadStateBytes",
    "RequestChunkMeta",
    "StateRange",
    "StateStoreClientCapabilities",
    "StateStoreMetadata",
    "StateStoreServerCapabilities",
    "UnlockState",
    "ValidateActionConfig",
    "ValidateStateStore",
    "WriteStateBytes",
];

/// The fields of left out state stores whose own type is another's.
const LEFT_OUT_FIELDS: &[&str] = &["state_store_schemas=10:map<string, Schema>"];

type Messages = BTreeMap<String, Vec<String>>;

fn is_left_out(name: &str) -> bool {
    name.split(['.', '<', '>', ' ', ',', ':', '=']).any(|part| LEFT_OUT.contains(&part))
}

fn published() -> Messages {
    let lines = TABLE.lines().filter(|line| !line.starts_with('#'));
    let messages = lines.map(|line| line.split_once(": ").expect("a name and fields"));
    let messages = messages.filter(|(name, _)| !is_left_out(name)).map(|(name, fields)| {
        // Commas separate fields, and the two types of a map.
        let fields = fields.replace("<string, ", "<string; ");
        let fields =
            fields.split(", ").map(|field| field.replace("; ", ", ")).filter(|field| field != "(empty)");
        let fields = fields.filter(|field| !is_left_out(field) && !LEFT_OUT_FIELDS.contains(&field.as_str()));
        (name.to_owned(), sorted(fields.collect()))
    });
    messages.collect()
}

fn ours() -> Messages {
    let set = FileDescriptorSet::decode(DESCRIPTORS).expect("what the build has written");
    let file = set.file.into_iter().find(|file| file.package() == "tfplugin6").expect("our file");
    let mut messages = Messages::new();
    file.message_type.iter().for_each(|one| message("", one, &mut messages));
    file.enum_type.iter().for_each(|one| numbers("", one, &mut messages));
    messages
}

fn message(outer: &str, from: &DescriptorProto, into: &mut Messages) {
    let name = format!("{outer}{}", from.name());
    let fields = from.field.iter().map(|one| field(one, from)).collect();
    into.insert(name.clone(), sorted(fields));
    let is_map = |one: &&DescriptorProto| !one.options.as_ref().is_some_and(|options| options.map_entry());
    from.nested_type.iter().filter(is_map).for_each(|one| message(&format!("{name}."), one, into));
    from.enum_type.iter().for_each(|one| numbers(&format!("{name}."), one, into));
}

fn numbers(outer: &str, from: &EnumDescriptorProto, into: &mut Messages) {
    let values = from.value.iter().map(|one| format!("{}={}", one.name(), one.number())).collect();
    into.insert(format!("{outer}{}", from.name()), sorted(values));
}

fn field(from: &FieldDescriptorProto, of: &DescriptorProto) -> String {
    let entry = of.nested_type.iter().find(|one| {
        let is_map = one.options.as_ref().is_some_and(|options| options.map_entry());
        is_map && from.type_name().ends_with(&format!(".{}", one.name()))
    });
    let kind = match entry {
        Some(entry) => format!("map<{}>", entry.field.iter().map(kind).collect::<Vec<_>>().join(", ")),
        None if from.label() == Label::Repeated => format!("rep {}", kind(from)),
        None if from.proto3_optional() => format!("opt {}", kind(from)),
        None => kind(from),
    };
    format!("{}={}:{kind}", from.name(), from.number())
}

fn kind(from: &FieldDescriptorProto) -> String {
    match from.r#type() {
        Type::Bool => "bool".to_owned(),
        Type::Bytes => "bytes".to_owned(),
        Type::Int64 => "int64".to_owned(),
        Type::String => "string".to_owned(),
        _ => match from.type_name().strip_prefix(".google.") {
            Some(name) => format!("google.{name}"),
            None => from.type_name().rsplit('.').next().unwrap_or_default().to_owned(),
        },
    }
}

fn sorted(mut fields: Vec<String>) -> Vec<String> {
    fields.sort();
    fields
}

#[test]
fn our_text_says_what_is_published() {
    let (published, ours) = (published(), ours());
    assert!(published.len() > 100, "the table was read");
    let names = |messages: &Messages| messages.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&ours), names(&published));
    for (name, fields) in &published {
        assert_eq!(ours.get(name), Some(fields), "{name}");
    }
}

#[test]
fn what_is_left_out_is_in_the_table() {
    for name in LEFT_OUT {
        assert!(TABLE.contains(name), "{name}");
    }
    assert!(LEFT_OUT_FIELDS.iter().all(|field| TABLE.contains(field)));
}
