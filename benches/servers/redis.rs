//! Calls in the Redis protocol, with redis-benchmark.

use std::process::Command;

use super::load::{Figures, Load};

/// Keys that calls are about.
const KEYS: &str = "100000";

/// Measures a server on this port.
pub fn measure(port: u16, load: Load, scale: u64) -> Figures {
    let (clients, pipeline) = (load.clients.to_string(), load.pipeline.to_string());
    let (port, calls) = (port.to_string(), load.calls(scale).to_string());
    let output = Command::new("redis-benchmark")
        .args(["-p", &port, "-t", load.call, "-n", &calls, "-c", &clients, "-P", &pipeline, "-r", KEYS, "--csv"])
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    parse(&text).unwrap_or_else(|| panic!("redis-benchmark of {}: {text}", load.name()))
}

/// The figures of the only call, by the names in the first line.
fn parse(csv: &str) -> Option<Figures> {
    let mut lines = csv.lines().skip_while(|line| !line.starts_with("\"test\""));
    let (names, values) = (lines.next()?, lines.next()?);
    let get = |name: &str| {
        let place = names.split(',').position(|other| other.trim_matches('"') == name)?;
        values.split(',').nth(place)?.trim_matches('"').parse().ok()
    };
    Some(Figures { per_second: get("rps")?, p99: get("p99_latency_ms")? })
}
