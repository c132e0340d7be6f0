//! A workbench for distributed and peer-to-peer systems: write a protocol once, simulate it, run it as real
//! processes, and watch it. A program with a protocol of its own gets the whole command line and the lab with
//! one line; this page, which is also the guide's, shows how.
#![doc = ""]
#![doc = include_str!("../../../docs/first-protocol.md")]
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod cli;
mod facade;
pub mod movies;
pub mod new;
pub mod prelude;
#[doc = include_str!("../../../docs/properties.md")]
pub mod properties {}

pub use facade::{Lab, lab};

/// For fuzzing: reads bytes as what a store's front end answers to `movies` and `store`.
#[doc(hidden)]
pub fn fuzz_answer(bytes: &[u8]) {
    movies::fuzz(bytes);
    cli::fuzz_answer(bytes);
}

pub use rumormill_check as check;
pub use rumormill_core as core;
pub use rumormill_lab::{experiment, run};
pub use rumormill_protocols as protocols;
pub use rumormill_sim as sim;
pub use rumormill_trace as trace;
