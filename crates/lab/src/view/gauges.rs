//! What peers have measured: of each peer and name the latest value.

use std::collections::BTreeMap;

/// The most values of a run that are followed, one for each peer and name; what comes later is only counted.
pub const GAUGES_MAX: usize = 4_096;

/// The latest values, each with the number of the change that brought it.
#[derive(Clone, Debug, Default)]
pub struct Gauges {
    values: BTreeMap<(u32, u8), (Option<u64>, u64)>,
    changes: u64,
    left_out: u64,
}

/// A value that has changed; `None` of a peer that has measured nothing since it booted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change {
    /// Its number, from 1.
    pub number: u64,
    /// The peer.
    pub peerid: u32,
    /// The number of the name.
    pub name: u8,
    /// How much there is.
    pub value: Option<u64>,
}

impl Gauges {
    /// The peer has measured so much of this. Returns whether that is news.
    pub fn set(&mut self, peerid: u32, name: u8, value: u64) -> bool {
        let key = (peerid, name);
        match self.values.get(&key) {
            Some(&(known, _)) if known == Some(value) => return false,
            None if self.values.len() >= GAUGES_MAX => {
                self.leave_out();
                return false;
            }
            _ => {}
        }
        self.changes += 1;
        self.values.insert(key, (Some(value), self.changes));
        true
    }

    /// A value is not followed.
    pub fn leave_out(&mut self) {
        self.left_out += 1;
    }

    /// The peer boots: what it measured in its life before says nothing any more.
    pub fn forget(&mut self, peerid: u32) {
        for (value, number) in self.values.range_mut((peerid, 0)..=(peerid, u8::MAX)).map(|(_, known)| known) {
            if value.take().is_some() {
                self.changes += 1;
                *number = self.changes;
            }
        }
    }

    /// How many times a value has changed.
    #[must_use]
    pub const fn changes(&self) -> u64 {
        self.changes
    }

    /// How many values came that are not followed, because there are too many of them.
    #[must_use]
    pub const fn left_out(&self) -> u64 {
        self.left_out
    }

    /// What has changed since then, the earliest change first.
    #[must_use]
    pub fn since(&self, changes: u64) -> Vec<Change> {
        let news = self.values.iter().filter(|(_, (_, number))| *number > changes);
        let mut news: Vec<_> =
            news.map(|(&(peerid, name), &(value, number))| Change { number, peerid, name, value }).collect();
        news.sort_unstable_by_key(|change| change.number);
        news
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_latest_value_counts_until_its_peer_boots() {
        let mut gauges = Gauges::default();
        assert!(gauges.set(2, 0, 5) && gauges.set(1, 0, 7) && gauges.set(2, 1, 0));
        assert!(!gauges.set(2, 0, 5), "no news");
        assert!(gauges.set(2, 0, 6));
        let told = |since| gauges.since(since).iter().map(|c| (c.peerid, c.name, c.value)).collect::<Vec<_>>();
        assert_eq!(told(0), [(1, 0, Some(7)), (2, 1, Some(0)), (2, 0, Some(6))]);
        assert_eq!(told(3), [(2, 0, Some(6))]);
        let known = gauges.changes();
        gauges.forget(2);
        gauges.forget(3);
        let told: Vec<_> = gauges.since(known).iter().map(|c| (c.peerid, c.name, c.value)).collect();
        assert_eq!(told, [(2, 0, None), (2, 1, None)]);
        assert!(gauges.set(2, 0, 6), "the same value of another life is news");
        gauges.forget(9);
        assert_eq!(gauges.since(gauges.changes()), []);
    }

    #[test]
    fn there_are_only_so_many() {
        let mut gauges = Gauges::default();
        let news = (1..=GAUGES_MAX as u32 + 3).filter(|&peerid| gauges.set(peerid, 0, 1)).count();
        assert_eq!(news, GAUGES_MAX);
        assert_eq!((gauges.since(0).len(), gauges.left_out()), (GAUGES_MAX, 3));
        assert!(gauges.set(1, 0, 2), "those that are followed go on");
    }
}
