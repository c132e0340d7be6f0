//! A deterministic discrete-event simulator for [`Protocol`](rumormill_core::Protocol)s, up to millions
//! of peers.
//!
//! One run is one value, [`Simulation`]: a seed, a configuration and [`Settings`] decide every event of
//! it, on any machine, in any build and with any number of threads. A run's [`Digest`] says so in 128
//! bits.
//!
//! - **Order.** Events happen in the order of (time, source peer, the source's sequence). What a peer
//!   draws depends only on the run's seed, the peer and its count of activations; what the network draws
//!   only on the seed, the sender and the sender's count of messages.
//! - **Shards.** Peers are split among threads. Time goes in windows no longer than the least latency, so
//!   what is sent in one window arrives in a later one, and shards meet only between windows. Latencies
//!   below [`LATENCY_MIN`] are therefore lifted to it.
//! - **Faults.** The [`Plan`](rumormill_core::plan::Plan) acts between a peer's effects and the queue. A
//!   peer never learns of a fault but through what it receives or does not receive: `on_link` is never
//!   called here.
//! - **Bounds.** What waits for one peer (paused, slow, behind its disk) or before one link is bounded by
//!   [`limits`], which also says what happens at each bound.
//! - **Properties.** What must hold ([`rumormill_core::property`]) is checked as the run goes on
//!   ([`Simulation::checked`]); a run that is not checked has no code for it.
//!
//! [`explore()`] tries many seeds, [`shrink()`] makes a failing case smaller.

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod calendar;
mod digest;
mod engine;
mod event;
mod explore;
mod faults;
mod guard;
mod inspection;
pub mod limits;
mod network;
mod peers;
mod recording;
mod report;
mod retrace;
mod settings;
mod shard;
mod shrink;
mod simulation;

pub use digest::{Digest, DigestError};
pub use explore::{Exploration, Explored, Verdict, explore};
pub use guard::{Checks, EXACT_PEERS, LOOK_PEERS};
pub use inspection::{Clock, DiskEntry, DiskView, Inspection, Listed, PeerStatus, Pending, What};
pub use network::LATENCY_MIN;
pub use report::{Messages, Report, Status, TargetReport};
pub use retrace::{Found, Retrace};
pub use settings::{Settings, SettingsError, StopRule};
pub use shard::probe::Body;
pub use shrink::{Shrunk, lighter_plans, shrink};
pub use simulation::{LoadError, SaveError, Simulate, Simulation, Snapshot, Unrecorded};
