//! What the plan's faults do to the peers of a shard.

use std::sync::Arc;

use rumormill_core::Parameters;
use rumormill_core::plan::Fault;
use rumormill_core::time::nanos;
use rumormill_core::trace::Kind;

use super::activate::Occasion;
use super::{CauseOf, Shard};
use crate::digest::{Entry, hash_bytes};
use crate::event::{Event, Form, Input};
use crate::peers::clock::Clock;
use crate::peers::{CRASHED, GATED, SKEWED, UP};
use crate::recording::Recording;
use crate::simulation::Simulate;

impl<P: Simulate, F: Form<P>> Shard<P, F> {
    /// A fault of the timeline happens.
    pub(super) fn fault(&mut self, time: u64, place: usize) {
        let moment = Arc::clone(&self.timeline[place]);
        self.happened[place] = true;
        if self.leads() {
            // The how manieth it is, and not its place: one that was injected stands behind those still to come.
            self.tally.digest.add(Entry::Fault, time, self.faults, content(&moment.fault));
        }
        self.faults += 1;
        let cause = self.tape.write(time, 0, Kind::Fault, CauseOf::<P, F>::default(), |event| {
            event.name = moment.fault.name().into();
            event.text = moment.fault.to_string();
        });
        self.network.apply(&moment);
        if let Fault::Set { parameters } = &moment.fault {
            self.set(parameters);
        }
        if moment.happens_to_peers() {
            self.tally.acted_at = time;
            for index in 0..self.cells.len() {
                if moment.names(self.first + index as u32) {
                    self.fault_at(Occasion { time, index, cause }, place, &moment.fault);
                }
            }
        }
    }

    /// From now on some parameters are others.
    fn set(&mut self, changes: &Parameters) {
        self.parameters.0.extend(changes.0.clone());
        match P::config(&self.parameters) {
            Ok(config) => self.config = Arc::new(config),
            // Unless the protocol changed its mind: the plan was checked.
            Err(error) => _ = self.failure.get_or_insert(error.to_string()),
        }
    }

    /// What a fault does to one of the peers that it names.
    fn fault_at(&mut self, occasion: Occasion<CauseOf<P, F>>, place: usize, fault: &Fault) {
        let Occasion { time, index, cause } = occasion;
        let book = self.cells[index].book;
        match fault {
            Fault::Crash { .. } => self.crash(time, index, "crashed by the plan"),
            Fault::Restart { disk, .. } if book.is(CRASHED) => self.reboot(time, index, *disk),
            Fault::Join { .. } if !book.is(UP | CRASHED) => self.boot(time, index, Kind::Started),
            Fault::Pause { .. } if book.is(UP) || !self.begun => {
                self.gates.entry(index as u64).or_default().paused = true;
                self.cells[index].book.set(GATED, true);
            }
            Fault::Resume { .. } if book.is(GATED) => {
                self.gates.entry(index as u64).or_default().paused = false;
                self.work_off(time, index);
            }
            Fault::Slow { by, .. } => {
                self.gates.entry(index as u64).or_default().by = nanos(*by);
                self.cells[index].book.set(GATED, true);
                self.work_off(time, index);
            }
            Fault::Clock { offset_ns, drift_ppm, .. } => {
                let clock = Clock { since: time, offset_ns: *offset_ns, drift_ppm: *drift_ppm };
                self.clocks.insert(index as u64, clock);
                self.cells[index].book.set(SKEWED, true);
            }
            Fault::Request { .. } if book.is(UP) => {
                let (to, from) = (self.first + index as u32, u32::from(book.life));
                let event = Event { to, from, cause, input: Input::Fault(place as u32) };
                if book.is(GATED) { self.obstructed(time, event) } else { self.let_in(time, event) }
            }
            _ => {}
        }
    }

    /// A peer is asked what the fault at this place of the timeline asks.
    pub(super) fn ask(&mut self, occasion: Occasion<CauseOf<P, F>>, place: usize) {
        let moment = Arc::clone(&self.timeline[place]);
        if let Fault::Request { text, .. } = &moment.fault
            && let Some(request) = P::request(text)
        {
            self.request(occasion, request);
        }
    }
}

/// What the digest keeps of a fault besides its time: what else it is shows in what it does.
fn content(fault: &Fault) -> u64 {
    match fault {
        Fault::Request { text, .. } => hash_bytes(text.as_bytes()),
        Fault::Set { .. } => hash_bytes(fault.to_string().as_bytes()),
        _ => 0,
    }
}
