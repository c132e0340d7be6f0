//! The events of a run, last one first.

use rumormill_core::Instant;
use rumormill_core::trace::EventId;

use crate::Run;
use crate::batch::Batch;
use crate::run::Segment;
use crate::segment::{Need, SegmentReader};

/// Steps that wait for those of other segments, at most. Segments of a live run overlap by seconds; if more
/// than these overlap, steps come in the order of their segments.
const WAITING_MAX: usize = 4 << 20;

/// An event: which, why, and where it is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Step {
    pub(super) time: Instant,
    /// Where it stands: the place of its segment in the run, and its row there.
    pub(super) place: (u32, u32),
    pub(super) id: EventId,
    pub(super) cause: Option<EventId>,
}

/// Goes from event to event, backwards in time.
pub(super) struct Backwards<'a> {
    until: Instant,
    /// Not read yet, the latest last.
    waiting: Vec<(u32, &'a Segment)>,
    /// Read, in the order of time.
    steps: Vec<Step>,
}

impl<'a> Backwards<'a> {
    /// From the last event that is not later than this moment.
    pub(super) fn new(run: &'a Run, until: Instant) -> Self {
        let segments = (0..).zip(run.segments()).filter(|(_, segment)| segment.stamp.first <= until);
        let mut waiting: Vec<(u32, &Segment)> = segments.collect();
        waiting.sort_by_key(|(_, segment)| segment.stamp.last);
        Self { until, waiting, steps: Vec::new() }
    }

    /// Reads a segment's steps; of a damaged one, those before the damage.
    fn read(&mut self, place: u32, segment: &Segment) {
        let Ok(mut reader) = SegmentReader::open(&segment.path, Need::CAUSES) else { return };
        let (mut batch, mut row) = (Batch::default(), 0);
        while reader.read(&mut batch).is_ok() && !batch.is_empty() {
            for event in &batch.rows {
                if event.time <= self.until {
                    let step = Step { time: event.time, place: (place, row), id: event.id, cause: event.cause };
                    self.steps.push(step);
                }
                row += 1;
            }
        }
        self.steps.sort();
    }
}

impl Iterator for Backwards<'_> {
    type Item = Step;

    fn next(&mut self) -> Option<Step> {
        while let Some(&(place, segment)) = self.waiting.last() {
            let has_room = self.steps.len() < WAITING_MAX;
            if self.steps.last().is_some_and(|step| !has_room || step.time > segment.stamp.last) {
                break;
            }
            self.waiting.pop();
            self.read(place, segment);
        }
        self.steps.pop()
    }
}
