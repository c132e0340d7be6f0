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
    Ack, Application, Call, Calls, Ended, Flaw, Indication, Op, Order, Ordered, Record, Refusal, Service, SessionId,
    Slot, Stamp, Store, Timestamp,
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
        let Calls { labels, calls, finished, knows } = calls;
        if calls.iter().any(|call| call.label as usize >= labels.len()) {
            cx.indicate(Indication::Misbehaved { peer: front, why: "a call with a label that is not in its message" });
            return;
        }
        let Some(calls) = self.unless_stopped(cx, front, Calls { labels, calls, finished, knows }) else { return };
        let Calls { labels, calls, finished, knows } = calls;
        self.outbox.next_calls(front);
        self.tell_of_ended_lines(front, &labels);
        if knows < self.members.replicas.version {
            self.outbox.tell_members(front, &self.members.replicas);
        }
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

    /// Tells a front end which lines its labels need not name any more.
    fn tell_of_ended_lines(&mut self, front: PeerId, labels: &[Timestamp]) {
        let (ended, passed) = (&self.members.ended, self.passed());
        if ended.is_empty() {
            return;
        }
        let named = labels.iter().flat_map(Timestamp::parts).filter_map(|(slot, _)| ended.get(slot));
        for ended in named.filter(|ended| ended.nth <= passed) {
            self.outbox.tell_ended(front, ended);
        }
    }

    /// The calls, unless they wait for the end of a round, or cannot even do that.
    fn unless_stopped(&mut self, cx: &mut Context<'_, Store<A>>, front: PeerId, calls: Calls<A>) -> Option<Calls<A>> {
        if !self.is_stopped() {
            return Some(calls);
        }
        if let Some(calls) = self.delay(front, calls) {
            for call in &calls.calls {
                self.refuse(cx, front, call, Refusal::Overloaded);
            }
        }
        None
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
            let unheard = |&(slot, count): &(Slot, u64)| {
                let is_held = self.members.ended.names(self.log.held(), slot, count);
                slot != Slot::ENDED && !is_held && self.members.heard_of(slot) < count
            };
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
        if let Some(refusal) = self.impossible(&prev) {
            return self.refuse(cx, front, &call, refusal);
        }
        self.members.ended.shorten_need(&mut prev, self.passed());
        let arrival = Arrival { front, from, prev, call };
        match (arrival.call.order, &arrival.call.op) {
            (Order::Causal | Order::Forced, Op::Query(_)) => self.query(cx, arrival),
            (Order::Causal, Op::Update(_)) => self.update(cx, arrival),
            (Order::Forced | Order::Immediate, _) => self.ordered(cx, arrival),
        }
    }

    /// Does this replica take calls, just now?
    fn unwilling(&self, cx: &mut Context<'_, Store<A>>) -> Option<Refusal> {
        match self.service {
            _ if self.is_fenced() || self.has_lost_touch(cx) => Some(Refusal::Fenced),
            Service::Offline => Some(Refusal::Offline),
            Service::Overloaded => Some(Refusal::Overloaded),
            Service::Online => {
                let overload = cx.config.overload;
                (overload > 0.0 && cx.rng.chance(overload)).then_some(Refusal::Overloaded)
            }
        }
    }

    /// Is there something in a label that will never be executed here?
    fn impossible(&self, prev: &Timestamp) -> Option<Refusal> {
        let ended = &self.members.ended;
        if !ended.is_empty() {
            let is_lost = |(slot, count)| ended.get(slot).filter(|ended| count > ended.last);
            if let Some(Ended { slot, last, .. }) = prev.parts().find_map(is_lost) {
                return Some(Refusal::Lost(slot, last));
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
        if let Some(seen) = self.answer_copy(cx, front, &prev, &call) {
            return Course::Seen(seen);
        }
        let refusal = self.untimely(cx, call.time).or_else(|| self.no_room(call.id.session));
        if let Some(refusal) = refusal.or_else(|| self.outdated(call.time)) {
            return self.refuse(cx, front, &call, refusal);
        }
        prev.raise(Slot::FORCED, self.council.cursor.fenced);
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

    /// A call that only the primary can order.
    fn ordered(&mut self, cx: &mut Context<'_, Store<A>>, arrival: Arrival<A>) -> Course {
        let Arrival { front, prev, call, .. } = arrival;
        if let Some(seen) = self.answer_copy(cx, front, &prev, &call) {
            return Course::Seen(seen);
        }
        let is_update = matches!(call.op, Op::Update(_));
        let no_room = || self.no_room(call.id.session).or((!self.has_room_to_order()).then_some(Refusal::Overloaded));
        let refusal = match self.council.presides() {
            Err(primary) => Some(Refusal::NotPrimary(primary)),
            Ok(()) if is_update => self.untimely(cx, call.time).or_else(no_room),
            Ok(()) => None,
        };
        let refusal = refusal.or_else(|| match call.order {
            Order::Immediate => self.convene(front, &call, &prev).err(),
            _ => None,
        });
        if let Some(refusal) = refusal {
            return self.refuse(cx, front, &call, refusal);
        }
        if let (Order::Forced, Op::Update(update)) = (call.order, call.op) {
            let owed = Owed { front, id: call.id, wait: call.wait };
            self.force(cx, Ordered { call: call.id, prev, time: call.time, update }, owed);
        }
        // A front end sends nothing after it before it is answered.
        Course::Refused(Refusal::Overloaded)
    }

    /// Answers a copy of an update that is known here. Returns what its caller has seen then; none when it is new.
    fn answer_copy(
        &mut self,
        cx: &mut Context<'_, Store<A>>,
        front: PeerId,
        prev: &Timestamp,
        call: &Call<A>,
    ) -> Option<Timestamp> {
        if matches!(call.op, Op::Query(_)) {
            return None;
        }
        let mut prev = prev.clone();
        // Flaw: copies are not recognized.
        let known = if cx.config.flaw == Some(Flaw::NoCallTable) { Known::New } else { self.calls.find(call.id) };
        match known {
            Known::New => return None,
            Known::Finished => {}
            Known::Executed(kept) => {
                let entry = kept.and_then(|kept| self.log.get(kept.at.0, kept.at.1));
                let answer = kept.filter(|_| call.wait).map(|kept| kept.answer.clone());
                let ts = match entry {
                    Some(entry) => self.without_lost(entry.record.ts()),
                    None if cx.config.flaw == Some(Flaw::AnswersReplicaTimestamp) => self.too_much(),
                    None => self.value_timestamp.clone(),
                };
                prev.merge(&ts);
                self.reply(cx, front, (call.id, true), Seen::Exactly(&ts), Ok(answer));
            }
            Known::Logged(slot, number) => {
                if let Some(entry) = self.log.get(slot, number) {
                    let ts = self.without_lost(entry.record.ts());
                    prev.merge(&ts);
                    self.answer_later(cx, (slot, number), &ts, Owed { front, id: call.id, wait: call.wait });
                }
            }
        }
        Some(prev)
    }

    /// Flaw: the replica timestamp, which with Ladin counts acknowledgements, too. It names what is not executed
    /// here, and the acknowledgement, which never is.
    fn too_much(&self) -> Timestamp {
        let mut held = self.log.held().clone();
        held.raise(self.line, held.get(self.line) + 1);
        held
    }

    /// A timestamp that names nothing that is lost for good, only that it is: an immediate update comes after all
    /// that there was, also what nobody was answered for and nobody kept.
    pub(super) fn without_lost(&self, mut ts: Timestamp) -> Timestamp {
        self.members.ended.without_lost(&mut ts);
        ts
    }

    /// Answers the call of a record that is in the log and not executed: now, if it is enough that it is held.
    pub(super) fn answer_later(&mut self, cx: &mut Context<'_, Store<A>>, at: (Slot, u64), ts: &Timestamp, owed: Owed) {
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
            let ts = self.without_lost(record.ts());
            self.reply(cx, front, (id, true), Seen::Exactly(&ts), Ok(answer));
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

    /// Was an immediate call ordered after this time? Then a later update must not look like an earlier one.
    fn outdated(&self, time: u64) -> Option<Refusal> {
        let fence = self.council.cursor.fence;
        (time <= fence).then_some(Refusal::Past(fence))
    }

    fn no_room(&self, session: SessionId) -> Option<Refusal> {
        let full = self.log.len() >= MAX_LOG
            || !self.log.has_room(self.line)
            || self.parked.is_full()
            || !self.calls.has_room(session);
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
