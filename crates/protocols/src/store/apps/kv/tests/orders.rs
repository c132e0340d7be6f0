//! Whatever the order of execution, the state is that of the order of stamps.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::model::Model;
use super::{parts, seen, stamp};
use crate::store::apps::Bytes;
use crate::store::apps::kv::{KeyValue, Update};
use crate::store::{Application, Changed};

fn name() -> impl Strategy<Value = Bytes> {
    prop::sample::select(vec![&b"a"[..], b"b", b"a\0", b""]).prop_map(Bytes::from)
}

fn value() -> impl Strategy<Value = Bytes> {
    prop_oneof![
        (-5_i64..5).prop_map(Bytes::from),
        Just(Bytes::from(i64::MAX - 1)),
        prop::sample::select(vec!["x", "07", "a value that is too long to lie in place"]).prop_map(Bytes::from),
    ]
}

fn by() -> impl Strategy<Value = i64> {
    prop_oneof![4 => -3_i64..4, 1 => prop::sample::select(vec![i64::MAX, i64::MIN, i64::MAX - 2])]
}

/// Mostly on one key, so that updates meet.
fn update() -> impl Strategy<Value = Update> {
    let key = || prop_oneof![4 => Just(Bytes::from("k")), 1 => name()];
    prop_oneof![
        1 => prop::collection::vec((key(), value()), 1..3).prop_map(Update::Set),
        1 => prop::collection::vec(key(), 1..3).prop_map(Update::Delete),
        3 => (key(), by()).prop_map(|(key, by)| Update::Add { key, by }),
        3 => (key(), prop::collection::vec((name(), value()), 1..3))
            .prop_map(|(key, fields)| Update::HashSet { key, fields }),
        3 => (key(), prop::collection::vec(name(), 1..3)).prop_map(|(key, fields)| Update::HashDelete { key, fields }),
        3 => (key(), name(), by()).prop_map(|(key, field, by)| Update::HashAdd { key, field, by }),
        2 => (key(), prop::collection::vec(name(), 1..3)).prop_map(|(key, members)| Update::SetAdd { key, members }),
        2 => (key(), prop::collection::vec(name(), 1..3)).prop_map(|(key, members)| Update::SetRemove { key, members }),
    ]
}

/// Only updates of counters and of one hash: no key is of two kinds.
fn kind_update() -> impl Strategy<Value = Update> {
    let hash = || Just(Bytes::from("h"));
    prop_oneof![
        1 => value().prop_map(|value| Update::Set(vec![("c".into(), value)])),
        1 => prop::sample::select(vec!["c", "h"]).prop_map(|key| Update::Delete(vec![key.into()])),
        4 => by().prop_map(|by| Update::Add { key: "c".into(), by }),
        2 => (hash(), prop::collection::vec((name(), value()), 1..3))
            .prop_map(|(key, fields)| Update::HashSet { key, fields }),
        2 => (hash(), prop::collection::vec(name(), 1..3)).prop_map(|(key, fields)| Update::HashDelete { key, fields }),
        2 => (hash(), name(), by()).prop_map(|(key, field, by)| Update::HashAdd { key, field, by }),
    ]
}

/// Updates, the nth with the stamp of time n times a step, and orders of executing them.
fn cases() -> impl Strategy<Value = (Vec<(u64, Update)>, Vec<usize>, Vec<usize>)> {
    let updates = prop_oneof![prop::collection::vec(update(), 1..14), prop::collection::vec(kind_update(), 1..14)];
    (updates, prop_oneof![Just(1_u64), Just(30_000_000)]).prop_flat_map(|(updates, step)| {
        let orders: Vec<usize> = (0..updates.len()).collect();
        let updates: Vec<_> = (1..).map(|nth: u64| nth * step).zip(updates).collect();
        (Just(updates), Just(orders.clone()).prop_shuffle(), Just(orders).prop_shuffle())
    })
}

fn model(updates: &[(u64, Update)]) -> Model {
    let mut model = Model::default();
    updates.iter().for_each(|(_, update)| drop(model.execute(update)));
    model
}

/// A disk that is written what changed.
#[derive(Default)]
struct Disk(BTreeMap<Vec<u8>, Vec<u8>>);

