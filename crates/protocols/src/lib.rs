//! The batteries: protocols worth having, each a state machine without I/O, one folder each.
#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod election;
pub mod flood;
pub mod membership;
pub mod raft;
pub mod ring;
pub mod store;

pub use election::Election;
pub use flood::Flood;
pub use membership::{Membership, Swim};
pub use raft::Raft;
