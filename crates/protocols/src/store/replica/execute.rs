//! Taking records into the log, and executing them when what they depend on is executed.

use std::sync::Arc;

use rumormill_core::Context;
use smallvec::SmallVec;

use super::Replica;
use super::answer::holders;
use super::log::{Entry, Misfit};
use super::outbox::Seen;
use super::ready::{Waiter, shortfall};
use crate::store::{Application, Ended, Flaw, Record, Slot, Store, Timestamp};

impl<A: Application> Replica<A> {
    /// Takes the next record of a line into the log, and executes it if it can be. Returns what it returned
    /// then, if it was no copy.
    pub(super) fn take(
        &mut self,
        cx: &mut Context<'_, Store<A>>,
        record: Arc<Record<A>>,
    ) -> Result<Option<A::Answer>, Misfit> {
        self.fits(&record)?;
        let (batch, bytes) = self.disk.add(&record);
        self.enter(cx, record, batch, bytes)
    }

    /// The same of a record that is on disk.
    pub(super) fn enter(
        &mut self,
        cx: &mut Context<'_, Store<A>>,
        record: Arc<Record<A>>,
        batch: u64,
        bytes: u32,
    ) -> Result<Option<A::Answer>, Misfit> {
        let (slot, number) = (record.slot, record.number);
        self.fits(&record)?;
        self.heard = self.heard.max(record.stamp.time);
        // What a disk or a snapshot brought is in the value already.
        let executed = number <= self.adopted.get(slot) && self.members.ended.covers(&self.adopted, &record.ts());
        self.log.append(Entry { record: Arc::clone(&record), executed, batch, bytes })?;
        if executed {
            return Ok(None);
        }
        if !self.is_stable(cx, slot, number) {
            self.calls.log(record.call, (slot, number));
            return Ok(None);
        }
        let answer = self.offer(cx, &record);
        self.execute_ready(cx);
        Ok(answer)
    }

    /// Would this record fit into the log? All of a line that is passed was there once.
    fn fits(&self, record: &Record<A>) -> Result<(), Misfit> {
        let is_passed = self.members.ended.get(record.slot).is_some_and(|ended| ended.nth <= self.passed());
        if is_passed { Err(Misfit::Known) } else { self.log.fits(record.slot, record.number) }
    }

    /// Executes a record of the log, or lets it wait for the first thing that it lacks.
    pub(super) fn offer(&mut self, cx: &mut Context<'_, Store<A>>, record: &Arc<Record<A>>) -> Option<A::Answer> {
        // Flaw: the record does not wait.
        if let Some(lacking) = self.lacks(&record.prev).filter(|_| cx.config.flaw != Some(Flaw::NoPrev)) {
            let (slot, number) = (record.slot, record.number);
            self.calls.log(record.call, (slot, number));
            self.waiting.wait(lacking, Waiter::Record { slot, number });
            return None;
        }
        self.execute(cx, record)
    }

    /// Executes a record, unless its call is executed already. Either way its timestamp is: another label may
    /// name the copy.
    fn execute(&mut self, cx: &mut Context<'_, Store<A>>, record: &Arc<Record<A>>) -> Option<A::Answer> {
        let at = (record.slot, record.number);
        self.log.execute(at.0, at.1)?;
        // Flaw: copies are executed again.
        let is_copy = cx.config.flaw != Some(Flaw::NoCallTable) && self.calls.is_executed(record.call);
        let mut answer = None;
        if is_copy {
            self.calls.unlog(record.call, at);
        } else {
            let returned = self.value.update(record.stamp, &record.update, &mut self.changed);
            self.calls.execute(record.stamp, at, returned.clone());
            self.trail.execute(record.call);
            self.counts.executed += 1;
            answer = Some(returned);
        }
        // Flaw: what waits for a copy's timestamp waits for ever.
        if !(is_copy && cx.config.flaw == Some(Flaw::DuplicateNotMerged)) {
            self.raise_value(record);
        }
        self.pay(cx, record);
        answer
    }

    /// The value timestamp names a record that was executed. What this was waited for is ready.
    fn raise_value(&mut self, record: &Record<A>) {
        self.value_timestamp.raise(record.slot, record.number);
        if !self.waiting.is_empty() {
            self.wake(record.slot, record.number);
        }
        if !self.members.ended.is_empty() {
            self.pass_lines();
        }
    }

    /// What waited for `number` updates of a line need not wait for those.
    fn wake(&mut self, slot: Slot, number: u64) {
        for waiter in self.waiting.rise(slot, number) {
            match waiter {
                Waiter::Chain(number) => self.ready.chains.push_back(number),
                Waiter::Record { slot, number } => {
                    let stamp = self.log.get(slot, number).map(|entry| entry.record.stamp);
                    self.ready.records.extend(stamp.map(|stamp| (stamp, slot, number)));
                }
            }
        }
    }

