//! Experiments, runs in any mode, and the page that shows them.
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod bench;
mod checks;
pub mod compare;
pub mod experiment;
mod jobs;
mod past;
mod registry;
pub mod reporter;
mod rewind;
pub mod run;
pub mod server;
pub mod view;

pub use checks::PropertyLine;
pub use registry::{PeerProcessError, Registry, SimulateError};
