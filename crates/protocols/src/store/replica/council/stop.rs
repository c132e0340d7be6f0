//! A member's part in a round: it stops, and goes on when the round is over.
//!
//! Whoever has stopped answers no calls and takes in no updates, not even from gossip: so what it said that it
//! holds stays true until all have agreed on what the round found. It remembers this over a crash. When the
//! council has decided, it first executes all that was found and ordered, so that nobody who asks it later sees
//! less; then it takes calls again, those first that came meanwhile.

use std::collections::VecDeque;

use rumormill_core::{Context, PeerId, Protocol as _};
use serde::{Deserialize, Serialize};

use super::super::ready::shortfall;
use super::super::{Replica, disk};
use super::decree::Cursor;
use super::round::Standing;
use crate::store::{Application, Calls, Indication, Message, Round, Slot, Store, Timestamp};

/// Calls that may wait for the end of a round; more are refused.
const MAX_DELAYED: usize = 1 << 16;

/// Messages with such calls, at most.
const MAX_MESSAGES: usize = 1 << 10;

/// Why a member takes no calls.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(in crate::store::replica) struct Stop {
    /// For which round.
    round: Round,
    /// What must be executed before it goes on; none while the round is not decided.
    until: Option<Timestamp>,
}

impl Stop {
    /// For which round, if that is not decided?
    pub(super) fn undecided(&self) -> Option<Round> {
        self.until.is_none().then_some(self.round)
    }

    /// Is the round decided?
    pub(super) fn is_decided(&self) -> bool {
        self.until.is_some()
    }
}

/// What a member remembers of the last round over a crash.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Noted {
    round: Round,
    /// Does it take calls again?
    is_over: bool,
    /// See [`Cursor`].
    fence: u64,
    fenced: u64,
}

/// Calls that came while the member had stopped.
#[derive(Clone, Debug, Serialize)]
#[serde(bound = "")]
pub(super) struct Delayed<A: Application> {
    #[serde(skip)]
    messages: VecDeque<(PeerId, Calls<A>)>,
    /// How many calls are in them.
    calls: usize,
}

impl<A: Application> Default for Delayed<A> {
    fn default() -> Self {
        Self { messages: VecDeque::new(), calls: 0 }
    }
}

impl<A: Application> Delayed<A> {
    pub(super) fn len(&self) -> usize {
        self.calls
    }
}

impl<A: Application> Replica<A> {
    /// Does this member take no calls because of a round?
    pub(in crate::store::replica) fn is_stopped(&self) -> bool {
        self.council.stop.is_some()
    }

    /// May it take in updates of others? While a round is not decided, only the primary does, who gathers them.
    pub(in crate::store::replica) fn takes_records(&self) -> bool {
        let is_open = self.council.stop.as_ref().is_none_or(|stop| stop.until.is_some());
        is_open || self.council.chair.as_ref().is_some_and(|chair| chair.is_gathering())
    }

    /// Calls that came while it had stopped.
    pub(in crate::store::replica) fn delayed(&self) -> usize {
        self.council.delayed.len()
    }

    /// Keeps calls until the round is over; gives them back when it has no room for them.
    pub(in crate::store::replica) fn delay(&mut self, front: PeerId, calls: Calls<A>) -> Option<Calls<A>> {
        let delayed = &mut self.council.delayed;
        if delayed.calls + calls.calls.len() > MAX_DELAYED || delayed.messages.len() >= MAX_MESSAGES {
            return Some(calls);
        }
        delayed.calls += calls.calls.len();
        delayed.messages.push_back((front, calls));
        None
    }

    /// Was it stopped when it went down? Then it is now.
    pub(super) fn boot_stopped(&mut self, cx: &mut Context<'_, Store<A>>) {
        self.round_is_decided();
        let stored = cx.stored(disk::ROUND).and_then(|bytes| postcard::from_bytes::<Noted>(&bytes).ok());
        let Some(noted) = stored else { return };
        let cursor = &mut self.council.cursor;
        cursor.fence = cursor.fence.max(noted.fence);
        cursor.fenced = cursor.fenced.max(noted.fenced);
        if !noted.is_over && noted.round > cursor.round {
            self.council.stop = Some(Stop { round: noted.round, until: None });
        }
    }

