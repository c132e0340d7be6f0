//! Measures the simulator: events a second and bytes a peer, for a flood and for a ping load.
//!
//! `cargo run --release -p rumormill-sim --example throughput -- [flood|ping] [PEERS] [THREADS]`; without
//! arguments both loads at 10,000, 100,000 and 1,000,000 peers on one thread, each in a process of its own
//! so that the peak of memory is its own.

use std::process::Command;
use std::time::Instant;

use loads::{Flood, Ping};
use rumormill_sim::{Settings, Simulate, Simulation, StopRule};

mod loads;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number = |at: usize| arguments.get(at).and_then(|text| text.parse::<u32>().ok());
    match (arguments.first().map(String::as_str), number(1)) {
        (Some("flood"), Some(peers)) => flood(peers, number(2).unwrap_or(1)),
        (Some("ping"), Some(peers)) => ping(peers, number(2).unwrap_or(1)),
        _ => all(),
    }
}

fn all() {
    for load in ["flood", "ping"] {
        for peers in ["10000", "100000", "1000000"] {
            let program = std::env::current_exe().expect("this program has a path");
            let ended = Command::new(program).args([load, peers]).status().expect("it can run again");
            assert!(ended.success(), "{load} with {peers} peers: {ended}");
        }
    }
}

/// One rumor that everybody passes on once.
fn flood(peers: u32, threads: u32) {
    let settings = Settings { threads, ..Settings::new(1, peers) };
    measure::<Flood>("flood", settings);
}

/// Everybody pings somebody each second, with a timer for the answer, under 1 % loss.
fn ping(peers: u32, threads: u32) {
    let mut settings = Settings { threads, stop: StopRule::TimeLimit, ..Settings::new(1, peers) };
    settings.plan.network.conditions.loss = 0.01;
    settings.time_limit = std::time::Duration::from_secs(u64::from(8_000_000 / peers).clamp(4, 40));
    measure::<Ping>("ping", settings);
}

fn measure<P: Simulate<Config = ()>>(load: &str, settings: Settings) {
    let (peers, threads) = (settings.peers, settings.threads);
    let empty = peak_memory();
    let start = Instant::now();
    let mut simulation = Simulation::<P>::new((), settings).expect("the settings are right");
    let made = start.elapsed().as_secs_f64();
    let (start, busy) = (Instant::now(), processor_time());
    let report = simulation.run();
    let (ran, busy) = (start.elapsed().as_secs_f64(), processor_time() - busy);
    let bytes = (peak_memory() - empty) as f64 / f64::from(peers);
    println!(
        "{load:5} {peers:>8} peers {threads} threads: {:>9} events, {:5.2} M/s, {:5.2} M/cpu_s ({:5.1} ns), \
         made in {made:.3} s, ran {ran:.3} s, {bytes:.0} B/peer, state {} B, {} at {:.3?}, {}",
        report.events,
        report.events as f64 / ran / 1e6,
        report.events as f64 / busy / 1e6,
        busy * 1e9 / report.events as f64,
        size_of::<P>(),
        report.outcome,
        report.virtual_time,
        report.digest,
    );
}

/// Seconds of processor time that this process has used, all threads together.
fn processor_time() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // The second field is the program's name, in parentheses; user and system time are the 14th and 15th.
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |at: usize| fields.get(at).and_then(|field| field.parse::<f64>().ok()).unwrap_or(0.0);
    (ticks(11) + ticks(12)) / 100.0
}

/// The most memory that this process ever had, in bytes; 0 where the system does not tell.
fn peak_memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok());
    kilobytes.unwrap_or(0) * 1024
}
