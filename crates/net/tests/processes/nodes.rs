//! Nodes that stand by themselves: they talk, come and go, are killed, and refuse whom they do not know.

use std::path::Path;
use std::time::{Duration, Instant};

use rumormill_core::Link;
use rumormill_net::{Identity, Member, Node, NodeError, NodeSettings, RequestError};
use tokio::time::timeout;

use crate::ping::{Ask, Ping, Said};
use crate::system::{FOLDER, Process, Side, System, free_address, local};

/// A node that was killed and runs again is in use by others within this time. Well below a connection's
/// silence of 15 s, after which it would be at the latest.
const BACK_WITHIN: Duration = Duration::from_secs(1);

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
        let status = sides[0].node.status().await.unwrap();
        // Two pings and two pongs each way; a connection may still replace another.
        assert_eq!((status.sent, status.delivered, status.dropped, status.writes), (4, 4, 0, 2));
        assert!((1..=2).contains(&status.commits) && status.sent_bytes > 4, "{status:?}");
        let mut numbers: Vec<_> = status.links.iter().map(|link| (link.number, link.connected)).collect();
        numbers.sort_unstable();
        assert_eq!(numbers, [(Some(2), true), (Some(3), true)]);
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

/// A node in a process of its own, for being killed. It answers pings until then.
#[test]
#[ignore = "other tests start this, and kill it"]
fn node_process() {
    let Ok(folder) = std::env::var(FOLDER) else { return };
    let read = |name: &str| std::fs::read_to_string(Path::new(&folder).join(name)).unwrap();
    let listen = read("listen").parse().unwrap();
    let mut settings = NodeSettings::new("ping", Path::new(&folder), 2, listen);
    settings.members = read("members")
        .lines()
        .map(|line| {
            let [number, key, address] = line.split(' ').collect::<Vec<_>>()[..] else { panic!("{line}") };
            Member {
                number: number.parse().unwrap(),
                key: key.parse().unwrap(),
                addresses: vec![address.parse().unwrap()],
            }
        })
        .collect();
    local(async {
        let mut side = Side::start(settings).await;
        println!("booted {}", side.boot().await.0);
        while side.said.recv().await.is_some() {}
    });
}

#[test]
fn who_is_killed_keeps_what_it_answered_and_is_back_at_once() {
    local(async {
        let system = System::new(2);
        let mut one = system.start(1).await;
        let mut two = Process::start(&system).0;
        for round in 1..=4 {
            let (answered, took) = one.reach(system.id(2), 1_000 * round).await;
            assert!(took < BACK_WITHIN, "round {round}: back after {took:?}");
            // Those that were not waited for may be answered, too.
            for number in 500..504 {
                assert!(one.ping(system.id(2), 1_000 * round + number).await > Some(answered), "round {round}");
            }
            two.kill();
            let (again, remembered) = Process::start(&system);
            assert!(remembered >= answered + 4, "round {round}: an answer outran its write");
            two = again;
        }
    });
}

#[test]
fn who_is_killed_is_found_again_though_it_dials_nobody() {
    local(async {
        let mut system = System::new(2);
        let mut one = system.start(1).await;
        // The child does not know where node 1 is: only node 1 can dial.
        system.members[0].addresses = vec!["127.0.0.1:1".parse().unwrap()];
        let (mut two, _) = Process::start(&system);
        one.reach(system.id(2), 1).await;
        two.kill();
        let (_again, _) = Process::start(&system);
        // The first packet goes to the connection that is no more, and comes back as a reset.
        let (_, took) = one.reach(system.id(2), 1_000).await;
        assert!(took < BACK_WITHIN, "found after {took:?}");
    });
}

#[test]
fn another_key_at_the_address_of_a_member_is_not_talked_to() {
    local(async {
        let mut system = System::new(3);
        // Node 3 listens where node 2 should be.
        system.members[1].addresses = system.members[2].addresses.clone();
        let mut one = system.start(1).await;
        let mut three = system.start(3).await;
        assert!(one.link(system.id(3), Link::Up).await);
        one.node.request(Ask::Ping(system.id(2), 1)).await.unwrap();
        let pong = async { one.hear(|said| matches!(said, Said::Pong { .. }).then_some(())).await };
        assert!(timeout(Duration::from_millis(600), pong).await.is_err(), "3 answered for 2");
        assert!(three.ping(system.id(1), 1).await.is_some());
    });
}

