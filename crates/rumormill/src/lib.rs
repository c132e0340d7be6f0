//! A workbench for distributed and peer-to-peer systems: write a protocol once, simulate it, run it as real
//! processes, and watch it.
#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod new;
