//! The table of the protocol's methods, and who answers each.

use std::sync::Arc;

use tokio_stream::Iter;
use tonic::{Request, Response, Status};

use crate::wire::tfplugin6 as wire;

use super::answer::{Answer, run};
use super::{Core, data_source, ephemeral, function, list, provider, resource, schema};

/// The service.
pub(super) struct Rpcs(pub(super) Arc<Core>);

type Events = Iter<std::vec::IntoIter<Result<wire::list_resource::Event, Status>>>;

macro_rules! rpcs {
    ([ $($method:ident = $handler:path,)* ] $($rest:tt)*) => {
        #[tonic::async_trait]
        impl wire::provider_server::Provider for Rpcs {
            $(async fn $method(
                &self,
                request: Request<wire::$method::Request>,
            ) -> Result<Response<wire::$method::Response>, Status> {
                let core = Arc::clone(&self.0);
                let answer = run(&self.0, async move {
                    let mut call = core.call();
                    let outcome = $handler(&core, &mut call, request.into_inner()).await;
                    Answer::of(outcome, call)
                });
                let answer = answer.await.unwrap_or_else(|errors| Answer::of(Err(errors), self.0.call()));
                Ok(Response::new(answer))
            })*
            $($rest)*
        }
    };
}

rpcs! {[
    get_metadata = schema::metadata,
    get_provider_schema = schema::all,
    get_resource_identity_schemas = schema::identities,
    get_functions = schema::functions,

    validate_provider_config = provider::validate,
    configure_provider = provider::configure,

    validate_resource_config = resource::validate,
    plan_resource_change = resource::plan,
    apply_resource_change = resource::apply,
    read_resource = resource::read,
    upgrade_resource_state = resource::upgrade,
    upgrade_resource_identity = resource::upgrade_identity,
    import_resource_state = resource::import,
    move_resource_state = resource::adopt,

    validate_data_resource_config = data_source::validate,
    read_data_source = data_source::read,

    validate_ephemeral_resource_config = ephemeral::validate,
    open_ephemeral_resource = ephemeral::open,
    renew_ephemeral_resource = ephemeral::renew,
    close_ephemeral_resource = ephemeral::close,

    validate_list_resource_config = list::validate,
]
    type ListResourceStream = Events;

    async fn list_resource(
        &self,
        request: Request<wire::list_resource::Request>,
    ) -> Result<Response<Events>, Status> {
        let core = Arc::clone(&self.0);
        let events = run(&self.0, async move { list::list(&core, request.into_inner()).await }).await;
        let events = events.unwrap_or_else(|errors| vec![list::told(errors)]);
        let events: Vec<_> = events.into_iter().map(Ok).collect();
        Ok(Response::new(tokio_stream::iter(events)))
    }

    async fn call_function(
        &self,
        request: Request<wire::call_function::Request>,
    ) -> Result<Response<wire::call_function::Response>, Status> {
        let core = Arc::clone(&self.0);
        let answer = run(&self.0, async move { function::call(&core, &request.into_inner()) }).await;
        Ok(Response::new(answer.unwrap_or_else(|_| function::failed())))
    }

    // Terraform still waits for the answers of what runs, so the process goes on.
    async fn stop_provider(
        &self,
        _request: Request<wire::stop_provider::Request>,
    ) -> Result<Response<wire::stop_provider::Response>, Status> {
        self.0.stop.now();
        Ok(Response::new(wire::stop_provider::Response::default()))
    }

    // Not announced among the capabilities, so that Terraform makes the configuration itself.
    async fn generate_resource_config(
        &self,
        _request: Request<wire::generate_resource_config::Request>,
    ) -> Result<Response<wire::generate_resource_config::Response>, Status> {
        Err(Status::unimplemented("Terraform makes configurations itself"))
    }
}
