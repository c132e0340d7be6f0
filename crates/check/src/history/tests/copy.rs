//! One copy of a store that does one operation at a time, asked by many at once: what a linearizable store is.

use proptest::prelude::*;
use rumormill_core::{Instant, Rng};

use crate::history::linear::{Keys, Timed, linearizability, linearizability_of};
use crate::history::{History, Kind, Operation, Promise, Value, causal};

/// What a session is at.
enum Stage {
    Idle,
    /// Asked: the operation's place in the history.
    Asked(usize),
    /// And it has happened.
    Done(usize),
}

pub(super) struct Copy {
    rng: Rng,
    /// Of each key, who wrote which values in which order; and what the counter stood at.
    values: Vec<Vec<u64>>,
    totals: Vec<i64>,
    /// Reads that get an older value, of a hundred.
    stale: u64,
    history: History,
}

impl Copy {
    /// The history of so many operations on a few keys. Some are never answered.
    pub fn history(seed: u64, operations: usize, sessions: usize, keys: usize, stale: u64) -> History {
        let (values, totals) = (vec![Vec::new(); keys], vec![0]);
        let mut copy = Self { rng: Rng::new(seed), values, totals, stale, history: History::default() };
        let mut stages: Vec<Stage> = (0..sessions).map(|_| Stage::Idle).collect();
        let mut time = 0;
        while copy.history.operations.len() < operations {
            time += 1;
            let session = copy.rng.below(sessions as u64) as usize;
            let now = Instant::from_nanos(time);
            stages[session] = match stages[session] {
                Stage::Idle => {
                    let number = copy.history.operations.len();
                    let kind = copy.question(number as u64);
                    copy.history.operations.push(Operation::new(session as u64, number as u64, kind, now));
                    // Now and then nobody waits for the answer.
                    if copy.rng.below(50) == 0 { Stage::Idle } else { Stage::Asked(number) }
                }
                Stage::Asked(number) => {
                    copy.perform(number);
                    Stage::Done(number)
                }
                Stage::Done(number) => {
                    copy.history.operations[number].returned = Some(now);
                    Stage::Idle
                }
            };
        }
        copy.history
    }

    fn question(&mut self, value: u64) -> Kind {
        let key = format!("k{}", self.rng.below(self.values.len() as u64));
        match self.rng.below(10) {
            0..4 => Kind::Write { key, value: Some(Value::from(value)) },
            4..8 => Kind::Read { key, value: None, from: None },
            8 => Kind::Add { key: "n".into(), by: 1 },
            _ => Kind::Total { key: "n".into(), total: 0 },
        }
    }

    fn perform(&mut self, number: usize) {
        let back = if self.rng.below(100) < self.stale { 1 + self.rng.below(40) as usize } else { 0 };
        let key = self.history.operations[number].key()[1..].parse::<usize>().unwrap_or(0);
        let last = *self.totals.last().unwrap();
        match &mut self.history.operations[number].kind {
            Kind::Write { .. } => self.values[key].push(number as u64),
            Kind::Read { value, .. } => *value = self.values[key].iter().rev().nth(back).copied().map(Value::from),
            Kind::Add { by, .. } => self.totals.push(last + *by),
            Kind::Total { total, .. } => *total = self.totals.iter().rev().nth(back).copied().unwrap_or(0),
            kind => panic!("{kind:?} was not asked"),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn one_copy_is_linearizable(seed in any::<u64>(), sessions in 1..12_usize, keys in 1..4_usize) {
        let history = Copy::history(seed, 150, sessions, keys, 0);
        let verdict = linearizability(&history);
        prop_assert!(verdict.holds(), "{}", verdict);
        for promise in [causal::consistency, causal::convergence, causal::memory] {
            let verdict = promise(&history);
            prop_assert!(verdict.holds(), "{}", verdict);
        }
        for promise in [Promise::ReadYourWrites, Promise::MonotonicReads, Promise::ExactlyOnce] {
            prop_assert!(promise.judge(&history).holds());
        }
    }
}

#[test]
fn stale_reads_of_one_copy_are_found() {
    let found = (0..50).filter(|&seed| linearizability(&Copy::history(seed, 150, 4, 2, 10)).is_violated()).count();
    assert!(found >= 48, "in {found} of 50 histories");
}

/// Ten thousand operations of many sessions on few keys.
#[test]
fn a_large_history_of_one_copy_is_judged() {
    for (sessions, keys) in [(16, 4), (32, 1), (100, 10)] {
        let verdict = linearizability(&Copy::history(1, 10_000, sessions, keys, 0));
        assert!(verdict.holds(), "{sessions} {keys}: {verdict}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3_000))]

    /// Where no value is written twice, zones in time and the search for an order say the same.
    #[test]
    fn zones_and_search_agree(seed in any::<u64>(), sessions in 1..6_usize, operations in 1..24_usize) {
        let history = Copy::history(seed, operations, sessions, 1, 20);
        let timed: Vec<Timed<Operation>> = history.operations.iter().map(|operation| {
            let Operation { id, invoked, returned, .. } = *operation;
            Timed { id, operation: operation.clone(), invoked, returned }
        }).collect();
        let (fast, searched) = (linearizability(&history), linearizability_of(&Keys, &timed));
        prop_assert_eq!(fast.holds(), searched.holds(), "{} / {}", fast, searched);
    }
}
