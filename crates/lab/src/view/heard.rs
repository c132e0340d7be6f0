//! How far the events of each peer have been heard, so that an event can be found by its id.

use std::collections::BTreeMap;

use rumormill_core::trace::EventId;

use super::chunks::Chunks;

/// How many of its events have been heard of each peer, by its number; those of the network come first.
#[derive(Clone, Debug)]
pub(super) struct Heard {
    /// [`MANY`] where the number is beside.
    counts: Chunks<u32>,
    many: BTreeMap<u32, u64>,
}

/// More events than a count of 32 bits holds.
const MANY: u32 = u32::MAX;

impl Heard {
    /// Nothing yet, of so many peers.
    pub fn new(peers: u32) -> Self {
        Self { counts: Chunks::new(peers as usize + 1), many: BTreeMap::new() }
    }

    /// Makes place for so many peers.
    pub fn grow(&mut self, peers: u32) {
        self.counts.grow(peers as usize + 1);
    }

    /// This event of the peer was heard.
    pub fn hear(&mut self, peerid: u32, id: EventId) {
        let Some(count) = self.counts.get_mut(peerid as usize) else { return };
        let new = count_of(id) + 1;
        match u32::try_from(new) {
            Ok(new) if new < MANY => *count = (*count).max(new),
            _ => {
                *count = MANY;
                let known = self.many.entry(peerid).or_default();
                *known = (*known).max(new);
            }
        }
    }

    /// Was this event, or a later one of its peer, heard?
    pub fn has(&self, id: EventId) -> bool {
        match self.counts.get(id.peerid() as usize) {
            Some(MANY) => self.many.get(&id.peerid()).is_some_and(|&count| count > count_of(id)),
            count => count.is_some_and(|count| u64::from(count) > count_of(id)),
        }
    }

    /// Copies made from now on share all that is there now.
    pub fn share(&mut self) {
        self.counts.share();
    }

    /// Bytes in memory, about, without what it shares with `other`.
    pub fn bytes(&self, other: Option<&Self>) -> usize {
        self.counts.bytes(other.map(|other| &other.counts)) + self.many.len() * 24
    }
}

/// Which of its peer's events this is.
const fn count_of(id: EventId) -> u64 {
    id.0 & ((1 << EventId::COUNT_BITS) - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_of_any_size_are_kept() {
        let mut heard = Heard::new(3);
        assert!(!heard.has(EventId::new(2, 0)) && !heard.has(EventId::new(9, 0)));
        for count in [3, 7, u64::from(MANY) - 2, u64::from(MANY) - 1, u64::from(MANY), 1 << 39] {
            heard.hear(2, EventId::new(2, count));
            heard.hear(2, EventId::new(2, 3));
            assert!(heard.has(EventId::new(2, count)), "{count}");
            assert!(!heard.has(EventId::new(2, count + 1)) && !heard.has(EventId::new(1, 0)), "{count}");
        }
        heard.hear(4, EventId::new(4, 0));
        assert!(!heard.has(EventId::new(4, 0)), "no such peer");
        heard.grow(4);
        heard.hear(4, EventId::new(4, 0));
        assert!(heard.has(EventId::new(4, 0)) && heard.has(EventId::new(2, 1 << 39)));
    }
}
