//! A million updates from many sessions through three replicas that talk: afterwards nothing is left of them but
//! what they wrote. In a process of its own, for it looks at how much memory that has.
#![allow(clippy::unwrap_used)]

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use rumormill_core::testing::{Effect, EffectOf, TestPeer};
use rumormill_core::{Instant, PeerId, Seat};
use rumormill_protocols::raft;
use rumormill_protocols::store::apps::kv::Update;
use rumormill_protocols::store::apps::{Bytes, KeyValue};
use rumormill_protocols::store::{
    Ack, Application, Call, CallId, Calls, Config, Indication, Message, Op, Order, Replica, Reply, Request, SessionId,
    Store, Timer, Timestamp,
};

/// Rounds of updates in each half.
const ROUNDS: u64 = if cfg!(debug_assertions) { 500 } else { 5_000 };

/// The time from one to the next.
const ROUND: Duration = Duration::from_millis(20);

/// Causal updates that each replica gets in a round, each of another session. With the forced one, these are a
/// hundred a round.
const UPDATES: u64 = 33;

/// Rounds after which other sessions come.
const GENERATION: u64 = 25;

/// What is written: these keys, over and over.
const KEYS: u64 = 5_000;

/// A replica waits so long for copies of a call.
const DELTA: Duration = Duration::from_secs(5);

/// Entries that a council's log may have: it keeps 1,024, and is shortened when it has twice as many, with the
/// next checkpoint (5 s, one entry a round).
const MAX_COUNCIL: usize = 3_000;

/// Whoever makes the calls.
const FRONT: PeerId = PeerId(9);

type Effects = Vec<EffectOf<Store<KeyValue>>>;

/// Three replicas, their timers, and a network that is never slow.
struct Cluster {
    now: Instant,
    replicas: Vec<TestPeer<Store<KeyValue>>>,
    /// What is to run out when, in the order in which it was set.
    timers: BTreeMap<(Instant, u64), (usize, Timer)>,
    set: u64,
    /// What was answered, with its label.
    answers: Vec<(Reply<KeyValue>, Timestamp)>,
    primary: Option<PeerId>,
}

impl Cluster {
    fn new() -> Self {
        let config = Config {
            replicas: 3,
            front_ends: 0,
            spares: 0,
            founding: Instant::from_nanos(1),
            gossip_every: Duration::from_millis(100),
            gossip_after: usize::MAX,
            delta: DELTA,
            ack: Ack::Fsync,
            council: raft::Config::new(Duration::from_secs(1)),
            lease: None,
            retry_after: Duration::from_millis(400),
            overload: 0.0,
            load: None,
            flaw: None,
        };
        let replica = |number: u32| {
            let others: Vec<PeerId> = (1..=3).filter(|&other| other != u64::from(number)).map(PeerId).collect();
            let state = Store::new(&config, Seat { peerid: number, peers: 3 });
            TestPeer::new(state, config.clone(), PeerId(number.into()), &others)
        };
        let replicas = [1, 2, 3].map(replica).into();
        let (timers, answers) = (BTreeMap::new(), Vec::new());
        let mut cluster = Self { now: Instant::ZERO, replicas, timers, set: 0, answers, primary: None };
        for place in 0..3 {
            let effects = cluster.replicas[place].start();
            cluster.carry_out(place, effects);
        }
        cluster
    }

    /// Carries messages between the replicas until all are silent.
    fn carry_out(&mut self, place: usize, effects: Effects) {
        let mut open = VecDeque::from([(place, effects)]);
        while let Some((from, effects)) = open.pop_front() {
            for effect in effects {
                match effect {
                    Effect::Send { to: FRONT, message: Message::Replies(replies) } => {
                        let label = |reply: &Reply<KeyValue>| replies.labels[reply.label as usize].clone();
                        self.answers.extend(replies.replies.iter().map(|reply| (reply.clone(), label(reply))));
                    }
                    Effect::Send { to: PeerId(to @ 1..=3), message } => {
                        let (sender, to) = (PeerId(from as u64 + 1), to as usize - 1);
                        open.push_back((to, self.replicas[to].message(sender, message)));
                    }
                    Effect::SetTimer { after, timer } => {
                        self.set += 1;
                        self.timers.insert((self.now + after, self.set), (from, timer));
                    }
                    Effect::Indicate(Indication::Status(status)) => self.primary = status.primary,
                    _ => {}
                }
            }
        }
    }

    /// Time passes.
    fn pass(&mut self, span: Duration) {
        let until = self.now + span;
        while let Some(next) = self.timers.first_entry().filter(|next| next.key().0 <= until) {
            let ((now, _), (place, timer)) = next.remove_entry();
            self.be_at(now);
            let effects = self.replicas[place].timer(timer);
            self.carry_out(place, effects);
        }
        self.be_at(until);
    }

    fn be_at(&mut self, now: Instant) {
        self.now = now;
        self.replicas.iter_mut().for_each(|replica| replica.now = now);
    }

    /// Who orders forced updates.
    fn primary(&mut self) -> Option<usize> {
        let effects = self.replicas[0].request(Request::Status);
        self.carry_out(0, effects);
        self.primary.map(|primary| primary.0 as usize - 1)
    }

    fn call(&mut self, place: usize, calls: Calls<KeyValue>) {
        let effects = self.replicas[place].message(FRONT, Message::Calls(calls));
        self.carry_out(place, effects);
    }

