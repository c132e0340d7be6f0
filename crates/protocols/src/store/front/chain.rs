//! The calls of a session that are under way, together: a chain, sent in one message.

use std::collections::VecDeque;

use rumormill_core::{Instant, PeerId};
use serde::Serialize;

use super::session::Waiting;
use crate::store::{Application, Failure, Order, Refusal, Reply, Timestamp};

/// The most calls of a chain.
const MAX_CHAIN: usize = 256;

/// The most bytes of a chain's operations, unless it is one.
const MAX_CHAIN_BYTES: usize = 1 << 20;

/// What is under way of a session: its first calls.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Chain {
    /// How many they are.
    pub len: usize,
    /// Who is asked.
    pub to: PeerId,
    /// What they come after.
    pub prev: Timestamp,
    /// What the replica that is asked said, if it does not take them.
    pub refused: Option<Refusal>,
    /// Replicas that were asked in this round.
    pub tried: usize,
    /// Rounds in which nobody took them.
    pub rounds: u32,
    /// A replica was asked that said nothing: it may have taken some.
    pub is_unsure: bool,
    /// It cannot be ordered because of a replica that does not answer.
    pub missing: Option<PeerId>,
    /// A replica said that they are late.
    pub is_late: bool,
    /// All replicas refused: nobody is asked until `retry_at`.
    pub is_resting: bool,
    /// When to ask the next one.
    pub retry_at: Instant,
    /// When to look at it again: then, or when patience with one of them ends.
    pub deadline: Instant,
    /// Where the next reply's call is expected.
    cursor: usize,
}

/// Calls that may be in one chain.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Lane {
    /// Causal ones whose callers have patience.
    Causal,
    /// What goes to the primary, and what is to be tried only once: one at a time.
    Single,
}

impl Lane {
    fn of<A: Application>(call: &Waiting<A>) -> Self {
        if call.order == Order::Causal && call.give_up.is_some() { Self::Causal } else { Self::Single }
    }
}

impl Chain {
    /// A chain of the first calls of a session that has some, and their bytes.
    pub fn of<A: Application>(calls: &VecDeque<Waiting<A>>, to: PeerId, now: Instant) -> Self {
        let mut len = 1;
        if calls.front().is_some_and(|first| Lane::of(first) == Lane::Causal) {
            let (mut bytes, mut is_behind_query) = (0, false);
            let fits = |call: &&Waiting<A>| {
                bytes += call.bytes;
                // An update after a query gets its stamp when the answer is there: the query may see what was
                // stamped meanwhile, and this must win over that.
                let is_timed = !(is_behind_query && call.is_update());
                is_behind_query |= !call.is_update();
                Lane::of(call) == Lane::Causal && bytes <= MAX_CHAIN_BYTES && is_timed
            };
            len = calls.iter().take(MAX_CHAIN).take_while(fits).count().max(1);
        }
        Self {
            len,
            to,
            prev: Timestamp::new(),
            refused: None,
            tried: 0,
            rounds: 0,
            is_unsure: false,
            missing: None,
            is_late: false,
            is_resting: false,
            retry_at: now,
            deadline: now,
            cursor: 0,
        }
    }

    /// The place among the session's calls of the one that a reply is for, if it is of the chain and has no
    /// outcome yet. Replies come in the order of the calls, as a rule.
    pub fn find<A: Application>(&mut self, calls: &VecDeque<Waiting<A>>, reply: &Reply<A>) -> Option<usize> {
        let is_it = |place: &usize| {
            calls.get(*place).is_some_and(|call| {
                call.number == reply.id.number && call.is_update() == reply.update && call.outcome.is_none()
            })
        };
        let place = (self.cursor..self.len).chain(0..self.cursor.min(self.len)).find(is_it)?;
        self.cursor = place + 1;
        Some(place)
    }

    /// Why a call of it failed: when all replicas have refused it, or before, when its caller waits no longer. What a
    /// query did does not matter then, but an update may have been taken.
    pub fn failure(&self, is_update: bool, is_refused: bool) -> Failure {
        let is_certain = is_refused && !self.is_unsure;
        match self.missing {
            Some(replica) if is_certain || !is_update => Failure::Refused(Refusal::Missing(replica)),
            Some(replica) => Failure::Silent(replica),
            None if is_certain => Failure::Busy,
            None => Failure::Unknown,
        }
    }

    /// So many of its first calls are over.
    pub fn shorten(&mut self, by: usize) {
        self.len -= by;
        self.cursor = self.cursor.saturating_sub(by);
    }
}
