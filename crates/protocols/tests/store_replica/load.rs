//! How much a replica bears: many unread updates, and how many it executes in a second.

use std::collections::VecDeque;
use std::time::{Duration, Instant as Clock};

use rumormill_core::testing::{Effect, EffectOf, TestPeer};
use rumormill_core::{Instant, PeerId, Seat};
use rumormill_protocols::store::{
    Ack, Application, Call, CallId, Calls, Changed, Config, Message, Op, Order, PartError, Request, SessionId, Stamp,
    Store, Timestamp,
};
use serde::Serialize;

/// The cheapest application that there can be: so the rest is what is measured.
#[derive(Clone, Debug, Default, Serialize)]
struct Tally(u64);

impl Application for Tally {
    type Update = u64;
    type Query = ();
    type Answer = u64;

    fn update(&mut self, _: Stamp, add: &u64, changed: &mut Changed) -> u64 {
        self.0 += add;
        changed.part(b"tally");
        self.0
    }

    fn query(&self, (): &()) -> u64 {
        self.0
    }

    fn settle(&mut self, _: u64, _: &mut Changed) {}

    fn part(&self, key: &[u8]) -> Option<Vec<u8>> {
        (key == b"tally").then(|| self.0.to_be_bytes().to_vec())
    }

    fn next_part(&self, after: Option<&[u8]>) -> Option<Vec<u8>> {
        after.is_none().then(|| b"tally".to_vec())
    }

    fn restore(&mut self, _: &[u8], value: &[u8]) -> Result<(), PartError> {
        let bytes = value.try_into().map_err(|_| PartError { why: "a tally".into() })?;
        self.0 = u64::from_be_bytes(bytes);
        Ok(())
    }
}

type Replica = TestPeer<Store<Tally>>;

const FRONT: PeerId = PeerId(9);

fn replica(number: u32, ack: Ack) -> Replica {
    let config = Config {
        replicas: 3,
        front_ends: 0,
        spares: 0,
        founding: Instant::from_nanos(1),
        gossip_every: Duration::from_millis(100),
        gossip_after: usize::MAX,
        delta: Duration::from_secs(60),
        ack,
        council: rumormill_protocols::raft::Config::new(std::time::Duration::from_secs(1)),
        lease: None,
        retry_after: Duration::from_millis(400),
        overload: 0.0,
        load: None,
        flaw: None,
    };
    let others: Vec<PeerId> = (1..=3).filter(|&other| other != u64::from(number)).map(PeerId).collect();
    let state = Store::new(&config, Seat { peerid: number, peers: 3 });
    let mut replica = TestPeer::new(state, config, PeerId(number.into()), &others);
    replica.start();
    replica
}

fn call(session: u64, number: u64, op: Op<u64, ()>) -> Call<Tally> {
    let id = CallId { session: SessionId(u128::from(session) << 64), number };
    Call { id, label: 0, time: number * 1000 + session, order: Order::Causal, wait: true, op }
}

fn answers(effects: &[EffectOf<Store<Tally>>]) -> Vec<(Timestamp, Option<u64>)> {
    let replies = effects.iter().filter_map(|effect| match effect {
        Effect::Send { to: FRONT, message: Message::Replies(replies) } => Some(replies),
        _ => None,
    });
    let each = replies.flat_map(|replies| {
        let labels = &replies.labels;
        replies.replies.iter().map(move |reply| (labels[reply.label as usize].clone(), reply.result.unwrap()))
    });
    each.collect()
}

/// Carries messages between the replicas until all are silent; returns what was answered, and how many there were.
fn talk(
    replicas: &mut [Replica],
    from: usize,
    effects: Vec<EffectOf<Store<Tally>>>,
) -> (Vec<(Timestamp, Option<u64>)>, usize) {
    let (mut open, mut said, mut count) = (VecDeque::from([(from, effects)]), Vec::new(), 0);
    while let Some((from, effects)) = open.pop_front() {
        said.extend(answers(&effects));
        for effect in effects {
            if let Effect::Send { to: PeerId(to @ 1..=3), message } = effect {
                count += 1;
                let sender = PeerId(from as u64 + 1);
                open.push_back((to as usize - 1, replicas[to as usize - 1].message(sender, message)));
            }
        }
    }
    (said, count)
}

