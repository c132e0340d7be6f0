//! Catching up by a snapshot: after a lost disk, or when what this replica lacks is no longer in any log.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use rumormill_core::{Context, Instant, PeerId};
use serde::Serialize;

use super::answer::holders;
use super::calls::CallTable;
use super::disk::Write;
use super::log::Log;
use super::ready::Waiter;
use super::{Replica, Timer};
use crate::store::{Application, Content, Head, Indication, Message, Piece, Place, Record, Slot, Store};

/// How often an unanswered question for a piece is asked again.
const ASK_EVERY: Duration = Duration::from_millis(250);

/// After so many unanswered questions another replica is asked.
const PATIENCE: u32 = 4;

/// So many snapshots that lack what this replica has removed from its log are not taken; the next one is, for
/// then nobody who has more can be reached.
const CHOOSY: u32 = 20;

/// A replica that catches up by a snapshot, or has just done so.
#[derive(Clone, Debug, Serialize)]
#[serde(bound = "")]
pub(super) struct Recovery<A: Application> {
    /// Has it lost its disk? Then it takes no calls until it has caught up.
    pub(super) fenced: bool,
    /// The snapshot that it is getting; none when it has one.
    taking: Option<Box<Taking<A>>>,
    /// Has it a state?
    installed: bool,
    /// Whom it has heard all from since.
    met: BTreeSet<PeerId>,
    /// Snapshots asked for.
    attempts: u32,
}

/// A snapshot that is on its way.
#[derive(Clone, Debug, Serialize)]
#[serde(bound = "")]
struct Taking<A: Application> {
    from: PeerId,
    snapshot: u64,
    /// What was asked for last, when, and how often.
    place: Place,
    asked_at: Instant,
    asked: u32,
    head: Head,
    #[serde(skip)]
    value: A,
    #[serde(skip)]
    calls: CallTable<A>,
    #[serde(skip)]
    records: Vec<Arc<Record<A>>>,
}

#[cfg(test)]
impl<A: Application> Recovery<A> {
    /// Who is asked for a snapshot.
    pub(super) fn source(&self) -> Option<PeerId> {
        self.taking.as_ref().map(|taking| taking.from)
    }
}

impl<A: Application> Taking<A> {
    fn of(from: PeerId, snapshot: u64, now: Instant) -> Self {
        let (value, calls, records) = (A::default(), CallTable::default(), Vec::new());
        let (place, head) = (Place::Head, Head::default());
        Self { from, snapshot, place, asked_at: now, asked: 0, head, value, calls, records }
    }
}

impl<A: Application> Replica<A> {
    /// Has this replica no state yet? Then it neither takes news nor gives snapshots.
    pub(super) fn is_empty_handed(&self) -> bool {
        self.recovery.as_ref().is_some_and(|recovery| recovery.fenced && !recovery.installed)
    }

    /// Is a snapshot on its way?
    pub(super) fn is_taking(&self) -> bool {
        self.recovery.as_ref().is_some_and(|recovery| recovery.taking.is_some())
    }

    /// Is this replica without what it should know before it takes calls?
    pub(super) fn is_fenced(&self) -> bool {
        self.recovery.as_ref().is_some_and(|recovery| recovery.fenced)
    }

    /// This replica's disk was empty though the store is there. One that is no member waits until it is.
    pub(super) fn recover(&mut self, cx: &mut Context<'_, Store<A>>) {
        let recovery = Recovery { fenced: true, taking: None, installed: false, met: BTreeSet::new(), attempts: 0 };
        self.recovery = Some(recovery);
        let others = self.members.others();
        if let Some(&from) = cx.rng.choose(&others) {
            self.want_snapshot(cx, from);
        }
    }

    /// The replica has booted with a state, but had not met as many others as it takes.
    pub(super) fn stay_fenced(&mut self) {
        let (met, attempts) = (BTreeSet::new(), 0);
        self.recovery = Some(Recovery { fenced: true, taking: None, installed: true, met, attempts });
    }

