//! A front end with scripted replicas.

use std::collections::BTreeMap;
use std::time::Duration;

use rumormill_core::testing::{Effect, EffectOf, TestPeer};
use rumormill_core::{Instant, PeerId, Protocol, Seat};
use serde::Serialize;

use super::session::{MAX_SESSION_CALLS, MAX_SESSIONS};
use crate::store::{
    Ack, Answered, Application, Ask, Call, Calls, Changed, Config, Ended, Failure, Indication, MAX_OPERATION_BYTES,
    MAX_SLOTS, Message, Op, Order, PartError, Refusal, Replicas, Replies, Reply, Request, SessionId, Slot, Stamp,
    Store, Timestamp, Token,
};

/// How a call ended.
type Outcome = Result<Option<Vec<u8>>, Failure>;

/// Registers, by number: enough to have something to ask for.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
struct Registers(BTreeMap<u8, Vec<u8>>);

impl Application for Registers {
    type Update = (u8, Vec<u8>);
    type Query = u8;
    type Answer = Vec<u8>;

    fn update(&mut self, _: Stamp, (key, value): &Self::Update, _: &mut Changed) -> Vec<u8> {
        self.0.insert(*key, value.clone()).unwrap_or_default()
    }

    fn query(&self, key: &u8) -> Vec<u8> {
        self.0.get(key).cloned().unwrap_or_default()
    }

    fn settle(&mut self, _: u64, _: &mut Changed) {}

    fn part(&self, key: &[u8]) -> Option<Vec<u8>> {
        self.0.get(key.first()?).cloned()
    }

    fn next_part(&self, after: Option<&[u8]>) -> Option<Vec<u8>> {
        let from = after.and_then(<[u8]>::first).map_or(0, |&after| usize::from(after) + 1);
        self.0.keys().find(|&&key| usize::from(key) >= from).map(|&key| vec![key])
    }

    fn restore(&mut self, key: &[u8], value: &[u8]) -> Result<(), PartError> {
        self.0.insert(key[0], value.into());
        Ok(())
    }
}

type Front = Store<Registers>;

/// What a front end asked for in one activation.
struct Did(Vec<EffectOf<Front>>);

impl Did {
    /// The calls that it sent, and to whom.
    fn sent(&self) -> Vec<(u64, &Calls<Registers>)> {
        let sent = self.0.iter().filter_map(|effect| match effect {
            Effect::Send { to, message: Message::Calls(calls) } => Some((to.0, calls)),
            _ => None,
        });
        sent.collect()
    }

    /// The only message that it sent.
    fn only(&self) -> (u64, &Calls<Registers>) {
        let sent = self.sent();
        assert_eq!(sent.len(), 1, "{:?}", self.0);
        sent[0]
    }

    /// To whom the only message went.
    fn to(&self) -> u64 {
        self.only().0
    }

    /// The tickets of calls that are over, and whether they went well.
    fn answered(&self) -> Vec<(u64, Outcome)> {
        self.answers().into_iter().map(|answered| (answered.ticket, answered.result)).collect()
    }

    fn answers(&self) -> Vec<Answered<Registers>> {
        let all = self.0.iter().filter_map(|effect| match effect {
            Effect::Indicate(Indication::Answers(answers)) => Some(answers.clone()),
            _ => None,
        });
        all.flatten().collect()
    }

    fn misbehaved(&self) -> bool {
        self.0.iter().any(|effect| matches!(effect, Effect::Indicate(Indication::Misbehaved { .. })))
    }
}

/// A front end of three replicas, and its timer.
struct Bench {
    peer: TestPeer<Front>,
    /// When its timers run out.
    timers: Vec<(Instant, <Front as Protocol>::Timer)>,
}

fn config() -> Config {
    Config {
        replicas: 3,
        front_ends: 1,
        spares: 0,
        founding: Instant::ZERO,
        gossip_every: Duration::from_secs(1),
        gossip_after: 100,
        delta: Duration::from_secs(10),
        ack: Ack::Fsync,
        council: crate::raft::Config::new(Duration::from_secs(1)),
        lease: None,
        retry_after: Duration::from_millis(100),
        overload: 0.0,
        load: None,
        flaw: None,
    }
}