/// A session's updates go to two replicas in turn, so each depends on the one before it in the other line. A third
/// one has heard of none when it is asked for all.
#[test]
fn a_read_after_100_000_unread_updates_is_answered_soon() {
    const UPDATES: u64 = 100_000;
    let mut replicas = [1, 2, 3].map(|number| replica(number, Ack::Fsync));
    let mut label = Timestamp::new();
    for number in 1..=UPDATES {
        let labels = vec![label.clone()];
        let calls = Calls { labels, calls: vec![call(1, number, Op::Update(1))], finished: Vec::new(), knows: 0 };
        let effects = replicas[number as usize % 2].message(FRONT, Message::Calls(calls));
        if let Some((seen, _)) = answers(&effects).pop() {
            label.merge(&seen);
        } else {
            // It waits for the other line; its label is known all the same.
            let slot = label.parts().map(|(slot, _)| slot).find(|slot| slot.replica.0 == number % 2 + 1);
            let slot =
                slot.unwrap_or(rumormill_protocols::store::Slot { replica: PeerId(number % 2 + 1), incarnation: 0 });
            label.raise(slot, number.div_ceil(2));
        }
    }
    let begun = Clock::now();
    let calls = Calls { labels: vec![label], calls: vec![call(1, 1, Op::Query(()))], finished: Vec::new(), knows: 0 };
    let effects = replicas[2].message(FRONT, Message::Calls(calls));
    let (said, messages) = talk(&mut replicas, 2, effects);
    let query = said.last().map(|(_, answer)| *answer);
    assert_eq!(query, Some(Some(UPDATES)));
    assert!(messages < 100, "{messages} messages");
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
}

/// Not a test but a measurement: `cargo test --release -p rumormill-protocols --test store_replica -- --ignored
/// --nocapture updates_per_second`.
#[test]
#[ignore = "a measurement"]
fn updates_per_second() {
    const BATCH: u64 = 100;
    const BATCHES: u64 = 5_000;
    for ack in [Ack::Memory, Ack::Fsync] {
        let mut replicas = [replica(1, ack), replica(2, ack), replica(3, ack)];
        let mut label = Timestamp::new();
        let (mut taking, mut telling) = (Duration::ZERO, Duration::ZERO);
        for batch in 1..=BATCHES {
            let calls = (1..=BATCH).map(|session| call(session, batch, Op::Update(1))).collect();
            let finished = (1..=BATCH).map(|session| call(session, batch - 1, Op::Query(())).id).collect();
            let message = Message::Calls(Calls { labels: vec![label.clone()], calls, finished, knows: 0 });
            let begun = Clock::now();
            let effects = replicas[0].message(FRONT, message);
            taking += begun.elapsed();
            label.merge(&answers(&effects).pop().unwrap().0);
            if batch % 20 == 0 {
                let begun = Clock::now();
                let effects = replicas[0].request(Request::Gossip);
                talk(&mut replicas, 0, effects);
                for from in [1, 2, 0] {
                    let effects = replicas[from].request(Request::Gossip);
                    talk(&mut replicas, from, effects);
                }
                telling += begun.elapsed();
                // What is written is only kept in memory here.
                replicas.iter().for_each(|replica| replica.host.disk.borrow_mut().clear());
            }
        }
        let updates = (BATCH * BATCHES) as f64;
        let (own, heard) = (updates / taking.as_secs_f64(), 2.0 * updates / telling.as_secs_f64());
        println!("{ack:?}: {own:.0} updates a second taken, {heard:.0} a second heard of");
    }
}
