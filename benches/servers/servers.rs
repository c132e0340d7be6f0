//! Servers, each in processes of its own that end with it, and a folder that goes with it.

use std::fmt;
use std::io::{BufRead, BufReader};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::load::{Figures, Load};
use super::{etcd, redis};

/// How long a server may take to come up.
const PATIENCE: Duration = Duration::from_secs(20);

/// What is measured, so that what is compared is measured one after the other.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    Fsync,
    RedisAlways,
    Etcd,
    Memory,
    RedisEverysec,
}

impl Kind {
    /// All, in the order in which they are measured and shown.
    pub const ALL: [Self; 5] = [Self::Fsync, Self::RedisAlways, Self::Etcd, Self::Memory, Self::RedisEverysec];

    /// What it needs.
    pub fn programs(self) -> Vec<&'static str> {
        match self {
            Self::Fsync | Self::Memory => vec!["redis-benchmark"],
            Self::RedisAlways | Self::RedisEverysec => vec!["redis-benchmark", "redis-server"],
            Self::Etcd => vec!["etcd"],
        }
    }

    /// What an answered update can rely on.
    pub fn guarantee(self) -> &'static str {
        match self {
            Self::Fsync => "on one of 3 replicas' disks; causal sessions",
            Self::RedisAlways => "on the primary's disk; 1 replica follows",
            Self::Etcd => "on the only member's disk; linearizable",
            Self::Memory => "in one of 3 replicas' memory, on disk in 1 s; causal sessions",
            Self::RedisEverysec => "in the primary's memory, on disk in 1 s; 1 replica follows",
        }
    }

    /// Ours with the nearest guarantee.
    pub fn ours(self) -> Option<Self> {
        match self {
            Self::Fsync | Self::Memory => None,
            Self::RedisAlways | Self::Etcd => Some(Self::Fsync),
            Self::RedisEverysec => Some(Self::Memory),
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Fsync => "rumormill fsync",
            Self::RedisAlways => "redis always",
            Self::Etcd => "etcd",
            Self::Memory => "rumormill memory",
            Self::RedisEverysec => "redis everysec",
        })
    }
}

/// A server that runs.
pub struct Server {
    kind: Kind,
    port: u16,
    processes: Vec<Child>,
    /// Removed when it is dropped, after the processes have ended.
    _folder: tempfile::TempDir,
}

impl Server {
    /// Starts it in an empty folder, and waits until it answers.
    pub fn start(kind: Kind) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (port, processes) = match kind {
            Kind::Fsync => store(folder.path(), "fsync"),
            Kind::Memory => store(folder.path(), "memory"),
            Kind::RedisAlways => pair(folder.path(), "always"),
            Kind::RedisEverysec => pair(folder.path(), "everysec"),
            Kind::Etcd => member(folder.path()),
        };
        let server = Self { kind, port, processes, _folder: folder };
        await_port(port);
        // A replica has first to take over what there is, and a council to elect its leader.
        std::thread::sleep(Duration::from_secs(2));
        server
    }

    /// Asks it for this, if it understands that.
    pub fn measure(&self, load: Load, scale: u64) -> Option<Figures> {
        match self.kind {
            Kind::Etcd => etcd::measure(self.port, load, scale),
            _ => Some(redis::measure(self.port, load, scale)),
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        for process in &mut self.processes {
            // Asked to end, a store ends its replicas too.
            let pid = rustix::process::Pid::from_child(process);
            let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
        }
        for process in &mut self.processes {
            let _ = process.wait();
        }
    }
}

/// Three replicas and a front end.
fn store(folder: &Path, ack: &str) -> (u16, Vec<Child>) {
    let mut child = quiet(Command::new(program()).args(["store", "up", "--replicas", "3", "--front-ends", "1"]))
        .args(["--ack", ack, "--json", "--dir"])
        .arg(folder.join("store"))
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let up: serde_json::Value = serde_json::from_str(&line).expect("a store that is up says where");
    let address = up["front_ends"][0]["redis"].as_str().expect("the front end speaks the Redis protocol");
    let address: std::net::SocketAddr = address.parse().unwrap();
    (address.port(), vec![child])
}

/// The program that was built beside this one.
fn program() -> PathBuf {
    if let Some(program) = std::env::var_os("RUMORMILL_BENCH_PROGRAM") {
        return program.into();
    }
    // This runs as target/release/deps/servers-….
    let here = std::env::current_exe().unwrap();
    let program = here.parent().unwrap().parent().unwrap().join("rumormill");
    assert!(program.exists(), "{} is not there: cargo build --release", program.display());
    program
}

/// A Redis and its replica.
fn pair(folder: &Path, fsync: &str) -> (u16, Vec<Child>) {
    let (primary, replica) = (free_port(), free_port());
    let start = |port: u16, more: &[&str]| {
        let folder = folder.join(port.to_string());
        std::fs::create_dir(&folder).unwrap();
        let port = port.to_string();
        quiet(Command::new("redis-server").args(["--port", &port, "--bind", "127.0.0.1", "--save", ""]))
            .args(["--appendonly", "yes", "--appendfsync", fsync])
            .args(more)
            .arg("--dir")
            .arg(folder)
            .spawn()
            .unwrap()
    };
    let of = primary.to_string();
    let processes = vec![start(primary, &[]), start(replica, &["--replicaof", "127.0.0.1", &of])];
    (primary, processes)
}

/// An etcd of one member.
fn member(folder: &Path) -> (u16, Vec<Child>) {
    let (clients, peers) = (free_port(), free_port());
    let [client_url, peer_url] = [clients, peers].map(|port| format!("http://127.0.0.1:{port}"));
    let child = quiet(Command::new("etcd").arg("--data-dir").arg(folder.join("etcd")))
        .args(["--listen-client-urls", &client_url, "--advertise-client-urls", &client_url])
        .args(["--listen-peer-urls", &peer_url, "--initial-advertise-peer-urls", &peer_url])
        .args(["--initial-cluster", &format!("default={peer_url}")])
        .spawn()
        .unwrap();
    (clients, vec![child])
}

fn quiet(command: &mut Command) -> &mut Command {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null())
}

/// A port that nobody listens on, for now.
fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn await_port(port: u16) {
    let begun = Instant::now();
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        assert!(begun.elapsed() < PATIENCE, "nobody listens on port {port}");
        std::thread::sleep(Duration::from_millis(50));
    }
}
