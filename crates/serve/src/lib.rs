//! Services for other programs: the gossip store's replicas and front ends as processes, and what front ends
//! speak to clients: HTTP with JSON, and the Redis protocol.

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod resp;

#[doc(hidden)]
pub use resp::fuzz as fuzz_resp;
