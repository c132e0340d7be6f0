//! Events per second and memory per peer of our simulator, beside turmoil and madsim on the same work.
//!
//! `cargo bench` prints the table; `cargo bench -- ping` only the rows whose name has "ping". Each case
//! runs in a process of its own, so that peak memory is its own, and long enough to be timed: small runs
//! are repeated with further seeds for at least a second. Setting the peers up is not timed.
//!
//! The loads: *flood*, one rumor over a random graph of degree 8, relayed on first receipt, until all
//! have it; *ping*, every peer pings a random peer each second, gets an answer, and sets a timer of
//! 200 ms for it, 1 % loss, for five seconds. Latency is 5 to 50 ms, evenly spread. An event is a message
//! or a timer that a peer handled.
#![allow(clippy::unwrap_used, reason = "a bench that cannot run should stop")]

mod other_madsim;
mod other_turmoil;
mod ours;
mod ping;

use std::process::Command;
use std::time::{Duration, Instant};

/// What one case measured.
struct Figures {
    events: u64,
    seconds: f64,
    bytes_per_peer: f64,
}

impl Figures {
    fn parse(line: &str) -> Option<Self> {
        let mut words = line.strip_prefix("figures ")?.split(' ');
        let mut next = || words.next()?.parse::<f64>().ok();
        Some(Self { events: next()? as u64, seconds: next()?, bytes_per_peer: next()? })
    }

    fn print(&self) {
        println!("figures {} {} {}", self.events, self.seconds, self.bytes_per_peer);
    }
}

/// A row of the table: who simulates, what, how many peers, on how many threads.
type Case = (&'static str, &'static str, u32, u32);

const CASES: [Case; 19] = [
    ("rumormill", "flood", 100, 1),
    ("turmoil", "flood", 100, 1),
    ("madsim", "flood", 100, 1),
    ("rumormill", "flood", 1_000, 1),
    ("madsim", "flood", 1_000, 1),
    ("rumormill", "flood", 10_000, 1),
    ("rumormill", "flood", 100_000, 1),
    ("rumormill", "flood", 1_000_000, 1),
    ("rumormill", "flood", 1_000_000, 2),
    ("rumormill", "ping", 100, 1),
    ("turmoil", "ping", 100, 1),
    ("madsim", "ping", 100, 1),
    ("rumormill", "ping", 1_000, 1),
    ("madsim", "ping", 1_000, 1),
    ("rumormill", "ping", 10_000, 1),
    ("madsim", "ping", 10_000, 1),
    ("rumormill", "ping", 100_000, 1),
    ("rumormill", "ping", 1_000_000, 1),
    ("rumormill", "ping", 1_000_000, 2),
];

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    if let [flag, who, load, peers, threads] = arguments.as_slice()
        && flag == "--case"
    {
        return measure(who, load, peers.parse().unwrap(), threads.parse().unwrap()).print();
    }
    println!(
        "{:<10} {:<6} {:>9} {:>7} {:>12} {:>14} {:>12}",
        "simulator", "load", "peers", "threads", "events", "events/s", "bytes/peer"
    );
    let mut ours = None;
    for case in CASES {
        let (who, load, peers, threads) = case;
        let name = format!("{who} {load} {peers}");
        if !arguments.iter().all(|filter| name.contains(filter.as_str())) {
            continue;
        }
        let Some(figures) = in_own_process(case) else {
            println!("{who:<10} {load:<6} {peers:>9} {threads:>7}   could not be measured, see above");
            continue;
        };
        let speed = figures.events as f64 / figures.seconds;
        let ratio = match ours {
            Some((same_load, same_peers, our_speed))
                if who != "rumormill" && (same_load, same_peers) == (load, peers) =>
            {
                format!("   rumormill is {:.0} times as fast", our_speed / speed)
            }
            _ => String::new(),
        };
        if who == "rumormill" {
            ours = Some((load, peers, speed));
        }
        let Figures { events, bytes_per_peer, .. } = figures;
        println!(
            "{who:<10} {load:<6} {peers:>9} {threads:>7} {events:>12} {speed:>14.0} {bytes_per_peer:>12.0}{ratio}"
        );
    }
}

fn in_own_process((who, load, peers, threads): Case) -> Option<Figures> {
    let output = if who == "madsim" {
        other_madsim::run(load, peers)
    } else {
        let numbers = [peers.to_string(), threads.to_string()];
        Command::new(std::env::current_exe().unwrap()).args(["--case", who, load]).args(numbers).output()
    };
    let output = output.unwrap();
    eprint!("{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).lines().find_map(Figures::parse)
}

fn measure(who: &str, load: &str, peers: u32, threads: u32) -> Figures {
    match (who, load) {
        ("rumormill", "flood") => repeat(peers, |seed| ours::flood(seed, peers, threads)),
        ("rumormill", "ping") => repeat(peers, |seed| ours::ping(seed, peers, threads)),
        ("turmoil", "flood") => repeat(peers, |seed| other_turmoil::flood(seed, peers)),
        ("turmoil", "ping") => repeat(peers, |seed| other_turmoil::ping(seed, peers)),
        _ => panic!("no case {who} {load}"),
    }
}

/// Runs with seeds 1, 2, … for at least a second; a run returns its events and the time they took.
/// Memory is that of the first run: what a simulator leaks from run to run is not its peers'.
fn repeat(peers: u32, mut run: impl FnMut(u64) -> (u64, Duration)) -> Figures {
    let base = peak_memory_bytes();
    let (mut events, mut busy, begun, mut peak) = (0, Duration::ZERO, Instant::now(), 0);
    for seed in 1.. {
        let (more, time) = run(seed);
        events += more;
        busy += time;
        if seed == 1 {
            peak = peak_memory_bytes();
        }
        if begun.elapsed() > Duration::from_secs(1) {
            break;
        }
    }
    let bytes_per_peer = (peak - base) as f64 / f64::from(peers);
    Figures { events, seconds: busy.as_secs_f64(), bytes_per_peer }
}

/// The most memory that this process has had, as the kernel counts it (Linux; elsewhere 0).
fn peak_memory_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok()).unwrap_or(0) * 1024
}
