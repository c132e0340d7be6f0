//! Replicas by themselves, and some that talk by hand.

mod council;
mod disk;
mod gossip;
#[path = "../../../../tests/store_replica/ledger.rs"]
mod ledger;
mod orders;
mod tables;
mod traps;

use std::collections::VecDeque;
use std::time::Duration;

use ledger::{Answer, Ledger, Read, Write};
use rumormill_core::testing::{Effect, EffectOf, TestPeer};
use rumormill_core::{Instant, PeerId, Protocol as _, Seat};

use crate::raft;
use crate::store::{
    Ack, Application, Call, CallId, Calls, Changed, Config, Message, Op, Order, PartError, Record, Refusal, Reply,
    SessionId, Slot, Stamp, Store, Timestamp,
};

type Replica = TestPeer<Store<Ledger>>;
type Effects = Vec<EffectOf<Store<Ledger>>>;

const FRONT: PeerId = PeerId(90);
const SECOND: u64 = 1_000_000_000;
const DELTA: Duration = Duration::from_secs(10);

fn config(ack: Ack) -> Config {
    Config {
        replicas: 3,
        front_ends: 0,
        spares: 0,
        founding: Instant::from_nanos(100 * SECOND + 1),
        gossip_every: Duration::from_millis(100),
        gossip_after: usize::MAX,
        delta: DELTA,
        ack,
        council: crate::raft::Config::new(Duration::from_secs(1)),
        lease: None,
        retry_after: Duration::from_millis(400),
        overload: 0.0,
        load: None,
        flaw: None,
    }
}

/// A replica that has just booted.
fn replica(number: u32, ack: Ack) -> Replica {
    let others: Vec<PeerId> = (1..=3).filter(|&other| other != u64::from(number)).map(PeerId).collect();
    let config = config(ack);
    let state = Store::new(&config, Seat { peerid: number, peers: 3 });
    let mut replica = TestPeer::new(state, config, PeerId(number.into()), &others);
    replica.now = Instant::from_nanos(100 * SECOND);
    replica.start();
    replica
}

/// All three, which have heard of each other.
fn three(ack: Ack) -> [Replica; 3] {
    let mut replicas = [1, 2, 3].map(|number| replica(number, ack));
    round(&mut replicas);
    replicas
}

/// The same replica with its disk, booted again.
fn reboot(replica: &mut Replica) -> Effects {
    replica.now = replica.now + Duration::from_millis(1);
    replica.state = Store::new(&replica.config, Seat { peerid: replica.me.0 as u32, peers: 3 });
    replica.start()
}

fn inner(replica: &Replica) -> &super::Replica<Ledger> {
    match &replica.state {
        Store::Replica(replica) => replica,
        Store::FrontEnd(_) => panic!("a front end"),
    }
}

fn session(number: u64) -> SessionId {
    SessionId(u128::from(number))
}

fn id(session_number: u64, number: u64) -> CallId {
    CallId { session: session(session_number), number }
}

fn update(id: CallId, seconds: u64) -> Call<Ledger> {
    let write = Write { key: 1, value: id.number, seen: Vec::new() };
    Call { id, label: 0, time: seconds * SECOND, order: Order::Causal, wait: true, op: Op::Update(write) }
}

fn query(id: CallId) -> Call<Ledger> {
    Call { id, label: 0, time: 100 * SECOND, order: Order::Causal, wait: true, op: Op::Query(Read(1)) }
}

fn calls(label: &Timestamp, calls: Vec<Call<Ledger>>) -> Message<Ledger> {
    Message::Calls(Calls { labels: vec![label.clone()], calls, finished: Vec::new(), knows: 0 })
}

fn line(replica: u64) -> Slot {
    Slot { replica: PeerId(replica), incarnation: 0 }
}

fn named(parts: &[(u64, u64)]) -> Timestamp {
    parts.iter().map(|&(replica, count)| (line(replica), count)).collect()
}

fn record(slot: Slot, number: u64, prev: Timestamp, call: CallId) -> Record<Ledger> {
    let stamp = Stamp { time: 100 * SECOND + number, call };
    let update = Write { key: 1, value: number, seen: Vec::new() };
    Record { call, prev, slot, number, stamp, order: Order::Causal, update }
}

/// What was answered: each answer with its label.
fn answers(effects: &Effects) -> Vec<(Reply<Ledger>, Timestamp)> {
    let replies = effects.iter().filter_map(|effect| match effect {
        Effect::Send { to: FRONT, message: Message::Replies(replies) } => Some(replies),
        _ => None,
    });
    let each = |replies: &crate::store::Replies<Ledger>| -> Vec<_> {
        let label = |reply: &Reply<Ledger>| replies.labels[reply.label as usize].clone();
        replies.replies.iter().map(|reply| (reply.clone(), label(reply))).collect()
    };
    replies.flat_map(each).collect()
}

/// The label of the only answer.
fn label_of(effects: &Effects) -> Timestamp {
    let [(reply, label)] = &answers(effects)[..] else { panic!("{effects:?}") };
    assert!(reply.result.is_ok(), "{reply:?}");
    label.clone()
}

/// How many updates the only answer shows.
fn shown(effects: &Effects) -> usize {
    match &answers(effects)[..] {
        [(Reply { result: Ok(Some(Answer::Entries(entries))), .. }, _)] => entries.len(),
        other => panic!("{other:?}"),
    }
}

/// Carries messages between replicas until all are silent; returns what else they did.
fn talk(replicas: &mut [Replica], from: usize, effects: Effects) -> Effects {
    let (mut open, mut rest) = (VecDeque::from([(from, effects)]), Vec::new());
    while let Some((from, effects)) = open.pop_front() {
        for effect in effects {
            match effect {
                Effect::Send { to: PeerId(to @ 1..=3), message } => {
                    let sender = replicas[from].me;
                    open.push_back((to as usize - 1, replicas[to as usize - 1].message(sender, message)));
                }
                other => rest.push(other),
            }
        }
    }
    rest
}

/// Time for a round of gossip at each, one after the other; returns what else they did.
fn round(replicas: &mut [Replica]) -> Effects {
    let mut rest = Vec::new();
    for from in 0..replicas.len() {
        let effects = replicas[from].timer(crate::store::Timer::Replica(super::Timer::Gossip));
        rest.extend(talk(replicas, from, effects));
    }
    rest
}

/// Has this one preside over the council.
fn preside(replicas: &mut [Replica], place: usize) {
    pass(replicas, Duration::from_secs(3));
    let effects = replicas[place].activate(|state, cx| {
        let Store::Replica(replica) = state else { panic!("a front end") };
        replica.counsel(cx, |raft, cx| raft.on_request(cx, raft::Request::Campaign));
        replica.finish(cx);
    });
    talk(replicas, place, effects);
    assert_eq!(inner(&replicas[place]).status().primary, Some(replicas[place].me));
}

/// One that is not in the council, in its present life, asks to be let in.
fn knock(replicas: &mut [Replica], place: usize) {
    pass(replicas, Duration::from_secs(3));
    let effects = replicas[place].timer(crate::store::Timer::Replica(super::Timer::Council(raft::Timer::Patience)));
    talk(replicas, place, effects);
}

fn pass(replicas: &mut [Replica], span: Duration) {
    replicas.iter_mut().for_each(|replica| replica.now = replica.now + span);
}
