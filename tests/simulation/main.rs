//! Flood in the simulator, under everything that goes wrong: scenarios one at a time, invariants and liveness
//! over many seeds. `RUMORMILL_SEEDS=1000` tries more.
#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

mod case;
mod chaos;
mod invariants;
mod liveness;
mod scenarios;
