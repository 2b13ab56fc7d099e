//! The cluster as this product reads it: exporting a catalogue, and whether it has what base says.
//!
//! Nothing here writes to a cluster. Not here: the client, discovery, lists and access reviews ([`p0_cluster`]).

mod export;
pub mod witness;

pub use export::{Export, ExportError, Progress, export};
pub use p0_cluster::{Access, Cluster, ClusterError};
pub use p0_grant::discovery::{FailedGroup, LeftOut};
