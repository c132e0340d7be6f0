//! A run in motion: its shards, its windows of time, and its end.
//!
//! Time goes in windows of a fixed width, no wider than the least latency: whatever a shard sends in one
//! window arrives in a later one. Windows lie on a grid and empty ones are skipped, so that they, and with
//! them the moment at which a run is found to be complete, are the same for any number of shards and
//! however a run is paced.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use rumormill_core::plan::Fault;
use rumormill_core::trace::{Event as TraceEvent, EventId};
use rumormill_core::{Instant, Outcome, Protocol};

use crate::calendar::BUCKET_BITS;
use crate::event::Form;
use crate::faults::Moment;
use crate::guard::Checks;
use crate::inspection::Inspection;
use crate::network::Model;
use crate::peers::keys::Keys;
use crate::peers::{Cell, UP};
use crate::recording::Recording;
use crate::report::{Report, Status};
use crate::retrace::Found;
use crate::settings::meaning;
use crate::settings::{Settings, SettingsError};
use crate::shard::activate::Occasion;
use crate::shard::probe::Probe;
use crate::shard::{CauseOf, Shard, Shared, Tally};
use crate::simulation::Simulate;

mod board;
mod course;
mod inspect;
mod judge;
mod seek;
mod threads;

pub(crate) use course::Course;
use course::Step;

/// A run in motion, whatever its form.
pub(crate) trait Machine<P: Protocol>: Send {
    /// Moves on as far as it can without passing `until`; the outcome when the run has ended.
    fn advance(&mut self, until: Instant, tape: &mut dyn FnMut(&TraceEvent)) -> Option<Outcome>;
    /// Is this fault one that can happen in this run?
    /// Lets a fault happen now; when that is.
    fn inject(&mut self, fault: Fault) -> Result<Duration, SettingsError>;
    fn request(&mut self, peerid: u32, request: P::Request);
    fn state(&self, peerid: u32) -> Option<&P>;
    /// What can be seen of a peer, at most `limit` of each kind.
    fn inspect(&self, peerid: u32, limit: usize) -> Option<Inspection>;
    fn activations(&self, peerid: u32) -> u32;
    /// How many events were counted of a peer, or of the run: 0.
    fn recorded(&self, peerid: u32) -> u64;
    fn now(&self) -> Instant;
    /// When a fault happens that is injected now.
    fn next_fault_at(&self) -> Instant;
    /// Goes on by about so many activations, but not beyond `until`.
    fn go_some(&mut self, until: Instant, activations: u64) -> Option<Outcome>;
    /// How many activations there were.
    fn events(&self) -> u64;
    /// Goes on until right after an event, but not beyond `until`: only where events are counted.
    fn seek(&mut self, event: EventId, until: Instant) -> Option<Found>;
    /// Keeps what this peer was before its last activation.
    fn watch(&mut self, peerid: u32)
    where
        P: Clone;
    /// What a watched peer was before its last activation.
    fn before(&self, peerid: u32) -> Option<&P>;
    /// What a watched peer was right after the event that was looked for, if it went on since.
    fn sealed(&self, peerid: u32) -> Option<&P>;
    /// Checks these properties; before the run begins.
    fn check_properties(&mut self, checks: &Checks<P>);
    fn is_up(&self, peerid: u32) -> bool;
    fn report(&self) -> Report;
    fn status(&self) -> Status;
    fn duplicate(&self) -> Box<dyn Machine<P>>
    where
        P: Clone;
    fn save(&self) -> Result<Vec<u8>, postcard::Error>
    where
        P: serde::Serialize,
        P::Timer: serde::Serialize;
}

/// A run of one form.
pub(crate) struct Engine<P: Protocol, F: Form<P>> {
    pub(crate) settings: Settings,
    pub(crate) shards: Vec<Shard<P, F>>,
    pub(crate) course: Course,
}

