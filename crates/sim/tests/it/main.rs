//! The simulator as its users see it: every promise of it, through small protocols.
#![allow(clippy::unwrap_used)]

mod determinism;
mod gossip;
