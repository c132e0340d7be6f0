//! Two simulations, event by event.

use rumormill_core::trace::{Event, EventId, Kind};
use rumormill_core::{Instant, PeerId};

use super::{Aligned, BEFORE_MAX, Comparison, Difference};
use crate::Run;
use crate::batch::EventRef;
use crate::walk::Walk;

pub(super) fn compare(left: &Run, right: &Run) -> Comparison {
    let (mut lefts, mut rights) = (Walk::new(left), Walk::new(right));
    let (mut same, mut last) = (0, Last::default());
    let difference = loop {
        match (lefts.next(), rights.next()) {
            (None, None) => break None,
            (Some(one), Some(other)) if one == other => last.keep(&one),
            (one, other) => {
                let [left, right] = [one, other].map(|event| event.map(EventRef::to_event));
                break Some(Difference { n: same, left, right, before: last.events() });
            }
        }
        same += 1;
    };
    let mut notes = lefts.notes;
    notes.append(&mut rights.notes);
    Comparison { aligned: Aligned::Events, same, difference, notes }
}

/// The last events that agreed; their memory is used again.
struct Last {
    events: Vec<Event>,
    count: usize,
}

impl Default for Last {
    fn default() -> Self {
        let nothing = Event::new(EventId(0), Instant::ZERO, PeerId(0), Kind::Note);
        Self { events: vec![nothing; BEFORE_MAX], count: 0 }
    }
}

impl Last {
    fn keep(&mut self, event: &EventRef<'_>) {
        event.copy_to(&mut self.events[self.count % BEFORE_MAX]);
        self.count += 1;
    }

    fn events(&self) -> Vec<Event> {
        let first = self.count.saturating_sub(BEFORE_MAX);
        (first..self.count).map(|number| self.events[number % BEFORE_MAX].clone()).collect()
    }
}