impl<P: Simulate, F: Form<P>> Engine<P, F> {
    /// A run that has not begun. The settings must have been checked.
    pub(crate) fn new(config: P::Config, settings: Settings) -> Self {
        let mut engine = Self::without_plan(config, settings);
        let (seed, peers) = (engine.settings.seed, engine.settings.peers);
        let moment = |at: Duration, fault: &Fault| {
            Arc::new(Moment::new(rumormill_core::time::nanos(at), fault.clone(), seed, peers))
        };
        let timeline: Vec<Arc<Moment>> =
            engine.settings.plan.schedule().into_iter().map(|timed| moment(timed.at, &timed.fault)).collect();
        engine.shards.iter_mut().for_each(|shard| shard.plan(&timeline));
        engine
    }

    /// A run in whose calendar nothing stands.
    pub(crate) fn without_plan(config: P::Config, settings: Settings) -> Self {
        let per_shard = settings.peers.div_ceil(settings.threads);
        let count = settings.peers.div_ceil(per_shard);
        let shared = Arc::new(Shared {
            seed: settings.seed,
            peers: settings.peers,
            per_shard,
            disk: settings.plan.disk,
            churn: settings.plan.churn.clone(),
            check_codec: settings.check_codec,
            keys: Keys::new(settings.seed, settings.peers),
        });
        let config = Arc::new(config);
        let common = || (Arc::clone(&shared), Arc::clone(&config));
        let shard = |index| Shard::new(common(), &settings, count as usize, index);
        let shards = threads::in_parallel((0..count).collect(), shard);
        let course = Course::new(&settings, Model::new(&settings.plan.network.latency).least());
        Self { settings, shards, course }
    }

    /// Shard and index of peer number `peerid`, which must exist.
    pub(crate) fn place_of(&self, peerid: u32) -> (usize, usize) {
        let per_shard = self.shards[0].shared.per_shard;
        (((peerid - 1) / per_shard) as usize, ((peerid - 1) % per_shard) as usize)
    }

    fn cell(&self, peerid: u32) -> Option<&Cell<P>> {
        let (shard, index) =
            Some(peerid).filter(|id| (1..=self.settings.peers).contains(id)).map(|id| self.place_of(id))?;
        Some(&self.shards[shard].cells[index])
    }

    fn probe(&self, peerid: u32) -> Option<&Probe<P>> {
        self.cell(peerid)?;
        self.shards[self.place_of(peerid).0].probe.as_deref()
    }

    fn tally(&self) -> Tally {
        self.shards.iter().fold(Tally::default(), |sum, shard| sum.join(shard.tally))
    }

    fn targets(&self) -> BTreeMap<String, crate::TargetReport> {
        let mut targets = BTreeMap::new();
        self.shards.iter().for_each(|shard| shard.targets.sum_into(&mut targets));
        targets
    }

    /// Peers boot at the start unless the plan lets them join later: once they have, it is too late for that.
    fn check_join(&self, fault: &Fault) -> Result<(), SettingsError> {
        let Fault::Join { peers } = fault else { return Ok(()) };
        let mut numbers = peers.resolve(self.settings.seed, self.settings.peers).into_iter();
        let early = numbers.find(|&number| {
            let (shard, index) = self.place_of(number);
            !self.shards[shard].joins_later(index)
        });
        early.map_or(Ok(()), |number| {
            let why = format!("peer {number} has joined already; only peers that the plan lets join later can join");
            Err(SettingsError::Value { field: "fault.peers".into(), why })
        })
    }

    /// Requests and changed parameters must mean something, together with those still to come.
    fn check_meaning(&self, at: u64, fault: &Fault) -> Result<(), SettingsError> {
        let planned = self.shards[0].timeline.iter().map(|moment| (moment.at, "plan", &moment.fault));
        let mut timeline: Vec<(u64, &str, &Fault)> = planned.chain([(at, "fault", fault)]).collect();
        timeline.sort_by_key(|(at, ..)| *at);
        let faults = timeline.into_iter().map(|(_, field, fault)| (field.to_string(), fault));
        meaning::check::<P>(&self.settings.parameters, faults).map(drop)
    }

