//! Boots and crashes.

use rumormill_core::plan::{DiskFate, Fault};
use rumormill_core::rng::mix;
use rumormill_core::trace::Kind;
use rumormill_core::{Rng, Seat};

use super::activate::Occasion;
use super::{CauseOf, Shard};
use crate::digest::Entry;
use crate::event::Form;
use crate::network::Loss;
use crate::peers::{AWAY, CRASHED, DONE, FINISHED, GATED, GONE, HELD, UP};
use crate::recording::Recording;
use crate::simulation::Simulate;

impl<P: Simulate, F: Form<P>> Shard<P, F> {
    /// The first boot of all peers that are there from the start.
    pub(super) fn begin(&mut self, time: u64) {
        for index in 0..self.cells.len() {
            if !self.cells[index].book.is(UP | CRASHED) && !self.joins_later(index) {
                self.boot(time, index, Kind::Started);
            }
        }
        self.begun = true;
    }

    /// Does the plan let this peer join at a time of its own?
    pub(crate) fn joins_later(&self, index: usize) -> bool {
        let number = self.first + index as u32;
        self.timeline.iter().any(|moment| matches!(moment.fault, Fault::Join { .. }) && moment.names(number))
    }

    /// Boots a peer that is down and has a fresh state.
    pub(super) fn boot(&mut self, time: u64, index: usize, kind: Kind) {
        let number = self.first + index as u32;
        let book = &mut self.cells[index].book;
        self.tally.expected += u32::from(book.is(GONE));
        book.set(GONE | CRASHED | AWAY, false);
        book.set(UP, true);
        self.tally.up += 1;
        let cause = self.tape.write(time, number, kind, CauseOf::<P, F>::default(), |_| {});
        self.tape.write(time, number, Kind::Joined, cause, |event| event.name = event.community.clone());
        self.activate(Occasion { time, index, cause }, Entry::Boot, 0, P::on_start);
    }

    /// Boots a crashed peer again.
    pub(super) fn reboot(&mut self, time: u64, index: usize, fate: DiskFate) {
        if fate == DiskFate::Lost
            && let Some(disk) = self.disks.get_mut(&(index as u64))
        {
            disk.wipe();
        }
        let seat = Seat { peerid: self.first + index as u32, peers: self.shared.peers };
        self.cells[index].state = P::peer(&self.config, seat);
        self.boot(time, index, Kind::Restarted);
    }

    /// Stops a peer at once.
    pub(super) fn crash(&mut self, time: u64, index: usize, why: &'static str) {
        if !self.cells[index].book.is(UP) {
            // At time zero, before the first boot, a peer can be taken down for later. Otherwise it is
            // down already, or not there yet.
            if !self.begun && !self.cells[index].book.is(CRASHED) && !self.joins_later(index) {
                self.cells[index].book.set(CRASHED, true);
                self.count_out(index);
            }
            return;
        }
        self.tally.digest.add(Entry::Crash, time, self.place(index), 0);
        let book = &mut self.cells[index].book;
        book.set(UP | DONE | HELD, false);
        book.set(CRASHED, true);
        (book.unmet, book.life) = (0, book.life.wrapping_add(1));
        self.tally.up -= 1;
        self.tally.done -= u32::from(book.is(FINISHED));
        book.set(FINISHED, false);
        self.tape.write(time, self.first + index as u32, Kind::Crashed, CauseOf::<P, F>::default(), |event| {
            event.text = why.into();
        });
        self.crash_disk(index);
        self.crash_gate(time, index);
        self.targets.forget(index);
        self.count_out(index);
    }

    fn crash_disk(&mut self, index: usize) {
        let number = u64::from(self.first + index as u32);
        let life = u64::from(self.cells[index].book.life);
        let draw = Rng::new(mix(self.shared.seed ^ 0x6469_736b) ^ (number << 16 | life));
        if let Some(disk) = self.disks.get_mut(&(index as u64)) {
            disk.crash(self.shared.disk, draw);
        }
    }

    fn crash_gate(&mut self, time: u64, index: usize) {
        let Some(gate) = self.gates.get_mut(&(index as u64)) else { return };
        let waited = gate.crash();
        if gate.is_open() {
            self.gates.remove(&(index as u64));
            self.cells[index].book.set(GATED, false);
        }
        for event in waited {
            self.lose(time, &event, Loss::Down);
        }
    }

    /// A peer that went down no longer counts unless the plan brings it back.
    fn count_out(&mut self, index: usize) {
        let number = self.first + index as u32;
        let restarts = |fault: &Fault| matches!(fault, Fault::Restart { .. });
        let mut later = self.timeline.iter().zip(&self.happened).filter(|(_, happened)| !**happened);
        let returns =
            self.cells[index].book.is(AWAY) || later.any(|(moment, _)| restarts(&moment.fault) && moment.names(number));
        if !returns {
            self.cells[index].book.set(GONE, true);
            self.tally.expected -= 1;
        }
    }
}
