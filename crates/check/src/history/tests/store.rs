//! A small causal store, with every mistake that one can make in it. The checkers let its histories pass, and
//! find each mistake.

use std::collections::BTreeMap;

use proptest::prelude::*;
use rumormill_core::{Instant, Rng};

use crate::history::{
    History, Kind, Label, Operation, OperationId, Order, Promise, Replica, Step, Value, Verdict, Version,
};

/// What is wrong with a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mistake {
    None,
    /// Replicas answer whoever asks, whatever they know of already.
    ReadsDoNotWait,
    /// Replicas execute what they hear of at once.
    UpdatesDoNotWait,
    /// A retried call is executed once more.
    NoCallTable,
    /// Of concurrent writes, the one that comes last to a replica wins there.
    ArrivalWins,
    /// Forced updates are executed in any causal order.
    ForcedIsCausal,
    /// A replica forgets an update that it has answered.
    Forgets,
    /// Some removals from a set are not done.
    RemovalsAreLost,
    /// A removal from a set takes along what was put there by newer updates.
    RemovalsTakeMore,
}

/// How a history is recorded.
#[derive(Clone, Copy, Debug)]
pub(super) struct Recording {
    pub labels: bool,
    pub versions: bool,
    pub sources: bool,
    pub replicas: bool,
}

pub(super) const ALL: Recording = Recording { labels: true, versions: true, sources: true, replicas: true };
pub(super) const NOTHING: Recording = Recording { labels: false, versions: false, sources: false, replicas: false };

struct Update {
    id: OperationId,
    kind: Kind,
    /// Where it was accepted.
    origin: usize,
    after: Vec<u64>,
    label: Vec<u64>,
    version: Version,
    /// Its place among the forced ones.
    forced: Option<usize>,
}

#[derive(Default)]
struct Node {
    label: Vec<u64>,
    executed: Vec<OperationId>,
    has: Vec<bool>,
    forced: usize,
    values: BTreeMap<String, (Version, Option<Value>)>,
    counters: BTreeMap<String, i64>,
    /// Of each member that ever was in the set: since when it is there, or is not.
    members: BTreeMap<Value, (Version, bool)>,
}

pub(super) struct Store {
    rng: Rng,
    mistake: Mistake,
    recording: Recording,
    nodes: Vec<Node>,
    updates: Vec<Update>,
    forced: usize,
    sessions: Vec<(u64, Vec<u64>)>,
    time: u64,
    history: History,
}

fn covers(large: &[u64], small: &[u64]) -> bool {
    large.iter().zip(small).all(|(large, small)| large >= small)
}

fn merge(into: &mut [u64], other: &[u64]) {
    for (mine, theirs) in into.iter_mut().zip(other) {
        *mine = (*mine).max(*theirs);
    }
}

impl Node {
    /// A member of the set is there since a version, or is not, unless there is a newer one.
    fn put(&mut self, member: &Value, version: Version, is_there: bool) {
        let known = self.members.entry(member.clone()).or_insert((version, is_there));
        if known.0 < version {
            *known = (version, is_there);
        }
    }
}

impl Store {
    /// The history of a store with as many sessions as there are.
    pub fn history(mistake: Mistake, recording: Recording, seed: u64, operations: usize, sessions: usize) -> History {
        const REPLICAS: usize = 3;
        let node = || Node { label: vec![0; REPLICAS], ..Node::default() };
        let mut store = Self {
            rng: Rng::new(seed),
            mistake,
            recording,
            nodes: (0..REPLICAS).map(|_| node()).collect(),
            updates: Vec::new(),
            forced: 0,
            sessions: vec![(0, vec![0; REPLICAS]); sessions],
            time: 0,
            history: History::default(),
        };
        for _ in 0..operations {
            store.gossip();
            store.operation();
        }
        store.end();
        store.history
    }

    fn operation(&mut self) {
        let session = self.rng.below(self.sessions.len() as u64) as usize;
        let node = self.rng.below(self.nodes.len() as u64) as usize;
        let key = format!("k{}", self.rng.below(4));
        let value = Some(Value::from(self.updates.len() as u64));
        let has_sets = matches!(self.mistake, Mistake::None | Mistake::RemovalsAreLost | Mistake::RemovalsTakeMore);
        let (kind, order) = match self.rng.below(100) {
            _ if has_sets && self.rng.below(3) == 0 => (self.with_set(), Order::Causal),
            0..30 => (Kind::Write { key, value }, Order::Causal),
            30..35 => (Kind::Write { key, value: None }, Order::Causal),
            35..75 => (Kind::Read { key, value: None, from: None }, Order::Causal),
            75..83 => (Kind::Add { key: "n".into(), by: 1 }, Order::Causal),
            83..87 => (Kind::Total { key: "n".into(), total: 0 }, Order::Causal),
            87..95 => (Kind::Write { key: "forced".into(), value }, Order::Forced),
            _ => (Kind::Read { key: "forced".into(), value: None, from: None }, Order::Causal),
        };
        self.call(session, node, kind, order);
    }

