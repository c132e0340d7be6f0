//! Fuzz targets: one function for each decoder of bytes from outside. Each must return, whatever the bytes.
//!
//! `cargo test` runs every target for a few seconds on mutations of `corpus/` ([`smoke`]);
//! `cargo +nightly fuzz run TARGET --features libfuzzer` hunts for longer, guided by coverage.

pub mod mutate;
pub mod smoke;
pub mod wire;

/// A fuzz target: its name, which is also its folder in `corpus/`, and what it does with bytes.
#[derive(Clone, Copy)]
pub struct Target {
    /// The name.
    pub name: &'static str,
    /// Takes any bytes and returns.
    pub run: fn(&[u8]),
}

/// Every target.
pub const TARGETS: [Target; 2] =
    [Target { name: "wire", run: wire::wire }, Target { name: "run", run: rumormill_trace::fuzz_read }];
