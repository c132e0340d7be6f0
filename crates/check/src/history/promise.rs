//! The promises by their names.

use std::fmt;
use std::str::FromStr;

use super::{History, Verdict, causal, linear, session};
use super::{causal_delivery, convergence, exactly_once, nothing_lost, one_order};

/// A promise that a store makes, and that a history can be judged for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Promise {
    /// [`session::read_your_writes`].
    ReadYourWrites,
    /// [`session::monotonic_reads`].
    MonotonicReads,
    /// [`session::monotonic_writes`].
    MonotonicWrites,
    /// [`session::writes_follow_reads`].
    WritesFollowReads,
    /// [`causal::consistency`].
    CausalConsistency,
    /// [`causal::convergence`].
    CausalConvergence,
    /// [`causal::memory`].
    CausalMemory,
    /// [`causal_delivery`].
    CausalDelivery,
    /// [`one_order`].
    OneOrder,
    /// [`linear::linearizability`].
    Linearizability,
    /// [`linear::immediate_linearizability`].
    ImmediateLinearizability,
    /// [`exactly_once`].
    ExactlyOnce,
    /// [`nothing_lost`].
    NothingLost,
    /// [`convergence`](fn@convergence).
    Convergence,
}

/// There is no promise of this name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no promise is called {0:?}; there are: {names}", names = Promise::ALL.map(Promise::name).join(", "))]
pub struct NoSuchPromise(pub String);

impl Promise {
    /// All of them.
    pub const ALL: [Self; 14] = [
        Self::ReadYourWrites,
        Self::MonotonicReads,
        Self::MonotonicWrites,
        Self::WritesFollowReads,
        Self::CausalConsistency,
        Self::CausalConvergence,
        Self::CausalMemory,
        Self::CausalDelivery,
        Self::OneOrder,
        Self::Linearizability,
        Self::ImmediateLinearizability,
        Self::ExactlyOnce,
        Self::NothingLost,
        Self::Convergence,
    ];

    /// How it is called where names are typed, and as a property: `read_your_writes`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::ReadYourWrites => "read_your_writes",
            Self::MonotonicReads => "monotonic_reads",
            Self::MonotonicWrites => "monotonic_writes",
            Self::WritesFollowReads => "writes_follow_reads",
            Self::CausalConsistency => "causal_consistency",
            Self::CausalConvergence => "causal_convergence",
            Self::CausalMemory => "causal_memory",
            Self::CausalDelivery => "causal_delivery",
            Self::OneOrder => "one_order",
            Self::Linearizability => "linearizability",
            Self::ImmediateLinearizability => "immediate_linearizability",
            Self::ExactlyOnce => "exactly_once",
            Self::NothingLost => "nothing_lost",
            Self::Convergence => "convergence",
        }
    }

    /// What it says, as a sentence.
    #[must_use]
    pub fn about(self) -> &'static str {
        match self {
            Self::ReadYourWrites => "A session's reads know what it wrote before.",
            Self::MonotonicReads => "A session's reads know what it read before.",
            Self::MonotonicWrites => "Who sees a write knows what its session wrote before it.",
            Self::WritesFollowReads => "Who sees a write knows what its session had read before it.",
            Self::CausalConsistency => "Everything is seen after what was known when it was written.",
            Self::CausalConvergence => "That, and all agree on who wins of concurrent writes.",
            Self::CausalMemory => "Causal consistency, and no session changes its mind about concurrent writes.",
            Self::CausalDelivery => "No replica executes an update before those on which it depends.",
            Self::OneOrder => "Forced updates happen in one causal order everywhere.",
            Self::Linearizability => "It is as if there were one copy that does one operation at a time.",
            Self::ImmediateLinearizability => "Immediate operations are as if there were one copy.",
            Self::ExactlyOnce => "No update happens twice, however often it was retried.",
            Self::NothingLost => "Nothing that was answered is missing at the end.",
            Self::Convergence => "When all is quiet, all replicas are the same.",
        }
    }

    /// Was it kept in this history?
    #[must_use]
    pub fn judge(self, history: &History) -> Verdict {
        match self {
            Self::ReadYourWrites => session::read_your_writes(history),
            Self::MonotonicReads => session::monotonic_reads(history),
            Self::MonotonicWrites => session::monotonic_writes(history),
            Self::WritesFollowReads => session::writes_follow_reads(history),
            Self::CausalConsistency => causal::consistency(history),
            Self::CausalConvergence => causal::convergence(history),
            Self::CausalMemory => causal::memory(history),
            Self::CausalDelivery => causal_delivery(history),
            Self::OneOrder => one_order(history),
            Self::Linearizability => linear::linearizability(history),
            Self::ImmediateLinearizability => linear::immediate_linearizability(history),
            Self::ExactlyOnce => exactly_once(history),
            Self::NothingLost => nothing_lost(history),
            Self::Convergence => convergence(history),
        }
    }
}

impl fmt::Display for Promise {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Promise {
    type Err = NoSuchPromise;

    fn from_str(name: &str) -> Result<Self, NoSuchPromise> {
        let promise = Self::ALL.into_iter().find(|promise| promise.name() == name);
        promise.ok_or_else(|| NoSuchPromise(name.into()))
    }
}
