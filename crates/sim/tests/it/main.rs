//! The simulator as its users see it: every promise of it, through small protocols.
#![allow(clippy::unwrap_used)]

mod beacon;
mod churn;
mod determinism;
mod disk;
mod endings;
mod faults;
mod gossip;
mod injected;
mod ledger;
mod properties;
mod retrace;
mod snapshots;
mod stops;
mod trace;
