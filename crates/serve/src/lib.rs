//! Services for other programs: the gossip store's replicas and front ends as processes, and what front ends
//! speak to clients: HTTP with JSON, and the Redis protocol.

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod cluster;
mod desk;
mod front;
mod http;
mod keeper;
mod random;
mod replica;
mod resp;
mod tcp;

#[doc(hidden)]
pub use cluster::fuzz as fuzz_cluster;
pub use cluster::{CLUSTER_FILE, Cluster, ClusterError, MAX_PLACES, Place, Settings};
pub use front::FrontEnd;
#[doc(hidden)]
pub use http::fuzz as fuzz_http;
pub use keeper::{KeepError, Keeper, Ready, Recipe, Tell};
pub use replica::{Replica, ServeError};
#[doc(hidden)]
pub use resp::fuzz as fuzz_resp;
