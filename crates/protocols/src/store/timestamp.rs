//! Vector timestamps: sets of updates, named by a count for each line of them.
//!
//! Ladin, Liskov, Shrira and Ghemawat, "Providing High Availability Using Lazy Replication" (TOCS 10(4),
//! 1992), section 2. A replica's updates form a line, numbered from 1; a timestamp says how many of each line
//! are meant. Timestamps are a lattice: compared and merged part by part.

use std::cmp::Ordering;
use std::fmt;

use rumormill_core::PeerId;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use smallvec::SmallVec;

/// The most parts of a timestamp. Lines that have ended do not count, once all members have executed them.
pub const MAX_SLOTS: usize = 128;

/// A line of updates: those that one replica took in one life of its memory, or the forced ones of all.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Slot {
    /// The replica that gives out the numbers.
    pub replica: PeerId,
    /// Which life: a replica that lost its memory begins another one, for its old numbers may be in use.
    pub incarnation: u32,
}

impl Slot {
    /// The forced updates, in their one order. No peer has this id.
    pub const FORCED: Self = Self { replica: PeerId(0), incarnation: 0 };

    /// Lines that have ended, in the order in which the council said so: all that there is of the first so many. Whoever
    /// depends on what was done without lost updates knows by it that they are lost.
    pub const ENDED: Self = Self { replica: PeerId(0), incarnation: 1 };
}

impl fmt::Debug for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            &Self::FORCED => f.write_str("F"),
            &Self::ENDED => f.write_str("E"),
            Self { replica, incarnation: 0 } => write!(f, "{replica}"),
            Self { replica, incarnation } => write!(f, "{replica}.{incarnation:x}"),
        }
    }
}

/// A vector timestamp. Parts that are zero are absent, the others in order of their slots.
#[derive(Clone, Default, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct Timestamp(SmallVec<[(Slot, u64); 4]>);

impl Timestamp {
    /// No updates at all.
    #[must_use]
    pub fn new() -> Self {
        Self(SmallVec::new())
    }

    /// Names no update?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many parts are not zero.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// How many updates of a line are meant.
    #[must_use]
    pub fn get(&self, slot: Slot) -> u64 {
        self.place(slot).map_or(0, |place| self.0[place].1)
    }

    /// Sets one part; zero removes it.
    pub fn set(&mut self, slot: Slot, count: u64) {
        match (self.place(slot), count) {
            (Ok(place), 0) => drop(self.0.remove(place)),
            (Ok(place), count) => self.0[place].1 = count,
            (Err(_), 0) => {}
            (Err(place), count) => self.0.insert(place, (slot, count)),
        }
    }

    /// Raises one part to at least `count`.
    pub fn raise(&mut self, slot: Slot, count: u64) {
        if self.get(slot) < count {
            self.set(slot, count);
        }
    }

    /// The least timestamp that names all that both name.
    pub fn merge(&mut self, other: &Self) {
        for (slot, count) in other.parts() {
            self.raise(slot, count);
        }
    }

    /// The greatest timestamp that names only what both name.
    #[must_use]
    pub fn meet(&self, other: &Self) -> Self {
        let both = self.parts().map(|(slot, count)| (slot, count.min(other.get(slot))));
        Self(both.filter(|&(_, count)| count > 0).collect())
    }

    /// Names everything that `other` names?
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        // Both are in order: one walk through both.
        let mut mine = self.0.iter();
        other.0.iter().all(|&(slot, count)| {
            mine.by_ref().find(|(own, _)| *own >= slot).is_some_and(|&(own, have)| own == slot && have >= count)
        })
    }

    /// The parts that are not zero, in order of their slots.
    pub fn parts(&self) -> impl Iterator<Item = (Slot, u64)> + '_ {
        self.0.iter().copied()
    }

    fn place(&self, slot: Slot) -> Result<usize, usize> {
        self.0.binary_search_by(|(own, _)| own.cmp(&slot))
    }
}