    /// What is done with the set. Some members are put there again and again, others once.
    fn with_set(&mut self) -> Kind {
        let (key, often) = ("set".to_string(), self.rng.below(3));
        let member = if often < 2 { Value(format!("m{often}")) } else { Value::from(self.updates.len() as u64) };
        match self.rng.below(3) {
            0 => Kind::Insert { key, member },
            1 => Kind::Remove { key, member },
            _ => Kind::Members { key, members: Vec::new() },
        }
    }

    fn call(&mut self, session: usize, node: usize, kind: Kind, order: Order) {
        let (number, label) = self.sessions[session].clone();
        self.sessions[session].0 += 1;
        let invoked = Instant::from_nanos(self.time);
        let mut operation = Operation { order, ..Operation::new(session as u64, number, kind, invoked) };
        let patient = self.mistake != Mistake::ReadsDoNotWait;
        if patient || operation.is_update() {
            self.catch_up(node, &label);
        }
        let answer = if operation.is_update() {
            let label = self.update(node, &mut operation, label);
            Some(label).filter(|_| self.rng.below(20) > 0)
        } else {
            operation.kind = self.read(node, operation.kind);
            Some(self.nodes[node].label.clone())
        };
        self.time += 2;
        if let Some(label) = answer {
            operation.returned = Some(Instant::from_nanos(self.time - 1));
            merge(&mut self.sessions[session].1, &label);
            operation.label = self.recording.labels.then_some(Label(label));
        }
        self.history.operations.push(operation);
    }

    fn update(&mut self, node: usize, operation: &mut Operation, after: Vec<u64>) -> Vec<u64> {
        let forced = (operation.order == Order::Forced).then_some(self.forced);
        if forced.is_some() {
            // The primary has executed all that was forced before.
            self.forced += 1;
            let all = self.updates.iter().filter(|update| update.forced.is_some());
            let all = all.fold(vec![0; self.nodes.len()], |mut all, update| {
                merge(&mut all, &update.label);
                all
            });
            self.catch_up(node, &all);
        }
        let mut label = after.clone();
        label[node] = self.nodes[node].label[node] + 1;
        let clock =
            self.updates.iter().filter(|update| covers(&label, &update.label)).map(|update| update.version.0).max();
        let version = Version(clock.unwrap_or(0) + 1, operation.id.session, operation.id.number);
        operation.version = self.recording.versions.then_some(version);
        let (id, kind) = (operation.id, operation.kind.clone());
        self.updates.push(Update { id, kind, origin: node, after, label: label.clone(), version, forced });
        for node in &mut self.nodes {
            node.has.push(false);
        }
        self.execute(node, self.updates.len() - 1);
        label
    }

    fn read(&mut self, node: usize, kind: Kind) -> Kind {
        let node = &self.nodes[node];
        match kind {
            Kind::Read { key, .. } => {
                let (version, value) = node.values.get(&key).cloned().unwrap_or((Version(0, 0, 0), None));
                let id = OperationId { session: version.1, number: version.2 };
                let from = (self.recording.sources && version.0 > 0).then_some(id);
                Kind::Read { key, value, from }
            }
            Kind::Total { key, .. } => Kind::Total { total: node.counters.get(&key).copied().unwrap_or(0), key },
            Kind::Members { key, .. } => {
                let there = node.members.iter().filter(|(_, (_, is_there))| *is_there);
                Kind::Members { key, members: there.map(|(member, _)| member.clone()).collect() }
            }
            other => other,
        }
    }

