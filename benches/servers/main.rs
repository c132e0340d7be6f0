//! The store beside Redis and etcd, on the same machine and in the same run: `cargo bench -p rumormill-benches
//! --bench servers`, after `cargo build --release`.
//!
//! Each row is of one operation and one way to call: one client, 50 clients, or 50 clients that send 16 commands
//! at a time. redis-benchmark calls the store and Redis alike. etcd is called with JSON over HTTP, one put or
//! range at a time. Servers are measured in turn, several times over, and the medians are shown; each runs only
//! while it is measured.
//!
//! Rows are only comparable where the guarantees are, so each names its own:
//! - *rumormill fsync*: three replicas; an update is on one replica's disk when it is answered, and sessions are
//!   causal.
//! - *redis always*: a primary with one replica; it is on the primary's disk.
//! - *rumormill memory*, *redis everysec*: the same, but it is on a disk within a second.
//! - *etcd*: one member; it is on its disk, and reads are linearizable.
//!
//! `RUMORMILL_BENCH_SCALE=10` makes ten times as many calls; `RUMORMILL_BENCH_REPEATS` says how often all is
//! measured (default 3); `RUMORMILL_BENCH_PROGRAM` names another program than the one built beside this one.
//! Servers that are not installed are left out, and that is said.
#![allow(clippy::unwrap_used, reason = "a bench that cannot run should stop")]

mod etcd;
mod load;
mod redis;
mod servers;

use std::collections::BTreeMap;

use load::{Figures, Load};
use servers::{Kind, Server};

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let (scale, repeats) = (number("RUMORMILL_BENCH_SCALE", 1), number("RUMORMILL_BENCH_REPEATS", 3));
    let kinds: Vec<Kind> = Kind::ALL.into_iter().filter(|kind| is_there(*kind)).collect();
    let mut figures: BTreeMap<(Load, Kind), Vec<Figures>> = BTreeMap::new();
    for repeat in 1..=repeats {
        for &kind in &kinds {
            eprintln!("{repeat} of {repeats}: {kind}");
            let server = Server::start(kind);
            for load in Load::all().filter(|load| arguments.iter().all(|filter| load.name().contains(filter.as_str())))
            {
                if let Some(measured) = server.measure(load, scale) {
                    figures.entry((load, kind)).or_default().push(measured);
                }
            }
        }
    }
    print(&figures, &kinds);
}

/// A number from the environment.
fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().map_or(default, |text| text.parse().expect("a whole number"))
}

/// Can it be measured here? Says so if not.
fn is_there(kind: Kind) -> bool {
    let missing: Vec<&str> = kind.programs().into_iter().filter(|program| !load::can_run(program)).collect();
    if !missing.is_empty() {
        println!("{kind} is left out: {} cannot be started; is it installed?", missing.join(" and "));
    }
    missing.is_empty()
}

/// One row for each load and server, with what it does in relation to our own with the nearest guarantee.
fn print(figures: &BTreeMap<(Load, Kind), Vec<Figures>>, kinds: &[Kind]) {
    println!(
        "{:<5} {:>7} {:>8} {:<17} {:>9} {:>9} {:>9}  guarantee",
        "call", "clients", "pipeline", "server", "calls/s", "p99 (ms)", "ours / it"
    );
    for load in Load::all() {
        for &kind in kinds {
            let Some(measured) = figures.get(&(load, kind)) else { continue };
            let per_second = median(measured.iter().map(|figures| figures.per_second));
            let p99 = median(measured.iter().map(|figures| figures.p99));
            let ours = kind.ours().and_then(|ours| figures.get(&(load, ours)));
            let ratio = ours.map(|ours| median(ours.iter().map(|figures| figures.per_second)) / per_second);
            let ratio = ratio.map_or_else(String::new, |ratio| format!("{ratio:.2}"));
            let (call, clients, pipeline) = (load.call, load.clients, load.pipeline);
            println!(
                "{call:<5} {clients:>7} {pipeline:>8} {:<17} {per_second:>9.0} {p99:>9.2} {ratio:>9}  {}",
                kind.to_string(),
                kind.guarantee()
            );
        }
    }
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