    /// `from` has removed records from its log which this replica lacks.
    pub(super) fn fall_behind(&mut self, cx: &mut Context<'_, Store<A>>, from: PeerId) {
        let recovery = self.recovery.get_or_insert_with(|| Recovery {
            fenced: false,
            taking: None,
            installed: true,
            met: BTreeSet::new(),
            attempts: 0,
        });
        if recovery.taking.is_none() {
            self.want_snapshot(cx, from);
        }
    }

    fn want_snapshot(&mut self, cx: &mut Context<'_, Store<A>>, from: PeerId) {
        let Some(recovery) = &mut self.recovery else { return };
        let is_first = recovery.taking.is_none();
        recovery.taking = Some(Box::new(Taking::of(from, cx.rng.next_u64(), cx.now)));
        recovery.attempts += 1;
        self.want_piece(cx);
        if is_first {
            cx.set_timer(ASK_EVERY, crate::store::Timer::Replica(Timer::Recover));
        }
    }

    /// Asks for the next piece.
    fn want_piece(&mut self, cx: &mut Context<'_, Store<A>>) {
        let Some(taking) = self.recovery.as_mut().and_then(|recovery| recovery.taking.as_mut()) else { return };
        (taking.asked_at, taking.asked) = (cx.now, taking.asked + 1);
        let (snapshot, place) = (taking.snapshot, taking.place.clone());
        cx.send(taking.from, Message::WantPiece { from: self.line, snapshot, place });
    }

    /// Time to ask again, if there was no answer; somebody else, if there was none for long.
    pub(super) fn recover_on(&mut self, cx: &mut Context<'_, Store<A>>) {
        let Some(recovery) = &self.recovery else { return };
        let Some(taking) = recovery.taking.as_deref() else { return };
        cx.set_timer(ASK_EVERY, crate::store::Timer::Replica(Timer::Recover));
        if cx.now.since(taking.asked_at) < ASK_EVERY {
            return;
        }
        if taking.asked < PATIENCE {
            self.want_piece(cx);
            return;
        }
        let others = self.members.others();
        if let Some(&from) = cx.rng.choose(&others) {
            self.want_snapshot(cx, from);
        }
    }

    /// A piece came.
    pub(super) fn take_piece(&mut self, cx: &mut Context<'_, Store<A>>, from: PeerId, piece: Piece<A>) {
        let Some(recovery) = &mut self.recovery else { return };
        let Some(taking) = recovery.taking.as_deref_mut() else { return };
        if (taking.from, taking.snapshot, &taking.place) != (from, piece.snapshot, &piece.place) {
            return;
        }
        if let Err(why) = taking.add(piece.content) {
            cx.indicate(Indication::Misbehaved { peer: from, why });
            return;
        }
        let ended = &self.members.ended;
        let is_too_old = matches!(taking.place, Place::Head) && !ended.covers(&taking.head.held, self.log.collected());
        if is_too_old && recovery.attempts < CHOOSY {
            // Somebody else may have more. The timer asks on.
            taking.asked = PATIENCE;
            return;
        }
        (taking.place, taking.asked) = (piece.next, 0);
        if taking.place == Place::End {
            let is_outdated = !ended.covers(&taking.head.held, self.log.collected()) && recovery.attempts < CHOOSY;
            self.want_piece(cx);
            if is_outdated && !self.is_fenced() {
                // While it came, this replica went on, and removed from its log what the snapshot lacks. If it still
                // lacks something itself, the next gossip shows it.
                self.recovery = None;
            } else {
                self.install(cx);
            }
        } else {
            self.want_piece(cx);
        }
    }