impl Disk {
    fn write(&mut self, state: &KeyValue, changed: &mut Changed) {
        for key in changed.take() {
            match state.part(&key) {
                Some(value) => drop(self.0.insert(key, value)),
                None => drop(self.0.remove(&key)),
            }
        }
    }

    fn read(&self) -> KeyValue {
        let mut state = KeyValue::default();
        for (key, value) in &self.0 {
            state.restore(key, value).unwrap();
        }
        state
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(6_000))]

    #[test]
    fn in_order_it_answers_as_redis((updates, _, _) in cases()) {
        let (mut state, mut model) = (KeyValue::default(), Model::default());
        for (time, update) in &updates {
            let answer = state.update(stamp(*time), update, &mut Changed::default());
            prop_assert_eq!(answer, model.execute(update), "{:?}", update);
            prop_assert_eq!(seen(&state), model.0.clone());
            prop_assert_eq!(state.size, model.0.len());
        }
    }

    #[test]
    fn all_orders_come_to_the_same((updates, one, other) in cases()) {
        let mut states = [one, other].map(|order| {
            let (mut state, mut disk, mut changed) = (KeyValue::default(), Disk::default(), Changed::default());
            for place in order {
                let (time, update) = &updates[place];
                state.update(stamp(*time), update, &mut changed);
                disk.write(&state, &mut changed);
            }
            // What was written as it changed is what there is; only overwritten values may be left in it.
            assert_eq!(disk.0.keys().collect::<Vec<_>>(), parts(&state).keys().collect::<Vec<_>>());
            assert_eq!(parts(&disk.read()), parts(&state));
            state
        });
        let model = model(&updates);
        for state in &states {
            prop_assert_eq!(seen(state), model.0.clone());
            prop_assert_eq!(state.size, model.0.len());
        }
        prop_assert_eq!(states[0].digest(), states[1].digest());
        prop_assert_eq!(parts(&states[0]), parts(&states[1]));
        for state in &mut states {
            state.settle(u64::MAX, &mut Changed::default());
            prop_assert_eq!(seen(state), model.0.clone());
            prop_assert!(state.due.is_empty());
            prop_assert!(state.entries.values().all(|entry| entry.recent.is_none() && entry.kind != super::super::Kind::None));
        }
        prop_assert_eq!(parts(&states[0]), parts(&states[1]));
    }

    #[test]
    fn settling_changes_nothing_that_is_seen((updates, order, _) in cases(), at in 0_usize..14, restart: bool) {
        let (mut state, mut disk, mut changed) = (KeyValue::default(), Disk::default(), Changed::default());
        for (done, &place) in order.iter().enumerate() {
            let (time, update) = &updates[place];
            state.update(stamp(*time), update, &mut changed);
            if done >= at {
                // Nothing older than this will come.
                let floor = order[done + 1..].iter().map(|&place| updates[place].0).min().unwrap_or(u64::MAX);
                let before = (seen(&state), state.digest());
                state.settle(floor, &mut changed);
                prop_assert_eq!((seen(&state), state.digest()), before);
            }
            disk.write(&state, &mut changed);
            if restart {
                let again = disk.read();
                prop_assert_eq!(seen(&again), seen(&state));
                state = again;
            }
        }
        prop_assert_eq!(seen(&state), model(&updates).0);
        prop_assert_eq!(state.size, seen(&state).len());
    }

    #[test]
    fn parts_in_any_order_make_the_state_again((updates, order, _) in cases(), seed: u64, settled in 0_usize..14) {
        let mut state = KeyValue::default();
        for place in order {
            state.update(stamp(updates[place].0), &updates[place].1, &mut Changed::default());
        }
        if let Some((floor, _)) = updates.get(settled) {
            state.settle(*floor, &mut Changed::default());
        }
        let mut all: Vec<_> = parts(&state).into_iter().collect();
        rumormill_core::Rng::new(seed).shuffle(&mut all);
        let mut again = KeyValue::default();
        for (key, value) in all.iter().chain(&all) {
            again.restore(key, value).unwrap();
        }
        prop_assert_eq!(seen(&again), seen(&state));
        prop_assert_eq!(parts(&again), parts(&state));
    }
}
