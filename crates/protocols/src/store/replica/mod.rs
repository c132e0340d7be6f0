//! A replica: holds the log and the value, answers calls, and gossips.
//!
//! An update that it takes joins the replica's own line in the [`log`], is written to its disk ([`disk`],
//! [`keep`]), executed when all that it depends on is ([`execute`], [`ready`]), and told to the others
//! ([`gossip`]). What all members hold leaves the log, and what no call can refer to any more leaves the call
//! table ([`calls`], [`floors`]). A replica that cannot be brought up to date by gossip takes a snapshot of
//! another one ([`give`], [`recover`]). What cannot be done by each alone, all do together ([`council`]).

mod answer;
mod calls;
mod council;
mod disk;
mod execute;
mod floors;
mod give;
mod gossip;
mod keep;
mod log;
mod members;
mod numbers;
mod outbox;
mod parked;
mod ready;
mod recover;
mod status;

pub use council::Seal;
pub(super) use council::Standing;
use rumormill_core::{Context, PeerId, Seat};
use serde::Serialize;

use super::lines::EndedLines;
use super::{
    Application, Calls, Changed, Config, Errand, Executed, Gossip, Indication, Message, Piece, Place, Refusal, Request,
    Service, Slot, Store, Timestamp, Trail,
};
use crate::raft;

/// A replica.
#[derive(Clone, Debug, Serialize)]
#[serde(bound = "")]
pub struct Replica<A: Application> {
    seat: Seat,
    /// The line of the updates that it takes: its life.
    line: Slot,
    members: members::Members,
    log: log::Log<A>,
    /// What is executed.
    value_timestamp: Timestamp,
    /// What has been executed gives this.
    value: A,
    /// What of it is not on disk.
    changed: Changed,
    calls: calls::CallTable<A>,
    /// What is executed in the state that came from a disk or a snapshot.
    adopted: Timestamp,
    /// What is on so many members' disks that it may be executed.
    stable: Timestamp,
    waiting: ready::Waiting,
    /// What need not wait any longer; empty between activations.
    ready: ready::Ready,
    parked: parked::Parked<A>,
    #[serde(skip)]
    outbox: outbox::Outbox<A>,
    floors: floors::Floors,
    /// The floor must not rise beyond this: calls of that time may yet be ordered.
    floor_limit: Option<u64>,
    /// The latest stamp's time that it has heard of.
    heard: u64,
    disk: disk::Disk,
    service: Service,
    recovery: Option<recover::Recovery<A>>,
    giving: Option<Box<give::Giving<A>>>,
    council: council::Council<A>,
    /// Of the updates that it took, the others were told of so many, or messages to them are on their way.
    told_of: u64,
    /// What it executed, for checkers.
    trail: Trail,
    counts: status::Counts,
    measured: status::Measured,
}

/// What a replica's timer hands back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum Timer {
    /// It is time to gossip.
    Gossip,
    /// It is time to write what nobody waits for.
    Flush,
    /// It is time to ask for a piece of a snapshot again.
    Recover,
    /// The council's.
    Council(raft::Timer),
}

impl<A: Application> Replica<A> {
    pub(super) fn new(_config: &Config, seat: Seat) -> Self {
        Self {
            seat,
            line: Slot { replica: PeerId(u64::from(seat.peerid)), incarnation: 0 },
            members: members::Members::default(),
            log: log::Log::default(),
            value_timestamp: Timestamp::new(),
            value: A::default(),
            changed: Changed::default(),
            calls: calls::CallTable::default(),
            adopted: Timestamp::new(),
            stable: Timestamp::new(),
            waiting: ready::Waiting::default(),
            ready: ready::Ready::default(),
            parked: parked::Parked::default(),
            outbox: outbox::Outbox::default(),
            floors: floors::Floors::default(),
            floor_limit: None,
            heard: 0,
            disk: disk::Disk::default(),
            service: Service::default(),
            recovery: None,
            giving: None,
            council: council::Council::default(),
            told_of: 0,
            trail: Trail::default(),
            counts: status::Counts::default(),
            measured: status::Measured::default(),
        }
    }

    /// What has been executed gives this.
    #[must_use]
    pub fn value(&self) -> &A {
        &self.value
    }

    /// What is executed.
    #[must_use]
    pub fn value_timestamp(&self) -> &Timestamp {
        &self.value_timestamp
    }

    /// What is in the log, or was once.
    #[must_use]
    pub fn replica_timestamp(&self) -> &Timestamp {
        self.log.held()
    }

    /// Lines that have ended, as far as it knows.
    pub(super) fn ended(&self) -> &EndedLines {
        &self.members.ended
    }

    /// How many updates are in the log.
    #[must_use]
    pub fn log_len(&self) -> usize {
        self.log.len()
    }

    /// How many sessions are in the call table.
    #[must_use]
    pub fn sessions(&self) -> usize {
        self.calls.len()
    }

    /// Does it answer calls, as far as it was told?
    #[must_use]
    pub fn service(&self) -> Service {
        self.service
    }

