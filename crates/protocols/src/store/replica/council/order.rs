//! Forced updates: one order of all of them, and still causal.
//!
//! Ladin et al. 1992, section 3. The primary has the council agree on an update; its place among the ordered ones
//! is its number in the forced line. Its `prev` names all ordered ones before it, so that the test which lets
//! causal updates wait for their causes keeps the sequence, too.

use std::sync::Arc;

use rumormill_core::{Context, Protocol as _};
use smallvec::SmallVec;

use super::super::Replica;
use super::super::calls::Known;
use super::super::log::Misfit;
use super::super::outbox::Seen;
use super::super::parked::Owed;
use crate::raft;
use crate::store::{Application, CallId, Decree, Order, Ordered, Record, Refusal, Slot, Stamp, Store, Timestamp};

/// Calls that may wait to be ordered; more are refused.
const MAX_OWED: usize = 1 << 14;

impl<A: Application> Replica<A> {
    /// Is there room for another call that waits to be ordered?
    pub(in crate::store::replica) fn has_room_to_order(&self) -> bool {
        self.council.owed.len() < MAX_OWED
    }

    /// An answer waits until a call has been ordered. False when that call was not known yet.
    pub(super) fn owe_ordered(&mut self, owed: Owed) -> bool {
        let is_known = self.council.owed.contains_key(&owed.id);
        let waiting = self.council.owed.entry(owed.id).or_default();
        if !waiting.contains(&owed) {
            waiting.push(owed);
        }
        is_known
    }

    /// Has the council agree on a forced update.
    pub(in crate::store::replica) fn force(&mut self, cx: &mut Context<'_, Store<A>>, ordered: Ordered<A>, owed: Owed) {
        if !self.owe_ordered(owed) {
            let decree = Decree::Forced(Box::new(ordered));
            self.counsel(cx, |raft, cx| raft.on_request(cx, raft::Request::Propose(decree)));
        }
    }

    /// The council has not taken a decree: its calls are refused, and the rest is proposed again later. Returns what
    /// to ask of it instead.
    pub(super) fn hear_refused(
        &mut self,
        cx: &mut Context<'_, Store<A>>,
        decree: Decree<A>,
        refusal: Refusal,
    ) -> Option<raft::Request<Decree<A>>> {
        match decree {
            Decree::Forced(ordered) => self.refuse_owed(cx, ordered.call, refusal),
            Decree::Round(minutes) => return self.round_is_refused(cx, *minutes, refusal),
            Decree::Over(round) => self.over_is_refused(round),
            Decree::Admit(peer) => self.admission_is_refused(peer),
        }
        None
    }

    /// Whoever waits for an update to be ordered hears that it is not.
    pub(super) fn refuse_owed(&mut self, cx: &mut Context<'_, Store<A>>, call: CallId, refusal: Refusal) {
        for owed in self.council.owed.remove(&call).unwrap_or_default() {
            self.reply(cx, owed.front, (owed.id, true), Seen::Nothing, Err(refusal));
        }
    }

    /// The next update in the one order; an immediate one comes `after` all that a round found, which is of before
    /// a time.
    pub(super) fn order(
        &mut self,
        cx: &mut Context<'_, Store<A>>,
        ordered: Ordered<A>,
        order: Order,
        after: Option<(&Timestamp, u64)>,
    ) {
        let Ordered { call, mut prev, time, update } = ordered;
        let cursor = &mut self.council.cursor;
        cursor.forced += 1;
        cursor.time = time.max(cursor.time.saturating_add(1));
        if let Some((held, before)) = after {
            prev.merge(held);
            cursor.time = cursor.time.max(before.saturating_add(1));
        }
        let (slot, number, stamp) = (Slot::FORCED, cursor.forced, Stamp { time: cursor.time, call });
        prev.set(slot, number - 1);
        let owed = self.council.owed.remove(&call).unwrap_or_default();
        let record = Arc::new(Record { call, prev, slot, number, stamp, order, update });
        let ts = self.without_lost(record.ts());
        let taken = self.take(cx, record);
        // Gossip may have brought it before.
        debug_assert!(!matches!(taken, Err(Misfit::Gap)), "ordered updates come in order");
        self.answer_ordered(cx, (slot, number), &ts, owed);
    }

    /// Answers those who wait for a call that has been ordered, now or when it is executed.
    fn answer_ordered(
        &mut self,
        cx: &mut Context<'_, Store<A>>,
        at: (Slot, u64),
        ts: &Timestamp,
        owed: SmallVec<[Owed; 1]>,
    ) {
        for owed in owed {
            let is_executed = self.log.get(at.0, at.1).is_none_or(|entry| entry.executed);
            if is_executed {
                let answer = self.answer_of(owed.id).filter(|_| owed.wait);
                self.reply(cx, owed.front, (owed.id, true), Seen::Exactly(ts), Ok(answer));
            } else {
                self.answer_later(cx, at, ts, owed);
            }
        }
    }

    fn answer_of(&self, call: CallId) -> Option<A::Answer> {
        match self.calls.find(call) {
            Known::Executed(Some(kept)) => Some(kept.answer.clone()),
            _ => None,
        }
    }
}
