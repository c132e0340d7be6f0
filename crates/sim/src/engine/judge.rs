//! The properties of a run: who looks after them, and what the end of the run says about them.

use rumormill_core::property::{Peers, Violation, World};
use rumormill_core::trace::Event as TraceEvent;
use rumormill_core::{Instant, Outcome, Protocol};

use super::Engine;
use crate::event::Form;
use crate::guard::{Checks, Guard};
use crate::peers::UP;
use crate::shard::Shard;
use crate::simulation::Simulate;

impl<P: Simulate, F: Form<P>> Engine<P, F> {
    /// Checks these properties from now on.
    pub(super) fn put_guard(&mut self, checks: &Checks<P>) {
        let peers = self.settings.peers;
        for shard in &mut self.shards {
            shard.guard = Some(Box::new(Guard::new(checks, peers, shard.leads())));
        }
    }

    /// What did not hold.
    pub(super) fn violations(&self) -> Vec<Violation> {
        self.shards[0].guard.as_ref().map(|guard| guard.violations.clone()).unwrap_or_default()
    }

    /// The run has ended: was it all right? A violation that its last window showed outweighs how it ended.
    pub(super) fn judge_end(&mut self, tape: &mut dyn FnMut(&TraceEvent)) {
        let Some(mut guard) = self.shards[0].guard.take() else { return };
        let known = guard.violations.len();
        if let Some(Outcome::Completed | Outcome::TimeLimit) = self.course.ended {
            let time = Instant::from_nanos(self.course.ended_at.unwrap_or_else(|| self.course.now()));
            let everyone = Everyone(&self.shards);
            guard.judge_end(&World::new(time, self.settings.seed, &*self.shards[0].config, &everyone));
            if !guard.violations.is_empty() {
                self.course.ended = Some(Outcome::Violated);
                let at = guard.end_of_trace(time);
                for violation in &guard.violations[known..] {
                    self.shards[0].tape_violation(at, violation).iter().for_each(&mut *tape);
                }
            }
        }
        self.shards[0].guard = Some(guard);
    }
}

/// All peers of a run, wherever they are.
struct Everyone<'a, P: Protocol, F: Form<P>>(&'a [Shard<P, F>]);

impl<P: Simulate, F: Form<P>> Peers<P> for Everyone<'_, P, F> {
    fn count(&self) -> u32 {
        self.0[0].shared.peers
    }

    fn peer(&self, peerid: u32) -> (&P, bool) {
        let (shard, index) = ((peerid - 1) / self.0[0].shared.per_shard, (peerid - 1) % self.0[0].shared.per_shard);
        let cell = &self.0[shard as usize].cells[index as usize];
        (&cell.state, cell.book.is(UP))
    }
}