    /// Moves on by one window after the other, all by the calling thread.
    fn advance_alone(&mut self, until: u64, tape: &mut dyn FnMut(&TraceEvent)) {
        let shard = &mut self.shards[0];
        loop {
            let step = self.course.step(&[shard.standing()], until);
            if let Step::Window { end, time_max } | Step::Part { end, time_max } = step {
                shard.run(end, time_max);
            }
            let mut record = shard.take_record();
            shard.read(&mut record);
            emit(&mut record, tape);
            if !matches!(step, Step::Window { .. }) {
                return;
            }
        }
    }

    /// Hands over what was sent and recorded outside of a window.
    fn settle(&mut self) {
        for from in 0..self.shards.len() {
            for to in 0..self.shards.len() {
                let mut sent = std::mem::take(&mut self.shards[from].outgoing[to]);
                self.shards[to].accept(&mut sent);
                self.shards[from].outgoing[to] = sent;
            }
        }
    }
}

/// Hands on what was recorded in a window, in an order that does not depend on shards.
fn emit(events: &mut Vec<TraceEvent>, tape: &mut dyn FnMut(&TraceEvent)) {
    events.sort_by_key(|event| (event.time, event.id));
    events.drain(..).for_each(|event| tape(&event));
}

impl<P: Simulate, F: Form<P>> Machine<P> for Engine<P, F> {
    fn advance(&mut self, until: Instant, tape: &mut dyn FnMut(&TraceEvent)) -> Option<Outcome> {
        if F::Tape::SEEKS {
            self.look_for(None);
        }
        if self.course.ended.is_none() {
            match self.shards.len() {
                1 => self.advance_alone(until.as_nanos(), tape),
                _ => threads::advance(&mut self.shards, &mut self.course, until.as_nanos(), tape),
            }
            if F::Tape::ON && self.course.ended.is_some() {
                self.judge_end(tape);
            }
        }
        self.course.ended
    }

    fn inject(&mut self, fault: Fault) -> Result<Duration, SettingsError> {
        if self.course.ended.is_some() {
            return Err(SettingsError::Ended);
        }
        self.settings.check_fault("fault", &fault)?;
        self.check_join(&fault)?;
        // In a plan it would come before everything that peers do at its time. What has happened cannot come
        // after it, so it happens later by the least that there is.
        let at = self.next_fault_at().as_nanos();
        self.check_meaning(at, &fault)?;
        let moment = Arc::new(Moment::new(at, fault, self.settings.seed, self.settings.peers));
        self.shards.iter_mut().for_each(|shard| shard.add_fault(Arc::clone(&moment)));
        Ok(Duration::from_nanos(at))
    }

    fn request(&mut self, peerid: u32, request: P::Request) {
        if self.course.ended.is_none() && self.is_up(peerid) {
            let (shard, index) = self.place_of(peerid);
            let cause = CauseOf::<P, F>::default();
            self.shards[shard].request(Occasion { time: self.course.now(), index, cause }, request);
            self.settle();
        }
    }

    fn state(&self, peerid: u32) -> Option<&P> {
        self.cell(peerid).map(|cell| &cell.state)
    }

    fn inspect(&self, peerid: u32, limit: usize) -> Option<Inspection> {
        self.look_at(peerid, limit)
    }

    fn activations(&self, peerid: u32) -> u32 {
        self.cell(peerid).map_or(0, |cell| cell.book.activations)
    }

    fn recorded(&self, peerid: u32) -> u64 {
        match peerid {
            0 => self.shards[0].tape.count(0),
            _ if self.cell(peerid).is_none() => 0,
            _ => self.shards[self.place_of(peerid).0].tape.count(peerid),
        }
    }

    fn now(&self) -> Instant {
        Instant::from_nanos(self.course.now())
    }

    fn next_fault_at(&self) -> Instant {
        Instant::from_nanos(self.course.now().max(self.tally().acted_at.saturating_add(1)))
    }

