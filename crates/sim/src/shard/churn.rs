//! Peers that come and go by themselves.

use std::time::Duration;

use rumormill_core::plan::{Churn, DiskFate};
use rumormill_core::rng::mix;
use rumormill_core::{Rng, time::nanos};

use super::{CauseOf, Shard};
use crate::event::{Event, Form, Input};
use crate::peers::{AWAY, UP};
use crate::simulation::Simulate;

impl<P: Simulate, F: Form<P>> Shard<P, F> {
    /// Puts the first absences into the calendar.
    pub(super) fn plan_churn(&mut self) {
        let shared = std::sync::Arc::clone(&self.shared);
        let own = self.first..self.first + self.cells.len() as u32;
        match &shared.churn {
            Some(Churn::Exponential { peers, .. }) => {
                let numbers = peers.resolve(shared.seed, shared.peers);
                numbers.into_iter().filter(|number| own.contains(number)).for_each(|number| self.plan_leave(0, number));
            }
            Some(Churn::Schedule { absences, disk }) => {
                for &(number, from, to) in absences.iter().filter(|absence| own.contains(&absence.0)) {
                    self.push_planned(nanos(from), number, Input::Leave);
                    self.push_planned(nanos(to), number, Input::Return(*disk));
                }
            }
            _ => {}
        }
    }

    /// A peer leaves without a word.
    pub(super) fn leave(&mut self, time: u64, index: usize) {
        let number = self.first + index as u32;
        let was_up = self.cells[index].book.is(UP);
        let shared = std::sync::Arc::clone(&self.shared);
        if let Some(Churn::Exponential { mean_down, disk, .. }) = &shared.churn {
            if was_up {
                let absence = self.exponential(*mean_down, number, 1);
                self.push_planned(time.saturating_add(absence), number, Input::Return(*disk));
            } else {
                self.plan_leave(time, number);
            }
        }
        if was_up {
            self.cells[index].book.set(AWAY, true);
            self.crash(time, index, "it left for a while");
        }
    }

    /// A peer comes back, unless something else has brought it back already.
    pub(super) fn come_back(&mut self, time: u64, index: usize, disk: DiskFate) {
        if self.cells[index].book.is(AWAY) {
            self.reboot(time, index, disk);
        }
        self.plan_leave(time, self.first + index as u32);
    }

    /// Draws when a peer leaves next, if sessions end by themselves.
    fn plan_leave(&mut self, time: u64, number: u32) {
        let shared = std::sync::Arc::clone(&self.shared);
        if let Some(Churn::Exponential { mean_up, until, .. }) = &shared.churn {
            let at = time.saturating_add(self.exponential(*mean_up, number, 0));
            if at <= nanos(*until) {
                self.push_planned(at, number, Input::Leave);
            }
        }
    }

    /// A memoryless span, by inversion; `which` of a life's two.
    fn exponential(&self, mean: Duration, number: u32, which: u64) -> u64 {
        let book = self.cells[(number - self.first) as usize].book;
        let life = u64::from(number) << 32 | u64::from(book.activations);
        let mut draw = Rng::new(mix(self.shared.seed ^ 0x0063_6875_726e ^ which << 60) ^ life);
        (-libm::log(1.0 - draw.unit()) * nanos(mean) as f64) as u64
    }

    fn push_planned(&mut self, at: u64, number: u32, input: Input<F::Message, F::Timer>) {
        self.calendar.push(at, Event::planned(number, CauseOf::<P, F>::default(), input));
    }
}
