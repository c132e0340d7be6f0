//! Puts the events of many processes in the order of their times.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

use rumormill_core::Instant;
use rumormill_core::trace::Event;

/// How long an event waits for earlier ones: a process sends its trace in batches, every 20 ms or so.
pub(super) const WAIT: Duration = Duration::from_millis(200);

/// The most events that wait; beyond, the earliest goes on at once.
const EVENTS_MAX: usize = 100_000;

/// Events that wait for earlier ones. One that comes later than [`WAIT`] after its time goes on as it came.
#[derive(Default)]
pub(super) struct InTime {
    waiting: BinaryHeap<Reverse<Waiting>>,
    count: u64,
}

/// An event and how many came before it: those of one moment stay in the order in which they came.
struct Waiting {
    event: Event,
    number: u64,
}

impl Waiting {
    fn key(&self) -> (Instant, u64) {
        (self.event.time, self.number)
    }
}

impl PartialEq for Waiting {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for Waiting {}

impl PartialOrd for Waiting {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Waiting {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.key().cmp(&other.key())
    }
}

impl InTime {
    /// An event came.
    pub fn push(&mut self, event: Event) {
        self.waiting.push(Reverse(Waiting { event, number: self.count }));
        self.count += 1;
    }

    /// The next event of this time or earlier; a later one when too many wait.
    pub fn next(&mut self, until: Instant) -> Option<Event> {
        let Reverse(first) = self.waiting.peek()?;
        let is_due = first.event.time <= until || self.waiting.len() > EVENTS_MAX;
        is_due.then(|| self.waiting.pop())?.map(|Reverse(first)| first.event)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rumormill_core::PeerId;
    use rumormill_core::trace::{EventId, Kind};

    fn event(time: u64, id: u64) -> Event {
        Event::new(EventId(id), Instant::from_nanos(time), PeerId(1), Kind::Note)
    }

    #[test]
    fn events_come_by_time_and_those_of_a_moment_as_they_came() {
        let mut waiting = InTime::default();
        for (id, time) in [30, 10, 20, 10, 40].into_iter().enumerate() {
            waiting.push(event(time, id as u64));
        }
        let mut until = |time| {
            let ids = std::iter::from_fn(|| waiting.next(Instant::from_nanos(time)).map(|event| event.id.0));
            ids.collect::<Vec<_>>()
        };
        assert!(until(9).is_empty());
        assert_eq!(until(20), [1, 3, 2]);
        assert_eq!(until(100), [0, 4]);
    }

    #[test]
    fn no_more_wait_than_are_allowed() {
        let mut waiting = InTime::default();
        (0..EVENTS_MAX as u64 + 2).for_each(|id| waiting.push(event(1_000 + id, id)));
        let gone = std::iter::from_fn(|| waiting.next(Instant::ZERO)).count();
        assert_eq!((gone, waiting.waiting.len()), (2, EVENTS_MAX));
    }
}
