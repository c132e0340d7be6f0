//! Things that wait for a moment of the run's clock, in order.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

use rumormill_core::Instant;

/// Things that wait, at most, in one queue.
pub(crate) const MAX_WAITING: usize = 1 << 18;

/// Things that wait for a moment; those of one moment come out as they went in.
#[derive(Debug)]
pub(crate) struct Waiting<T> {
    heap: BinaryHeap<Reverse<Entry<T>>>,
    next: u64,
}

#[derive(Debug)]
struct Entry<T> {
    at: (Instant, u64),
    thing: T,
}

impl<T> Default for Waiting<T> {
    fn default() -> Self {
        Self { heap: BinaryHeap::new(), next: 0 }
    }
}

impl<T> Waiting<T> {
    /// Lets `thing` wait until `at`; gives it back when too many wait.
    pub fn push(&mut self, at: Instant, thing: T) -> Option<T> {
        if self.heap.len() >= MAX_WAITING {
            return Some(thing);
        }
        self.heap.push(Reverse(Entry { at: (at, self.next), thing }));
        self.next += 1;
        None
    }

    /// When the next is due.
    pub fn next(&self) -> Option<Instant> {
        self.heap.peek().map(|Reverse(entry)| entry.at.0)
    }

    /// All that wait, in no order.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        self.heap.iter().map(|Reverse(entry)| &entry.thing)
    }

    /// The next that is due at `now`.
    pub fn due(&mut self, now: Instant) -> Option<T> {
        if self.next()? > now {
            return None;
        }
        self.heap.pop().map(|Reverse(entry)| entry.thing)
    }
}

impl<T> PartialEq for Entry<T> {
    fn eq(&self, other: &Self) -> bool {
        self.at == other.at
    }
}

impl<T> Eq for Entry<T> {}

impl<T> PartialOrd for Entry<T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<T> Ord for Entry<T> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.at.cmp(&other.at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn things_come_out_in_time_and_in_order() {
        let mut waiting = Waiting::default();
        for (at, thing) in [(20, 'c'), (10, 'a'), (20, 'd'), (10, 'b'), (30, 'e')] {
            assert!(waiting.push(Instant::from_nanos(at), thing).is_none());
        }
        assert_eq!(waiting.due(Instant::from_nanos(9)), None);
        let due: String = std::iter::from_fn(|| waiting.due(Instant::from_nanos(20))).collect();
        assert_eq!(due, "abcd");
        assert_eq!(waiting.next(), Some(Instant::from_nanos(30)));
    }

    #[test]
    fn the_bound_holds() {
        let mut waiting = Waiting::default();
        for _ in 0..MAX_WAITING {
            assert!(waiting.push(Instant::ZERO, ()).is_none());
        }
        assert!(waiting.push(Instant::ZERO, ()).is_some());
    }
}
