//! Runs as real processes: that they are processes, that they complete whatever dies, and that none is left.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

mod complete;
mod hands;
mod orphans;
mod reporter;
#[path = "../support/mod.rs"]
mod support;

use std::time::Duration;

use serde_json::json;
use support::{eventually, processes};

/// A run long enough to be disturbed: its messages come at intervals.
const LONG: [&str; 8] = ["run", "flood", "--as", "processes", "--peers", "10", "--messages", "100"];

/// What the page sends to start a run as processes.
fn order() -> serde_json::Value {
    json!({
        "experiment": "flood", "values": {"peers": 10, "messages": "100"}, "as": "processes",
        "seed": 3, "speed": "1", "record": false,
    })
}

/// Waits until a command has started this many peer processes.
#[track_caller]
fn peers_of(pid: u32, count: usize) -> Vec<u32> {
    let peers = || processes::children(pid).into_iter().filter(|&pid| processes::is_peer(pid)).collect::<Vec<_>>();
    let found = eventually(Duration::from_secs(20), || Some(peers()).filter(|peers| peers.len() >= count));
    found.unwrap_or_else(|| panic!("{count} peer processes were expected; there are {:?}", peers()))
}

/// Checks that none of these processes is there, at the latest after this many seconds.
#[track_caller]
fn all_gone(pids: &[u32], seconds: u64) {
    let alive = || pids.iter().copied().filter(|&pid| processes::alive(pid)).collect::<Vec<_>>();
    let gone = eventually(Duration::from_secs(seconds), || alive().is_empty().then_some(()));
    assert!(gone.is_some(), "left after {seconds} s: {:?}", alive());
}
