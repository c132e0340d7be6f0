//! What the plan's faults do to the peers of a shard.

use std::sync::Arc;

use rumormill_core::plan::Fault;
use rumormill_core::time::nanos;
use rumormill_core::trace::Kind;

use super::{CauseOf, Shard};
use crate::digest::Entry;
use crate::event::Form;
use crate::peers::clock::Clock;
use crate::peers::{CRASHED, GATED, SKEWED, UP};
use crate::recording::Recording;
use crate::simulation::Simulate;

impl<P: Simulate, F: Form<P>> Shard<P, F> {
    /// A fault of the timeline happens.
    pub(super) fn fault(&mut self, time: u64, place: usize) {
        let moment = Arc::clone(&self.timeline[place]);
        // The how manieth it is, and not its place: one that was injected stands behind those still to come.
        let count = self.happened.iter().filter(|happened| **happened).count() as u64;
        self.happened[place] = true;
        if self.leads() {
            self.tally.digest.add(Entry::Fault, time, count, 0);
            self.tape.write(time, 0, Kind::Fault, CauseOf::<P, F>::default(), |event| {
                event.name = moment.fault.name().into();
                event.text = moment.fault.to_string();
            });
        }
        self.network.apply(&moment);
        if moment.happens_to_peers() {
            for index in 0..self.cells.len() {
                if moment.names(self.first + index as u32) {
                    self.fault_at(time, index, &moment.fault);
                }
            }
        }
    }

    /// What a fault does to one of the peers that it names.
    fn fault_at(&mut self, time: u64, index: usize, fault: &Fault) {
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
            _ => {}
        }
    }
}