    fn execute(&mut self, node: usize, place: usize) {
        let twice = self.mistake == Mistake::NoCallTable && self.rng.below(20) == 0;
        let loses = self.mistake == Mistake::RemovalsAreLost && self.rng.below(2) == 0;
        let forgets = self.mistake == Mistake::Forgets && self.rng.below(20) == 0;
        let (update, node) = (&self.updates[place], &mut self.nodes[node]);
        node.has[place] = true;
        merge(&mut node.label, &update.label);
        node.forced += usize::from(update.forced.is_some());
        for _ in 0..if forgets { 0 } else { 1 + usize::from(twice) } {
            node.executed.push(update.id);
            match &update.kind {
                Kind::Write { key, value } => {
                    let place = node.values.entry(key.clone()).or_insert((Version(0, 0, 0), None));
                    if self.mistake == Mistake::ArrivalWins || place.0 < update.version {
                        *place = (update.version, value.clone());
                    }
                }
                Kind::Add { key, by } => *node.counters.entry(key.clone()).or_default() += by,
                Kind::Insert { member, .. } => node.put(member, update.version, true),
                Kind::Remove { .. } if loses => {}
                Kind::Remove { member, .. } => match node.members.get_mut(member) {
                    Some((_, is_there)) if self.mistake == Mistake::RemovalsTakeMore => *is_there = false,
                    _ => node.put(member, update.version, false),
                },
                kind => panic!("{kind:?} is no update"),
            }
        }
    }

    fn is_ready(&self, node: usize, place: usize) -> bool {
        let (update, node) = (&self.updates[place], &self.nodes[node]);
        let patient = self.mistake != Mistake::UpdatesDoNotWait;
        let in_turn = update.forced.is_none_or(|turn| turn == node.forced) || self.mistake == Mistake::ForcedIsCausal;
        // An origin's updates come one after the other, so that a label says what a replica has.
        let next = update.label[update.origin] == node.label[update.origin] + 1;
        !node.has[place] && (!patient || next && covers(&node.label, &update.after) && in_turn)
    }

    fn execute_one(&mut self, node: usize, ready: &[usize]) {
        let place = ready[self.rng.below(ready.len() as u64) as usize];
        self.execute(node, place);
    }

    /// A few replicas hear of a few updates, in any order.
    fn gossip(&mut self) {
        for _ in 0..self.rng.below(3) {
            let node = self.rng.below(self.nodes.len() as u64) as usize;
            let ready: Vec<usize> =
                (0..self.updates.len()).rev().take(200).filter(|&place| self.is_ready(node, place)).collect();
            if !ready.is_empty() {
                self.execute_one(node, &ready);
            }
        }
    }

    /// A replica hears of updates until it knows as much as the label says.
    fn catch_up(&mut self, node: usize, label: &[u64]) {
        while !covers(&self.nodes[node].label, label) {
            let ready: Vec<usize> = (0..self.updates.len()).filter(|&place| self.is_ready(node, place)).collect();
            if ready.is_empty() {
                return;
            }
            self.execute_one(node, &ready);
        }
    }

    /// All is quiet, and every session reads everything.
    fn end(&mut self) {
        for node in 0..self.nodes.len() {
            while let Some(place) = (0..self.updates.len()).find(|&place| self.is_ready(node, place)) {
                self.execute(node, place);
            }
        }
        self.history.quiet = Some(Instant::from_nanos(self.time));
        for session in 0..self.sessions.len() {
            for key in ["k0", "k1", "k2", "k3", "forced"] {
                let kind = Kind::Read { key: key.into(), value: None, from: None };
                self.call(session, session % self.nodes.len(), kind, Order::Causal);
            }
            self.call(session, session % self.nodes.len(), Kind::Total { key: "n".into(), total: 0 }, Order::Causal);
            let set = Kind::Members { key: "set".into(), members: Vec::new() };
            self.call(session, session % self.nodes.len(), set, Order::Causal);
        }
        if self.recording.replicas {
            let replica = |(name, node): (u64, &Node)| Replica {
                replica: name,
                steps: node.executed.iter().copied().map(Step::Executed).collect(),
                digest: Some(format!("{:?} {:?} {:?}", node.values, node.counters, node.members)),
            };
            self.history.replicas = (1..).zip(&self.nodes).map(replica).collect();
        }
    }
}

/// What a causal store promises. Not causal memory, which has no winners of concurrent writes.
fn promised() -> impl Iterator<Item = Promise> {
    let not = [Promise::CausalMemory, Promise::Linearizability];
    Promise::ALL.into_iter().filter(move |promise| !not.contains(promise))
}

/// The promises that the histories of some seeds break.
fn broken(mistake: Mistake, recording: Recording) -> BTreeMap<Promise, usize> {
    let mut broken = BTreeMap::new();
    for seed in 0..40 {
        let history = Store::history(mistake, recording, seed, 120, 5);
        for promise in promised() {
            *broken.entry(promise).or_default() += usize::from(promise.judge(&history).is_violated());
        }
    }
    broken
}

