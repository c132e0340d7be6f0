//! The model of a key-value store.

use std::collections::BTreeSet;

use super::super::{Kind, Operation, Value};
use super::Model;

/// A store of keys, each of which has a value, a counter and a set: a history may use a name for all three.
/// Each key is a part by itself.
#[derive(Clone, Copy, Debug, Default)]
pub struct Keys;

/// What a store remembers of one key.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cell {
    value: Option<Value>,
    counter: i64,
    members: BTreeSet<Value>,
}

impl Model for Keys {
    type Operation = Operation;
    type State = Cell;

    fn start(&self) -> Cell {
        Cell::default()
    }

    fn step(&self, state: &Cell, operation: &Operation, answered: bool) -> Option<Cell> {
        let mut next = state.clone();
        match &operation.kind {
            Kind::Write { value, .. } => next.value.clone_from(value),
            Kind::Add { by, .. } => next.counter = next.counter.wrapping_add(*by),
            Kind::Insert { member, .. } => _ = next.members.insert(member.clone()),
            Kind::Remove { member, .. } => _ = next.members.remove(member),
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

    fn is_alike(&self, one: &Operation, other: &Operation) -> bool {
        one.is_update() && one.kind == other.kind
    }

    fn deed(&self, operation: &Operation) -> String {
        operation.deed()
    }
}

impl Cell {
    /// Is this what a read is answered?
    fn answers(&self, kind: &Kind) -> bool {
        match kind {
            Kind::Read { value, .. } => self.value == *value,
            Kind::Total { total, .. } => self.counter == *total,
            Kind::Members { members, .. } => self.members.iter().eq(members.iter().collect::<BTreeSet<_>>()),
            _ => true,
        }
    }
}
