//! Schemas in the form of the wire. Terraform may ask one process for them and another for all else.

use std::collections::{BTreeMap, HashMap};

use crate::provider::{Call, Outcome};
use crate::schema::{
    Attribute, AttributeKind, Block, BlockNesting, IdentitySchema, ImportUse, Mode, Nesting, Parameter,
    Schema, Signature,
};
use crate::value::Type;
use crate::wire::tfplugin6 as wire;

use super::{Core, Kinds};

/// What Terraform may rely on.
const CAPABILITIES: wire::ServerCapabilities = wire::ServerCapabilities {
    plan_destroy: true,
    get_provider_schema_optional: true,
    move_resource_state: true,
    generate_resource_config: false,
};

const MARKDOWN: i32 = wire::StringKind::Markdown as i32;

pub(super) async fn all(
    core: &Core,
    _call: &mut Call,
    _request: wire::get_provider_schema::Request,
) -> Outcome<wire::get_provider_schema::Response> {
    Ok(wire::get_provider_schema::Response {
        provider: Some(schema(&core.block.schema)),
        resource_schemas: schemas(&core.resources),
        data_source_schemas: schemas(&core.data_sources),
        ephemeral_resource_schemas: schemas(&core.ephemerals),
        list_resource_schemas: schemas(&core.lists),
        functions: signatures(core),
        provider_meta: None,
        server_capabilities: Some(CAPABILITIES),
        diagnostics: Vec::new(),
    })
}

pub(super) async fn metadata(
    core: &Core,
    _call: &mut Call,
    _request: wire::get_metadata::Request,
) -> Outcome<wire::get_metadata::Response> {
    use wire::get_metadata as meta;
    fn names<T: ?Sized, M>(kinds: &Kinds<T>, message: impl Fn(String) -> M) -> Vec<M> {
        kinds.keys().map(|name| message((*name).to_owned())).collect()
    }
    let function = |name: &&str| meta::FunctionMetadata { name: (*name).to_owned() };
    Ok(meta::Response {
        server_capabilities: Some(CAPABILITIES),
        data_sources: names(&core.data_sources, |type_name| meta::DataSourceMetadata { type_name }),
        resources: names(&core.resources, |type_name| meta::ResourceMetadata { type_name }),
        functions: core.functions.keys().map(function).collect(),
        ephemeral_resources: names(&core.ephemerals, |type_name| meta::EphemeralMetadata { type_name }),
        list_resources: names(&core.lists, |type_name| meta::ListResourceMetadata { type_name }),
        diagnostics: Vec::new(),
    })
}

pub(super) async fn identities(
    core: &Core,
    _call: &mut Call,
    _request: wire::get_resource_identity_schemas::Request,
) -> Outcome<wire::get_resource_identity_schemas::Response> {
    let all =
        core.resources.iter().filter_map(|(name, kind)| Some(((*name).to_owned(), kind.identity.as_ref()?)));
    let identity_schemas = all.map(|(name, identity)| (name, identity_schema(identity))).collect();
    Ok(wire::get_resource_identity_schemas::Response { identity_schemas, diagnostics: Vec::new() })
}

pub(super) async fn functions(
    core: &Core,
    _call: &mut Call,
    _request: wire::get_functions::Request,
) -> Outcome<wire::get_functions::Response> {
    Ok(wire::get_functions::Response { functions: signatures(core), diagnostics: Vec::new() })
}

fn schemas<T: ?Sized>(kinds: &Kinds<T>) -> HashMap<String, wire::Schema> {
    kinds.iter().map(|(name, kind)| ((*name).to_owned(), schema(&kind.schema))).collect()
}

fn schema(from: &Schema) -> wire::Schema {
    wire::Schema { version: from.version, block: Some(content(from)) }
}

fn content(from: &Schema) -> wire::schema::Block {
    wire::schema::Block {
        version: 0,
        attributes: attributes(&from.attributes),
        block_types: from.blocks.iter().map(|(name, block)| nested_block(name, block)).collect(),
        description: from.about.clone(),
        description_kind: MARKDOWN,
        deprecated: from.deprecated.is_some(),
        deprecation_message: from.deprecated.clone().unwrap_or_default(),
        computed: false,
    }
}

