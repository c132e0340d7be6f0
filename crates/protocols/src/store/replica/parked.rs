//! Calls that wait: chains whose next query depends on updates that are not executed here, and updates whose
//! answers are not known yet.

use std::collections::{BTreeMap, VecDeque};

use rumormill_core::PeerId;
use serde::Serialize;
use smallvec::SmallVec;

use crate::store::{Application, Call, CallId, SessionId, Slot, Timestamp};

/// The most calls that wait at a replica; further ones are refused.
const MAX_WAITING: usize = 1 << 18;

/// Calls that wait.
#[derive(Clone, Debug, Serialize)]
#[serde(bound = "")]
pub(super) struct Parked<A: Application> {
    chains: BTreeMap<u64, Chain<A>>,
    /// The chain of each session: it has one, the newest.
    sessions: BTreeMap<SessionId, u64>,
    next: u64,
    /// Calls in the chains.
    calls: usize,
    /// Answers that wait for a record.
    owed: BTreeMap<(Slot, u64), SmallVec<[Owed; 1]>>,
}

/// Calls of one session, the first of them a query that waits.
#[derive(Clone, Debug, Serialize)]
#[serde(bound = "")]
pub(super) struct Chain<A: Application> {
    /// Whom to answer.
    pub(super) front: PeerId,
    /// What the calls come after, besides their own labels.
    pub(super) seen: Timestamp,
    /// The calls, each with its own label.
    pub(super) calls: VecDeque<(Timestamp, Call<A>)>,
}

/// An answer that waits for a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Owed {
    /// Whom to answer.
    pub(super) front: PeerId,
    /// Which call.
    pub(super) id: CallId,
    /// Must the answer say what it returned?
    pub(super) wait: bool,
}

impl<A: Application> Default for Parked<A> {
    fn default() -> Self {
        let (chains, sessions, owed) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        Self { chains, sessions, next: 0, calls: 0, owed }
    }
}

impl<A: Application> Parked<A> {
    /// How many calls wait.
    pub(super) fn len(&self) -> usize {
        self.calls + self.owed.len()
    }

    /// Do so many wait that no more may?
    pub(super) fn is_full(&self) -> bool {
        self.len() >= MAX_WAITING
    }

    /// Parks a chain, in place of an earlier one of the session. Returns its number.
    pub(super) fn park(&mut self, chain: Chain<A>) -> u64 {
        self.next += 1;
        if let Some((_, call)) = chain.calls.front()
            && let Some(earlier) = self.sessions.insert(call.id.session, self.next)
            && let Some(earlier) = self.chains.remove(&earlier)
        {
            self.calls -= earlier.calls.len();
        }
        self.calls += chain.calls.len();
        self.chains.insert(self.next, chain);
        self.next
    }

    /// Lets a call wait behind those of its chain.
    pub(super) fn follow(&mut self, number: u64, label: Timestamp, call: Call<A>) {
        if let Some(chain) = self.chains.get_mut(&number) {
            chain.calls.push_back((label, call));
            self.calls += 1;
        }
    }

    /// Takes a chain out; none when a newer one has taken its place.
    pub(super) fn take(&mut self, number: u64) -> Option<Chain<A>> {
        let chain = self.chains.remove(&number)?;
        self.calls -= chain.calls.len();
        if let Some((_, call)) = chain.calls.front() {
            self.sessions.remove(&call.id.session);
        }
        Some(chain)
    }

    /// The chains whose first call is of before this time: nobody waits for them any more.
    pub(super) fn older_than(&self, time: u64) -> Vec<u64> {
        let old = |chain: &Chain<A>| chain.calls.front().is_none_or(|(_, call)| call.time < time);
        self.chains.iter().filter(|(_, chain)| old(chain)).map(|(&number, _)| number).collect()
    }

    /// An answer waits for a record.
    pub(super) fn owe(&mut self, at: (Slot, u64), owed: Owed) {
        let waiting = self.owed.entry(at).or_default();
        if !waiting.contains(&owed) {
            waiting.push(owed);
        }
    }

    /// Nobody waits for a record any more.
    pub(super) fn forget_owed(&mut self) {
        self.owed.clear();
    }

    /// The answers that wait for a record: those that say what it returned, or the others, or all.
    pub(super) fn due(&mut self, at: (Slot, u64), which: impl Fn(&Owed) -> bool) -> SmallVec<[Owed; 1]> {
        if self.owed.is_empty() {
            return SmallVec::new();
        }
        let Some(mut waiting) = self.owed.remove(&at) else { return SmallVec::new() };
        let due = waiting.iter().copied().filter(&which).collect();
        waiting.retain(|owed| !which(owed));
        if !waiting.is_empty() {
            self.owed.insert(at, waiting);
        }
        due
    }
}