#[test]
fn who_is_no_member_is_refused_until_admitted_and_after_being_expelled() {
    local(async {
        let system = System::new(2);
        let mut settings = system.settings(1);
        settings.members.clear();
        let mut one = Side::start(settings).await;
        let mut two = system.start(2).await;
        two.node.request(Ask::Ping(system.id(1), 1)).await.unwrap();
        let up = two.hear(|said| matches!(said, Said::Pong { .. }).then_some(()));
        assert!(timeout(Duration::from_millis(600), up).await.is_err(), "a stranger was answered");
        assert_eq!((one.node.id_of(2), one.node.expel(system.member(2).key).await), (None, Ok(false)));

        one.node.admit(system.member(2).clone()).await.unwrap();
        assert_eq!((one.node.id_of(2), one.node.number_of(system.id(2))), (Some(system.id(2)), Some(2)));
        assert!(two.link(system.id(1), Link::Up).await);
        assert!(two.ping(system.id(1), 2).await.is_some());
        assert!(one.ping(system.id(2), 3).await.is_some());
        let neighbors = |said| match said {
            Said::Neighbors(ids) => Some(ids),
            _ => None,
        };
        one.node.request(Ask::Neighbors).await.unwrap();
        assert_eq!(one.hear(neighbors).await.unwrap(), [system.id(2)]);

        assert_eq!(one.node.expel(system.member(2).key).await, Ok(true));
        assert!(two.link(system.id(1), Link::Down).await);
        one.node.request(Ask::Neighbors).await.unwrap();
        assert_eq!(one.hear(neighbors).await.unwrap(), []);
        two.node.request(Ask::Ping(system.id(1), 4)).await.unwrap();
        let pong = two.hear(|said| matches!(said, Said::Pong { .. }).then_some(()));
        assert!(timeout(Duration::from_millis(600), pong).await.is_err(), "the expelled was answered");
    });
}

#[test]
fn an_open_node_answers_whoever_comes() {
    local(async {
        let system = System::new(2);
        let mut settings = system.settings(1);
        settings.members.clear();
        settings.open = true;
        let _one = Side::start(settings).await;
        assert_eq!(system.start(2).await.ping(system.id(1), 1).await, Some(1));
    });
}

#[test]
fn a_burst_of_requests_and_answers_overflows_no_link() {
    local(async {
        let system = System::new(2);
        let mut one = system.start(1).await;
        let two = system.start(2).await;
        assert!(one.link(system.id(2), Link::Up).await);
        // All at once, and all answers of a commit at once: more than wait for a link.
        let count = rumormill_net::node::MAX_REQUESTS as u64;
        for number in 1..=count {
            one.node.try_request(Ask::Ping(system.id(2), number)).unwrap();
        }
        for wanted in 1..=count {
            let pong = |said| match said {
                Said::Pong { number, .. } => Some(number),
                _ => None,
            };
            assert_eq!(one.hear(pong).await, Some(wanted));
        }
        let status = two.node.status().await.unwrap();
        assert_eq!((status.dropped, status.writes), (0, count));
        assert!(status.commits < count / 4, "{} commits", status.commits);
    });
}

#[test]
fn a_member_that_lost_its_folder_comes_back_with_another_key() {
    local(async {
        let mut system = System::new(2);
        let mut one = system.start(1).await;
        let two = system.start(2).await;
        assert!(one.ping(system.id(2), 1).await.is_some());
        two.node.stop().await.unwrap();
        let former = system.id(2);
        std::fs::remove_dir_all(system.folder.path().join("2")).unwrap();
        system.members[1].key = Identity::load_or_create(&system.folder.path().join("2")).unwrap().key();
        one.node.admit(system.member(2).clone()).await.unwrap();
        assert_eq!((one.node.id_of(2), one.node.number_of(former)), (Some(system.id(2)), None));
        let _two = system.start(2).await;
        assert_eq!(one.ping(system.id(2), 2).await, Some(1), "its disk was lost");
    });
}

#[test]
fn a_folder_is_for_one_node_and_says_whose_it_is() {
    local(async {
        let system = System::new(2);
        let (_two, _) = Process::start(&system);
        let error = Node::<Ping>::start(system.settings(2), ()).await.err().unwrap();
        let process = _two.0.id().to_string();
        assert!(matches!(&error, NodeError::InUse { process: user, .. } if *user == process), "{error}");
        assert!(error.to_string().contains(&format!("is in use by process {process}; stop that one")), "{error}");
    });
}

