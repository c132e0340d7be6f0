//! Looks after a run's properties while it goes on.
//!
//! A shard looks at each peer that it activates. What it finds it lays among what is recorded. The first
//! shard reads the record of all shards in order, between windows, and decides what came first: so a
//! violation is the same for any number of threads. The run ends with the window in which it was found.

use std::borrow::Cow;

use rumormill_core::property::{Monitor, Peer, Peers, Property, Rule, Violation, World};
use rumormill_core::trace::{Event as TraceEvent, EventId, Kind};
use rumormill_core::{Instant, PeerId, Protocol, Seat};

use crate::event::Form;
use crate::peers::{Cell, UP};
use crate::recording::Recording;
use crate::shard::activate::Occasion;
use crate::shard::{CauseOf, Shard};
use crate::simulation::Simulate;

/// In runs of up to this many peers, a property over all peers is looked at after every activation.
pub const EXACT_PEERS: u32 = 256;

/// In larger runs, it is looked at once so many activations: a look then costs so many peers' states for
/// each activation since the last.
pub const LOOK_PEERS: u32 = 16;

/// The properties to check in a run.
#[derive(Clone, Debug)]
pub struct Checks<P: Protocol> {
    /// The properties.
    pub properties: Vec<Property<P>>,
    /// Look at properties over all peers after every activation from this one on, and not before; none looks
    /// as often as the number of peers allows ([`EXACT_PEERS`], [`LOOK_PEERS`]).
    pub exactly_from: Option<u64>,
}

impl<P: Protocol> Checks<P> {
    /// These properties, looked at as often as the number of peers allows.
    #[must_use]
    pub fn new(properties: Vec<Property<P>>) -> Self {
        Self { properties, exactly_from: None }
    }

    /// Is one of them over the trace? Then there must be one.
    #[must_use]
    pub fn need_trace(&self) -> bool {
        self.properties.iter().any(|property| matches!(property.rule, Rule::Trace(_)))
    }

    /// Is one of them over all peers at any moment? Then all must be in one shard.
    #[must_use]
    pub fn need_one_thread(&self) -> bool {
        self.properties.iter().any(|property| matches!(property.rule, Rule::Always(_)))
    }
}

/// What a shard checks, and what was found.
pub(crate) struct Guard<P: Protocol> {
    properties: Vec<Property<P>>,
    /// Of the first shard only: it reads the trace.
    monitors: Vec<(&'static str, Box<dyn Monitor + Send>)>,
    /// When to look at all peers: at every so many activations, from this one on.
    every: u64,
    from: u64,
    /// Activations after which all was well with all peers.
    well_at: u64,
    /// Found in this window, and not yet read. All of one time: what comes later does not matter.
    found: Vec<TraceEvent>,
    found_at: Option<u64>,
    /// What did not hold: one, or at the end of the run several. Of the first shard only.
    pub(crate) violations: Vec<Violation>,
    /// The time of the last event that was read.
    read_to: Instant,
    is_judged: bool,
}

impl<P: Protocol> Guard<P> {
    /// The guard of a shard of a run of so many peers.
    pub(crate) fn new(checks: &Checks<P>, peers: u32, leads: bool) -> Self {
        let monitor = |property: &Property<P>| match &property.rule {
            Rule::Trace(monitor) if leads => Some((property.name, monitor())),
            _ => None,
        };
        let every = if peers <= EXACT_PEERS { 1 } else { u64::from(peers / LOOK_PEERS) };
        Self {
            properties: checks.properties.clone(),
            monitors: checks.properties.iter().filter_map(monitor).collect(),
            every: if checks.exactly_from.is_some() { 1 } else { every },
            from: checks.exactly_from.unwrap_or(0),
            well_at: 0,
            found: Vec::new(),
            found_at: None,
            violations: Vec::new(),
            read_to: Instant::ZERO,
            is_judged: false,
        }
    }

    /// The time of the violation that ends the run.
    pub(crate) fn violated_at(&self) -> Option<u64> {
        self.violations.first().map(|violation| violation.time.as_nanos())
    }

    /// When all peers are looked at now and then only, and something was wrong: after how many activations
    /// all was well for sure.
    pub(crate) fn well_at(&self) -> Option<u64> {
        let over_all = |violation: &Violation| {
            let rule = self.properties.iter().find(|property| property.name == violation.property);
            rule.is_some_and(|property| matches!(property.rule, Rule::Always(_)))
        };
        (self.every > 1 && self.violations.iter().any(over_all)).then_some(self.well_at)
    }

    /// What is found goes among what is recorded: behind the event that showed it, which has its time.
    fn note(&mut self, time: u64, event: Option<EventId>, peer: u32, property: &'static str, text: String) {
        let id = event.unwrap_or_default();
        let mut found = TraceEvent::new(id, Instant::from_nanos(time), PeerId(0), Kind::Violated);
        found.other = Some(PeerId(peer.into()));
        found.cause = event;
        found.name = Cow::Borrowed(property);
        found.text = text;
        self.found.push(found);
        self.found_at = Some(time);
    }

    /// Hands over what was found.
    pub(crate) fn take(&mut self) -> Vec<TraceEvent> {
        std::mem::take(&mut self.found)
    }