/// By the lattice: less means that the other names more; neither, that they are concurrent.
impl PartialOrd for Timestamp {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        match (self.covers(other), other.covers(self)) {
            (true, true) => Some(Ordering::Equal),
            (true, false) => Some(Ordering::Greater),
            (false, true) => Some(Ordering::Less),
            (false, false) => None,
        }
    }
}

impl FromIterator<(Slot, u64)> for Timestamp {
    fn from_iter<I: IntoIterator<Item = (Slot, u64)>>(parts: I) -> Self {
        let mut timestamp = Self::new();
        for (slot, count) in parts {
            timestamp.raise(slot, count);
        }
        timestamp
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("⟨")?;
        for (place, (slot, count)) in self.parts().enumerate() {
            write!(f, "{}{slot:?}:{count}", if place == 0 { "" } else { " " })?;
        }
        f.write_str("⟩")
    }
}

/// What comes from outside is held to the form that this module keeps.
impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let parts = SmallVec::<[(Slot, u64); 4]>::deserialize(deserializer)?;
        if parts.len() > MAX_SLOTS {
            return Err(D::Error::custom(format!("a timestamp of {} parts, more than {MAX_SLOTS}", parts.len())));
        }
        let in_order = parts.windows(2).all(|pair| pair[0].0 < pair[1].0);
        if !in_order || parts.iter().any(|&(_, count)| count == 0) {
            return Err(D::Error::custom("a timestamp whose parts are not in order, or zero"));
        }
        Ok(Self(parts))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn slot(number: u64) -> Slot {
        Slot { replica: PeerId(number), incarnation: 0 }
    }

    fn timestamps() -> impl Strategy<Value = Timestamp> {
        prop::collection::vec((0..6_u64, 0..4_u64), 0..8)
            .prop_map(|parts| parts.into_iter().map(|(number, count)| (slot(number), count)).collect())
    }

    proptest! {
        #[test]
        fn merging_is_the_least_upper_bound(a in timestamps(), b in timestamps(), c in timestamps()) {
            let merged = |left: &Timestamp, right: &Timestamp| { let mut all = left.clone(); all.merge(right); all };
            let both = merged(&a, &b);
            prop_assert!(both.covers(&a) && both.covers(&b));
            prop_assert_eq!(&both, &merged(&b, &a));
            prop_assert_eq!(merged(&both, &c), merged(&a, &merged(&b, &c)));
            prop_assert_eq!(&merged(&both, &both), &both);
            // Least: whatever covers both covers it.
            prop_assert_eq!(c.covers(&both), c.covers(&a) && c.covers(&b));
            let meet = a.meet(&b);
            prop_assert_eq!(meet.covers(&c), a.covers(&c) && b.covers(&c));
            prop_assert_eq!(&meet, &b.meet(&a));
        }

        #[test]
        fn the_order_is_that_of_the_parts(a in timestamps(), b in timestamps()) {
            let parts = (0..6).map(slot).all(|slot| b.get(slot) <= a.get(slot));
            prop_assert_eq!(a.covers(&b), parts);
            prop_assert_eq!(a == b, a.partial_cmp(&b) == Some(Ordering::Equal));
        }

        #[test]
        fn a_timestamp_travels(a in timestamps()) {
            let bytes = postcard::to_stdvec(&a).unwrap();
            prop_assert_eq!(postcard::from_bytes::<Timestamp>(&bytes).unwrap(), a);
        }

        #[test]
        fn other_forms_are_refused(parts in prop::collection::vec((0..4_u64, 0..3_u64), 0..5)) {
            let parts: Vec<(Slot, u64)> = parts.into_iter().map(|(number, count)| (slot(number), count)).collect();
            let bytes = postcard::to_stdvec(&parts).unwrap();
            match postcard::from_bytes::<Timestamp>(&bytes) {
                Ok(timestamp) => prop_assert_eq!(timestamp.parts().collect::<Vec<_>>(), parts),
                Err(_) => prop_assert!(
                    parts.iter().any(|&(_, count)| count == 0) || parts.windows(2).any(|pair| pair[0].0 >= pair[1].0)
                ),
            }
        }
    }
}
