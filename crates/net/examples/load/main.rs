//! How fast two nodes in two processes are: latency, messages a second, and with a write to the disk for each.
//!
//! `cargo run --release -p rumormill-net --example load [-- ROW]`, with a part of a row's name to run only
//! that. Processor time is that of both processes; beside other work it says more than the time on the wall.
#![allow(clippy::unwrap_used)]

mod protocol;

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use protocol::{Ask, Load, Said, Work};
use rumormill_core::PeerId;
use rumormill_net::{Identity, Indications, Member, Node, NodeHandle, NodeSettings, Usage, usage};
use tokio::task::LocalSet;

/// What the child finds in its environment: the folder of both.
const RECEIVER: &str = "RUMORMILL_LOAD_RECEIVER";

/// Where the child listens.
const ADDRESS: &str = "RUMORMILL_LOAD_ADDRESS";

/// Calls of the layer above that are not answered yet, at most.
const CALLS: u64 = 64;

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

async fn start(folder: &Path, number: u32, listen: SocketAddr, other: Member) -> (NodeHandle<Load>, Indications<Load>) {
    let own = folder.join(number.to_string());
    let mut settings = NodeSettings::new("load", own, number, listen);
    settings.members.push(other);
    Node::start(settings, ()).await.unwrap()
}

/// The receiver: says when it listens, and lives until its input ends.
async fn receive(folder: &Path) {
    let address = std::env::var(ADDRESS).unwrap().parse().unwrap();
    let (node, _) = start(folder, 2, address, member(folder, 1)).await;
    println!("ready");
    std::io::stdout().flush().unwrap();
    let _ = tokio::task::spawn_blocking(|| std::io::stdin().read_line(&mut String::new())).await;
    node.stop().await.unwrap();
}

/// Starts a receiver and waits until it listens.
fn receiver(folder: &Path, address: SocketAddr) -> Child {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .env(RECEIVER, folder)
        .env(ADDRESS, address.to_string())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut String::new()).unwrap();
    child
}

/// Starts the receiver and measures row after row.
async fn send(wanted: String) {
    // Not in memory: what is written is to reach a disk.
    let folder = tempfile::tempdir_in(".").unwrap();
    let address = std::net::UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut child = receiver(folder.path(), address);
    let mut other = member(folder.path(), 2);
    other.addresses.push(address);
    let to = other.key.id();
    let (node, mut said) = start(folder.path(), 1, ([127, 0, 0, 1], 0).into(), other).await;
    assert!(matches!(said.recv().await, Some(Said::Up)));

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
    if "calls from above 100 B, 64 at a time".contains(&wanted) {
        call(300_000, to, &child, &node, &mut said).await;
    }
    if "killed and back".contains(&wanted) {
        for _ in 0..5 {
            child = kill(child, to, (folder.path(), address), &node, &mut said).await;
        }
    }
    drop(child.stdin.take());
    child.wait().unwrap();
}

/// The layer above asks, and hears the answers.
async fn call(count: u64, to: PeerId, child: &Child, node: &NodeHandle<Load>, said: &mut Indications<Load>) {
    let meter = Meter::new(child);
    let mut begun = vec![Instant::now(); CALLS as usize];
    let mut latencies_ns = Vec::new();
    let (mut asked, mut answered) = (0, 0);
    while answered < count {
        while asked < count && asked - answered < CALLS {
            begun[(asked % CALLS) as usize] = Instant::now();
            node.request(Ask::Call(to, asked)).await.unwrap();
            asked += 1;
        }
        if let Said::Answered(number) = said.recv().await.unwrap() {
            latencies_ns.push(begun[(number % CALLS) as usize].elapsed().as_nanos() as u64);
            answered += 1;
        }
    }
    latencies_ns.sort_unstable();
    meter.print("calls from above 100 B, 64 at a time", count, &latencies_ns);
}

/// kill -9, a new start on the same port, and calls until one is answered.
async fn kill(
    mut child: Child,
    to: PeerId,
    (folder, address): (&Path, SocketAddr),
    node: &NodeHandle<Load>,
    said: &mut Indications<Load>,
) -> Child {
    child.kill().unwrap();
    child.wait().unwrap();
    let begin = Instant::now();
    let child = receiver(folder, address);
    let started = begin.elapsed();
    loop {
        node.request(Ask::Call(to, 0)).await.unwrap();
        let answered = async { while !matches!(said.recv().await, Some(Said::Answered(_))) {} };
        if tokio::time::timeout(Duration::from_millis(5), answered).await.is_ok() {
            break;
        }
    }
    let back = begin.elapsed();
    println!("killed: started after {started:.1?}, answered {:.1?} later", back - started);
    child
}

/// Measures work of both processes.
struct Meter<'a> {
    child: &'a Child,
    before: [Usage; 2],
    begin: Instant,
}

impl<'a> Meter<'a> {
    fn new(child: &'a Child) -> Self {
        Self { child, before: Self::usages(child), begin: Instant::now() }
    }

    fn usages(child: &Child) -> [Usage; 2] {
        [std::process::id(), child.id()].map(|pid| usage(pid).unwrap())
    }

    fn print(&self, name: &str, count: u64, latencies_ns: &[u64]) {
        let seconds = self.begin.elapsed().as_secs_f64();
        let after = Self::usages(self.child);
        let [send, receive] =
            [0, 1].map(|side| (after[side].cpu - self.before[side].cpu).as_secs_f64() * 1e6 / count as f64);
        let quantile = |per_cent: usize| match latencies_ns.len() {
            0 => "-".to_string(),
            length => format!("{:.0}", latencies_ns[(length * per_cent / 100).min(length - 1)] as f64 / 1e3),
        };
        let rate = count as f64 / seconds;
        println!("{name:<38} {rate:>10.0} {:>9} {:>9} {send:>9.1} {receive:>9.1}", quantile(50), quantile(99));
    }
}

/// The protocol sends by itself.
async fn measure(name: &str, work: &Work, child: &Child, node: &NodeHandle<Load>, said: &mut Indications<Load>) {
    let meter = Meter::new(child);
    node.request(Ask::Work(work.clone())).await.unwrap();
    loop {
        if let Said::Done { latencies_ns } = said.recv().await.unwrap() {
            return meter.print(name, work.count, &latencies_ns);
        }
    }
}
