//! The core of Rumormill: what a protocol is, and what it may know and do.
//!
//! A distributed system is a set of state machines that exchange messages. Here the machine is a
//! [`Protocol`]: a plain value with handlers for messages, timers and requests. A handler does no I/O;
//! it asks for effects of its [`Context`]. Whoever owns the value carries them out: the simulator, a
//! real node, a checker, or a test ([`testing`]).
//!
//! This crate has no I/O, no clock, no thread and no unseeded randomness. The guide's page "Your first
//! protocol" (`docs/first-protocol.md`, also the front page of the `rumormill` crate) writes one in sixty
//! lines.
#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod chart;
mod context;
mod effects;
mod id;
mod launch;
mod measure;
mod outcome;
pub mod plan;
pub mod property;
mod protocol;
pub mod rng;
mod stack;
pub mod testing;
pub mod time;
mod topology;
pub mod trace;
mod wire;

pub use context::{Activation, Context};
pub use effects::{Effects, Host, Observation, Signature};
pub use id::PeerId;
pub use launch::{Launch, MAX_PEERS, ParameterError, Parameters, Seat, Value};
pub use outcome::Outcome;
pub use protocol::{Link, Never, Protocol};
pub use rng::Rng;
pub use stack::Stacks;
pub use std::time::Duration;
pub use time::Instant;
pub use topology::Topology;
pub use wire::{Measure, Wire, WireError};
