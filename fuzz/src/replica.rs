//! Replicas of a store: messages of others, and what their disk holds.

use std::time::Duration;

use rumormill_core::testing::{Effect, EffectOf, TestPeer};
use rumormill_core::{Instant, PeerId, Rng, Seat, Wire};
use rumormill_protocols::store::apps::KeyValue;
use rumormill_protocols::store::{
    Ack, Call, CallId, Calls, Config, Exercise, Message, Op, Order, Request, SessionId, Store, Timestamp,
};

type Replica = TestPeer<Store<KeyValue>>;
type Effects = Vec<EffectOf<Store<KeyValue>>>;

/// How the names of a made-up disk's entries begin: the first number of each says which. The last is for all others.
const PREFIXES: [&[u8]; 9] = [b"meta", b"life", b"floor", b"journal", b"log/", b"part/", b"call/", b"trail/", b""];

/// The most samples.
const MAX_SAMPLES: usize = 80;

/// An entry of a made-up disk: how its name begins, how it goes on, and what it says.
type Entry = (u8, Vec<u8>, Vec<u8>);

const FRONT: PeerId = PeerId(9);

/// Any bytes as a message to a replica, and as the disk that one boots with.
///
/// # Panics
/// When a decoded message does not come back from its own encoding, or when handling it panics.
pub fn replica(bytes: &[u8]) {
    if let Ok(message) = Message::<KeyValue>::decode(bytes) {
        let encoded = encode(&message);
        match Message::<KeyValue>::decode(&encoded) {
            Ok(again) => assert_eq!(encode(&again), encoded),
            Err(error) => panic!("{message:?} does not come back from {encoded:02x?}: {error}"),
        }
        for ack in [Ack::Fsync, Ack::Replicas(1)] {
            let mut replica = founder(1, ack);
            go_on(&mut replica, Vec::new());
            let effects = replica.message(PeerId(2), message.clone());
            go_on(&mut replica, effects);
            // One that has lost its disk listens to snapshots.
            let mut lost = booted_at(1, ack, Instant::from_nanos(2));
            lost.message(PeerId(2), message.clone());
        }
    }
    if let Ok(entries) = postcard::from_bytes::<Vec<Entry>>(bytes) {
        let mut replica = founder(1, Ack::Fsync);
        for (kind, rest, value) in entries {
            let key = [PREFIXES[usize::from(kind) % PREFIXES.len()], &rest].concat();
            replica.host.disk.borrow_mut().insert((PeerId(1), key), value);
        }
        let effects = boot(&mut replica);
        go_on(&mut replica, effects);
    }
}

/// Messages and disks of replicas in the normal course of things: a corpus to begin with.
#[must_use]
pub fn samples() -> Vec<Vec<u8>> {
    let mut replicas = [1, 2, 3].map(|number| founder(number, Ack::Fsync));
    let (mut samples, mut open) = (Vec::new(), Vec::new());
    for nth in 1..=12 {
        let session = SessionId(7);
        let op = KeyValue::draw(&mut Rng::new(nth), session, nth, 0.8, 0..4);
        let id = CallId { session, number: nth };
        let call = Call { id, label: 0, time: 1, order: Order::Causal, wait: true, op };
        let finished = vec![CallId { session, number: nth - 1 }];
        let message = Message::Calls(Calls { labels: vec![Timestamp::new()], calls: vec![call], finished, knows: 0 });
        samples.push(encode(&message));
        open.push((0, replicas[0].message(FRONT, message)));
    }
    open.push((0, replicas[0].request(Request::Gossip)));
    // A replica that has lost its disk asks for a snapshot.
    replicas[2].host.disk.borrow_mut().clear();
    replicas[2].now = Instant::from_nanos(2);
    open.push((2, boot(&mut replicas[2])));
    while let Some((from, effects)) = open.pop() {
        for effect in effects {
            let Effect::Send { to, message } = effect else { continue };
            samples.push(encode(&message));
            if let Some(place) = (1..=3).position(|peer| to == PeerId(peer)) {
                let sender = replicas[from].me;
                open.push((place, replicas[place].message(sender, message)));
            }
        }
    }
    for replica in &mut replicas {
        replica.now = replica.now + Duration::from_secs(10);
        go_on(replica, Vec::new());
        let disk = replica.host.disk.borrow();
        let entries = disk.iter().filter_map(|((_, key), value)| {
            let kind = PREFIXES.iter().position(|prefix| key.starts_with(prefix))?;
            Some((kind as u8, key[PREFIXES[kind].len()..].to_vec(), value.clone()))
        });
        samples.push(postcard::to_stdvec(&entries.collect::<Vec<Entry>>()).unwrap_or_default());
    }
    samples.sort();
    samples.dedup();
    // Sorted, neighbors are alike: so many of them show every kind.
    let step = samples.len().div_ceil(MAX_SAMPLES).max(1);
    samples.into_iter().rev().step_by(step).collect()
}

/// The timers that it set run out, and somebody asks how far it is.
fn go_on(replica: &mut Replica, effects: Effects) {
    let effects = if effects.is_empty() { boot(replica) } else { effects };
    for effect in effects {
        if let Effect::SetTimer { timer, .. } = effect {
            replica.timer(timer);
        }
    }
    replica.request(Request::Status);
    let query = (1..20).map(|nth| KeyValue::draw(&mut Rng::new(nth), SessionId(1), nth, 0.0, 0..4)).find(is_query);
    if let Some(op) = query {
        let id = CallId { session: SessionId(1), number: 1 };
        let call = Call { id, label: 0, time: 1, order: Order::Causal, wait: true, op };
        let labels = vec![Timestamp::new()];
        replica.message(FRONT, Message::Calls(Calls { labels, calls: vec![call], finished: Vec::new(), knows: 0 }));
    }
}

fn is_query<U, Q>(op: &Op<U, Q>) -> bool {
    matches!(op, Op::Query(_))
}

fn encode(message: &Message<KeyValue>) -> Vec<u8> {
    let mut bytes = Vec::new();
    message.encode(&mut bytes);
    bytes
}

/// Boots a replica with what its disk holds.
fn boot(replica: &mut Replica) -> Effects {
    replica.state = Store::new(&replica.config, Seat { peerid: replica.me.0 as u32, peers: 3 });
    replica.start()
}

/// A founder.
fn founder(number: u32, ack: Ack) -> Replica {
    booted_at(number, ack, Instant::ZERO)
}

fn booted_at(number: u32, ack: Ack, now: Instant) -> Replica {
    let config = Config {
        replicas: 3,
        front_ends: 0,
        spares: 0,
        founding: Instant::from_nanos(1),
        gossip_every: Duration::from_millis(100),
        gossip_after: 100,
        delta: Duration::from_secs(60),
        ack,
        council: rumormill_protocols::raft::Config::default(),
        lease: None,
        retry_after: Duration::from_millis(400),
        overload: 0.0,
        load: None,
        flaw: None,
    };
    let others: Vec<PeerId> = (1..=3).filter(|&other| other != u64::from(number)).map(PeerId).collect();
    let state = Store::new(&config, Seat { peerid: number, peers: 3 });
    let mut replica = TestPeer::new(state, config, PeerId(number.into()), &others);
    replica.now = now;
    replica.start();
    replica
}
