//! What a store should behave like when it does one operation at a time.

use super::super::Value;

/// A sequential machine, and which answers it may give.
pub trait Model {
    /// A question and its answer.
    type Operation;
    /// What the machine remembers.
    type State: Clone + Ord;

    /// Its state at the beginning.
    fn start(&self) -> Self::State;

    /// Its state after an operation; none when the machine would not have given this answer. An operation that
    /// was not answered is always possible, and what it has as an answer means nothing.
    fn step(&self, state: &Self::State, operation: &Self::Operation, answered: bool) -> Option<Self::State>;

    /// The part of the state that the operation is about, by its name. Operations on different parts must not
    /// depend on each other: each part is judged by itself.
    fn part<'o>(&self, operation: &'o Self::Operation) -> Option<&'o str> {
        let _ = operation;
        None
    }

    /// Does such an operation never change the state? If that is not known, no: it costs time only.
    fn is_read(&self, operation: &Self::Operation) -> bool {
        let _ = operation;
        false
    }

    /// Do two operations change every state alike, and have the same answer? Then one can stand for the other. If
    /// that is not known, no: it costs time only.
    fn is_alike(&self, one: &Self::Operation, other: &Self::Operation) -> bool {
        let _ = (one, other);
        false
    }

    /// What was done, as what follows a subject: `read x = 5`.
    fn deed(&self, operation: &Self::Operation) -> String;
}

/// One place that is overwritten and read.
#[derive(Clone, Copy, Debug, Default)]
pub struct Register;

/// An operation on a [`Register`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RegisterOperation {
    /// It was given this value; none empties it.
    Write(Option<Value>),
    /// It held this value; none when it was empty.
    Read(Option<Value>),
}

impl Model for Register {
    type Operation = RegisterOperation;
    type State = Option<Value>;

    fn start(&self) -> Self::State {
        None
    }

    fn step(&self, state: &Self::State, operation: &Self::Operation, answered: bool) -> Option<Self::State> {
        match operation {
            RegisterOperation::Write(value) => Some(value.clone()),
            RegisterOperation::Read(value) => (!answered || state == value).then(|| state.clone()),
        }
    }

    fn is_read(&self, operation: &Self::Operation) -> bool {
        matches!(operation, RegisterOperation::Read(_))
    }

    fn is_alike(&self, one: &Self::Operation, other: &Self::Operation) -> bool {
        one == other
    }

    fn deed(&self, operation: &Self::Operation) -> String {
        match operation {
            RegisterOperation::Write(Some(value)) => format!("wrote {value}"),
            RegisterOperation::Write(None) => "emptied it".into(),
            RegisterOperation::Read(Some(value)) => format!("read {value}"),
            RegisterOperation::Read(None) => "found it empty".into(),
        }
    }
}

/// A number that is changed by amounts and read. It wraps at the ends of its range.
#[derive(Clone, Copy, Debug, Default)]
pub struct Counter;

/// An operation on a [`Counter`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CounterOperation {
    /// It was changed by this.
    Add(i64),
    /// It stood at this.
    Total(i64),
}

impl Model for Counter {
    type Operation = CounterOperation;
    type State = i64;

    fn start(&self) -> Self::State {
        0
    }

    fn step(&self, state: &Self::State, operation: &Self::Operation, answered: bool) -> Option<Self::State> {
        match *operation {
            CounterOperation::Add(by) => Some(state.wrapping_add(by)),
            CounterOperation::Total(total) => (!answered || *state == total).then_some(*state),
        }
    }

    fn is_read(&self, operation: &Self::Operation) -> bool {
        matches!(operation, CounterOperation::Total(_))
    }

    fn is_alike(&self, one: &Self::Operation, other: &Self::Operation) -> bool {
        one == other
    }

    fn deed(&self, operation: &Self::Operation) -> String {
        match operation {
            CounterOperation::Add(by) => format!("added {by}"),
            CounterOperation::Total(total) => format!("read {total} in total"),
        }
    }
}