    fn go_some(&mut self, until: Instant, activations: u64) -> Option<Outcome> {
        self.go_some(until.as_nanos(), activations)
    }

    fn events(&self) -> u64 {
        self.tally().events
    }

    fn seek(&mut self, event: EventId, until: Instant) -> Option<Found> {
        let peerid = event.peerid();
        let counted = self.recorded(peerid);
        let is_to_come = event > EventId::new(peerid, counted) && peerid <= self.settings.peers;
        if !F::Tape::SEEKS || !is_to_come || !self.go_to(event, until.as_nanos()) {
            return None;
        }
        let found = |shard: &Shard<P, F>| {
            let event = shard.tape.found()?.clone();
            Some(Found { event, message: shard.probe.as_ref().and_then(|probe| probe.message.clone()) })
        };
        self.shards.iter().find_map(found)
    }

    fn watch(&mut self, peerid: u32)
    where
        P: Clone,
    {
        self.put_probe(peerid, P::clone);
    }

    fn before(&self, peerid: u32) -> Option<&P> {
        self.probe(peerid)?.before.as_ref()
    }

    fn sealed(&self, peerid: u32) -> Option<&P> {
        self.probe(peerid)?.after.as_ref()
    }

    fn check_properties(&mut self, checks: &Checks<P>) {
        self.put_guard(checks);
    }

    fn is_up(&self, peerid: u32) -> bool {
        self.cell(peerid).is_some_and(|cell| cell.book.is(UP))
    }

    fn report(&self) -> Report {
        let tally = self.tally();
        Report {
            outcome: self.course.ended.unwrap_or(Outcome::Stopped),
            failure: self.shards.iter().find_map(|shard| shard.failure.clone()).or_else(|| self.course.failure()),
            virtual_time: Duration::from_nanos(self.course.ended_at.unwrap_or_else(|| self.course.now())),
            events: tally.events,
            messages: tally.messages,
            targets: self.targets(),
            up: tally.up,
            done: tally.done,
            digest: tally.digest,
            violations: self.violations(),
            well_at: self.shards[0].guard.as_ref().and_then(|guard| guard.well_at()),
        }
    }

    fn status(&self) -> Status {
        let tally = self.tally();
        Status {
            now: Instant::from_nanos(self.course.ended_at.unwrap_or_else(|| self.course.now())),
            events: tally.events,
            peers: self.settings.peers,
            up: tally.up,
            done: tally.done,
            expected: tally.expected,
            messages: tally.messages,
            targets: self.targets(),
        }
    }

    fn duplicate(&self) -> Box<dyn Machine<P>>
    where
        P: Clone,
    {
        let shards = self.shards.iter().map(Shard::duplicate).collect();
        Box::new(Self { settings: self.settings.clone(), shards, course: self.course })
    }

    fn save(&self) -> Result<Vec<u8>, postcard::Error>
    where
        P: serde::Serialize,
        P::Timer: serde::Serialize,
    {
        crate::simulation::saved::save(self)
    }
}

/// What the course of a run depends on, from one shard.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Standing {
    /// The first bucket in which something happens to a peer of the shard, or to one that it wrote to.
    next_bucket: Option<u64>,
    done: u32,
    expected: u32,
    done_at: u64,
    failed: bool,
    /// When a property did not hold.
    violated: Option<u64>,
}

impl<P: Simulate, F: Form<P>> Shard<P, F> {
    /// What the course of the run depends on.
    pub(crate) fn standing(&self) -> Standing {
        let sent = self.outgoing.iter().flatten().map(|(time, _)| time >> BUCKET_BITS).min();
        Standing {
            next_bucket: self.calendar.next_bucket().into_iter().chain(sent).min(),
            done: self.tally.done,
            expected: self.tally.expected,
            done_at: self.tally.done_at,
            failed: self.failure.is_some(),
            violated: self.guard.as_ref().and_then(|guard| guard.violated_at()),
        }
    }
}
