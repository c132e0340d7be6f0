//! Gossip: telling the others of updates, and hearing of theirs.

use std::time::Duration;

use rumormill_core::{Context, Instant, PeerId};
use smallvec::SmallVec;

use super::answer::holders;
use super::log::Misfit;
use super::members::{Members, Row};
use super::{Replica, Timer};
use crate::store::{Application, CallId, Gossip, Indication, Message, Record, Slot, Store, Timestamp};

/// The most bytes of records in a message, about.
const BATCH_BYTES: usize = 1 << 20;

/// The most records in a message.
const BATCH_RECORDS: usize = 8192;

/// The most messages with updates on their way to one replica before it has said that it holds them.
const WINDOW: u32 = 4;

/// What was sent and not acknowledged for so long (or in two rounds, if that is longer) is sent again.
const RESEND_AFTER: Duration = Duration::from_millis(250);

/// A round without news is left out, but not so many in a row.
const SILENT_ROUNDS: u32 = 10;

/// Who was not heard of for so long (or for the silent rounds, if that is longer) gets no updates before it is.
const DEAF_AFTER: Duration = Duration::from_secs(2);

/// How long that is, when so much time is between rounds.
pub(super) fn deaf_after(every: Duration) -> Duration {
    DEAF_AFTER.max(every * SILENT_ROUNDS)
}

/// Why a replica is told something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Why {
    /// It is time: the others also want to know who holds what.
    Round,
    /// It asked.
    Asked,
    /// There are updates. Without any, nothing is said.
    Updates,
    /// This replica has just booted, and wants to know what there is.
    Hello,
}

impl<A: Application> Replica<A> {
    /// Sets the timer of the next round, at a time of its own: in step, all replicas would talk at once.
    pub(super) fn schedule_gossip(&mut self, cx: &mut Context<'_, Store<A>>) {
        let every = cx.config.gossip_every;
        let after = cx.rng.between(every / 2, every + every / 2);
        cx.set_timer(after, crate::store::Timer::Replica(Timer::Gossip));
    }

    /// A round: tells all others who lack something, or were told nothing for long.
    pub(super) fn gossip_round(&mut self, cx: &mut Context<'_, Store<A>>) {
        let (now, every, floor) = (cx.now, cx.config.gossip_every, self.floors.own());
        let news = self.calls.news();
        for peer in self.members.others() {
            let Members { rows, ended, .. } = &mut self.members;
            let Some(row) = rows.get_mut(&peer) else { continue };
            if !row.holds.covers(&row.sent) && now.since(row.sent_at) > RESEND_AFTER.max(every * 2) {
                row.sent.clone_from(&row.holds);
                row.in_flight = 0;
            }
            let held = self.log.held();
            let has_all = ended.covers(&row.holds, held);
            let is_told = row.told == *held && row.told_floor == floor && has_all && news.is_empty();
            if !is_told || now.since(row.told_at) >= every * SILENT_ROUNDS {
                self.tell(cx, peer, None, Why::Round, news.clone());
            }
        }
        self.told_of = self.counts.taken;
    }

    /// All others are told the news now, because somebody asked for it.
    pub(super) fn gossip_now(&mut self, cx: &mut Context<'_, Store<A>>) {
        self.tell_all(cx, Why::Round);
    }

    /// All others hear that this replica is there.
    pub(super) fn greet(&mut self, cx: &mut Context<'_, Store<A>>) {
        self.tell_all(cx, Why::Hello);
    }

    fn tell_all(&mut self, cx: &mut Context<'_, Store<A>>, why: Why) {
        let news = self.calls.news();
        for peer in self.members.others() {
            self.tell(cx, peer, None, why, news.clone());
        }
        self.told_of = self.counts.taken;
    }

    /// Tells the others of updates without waiting for a round, when there are many of them, or when calls wait
    /// until others hold them.
    pub(super) fn spread(&mut self, cx: &mut Context<'_, Store<A>>) {
        let untold = self.counts.taken - self.told_of;
        if untold == 0 || (untold < cx.config.gossip_after as u64 && holders(cx.config.ack) == 1) {
            return;
        }
        for peer in self.members.others() {
            self.tell(cx, peer, None, Why::Updates, Vec::new());
        }
        self.told_of = self.counts.taken;
    }

    /// A replica asks for what it lacks.
    pub(super) fn hear_pull(&mut self, cx: &mut Context<'_, Store<A>>, from: PeerId, have: &Timestamp) {
        self.tell(cx, from, Some(have), Why::Asked, Vec::new());
    }

