//! The sessions of a front end: what each has seen, and its calls in their order.

use std::collections::{BTreeMap, VecDeque};

use rumormill_core::{Instant, PeerId, Rng};
use serde::Serialize;

use super::chain::Chain;
use crate::store::{Application, CallId, Failure, MAX_SLOTS, Op, Order, Refusal, Reply, SessionId, Timestamp, Token};

/// The most sessions that a front end keeps. Beyond, one that has no call under way makes room.
pub(super) const MAX_SESSIONS: usize = 1 << 17;

/// The most calls of one session that are not over; more are refused as [`Failure::Full`].
pub(super) const MAX_SESSION_CALLS: usize = 1 << 13;

/// The most acknowledgements of closed sessions that wait for a message to travel with. More are dropped:
/// replicas forget the calls anyway, only later.
const MAX_FAREWELLS: usize = 1 << 12;

/// One session.
#[derive(Clone, Debug, Serialize)]
#[serde(bound = "")]
pub(super) struct Session<A: Application> {
    /// How the client calls it.
    pub handle: SessionId,
    /// How replicas know it: new in each life of a front end, so that numbers are never used again. Its low 32
    /// bits are its place here.
    pub id: SessionId,
    /// What it has seen.
    pub label: Timestamp,
    /// The time of its latest call.
    pub time: u64,
    /// Updates and queries so far.
    numbers: [u64; 2],
    /// No copy is sent any more of updates up to this number.
    finished: u64,
    /// Must replicas still be told of `finished`?
    owes: bool,
    /// It ends with its last call.
    pub closing: bool,
    /// It was used since somebody last looked for room.
    pub used: bool,
    /// Its calls that are not over, in order; the first of them are the chain.
    pub calls: VecDeque<Waiting<A>>,
    /// What is under way.
    pub chain: Option<Chain>,
}

/// A call that is not over.
#[derive(Clone, Debug, Serialize)]
#[serde(bound = "")]
pub(super) struct Waiting<A: Application> {
    /// Whose it is.
    pub caller: Caller,
    /// Its number among the session's updates, or queries.
    pub number: u64,
    /// When it was first sent; 0 before.
    pub time: u64,
    /// How it is ordered.
    pub order: Order,
    /// Must the answer say what it returned?
    pub wait: bool,
    /// What it asks for.
    pub op: Op<A::Update, A::Query>,
    /// Its encoded length in bytes, without what all calls have.
    pub bytes: usize,
    /// What it must come after, besides what the session has seen.
    pub seen: Token,
    /// When to give up; none: when every replica has been tried once.
    pub give_up: Option<Instant>,
    /// How it ended.
    pub outcome: Option<Result<Option<A::Answer>, Failure>>,
    /// The label that came with the answer, when a journal is kept: checkers compare it with others.
    pub said: Option<Timestamp>,
}

/// Who made a call, and where it stands in the journal, if there is one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Caller {
    pub who: Who,
    pub entry: Option<u32>,
}

/// Who makes calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(super) enum Who {
    /// The layer above, with this ticket.
    Above(u64),
    /// The made-up client of this number.
    Client(u32),
}

impl<A: Application> Waiting<A> {
    /// Is it an update?
    pub fn is_update(&self) -> bool {
        matches!(self.op, Op::Update(_))
    }
}

/// What a reply did to a session.
pub(super) enum Heard {
    /// It had been answered before, or is none of its calls.
    Nothing,
    /// A call of the chain has an outcome now, or is refused.
    Something,
    /// No correct replica says that.
    Wrong(&'static str),
}

impl<A: Application> Session<A> {
    /// The number of its next update, or query.
    pub fn number(&mut self, is_update: bool) -> u64 {
        let number = &mut self.numbers[usize::from(!is_update)];
        *number += 1;
        *number
    }

    /// Hears an answer or a refusal. What the replica says that the session has seen, it has, also when the
    /// call is over: its update may have got several timestamps.
    pub fn hear(&mut self, from: PeerId, reply: Reply<A>, label: Option<&Timestamp>) -> Heard {
        if reply.result.is_ok() {
            let Some(label) = label else { return Heard::Wrong("a reply without its label") };
            if !merge_bounded(&mut self.label, label) {
                return Heard::Wrong("a label with too many parts");
            }
        }
        let Some(chain) = &mut self.chain else { return Heard::Nothing };
        let Some(place) = chain.find(&self.calls, &reply) else { return Heard::Nothing };
        let call = &mut self.calls[place];
        match reply.result {
            Ok(None) if !reply.update => return Heard::Wrong("a query's reply without an answer"),
            Ok(answer) => {
                // Its own effect, and what it came after: a copy that was executed elsewhere may say less.
                let _ = merge_bounded(&mut self.label, &chain.prev);
                call.outcome = Some(Ok(answer));
                call.said = label.filter(|_| call.caller.entry.is_some()).cloned();
            }
            // It is about an earlier time that the call had.
            Err(Refusal::Past(fence)) if call.time > fence => return Heard::Nothing,
            Err(_) if from != chain.to || chain.is_resting => return Heard::Nothing,
            Err(refusal @ (Refusal::Lost(..) | Refusal::Unknown | Refusal::Large)) => {
                call.outcome = Some(Err(Failure::Refused(refusal)));
            }
            Err(refusal) => chain.refused = chain.refused.or(Some(refusal)),
        }
        Heard::Something
    }
}

/// Merges labels, unless that makes one that could not travel.
pub(super) fn merge_bounded(label: &mut Timestamp, other: &Timestamp) -> bool {
    if label.covers(other) {
        return true;
    }
    let mut merged = label.clone();
    merged.merge(other);
    let fits = merged.len() <= MAX_SLOTS;
    if fits {
        *label = merged;
    }
    fits
}

/// All sessions.
#[derive(Clone, Debug, Serialize)]
#[serde(bound = "")]
pub(super) struct Sessions<A: Application> {
    slots: Vec<Option<Box<Session<A>>>>,
    free: Vec<u32>,
    by_handle: BTreeMap<SessionId, u32>,
    /// In the order in which they are looked at when there is no room.
    line: VecDeque<u32>,
    /// What sessions had seen that had to make room: a client that comes back without a token has seen it.
    forgotten: Timestamp,
    /// Sessions that owe an acknowledgement.
    owing: Vec<u32>,
    /// Acknowledgements of sessions that are no more.
    farewells: Vec<CallId>,
}

impl<A: Application> Sessions<A> {
    pub fn new() -> Self {
        Self {
            slots: Vec::new(),
            free: Vec::new(),
            by_handle: BTreeMap::new(),
            line: VecDeque::new(),
            forgotten: Timestamp::new(),
            owing: Vec::new(),
            farewells: Vec::new(),
        }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.by_handle.len()
    }

