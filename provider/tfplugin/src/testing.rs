//! A stand-in for Terraform's core, for a provider's own tests: it asks as the core does, in the same order, over the same
//! protocol, and looks at each answer with the core's eyes ([`crate::conform`]).
//!
//! Not here: the process and its encryption, which tests of the plugin start for real.

use tonic::transport::{Channel, Endpoint, Uri};
use tonic::{Request, Status};

use crate::conform;
use crate::diagnostics::{Diagnostic, Diagnostics, Severity};
use crate::provider::Stored;
use crate::schema::Schema;
use crate::server::Server;
use crate::value::{CodecError, Path, Step, Type, Value, msgpack};
use crate::wire::tfplugin6 as wire;
use crate::wire::tfplugin6::provider_client::ProviderClient;

mod propose;
mod resource;

pub use resource::{Applied, Plan};

/// The stand-in, with a provider in the same process.
#[derive(Clone)]
pub struct Core {
    server: Server,
    client: ProviderClient<Channel>,
    may_defer: bool,
}

/// What the core would end with.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// The call itself failed, which is never right.
    #[error("the call failed")]
    Call(#[from] Status),
    /// The connection failed.
    #[error("there is no connection")]
    Connect(#[from] tonic::transport::Error),
    /// A value does not fit the schema.
    #[error("a value does not fit the schema")]
    Value(#[from] CodecError),
    /// The answer is one that Terraform refuses.
    #[error("Terraform would refuse this: {}", sentences(.0))]
    Illegal(Vec<conform::Violation>),
    /// The answer lacks something.
    #[error("the answer has no {0}")]
    Missing(&'static str),
}

fn sentences(violations: &[conform::Violation]) -> String {
    violations.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

/// What an ephemeral resource was opened as.
#[derive(Clone, Debug)]
pub struct Lease {
    /// The object.
    pub result: Value,
    /// What closes it.
    pub private: Vec<u8>,
}

impl Core {
    /// Connects to a provider in this process.
    ///
    /// # Errors
    /// [`Fault`] where nothing answers.
    pub async fn new(server: Server) -> Result<Self, Fault> {
        let (near, far) = tokio::io::duplex(1 << 16);
        let service = server.service();
        let incoming = tokio_stream::once(Ok::<_, std::io::Error>(far));
        tokio::spawn(tonic::transport::Server::builder().add_service(service).serve_with_incoming(incoming));
        let mut near = Some(near);
        let connect = tower::service_fn(move |_: Uri| {
            let near = near.take().ok_or_else(|| std::io::Error::other("there is one connection"));
            async move { near.map(hyper_util::rt::TokioIo::new) }
        });
        let channel = Endpoint::from_static("http://localhost").connect_with_connector(connect).await?;
        let client = ProviderClient::new(channel).max_decoding_message_size(usize::MAX);
        Ok(Self { server, client, may_defer: false })
    }

    /// The same core, which takes answers that are put off.
    #[must_use]
    pub fn deferring(self) -> Self {
        Self { may_defer: true, ..self }
    }

    /// The protocol itself, for questions that are not here.
    pub fn client(&mut self) -> &mut ProviderClient<Channel> {
        &mut self.client
    }

    /// Validates the provider's block and configures it.
    ///
    /// # Errors
    /// [`Fault`] where the call fails.
    pub async fn configure(&mut self, config: &Value) -> Result<Diagnostics, Fault> {
        let config = dynamic(config, &self.server.block().value_type())?;
        let request = wire::validate_provider_config::Request { config: Some(config.clone()) };
        let validated = self.client.validate_provider_config(request).await?.into_inner();
        let told = diagnostics(validated.diagnostics);
        if told.has_errors() {
            return Ok(told);
        }
        let request = wire::configure_provider::Request {
            terraform_version: "1.16.0".to_owned(),
            config: Some(config),
            client_capabilities: Some(self.capabilities()),
        };
        Ok(diagnostics(self.client.configure_provider(request).await?.into_inner().diagnostics))
    }

    /// Validates and reads a data source.
    ///
    /// # Errors
    /// [`Fault`] where the call fails or the answer is not one.
    pub async fn look(&mut self, source: &str, config: &Value) -> Result<(Value, Diagnostics), Fault> {
        let schema =
            self.server.data_source(source).ok_or(Fault::Missing("data source of this name"))?.clone();
        let config = Some(dynamic(config, &schema.value_type())?);
        let type_name = source.to_owned();
        let request = wire::validate_data_resource_config::Request {
            type_name: type_name.clone(),
            config: config.clone(),
        };
        let told =
            diagnostics(self.client.validate_data_resource_config(request).await?.into_inner().diagnostics);
        if told.has_errors() {
            return Ok((Value::Null, told));
        }
        let client_capabilities = Some(self.capabilities());
        let request =
            wire::read_data_source::Request { type_name, config, provider_meta: None, client_capabilities };
        let answer = self.client.read_data_source(request).await?.into_inner();
        let state = value(answer.state.as_ref(), &schema.value_type())?;
        refuse(conform::stored(&schema, &state))?;
        Ok((state, told.into_iter().chain(diagnostics(answer.diagnostics)).collect()))
    }

    /// Calls a function. `Err` inside is the function's own error: the argument's number and the text.
    ///
    /// # Errors
    /// [`Fault`] where the call fails.
    pub async fn call(
        &mut self,
        name: &str,
        arguments: &[(Value, Type)],
        gives: &Type,
    ) -> Result<Result<Value, (Option<i64>, String)>, Fault> {
        let arguments = arguments.iter().map(|(value, of)| dynamic(value, of)).collect::<Result<_, _>>()?;
        let request = wire::call_function::Request { name: name.to_owned(), arguments };
        let answer = self.client.call_function(request).await?.into_inner();
        match answer.error {
            Some(error) => Ok(Err((error.function_argument, error.text))),
            None => Ok(Ok(value(answer.result.as_ref(), gives)?)),
        }
    }

    /// Validates and opens an ephemeral resource.
    ///
    /// # Errors
    /// [`Fault`] where the call fails or the answer is not one.
    pub async fn open(&mut self, name: &str, config: &Value) -> Result<(Option<Lease>, Diagnostics), Fault> {
        let of = self
            .server
            .ephemeral(name)
            .ok_or(Fault::Missing("ephemeral resource of this name"))?
            .value_type();
        let config = Some(dynamic(config, &of)?);
        let type_name = name.to_owned();
        let request = wire::validate_ephemeral_resource_config::Request {
            type_name: type_name.clone(),
            config: config.clone(),
        };
        let told = diagnostics(
            self.client.validate_ephemeral_resource_config(request).await?.into_inner().diagnostics,
        );
        if told.has_errors() {
            return Ok((None, told));
        }
        let client_capabilities = Some(self.capabilities());
        let request = wire::open_ephemeral_resource::Request { type_name, config, client_capabilities };
        let answer = self.client.open_ephemeral_resource(request).await?.into_inner();
        let all: Diagnostics = told.into_iter().chain(diagnostics(answer.diagnostics)).collect();
        let result = answer.result.filter(|_| !all.has_errors());
        let result = result.map(|result| value(Some(&result), &of)).transpose()?;
        let private = answer.private.unwrap_or_default();
        Ok((result.map(|result| Lease { result, private }), all))
    }

    /// Closes what was opened.
    ///
    /// # Errors
    /// [`Fault`] where the call fails.
    pub async fn close(&mut self, name: &str, lease: Lease) -> Result<Diagnostics, Fault> {
        let request = wire::close_ephemeral_resource::Request {
            type_name: name.to_owned(),
            private: Some(lease.private),
        };
        Ok(diagnostics(self.client.close_ephemeral_resource(request).await?.into_inner().diagnostics))
    }

    /// What exists of a resource: name, identity and object of each.
    ///
    /// # Errors
    /// [`Fault`] where the call fails or an event has no identity.
    pub async fn list(
        &mut self,
        resource: &str,
        config: &Value,
        limit: i64,
    ) -> Result<(Vec<(String, Value, Value)>, Diagnostics), Fault> {
        let of = self.server.list(resource).ok_or(Fault::Missing("list resource of this name"))?.value_type();
        let (schema, identity) = self.resource_schemas(resource)?;
        let request = wire::list_resource::Request {
            type_name: resource.to_owned(),
            config: Some(dynamic(config, &of)?),
            include_resource_object: true,
            limit,
        };
        let mut events = self.client.list_resource(Request::new(request)).await?.into_inner();
        let (mut all, mut told) = (Vec::new(), Diagnostics::new());
        while let Some(event) = events.message().await? {
            let said = event.identity.is_none() && !event.diagnostic.is_empty();
            told.extend(diagnostics(event.diagnostic));
            if said {
                continue;
            }
            let data = event
                .identity
                .and_then(|identity| identity.identity_data)
                .ok_or(Fault::Missing("identity"))?;
            let of = identity.as_ref().ok_or(Fault::Missing("identity schema"))?;
            let object = value(event.resource_object.as_ref(), &schema.value_type())?;
            all.push((event.display_name, value(Some(&data), of)?, object));
        }
        Ok((all, told))
    }

    fn resource_schemas(&self, resource: &str) -> Result<(Schema, Option<Type>), Fault> {
        let (schema, identity) =
            self.server.resource(resource).ok_or(Fault::Missing("resource of this name"))?;
        Ok((schema.clone(), identity.map(crate::schema::IdentitySchema::value_type)))
    }

    fn capabilities(&self) -> wire::ClientCapabilities {
        wire::ClientCapabilities {
            deferral_allowed: self.may_defer,
            write_only_attributes_allowed: true,
            store_planned_private: true,
            computed_blocks_allowed: false,
        }
    }
}

fn refuse(violations: Vec<conform::Violation>) -> Result<(), Fault> {
    if violations.is_empty() { Ok(()) } else { Err(Fault::Illegal(violations)) }
}

fn dynamic(from: &Value, of: &Type) -> Result<wire::DynamicValue, CodecError> {
    Ok(wire::DynamicValue { msgpack: msgpack::write(from, of)?, json: Vec::new() })
}

fn value(from: Option<&wire::DynamicValue>, of: &Type) -> Result<Value, CodecError> {
    from.filter(|sent| !sent.msgpack.is_empty())
        .map_or(Ok(Value::Null), |sent| msgpack::read(&sent.msgpack, of))
}

fn diagnostics(from: Vec<wire::Diagnostic>) -> Diagnostics {
    let one = |one: wire::Diagnostic| {
        let severity = match one.severity() {
            wire::diagnostic::Severity::Warning => Severity::Warning,
            _ => Severity::Error,
        };
        Diagnostic { severity, summary: one.summary, detail: one.detail, path: one.attribute.map(path) }
    };
    from.into_iter().map(one).collect()
}

fn path(from: wire::AttributePath) -> Path {
    use wire::attribute_path::step::Selector;
    let step = |step: wire::attribute_path::Step| match step.selector? {
        Selector::AttributeName(name) => Some(Step::Attribute(name)),
        Selector::ElementKeyString(key) => Some(Step::Key(key)),
        Selector::ElementKeyInt(number) => Some(Step::Index(number)),
    };
    from.steps.into_iter().filter_map(step).fold(Path::root(), Path::then)
}

/// A thing that Terraform keeps, as the wire has it: state, private data, identity.
type Kept = (Option<wire::DynamicValue>, Vec<u8>, Option<wire::ResourceIdentityData>);

fn kept(stored: Option<&Stored>, of: &Type, identity: Option<&Type>) -> Result<Kept, CodecError> {
    let Some(stored) = stored else { return Ok((Some(dynamic(&Value::Null, of)?), Vec::new(), None)) };
    let data = stored.identity.as_ref().zip(identity).map(|(value, of)| dynamic(value, of)).transpose()?;
    let data = data.map(|data| wire::ResourceIdentityData { identity_data: Some(data) });
    Ok((Some(dynamic(&stored.state, of)?), stored.private.clone(), data))
}