    fn inner(&self, place: usize) -> &Replica<KeyValue> {
        match &self.replicas[place].state {
            Store::Replica(replica) => replica,
            Store::FrontEnd(_) => panic!("a front end"),
        }
    }

    /// How many keys that begin like this a replica has on its disk.
    fn on_disk(&self, place: usize, prefix: &str) -> usize {
        let disk = self.replicas[place].host.disk.borrow();
        disk.keys().filter(|(_, key)| key.starts_with(prefix.as_bytes())).count()
    }

    /// What is left when all is quiet: nothing but what was written. Returns how many keys are on disk, but for
    /// the council's.
    fn assert_settled(&self) -> Vec<usize> {
        let digest = self.inner(0).value().digest();
        let settled = (0..3).map(|place| {
            let replica = self.inner(place);
            assert_eq!((replica.log_len(), replica.sessions()), (0, 0), "replica {place}: the log and the call table");
            assert_eq!(replica.value().digest(), digest, "replica {place}");
            assert_eq!(replica.value_timestamp(), self.inner(0).value_timestamp());
            let [log, calls, parts] = ["log/", "call/", "part/"].map(|prefix| self.on_disk(place, prefix));
            assert_eq!((log, calls), (0, 0), "replica {place}: batches and call rows on disk");
            assert!(parts as u64 <= KEYS, "replica {place}: {parts} parts");
            let council = self.on_disk(place, "council/");
            assert!(council < MAX_COUNCIL, "replica {place}: {council} in the council's log");
            self.on_disk(place, "") - council
        });
        settled.collect()
    }
}

/// Those who call: groups of sessions that go from replica to replica, and one that forces an order.
struct Callers {
    round: u64,
    /// What each group has seen; the last one is of who forces.
    seen: [Timestamp; 4],
    /// What was made, and what was answered.
    made: u64,
    answered: u64,
}

impl Callers {
    /// The sessions of a group in a round; the group's number is in each, so that answers find it.
    fn session(group: usize, generation: u64, number: u64) -> SessionId {
        SessionId(u128::from(generation << 16 | number << 2 | group as u64) << 64)
    }

    fn id(&self, group: usize, number: u64, back: u64) -> Option<CallId> {
        let round = self.round.checked_sub(back)?;
        let session = Self::session(group, round / GENERATION, number);
        Some(CallId { session, number: round % GENERATION + 1 })
    }

    /// What a group asks for in a round, with acknowledgements of what it asked for in the one before.
    fn calls(&mut self, now: Instant, group: usize, order: Order, count: u64) -> Calls<KeyValue> {
        let call = |number: u64| {
            let id = self.id(group, number, 0).unwrap();
            let key = (self.round * 7 + number * 131 + group as u64 * 1_009) % KEYS;
            let write = (Bytes::from(format!("key:{key}")), Bytes::from(format!("{}.{}", self.round, number)));
            let op = Op::Update(Update::Set(vec![write]));
            Call { id, label: 0, time: now.as_nanos() + number * 4 + group as u64, order, wait: true, op }
        };
        let calls = (0..count).map(call).collect();
        let finished = (0..count).filter_map(|number| self.id(group, number, 1)).collect();
        self.made += count;
        Calls { labels: vec![self.seen[group].clone()], calls, finished, knows: 0 }
    }

    /// Hears what was answered.
    fn hear(&mut self, answers: Vec<(Reply<KeyValue>, Timestamp)>) {
        for (reply, label) in answers {
            assert!(reply.result.is_ok(), "{reply:?}");
            self.answered += 1;
            self.seen[(reply.id.session.0 >> 64) as usize & 3].merge(&label);
        }
    }

    fn half(&mut self, cluster: &mut Cluster) {
        for _ in 0..ROUNDS {
            cluster.pass(ROUND);
            // Another generation asks another replica, and so depends on what the group did at the one before.
            let shift = (self.round / GENERATION) as usize;
            for group in 0..3 {
                let calls = self.calls(cluster.now, group, Order::Causal, UPDATES);
                cluster.call((group + shift) % 3, calls);
            }
            let primary = cluster.primary().expect("nobody falls silent, so there is a primary");
            let calls = self.calls(cluster.now, 3, Order::Forced, 1);
            cluster.call(primary, calls);
            self.hear(std::mem::take(&mut cluster.answers));
            self.round += 1;
        }
        // Long enough for what was asked last to be forgotten, and for a checkpoint after that.
        cluster.pass(3 * DELTA + Duration::from_secs(15));
        self.hear(std::mem::take(&mut cluster.answers));
        assert_eq!(self.answered, self.made, "every call is answered, once");
    }
}

/// How much memory this process has, in KiB, where that can be known.
fn resident() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().strip_suffix("kB")?.trim().parse().ok()
}

#[test]
fn nothing_is_left_of_a_million_updates_but_what_they_wrote() {
    let mut cluster = Cluster::new();
    cluster.pass(Duration::from_secs(10));
    let mut callers = Callers { round: 0, seen: Default::default(), made: 0, answered: 0 };
    callers.half(&mut cluster);
    let (keys, memory) = (cluster.assert_settled(), resident());
    callers.half(&mut cluster);
    assert_eq!(callers.made, 2 * ROUNDS * 100);
    assert_eq!(cluster.assert_settled(), keys, "as much on disk as after the first half");
    if let (Some(before), Some(after)) = (memory, resident()) {
        println!("{before} KiB after the first half, {after} KiB after the second");
        assert!(after * 100 <= before * 115, "{before} KiB after the first half, {after} KiB after the second");
    }
}
