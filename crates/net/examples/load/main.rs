//! How fast two nodes in two processes are: latency, messages a second, and with a write to the disk for each.
//!
//! `cargo run --release -p rumormill-net --example load [-- ROW]`, with a part of a row's name to run only
//! that. Processor time is that of both processes; beside other work it says more than the time on the wall.
#![allow(clippy::unwrap_used)]

mod protocol;

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use protocol::{Done, Load, Work};
use rumormill_net::{Identity, Indications, Member, Node, NodeHandle, NodeSettings, Usage, usage};
use tokio::task::LocalSet;

/// What the child finds in its environment: its folder and the sender's.
const RECEIVER: &str = "RUMORMILL_LOAD_RECEIVER";

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let local = LocalSet::new();
    match std::env::var(RECEIVER) {
        Ok(folder) => local.block_on(&runtime, receive(Path::new(&folder))),
        Err(_) => local.block_on(&runtime, send(std::env::args().nth(1).unwrap_or_default())),
    }
}

fn member(folder: &Path, number: u32) -> Member {
    let key = Identity::load_or_create(&folder.join(number.to_string())).unwrap().key();
    Member { number, key, addresses: Vec::new() }
}

async fn start(folder: &Path, number: u32, other: Member) -> (NodeHandle<Load>, Indications<Load>) {
    let own = folder.join(number.to_string());
    let mut settings = NodeSettings::new("load", own, number, ([127, 0, 0, 1], 0).into());
    settings.members.push(other);
    Node::start(settings, ()).await.unwrap()
}

/// The receiver: prints its address and lives until its input ends.
async fn receive(folder: &Path) {
    let (node, _) = start(folder, 2, member(folder, 1)).await;
    println!("{}", node.address());
    std::io::stdout().flush().unwrap();
    let _ = tokio::task::spawn_blocking(|| std::io::stdin().read_line(&mut String::new())).await;
    node.stop().await.unwrap();
}

/// Starts the receiver and measures row after row.
async fn send(wanted: String) {
    // Not in memory: what is written is to reach a disk.
    let folder = tempfile::tempdir_in(".").unwrap();
    let mut child = Command::new(std::env::current_exe().unwrap())
        .env(RECEIVER, folder.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let mut receiver = member(folder.path(), 2);
    receiver.addresses.push(line.trim().parse().unwrap());
    let to = receiver.key.id();
    let (node, mut said) = start(folder.path(), 1, receiver).await;
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;

    println!("{:<38} {:>10} {:>9} {:>9} {:>9} {:>9}", "", "messages/s", "p50 µs", "p99 µs", "send µs", "receive µs");
    let row = |count, window, bytes, durable, answered| Work { to, count, window, bytes, durable, answered };
    let rows = [
        ("ping 100 B, one at a time", row(5_000, 1, 100, false, true)),
        ("ping 4 kB, one at a time", row(5_000, 1, 4_096, false, true)),
        ("ping 100 B, 64 at a time", row(300_000, 64, 100, false, true)),
        ("one way 100 B", row(600_000, 512, 100, false, false)),
        ("one way 4 kB", row(100_000, 512, 4_096, false, false)),
        ("durable ping 100 B, one at a time", row(500, 1, 100, true, true)),
        ("durable ping 100 B, 64 at a time", row(20_000, 64, 100, true, true)),
        ("durable one way 100 B", row(100_000, 512, 100, true, false)),
        ("durable one way 4 kB", row(20_000, 512, 4_096, true, false)),
    ];
    for (name, work) in rows.iter().filter(|(name, _)| name.contains(&wanted)) {
        measure(name, work, &child, &node, &mut said).await;
    }
    drop(child.stdin.take());
    child.wait().unwrap();
}

async fn measure(name: &str, work: &Work, child: &Child, node: &NodeHandle<Load>, said: &mut Indications<Load>) {
    let pids = [std::process::id(), child.id()];
    let before: Vec<Usage> = pids.iter().map(|&pid| usage(pid).unwrap()).collect();
    node.request(work.clone()).await.unwrap();
    let Done { seconds, latencies_ns } = said.recv().await.unwrap();
    let cpu = pids
        .iter()
        .zip(before)
        .map(|(&pid, before)| (usage(pid).unwrap().cpu - before.cpu).as_secs_f64() * 1e6 / work.count as f64);
    let cpu: Vec<f64> = cpu.collect();
    let quantile = |per_cent: usize| match latencies_ns.len() {
        0 => "-".to_string(),
        count => format!("{:.0}", latencies_ns[(count * per_cent / 100).min(count - 1)] as f64 / 1e3),
    };
    let rate = work.count as f64 / seconds;
    println!("{name:<38} {rate:>10.0} {:>9} {:>9} {:>9.1} {:>9.1}", quantile(50), quantile(99), cpu[0], cpu[1]);
}
