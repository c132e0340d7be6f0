//! Linearizability: could one copy of the store, doing one operation at a time, each between its question and its
//! answer, have answered all that (Herlihy and Wing, "Linearizability: A Correctness Condition for Concurrent Objects",
//! TOPLAS 12(3), 1990)?
//!
//! The search is that of Wing and Gong ("Testing and Verifying Concurrent Objects", JPDC 17, 1993) with Lowe's
//! memory of what was tried ("Testing for Linearizability", CCPE 29(4), 2017), each key by itself (Horn and Kroening,
//! "Faster Linearizability Checking via P-Compositionality", FORTE 2015). What it should behave like is a
//! [`Model`]. Keys in which no value is written twice need no search (Gibbons and Korach, "Testing Shared Memories",
//! SIAM J. Comput. 26(4), 1997). An operation that was never answered may have happened at any time after its
//! question, or not. Two operations that touch, one answered in the moment in which the other is asked, count as concurrent unless
//! they are of one session.
//!
//! In general the question is NP-complete, so the search may need more than it may remember ([`REMEMBERED_MAX`]). Then
//! nothing is decided, and the verdict says so.

mod keys;
mod model;
mod search;
mod witness;
mod zones;

use std::collections::{BTreeMap, BTreeSet};

use rumormill_core::Instant;

pub use self::keys::{Cell, Keys};
pub use self::model::{Counter, CounterOperation, Model, Register, RegisterOperation};
pub use self::search::REMEMBERED_MAX;
use self::search::{Found, search};
use super::{History, Kind, Operation, OperationId, Order, Value, Verdict};

/// An operation on a model: when it was asked and answered, and what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timed<O> {
    /// Which one; its session does one after the other.
    pub id: OperationId,
    /// What was asked and answered.
    pub operation: O,
    /// When it was asked.
    pub invoked: Instant,
    /// When it was answered; none when it never was.
    pub returned: Option<Instant>,
}

/// Linearizability of operations on any [`Model`].
pub fn linearizability_of<M: Model>(model: &M, operations: &[Timed<M::Operation>]) -> Verdict {
    let mut parts: BTreeMap<Option<&str>, Vec<Timed<&M::Operation>>> = BTreeMap::new();
    for timed in operations {
        let Timed { id, operation, invoked, returned } = timed;
        let timed = Timed { id: *id, operation, invoked: *invoked, returned: *returned };
        parts.entry(model.part(operation)).or_default().push(timed);
    }
    let mut undecided = None;
    for (name, part) in parts {
        match search(model, &part) {
            Found::Order(_) => {}
            Found::NoOrder => return witness::tell(model, &part),
            Found::TooMuch => undecided = undecided.or(Some((name, part.len()))),
        }
    }
    match undecided {
        None => Verdict::Holds { judged: operations.len() },
        Some((name, count)) => {
            let of = name.map_or_else(String::new, |name| format!(" of {name}"));
            let why = format!(
                "the {count} operations{of} can be ordered in too many ways to try; judge fewer, or let fewer overlap"
            );
            Verdict::Undecided { why }
        }
    }
}

/// Linearizability of a whole history: keys that are overwritten, counters and sets, each by itself.
#[must_use]
pub fn linearizability(history: &History) -> Verdict {
    match history.sorted() {
        Ok(operations) => of_keys(&operations),
        Err(malformed) => malformed.into(),
    }
}

/// Linearizability of what was promised to be: the immediate operations on keys that nothing else changes.
#[must_use]
pub fn immediate_linearizability(history: &History) -> Verdict {
    let operations = match history.sorted() {
        Ok(operations) => operations,
        Err(malformed) => return malformed.into(),
    };
    let mixed = operations.iter().filter(|operation| operation.is_update() && operation.order != Order::Immediate);
    let mixed: BTreeSet<&str> = mixed.map(|operation| operation.key()).collect();
    let immediate = operations.iter().filter(|operation| operation.order == Order::Immediate);
    let judged: Vec<&Operation> = immediate.filter(|operation| !mixed.contains(operation.key())).copied().collect();
    of_keys(&judged)
}

fn of_keys(operations: &[&Operation]) -> Verdict {
    let read: BTreeSet<(&str, Option<&Value>)> = operations
        .iter()
        .filter_map(|operation| match &operation.kind {
            Kind::Read { key, value, .. } if operation.is_answered() => Some((key.as_str(), value.as_ref())),
            _ => None,
        })
        .collect();
    // What was neither answered nor read may as well not have happened.
    let counts = |operation: &&&Operation| match &operation.kind {
        _ if operation.is_answered() => true,
        Kind::Write { key, value } => read.contains(&(key.as_str(), value.as_ref())),
        _ => operation.is_update(),
    };
    let mut keys: BTreeMap<&str, Vec<&Operation>> = BTreeMap::new();
    for operation in operations.iter().filter(counts) {
        keys.entry(operation.key()).or_default().push(operation);
    }
    let (mut judged, mut hard) = (0, Vec::new());
    for (_, part) in keys {
        match zones::judge(&part) {
            Some(Ok(())) => judged += part.len(),
            Some(Err(violated)) => return violated,
            None => hard.extend(part.into_iter().map(timed)),
        }
    }
    match linearizability_of(&Keys, &hard) {
        Verdict::Holds { judged: searched } => Verdict::Holds { judged: judged + searched },
        other => other,
    }
}

fn timed(operation: &Operation) -> Timed<Operation> {
    let Operation { id, invoked, returned, .. } = *operation;
    Timed { id, operation: operation.clone(), invoked, returned }
}
