//! A system of nodes: folders, ports, what each says, and one that runs in a process of its own.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rumormill_core::{Link, PeerId};
use rumormill_net::{Identity, Indications, Member, Node, NodeHandle, NodeSettings};
use tempfile::TempDir;
use tokio::task::LocalSet;
use tokio::time::timeout;

use crate::ping::{Ask, Ping, Said};

/// What a child process reads: its folder.
pub const FOLDER: &str = "RUMORMILL_TEST_NODE";

/// A node and what it says.
pub struct Side {
    pub node: NodeHandle<Ping>,
    pub said: Indications<Ping>,
}

/// A system of nodes, each with a folder and a port.
pub struct System {
    pub folder: TempDir,
    pub members: Vec<Member>,
}

/// A port that was free just now.
pub fn free_address() -> SocketAddr {
    std::net::UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

impl System {
    pub fn new(nodes: u32) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let member = |number: u32| {
            let key = Identity::load_or_create(&folder.path().join(number.to_string())).unwrap().key();
            Member { number, key, addresses: vec![free_address()] }
        };
        let members = (1..=nodes).map(member).collect();
        Self { folder, members }
    }

    pub fn member(&self, number: u32) -> &Member {
        &self.members[number as usize - 1]
    }

    pub fn id(&self, number: u32) -> PeerId {
        self.member(number).key.id()
    }

    pub fn settings(&self, number: u32) -> NodeSettings {
        let folder = self.folder.path().join(number.to_string());
        let mut settings = NodeSettings::new("ping", folder, number, self.member(number).addresses[0]);
        settings.members = self.members.clone();
        settings
    }

    pub async fn start(&self, number: u32) -> Side {
        Side::start(self.settings(number)).await
    }
}

impl Side {
    pub async fn start(settings: NodeSettings) -> Self {
        let (node, said) = Node::start(settings, ()).await.unwrap();
        Self { node, said }
    }

    /// The next thing said for which `choose` finds something.
    pub async fn hear<T>(&mut self, mut choose: impl FnMut(Said) -> Option<T>) -> Option<T> {
        let search = async {
            loop {
                if let Some(found) = choose(self.said.recv().await?) {
                    return Some(found);
                }
            }
        };
        timeout(Duration::from_secs(5), search).await.ok()?
    }

    pub async fn boot(&mut self) -> (u64, rumormill_core::Instant) {
        let booted = |said| match said {
            Said::Booted { answered, at, .. } => Some((answered, at)),
            _ => None,
        };
        self.hear(booted).await.unwrap()
    }

    /// Pings, and returns how many pings the other has answered.
    pub async fn ping(&mut self, to: PeerId, wanted: u64) -> Option<u64> {
        self.node.request(Ask::Ping(to, wanted)).await.unwrap();
        let pong = |said| match said {
            Said::Pong { from, number, answered } if (from, number) == (to, wanted) => Some(answered),
            _ => None,
        };
        self.hear(pong).await
    }

    /// Pings until an answer comes, as a protocol would: what goes to a connection that is no more is lost.
    /// `first` is above every number before. Returns how many pings the other has answered, and how long it
    /// took.
    pub async fn reach(&mut self, to: PeerId, first: u64) -> (u64, Duration) {
        let begin = Instant::now();
        for number in first.. {
            self.node.request(Ask::Ping(to, number)).await.unwrap();
            let pong = self.hear(|said| match said {
                // To whichever of them.
                Said::Pong { from, number, answered } if from == to && number >= first => Some(answered),
                _ => None,
            });
            if let Ok(Some(answered)) = timeout(Duration::from_millis(100), pong).await {
                return (answered, begin.elapsed());
            }
            assert!(begin.elapsed() < Duration::from_secs(5), "not found again");
        }
        unreachable!("it ends after five seconds")
    }

    pub async fn link(&mut self, peer: PeerId, wanted: Link) -> bool {
        self.hear(|said| (said == Said::Link(peer, wanted)).then_some(())).await.is_some()
    }
}

/// Runs a test whose nodes live on this thread.
pub fn local(test: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    LocalSet::new().block_on(&runtime, test);
}

/// A child process with node 2 of a system; killed when dropped.
pub struct Process(pub Child);

impl Process {
    /// Starts it, and waits until it has booted; returns how many pings its disk remembers.
    pub fn start(system: &System) -> (Self, u64) {
        let folder = system.folder.path().join("2");
        let line = |member: &Member| format!("{} {} {}\n", member.number, member.key, member.addresses[0]);
        std::fs::write(folder.join("members"), system.members.iter().map(line).collect::<String>()).unwrap();
        std::fs::write(folder.join("listen"), system.member(2).addresses[0].to_string()).unwrap();
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["nodes::node_process", "--exact", "--ignored", "--nocapture"])
            .env(FOLDER, &folder)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
        let answered = lines.find_map(|line| line.split_once("booted ").and_then(|(_, count)| count.parse().ok()));
        (Self(child), answered.expect("the child ended before it booted"))
    }

    /// kill -9.
    pub fn kill(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
