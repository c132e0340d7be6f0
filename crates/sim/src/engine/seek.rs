//! Stopping right after one event.

use rumormill_core::Outcome;
use rumormill_core::trace::EventId;

use super::Engine;
use super::course::Step;
use crate::event::Form;
use crate::recording::Recording;
use crate::shard::probe::Probe;
use crate::simulation::Simulate;

impl<P: Simulate, F: Form<P>> Engine<P, F> {
    /// Goes on until right after this event, but not beyond `until`; says whether it happened. Whatever else
    /// happens at its time in other shards has happened then.
    pub(super) fn go_to(&mut self, event: EventId, until: u64) -> bool {
        let owner = if event.peerid() == 0 { 0 } else { self.place_of(event.peerid()).0 };
        self.look_for(Some(event));
        loop {
            let standings: Vec<_> = self.shards.iter().map(|shard| shard.standing()).collect();
            let step = self.course.step(&standings, until);
            let (Step::Window { end, time_max } | Step::Part { end, time_max }) = step else { return false };
            self.shards[owner].run(end, time_max);
            let found_at = self.shards[owner].tape.found().map(|event| event.time.as_nanos());
            let time_max = found_at.map_or(time_max, |time| time.min(time_max));
            let others = self.shards.iter_mut().enumerate().filter(|(index, _)| *index != owner);
            others.for_each(|(_, shard)| {
                shard.tape.seek(None);
                shard.run(end, time_max);
            });
            self.settle();
            if let Some(time) = found_at {
                self.course.stopped(end, time);
                return true;
            }
            if matches!(step, Step::Part { .. }) {
                return false;
            }
        }
    }

    /// Goes on by about this many activations, at least one window, but not beyond `until`; the outcome when
    /// the run has ended.
    pub(super) fn go_some(&mut self, until: u64, activations: u64) -> Option<Outcome> {
        self.look_for(None);
        let enough = self.tally().events.saturating_add(activations);
        loop {
            let standings: Vec<_> = self.shards.iter().map(|shard| shard.standing()).collect();
            let step = self.course.step(&standings, until);
            let (Step::Window { end, time_max } | Step::Part { end, time_max }) = step else { break };
            self.shards.iter_mut().for_each(|shard| shard.run(end, time_max));
            self.settle();
            if matches!(step, Step::Part { .. }) || self.tally().events >= enough {
                break;
            }
        }
        self.course.ended
    }

    /// Looks for this event from now on, and for no other.
    pub(super) fn look_for(&mut self, event: Option<EventId>) {
        for shard in &mut self.shards {
            shard.tape.seek(event);
            if let Some(probe) = &mut shard.probe {
                probe.message = None;
                if probe.after.take().is_some() {
                    probe.before = None;
                }
            }
        }
    }

    /// Watches a peer, and what else is found, from now on.
    pub(super) fn put_probe(&mut self, peerid: u32, clone: fn(&P) -> P) {
        let watched = (1..=self.settings.peers).contains(&peerid).then(|| self.place_of(peerid));
        for (number, shard) in self.shards.iter_mut().enumerate() {
            shard.tape.seek(None);
            let index = watched.filter(|(shard, _)| *shard == number).map(|(_, index)| index);
            shard.probe = Some(Box::new(Probe { index, clone, before: None, after: None, message: None }));
        }
    }
}
