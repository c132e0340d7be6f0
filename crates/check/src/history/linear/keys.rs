//! The model of a key-value store.

use std::collections::{BTreeMap, BTreeSet};

use super::super::{Key, Kind, Operation, Value};
use super::Model;

/// A store of keys with values, counters and sets, each kind with names of its own. Keys are its parts.
#[derive(Clone, Copy, Debug, Default)]
pub struct Keys;

/// What a store of keys remembers.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Store {
    values: BTreeMap<Key, Value>,
    counters: BTreeMap<Key, i64>,
    sets: BTreeMap<Key, BTreeSet<Value>>,
}

impl Model for Keys {
    type Operation = Operation;
    type State = Store;

    fn start(&self) -> Store {
        Store::default()
    }

    fn step(&self, state: &Store, operation: &Operation, answered: bool) -> Option<Store> {
        let mut next = state.clone();
        match &operation.kind {
            Kind::Write { key, value: Some(value) } => _ = next.values.insert(key.clone(), value.clone()),
            Kind::Write { key, value: None } => _ = next.values.remove(key),
            Kind::Add { key, by } => {
                let counter = next.counters.entry(key.clone()).or_default();
                *counter = counter.wrapping_add(*by);
            }
            Kind::Insert { key, member } => _ = next.sets.entry(key.clone()).or_default().insert(member.clone()),
            Kind::Read { .. } | Kind::Total { .. } | Kind::Members { .. } => {
                return (!answered || state.answers(&operation.kind)).then_some(next);
            }
        }
        Some(next)
    }

    fn part<'o>(&self, operation: &'o Operation) -> Option<&'o str> {
        Some(operation.key())
    }

    fn is_read(&self, operation: &Operation) -> bool {
        !operation.is_update()
    }

    fn deed(&self, operation: &Operation) -> String {
        operation.deed()
    }
}

impl Store {
    /// Is this what a read is answered?
    fn answers(&self, kind: &Kind) -> bool {
        match kind {
            Kind::Read { key, value, .. } => self.values.get(key) == value.as_ref(),
            Kind::Total { key, total } => self.counters.get(key).copied().unwrap_or(0) == *total,
            Kind::Members { key, members } => {
                let there = self.sets.get(key).into_iter().flatten();
                there.eq(members.iter().collect::<BTreeSet<_>>())
            }
            _ => true,
        }
    }
}
