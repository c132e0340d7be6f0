//! Answering calls.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use rumormill_core::{Context, PeerId};

use super::Replica;
use super::calls::Known;
use super::log::MAX_LOG;
use super::outbox::Seen;
use super::parked::{Chain, Owed};
use crate::store::{
    Ack, Application, Call, Calls, Flaw, Indication, Op, Order, Record, Refusal, Service, SessionId, Slot, Stamp,
    Store, Timestamp,
};

/// How far a session's chain of calls has come.
enum Course {
    /// The next call comes after this.
    Seen(Timestamp),
    /// The next call waits in the parked chain of this number.
    Parked(u64),
    /// One was refused, so the rest is.
    Refused(Refusal),
}

/// A call on its way through a replica.
struct Arrival<A: Application> {
    front: PeerId,
    /// The number of its label in its message, if that is all that it comes after.
    from: Option<u32>,
    /// What it comes after.
    prev: Timestamp,
    call: Call<A>,
}

impl<A: Application> Replica<A> {
    /// Calls came from a front end.
    pub(super) fn take_calls(&mut self, cx: &mut Context<'_, Store<A>>, front: PeerId, calls: Calls<A>) {
        let Calls { labels, calls, finished } = calls;
        if calls.iter().any(|call| call.label as usize >= labels.len()) {
            cx.indicate(Indication::Misbehaved { peer: front, why: "a call with a label that is not in its message" });
            return;
        }
        self.outbox.next_calls(front);
        self.calls.finish(&finished, true);
        let mut courses: BTreeMap<SessionId, Course> = BTreeMap::new();
        let chained = calls.len() > 1;
        for call in calls {
            let label = &labels[call.label as usize];
            let session = call.id.session;
            let course = match courses.remove(&session) {
                None => self.step(cx, front, Timestamp::new(), label, call),
                Some(Course::Seen(seen)) => self.step(cx, front, seen, label, call),
                Some(Course::Parked(number)) => {
                    self.parked.follow(number, label.clone(), call);
                    Course::Parked(number)
                }
                Some(Course::Refused(refusal)) => self.refuse(cx, front, &call, refusal),
            };
            if chained {
                courses.insert(session, course);
            }
        }
    }

    /// A parked chain need not wait any longer, as far as is known.
    pub(super) fn resume(&mut self, cx: &mut Context<'_, Store<A>>, number: u64) {
        let Some(Chain { front, seen, mut calls }) = self.parked.take(number) else { return };
        let mut course = Course::Seen(seen);
        while let Some((label, call)) = calls.pop_front() {
            course = match course {
                Course::Seen(seen) => self.step(cx, front, seen, &label, call),
                Course::Parked(number) => {
                    self.parked.follow(number, label, call);
                    Course::Parked(number)
                }
                Course::Refused(refusal) => self.refuse(cx, front, &call, refusal),
            };
        }
    }

    /// Gives up parked chains that nobody waits for any more.
    pub(super) fn expire(&mut self, cx: &mut Context<'_, Store<A>>, before: u64) {
        for number in self.parked.older_than(before) {
            let Some(Chain { front, calls, .. }) = self.parked.take(number) else { continue };
            let unheard =
                |&(slot, count): &(Slot, u64)| self.log.held().get(slot) < count && self.members.heard_of(slot) < count;
            let unknown = calls.front().is_some_and(|(label, _)| label.parts().any(|part| unheard(&part)));
            let refusal = if unknown { Refusal::Unknown } else { Refusal::Late };
            for (_, call) in calls {
                self.refuse(cx, front, &call, refusal);
            }
        }
    }