impl Bench {
    fn new() -> Self {
        let config = config();
        let state = Store::new(&config, Seat { peerid: 4, peers: 4 });
        let peer = TestPeer::new(state, config, PeerId(4), &[1, 2, 3].map(PeerId));
        let mut bench = Self { peer, timers: Vec::new() };
        let effects = bench.peer.start();
        assert!(
            effects.iter().any(|effect| matches!(effect, Effect::Done)),
            "without made-up clients it has nothing to do"
        );
        bench
    }

    fn did(&mut self, effects: Vec<EffectOf<Front>>) -> Did {
        for effect in &effects {
            if let Effect::SetTimer { after, timer } = effect {
                self.timers.push((self.peer.now + *after, timer.clone()));
            }
        }
        Did(effects)
    }

    fn ask(&mut self, asks: Vec<Ask<Registers>>) -> Did {
        let effects = self.peer.request(Request::Calls(asks));
        self.did(effects)
    }

    fn reply(&mut self, from: u64, replies: Replies<Registers>) -> Did {
        let effects = self.peer.message(PeerId(from), Message::Replies(replies));
        self.did(effects)
    }

    /// All calls of a message are answered with this label, queries with a value.
    fn answer(&mut self, from: u64, calls: &[Call<Registers>], label: &Timestamp) -> Did {
        self.reply(from, answers(calls, label))
    }

    fn refuse(&mut self, from: u64, calls: &[Call<Registers>], refusal: Refusal) -> Did {
        let mut replies = answers(calls, &Timestamp::new());
        replies.replies.iter_mut().for_each(|reply| reply.result = Err(refusal));
        self.reply(from, replies)
    }

    /// Lets time go by, and the timers that run out in it. What it did, all together.
    fn wait(&mut self, span: Duration) -> Did {
        let until = self.peer.now + span;
        let mut all = Vec::new();
        while let Some(place) = self.next_timer(until) {
            let (at, timer) = self.timers.remove(place);
            self.peer.now = at;
            let effects = self.peer.timer(timer);
            all.extend(self.did(effects).0);
        }
        self.peer.now = until;
        Did(all)
    }

    fn next_timer(&self, until: Instant) -> Option<usize> {
        let due = self.timers.iter().enumerate().filter(|(_, (at, _))| *at <= until);
        due.min_by_key(|(_, (at, _))| *at).map(|(place, _)| place)
    }
}

fn answers(calls: &[Call<Registers>], label: &Timestamp) -> Replies<Registers> {
    let reply = |call: &Call<Registers>| {
        let update = matches!(call.op, Op::Update(_));
        Reply { id: call.id, update, label: 0, result: Ok(Some(b"old".to_vec())) }
    };
    Replies {
        labels: vec![label.clone()],
        replies: calls.iter().map(reply).collect(),
        time: 0,
        replicas: None,
        ended: Vec::new(),
    }
}

fn ask(ticket: u64, session: u128, op: Op<(u8, Vec<u8>), u8>) -> Ask<Registers> {
    let (session, seen, order) = (SessionId(session), Token::default(), Order::Causal);
    Ask { ticket, session, seen, order, wait: true, op, patience: Duration::from_secs(1) }
}

fn set(ticket: u64, session: u128) -> Ask<Registers> {
    ask(ticket, session, Op::Update((1, b"new".to_vec())))
}

fn get(ticket: u64, session: u128) -> Ask<Registers> {
    ask(ticket, session, Op::Query(1))
}

fn label(parts: &[(u64, u64)]) -> Timestamp {
    parts.iter().map(|&(replica, count)| (Slot { replica: PeerId(replica), incarnation: 0 }, count)).collect()
}

fn millis(count: u64) -> Duration {
    Duration::from_millis(count)
}

/// What an answered call returned here.
fn old() -> Result<Option<Vec<u8>>, Failure> {
    Ok(Some(b"old".to_vec()))
}

mod course;
mod limits;
mod sessions;
