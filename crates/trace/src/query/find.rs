//! Events by their ids.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use rumormill_core::trace::{Event, EventId};

use super::count;
use crate::Run;
use crate::batch::Batch;
use crate::run::Segment;
use crate::segment::{Need, SegmentReader};

/// Events that are looked for at once, at most.
pub const FIND_MAX: usize = 1000;

/// Which counts of events a segment has, of peers whose numbers fall on the same board. Counts grow with time,
/// so that a single segment has most of them.
#[derive(Debug)]
pub(crate) struct Shelf([(u64, u64); BOARDS]);

/// Boards of a shelf: with 16 bytes each, a segment takes 4 KiB.
const BOARDS: usize = 256;

impl Shelf {
    fn of(ids: &[EventId]) -> Self {
        let mut boards = [(u64::MAX, 0); BOARDS];
        for &id in ids {
            let (least, most) = &mut boards[id.peerid() as usize % BOARDS];
            (*least, *most) = ((*least).min(count(id)), (*most).max(count(id)));
        }
        Self(boards)
    }

    fn may_have(&self, id: EventId) -> bool {
        let (least, most) = self.0[id.peerid() as usize % BOARDS];
        (least..=most).contains(&count(id))
    }
}

impl Segment {
    /// The ids of its events in the order of its rows; of a damaged one, those before the damage.
    fn ids(&self) -> Vec<EventId> {
        let mut ids = Vec::new();
        let Ok(mut reader) = SegmentReader::open(&self.path, Need::IDS) else { return ids };
        let mut batch = Batch::default();
        while reader.read(&mut batch).is_ok() && !batch.is_empty() {
            ids.extend(batch.rows.iter().map(|row| row.id));
        }
        ids
    }
}

impl Run {
    /// The events with these ids, of which the first [`FIND_MAX`] are looked for, in the order of the ids.
    #[must_use]
    pub fn find(&self, ids: &[EventId]) -> Vec<Event> {
        let ids = &ids[..ids.len().min(FIND_MAX)];
        let mut missing: HashSet<EventId> = ids.iter().copied().collect();
        let mut places = Vec::new();
        // What people ask for happened lately, more often than not.
        for (place, segment) in self.segments().iter().enumerate().rev() {
            if missing.is_empty() {
                break;
            }
            if segment.shelf.get().is_some_and(|shelf| !missing.iter().any(|&id| shelf.may_have(id))) {
                continue;
            }
            let rows = segment.ids();
            segment.shelf.get_or_init(|| Arc::new(Shelf::of(&rows)));
            let found = (0..).zip(rows).filter(|(_, id)| missing.remove(id));
            places.extend(found.map(|(row, _)| (place as u32, row)));
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
