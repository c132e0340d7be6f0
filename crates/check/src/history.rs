//! Histories: what the clients of a replicated store asked and were told, and whether a store that keeps its
//! promises could have told them that.
//!
//! A [`History`] is made of operations in sessions; it knows nothing of how the store works. What is known of
//! the replicas besides (the calls that each executed, their states at the end) may be added, and is judged
//! with checks of its own. A checker gives a [`Verdict`]: the promise holds, or it does not and here are the
//! operations that show it, or this history does not decide it and here is why. No checker keeps silent about
//! what it could not judge.
//!
//! Checkers are pure functions of a history, so a protocol's properties can call them on what its peers
//! remember, a simulation's end can, and so can a command that reads a history from a file.
//!
//! A read of several keys at one moment is recorded as reads of one session that follow each other.

mod builder;
pub mod causal;
mod convergence;
mod delivery;
mod forced;
mod index;
pub mod linear;
mod once;
mod operation;
mod promise;
pub mod session;
mod sets;
#[cfg(test)]
mod tests;
mod verdict;

pub use builder::{Builder, Session};
pub use convergence::convergence;
pub use delivery::causal_delivery;
pub use forced::one_order;
pub use once::{exactly_once, nothing_lost};
pub use operation::{Key, Kind, Label, Operation, OperationId, Order, Value, Version};
pub use promise::{NoSuchPromise, Promise};
pub use verdict::{Verdict, Witness};

use std::collections::BTreeSet;

use rumormill_core::Instant;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// What sessions did, and what is known of the replicas that served them.
///
/// Times are on one clock for all sessions, the run's.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct History {
    /// What sessions asked and were told, in any order. Their ids say which came first in a session.
    pub operations: Vec<Operation>,
    /// What is known of each replica; empty when nothing is.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub replicas: Vec<Replica>,
    /// From when on all was quiet: every replica that was up had everything that had happened before, and nothing
    /// was under way. None when that is not known. Reads from then on say how the store ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quiet: Option<Instant>,
}

/// What is known of one replica.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Replica {
    /// Its name for people: its peer number. A replica that lost its disk and came back is another one.
    pub replica: u64,
    /// How its state came about. What a crash undid is left out: executions that had not reached its disk.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<Step>,
    /// A digest of its state at the end, when all was quiet; none when it was down.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
}

/// A change of a replica's state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Step {
    /// It executed this call, an update.
    Executed(OperationId),
    /// Its state was replaced by another replica's, in which these calls had been executed, in any order.
    Received(Vec<OperationId>),
}

/// Why a history cannot be judged at all.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Malformed {
    /// Two operations have the same id.
    #[error("two operations have the id {0}: number the operations of a session 0, 1, 2 and so on")]
    Repeated(OperationId),
    /// It ended before it began.
    #[error("operation {0} returned before it was invoked: record both times on one clock")]
    Backwards(OperationId),
    /// In a session, one operation began before the one before it ended.
    #[error("operation {0} was invoked before {1} of the same session returned: give each its own session")]
    Overlapping(OperationId, OperationId),
    /// A session is said to have had a token that covers an operation that was never answered, or is not there.
    #[error("{0} is said to come after {1} of another session, but that was never answered")]
    After(OperationId, OperationId),
    /// A read is said to return what an operation wrote that did not write it.
    #[error("the read {0} is said to return what {1} wrote, but that is not an operation that wrote this value there")]
    Source(OperationId, OperationId),
}

impl History {
    /// A history to be written down by hand, in tests above all.
    #[must_use]
    pub fn build() -> Builder {
        Builder::default()
    }

    /// The part of it that is about operations of one order class.
    #[must_use]
    pub fn only(&self, order: Order) -> Self {
        let operations = self.operations.iter().filter(|operation| operation.order == order).cloned();
        let operations: Vec<Operation> = operations.collect();
        let ids: BTreeSet<OperationId> = operations.iter().map(|operation| operation.id).collect();
        let replicas = self.replicas.iter().map(|replica| replica.only(&ids)).collect();
        Self { operations, replicas, quiet: self.quiet }
    }

    /// How many sessions there are.
    #[must_use]
    pub fn sessions(&self) -> usize {
        self.operations.iter().map(|operation| operation.id.session).collect::<BTreeSet<_>>().len()
    }

    /// Its operations by session, and in each by their numbers.
    ///
    /// # Errors
    /// When the history contradicts itself.
    pub(crate) fn sorted(&self) -> Result<Vec<&Operation>, Malformed> {
        let mut sorted: Vec<&Operation> = self.operations.iter().collect();
        sorted.sort_by_key(|operation| operation.id);
        for operation in &sorted {
            if operation.returned.is_some_and(|returned| returned < operation.invoked) {
                return Err(Malformed::Backwards(operation.id));
            }
        }
        for pair in sorted.windows(2) {
            let (first, second) = (pair[0], pair[1]);
            if first.id == second.id {
                return Err(Malformed::Repeated(first.id));
            }
            let same = first.id.session == second.id.session;
            if same && first.returned.is_some_and(|returned| returned > second.invoked) {
                return Err(Malformed::Overlapping(second.id, first.id));
            }
        }
        Ok(sorted)
    }
}

impl Replica {
    /// A replica that executed these calls, in this order.
    #[must_use]
    pub fn executed(replica: u64, calls: impl IntoIterator<Item = OperationId>) -> Self {
        Self { replica, steps: calls.into_iter().map(Step::Executed).collect(), digest: None }
    }

    /// What is known of it and these calls.
    fn only(&self, ids: &BTreeSet<OperationId>) -> Self {
        let steps = self.steps.iter().filter_map(|step| match step {
            Step::Executed(call) => ids.contains(call).then_some(Step::Executed(*call)),
            Step::Received(calls) => {
                Some(Step::Received(calls.iter().filter(|call| ids.contains(call)).copied().collect()))
            }
        });
        Self { replica: self.replica, steps: steps.collect(), digest: self.digest.clone() }
    }
}