    /// Asks for what calls and records wait for: of each line the replica whose line it is, or all, if that is
    /// none of the others.
    pub(super) fn pull(&mut self, cx: &mut Context<'_, Store<A>>) {
        let to_go_on = self.wants_to_go_on();
        if self.waiting.is_empty() && to_go_on.is_none() {
            return;
        }
        let held = self.log.held();
        let lacks = self.waiting.lacks().into_iter().chain(to_go_on);
        // That lines have ended, the council says.
        let short = lacks.filter(|&(slot, count)| slot != Slot::ENDED && held.get(slot) < count);
        let owners: SmallVec<[Slot; 4]> = short.map(|(slot, _)| slot).collect();
        for slot in owners {
            let others = self.members.others();
            let is_there = others.contains(&slot.replica);
            for peer in others {
                if !is_there || peer == slot.replica {
                    self.ask(cx, peer);
                }
            }
        }
    }

    /// Asks a replica for what this one lacks, unless it was asked a moment ago.
    pub(super) fn ask(&mut self, cx: &mut Context<'_, Store<A>>, peer: PeerId) {
        let pause = cx.config.gossip_every / 2;
        let Some(row) = self.members.row(peer) else { return };
        if row.pulled_at.is_none_or(|at| cx.now.since(at) >= pause) {
            row.pulled_at = Some(cx.now);
            cx.send(peer, Message::Pull { have: self.log.held().clone() });
        }
    }

    /// A primary wants all that this member has: it sends what is not on its way, and more as that is taken in.
    pub(super) fn hand_in(&mut self, cx: &mut Context<'_, Store<A>>, primary: PeerId) {
        self.tell(cx, primary, None, Why::Updates, Vec::new());
    }

    /// Sends a replica what it lacks, in as many messages as may be on their way. `since`: what it said itself
    /// that it holds.
    fn tell(
        &mut self,
        cx: &mut Context<'_, Store<A>>,
        peer: PeerId,
        since: Option<&Timestamp>,
        why: Why,
        mut finished: Vec<CallId>,
    ) {
        let is_waited_for = holders(cx.config.ack) > 1;
        let Some(row) = self.members.row(peer) else { return };
        let mut since = since.cloned().unwrap_or_else(|| row.expected());
        let is_mute = why != Why::Asked && (row.in_flight >= WINDOW || row.is_deaf(cx.now, cx.config.gossip_every));
        loop {
            let batch = if is_mute { self.nothing(&since) } else { self.batch(&since, why) };
            let Batch { records, upto, complete } = batch;
            if why == Why::Updates && records.is_empty() {
                return;
            }
            let Some(row) = self.members.row(peer) else { return };
            row.in_flight += u32::from(!records.is_empty());
            let is_last = complete || records.is_empty() || row.in_flight >= WINDOW;
            let wants_more = why == Why::Hello || !complete && is_last;
            let answer = wants_more || !records.is_empty() && (is_waited_for || row.in_flight >= WINDOW);
            row.told(cx.now, &upto, (!records.is_empty(), complete), self.floors.own());
            let gossip = Gossip {
                from: self.line,
                upto: upto.clone(),
                since: since.clone(),
                value: self.value_timestamp.clone(),
                floor: self.floors.own(),
                complete,
                time: self.heard,
                answer,
                records,
                finished: std::mem::take(&mut finished),
            };
            self.counts.gossip_sent += 1;
            cx.send(peer, Message::Gossip(Box::new(gossip)));
            if is_last {
                return;
            }
            since.merge(&upto);
        }
    }

    /// The first records that whoever holds `since` lacks. All hear of the ordered ones by the council: only who
    /// asks is told sooner.
    fn batch(&self, since: &Timestamp, why: Why) -> Batch<A> {
        let (mut records, mut upto, mut bytes) = (Vec::new(), self.log.held().meet(since), 0);
        let is_told = |slot: Slot| why == Why::Asked || slot != Slot::FORCED;
        let mut since = since.clone();
        self.members.ended.spell_out(&mut since, self.log.slots());
        for entry in self.log.beyond(&since).filter(|entry| is_told(entry.record.slot)) {
            if bytes >= BATCH_BYTES || records.len() >= BATCH_RECORDS {
                return Batch { records, upto, complete: false };
            }
            bytes += entry.bytes as usize;
            upto.raise(entry.record.slot, entry.record.number);
            records.push(std::sync::Arc::clone(&entry.record));
        }
        Batch { records, upto: self.log.held().clone(), complete: true }
    }

    /// No records; only who holds what.
    fn nothing(&self, since: &Timestamp) -> Batch<A> {
        let complete = self.members.ended.covers(since, self.log.held());
        Batch { records: Vec::new(), upto: self.log.held().meet(since), complete }
    }