#[test]
fn every_mistake_is_found() {
    use Promise::{
        CausalConsistency, CausalDelivery, Convergence, ExactlyOnce, MonotonicReads, NothingLost, OneOrder,
        ReadYourWrites,
    };
    let all = broken(Mistake::None, ALL);
    assert!(all.values().all(|&count| count == 0), "{all:?}");
    for (mistake, finds) in [
        (Mistake::ReadsDoNotWait, &[ReadYourWrites, MonotonicReads, CausalConsistency][..]),
        (
            Mistake::UpdatesDoNotWait,
            &[CausalDelivery, Promise::MonotonicWrites, Promise::WritesFollowReads, CausalConsistency],
        ),
        (Mistake::NoCallTable, &[ExactlyOnce]),
        (Mistake::ArrivalWins, &[Convergence]),
        (Mistake::ForcedIsCausal, &[OneOrder]),
        (Mistake::Forgets, &[NothingLost, Convergence]),
        (Mistake::RemovalsAreLost, &[ReadYourWrites, CausalConsistency, ExactlyOnce, Convergence]),
        (Mistake::RemovalsTakeMore, &[CausalConsistency, ExactlyOnce]),
    ] {
        let found = broken(mistake, ALL);
        for promise in finds {
            assert!(
                found[promise] >= 10,
                "{mistake:?} breaks {promise} in {} of 40 histories: {found:?}",
                found[promise]
            );
        }
    }
}

/// From what clients see alone.
#[test]
fn mistakes_that_clients_can_see_are_found_without_the_replicas() {
    use Promise::{CausalConsistency, CausalConvergence, Convergence, ExactlyOnce, MonotonicReads, ReadYourWrites};
    for (mistake, finds) in [
        (Mistake::ReadsDoNotWait, &[ReadYourWrites, MonotonicReads, CausalConsistency][..]),
        (Mistake::UpdatesDoNotWait, &[CausalConsistency]),
        (Mistake::NoCallTable, &[ExactlyOnce]),
        (Mistake::ArrivalWins, &[Convergence, CausalConvergence]),
        (Mistake::Forgets, &[Convergence]),
        (Mistake::RemovalsAreLost, &[Convergence]),
    ] {
        let found = broken(mistake, Recording { sources: true, ..NOTHING });
        for promise in finds {
            assert!(
                found[promise] >= 3,
                "{mistake:?} breaks {promise} in {} of 40 histories: {found:?}",
                found[promise]
            );
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn a_causal_store_keeps_its_promises(seed in any::<u64>(), sessions in 1..8_usize, operations in 0..150_usize) {
        let history = Store::history(Mistake::None, ALL, seed, operations, sessions);
        for promise in promised() {
            let verdict = promise.judge(&history);
            prop_assert!(verdict.holds(), "{}: {}", promise, verdict);
        }
    }
}

/// Without knowing who wrote what is read: a key that was deleted may be absent for several reasons.
#[test]
fn what_is_not_recorded_makes_no_violation() {
    let (mut decided, mut judged) = (0, 0);
    for seed in 0..200 {
        let recording = Recording { labels: seed % 3 == 1, versions: seed % 3 == 2, ..NOTHING };
        let history = Store::history(Mistake::None, recording, seed, 100, 1 + (seed % 7) as usize);
        let needs_replicas = [Promise::CausalDelivery, Promise::OneOrder, Promise::NothingLost];
        for promise in promised().filter(|promise| !needs_replicas.contains(promise)) {
            let verdict = promise.judge(&history);
            assert!(!verdict.is_violated(), "{seed}: {promise}: {verdict}");
            judged += 1;
            decided += usize::from(verdict.holds());
        }
    }
    assert!(decided * 10 >= judged * 9, "{decided} of {judged}");
}

/// The promise of the largest history: ten thousand operations in well under five seconds.
#[test]
fn a_large_history_is_judged() {
    let history = Store::history(Mistake::None, ALL, 1, 10_000, 50);
    for promise in promised().chain([Promise::CausalMemory]) {
        let verdict = promise.judge(&history);
        let may_break = promise == Promise::CausalMemory;
        assert!(verdict.holds() || may_break && matches!(verdict, Verdict::Violated(_)), "{promise}: {verdict}");
    }
}
