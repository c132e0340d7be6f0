//! Events by their ids.

use std::collections::{HashMap, HashSet};

use rumormill_core::Instant;
use rumormill_core::trace::{Event, EventId};

use crate::Run;
use crate::batch::Batch;
use crate::segment::{Need, SegmentReader};

/// Events that are looked for at once, at most.
pub const FIND_MAX: usize = 1000;

impl Run {
    /// The events with these ids, of which the first [`FIND_MAX`] are looked for, in the order of the ids.
    #[must_use]
    pub fn find(&self, ids: &[EventId]) -> Vec<Event> {
        self.find_between(ids, Instant::ZERO, Instant::from_nanos(u64::MAX))
    }

    /// The same, for events that are known to have happened between these moments.
    pub(super) fn find_between(&self, ids: &[EventId], from: Instant, to: Instant) -> Vec<Event> {
        let ids = &ids[..ids.len().min(FIND_MAX)];
        let mut missing: HashSet<EventId> = ids.iter().copied().collect();
        let mut places = Vec::new();
        // What people ask for happened lately, more often than not.
        for (place, segment) in self.segments().iter().enumerate().rev() {
            if missing.is_empty() {
                break;
            }
            if segment.stamp.last < from || segment.stamp.first > to {
                continue;
            }
            let Ok(mut reader) = SegmentReader::open(&segment.path, Need::IDS) else { continue };
            let (mut batch, mut row) = (Batch::default(), 0);
            while reader.read(&mut batch).is_ok() && !batch.is_empty() {
                let found = (row..).zip(&batch.rows).filter(|(_, event)| missing.remove(&event.id));
                places.extend(found.map(|(row, _)| (place as u32, row)));
                row += batch.len() as u32;
            }
        }
        let mut events = self.read_at(&places);
        events.sort_by_cached_key(|event| ids.iter().position(|&id| id == event.id));
        events
    }

    /// The events at these places (segment and row), in the order of the places. Those that cannot be read
    /// are left out.
    pub(super) fn read_at(&self, places: &[(u32, u32)]) -> Vec<Event> {
        let mut sorted = places.to_vec();
        sorted.sort_unstable();
        sorted.dedup();
        let mut events = HashMap::with_capacity(sorted.len());
        for rows in sorted.chunk_by(|left, right| left.0 == right.0) {
            let Some(segment) = self.segments().get(rows[0].0 as usize) else { continue };
            let Ok(mut reader) = SegmentReader::open(&segment.path, Need::ALL) else { continue };
            let (mut batch, mut passed) = (Batch::default(), 0);
            for &place in rows {
                let read = reader.skip(u64::from(place.1 - passed)).and_then(|()| reader.read_some(&mut batch, 1));
                passed = place.1 + 1;
                if read.is_err() {
                    break;
                }
                events.extend(batch.iter().map(|event| (place, event.to_event())));
            }
        }
        places.iter().filter_map(|place| events.remove(place)).collect()
    }
}