    /// News came.
    pub(super) fn hear_gossip(&mut self, cx: &mut Context<'_, Store<A>>, from: PeerId, gossip: Gossip<A>) {
        if gossip.from.replica != from {
            cx.indicate(Indication::Misbehaved { peer: from, why: "gossip in the name of another" });
            return;
        }
        let Some(row) = self.members.row(from) else {
            // It does not know yet that it was let go.
            let version = self.members.replicas.version;
            return cx.send(from, Message::Dismissed { version });
        };
        if !row.hear(gossip.from.incarnation, cx.now, deaf_after(cx.config.gossip_every) * 2) {
            return;
        }
        row.heard_of(&gossip.upto, &gossip.value);
        self.counts.gossip_received += 1;
        self.heard = self.heard.max(gossip.time);
        self.calls.finish(&gossip.finished, false);
        if self.is_empty_handed() || !self.takes_records() {
            return;
        }
        for record in gossip.records {
            self.hear_record(cx, from, record);
        }
        if gossip.complete {
            self.hear_floor(from, gossip.floor, &gossip.upto);
        }
        self.stabilize(cx);
        self.answer_ready(cx);
        self.collect();
        self.compare(cx, from, &gossip.since, &gossip.upto);
        if gossip.complete && self.members.ended.covers(self.log.held(), &gossip.upto) {
            self.met(cx, from);
        }
        let goes_on = self.members.row(from).is_some_and(|row| row.more) || holders(cx.config.ack) > 1;
        if gossip.answer {
            self.tell(cx, from, None, Why::Asked, Vec::new());
        } else if goes_on {
            self.tell(cx, from, None, Why::Updates, Vec::new());
        }
    }

    fn hear_record(&mut self, cx: &mut Context<'_, Store<A>>, from: PeerId, record: std::sync::Arc<Record<A>>) {
        if record.prev.get(record.slot) >= record.number {
            cx.indicate(Indication::Misbehaved { peer: from, why: "a record that depends on itself" });
            return;
        }
        // Nobody adds to this replica's own line but itself.
        let has_ended = self.members.ended.get(record.slot).is_some_and(|ended| record.number > ended.last);
        if record.slot == self.line || has_ended {
            return;
        }
        if self.take(cx, record) == Err(Misfit::Lines) {
            cx.indicate(Indication::Misbehaved { peer: from, why: "a record of one line too many" });
        }
    }

    /// Does this replica still lack something of what it should hold now? Either an earlier message was lost, or
    /// the sender has removed it from its log, because an earlier life of this replica held it.
    fn compare(&mut self, cx: &mut Context<'_, Store<A>>, from: PeerId, since: &Timestamp, upto: &Timestamp) {
        let (held, ended) = (self.log.held(), &self.members.ended);
        let mut upto = upto.clone();
        ended.spell_out(&mut upto, ended.after(self.passed()));
        // Of ordered updates, and of lines that have ended, the council tells.
        let is_told = |slot: Slot| slot != self.line && slot != Slot::FORCED && slot != Slot::ENDED;
        let is_lacking = |&(slot, count): &(Slot, u64)| is_told(slot) && !ended.names(held, slot, count);
        let mut short = upto.parts().filter(is_lacking).peekable();
        if short.peek().is_none() {
            return;
        }
        if short.all(|(slot, _)| since.get(slot) <= held.get(slot)) {
            self.fall_behind(cx, from);
        } else {
            self.ask(cx, from);
        }
    }
}

/// Updates for one message.
struct Batch<A: Application> {
    records: Vec<std::sync::Arc<Record<A>>>,
    /// What the receiver holds once it has them.
    upto: Timestamp,
    /// Is that all?
    complete: bool,
}

impl Row {
    /// What the member holds, if nothing is lost on the way.
    fn expected(&self) -> Timestamp {
        let mut expected = self.holds.clone();
        expected.merge(&self.sent);
        expected
    }

    /// Was it not heard of for so long that there is no use in sending it updates?
    fn is_deaf(&self, now: Instant, every: Duration) -> bool {
        now.since(self.heard_at) > deaf_after(every)
    }

    /// It was sent a message.
    fn told(&mut self, now: Instant, upto: &Timestamp, (updates, complete): (bool, bool), floor: u64) {
        if updates {
            self.sent.merge(upto);
            // Of how many lines it has all, only it can say.
            self.sent.set(Slot::ENDED, 0);
            self.sent_at = now;
        }
        self.more = !complete;
        self.told.clone_from(upto);
        self.told_at = now;
        if complete {
            self.told_floor = floor;
        }
    }

    /// It said what it holds and what it has executed.
    fn heard_of(&mut self, upto: &Timestamp, value: &Timestamp) {
        self.holds.merge(upto);
        self.value.merge(value);
        self.in_flight = if self.holds.covers(&self.sent) { 0 } else { self.in_flight.saturating_sub(1) };
    }
}
