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
}

impl Checkpoint {
    /// What the view shows now; the two share what does not change.
    pub fn new(place: Place, view: &mut View) -> Self {
        view.share();
        Self { place, time: view.clock(), view: view.snapshot() }
    }
}

/// A checkpoint, and its bytes, about, that it does not share with the one before.
#[derive(Debug)]
struct Kept {
    checkpoint: Arc<Checkpoint>,
    bytes: usize,
}

/// Checkpoints of a recording, about equally many events apart. When they become too many or too large,
/// every second one goes, and those to come are twice as far apart.
#[derive(Debug)]
pub(super) struct Checkpoints {
    kept: Vec<Kept>,
    spacing: u64,
}

impl Checkpoints {
    /// None yet of a recording of about so many events.
    pub fn new(events: u64) -> Self {
        let mut spacing = SPACING;
        // They would become too many.
        while events / spacing > COUNT_MAX as u64 {
            spacing *= 2;
        }
        Self { kept: Vec::new(), spacing }
    }

    /// Should there be one behind so many events?
    pub fn is_due(&self, events: u64) -> bool {
        events >= self.kept.last().map_or(0, |last| last.checkpoint.place.count()) + self.spacing
    }

    /// Adds one that lies behind all others.
    pub fn add(&mut self, checkpoint: Checkpoint) {
        let last = self.kept.last().map(|last| &last.checkpoint);
        debug_assert!(last.is_none_or(|last| last.place.count() < checkpoint.place.count()));
        let bytes = checkpoint.view.bytes(last.map(|last| &last.view));
        self.kept.push(Kept { checkpoint: Arc::new(checkpoint), bytes });
        while self.kept.len() > COUNT_MAX || self.bytes() > BYTES_MAX {
            self.thin();
        }
    }

    /// Lets every second one go.
    fn thin(&mut self) {
        self.spacing = self.spacing.saturating_mul(2);
        let mut before: Option<Arc<Checkpoint>> = None;
        let stay = std::mem::take(&mut self.kept).into_iter().skip(1).step_by(2);
        self.kept = stay
            .map(|Kept { checkpoint, .. }| {
                let bytes = checkpoint.view.bytes(before.as_ref().map(|before| &before.view));
                before = Some(Arc::clone(&checkpoint));
                Kept { checkpoint, bytes }
            })
            .collect();
    }

    fn bytes(&self) -> usize {
        self.kept.iter().map(|one| one.bytes).sum()
    }

    /// The last one that lies before so many events.
    pub fn before_count(&self, events: u64) -> Option<Arc<Checkpoint>> {
        self.last_of(self.kept.partition_point(|one| one.checkpoint.place.count() <= events))
    }

    /// The last one of which every event happened at this time or earlier.
    pub fn before_time(&self, time: Instant) -> Option<Arc<Checkpoint>> {
        self.last_of(self.kept.partition_point(|one| one.checkpoint.time <= time))
    }

    /// The last one that lies before this event, and the number of events before the next one, if there is
    /// one: the event lies between the two.
    pub fn before_event(&self, id: EventId) -> (Option<Arc<Checkpoint>>, Option<u64>) {
        let behind = self.kept.partition_point(|one| !one.checkpoint.view.has_seen(id));
        (self.last_of(behind), self.kept.get(behind).map(|next| next.checkpoint.place.count()))
    }

    /// Forgets what lies behind this time: events turned up there that nobody had seen.
    pub fn forget_behind(&mut self, time: Instant) {
        self.kept.retain(|one| one.checkpoint.time < time);
    }

    fn last_of(&self, count: usize) -> Option<Arc<Checkpoint>> {
        let last = self.kept.get(count.checked_sub(1)?)?;
        Some(Arc::clone(&last.checkpoint))
    }

    #[cfg(test)]
    pub fn counts(&self) -> Vec<u64> {
        self.kept.iter().map(|one| one.checkpoint.place.count()).collect()
    }
}
