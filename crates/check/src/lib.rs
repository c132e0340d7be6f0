//! Properties that hold of every protocol, a judge who checks those that are about a trace, and checkers of
//! histories.
//!
//! A property of a protocol's own is written beside it ([`rumormill_core::property`]). Those here are about
//! what no protocol may do: hear what nobody sent, act while it is down. They read nothing but the trace, so
//! that they can be checked in every mode, and of any recorded run. What a replicated store promised its
//! clients is judged from what they saw: [`history`].

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod delivered;
mod done;
mod down;
mod general;
pub mod history;
mod judge;
#[cfg(test)]
mod tests;

pub use delivered::{DeliveredWasSent, PENDING_MAX, SENT_MAX};
pub use done::DoneMeansTargetsMet;
pub use down::NobodyActsWhileDown;
pub use general::general;
pub use judge::Judge;