fn nested_block(name: &str, from: &Block) -> wire::schema::NestedBlock {
    use wire::schema::nested_block::NestingMode;
    let (nesting, min_items, max_items) = match from.nesting {
        BlockNesting::Single => (NestingMode::Single, 0, 0),
        BlockNesting::Group => (NestingMode::Group, 0, 0),
        BlockNesting::List(min, max) => (NestingMode::List, min, max),
        BlockNesting::Set(min, max) => (NestingMode::Set, min, max),
        BlockNesting::Map => (NestingMode::Map, 0, 0),
    };
    let block = Some(content(&from.content));
    wire::schema::NestedBlock {
        type_name: name.to_owned(),
        block,
        nesting: nesting.into(),
        min_items,
        max_items,
    }
}

fn attributes(from: &BTreeMap<String, Attribute>) -> Vec<wire::schema::Attribute> {
    from.iter().map(|(name, one)| attribute(name, one)).collect()
}

fn attribute(name: &str, from: &Attribute) -> wire::schema::Attribute {
    let (r#type, nested_type) = match &from.kind {
        AttributeKind::Value(of) => (type_bytes(of), None),
        AttributeKind::Nested(nesting, inner) => (Vec::new(), Some(object(*nesting, inner))),
    };
    wire::schema::Attribute {
        name: name.to_owned(),
        r#type,
        nested_type,
        description: from.about.clone(),
        description_kind: MARKDOWN,
        required: from.mode == Mode::Required,
        optional: matches!(from.mode, Mode::Optional | Mode::OptionalComputed),
        computed: from.is_computed(),
        sensitive: from.sensitive,
        write_only: from.write_only,
        deprecated: from.deprecated.is_some(),
        deprecation_message: from.deprecated.clone().unwrap_or_default(),
    }
}

fn object(nesting: Nesting, inner: &BTreeMap<String, Attribute>) -> wire::schema::Object {
    use wire::schema::object::NestingMode;
    let nesting = match nesting {
        Nesting::Single => NestingMode::Single,
        Nesting::List => NestingMode::List,
        Nesting::Set => NestingMode::Set,
        Nesting::Map => NestingMode::Map,
    };
    // The limits are deprecated on the wire and stay unset.
    wire::schema::Object { attributes: attributes(inner), nesting: nesting.into(), ..Default::default() }
}

fn identity_schema(from: &IdentitySchema) -> wire::ResourceIdentitySchema {
    use wire::resource_identity_schema::IdentityAttribute;
    let attributes = from.attributes.iter().map(|(name, one)| IdentityAttribute {
        name: name.clone(),
        r#type: type_bytes(&one.of),
        required_for_import: one.import == ImportUse::Required,
        optional_for_import: one.import == ImportUse::Optional,
        description: one.about.clone(),
    });
    wire::ResourceIdentitySchema { version: from.version, identity_attributes: attributes.collect() }
}

fn signatures(core: &Core) -> HashMap<String, wire::Function> {
    core.functions.iter().map(|(name, one)| ((*name).to_owned(), signature(&one.signature()))).collect()
}

fn signature(from: &Signature) -> wire::Function {
    wire::Function {
        parameters: from.parameters.iter().map(parameter).collect(),
        variadic_parameter: from.variadic.as_ref().map(parameter),
        r#return: Some(wire::function::Return { r#type: type_bytes(&from.gives) }),
        summary: from.summary.clone(),
        description: from.about.clone(),
        description_kind: MARKDOWN,
        deprecation_message: String::new(),
    }
}

fn parameter(from: &Parameter) -> wire::function::Parameter {
    wire::function::Parameter {
        name: from.name.clone(),
        r#type: type_bytes(&from.of),
        allow_null_value: from.takes_null,
        allow_unknown_values: from.takes_unknown,
        description: from.about.clone(),
        description_kind: MARKDOWN,
    }
}

fn type_bytes(of: &Type) -> Vec<u8> {
    of.to_string().into_bytes()
}