    /// The first violation in a record that is in order.
    fn first(&mut self, record: &[TraceEvent]) -> Option<Violation> {
        for event in record {
            if event.kind == Kind::Violated {
                let peer = event.other.map_or(0, |peer| peer.0 as u32);
                let (property, text) = (event.name.clone().into_owned(), event.text.clone());
                return Some(Violation { property, time: event.time, event: event.cause, peer, text });
            }
            for (property, monitor) in &mut self.monitors {
                if let Err(text) = monitor.event(event) {
                    let (property, peer) = ((*property).to_string(), event.peer.0 as u32);
                    return Some(Violation { property, time: event.time, event: Some(event.id), peer, text });
                }
            }
        }
        None
    }

    /// Judges the end of a run that came to its end by itself. `Always` is asked once more: the last look may
    /// have been a while ago.
    pub(crate) fn judge_end(&mut self, world: &World<'_, P>) {
        if std::mem::replace(&mut self.is_judged, true) || !self.violations.is_empty() {
            return;
        }
        let mut wrong = |property: &str, text| {
            let property = property.to_string();
            self.violations.push(Violation { property, time: world.time, event: None, peer: 0, text });
        };
        for property in &self.properties {
            if let Rule::Always(check) | Rule::Eventually(check) = &property.rule
                && let Err(text) = check(world)
            {
                wrong(property.name, text);
            }
        }
        for (property, monitor) in &mut self.monitors {
            if let Err(text) = monitor.end() {
                wrong(property, text);
            }
        }
    }

    /// The time at which a violation found at the end stands in the trace: behind everything else.
    pub(crate) fn end_of_trace(&self, ended_at: Instant) -> u64 {
        ended_at.max(self.read_to).as_nanos()
    }
}

impl<P: Simulate, F: Form<P>> Shard<P, F> {
    /// Looks at what an activation made of its peer, and of all peers.
    pub(crate) fn look(&mut self, occasion: &Occasion<CauseOf<P, F>>) {
        let Some(mut guard) = self.guard.take() else { return };
        let &Occasion { time, index, cause } = occasion;
        if guard.found_at.is_none_or(|found_at| time <= found_at)
            && let Some((property, text)) = self.wrong(&mut guard, time, index)
        {
            let number = self.first + index as u32;
            guard.note(time, F::Tape::id(cause), number, property, text);
        }
        self.guard = Some(guard);
    }

    /// The first property that does not hold after an activation of this peer, and why.
    fn wrong(&self, guard: &mut Guard<P>, time: u64, index: usize) -> Option<(&'static str, String)> {
        let time = Instant::from_nanos(time);
        let seat = Seat { peerid: self.first + index as u32, peers: self.shared.peers };
        let peer = Peer { seat, is_up: true, state: &self.cells[index].state, config: &*self.config, time };
        let activations = self.tally.events;
        let is_due = activations >= guard.from && activations.is_multiple_of(guard.every);
        let cells = Cells(&self.cells);
        let world = World::new(time, self.shared.seed, &*self.config, &cells);
        for property in &guard.properties {
            let checked = match &property.rule {
                Rule::Each(check) => check(&peer),
                Rule::Always(check) if is_due => check(&world),
                _ => Ok(()),
            };
            if let Err(text) = checked {
                return Some((property.name, text));
            }
        }
        if is_due {
            guard.well_at = activations;
        }
        None
    }

    /// Takes what was recorded and found since the last time.
    pub(crate) fn take_record(&mut self) -> Vec<TraceEvent> {
        let mut record = self.tape.take();
        if let Some(guard) = &mut self.guard {
            record.append(&mut guard.take());
        }
        record
    }

    /// Reads what all shards recorded; of the first shard only. Of what was found, the first stays: a
    /// nanosecond after what showed it, so that it stands behind it.
    pub(crate) fn read(&mut self, record: &mut Vec<TraceEvent>) {
        let Some(guard) = &mut self.guard else { return };
        record.sort_by_key(|event| (event.time, event.id));
        let violation = if guard.violations.is_empty() { guard.first(record) } else { None };
        record.retain(|event| event.kind != Kind::Violated);
        guard.read_to = record.last().map_or(guard.read_to, |event| event.time.max(guard.read_to));
        if let Some(violation) = violation {
            guard.violations.push(violation.clone());
            record.append(&mut self.tape_violation(violation.time.as_nanos() + 1, &violation));
        }
    }

    /// The event of a violation.
    pub(crate) fn tape_violation(&mut self, time: u64, violation: &Violation) -> Vec<TraceEvent> {
        self.tape.write(time, 0, Kind::Violated, CauseOf::<P, F>::default(), |event| {
            event.other = (violation.peer > 0).then(|| PeerId(violation.peer.into()));
            event.cause = violation.event;
            event.name = Cow::Owned(violation.property.clone());
            event.text.clone_from(&violation.text);
        });
        self.tape.take()
    }
}

/// The peers of a run of one shard.
struct Cells<'a, P>(&'a [Cell<P>]);

impl<P: Protocol> Peers<P> for Cells<'_, P> {
    fn count(&self) -> u32 {
        self.0.len() as u32
    }

    fn peer(&self, peerid: u32) -> (&P, bool) {
        let cell = &self.0[peerid as usize - 1];
        (&cell.state, cell.book.is(UP))
    }
}
