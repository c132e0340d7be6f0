//! Properties that hold of every protocol, and a judge who checks those that are about a trace.
//!
//! A property of a protocol's own is written beside it ([`rumormill_core::property`]). Those here are about
//! what no protocol may do: hear what nobody sent, act while it is down. They read nothing but the trace, so
//! that they can be checked in every mode, and of any recorded run.

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod delivered;
mod done;
mod down;
mod general;
mod judge;
#[cfg(test)]
mod tests;

pub use delivered::{DeliveredWasSent, PENDING_MAX, SENT_MAX};
pub use done::DoneMeansTargetsMet;
pub use down::NobodyActsWhileDown;
pub use general::general;
pub use judge::Judge;