    /// Takes the next call of a chain.
    fn step(
        &mut self,
        cx: &mut Context<'_, Store<A>>,
        front: PeerId,
        seen: Timestamp,
        label: &Timestamp,
        call: Call<A>,
    ) -> Course {
        if let Some(refusal) = self.unwilling(cx) {
            return self.refuse(cx, front, &call, refusal);
        }
        let from = seen.is_empty().then_some(call.label);
        let mut prev = seen;
        prev.merge(label);
        if let Some(refusal) = self.impossible(&mut prev) {
            return self.refuse(cx, front, &call, refusal);
        }
        let arrival = Arrival { front, from, prev, call };
        match (arrival.call.order, &arrival.call.op) {
            (Order::Causal | Order::Forced, Op::Query(_)) => self.query(cx, arrival),
            (Order::Causal, Op::Update(_)) => self.update(cx, arrival),
            (Order::Forced | Order::Immediate, _) => self.refuse(cx, front, &arrival.call, Refusal::NotPrimary(None)),
        }
    }

    /// Does this replica take calls, just now?
    fn unwilling(&self, cx: &mut Context<'_, Store<A>>) -> Option<Refusal> {
        match self.service {
            _ if self.is_fenced() => Some(Refusal::Fenced),
            Service::Offline => Some(Refusal::Offline),
            Service::Overloaded => Some(Refusal::Overloaded),
            Service::Online => {
                let overload = cx.config.overload;
                (overload > 0.0 && cx.rng.chance(overload)).then_some(Refusal::Overloaded)
            }
        }
    }

    /// Is there something in a label that will never be executed here? Takes parts out that need not be there.
    fn impossible(&self, prev: &mut Timestamp) -> Option<Refusal> {
        for (&slot, &last) in &self.members.ended {
            if prev.get(slot) > last {
                return Some(Refusal::Lost(slot, last));
            }
            if self.log.executed().get(slot) == last {
                prev.set(slot, 0);
            }
        }
        (prev.get(self.line) > self.log.held().get(self.line)).then_some(Refusal::Unknown)
    }

    fn query(&mut self, cx: &mut Context<'_, Store<A>>, arrival: Arrival<A>) -> Course {
        let Arrival { front, prev, call, .. } = arrival;
        // Flaw: the query does not wait.
        let lacking = self.lacks(&prev).filter(|_| cx.config.flaw != Some(Flaw::NoPrev));
        if let Some(lacking) = lacking {
            if self.parked.is_full() {
                return self.refuse(cx, front, &call, Refusal::Overloaded);
            }
            let calls = VecDeque::from([(prev, call)]);
            let number = self.parked.park(Chain { front, seen: Timestamp::new(), calls });
            self.waiting.wait(lacking, super::ready::Waiter::Chain(number));
            return Course::Parked(number);
        }
        let Op::Query(query) = &call.op else { return Course::Seen(prev) };
        let answer = self.value.query(query);
        self.counts.queries += 1;
        self.reply(cx, front, (call.id, false), Seen::Value, Ok(Some(answer)));
        Course::Seen(self.value_timestamp.clone())
    }

    fn update(&mut self, cx: &mut Context<'_, Store<A>>, arrival: Arrival<A>) -> Course {
        let Arrival { front, from, mut prev, call } = arrival;
        // Flaw: copies are not recognized.
        let known = if cx.config.flaw == Some(Flaw::NoCallTable) { Known::New } else { self.calls.find(call.id) };
        match known {
            Known::New => {}
            Known::Finished => return Course::Seen(prev),
            Known::Executed(kept) => {
                let entry = kept.and_then(|kept| self.log.get(kept.at.0, kept.at.1));
                let answer = kept.filter(|_| call.wait).map(|kept| kept.answer.clone());
                let ts = match entry {
                    Some(entry) => entry.record.ts(),
                    None if cx.config.flaw == Some(Flaw::AnswersReplicaTimestamp) => self.too_much(),
                    None => self.value_timestamp.clone(),
                };
                prev.merge(&ts);
                self.reply(cx, front, (call.id, true), Seen::Exactly(&ts), Ok(answer));
                return Course::Seen(prev);
            }
            Known::Logged(slot, number) => {
                if let Some(entry) = self.log.get(slot, number) {
                    let ts = entry.record.ts();
                    prev.merge(&ts);
                    self.answer_later(cx, (slot, number), &ts, Owed { front, id: call.id, wait: call.wait });
                }
                return Course::Seen(prev);
            }
        }
        if let Some(refusal) = self.untimely(cx, call.time).or_else(|| self.no_room(call.id.session)) {
            return self.refuse(cx, front, &call, refusal);
        }
        let Call { id, time, order, wait, op: Op::Update(update), .. } = call else { return Course::Seen(prev) };
        let (slot, number) = (self.line, self.log.held().get(self.line) + 1);
        let stamp = Stamp { time, call: id };
        let record = Record { call: id, prev: prev.clone(), slot, number, stamp, order, update };
        let executed = self.take(cx, Arc::new(record)).unwrap_or_default();
        self.counts.taken += 1;
        prev.raise(slot, number);
        match executed {
            Some(answer) => {
                let seen = match from {
                    Some(from) => Seen::Shared { from, ts: &prev },
                    None => Seen::Exactly(&prev),
                };
                self.reply(cx, front, (id, true), seen, Ok(wait.then_some(answer)));
            }
            None => self.answer_later(cx, (slot, number), &prev, Owed { front, id, wait }),
        }
        Course::Seen(prev)
    }