    /// Is it a member of the store, as far as it knows?
    #[must_use]
    pub fn is_member(&self) -> bool {
        self.members.replicas.members.contains(&self.line.replica)
    }

    /// What it executed, as far as the state that it has tells: kept only where clients are made up.
    #[must_use]
    pub fn executed(&self) -> &[Executed] {
        self.trail.steps()
    }

    /// Has it lost its disk, and not caught up yet?
    #[must_use]
    pub fn is_recovering(&self) -> bool {
        self.is_fenced()
    }

    pub(super) fn on_start(&mut self, cx: &mut Context<'_, Store<A>>) {
        self.boot(cx);
        self.schedule_gossip(cx);
        self.greet(cx);
        self.finish(cx);
        // It has no end of its own: its target says when all is done.
        cx.done();
    }

    pub(super) fn on_calls(&mut self, cx: &mut Context<'_, Store<A>>, from: PeerId, calls: Calls<A>) {
        self.take_calls(cx, from, calls);
        self.finish(cx);
    }

    pub(super) fn on_gossip(&mut self, cx: &mut Context<'_, Store<A>>, from: PeerId, gossip: Gossip<A>) {
        self.hear_gossip(cx, from, gossip);
        self.finish(cx);
    }

    pub(super) fn on_pull(&mut self, cx: &mut Context<'_, Store<A>>, from: PeerId, have: &Timestamp) {
        self.hear_pull(cx, from, have);
    }

    pub(super) fn on_want_piece(
        &mut self,
        cx: &mut Context<'_, Store<A>>,
        from: PeerId,
        snapshot: (Slot, u64),
        place: &Place,
    ) {
        self.give(cx, from, snapshot, place);
    }

    pub(super) fn on_piece(&mut self, cx: &mut Context<'_, Store<A>>, from: PeerId, piece: Piece<A>) {
        self.take_piece(cx, from, piece);
        self.finish(cx);
    }

    pub(super) fn on_timer(&mut self, cx: &mut Context<'_, Store<A>>, timer: Timer) {
        match timer {
            Timer::Gossip => self.tick(cx),
            Timer::Flush => self.flush(cx),
            Timer::Recover => self.recover_on(cx),
            Timer::Council(timer) => self.on_council_timer(cx, timer),
        }
        self.finish(cx);
    }

    pub(super) fn on_request(&mut self, cx: &mut Context<'_, Store<A>>, request: Request<A>) {
        match request {
            Request::Switch(service) => drop(self.manage(cx, Errand::Switch(service))),
            Request::Gossip => drop(self.manage(cx, Errand::Gossip)),
            Request::Status => cx.indicate(Indication::Status(Box::new(self.status_now(cx)))),
            Request::Change(errand) => {
                let result = self.manage(cx, errand);
                cx.indicate(Indication::Changed { errand, result });
            }
            // These are for front ends.
            Request::Calls(_) | Request::Close(_) | Request::Manage { .. } => {}
        }
        self.finish(cx);
    }

    /// Does what a person asks of it, or begins to.
    ///
    /// # Errors
    /// When it does not, and somebody else may.
    pub(super) fn manage(&mut self, cx: &mut Context<'_, Store<A>>, errand: Errand) -> Result<(), Refusal> {
        match errand {
            Errand::Status => {}
            Errand::Switch(service) => {
                self.measure_service(cx, service);
                self.service = service;
                if service == Service::Offline {
                    // A primary that answers no calls is none.
                    self.hand_over(cx);
                }
                cx.indicate(Indication::Switched(service));
            }
            Errand::Gossip => self.gossip_now(cx),
            Errand::Add(_) | Errand::Remove(_) | Errand::Evict(_) => return self.change_members(cx, errand),
        }
        Ok(())
    }

    /// Somebody asks for something through a front end.
    pub(super) fn on_manage(&mut self, cx: &mut Context<'_, Store<A>>, from: PeerId, ticket: u64, errand: Errand) {
        let result = self.manage(cx, errand);
        let status = Box::new(self.status_now(cx));
        cx.send(from, Message::Told { ticket, result, status });
        self.finish(cx);
    }

    /// A round of gossip, and of all that is done now and then.
    fn tick(&mut self, cx: &mut Context<'_, Store<A>>) {
        self.schedule_gossip(cx);
        self.collect();
        self.council_tick(cx);
        self.raise_floor(cx);
        self.settle();
        self.expire(cx, self.floors.own());
        self.gossip_round(cx);
        self.stop_giving(cx.now);
        self.checkpoint(cx);
        self.measure_round(cx);
    }

    /// The end of every activation: what became ready is done, what was taken is written, answers and news leave.
    fn finish(&mut self, cx: &mut Context<'_, Store<A>>) {
        self.answer_ready(cx);
        while self.preside(cx) || self.go_on(cx) || self.leave(cx) {
            self.answer_ready(cx);
        }
        self.write(cx);
        self.pull(cx);
        self.outbox.send(cx, &self.value_timestamp, self.heard);
        self.spread(cx);
        self.report(cx);
        self.measure_change(cx);
    }
}

#[cfg(test)]
mod tests;
