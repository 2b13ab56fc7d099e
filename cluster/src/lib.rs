//! Reads a Kubernetes cluster through kube, for both products.
//!
//! Which cluster and with whose credentials, as kubectl takes them ([`Access`], [`credentials`]); a client that asks again
//! where that is safe ([`Cluster`]); discovery, roles, lists in pages, names that are followed, access reviews. Not here: what the answers mean
//! ([`p0_grant`]), and writing, which each product does itself with [`Cluster::send`] or [`Cluster::client`].

mod access;
mod client;
mod clock;
pub mod credentials;
mod discovery;
mod error;
mod kubeconfig;
mod names;
mod object;
mod pages;
mod request;
mod review;
mod roles;
mod token_file;

pub use access::Access;
pub use client::{Cluster, Limits};
pub use credentials::{CredentialError, Setting};
pub use error::{ClusterError, Refusal};
pub use kubeconfig::{Kubeconfigs, Selection, load, read_files};
pub use names::{NameChange, ObjectName};
pub use object::{Kind, LiveObject, ObjectRef, segment};
pub use pages::{PAGE, Page};
pub use request::{ApiRequest, Retry};
pub use review::{AccessReview, attributes};