    /// A line has ended: all members agree that there are only so many updates of it. Nothing waits for more.
    pub(super) fn end_line(&mut self, cx: &mut Context<'_, Store<A>>, slot: Slot, last: u64) {
        let nth = self.members.ended.count().saturating_add(1);
        self.members.ended.learn(Ended { slot, last, nth });
        self.wake(slot, u64::MAX);
        self.pass_lines();
        self.execute_ready(cx);
    }

    /// So many of the lines that have ended are executed here, one after the other, with all that there is of them.
    pub(super) fn passed(&self) -> u64 {
        self.value_timestamp.get(Slot::ENDED)
    }

    /// Passes the ended lines that are executed now.
    pub(super) fn pass_lines(&mut self) {
        while let Some(ended) = self.passed().checked_add(1).and_then(|next| self.members.ended.nth(next))
            && self.log.executed().get(ended.slot) >= ended.last
        {
            self.value_timestamp.raise(Slot::ENDED, ended.nth);
            self.log.pass(ended.nth);
            self.wake(Slot::ENDED, ended.nth);
        }
    }

    /// Lines that are passed, and which nobody can ask for any more, are named no longer.
    pub(super) fn drop_lines(&mut self) {
        if self.members.ended.is_empty() {
            return;
        }
        self.members.shorten();
        let passed = self.passed();
        let is_passed = |slot: Slot| self.members.ended.get(slot).is_some_and(|ended| ended.nth <= passed);
        let held = self.log.held().parts().map(|(slot, _)| slot);
        for slot in held.filter(|&slot| is_passed(slot)).collect::<SmallVec<[Slot; 4]>>() {
            if self.log.drop_line(slot) {
                self.value_timestamp.set(slot, 0);
                self.stable.set(slot, 0);
            }
        }
    }

    /// Executes all records that can be, one after the other: what becomes ready by it waits its turn. Nothing else
    /// may be executed or answered before, or it might overtake what it depends on.
    pub(super) fn execute_ready(&mut self, cx: &mut Context<'_, Store<A>>) {
        while let Some((_, slot, number)) = self.ready.records.pop_first() {
            if let Some(record) = self.log.get(slot, number).map(|entry| Arc::clone(&entry.record)) {
                self.offer(cx, &record);
            }
        }
    }

    /// Answers all calls that can be.
    pub(super) fn answer_ready(&mut self, cx: &mut Context<'_, Store<A>>) {
        while !self.is_stopped()
            && let Some(number) = self.ready.chains.pop_front()
        {
            self.resume(cx, number);
        }
    }

    /// The first part of a label that is not executed here and can be.
    pub(super) fn lacks(&self, label: &Timestamp) -> Option<(Slot, u64)> {
        let lacking = shortfall(label, &self.value_timestamp)?;
        let ended = &self.members.ended;
        if ended.is_empty() {
            return Some(lacking);
        }
        let (slot, count) = label.parts().find(|&(slot, count)| !ended.names(&self.value_timestamp, slot, count))?;
        // What is lost for good need not be waited for.
        Some((slot, ended.get(slot).map_or(count, |ended| count.min(ended.last))))
    }

    /// Is a record on so many disks that it may be executed?
    pub(super) fn is_stable(&self, cx: &Context<'_, Store<A>>, slot: Slot, number: u64) -> bool {
        let holders = holders(cx.config.ack);
        // What the council agreed on is on the disks of more than half of the members.
        let is_agreed = slot == Slot::FORCED && holders <= self.members.replicas.members.len() / 2 + 1;
        holders == 1 || is_agreed || number <= self.stable.get(slot)
    }

    /// Others hold more than was known: executes what is now on enough disks.
    pub(super) fn stabilize(&mut self, cx: &mut Context<'_, Store<A>>) {
        let holders = holders(cx.config.ack);
        if holders == 1 {
            return;
        }
        let held: Vec<(Slot, u64)> = self.log.held().parts().collect();
        for (slot, own) in held.into_iter().filter(|&(slot, _)| slot != Slot::ENDED) {
            let (before, stable) = (self.stable.get(slot), self.members.held_by(holders, slot, own));
            if stable <= before {
                continue;
            }
            self.stable.raise(slot, stable);
            let first = before.max(self.log.collected().get(slot)).saturating_add(1);
            let fresh: Vec<_> =
                self.log.range(slot, first, stable).filter(|entry| !entry.executed).map(|e| e.record.clone()).collect();
            for record in fresh {
                self.offer(cx, &record);
                self.execute_ready(cx);
                // Held by enough, if not executed: that is all that some wait for.
                for owed in self.parked.due((slot, record.number), |owed| !owed.wait) {
                    self.reply(cx, owed.front, (owed.id, true), Seen::Exactly(&record.ts()), Ok(None));
                }
            }
        }
    }
}