    /// All pieces are there: this state takes the place of the old one, and what only the old log has is executed
    /// on it.
    fn install(&mut self, cx: &mut Context<'_, Store<A>>) {
        let Some(recovery) = &mut self.recovery else { return };
        let Some(taking) = recovery.taking.take() else { return };
        (recovery.installed, recovery.met) = (true, BTreeSet::new());
        let fenced = recovery.fenced;
        let Taking { head, value, mut calls, records, .. } = *taking;
        let old = std::mem::replace(&mut self.log, Log::after(head.executed));
        calls.touch();
        (self.value, self.calls) = (value, calls);
        self.trail.replace(head.trail);
        (self.value_timestamp, self.adopted) = (head.value.clone(), head.value);
        self.heard = self.heard.max(head.time);
        self.floors.adopt(head.floor);
        head.ended.into_iter().for_each(|ended| self.members.ended.learn(ended));
        self.adopt_seal(cx, &head.seal);
        self.disk = self.disk.emptied();
        for waiter in self.waiting.take() {
            if let Waiter::Chain(number) = waiter {
                self.ready.chains.push_back(number);
            }
        }
        self.parked.forget_owed();
        for record in records.into_iter().chain(old.entries().map(|entry| Arc::clone(&entry.record))) {
            // What is known is there already; before a gap nothing can be done: others have it, or nobody.
            let _ = self.take(cx, record);
        }
        self.pass_lines();
        if self.log.held().get(self.line) < old.held().get(self.line) {
            // Numbers of this line are in use that are not known here any more.
            self.begin_line(cx);
        }
        self.answer_ready(cx);
        self.write_all(cx);
        self.break_seal(cx, head.seal);
        if !fenced {
            self.recovery = None;
        }
        self.greet(cx);
    }

    /// Everything that a member holds is held here, too. A replica that lost its disk takes calls again when so
    /// many have been met that one of them has what it held and had answered for, with those others it takes.
    pub(super) fn met(&mut self, cx: &mut Context<'_, Store<A>>, peer: PeerId) {
        if let Some(recovery) = &mut self.recovery {
            recovery.met.insert(peer);
            self.lift_fence(cx);
        }
    }

    /// Takes calls again, if it has caught up, and the council knows of its present life.
    pub(super) fn lift_fence(&mut self, cx: &mut Context<'_, Store<A>>) {
        let is_heard = self.is_heard();
        let is_one = is_heard && self.is_member();
        let Some(recovery) = self.recovery.as_ref().filter(|recovery| !recovery.fenced || is_one) else { return };
        let others = self.members.others().len();
        let needed = match holders(cx.config.ack) {
            1 => 1,
            holders => (others + 2).saturating_sub(holders),
        };
        if recovery.installed && recovery.taking.is_none() && recovery.met.len() >= needed.min(others) {
            self.recovery = None;
            self.write_life(cx);
        }
    }

    /// Begins another line: a new life.
    pub(super) fn begin_line(&mut self, cx: &mut Context<'_, Store<A>>) {
        let drawn = rumormill_core::rng::mix(cx.rng.next_u64() ^ cx.now.as_nanos()) as u32;
        self.line = Slot { replica: cx.me, incarnation: drawn.max(1) };
    }
}

impl<A: Application> Taking<A> {
    fn add(&mut self, content: Content<A>) -> Result<(), &'static str> {
        match (&self.place, content) {
            (Place::Head, Content::Head(head)) => {
                if !head.held.covers(&head.executed) {
                    return Err("a snapshot that has executed what it does not hold");
                }
                self.head = *head;
            }
            (Place::Parts(_), Content::Parts(parts)) => {
                for (key, part) in parts {
                    self.value.restore(&key, &part).map_err(|_| "a malformed part in a snapshot")?;
                }
            }
            (Place::Calls(_), Content::Calls(rows)) => {
                for (id, row) in rows {
                    self.calls.restore(id, &row)?;
                }
            }
            (Place::Records(_), Content::Records(records)) => self.records.extend(records),
            _ => return Err("another piece of a snapshot than was asked for"),
        }
        Ok(())
    }
}

/// All parts of an application's state.
pub(super) fn parts_of<A: Application>(value: &A) -> Vec<Write> {
    let (mut parts, mut last) = (Vec::new(), None);
    while let Some(key) = value.next_part(last.as_deref()) {
        parts.push((key.clone(), value.part(&key)));
        last = Some(key);
    }
    parts
}
