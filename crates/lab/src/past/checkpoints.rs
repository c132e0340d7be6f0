//! What a run looked like at moments of its past, so that any other moment is near one of them.

use std::sync::Arc;

use rumormill_core::Instant;
use rumormill_core::trace::EventId;
use rumormill_trace::Place;

use crate::view::View;

/// The most checkpoints of a recording.
const COUNT_MAX: usize = 96;

/// The most bytes of a recording's checkpoints, about.
const BYTES_MAX: usize = 320 << 20;

/// Events between two checkpoints, to begin with.
const SPACING: u64 = 4_000;

/// What a run looked like at one moment.
#[derive(Debug)]
pub(super) struct Checkpoint {
    /// Where reading goes on.
    pub place: Place,
    /// The time of the last event before it.
    pub time: Instant,
    /// What the run looked like.
    pub view: View,
    bytes: usize,
}

impl Checkpoint {
    pub fn new(place: Place, view: &View) -> Self {
        Self { place, time: view.clock(), view: view.snapshot(), bytes: view.bytes() }
    }
}

/// Checkpoints of a recording, about equally many events apart. When they become too many or too large,
/// every second one goes, and those to come are twice as far apart.
#[derive(Debug)]
pub(super) struct Checkpoints {
    kept: Vec<Arc<Checkpoint>>,
    spacing: u64,
}

impl Default for Checkpoints {
    fn default() -> Self {
        Self { kept: Vec::new(), spacing: SPACING }
    }
}

impl Checkpoints {
    /// Should there be one behind so many events?
    pub fn is_due(&self, events: u64) -> bool {
        events >= self.kept.last().map_or(0, |last| last.place.count()) + self.spacing
    }

    /// Adds one that lies behind all others.
    pub fn add(&mut self, checkpoint: Checkpoint) {
        debug_assert!(self.kept.last().is_none_or(|last| last.place.count() < checkpoint.place.count()));
        self.kept.push(Arc::new(checkpoint));
        let bytes = |kept: &[Arc<Checkpoint>]| kept.iter().map(|one| one.bytes).sum::<usize>();
        while self.kept.len() > COUNT_MAX || bytes(&self.kept) > BYTES_MAX {
            self.spacing = self.spacing.saturating_mul(2);
            let mut place = 0;
            self.kept.retain(|_| {
                place += 1;
                place % 2 == 0
            });
        }
    }

    /// The last one that lies before so many events.
    pub fn before_count(&self, events: u64) -> Option<Arc<Checkpoint>> {
        self.last_of(self.kept.partition_point(|one| one.place.count() <= events))
    }

    /// The last one of which every event happened at this time or earlier.
    pub fn before_time(&self, time: Instant) -> Option<Arc<Checkpoint>> {
        self.last_of(self.kept.partition_point(|one| one.time <= time))
    }

    /// The last one that lies before this event, and the number of events before the next one, if there is
    /// one: the event lies between the two.
    pub fn before_event(&self, id: EventId) -> (Option<Arc<Checkpoint>>, Option<u64>) {
        let behind = self.kept.partition_point(|one| !one.view.has_seen(id));
        (self.last_of(behind), self.kept.get(behind).map(|next| next.place.count()))
    }

    /// Forgets what lies behind this time: events turned up there that nobody had seen.
    pub fn forget_behind(&mut self, time: Instant) {
        self.kept.retain(|one| one.time < time);
    }

    fn last_of(&self, count: usize) -> Option<Arc<Checkpoint>> {
        count.checked_sub(1).and_then(|last| self.kept.get(last)).cloned()
    }

    #[cfg(test)]
    pub fn counts(&self) -> Vec<u64> {
        self.kept.iter().map(|one| one.place.count()).collect()
    }
}
