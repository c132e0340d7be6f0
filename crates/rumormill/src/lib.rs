//! A workbench for distributed and peer-to-peer systems: write a protocol once, simulate it, run it as real
//! processes, and watch it.
//!
//! A program with a protocol of its own gets the whole lab with one line:
//!
//! ```no_run
//! use rumormill::prelude::*;
//!
//! /// A peer that is done as soon as it has booted.
//! struct Idle;
//!
//! impl Protocol for Idle {
//!     type Config = ();
//!     type Message = Never;
//!     type Timer = Never;
//!     type Request = Never;
//!     type Indication = Never;
//!
//!     fn on_start(&mut self, cx: &mut Context<'_, Self>) {
//!         cx.done();
//!     }
//!
//!     fn on_message(&mut self, _: &mut Context<'_, Self>, _: PeerId, message: Never) {
//!         match message {}
//!     }
//!
//!     fn on_request(&mut self, _: &mut Context<'_, Self>, request: Never) {
//!         match request {}
//!     }
//! }
//!
//! impl Launch for Idle {
//!     fn config(_: &Parameters) -> Result<(), ParameterError> {
//!         Ok(())
//!     }
//!
//!     fn peer(_: &(), _: Seat) -> Self {
//!         Self
//!     }
//! }
//!
//! fn main() -> std::process::ExitCode {
//!     rumormill::lab().protocol::<Idle>("idle").main()
//! }
//! ```
//!
//! `rumormill new NAME` writes a crate to begin with.
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod cli;
mod facade;
pub mod new;
pub mod prelude;

pub use facade::{Lab, lab};

pub use rumormill_core as core;
pub use rumormill_lab::{experiment, run};
pub use rumormill_protocols as protocols;
pub use rumormill_sim as sim;
pub use rumormill_trace as trace;
