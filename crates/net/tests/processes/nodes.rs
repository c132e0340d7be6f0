//! Nodes that stand by themselves: they talk, come and go, are killed, and refuse whom they do not know.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rumormill_core::{Link, PeerId};
use rumormill_net::{Identity, Indications, Member, Node, NodeError, NodeHandle, NodeSettings, RequestError};
use tempfile::TempDir;
use tokio::task::LocalSet;
use tokio::time::timeout;

use crate::ping::{Ask, Ping, Said};

/// What a child process reads: its folder.
const FOLDER: &str = "RUMORMILL_TEST_NODE";

/// A node and what it says.
struct Side {
    node: NodeHandle<Ping>,
    said: Indications<Ping>,
}

/// A system of nodes, each with a folder and a port.
struct System {
    folder: TempDir,
    members: Vec<Member>,
}

/// A port that was free just now.
fn free_address() -> SocketAddr {
    std::net::UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

impl System {
    fn new(nodes: u32) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let member = |number: u32| {
            let key = Identity::load_or_create(&folder.path().join(number.to_string())).unwrap().key();
            Member { number, key, addresses: vec![free_address()] }
        };
        let members = (1..=nodes).map(member).collect();
        Self { folder, members }
    }

    fn member(&self, number: u32) -> &Member {
        &self.members[number as usize - 1]
    }

    fn id(&self, number: u32) -> PeerId {
        self.member(number).key.id()
    }

    fn settings(&self, number: u32) -> NodeSettings {
        let folder = self.folder.path().join(number.to_string());
        let mut settings = NodeSettings::new("ping", folder, number, self.member(number).addresses[0]);
        settings.members = self.members.clone();
        settings
    }

    async fn start(&self, number: u32) -> Side {
        Side::start(self.settings(number)).await
    }
}

impl Side {
    async fn start(settings: NodeSettings) -> Self {
        let (node, said) = Node::start(settings, ()).await.unwrap();
        Self { node, said }
    }

    /// The next thing said for which `choose` finds something.
    async fn hear<T>(&mut self, mut choose: impl FnMut(Said) -> Option<T>) -> Option<T> {
        let search = async {
            loop {
                if let Some(found) = choose(self.said.recv().await?) {
                    return Some(found);
                }
            }
        };
        timeout(Duration::from_secs(5), search).await.ok()?
    }

    async fn boot(&mut self) -> (u64, rumormill_core::Instant) {
        let booted = |said| match said {
            Said::Booted { answered, at, .. } => Some((answered, at)),
            _ => None,
        };
        self.hear(booted).await.unwrap()
    }

    /// Pings, and returns how many pings the other has answered.
    async fn ping(&mut self, to: PeerId, wanted: u64) -> Option<u64> {
        self.node.request(Ask::Ping(to, wanted)).await.unwrap();
        let pong = |said| match said {
            Said::Pong { from, number, answered } if (from, number) == (to, wanted) => Some(answered),
            _ => None,
        };
        self.hear(pong).await
    }

    async fn link(&mut self, peer: PeerId, wanted: Link) -> bool {
        self.hear(|said| (said == Said::Link(peer, wanted)).then_some(())).await.is_some()
    }
}

/// Runs a test whose nodes live on this thread.
fn local(test: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    LocalSet::new().block_on(&runtime, test);
}

#[test]
fn three_nodes_talk_each_with_each() {
    local(async {
        let system = System::new(3);
        let mut sides = Vec::new();
        for number in 1..=3 {
            sides.push(system.start(number).await);
        }
        for from in 1..=3 {
            for to in (1..=3).filter(|&to| to != from) {
                assert!(sides[from - 1].ping(system.id(to as u32), 1).await.is_some(), "{from} to {to}");
            }
        }
        assert_eq!(sides[0].node.id_of(3), Some(system.id(3)));
        assert_eq!((sides[0].node.me(), sides[0].node.number_of(system.id(2))), (system.id(1), Some(2)));
    });
}

#[test]
fn a_node_keeps_its_disk_and_its_clock_goes_on() {
    local(async {
        let system = System::new(2);
        let mut one = system.start(1).await;
        let mut two = system.start(2).await;
        let (answered, first) = two.boot().await;
        assert_eq!(answered, 0);
        let epoch_s = std::time::UNIX_EPOCH.elapsed().unwrap().as_secs();
        assert!(first.as_nanos() / 1_000_000_000 + 60 > epoch_s, "not the time of day: {first:?}");
        for number in 1..=10 {
            assert_eq!(one.ping(system.id(2), number).await, Some(number));
        }
        two.node.stop().await.unwrap();
        assert!(one.link(system.id(2), Link::Down).await);
        let mut two = system.start(2).await;
        let (answered, second) = two.boot().await;
        assert!(answered == 10 && second > first);
        assert_eq!(one.ping(system.id(2), 11).await, Some(11));
    });
}

#[test]
fn who_is_not_there_yet_is_dialled_until_it_is() {
    local(async {
        let system = System::new(2);
        let mut one = system.start(1).await;
        tokio::time::sleep(Duration::from_millis(400)).await;
        let _two = system.start(2).await;
        let begin = Instant::now();
        assert!(one.link(system.id(2), Link::Up).await);
        assert!(begin.elapsed() < Duration::from_secs(1), "{:?}", begin.elapsed());
    });
}