    /// The place of the session that a client calls so; it begins now unless it is there. `None` when there is
    /// no room.
    pub fn open(&mut self, handle: SessionId, rng: &mut Rng) -> Option<u32> {
        if let Some(&place) = self.by_handle.get(&handle) {
            return Some(place);
        }
        if self.by_handle.len() >= MAX_SESSIONS && !self.make_room() {
            return None;
        }
        let place = self.free.pop().unwrap_or_else(|| {
            self.slots.push(None);
            self.slots.len() as u32 - 1
        });
        let random = u128::from(rng.next_u64()) << 64 | u128::from(rng.next_u64());
        let id = SessionId(random & !u128::from(u32::MAX) | u128::from(place));
        self.slots[place as usize] = Some(Box::new(Session {
            handle,
            id,
            label: self.forgotten.clone(),
            time: 0,
            numbers: [0; 2],
            finished: 0,
            owes: false,
            closing: false,
            used: true,
            calls: VecDeque::new(),
            chain: None,
        }));
        self.by_handle.insert(handle, place);
        self.line.push_back(place);
        Some(place)
    }

    /// The place of a session that is there.
    pub fn place(&self, handle: SessionId) -> Option<u32> {
        self.by_handle.get(&handle).copied()
    }

    /// The session at a place.
    pub fn at(&mut self, place: u32) -> Option<&mut Session<A>> {
        self.slots.get_mut(place as usize)?.as_deref_mut()
    }

    /// The session that replicas know by this name, and its place.
    pub fn known_as(&mut self, id: SessionId) -> Option<(u32, &mut Session<A>)> {
        let place = id.0 as u32;
        self.at(place).filter(|session| session.id == id).map(|session| (place, session))
    }

    /// Is there an outcome to hand over?
    pub fn has_outcome(&mut self, place: u32) -> bool {
        let first = self.at(place).and_then(|session| session.calls.front());
        first.is_some_and(|call| call.outcome.is_some())
    }

    /// Ends a session that has no calls.
    pub fn close(&mut self, place: u32) {
        let Some(session) = self.slots.get_mut(place as usize).and_then(Option::take) else { return };
        if session.owes && self.farewells.len() < MAX_FAREWELLS {
            self.farewells.push(CallId { session: session.id, number: session.finished });
        }
        self.by_handle.remove(&session.handle);
        self.free.push(place);
        // Its place in the line is found to be empty, or another session's, when it comes up; that it does not
        // grow without end is seen to here.
        if self.line.len() > 2 * MAX_SESSIONS.min(self.by_handle.len() + 1_024) {
            let mut seen = vec![false; self.slots.len()];
            let slots = &self.slots;
            self.line.retain(|&place| {
                slots[place as usize].is_some() && !std::mem::replace(&mut seen[place as usize], true)
            });
        }
    }

    /// No copy of this update is sent any more.
    pub fn finish(&mut self, place: u32, number: u64) {
        let Some(session) = self.slots.get_mut(place as usize).and_then(Option::as_mut) else { return };
        session.finished = session.finished.max(number);
        if !std::mem::replace(&mut session.owes, true) {
            self.owing.push(place);
        }
    }

    /// At most so many acknowledgements that are owed; they are not owed any more.
    pub fn acknowledge(&mut self, most: usize) -> Vec<CallId> {
        let from = self.farewells.len().saturating_sub(most);
        let mut finished = self.farewells.split_off(from);
        while finished.len() < most {
            let Some(place) = self.owing.pop() else { break };
            let session = self.slots[place as usize].as_mut().filter(|session| session.owes);
            if let Some(session) = session {
                session.owes = false;
                finished.push(CallId { session: session.id, number: session.finished });
            }
        }
        finished
    }

    /// Ends a session that has not been used for long and has no calls ("second chance", Corbató 1968). What it
    /// had seen, all new ones have: no promise to its client is broken.
    fn make_room(&mut self) -> bool {
        for _ in 0..2 * self.line.len() {
            let Some(place) = self.line.pop_front() else { return false };
            let Some(session) = self.slots[place as usize].as_mut() else { continue };
            if session.calls.is_empty() && !session.used && merge_bounded(&mut self.forgotten, &session.label) {
                self.close(place);
                return true;
            }
            session.used = false;
            self.line.push_back(place);
        }
        false
    }
}
