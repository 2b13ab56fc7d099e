//! The cluster as this product reads it: exporting a catalogue, and whether it has what base says.
//!
//! Nothing here writes to a cluster. Not here: the client, discovery, lists and access reviews ([`p0_cluster`]).

mod export;
mod follow;
mod names;
pub mod witness;

pub use export::{Export, ExportError, Progress, export};
pub use follow::Followed;
pub use names::{FollowedKind, FollowedKindError, ObjectNames};
pub use p0_cluster::{Access, Cluster, ClusterError, NameChange, ObjectName};
pub use p0_grant::discovery::{FailedGroup, LeftOut};
