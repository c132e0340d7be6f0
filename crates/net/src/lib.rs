//! Real peers: identity, encrypted links, address book, durable disk, and the supervisor of many
//! processes.
//!
//! A [`Supervisor`] starts operating system processes that each run one or more peers of a protocol
//! ([`peer_main`]). The peers meet through a [`tracker`] and talk over QUIC, each proving an Ed25519 key;
//! a peer's id is the hash of that key. The supervisor carries out the run's [plan](rumormill_core::plan):
//! processes are killed, stopped and started again, and the link layer of each peer loses, delays and cuts
//! as it is told. Trace and progress come back over one loopback connection from each process.
//!
//! A [`Node`] is one peer by itself, without supervisor and tracker, for services that live long.
//!
//! Two things differ from the simulator, because a disk and a machine are real: [`plan::Disk`] is not
//! emulated (a write takes what it takes, and a killed process loses what was not durable), and messages
//! of one link overtake each other only where the plan says so, for a link is a stream.
//!
//! [`plan::Disk`]: rumormill_core::plan::Disk
#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod assignment;
pub mod book;
mod clock;
mod control;
mod disk;
pub mod frame;
mod identity;
mod link;
pub mod members;
pub mod node;
mod peer;
mod process;
mod queue;
pub mod record;
mod scribe;
pub mod supervisor;
mod tls;
pub mod tracker;
mod usage;
mod waiting;
mod weather;

pub use assignment::{Assignment, AssignmentError};
pub use frame::fuzz_frame;
pub use identity::{Identity, IdentityError, KEY_FILE, KeyError, PeerKey};
pub use node::{Indications, Member, Node, NodeError, NodeHandle, NodeSettings, NodeStatus, RequestError, Stopped};
pub use process::{PeerError, peer_main};
pub use record::{PeerRecord, RecordError};
pub use supervisor::{Launchpad, Messages, NetReport, Remote, StartError, Supervisor, TargetReport};
pub use usage::{Usage, usage};
