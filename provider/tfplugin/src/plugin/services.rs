//! What every plugin of go-plugin serves beside its own service.

use std::pin::Pin;

use tokio_stream::{Stream, StreamExt, pending};
use tonic::transport::server::Router;
use tonic::{Request, Response, Status, Streaming};

use crate::server::Server;
use crate::wire::health::health_check_response::ServingStatus;
use crate::wire::health::health_server::{Health, HealthServer};
use crate::wire::health::{HealthCheckRequest, HealthCheckResponse};
use crate::wire::plugin::grpc_broker_server::{GrpcBroker, GrpcBrokerServer};
use crate::wire::plugin::grpc_controller_server::{GrpcController, GrpcControllerServer};
use crate::wire::plugin::grpc_stdio_server::{GrpcStdio, GrpcStdioServer};
use crate::wire::plugin::{ConnInfo, Empty, StdioData};

use super::life::Ending;

/// The provider's service and the others.
pub(super) fn router(server: &Server, controller: Controller) -> Router {
    tonic::transport::Server::builder()
        .add_service(server.service())
        .add_service(GrpcControllerServer::new(controller))
        .add_service(GrpcStdioServer::new(Silent))
        .add_service(GrpcBrokerServer::new(Silent))
        .add_service(HealthServer::new(Healthy))
}

/// Ends the process when Terraform says so.
pub(super) struct Controller {
    ending: Ending,
    debug: bool,
}

impl Controller {
    /// A process that is debugged outlives the Terraform that uses it.
    pub(super) fn new(ending: Ending, debug: bool) -> Self {
        Self { ending, debug }
    }
}

#[tonic::async_trait]
impl GrpcController for Controller {
    async fn shutdown(&self, _request: Request<Empty>) -> Result<Response<Empty>, Status> {
        if !self.debug {
            self.ending.now("Terraform has told it to");
        }
        Ok(Response::new(Empty {}))
    }
}

/// Streams that stay open and say nothing. A client that found none would complain of it.
struct Silent;

type Silence<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

#[tonic::async_trait]
impl GrpcStdio for Silent {
    type StreamStdioStream = Silence<StdioData>;

    async fn stream_stdio(&self, _request: Request<()>) -> Result<Response<Self::StreamStdioStream>, Status> {
        Ok(Response::new(Box::pin(pending())))
    }
}

#[tonic::async_trait]
impl GrpcBroker for Silent {
    type StartStreamStream = Silence<ConnInfo>;

    async fn start_stream(
        &self,
        _request: Request<Streaming<ConnInfo>>,
    ) -> Result<Response<Self::StartStreamStream>, Status> {
        Ok(Response::new(Box::pin(pending())))
    }
}

/// Serving as long as it can be asked.
struct Healthy;

/// What go-plugin asks after, and what asks after the whole.
const SERVED: [&str; 2] = ["plugin", ""];

fn status(request: &HealthCheckRequest) -> Result<HealthCheckResponse, Status> {
    match SERVED.contains(&request.service.as_str()) {
        true => Ok(HealthCheckResponse { status: ServingStatus::Serving.into() }),
        false => Err(Status::not_found("there is no such service")),
    }
}

#[tonic::async_trait]
impl Health for Healthy {
    async fn check(
        &self,
        request: Request<HealthCheckRequest>,
    ) -> Result<Response<HealthCheckResponse>, Status> {
        status(request.get_ref()).map(Response::new)
    }

    type WatchStream = Silence<HealthCheckResponse>;

    async fn watch(
        &self,
        request: Request<HealthCheckRequest>,
    ) -> Result<Response<Self::WatchStream>, Status> {
        let now = status(request.get_ref())?;
        Ok(Response::new(Box::pin(tokio_stream::once(Ok(now)).chain(pending()))))
    }
}
