//! Counting what would be recorded, to find one event of a recorded run again.

use rumormill_core::trace::{Event, EventId, Kind};

use super::{Caused, Counts, Recording, blank};

/// Events are counted and not made, but for one that is looked for.
#[derive(Clone)]
pub(crate) struct Counting {
    counts: Counts,
    community: &'static str,
    wanted: Option<EventId>,
    found: Option<Box<Event>>,
}

impl Recording for Counting {
    const ON: bool = true;
    const SEEKS: bool = true;
    type Cause = Caused;

    fn new(first: u32, peers: u32, community: &'static str) -> Self {
        Self { counts: Counts::new(first, peers), community, wanted: None, found: None }
    }

    fn write(&mut self, time: u64, peer: u32, kind: Kind, cause: Caused, fill: impl FnOnce(&mut Event)) -> Caused {
        let id = self.counts.next(peer);
        if self.wanted == Some(id) {
            let mut event = blank(id, time, peer, kind, cause, self.community);
            fill(&mut event);
            self.found = Some(Box::new(event));
        }
        Caused(id)
    }

    fn id(cause: Caused) -> Option<EventId> {
        cause.id()
    }

    fn take(&mut self) -> Vec<Event> {
        Vec::new()
    }

    fn seek(&mut self, event: Option<EventId>) {
        (self.wanted, self.found) = (event, None);
    }

    fn found(&self) -> Option<&Event> {
        self.found.as_deref()
    }

    fn count(&self, peer: u32) -> u64 {
        self.counts.of(peer)
    }
}
