//! The protocol's messages and services, as the build writes them from `proto/`. Not here: what they mean.

#![expect(
    missing_docs,
    clippy::all,
    clippy::allow_attributes,
    clippy::allow_attributes_without_reason,
    reason = "generated from the protocol's text"
)]

/// Protocol 6.
pub mod tfplugin6 {
    tonic::include_proto!("tfplugin6");
}

/// What go-plugin serves beside it.
pub mod plugin {
    tonic::include_proto!("plugin");
}

/// The health service.
pub mod health {
    tonic::include_proto!("grpc.health.v1");
}
