//! Fuzz targets: one function for each decoder of bytes from outside. Each must return, whatever the bytes.
//!
//! `cargo test` runs every target for a few seconds on mutations of `corpus/` ([`smoke`]);
//! `cargo +nightly fuzz run TARGET --features libfuzzer` hunts for longer, guided by coverage.

pub mod front;
pub mod mutate;
pub mod parts;
pub mod raft;
pub mod replica;
pub mod smoke;
pub mod swim;
pub mod wire;

/// A fuzz target: its name, which is also its folder in `corpus/`, and what it does with bytes.
#[derive(Clone, Copy)]
pub struct Target {
    /// The name.
    pub name: &'static str,
    /// Takes any bytes and returns.
    pub run: fn(&[u8]),
}

/// Every target: messages from peers, what a store's front ends and replicas are told and keep, parts of a store's
/// state, what Redis and HTTP clients send, the cluster file, what stores tell labs and clients, frames of links, records of the line protocol,
/// expressions and files of experiments, the files of recorded runs, and searches in them.
pub const TARGETS: [Target; 17] = [
    Target { name: "wire", run: wire::wire },
    Target { name: "raft", run: raft::raft },
    Target { name: "swim", run: swim::swim },
    Target { name: "parts", run: parts::parts },
    Target { name: "front", run: front::front },
    Target { name: "replica", run: replica::replica },
    Target { name: "resp", run: rumormill_serve::fuzz_resp },
    Target { name: "http", run: rumormill_serve::fuzz_http },
    Target { name: "cluster", run: rumormill_serve::fuzz_cluster },
    Target { name: "announcement", run: rumormill_lab::server::fuzz_announcement },
    Target { name: "answer", run: rumormill::fuzz_answer },
    Target { name: "frame", run: rumormill_net::fuzz_frame },
    Target { name: "reporter", run: rumormill_lab::reporter::fuzz_reporter },
    Target { name: "expression", run: rumormill_lab::experiment::fuzz_expression },
    Target { name: "experiment", run: rumormill_lab::experiment::fuzz_experiment },
    Target { name: "run", run: rumormill_trace::fuzz_read },
    Target { name: "pattern", run: rumormill_trace::fuzz_pattern },
];