    /// Flaw: the replica timestamp, which with Ladin counts acknowledgements, too. It names what is not executed
    /// here, and the acknowledgement, which never is.
    fn too_much(&self) -> Timestamp {
        let mut held = self.log.held().clone();
        held.raise(self.line, held.get(self.line) + 1);
        held
    }

    /// Answers the call of a record that is in the log and not executed: now, if it is enough that it is held.
    fn answer_later(&mut self, cx: &mut Context<'_, Store<A>>, at: (Slot, u64), ts: &Timestamp, owed: Owed) {
        if !owed.wait && self.is_stable(cx, at.0, at.1) {
            self.reply(cx, owed.front, (owed.id, true), Seen::Exactly(ts), Ok(None));
        } else {
            self.parked.owe(at, owed);
        }
    }

    /// Gives the answers that waited for a record to be executed.
    pub(super) fn pay(&mut self, cx: &mut Context<'_, Store<A>>, record: &Record<A>) {
        for Owed { front, id, wait } in self.parked.due((record.slot, record.number), |_| true) {
            let answer = match self.calls.find(id) {
                Known::Executed(Some(kept)) if wait => Some(kept.answer.clone()),
                _ => None,
            };
            self.reply(cx, front, (id, true), Seen::Exactly(&record.ts()), Ok(answer));
        }
    }

    /// Is a call's time too far from now?
    fn untimely(&self, cx: &Context<'_, Store<A>>, time: u64) -> Option<Refusal> {
        let (now, delta) = (cx.now.as_nanos(), rumormill_core::time::nanos(cx.config.delta));
        if time > now.saturating_add(delta) {
            return Some(Refusal::Early);
        }
        // Flaw: late ones are taken.
        let late = time.saturating_add(delta) < now || time < self.floors.own();
        (late && cx.config.flaw != Some(Flaw::DeltaTooShort)).then_some(Refusal::Late)
    }

    fn no_room(&self, session: SessionId) -> Option<Refusal> {
        let full = self.log.len() >= MAX_LOG || self.parked.is_full() || !self.calls.has_room(session);
        full.then_some(Refusal::Overloaded)
    }

    fn refuse(&mut self, cx: &mut Context<'_, Store<A>>, front: PeerId, call: &Call<A>, refusal: Refusal) -> Course {
        let update = matches!(call.op, Op::Update(_));
        self.reply(cx, front, (call.id, update), Seen::Nothing, Err(refusal));
        Course::Refused(refusal)
    }

    /// Adds an answer to those of this activation.
    pub(super) fn reply(
        &mut self,
        cx: &mut Context<'_, Store<A>>,
        front: PeerId,
        call: (crate::store::CallId, bool),
        seen: Seen<'_>,
        result: Result<Option<A::Answer>, Refusal>,
    ) {
        if self.outbox.answer(front, call, seen, result) {
            self.outbox.send(cx, &self.value_timestamp, self.heard);
        }
    }
}

/// On how many members' disks an update must be before it is executed.
pub(super) fn holders(ack: Ack) -> usize {
    match ack {
        Ack::Memory | Ack::Fsync => 1,
        Ack::Replicas(others) => others as usize + 1,
    }
}