#[test]
fn members_that_contradict_each_other_or_the_node_are_refused() {
    local(async {
        let system = System::new(3);
        let start = |change: fn(&mut NodeSettings)| {
            let mut settings = system.settings(1);
            change(&mut settings);
            async move { Node::<Ping>::start(settings, ()).await.err() }
        };
        let refused = start(|settings| settings.number = 4).await;
        assert!(matches!(refused, Some(NodeError::OtherNumber { number: 4, .. })), "{refused:?}");
        let refused = start(|settings| settings.members[2].number = 1).await;
        assert!(
            matches!(refused, Some(NodeError::Twice { number: 1, .. } | NodeError::OtherNumber { .. })),
            "{refused:?}"
        );
        let refused = start(|settings| settings.members[2].number = 2).await;
        assert!(matches!(refused, Some(NodeError::Twice { number: 2, .. })), "{refused:?}");
        let refused = start(|settings| settings.members[2].key = settings.members[1].key).await;
        assert!(matches!(refused, Some(NodeError::Twice { number: 3, .. })), "{refused:?}");
        assert!(start(|_| {}).await.is_none());
    });
}

#[test]
fn a_layer_above_that_does_not_listen_stops_the_node_and_nothing_is_lost() {
    local(async {
        let system = System::new(1);
        let mut one = system.start(1).await;
        one.boot().await;
        for _ in 0..3 {
            one.node.request(Ask::Chatter(3_000)).await.unwrap();
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
        // Two of three were taken, and the third waits; requests have a bound of their own.
        let mut waiting = 0;
        while one.node.try_request(Ask::Chatter(0)).is_ok() {
            waiting += 1;
        }
        assert!((1..=rumormill_net::node::MAX_REQUESTS).contains(&waiting), "{waiting}");
        assert!(matches!(one.node.try_request(Ask::Neighbors), Err(RequestError::Full(Ask::Neighbors))));
        for number in (0..3).flat_map(|_| 0..3_000) {
            assert_eq!(one.said.recv().await, Some(Said::Chatter(number)));
        }
    });
}

#[test]
fn a_node_stops_though_messages_wait_for_it_and_frees_its_port() {
    local(async {
        let system = System::new(2);
        let one = system.start(1).await;
        let mut two = system.start(2).await;
        assert!(two.link(system.id(1), Link::Up).await);
        // Node 1 cannot say more, so it takes no messages, and its inbox fills.
        one.node.request(Ask::Chatter(10_000)).await.unwrap();
        for number in 0..4_000 {
            two.node.request(Ask::Ping(system.id(1), number)).await.unwrap();
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
        one.node.stop().await.unwrap();
        assert!(std::net::UdpSocket::bind(one.node.address()).is_ok());
        system.start(1).await;
    });
}

#[test]
fn a_node_stops_when_asked_when_nobody_holds_it_and_when_it_panics() {
    local(async {
        let system = System::new(1);
        let one = system.start(1).await;
        one.node.stop().await.unwrap();
        assert!(one.node.request(Ask::Neighbors).await.is_err());
        assert!(matches!(one.node.try_request(Ask::Neighbors), Err(RequestError::Stopped(_))));
        assert!(one.node.admit(system.member(1).clone()).await.is_err());

        let Side { node, mut said } = system.start(1).await;
        drop(node);
        while said.recv().await.is_some() {}

        let one = loop {
            // The last one may still be closing its folder.
            match Node::<Ping>::start(system.settings(1), ()).await {
                Ok((node, said)) => break Side { node, said },
                Err(error) => assert!(matches!(error, NodeError::InUse { .. }), "{error}"),
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        };
        one.node.request(Ask::Panic).await.unwrap();
        let error = one.node.ended().await.unwrap_err();
        assert_eq!(error.to_string(), "the protocol panicked: as asked");
    });
}

#[test]
fn a_node_on_its_own_thread_is_used_from_others() {
    let system = System::new(2);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let (node, said) = Node::<Ping>::start_on_thread(system.settings(1), ()).await.unwrap();
        let mut one = Side { node, said };
        let (other, _said) = Node::<Ping>::start_on_thread(system.settings(2), ()).await.unwrap();
        let (to, asker) = (system.id(2), one.node.clone());
        tokio::spawn(async move { asker.request(Ask::Ping(to, 7)).await }).await.unwrap().unwrap();
        let pong = Said::Pong { from: to, number: 7, answered: 1 };
        assert!(one.hear(|said| (said == pong).then_some(())).await.is_some());
        other.stop().await.unwrap();
        one.node.stop().await.unwrap();
        let refused = Node::<Ping>::start_on_thread(NodeSettings::new("ping", "/dev/null/node", 1, free_address()), ());
        assert!(matches!(refused.await.err(), Some(NodeError::Folder { .. })));
    });
}
