//! The protocol over the traits: each call is decoded, given to the provider, and its answer is checked and encoded.
//!
//! Not here: connections and the process ([`crate::serve`]), and what is legal ([`crate::conform`]).

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::RwLock;

use crate::diagnostics::Diagnostic;
use crate::provider::{
    Call, DataSource, Ephemeral, Function, ListResource, Outcome, Provider, Resource, StopSource,
};
use crate::schema::{IdentitySchema, Schema};
use crate::value::Type;
use crate::wire::tfplugin6 as wire;
use crate::wire::tfplugin6::provider_server::ProviderServer;

mod answer;
mod convert;
mod data_source;
mod ephemeral;
mod function;
mod list;
mod provider;
mod resource;
mod rpcs;
mod schema;

use ephemeral::Leases;
use rpcs::Rpcs;

/// The largest message either way: as large as providers in Go take.
const MAX_MESSAGE: usize = 256 << 20;

/// A provider with its schemas, ready to be asked.
#[derive(Clone)]
pub struct Server(Arc<Core>);

impl Server {
    /// Serves `provider`.
    pub fn new(provider: impl Provider) -> Self {
        Self(Arc::new(Core::new(Arc::new(provider))))
    }

    /// The gRPC service, for a connection of one's own.
    pub fn service(&self) -> ProviderServer<impl wire::provider_server::Provider + use<>> {
        ProviderServer::new(Rpcs(Arc::clone(&self.0)))
            .max_decoding_message_size(MAX_MESSAGE)
            .max_encoding_message_size(MAX_MESSAGE)
    }

    /// Lets running calls know that they are to end. Calls to come are told so too, until the provider is configured anew.
    pub fn stop(&self) {
        self.0.stop.now();
    }

    /// Ends it: stops what runs and waits for it, closes the ephemeral resources that are still open, and answers no
    /// calls any more.
    pub async fn end(&self) {
        self.stop();
        ephemeral::close_all(&self.0).await;
        *self.0.ended.write().await = true;
        // What was just being opened.
        ephemeral::close_all(&self.0).await;
    }
}

/// The schemas, for a caller in the same process.
impl Server {
    /// Of the provider's block.
    pub fn block(&self) -> &Schema {
        &self.0.block.schema
    }

    /// Of a resource, with that of its identity.
    pub fn resource(&self, name: &str) -> Option<(&Schema, Option<&IdentitySchema>)> {
        self.0.resources.get(name).map(|kind| (&kind.schema, kind.identity.as_ref()))
    }

    /// Of a data source.
    pub fn data_source(&self, name: &str) -> Option<&Schema> {
        self.0.data_sources.get(name).map(|kind| &kind.schema)
    }

    /// Of an ephemeral resource.
    pub fn ephemeral(&self, name: &str) -> Option<&Schema> {
        self.0.ephemerals.get(name).map(|kind| &kind.schema)
    }

    /// Of a list resource.
    pub fn list(&self, name: &str) -> Option<&Schema> {
        self.0.lists.get(name).map(|kind| &kind.schema)
    }
}

/// What the calls share.
struct Core {
    provider: Arc<dyn Provider>,
    block: Kind<dyn Provider>,
    resources: Kinds<dyn Resource>,
    data_sources: Kinds<dyn DataSource>,
    ephemerals: Kinds<dyn Ephemeral>,
    lists: Kinds<dyn ListResource>,
    functions: BTreeMap<&'static str, Arc<dyn Function>>,
    stop: StopSource,
    leases: Leases,
    /// Whether no call is answered any more; held for reading by each call that runs.
    ended: RwLock<bool>,
    /// Whether a part of the provider's own configuration was unknown.
    half_configured: AtomicBool,
}

impl Core {
    fn new(provider: Arc<dyn Provider>) -> Self {
        let block = Kind::new(provider.schema(), None, Arc::clone(&provider));
        let resources = kinds(provider.resources(), |of| (of.schema(), of.identity()));
        let data_sources = kinds(provider.data_sources(), |of| (of.schema(), None));
        let ephemerals = kinds(provider.ephemerals(), |of| (of.schema(), None));
        let lists = kinds(provider.lists(), |of| (of.schema(), None));
        let functions = provider.functions().into_iter().collect();
        Self {
            block,
            resources,
            data_sources,
            ephemerals,
            lists,
            functions,
            provider,
            stop: StopSource::new(),
            leases: Leases::default(),
            ended: RwLock::new(false),
            half_configured: AtomicBool::new(false),
        }
    }

    fn call(&self) -> Call {
        Call::new(self.stop.stop())
    }

    fn is_half_configured(&self) -> bool {
        self.half_configured.load(Ordering::Relaxed)
    }
}

/// Things of one family by name.
type Kinds<T> = BTreeMap<&'static str, Kind<T>>;

/// One of them, with its schema.
struct Kind<T: ?Sized> {
    schema: Schema,
    value_type: Type,
    identity: Option<IdentitySchema>,
    identity_type: Option<Type>,
    of: Arc<T>,
}

impl<T: ?Sized> Kind<T> {
    fn new(schema: Schema, identity: Option<IdentitySchema>, of: Arc<T>) -> Self {
        let value_type = schema.value_type();
        let identity_type = identity.as_ref().map(IdentitySchema::value_type);
        Self { schema, value_type, identity, identity_type, of }
    }
}

fn kinds<T: ?Sized>(
    all: Vec<(&'static str, Arc<T>)>,
    schemas: impl Fn(&T) -> (Schema, Option<IdentitySchema>),
) -> Kinds<T> {
    let kind = |(name, of): (&'static str, Arc<T>)| {
        let (schema, identity) = schemas(&of);
        (name, Kind::new(schema, identity, of))
    };
    all.into_iter().map(kind).collect()
}

/// The one called `name`, or an error that names those there are.
fn find<'k, T: ?Sized>(kinds: &'k Kinds<T>, name: &str) -> Outcome<&'k Kind<T>> {
    kinds.get(name).ok_or_else(|| {
        let detail = format!("This version of the provider has no `{name}`. Use a version that has it.");
        Diagnostic::error("The provider does not know this type", detail).into()
    })
}
