//! Failure detection under faults, over many seeds.
#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

mod detection;
mod faults;
mod slow;
mod world;