    /// The primary begins a round.
    pub(in crate::store) fn on_stop(&mut self, cx: &mut Context<'_, Store<A>>, from: PeerId, round: Round) {
        let is_over = round <= self.council.cursor.round || round.term < self.council.raft.term();
        if is_over || !self.members.replicas.members.contains(&from) || !self.is_member() {
            return;
        }
        self.stop(cx, round);
        if self.council.stop.as_ref().is_some_and(|stop| stop.round == round && stop.until.is_none()) {
            self.hand_in(cx, from);
            let (held, time) = (self.log.held().clone(), self.heard);
            cx.send(from, Message::Stopped { round, line: self.line, held, time });
        }
        self.finish(cx);
    }

    /// Takes no calls from now on, until the round is over.
    pub(super) fn stop(&mut self, cx: &mut Context<'_, Store<A>>, round: Round) {
        if self.council.stop.as_ref().is_none_or(|stop| stop.round < round) {
            self.note_round(cx, round, false);
            self.council.stop = Some(Stop { round, until: None });
        }
    }

    /// What of a round must not be forgotten in a crash, though the state on the disk is older.
    fn note_round(&self, cx: &mut Context<'_, Store<A>>, round: Round, is_over: bool) {
        let Cursor { fence, fenced, .. } = self.council.cursor;
        cx.persist(disk::ROUND, &disk::encode(&Noted { round, is_over, fence, fenced }));
    }

    /// A member told what it holds.
    pub(in crate::store) fn on_stopped(
        &mut self,
        cx: &mut Context<'_, Store<A>>,
        from: PeerId,
        round: Round,
        standing: Standing,
    ) {
        if standing.line.replica != from {
            return cx.indicate(Indication::Misbehaved { peer: from, why: "it stopped in the name of another" });
        }
        if let Some(chair) = self.council.chair.as_deref_mut() {
            chair.hear_stopped(from, round, standing);
        }
        self.finish(cx);
    }

    /// The council has decided a round: a member goes on when all that was found is executed, also one that did
    /// not know of the round.
    pub(super) fn round_is_decided(&mut self) {
        let Cursor { round, found, .. } = &self.council.cursor;
        if self.council.stop.as_ref().is_none_or(|stop| stop.round <= *round) {
            self.council.stop = Some(Stop { round: *round, until: Some(found.clone()) });
        }
    }

    /// Nobody stays stopped for this round or one before it, when what the last one found is executed: that may have
    /// been an earlier one than that for which it stopped.
    pub(super) fn rounds_are_over(&mut self, round: Round) {
        if let Some(stop) = self.council.stop.as_mut().filter(|stop| stop.round <= round) {
            stop.until.get_or_insert_with(|| self.council.cursor.found.clone());
        }
    }

    /// What a member that has stopped waits for, to go on.
    pub(in crate::store::replica) fn wants_to_go_on(&self) -> Option<(Slot, u64)> {
        let until = self.council.stop.as_ref()?.until.as_ref()?;
        shortfall(until, &self.value_timestamp)?;
        self.lacks(until)
    }

    /// Takes calls again, if the round is over and what it found is executed. True when it has.
    pub(in crate::store::replica) fn go_on(&mut self, cx: &mut Context<'_, Store<A>>) -> bool {
        let is_decided = self.council.stop.as_ref().is_some_and(|stop| stop.until.is_some());
        if !is_decided || self.wants_to_go_on().is_some() {
            return false;
        }
        let Some(stop) = self.council.stop.take() else { return false };
        self.note_round(cx, stop.round, true);
        self.answer_round(cx, stop.round);
        let delayed = std::mem::take(&mut self.council.delayed);
        for (front, calls) in delayed.messages {
            self.take_calls(cx, front, calls);
        }
        true
    }

    /// Somebody says that this peer is no member any more.
    pub(in crate::store) fn on_dismissed(&mut self, cx: &mut Context<'_, Store<A>>, from: PeerId, version: u64) {
        let known = &self.members.replicas;
        self.council.leaving |= self.is_member() && known.members.contains(&from) && version > known.version;
        self.finish(cx);
    }

    /// A member that was let go forgets everything, and is again a peer that may be taken in. True when it has.
    pub(in crate::store::replica) fn leave(&mut self, cx: &mut Context<'_, Store<A>>) -> bool {
        if !self.council.leaving {
            return false;
        }
        cx.note("is no member any more, and forgets the store");
        cx.persist(disk::DISMISSED, &[]);
        let raft = std::mem::take(&mut self.council.raft);
        self.members = super::super::members::Members::default();
        self.start_over(cx);
        self.council.raft = raft;
        self.counsel(cx, |raft, cx| raft.on_request(cx, crate::raft::Request::StartOver));
        true
    }
}
